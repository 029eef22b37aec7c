"""Test 2: compare weeks, months and trends once the season is removed (paper, 3.3)."""

from __future__ import annotations

import numpy as np
from numba import prange

from crocs_cli.maths.compiled import kernel, parallel_kernel
from crocs_cli.maths.portable import LN_0_9
from crocs_cli.screen.changes.average import autocorrelation
from crocs_cli.screen.daily.aggregates import SHRINK, log_ratio
from crocs_cli.screen.daily.dates import MONTH_DAYS, YEAR_DAYS
from crocs_cli.screen.patterns.features import Period

BLOCK_WEEKS = 4
BLOCK_YEARS = 7 * BLOCK_WEEKS / YEAR_DAYS
LEAST_BLOCK_WEEKS = 2
LEAST_BLOCKS_BEFORE, LEAST_BLOCKS_AFTER = 12, 6
LAST_WEEKS = 13
MAD_TO_SD = 1.4826


def seasonal_index(before: Period, prototypes: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """Return each calendar month's level relative to the mean, float64 (installation, 12).

    The own months of DS0 shrunk to the prototype of the month class (share, (class, 12)): weight Y / (Y + 1)
    for Y years of the month. Class -1 leans on the mean of all prototypes. Source: specification 8.4.
    """
    typical = prototypes / (MONTH_DAYS / MONTH_DAYS.sum())
    typical = np.vstack([typical, typical.mean(axis=0)])[classes]
    years = before.month_days / MONTH_DAYS
    mean = np.where(before.mean_kwh > 0, before.mean_kwh, 1)[:, None]
    own = before.month_kwh / np.maximum(before.month_days, 1) / mean
    weight = years / (years + 1)
    return weight * own + (1 - weight) * typical


def deseasonalise(weeks: np.ndarray, mean_kwh: np.ndarray, season: np.ndarray) -> np.ndarray:
    """Return ln of every week over its expected level, float64 (installation, week).

    `season` is the level expected of each week relative to `mean_kwh`, (installation, week).
    """
    expected = mean_kwh[:, None] * season
    return log_ratio(weeks.astype(np.float64), expected, SHRINK * mean_kwh[:, None])


def trend_change(
    y: np.ndarray, before: np.ndarray, after: np.ndarray, trend_clip: float = 0.2
) -> dict[str, np.ndarray]:
    """Compare deseasonalised weeks of DS0 and DS1.

    `y` float64 (installation, week) from `deseasonalise`; `before`, `after` bool (installation, week).
    Returns, each (installation,): `t2_ratio` and `t2_z` (medians, robust), `t2_slope_before`,
    `t2_slope_after` (Theil-Sen, natural log a year), `t2_mk_before`, `t2_mk_after` (Mann-Kendall z),
    `t2_gap` (last 13 weeks against the trend of DS0 drawn on). NaN where there is too little. Source:
    screening specification 8.4.
    """
    early, late = np.where(before, y, np.nan), np.where(after, y, np.nan)
    blocks_early, blocks_late = _blocks(early), _blocks(late)
    slopes_early = trends(blocks_early, LEAST_BLOCKS_BEFORE)
    slopes_late = trends(blocks_late, LEAST_BLOCKS_AFTER)
    levels = _levels(early, late)
    ratio = levels[:, 2] - levels[:, 0]
    r = autocorrelation(early)
    counts = (~np.isnan(early)).sum(axis=1), (~np.isnan(late)).sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        error = MAD_TO_SD * levels[:, 1] * np.sqrt((1 / counts[0] + 1 / counts[1]) * (1 + r) / (1 - r))
        z = ratio / error
    growth = np.clip(np.nan_to_num(slopes_early[:, 0]), -trend_clip, trend_clip)
    drawn_on = growth * (levels[:, 5] - levels[:, 3]) * 7 / YEAR_DAYS
    return {
        "t2_ratio": ratio,
        "t2_z": np.where(np.isfinite(z), z, np.nan),
        "t2_slope_before": slopes_early[:, 0],
        "t2_slope_after": slopes_late[:, 0],
        "t2_mk_before": slopes_early[:, 1],
        "t2_mk_after": slopes_late[:, 1],
        "t2_gap": levels[:, 4] - levels[:, 0] - drawn_on,
    }


def month_change(months: np.ndarray, mean_kwh: np.ndarray, season: np.ndarray) -> dict[str, np.ndarray]:
    """Compare the months of DS1 with their expected level.

    `months` float64 (installation, month of the run), NaN outside DS1; `season` of the same months relative
    to `mean_kwh`, same shape. Returns `t2_months` (mean natural log), `t2_months_down` (months 10 % or more
    below), `t2_worst_month` (index in the run, -1 none).
    """
    q = log_ratio(months, mean_kwh[:, None] * season, SHRINK * mean_kwh[:, None])
    known = ~np.isnan(q)
    some = known.any(axis=1)
    return {
        "t2_months": np.where(some, np.nansum(q, axis=1) / np.maximum(known.sum(axis=1), 1), np.nan),
        "t2_months_down": (known & (q < LN_0_9)).sum(axis=1),
        "t2_worst_month": np.where(some, np.where(known, q, np.inf).argmin(axis=1), -1),
    }


def _blocks(y: np.ndarray) -> np.ndarray:
    """Return means of 4 weeks, counted back from the end; NaN with fewer than 2 of them."""
    spare = y.shape[1] % BLOCK_WEEKS
    weeks = y[:, spare:].reshape(len(y), -1, BLOCK_WEEKS)
    count = (~np.isnan(weeks)).sum(axis=2)
    return np.where(count >= LEAST_BLOCK_WEEKS, np.nansum(weeks, axis=2) / np.maximum(count, 1), np.nan)


@parallel_kernel
def trends(blocks: np.ndarray, least: int) -> np.ndarray:
    """Return Theil-Sen slope a year and tie-corrected Mann-Kendall z of every row, float64 (row, 2)."""
    found = np.full((len(blocks), 2), np.nan)
    for i in prange(len(blocks)):
        place = np.nonzero(~np.isnan(blocks[i]))[0]
        n = place.size
        if n < least:
            continue
        value = blocks[i][place]
        slopes, score, k = np.empty(n * (n - 1) // 2), 0.0, 0
        for a in range(n):
            for b in range(a + 1, n):
                slopes[k] = (value[b] - value[a]) / ((place[b] - place[a]) * BLOCK_YEARS)
                score += np.sign(value[b] - value[a])
                k += 1
        variance = n * (n - 1) * (2 * n + 5)
        for t in _ties(np.sort(value)):
            variance -= t * (t - 1) * (2 * t + 5)
        found[i, 0] = np.median(slopes)
        found[i, 1] = (score - np.sign(score)) / np.sqrt(variance / 18) if variance > 0 else 0.0
    return found


@kernel
def _ties(ordered: np.ndarray) -> np.ndarray:
    """Return the lengths of runs of equal values in ascending order."""
    runs = np.ones(ordered.size, np.int64)
    for i in range(1, ordered.size):
        if ordered[i] == ordered[i - 1]:
            runs[i] = runs[i - 1] + 1
            runs[i - 1] = 1
    return runs


@parallel_kernel
def _levels(early: np.ndarray, late: np.ndarray) -> np.ndarray:
    """Return median and MAD of DS0, median of DS1, median week of DS0, median and week of the end of DS1."""
    found = np.full((len(early), 6), np.nan)
    for i in prange(len(early)):
        before = np.nonzero(~np.isnan(early[i]))[0]
        after = np.nonzero(~np.isnan(late[i]))[0]
        if before.size < 8 or after.size < 8:
            continue
        median = np.median(early[i][before])
        last = after[-LAST_WEEKS:]
        found[i, 0] = median
        found[i, 1] = np.median(np.abs(early[i][before] - median))
        found[i, 2] = np.median(late[i][after])
        found[i, 3] = np.median(before.astype(np.float64))
        found[i, 4] = np.median(late[i][last])
        found[i, 5] = np.median(last.astype(np.float64))
    return found
