"""Change between two periods: how common each behaviour is, and how far each consumer moved.

Consumers, not days, are the independent observations: what a consumer's days add to the share of all days is
its part in the estimate.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from crocs_cli.maths.decisions import slack


class Change(NamedTuple):
    """Change of the mean share of days, for each behaviour: estimate, its standard error, p-value; (B,)."""

    estimate: np.ndarray
    error: np.ndarray
    p_value: np.ndarray


def parts(counts: np.ndarray) -> np.ndarray:
    """Return each consumer's part in the shares of all days: (n, B), whose mean is those shares.

    counts: (n, B) days by behaviour. A share of pooled days is a ratio of sums over consumers, of which this
    is the linear form; its spread over the consumers gives the error of the share.
    """
    days = counts.sum(axis=1, keepdims=True)
    share = counts.sum(axis=0) / days.sum()
    return share + (counts - share * days) / days.mean()


def change(earlier: np.ndarray, later: np.ndarray, control: np.ndarray) -> Change:
    """Compare the shares of days of the same consumers in two periods.

    earlier, later: (n, B), as `parts` gives them, or any values of which the mean counts; control: (n,)
    bool, consumers whose change is taken off that of the others (difference in differences, Welch's test);
    none at all for a paired t-test. NaN with fewer than 2 in a group. A change or an error that is only
    rounding is none.
    """
    from scipy import stats

    moved = later - earlier
    treated, others = moved[~control], moved[control]
    estimate = treated.mean(axis=0) if len(treated) else np.full(moved.shape[1], np.nan)
    squared, degrees = _squared_error(treated), len(treated) - 1.0
    if control.any():
        estimate = estimate - others.mean(axis=0)
        extra = _squared_error(others)
        with np.errstate(divide="ignore", invalid="ignore"):
            degrees = (squared + extra) ** 2 / (
                squared**2 / (len(treated) - 1.0) + extra**2 / (len(others) - 1.0)
            )
        squared = squared + extra
    error, none = np.sqrt(squared), slack(np.array((earlier, later)))
    with np.errstate(divide="ignore", invalid="ignore"):
        p_value = 2.0 * stats.t.sf(np.abs(estimate) / error, degrees)
    certain = np.where(np.abs(estimate) <= none, 1.0, 0.0)
    return Change(estimate, error, np.where(error <= none, certain, p_value))


def holm(p_values: np.ndarray) -> np.ndarray:
    """Adjust p-values for their number (Holm 1979); NaN stays and is not counted."""
    adjusted = np.full(len(p_values), np.nan)
    known = np.flatnonzero(np.isfinite(p_values))
    order = known[p_values[known].argsort(kind="stable")]
    factors = len(order) - np.arange(len(order))
    adjusted[order] = np.minimum(1.0, np.maximum.accumulate(p_values[order] * factors))
    return adjusted


def divergence(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return the Jensen-Shannon divergence, base 2 and not its root, of counts (..., B): (...) in [0, 1].

    NaN where one side has no counts.
    """
    with np.errstate(invalid="ignore"):
        p, q = first / first.sum(axis=-1, keepdims=True), second / second.sum(axis=-1, keepdims=True)
    middle = (p + q) / 2.0
    found = ((_information(p, middle) + _information(q, middle)) / 2.0).clip(0.0, 1.0)
    return np.where(np.isnan(middle).any(axis=-1), np.nan, found)


def _squared_error(rows: np.ndarray) -> np.ndarray:
    if len(rows) < 2:
        return np.full(rows.shape[1], np.nan)
    return rows.var(axis=0, ddof=1) / len(rows)


def _information(p: np.ndarray, middle: np.ndarray) -> np.ndarray:
    ratio = np.divide(p, middle, out=np.ones_like(p), where=p > 0)
    return (p * np.log2(ratio)).sum(axis=-1)
