"""The content of a report as plain numbers."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from crocs_cli.maths.behaviours.hyperprototypes import major
from crocs_cli.maths.segments.rules import Rule

MOST_DRAWN = 8  # major behaviours that have a picture, or a colour, of their own
Times = list[tuple[float, float, float]]  # (start, end, top) in hours; an end above 24 is on the next day


def drawn(day_coverage: np.ndarray) -> int:
    """Return how many behaviours are drawn by themselves: the major ones, which come first, or one."""
    return min(MOST_DRAWN, max(1, major(day_coverage)))


@dataclass(frozen=True)
class Quality:
    """The input of a run: totals over all meters, and how many meters gave no usable day."""

    meters: int
    meters_without_days: int
    consumers: int
    first_date: str
    last_date: str
    slots: int
    counts: dict[str, int]


@dataclass(frozen=True)
class Indices:
    """Validity indices of partitions; one entry for each number of segments, in rising order.

    strength: (partitions,) prediction strength; days_ari: ARI of every other day and the rest; stability:
    mean ARI of clustering subsamples; NaN where they were not measured.
    """

    clusters: np.ndarray
    silhouette: np.ndarray
    dunn: np.ndarray
    davies_bouldin: np.ndarray
    calinski_harabasz: np.ndarray
    strength: np.ndarray
    days_ari: np.ndarray
    stability: np.ndarray


@dataclass(frozen=True)
class Behaviours:
    """The behaviours that a segment's members share, those that cover the most days first.

    medoid, mean, low, high: (behaviours, slots) normalised profiles; low and high leave out a tenth of the
    days each. consumer_coverage, day_coverage, weekend_share: (behaviours,) in [0, 1]. alike: (behaviours,
    segments) share of each segment's days that are like the behaviour.
    """

    medoid: np.ndarray
    mean: np.ndarray
    low: np.ndarray
    high: np.ndarray
    consumer_coverage: np.ndarray
    day_coverage: np.ndarray
    weekend_share: np.ndarray
    alike: np.ndarray
    high_times: list[Times]
    lesser_times: list[Times]


@dataclass(frozen=True)
class OnKind:
    """The mean day of a segment on one kind of day, such as weekends: mean_kwh (slots,) in kWh a slot."""

    kind: str
    consumers: int
    days: int
    mean_kwh: np.ndarray


@dataclass(frozen=True)
class Odd:
    """A consumer that is typical of no segment, and why: `reason` is what was measured."""

    consumer_id: str
    segment: int
    mean_daily_kwh: float
    reason: str


@dataclass(frozen=True)
class Member:
    """A consumer that is typical of its segment."""

    consumer_id: str
    distance: float
    mean_daily_kwh: float


@dataclass(frozen=True)
class Segment:
    """One cluster of the partition; number 1 is the largest.

    peak_part: its part of what all use in the run's peak hours, NaN where nothing is used then; window:
    when its mean day is highest, (start, end) in hours, None for a flat one; mean_kwh: (slots,) mean day
    of its consumers in kWh a slot; peak_share: (slots,) share of its days whose maximum is there. The
    same of all other consumers under rest_*; NaN where there are none. merged: the segments that are
    shown as one; nearest: number of the segment whose behaviours are most like these; found_again: mean
    Jaccard index in subsamples, None where it was not measured; why_fewer: why it has fewer behaviours
    than were asked for, empty where it has not. kinds: its mean day on each kind of day that the run
    holds; signs: the share of its consumers that have each sign, by its name. few: whether it has too few
    consumers to be called a segment.
    """

    number: int
    name: str
    consumers: int
    consumer_share: float
    energy_share: float
    peak_part: float
    days: int
    weekend_share: float
    mean_daily_kwh: float
    window: tuple[float, float] | None
    mean_kwh: np.ndarray
    rest_kwh: np.ndarray
    peak_share: np.ndarray
    rest_peak_share: np.ndarray
    behaviours: Behaviours | None
    merged: tuple[int, ...] = ()
    nearest: int | None = None
    typical: tuple[Member, ...] = ()
    found_again: float | None = None
    why_fewer: str = ""
    kinds: tuple[OnKind, ...] = ()
    signs: dict[str, float] = field(default_factory=dict)
    few: bool = False


@dataclass(frozen=True)
class Facts:
    """Everything a report shows.

    odd: consumers that are typical of no segment, None in a report to be passed on; provenance: the settings
    of each step as (step, made with version, {setting: value}); missing: sentences that say what the report
    would hold besides, and the command that adds it. rule: the rule by which it may be passed on: no ids, no
    real household's day, and no group that the rule does not allow; None where it is not for that.
    peak_hours: of how many hours the peak is. would_show: the strictest rule that would show each segment by
    itself; empty if this does.
    """

    quality: Quality
    indices: Indices
    segments: list[Segment]
    odd: list[Odd] | None
    provenance: list[tuple[str, str, dict[str, str]]]
    missing: list[str]
    peak_hours: int
    rule: Rule | None = None
    would_show: str = ""

    @property
    def safe(self) -> bool:
        """Whether it may be passed on."""
        return self.rule is not None
