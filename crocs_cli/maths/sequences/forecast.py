"""Tomorrow from the days before it: weights on the days of a consumer that are known by then.

Each forecast is a weighted mean of earlier days, so that one row of weights serves the shape and the kWh of a
day, and a weight on a day that is not known yet would be seen. Days follow one another as they were used: the
day before a Monday may be a Friday. Source: paper, section 7.1; pattern sequences after Martínez-Álvarez and
others 2011, "Energy time series forecasting based on pattern sequence similarity".
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from crocs_cli.maths.decisions import first_least
from crocs_cli.maths.distances.dtw import dtw_between
from crocs_cli.maths.sequences.markov import transition_counts, transition_matrix

WEEK = 7


class Errors(NamedTuple):
    """Mean errors of some forecast days: absolute of the shapes, DTW of the shapes, absolute of the kWh."""

    shape_mae: float
    shape_dtw: float
    kwh_mae: float


def pattern_weights(labels: np.ndarray, rows: Sequence[int], length: int) -> np.ndarray:
    """Average the days that came after the same sequence of labels as that before the day in question.

    labels: (n,) int; rows: which days are forecast, from 1 to n, where n is the day after the last;
    length: of the sequence; a shorter one is taken where none so long occurred, all days where none did.
    Returns (rows, n) float64; each row sums to 1, and has no weight from its own day on.
    """
    weights = np.zeros((len(rows), len(labels)))
    for weight, day in zip(weights, rows, strict=True):
        after = np.arange(day)
        for back in range(1, min(length, day) + 1):
            long_enough = after[after >= back]
            longer = long_enough[labels[long_enough - back] == labels[day - back]]
            if not len(longer):
                break
            after = longer
        weight[after] = 1.0 / len(after)
    return weights


def markov_weights(labels: np.ndarray, rows: Sequence[int], states: int) -> np.ndarray:
    """Average the days of each label, and these by how likely the label is after that of the day before.

    labels: (n,) int below states; rows: which days, from 2 to n. The likelihoods are a first-order Markov
    chain's, from the transitions before the day in question. Returns (rows, n) as `pattern_weights` does.
    """
    weights = np.zeros((len(rows), len(labels)))
    for weight, day in zip(weights, rows, strict=True):
        known = labels[:day]
        chance = transition_matrix(transition_counts(known, np.arange(day), states))[known[-1]]
        weight[:day] = (chance / np.maximum(1, np.bincount(known, minlength=states)))[known]
    return weights


def last_week_weights(dates: np.ndarray, rows: Sequence[int]) -> np.ndarray:
    """Repeat the latest day of the same weekday; take the mean of all days where there is none.

    dates: (n + 1,) days since 1970-01-01, in order, the last one that of the day to come. Returns (rows, n).
    """
    weights = np.zeros((len(rows), len(dates) - 1))
    for weight, day in zip(weights, rows, strict=True):
        same = np.flatnonzero((dates[day] - dates[:day]) % WEEK == 0)
        chosen = same[-1:] if len(same) else np.arange(day)
        weight[chosen] = 1.0 / len(chosen)
    return weights


def mean_weights(days: int, rows: Sequence[int]) -> np.ndarray:
    """Average all days before: (rows, days)."""
    before = np.arange(days) < np.asarray(rows)[:, None]
    return before / before.sum(axis=1, keepdims=True)


def best_length(labels: np.ndarray, shapes: np.ndarray, rows: Sequence[int], longest: int) -> int:
    """Return the length of sequence, up to the longest, that would have forecast some known days best.

    labels: (n,); shapes: (n, slots); rows: days below n. The shortest of those with equal errors.
    """
    errors = [
        np.abs(pattern_weights(labels, rows, length) @ shapes - shapes[rows]).mean()
        for length in range(1, longest + 1)
    ]
    return int(first_least(np.array(errors))) + 1


def errors(
    forecast: tuple[np.ndarray, np.ndarray], actual: tuple[np.ndarray, np.ndarray], window: int
) -> Errors:
    """Compare the shapes and the kWh of forecast days with those that came; (days, slots) each.

    window: half-width of DTW in slots, which forgives a peak that comes a little sooner or later.
    """
    (shape, energy), (actual_shape, actual_energy) = forecast, actual
    warped = [dtw_between(a[None], b[None], window)[0, 0] for a, b in zip(shape, actual_shape, strict=True)]
    return Errors(
        float(np.abs(shape - actual_shape).mean()),
        float(np.mean(warped)),
        float(np.abs(energy - actual_energy).mean()),
    )


def day_after(dates: np.ndarray) -> int:
    """Return the first date after the last of some days whose weekday is one of theirs."""
    following = dates[-1] + np.arange(1, WEEK + 1)
    return int(following[np.isin(following % WEEK, dates % WEEK)][0])
