"""Primary filters: series too incomplete, too small or too concentrated to compare (paper, 2.3)."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from crocs_cli.screen.settings import FilterSettings

LARGE_GAPS, LOW_CONSUMPTION, NO_CONSUMPTION, LOW_FREQUENCY, CC_W, CC_M = 1, 2, 4, 8, 16, 32
MONTH_NOT_TESTABLE, CEASED, CONTRACT = 64, 128, 256
LABELS = {
    LARGE_GAPS: "LARGE_GAPS",
    LOW_CONSUMPTION: "LOW_CONSUMPTION",
    NO_CONSUMPTION: "NO_CONSUMPTION",
    LOW_FREQUENCY: "LOW_FREQUENCY",
    CC_W: "CC_W",
    CC_M: "CC_M",
    MONTH_NOT_TESTABLE: "MONTH_NOT_TESTABLE",
    CEASED: "CEASED",
    CONTRACT: "NOT_TESTABLE(contract)",
}
PRIMARY = (LARGE_GAPS, LOW_CONSUMPTION, LOW_FREQUENCY, CC_W, CC_M)  # in the paper's order a to e
NO_CLUSTERING = LARGE_GAPS | LOW_CONSUMPTION | LOW_FREQUENCY
NO_USE_SHARE = 0.99


def first_quartiles(mean_kwh: np.ndarray, level: np.ndarray, usable: np.ndarray, levels: int) -> np.ndarray:
    """Return the first quartile of the mean daily energy of each voltage level, NaN for an empty level.

    `usable` are the installations without large gaps.
    """
    quartile = np.full(levels, np.nan)
    for number in range(levels):
        members = mean_kwh[usable & (level == number) & ~np.isnan(mean_kwh)]
        if len(members):
            quartile[number] = np.quantile(members, 0.25)
    return quartile


def large_gaps(
    measures: Mapping[str, np.ndarray], limits: FilterSettings, is_before: bool = True
) -> np.ndarray:
    """Return which series have too many gaps in the period before or after, bool (installation,)."""
    least_days = limits.min_days_before if is_before else limits.min_days_after
    return (
        (measures["gap_share"] > limits.max_missing_share)
        | (measures["longest_gap"] > limits.max_gap_days)
        | (measures["days"] < least_days)
    )


def label(
    measures: Mapping[str, np.ndarray], quartile: np.ndarray, limits: FilterSettings, is_before: bool = True
) -> np.ndarray:
    """Return the labels of every installation in the period before or after as bits, int16 (installation,).

    `measures`: gap_share, longest_gap, days, mean_kwh, low_share, zero_share (installation,), week_share
    (installation, 7), month_share (installation, 12, NaN where not observed). `quartile` (installation,): the
    first quartile of each one's level. Source: paper 2.3, specification 4.
    """
    gaps = large_gaps(measures, limits, is_before)
    low = measures["mean_kwh"] < quartile / limits.low_divisor
    idle = (measures["zero_share"] >= NO_USE_SHARE) & ~gaps
    seldom = measures["low_share"] > limits.low_frequency_share
    week = np.nan_to_num(measures["week_share"]).max(axis=1) >= limits.week_share
    whole = ~np.isnan(measures["month_share"]).any(axis=1)
    month = whole & (np.nan_to_num(measures["month_share"]).max(axis=1) >= limits.month_share)
    bits = np.where(gaps, LARGE_GAPS, 0)  # nothing more is said of a series with large gaps
    for rule, bit in (
        (low | idle, LOW_CONSUMPTION),
        (idle, NO_CONSUMPTION),
        (seldom, LOW_FREQUENCY),
        (week, CC_W),
        (month, CC_M),
        (~whole, MONTH_NOT_TESTABLE),
    ):
        bits = bits | np.where(rule & ~gaps, bit, 0)
    return bits.astype(np.int16)


def clusterable(bits: np.ndarray, feature: str) -> np.ndarray:
    """Return which installations the clustering of week, month or scale uses, bool (installation,)."""
    own = {"week": CC_W, "month": CC_M | MONTH_NOT_TESTABLE, "scale": MONTH_NOT_TESTABLE}[feature]
    return (bits & (NO_CLUSTERING | own)) == 0


def names(bits: int) -> str:
    """Return the labels of one installation as text, joined by spaces."""
    return " ".join(text for bit, text in LABELS.items() if bits & bit)


def primary(bits: int) -> str:
    """Return the first label in the paper's order, empty without one."""
    return next((LABELS[bit] for bit in PRIMARY if bits & bit), "")
