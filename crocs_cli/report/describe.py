"""Describe segments from arrays: by themselves, against the others, and against the nearest."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from crocs_cli.maths.distances.loadsets import LoadSets
from crocs_cli.maths.programmes.peak import shares_of_peak
from crocs_cli.maths.segments.peak import peak_window
from crocs_cli.maths.segments.seasons import KINDS, OnKinds
from crocs_cli.maths.segments.traits import (
    high_times,
    is_weekend,
    lesser_times,
    smoothed,
    weighted_quantiles,
)
from crocs_cli.report.facts import Behaviours, OnKind, Segment
from crocs_cli.report.words import name_of
from crocs_cli.rundir.programme_settings import PeakSettings

PEAK_HOURS = PeakSettings().hours  # as `crocs peak` has them
LEAST_DAYS = 6  # of a kind, such as weekends, that each consumer has in the mean before it is shown
FEW, FEW_PART = 5, 0.01  # a group of fewer consumers, in number and as a part of all, is no segment
INNER = (0.1, 0.9)  # the spread shown: four fifths of the days lie between


@dataclass(frozen=True)
class People:
    """The data of all consumers, in order.

    mean_kwh: (n, slots) kWh; peaks: (K, slots) days of each cluster by the slot of their maximum; load: (K,
    dates, slots) kWh that each cluster used; on_kinds: sums over each cluster by kind of day; signs: (n,)
    bool each; odd: (n,) each, of `odd_readings`; sets: their load sets as they were compared; day_offset:
    (n + 1,); date, day_prototype: (days,).
    """

    mean_kwh: np.ndarray
    peaks: np.ndarray
    load: np.ndarray
    on_kinds: OnKinds
    signs: dict[str, np.ndarray]
    odd: dict[str, np.ndarray]
    sets: LoadSets
    day_offset: np.ndarray
    date: np.ndarray
    day_prototype: np.ndarray

    def days(self) -> np.ndarray:
        """Return how many days each consumer has: (n,)."""
        return np.diff(self.day_offset)

    def used_kwh(self) -> np.ndarray:
        """Return what each consumer used on all its days: (n,)."""
        return self.mean_kwh.sum(axis=1) * self.days()


def segment(group: tuple[int, ...], label: np.ndarray, people: People, name: str = "") -> Segment:
    """Describe one cluster, or several merged, against all other consumers; label: (n,) the clusters."""
    inside = np.isin(label, group)
    energy, days, used = people.mean_kwh.sum(axis=1), people.days(), people.used_kwh()
    weekend = np.bincount(np.repeat(inside, days), is_weekend(people.date), 2)[1]
    peaks = people.peaks[list(group)].sum(axis=0)
    mean_kwh = people.mean_kwh[inside].mean(axis=0)
    return Segment(
        number=group[0] + 1,
        name=name,
        consumers=int(inside.sum()),
        consumer_share=float(inside.mean()),
        energy_share=_share(used[inside].sum(), used.sum()),
        peak_part=float(shares_of_peak(people.load, PEAK_HOURS)[list(group)].sum()),
        days=int(days[inside].sum()),
        weekend_share=_share(weekend, days[inside].sum()),
        mean_daily_kwh=float(energy[inside].mean()),
        window=peak_window(mean_kwh),
        mean_kwh=mean_kwh,
        rest_kwh=_mean_or_nan(people.mean_kwh[~inside]),
        peak_share=peaks / max(1, peaks.sum()),
        rest_peak_share=_shares(people.peaks.sum(axis=0) - peaks),
        behaviours=None,
        merged=tuple(number + 1 for number in group) if len(group) > 1 else (),
        kinds=_kinds(group, people.on_kinds),
        signs={sign: float(have[inside].mean()) for sign, have in people.signs.items()},
        few=_are_few(int(inside.sum()), len(label)),
    )


def _kinds(group: tuple[int, ...], sums: OnKinds) -> tuple[OnKind, ...]:
    """Return the mean day of some clusters together on each kind of day of which they have enough."""
    total, consumers, days = (each[list(group)].sum(axis=0) for each in sums)
    return tuple(
        OnKind(name, int(consumers[kind]), int(days[kind]), total[kind] / consumers[kind])
        for kind, name in enumerate(KINDS)
        if consumers[kind] and days[kind] >= LEAST_DAYS * consumers[kind]
    )


def _are_few(consumers: int, of: int) -> bool:
    """Return whether a group is too small to be called a segment: one consumer, or very few of many."""
    return consumers == 1 < of or (consumers < FEW and consumers < FEW_PART * of)


def behaviours(
    rrls: dict[str, np.ndarray], community: np.ndarray, people: People, alike: np.ndarray
) -> Behaviours:
    """Describe what the members of a segment share.

    rrls: the arrays of its file; community: (P,) the behaviour of each prototype of all consumers, -1 for
    none; alike: (B, K) the share of each segment's days that show each behaviour.
    """
    days = people.sets.days.astype(np.float64)
    count = len(rrls["day_coverage"])
    low, high = _spread(people.sets.prototypes, days, community, count)
    means = [smoothed(mean) for mean in rrls["hyperprototype_mean"]]
    return Behaviours(
        medoid=rrls["hyperprototype_medoid"],
        mean=rrls["hyperprototype_mean"],
        low=low,
        high=high,
        consumer_coverage=rrls["consumer_coverage"],
        day_coverage=rrls["day_coverage"],
        weekend_share=_weekend_shares(community, people, count),
        alike=alike,
        high_times=[high_times(mean) for mean in means],
        lesser_times=[lesser_times(mean) for mean in means],
    )


def behaviour_names(rrls: dict[str, np.ndarray], members: LoadSets) -> list[str]:
    """Return the names of a segment's behaviours, as the report has them; members: its load sets."""
    means, count = [smoothed(mean) for mean in rrls["hyperprototype_mean"]], len(rrls["day_coverage"])
    days = members.days.astype(np.float64)
    low, _ = _spread(members.prototypes, days, rrls["vertex_community"], count)
    return [
        name_of(own, least, high_times(mean), lesser_times(mean))
        for own, mean, least in zip(rrls["hyperprototype_mean"], means, low, strict=True)
    ]


