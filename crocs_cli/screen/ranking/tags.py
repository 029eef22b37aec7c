"""Turn the results of the tests into tags from 0 to 1 (paper, 2.6)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from crocs_cli.maths.portable import LN_0_9, exp
from crocs_cli.screen.settings import RankSettings

Columns = Mapping[str, np.ndarray]
TAGS = (
    "scale_decrease",
    "scale_increase",
    "week_class_change",
    "month_class_change",
    "week_shape_distance",
    "month_shape_distance",
    "ceased",
    "gap_increase",
    "zero_day_increase",
    "contract_explained",
)
FULL_RISE = 2.0  # three times the energy
FULL_GAP_INCREASE = 0.15
FULL_ZERO_INCREASE = 0.3
LAST_WEIGHT, WORST_WEIGHT = 0.7, 0.3
SURE = 3.0
SOURCES = ("none", "test 1", "test 2", "test 3")
TYPES = ("none", "decrease", "increase")
WORDS = ("none", "slight", "medium", "large", "very large")
WORD_STEPS = (0.1, 0.3, 0.5, 0.7)


@dataclass(frozen=True)
class ShapeScale:
    """Median and 99th percentile of the shape distances of honest periods, by week and by month."""

    week: tuple[float, float]
    month: tuple[float, float]


def drop_intensity(ratio: np.ndarray, rule: RankSettings) -> np.ndarray:
    """Return the intensity of a decrease: 0 up to the least change, 1 from the full drop on; NaN stays."""
    return np.clip((1 - exp(ratio) - rule.min_change) / (rule.full_drop - rule.min_change), 0, 1)


def main_ratio(columns: Columns, rule: RankSettings) -> tuple[np.ndarray, np.ndarray]:
    """Return the ratio that decides the type, and its test: 3, else 2, else 1 (0 none)."""
    ratio, source = columns["t1_ratio"], np.where(np.isnan(columns["t1_ratio"]), 0, 1)
    if not rule.test1_only:
        for test, name in ((2, "t2_gap"), (3, "t3_last")):
            known = ~np.isnan(columns[name])
            ratio, source = np.where(known, columns[name], ratio), np.where(known, test, source)
    return ratio, source


def change_type(ratio: np.ndarray, rule: RankSettings) -> np.ndarray:
    """Return 0 none, 1 decrease, 2 increase of every installation."""
    change = exp(np.nan_to_num(ratio)) - 1
    return np.where(change <= -rule.min_change, 1, np.where(change >= rule.min_change, 2, 0))


def agreement(columns: Columns) -> tuple[np.ndarray, np.ndarray]:
    """Count the tests with a significant decrease, and the tests that were possible."""
    pairs = [(columns[f"{test}_{ratio}"], columns[f"{test}_z"]) for test, ratio in RATIOS]
    known = np.array([~np.isnan(ratio) & ~np.isnan(z) for ratio, z in pairs])
    sees = np.array([(ratio <= LN_0_9) & (np.abs(z) >= SURE) for ratio, z in pairs])
    return (sees & known).sum(axis=0), known.sum(axis=0)


RATIOS = (("t1", "ratio"), ("t2", "ratio"), ("t3", "last"))


def shape_tag(distance: np.ndarray, scale: tuple[float, float]) -> np.ndarray:
    """Return a tag of a shape distance: 0 at the honest median, 1 at the honest 99th percentile."""
    median, high = scale
    return np.clip((distance - median) / max(high - median, 1e-9), 0, 1)


def make_tags(columns: Columns, scale: ShapeScale, rule: RankSettings) -> dict[str, np.ndarray]:
    """Return every tag, float64 (installation,), 0..1, NaN where it could not be tested.

    Source: specification 8.6 and 9.1.
    """
    ratio, _ = main_ratio(columns, rule)
    kind = change_type(ratio, rule)
    decrease = drop_intensity(ratio, rule)
    if not rule.test1_only:
        two = LAST_WEIGHT * drop_intensity(columns["t3_last"], rule)
        two = two + WORST_WEIGHT * drop_intensity(columns["t3_worst"], rule)
        decrease = np.where(np.isnan(two), decrease, two)
    rise = np.clip((exp(ratio) - 1 - rule.min_change) / (FULL_RISE - rule.min_change), 0, 1)
    zero = columns["low_share_after"] - columns["low_share_before"]
    gap = columns["gap_share_after"] - columns["gap_share_before"]
    return {
        "scale_decrease": decrease,
        "scale_increase": np.where(np.isnan(ratio), np.nan, np.where(kind == 2, rise, 0)),
        "week_class_change": class_change(columns, "week", rule.margin),
        "month_class_change": class_change(columns, "month", rule.margin),
        "week_shape_distance": shape_tag(columns["week_distance"], scale.week),
        "month_shape_distance": shape_tag(columns["month_distance"], scale.month),
        "ceased": columns["ceased"].astype(np.float64),
        "gap_increase": np.clip(gap / FULL_GAP_INCREASE, 0, 1),
        "zero_day_increase": np.clip(zero / FULL_ZERO_INCREASE, 0, 1),
        "contract_explained": columns["contract_explained"].astype(np.float64),
    }


def class_change(columns: Columns, feature: str, margin: float) -> np.ndarray:
    """Return 1 where the class changed by more than the margin, 0 where not, NaN where not testable."""
    before, after = columns[f"{feature}_class_before"], columns[f"{feature}_class_after"]
    changed = before != after
    if margin:
        changed = changed & (np.nan_to_num(columns[f"{feature}_ratio"], nan=1.0) < 1 - margin)
    return np.where((before >= 0) & (after >= 0), changed, np.nan).astype(np.float64)


def size_in_words(change: float) -> str:
    """Return a word for the size of a relative change, such as 0.4: medium."""
    return WORDS[int(np.searchsorted(WORD_STEPS, abs(change), side="right"))]
