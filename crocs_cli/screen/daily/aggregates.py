"""Aggregate daily energy to weeks and months, and place them in DS0 and DS1 (paper, figure 6)."""

from __future__ import annotations

import numpy as np
from numba import prange

from crocs_cli.maths.compiled import parallel_kernel
from crocs_cli.maths.portable import exp, log
from crocs_cli.screen.daily.dates import WEEK, Calendar, Windows

SHRINK = 0.05  # of the mean before; added above and below a ratio, it bounds the ratio and avoids log 0


def week_means(kwh: np.ndarray, calendar: Calendar, least_days: int = 4) -> np.ndarray:
    """Return the mean daily energy of every week, kWh, float32 (installation, week), NaN with few days."""
    days = kwh[:, calendar.first_day_of_weeks :].reshape(len(kwh), calendar.weeks, WEEK)
    valid = ~np.isnan(days)
    count = valid.sum(axis=2)
    total = np.where(valid, np.maximum(days, 0), 0).sum(axis=2, dtype=np.float64)
    return np.where(count >= least_days, total / np.maximum(count, 1), np.nan).astype(np.float32)


def weeks_before(calendar: Calendar, windows: Windows) -> np.ndarray:
    """Return which weeks lie entirely in DS0, bool (installation, week)."""
    first = calendar.week_start()
    return (first >= windows.begin[:, None]) & (first + WEEK <= windows.split[:, None])


def weeks_after(calendar: Calendar, windows: Windows) -> np.ndarray:
    """Return which weeks lie entirely in DS1, bool (installation, week)."""
    first = calendar.week_start()
    return (first >= windows.split[:, None]) & (first + WEEK <= windows.end[:, None])


def weeks_unchanged(calendar: Calendar, windows: Windows) -> np.ndarray:
    """Return which weeks end before the reference date, in DS0 or earlier, bool (installation, week)."""
    return calendar.week_start() + WEEK <= windows.split[:, None]


def month_means(
    kwh: np.ndarray, calendar: Calendar, begin: np.ndarray, end: np.ndarray, least_days: int = 15
) -> np.ndarray:
    """Return the mean daily energy of every month of the calendar, from days begin..end-1.

    float64 (installation, month of the run), kWh, NaN with too few valid days.
    """
    number = calendar.dates.astype("datetime64[M]").astype(np.int64)
    number -= number[0]
    total, days = _month_sums(kwh, number, begin, end, int(number[-1]) + 1)
    return np.where(days >= least_days, total / np.maximum(days, 1), np.nan)


@parallel_kernel
def _month_sums(
    kwh: np.ndarray, number: np.ndarray, begin: np.ndarray, end: np.ndarray, months: int
) -> tuple[np.ndarray, np.ndarray]:
    total, days = np.zeros((len(kwh), months)), np.zeros((len(kwh), months))
    for i in prange(len(kwh)):
        for day in range(begin[i], end[i]):
            if not np.isnan(kwh[i, day]):
                total[i, number[day]] += max(kwh[i, day], 0.0)
                days[i, number[day]] += 1
    return total, days


def log_ratio(after: np.ndarray, before: np.ndarray, shrink: np.ndarray) -> np.ndarray:
    """Return ln((after + shrink) / (before + shrink)); NaN where both are 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = log((after + shrink) / (before + shrink))
    return np.where(np.isfinite(ratio), ratio, np.nan)


def percent_of(ratio: np.ndarray) -> np.ndarray:
    """Return the change in % of the natural log of a ratio."""
    return 100 * (exp(ratio) - 1)


def variation_percent(after: np.ndarray, before: np.ndarray) -> np.ndarray:
    """Return the change in % without shrinking; NaN where there was nothing before."""
    with np.errstate(divide="ignore", invalid="ignore"):
        change = 100 * (after / before - 1)
    return np.where(np.isfinite(change), change, np.nan)
