"""Estimate the onset of a change and the energy lost since (specification 14.6, 14.7)."""

from __future__ import annotations

import numpy as np
from numba import prange

from crocs_cli.maths.compiled import parallel_kernel
from crocs_cli.maths.portable import exp
from crocs_cli.screen.daily.dates import WEEK, YEAR_WEEKS

LEAST_SIDE = 4  # weeks on each side of a split
CHI_SQUARE_95 = 3.841


def best_split(y: np.ndarray, allowed: np.ndarray) -> np.ndarray:
    """Split every row in two means with the least squared error.

    `y` float64 (row, week), NaN skipped; `allowed` bool (row, week): weeks that may start the second part.
    Returns float64 (row, 4): first week of the second part, earliest and latest week that the data cannot
    tell from it (95 %, profile likelihood of independent errors), and the step of the mean. NaN without a
    split.
    """
    return _best_splits(y, allowed, exp(CHI_SQUARE_95 / np.arange(1, y.shape[1] + 1)))


@parallel_kernel
def _best_splits(y: np.ndarray, allowed: np.ndarray, near_enough: np.ndarray) -> np.ndarray:
    """Split every row; with n weeks, `near_enough[n - 1]` is the error ratio of equally good splits."""
    found = np.full((len(y), 4), np.nan)
    for i in prange(len(y)):
        place = np.nonzero(~np.isnan(y[i]))[0]
        n = place.size
        if n < 2 * LEAST_SIDE:
            continue
        value = y[i][place]
        total, square, left = value.sum(), (value**2).sum(), 0.0
        cost = np.full(n, np.inf)
        for k in range(1, n):
            left += value[k - 1]
            if k >= LEAST_SIDE and n - k >= LEAST_SIDE and allowed[i, place[k]]:
                cost[k] = square - left**2 / k - (total - left) ** 2 / (n - k)
        best = np.argmin(cost)
        if not np.isfinite(cost[best]):
            continue
        limit = max(cost[best], 1e-12) * near_enough[n - 1]
        near = np.nonzero(cost <= limit)[0]
        found[i, 0], found[i, 1], found[i, 2] = place[best], place[near[0]], place[near[-1]]
        found[i, 3] = value[best:].mean() - value[:best].mean()
    return found


def expected_weeks(weeks: np.ndarray, peer_change: np.ndarray) -> np.ndarray:
    """Return the expected energy of each week: that of a year before times the change of peers, kWh a day.

    `weeks` and `peer_change` (natural log) are (installation, week). NaN in the first year.
    """
    expected = np.full(weeks.shape, np.nan)
    expected[:, YEAR_WEEKS:] = weeks[:, :-YEAR_WEEKS] * exp(peer_change[:, YEAR_WEEKS:])
    return expected


def lost_kwh(weeks: np.ndarray, expected: np.ndarray, onset: np.ndarray, after: np.ndarray) -> np.ndarray:
    """Return the energy missing since the onset week, kWh (installation,); 0 without an onset (-1).

    Weeks above their expectation count as no loss; by weeks and not by days, since the positive part of a
    day's noise would add up to a loss that nobody caused.
    """
    since = (np.arange(weeks.shape[1]) >= onset[:, None]) & (onset >= 0)[:, None] & after
    missing = np.where(since, np.nan_to_num(expected - weeks), 0)
    return WEEK * np.maximum(missing, 0).sum(axis=1)
