"""Find gaps between days and within days, and count them (paper, 2.1.2 and figures 4 and 5)."""

from __future__ import annotations

import numpy as np

#: the first length of each bin: 1-5, 6-10 ... 46-50, then 50 wide; the last one has no end
BINS = np.array([*range(1, 52, 5), *range(101, 1102, 50)])
LONGEST_SHORT_DAYS = 30


def inside(days: int, begin: np.ndarray, end: np.ndarray) -> np.ndarray:
    """Return which days are expected of each installation, bool, shape (installation, day)."""
    day = np.arange(days)
    return (day >= begin[:, None]) & (day < end[:, None])


def gap_runs(missing: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return installation, first day and length of every maximal run of missing days, in order.

    `missing` is bool (installation, day).
    """
    padded = np.zeros((missing.shape[0], missing.shape[1] + 2), np.int8)
    padded[:, 1:-1] = missing
    step = np.diff(padded, axis=1)
    installation, first = np.nonzero(step == 1)
    _, last = np.nonzero(step == -1)
    return installation, first, last - first


def gap_statistics(kwh: np.ndarray, begin: np.ndarray, end: np.ndarray) -> dict[str, np.ndarray]:
    """Count missing days and gaps of days begin..end-1 of each installation, and the longest gap.

    Each result has shape (installation,). The share is 1 where no day is expected.
    """
    expected = inside(kwh.shape[1], begin, end)
    missing = np.isnan(kwh) & expected
    installation, _, length = gap_runs(missing)
    longest = np.zeros(len(kwh), np.int64)
    np.maximum.at(longest, installation, length)
    days, lost = expected.sum(axis=1), missing.sum(axis=1)
    return {
        "expected_days": days,
        "missing_days": lost,
        "gaps": np.bincount(installation, minlength=len(kwh)),
        "longest_gap": longest,
        "gap_share": np.where(days > 0, lost / np.maximum(days, 1), 1.0),
    }


def short_days(intervals: np.ndarray, expected: np.ndarray, begin: np.ndarray, end: np.ndarray) -> np.ndarray:
    """Count the days whose number of intervals is not the expected one; -1 where none is known.

    `intervals` is (installation, day) with -1 for unknown. Surplus counts as a failure too (paper, 2.1.2).
    """
    period = inside(intervals.shape[1], begin, end)
    known = (intervals >= 0) & period
    short = (known & (intervals != expected)).sum(axis=1)
    return np.where(known.any(axis=1), short, -1)


def gap_lengths(missing: np.ndarray) -> np.ndarray:
    """Count the gaps of each installation by the bin of their length: int32 (installation, bin)."""
    installation, _, length = gap_runs(missing)
    counts = np.zeros((len(missing), len(BINS)), np.int32)
    np.add.at(counts, (installation, bin_of(length)), 1)
    return counts


def bin_of(days: np.ndarray) -> np.ndarray:
    """Return the bin of each number of days, -1 for 0."""
    return np.searchsorted(BINS, days, side="right") - 1


def short_day_histogram(short: np.ndarray) -> np.ndarray:
    """Return how many installations have 0, 1 ... 30 and more than 30 short days, int64, shape (32,)."""
    return np.bincount(
        np.minimum(short[short >= 0], LONGEST_SHORT_DAYS + 1), minlength=LONGEST_SHORT_DAYS + 2
    )
