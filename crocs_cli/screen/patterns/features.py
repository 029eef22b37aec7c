"""Features of one period of daily energy: weekday shares, month shares, yearly energy (paper, 2.2)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import prange

from crocs_cli.maths.compiled import parallel_kernel
from crocs_cli.maths.portable import LN_10, log
from crocs_cli.screen.daily.dates import MONTH_DAYS, YEAR_DAYS, Calendar

NO_USE_KWH = 0.01
LEAST_YEAR_KWH = 1.0


@dataclass(frozen=True)
class Period:
    """Sums and statistics of one period of each installation.

    Energy in kWh: `weekday_kwh` and `weekday_days` (installation, 7), `month_kwh` and `month_days`
    (installation, 12); `days` valid days and `mean_kwh`, `cv`, `low_share`, `zero_share`, `p10`, `p50`, `p90`
    of the daily energy (installation,), NaN where no day is valid.
    """

    weekday_kwh: np.ndarray
    weekday_days: np.ndarray
    month_kwh: np.ndarray
    month_days: np.ndarray
    days: np.ndarray
    mean_kwh: np.ndarray
    cv: np.ndarray
    low_share: np.ndarray
    zero_share: np.ndarray
    p10: np.ndarray
    p50: np.ndarray
    p90: np.ndarray


def summarise(
    kwh: np.ndarray,
    calendar: Calendar,
    begin: np.ndarray,
    end: np.ndarray,
    low_fraction: float = 0.10,
    weekday: np.ndarray | None = None,
) -> Period:
    """Summarise days begin..end-1 of each installation.

    `kwh` is float32 (installation, day), NaN missing. A low day is below `low_fraction` x the period's mean;
    `weekday` replaces the calendar's (-1: the day counts for no weekday), for holidays.
    Negative energy (net export) counts as 0 here.
    """
    days_of_week = calendar.weekday if weekday is None else weekday
    week, month = _sums(kwh, begin, end, days_of_week, calendar.month)
    rest = _distribution(kwh, begin, end, low_fraction)
    return Period(week[..., 0], week[..., 1], month[..., 0], month[..., 1], *rest.T)


@parallel_kernel
def _sums(
    kwh: np.ndarray, begin: np.ndarray, end: np.ndarray, weekday: np.ndarray, month: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return energy and valid days by weekday and by month: (installation, 7, 2), (installation, 12, 2)."""
    by_week, by_month = np.zeros((len(kwh), 7, 2)), np.zeros((len(kwh), 12, 2))
    for i in prange(len(kwh)):
        for day in range(begin[i], end[i]):
            energy = kwh[i, day]
            if np.isnan(energy):
                continue
            energy = max(energy, 0.0)
            by_month[i, month[day], 0] += energy
            by_month[i, month[day], 1] += 1
            if weekday[day] >= 0:
                by_week[i, weekday[day], 0] += energy
                by_week[i, weekday[day], 1] += 1
    return by_week, by_month


@parallel_kernel
def _distribution(kwh: np.ndarray, begin: np.ndarray, end: np.ndarray, low_fraction: float) -> np.ndarray:
    """Return days, mean, cv, low and zero share, p10, p50, p90 of each installation's daily energy."""
    found = np.full((len(kwh), 8), np.nan)
    for i in prange(len(kwh)):
        row = kwh[i, begin[i] : end[i]].astype(np.float64)
        valid = np.sort(np.maximum(row[~np.isnan(row)], 0.0))
        n = valid.size
        found[i, 0] = n
        if n == 0:
            continue
        mean = valid.sum() / n
        found[i, 1] = mean
        found[i, 2] = np.sqrt(((valid - mean) ** 2).sum() / n) / mean if mean > 0 else 0.0
        found[i, 3] = np.searchsorted(valid, low_fraction * mean) / n
        found[i, 4] = np.searchsorted(valid, NO_USE_KWH, side="right") / n
        for column, share in ((5, 0.1), (6, 0.5), (7, 0.9)):
            found[i, column] = valid[int(share * (n - 1))]
    return found


def week_shares(period: Period, least_days: int = 8) -> np.ndarray:
    """Return P_week, float64 (installation, 7), Monday first, sum 1; NaN where a weekday has too few days.

    Means of days, not sums, so that partial weeks and gaps leave no bias (paper 2.2.2; specification 5.1).
    """
    enough = (period.weekday_days >= least_days).all(axis=1, keepdims=True)
    mean = period.weekday_kwh / np.maximum(period.weekday_days, 1)
    return _shares(np.where(enough, mean, np.nan))


def observed_months(period: Period, least_days: int = 15) -> np.ndarray:
    """Return which calendar months have enough valid days, bool (installation, 12)."""
    return period.month_days >= least_days


def month_shares(period: Period, observed: np.ndarray) -> np.ndarray:
    """Return P_month, float64 (installation, 12), sum 1 over the observed months, NaN elsewhere.

    Mean daily energy of a calendar month, pooled over the years by valid days, times a fixed month length:
    leap years and incomplete years give the same vector (paper 2.2.2; specification 5.2).
    """
    mean = period.month_kwh / np.maximum(period.month_days, 1)
    return _shares(np.where(observed, mean * MONTH_DAYS, np.nan))


def year_kwh(period: Period, observed: np.ndarray) -> np.ndarray:
    """Return the energy of a standard year, kWh (installation,): by months if all are known, else by days."""
    mean = period.month_kwh / np.maximum(period.month_days, 1)
    return np.where(observed.all(axis=1), (mean * MONTH_DAYS).sum(axis=1), YEAR_DAYS * period.mean_kwh)


def log_energy(year: np.ndarray) -> np.ndarray:
    """Return Log_E, the base-10 logarithm of yearly energy, at least that of 1 kWh (paper 2.2.2)."""
    return log(np.maximum(year, LEAST_YEAR_KWH)) / LN_10


def restrict(shares: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Return shares on the masked components, with sum 1 there, NaN elsewhere (broadcasts)."""
    return _shares(np.where(mask, shares, np.nan))


def _shares(amounts: np.ndarray) -> np.ndarray:
    total = np.nansum(amounts, axis=-1, keepdims=True)
    return np.where(total > 0, amounts / np.where(total > 0, total, 1), np.nan)
