"""Test 1: compare averages and weekday patterns before and after the reference date (paper, 3.3)."""

from __future__ import annotations

import numpy as np

from crocs_cli.screen.daily.aggregates import SHRINK, log_ratio, variation_percent
from crocs_cli.screen.patterns.features import Period

HIGHEST_AUTOCORRELATION = 0.9


def weekday_means(period: Period) -> np.ndarray:
    """Return the mean energy of each weekday, kWh, float64 (installation, 7), NaN without a valid day."""
    with np.errstate(invalid="ignore"):
        return np.where(period.weekday_days > 0, period.weekday_kwh / period.weekday_days, np.nan)


def average_change(
    before: Period, after: Period, weeks: tuple[np.ndarray, np.ndarray]
) -> dict[str, np.ndarray]:
    """Compare the averages of two periods, season and all.

    `weeks` are the weekly means of DS0 and of DS1, (installation, week), NaN elsewhere. Returns, each
    (installation,): `t1_ratio` (natural log of the ratio of weekday-balanced means), `t1_z` (Welch, with the
    sample sizes that autocorrelation leaves), `t1_percent`, `t1_weekday` (the weekday whose share moved most,
    -1 unknown). Source: screening specification 8.3.
    """
    by_day_before, by_day_after = weekday_means(before), weekday_means(after)
    mean_before, mean_after = by_day_before.mean(axis=1), by_day_after.mean(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        moved = np.abs(by_day_after / mean_after[:, None] - by_day_before / mean_before[:, None])
    unknown = np.isnan(moved).any(axis=1)
    return {
        "t1_ratio": log_ratio(mean_after, mean_before, SHRINK * before.mean_kwh),
        "t1_z": welch(weeks[0], weeks[1]),
        "t1_percent": variation_percent(mean_after, mean_before),
        "t1_weekday": np.where(unknown, -1, np.nan_to_num(moved).argmax(axis=1)),
    }


def welch(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """Return Welch's t of two sets of weekly means per row, sample sizes n (1 - r) / (1 + r).

    r is the lag-1 autocorrelation of each set, held in 0..0.9. NaN with fewer than 3 weeks in a set.
    """
    mean_before, error_before = _mean_and_error(before)
    mean_after, error_after = _mean_and_error(after)
    with np.errstate(divide="ignore", invalid="ignore"):
        t = (mean_after - mean_before) / np.sqrt(error_before + error_after)
    return np.where(np.isfinite(t), t, np.nan)


def autocorrelation(weeks: np.ndarray) -> np.ndarray:
    """Return the lag-1 autocorrelation of every row, clipped to 0..0.9; pairs with a NaN are left out."""
    centred = weeks - _mean(weeks)[:, None]
    both = ~np.isnan(centred[:, 1:]) & ~np.isnan(centred[:, :-1])
    product = np.where(both, np.nan_to_num(centred[:, 1:] * centred[:, :-1]), 0).sum(axis=1)
    power = np.nansum(centred**2, axis=1)
    return np.clip(product / np.where(power > 0, power, 1), 0, HIGHEST_AUTOCORRELATION)


def _mean(weeks: np.ndarray) -> np.ndarray:
    count = (~np.isnan(weeks)).sum(axis=1)
    return np.where(count > 0, np.nansum(weeks, axis=1, dtype=np.float64) / np.maximum(count, 1), np.nan)


def _mean_and_error(weeks: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean and the squared standard error of every row."""
    count = (~np.isnan(weeks)).sum(axis=1)
    mean = _mean(weeks)
    variance = np.nansum((weeks - mean[:, None]) ** 2, axis=1) / np.maximum(count - 1, 1)
    r = autocorrelation(weeks)
    effective = count * (1 - r) / (1 + r)
    return mean, np.where(count >= 3, variance / np.maximum(effective, 1), np.nan)