def _spread(prototypes: np.ndarray, days: np.ndarray, community: np.ndarray, count: int) -> np.ndarray:
    """Return between which values four fifths of each behaviour's days lie: (2, count, slots)."""
    if not count:
        return np.empty((2, 0, prototypes.shape[1]))
    inside = [community == b for b in range(count)]
    return np.stack([weighted_quantiles(prototypes[i], days[i], INNER) for i in inside], axis=1)


def pooled(alike: np.ndarray, merged: tuple[int, ...], label: np.ndarray, people: People) -> np.ndarray:
    """Return clusters that are shown merged only the share of days that they have together; alike: (B, K)."""
    if not merged:
        return alike
    days = np.bincount(label, people.days(), alike.shape[1])[list(merged)]
    together = alike.copy()
    together[:, list(merged)] = np.average(alike[:, list(merged)], axis=1, weights=days)[:, None]
    return together


def without_rare(shown: Behaviours, kept: np.ndarray, consumer_coverage: np.ndarray) -> Behaviours:
    """Leave out the behaviours that must not be passed on; kept: indices; consumer_coverage: of those."""
    arrays: dict[str, Any] = {}
    for each in fields(shown):
        value = getattr(shown, each.name)
        arrays[each.name] = [value[b] for b in kept] if isinstance(value, list) else value[kept]
    return replace(shown, **arrays | {"consumer_coverage": consumer_coverage})


def _weekend_shares(community: np.ndarray, people: People, count: int) -> np.ndarray:
    """Return the share of weekend days in each behaviour."""
    first = np.repeat(people.sets.offset[:-1], people.days())
    of_day = community[first + people.day_prototype]
    known = of_day >= 0
    all_days = np.bincount(of_day[known], minlength=count)
    return np.bincount(of_day[known], is_weekend(people.date[known]), count) / np.maximum(1, all_days)


def _share(part: float, whole: float) -> float:
    return float(part / whole) if whole else 0.0


def _shares(counts: np.ndarray) -> np.ndarray:
    return counts / counts.sum() if counts.any() else np.full(len(counts), np.nan)


def _mean_or_nan(rows: np.ndarray) -> np.ndarray:
    return rows.mean(axis=0) if len(rows) else np.full(rows.shape[1], np.nan)
