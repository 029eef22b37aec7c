"""Traits of segments: high times, peaks, weighted quantiles."""

from __future__ import annotations

import numpy as np

from crocs_cli.maths.decisions import at_least

HIGH, RAISED = 0.5, 0.3  # of the profile's range, above which a time of day counts as high, or as raised
SHORTEST_GAP_H = 1.0  # two high times nearer than this are one
SMOOTHING_H = 1.5
THURSDAY = 3  # the weekday of day 0, 1970-01-01, counted from Monday


def consumer_means(energy_kwh: np.ndarray, offset: np.ndarray) -> np.ndarray:
    """Return each consumer's mean day.

    energy_kwh: (days, slots); offset: (consumers + 1,). Returns (consumers, slots) float64 in kWh a slot;
    zeros for a consumer without days.
    """
    days = np.diff(offset)
    some = days > 0
    means = np.zeros((len(days), energy_kwh.shape[1]))
    if some.any():
        means[some] = np.add.reduceat(energy_kwh.astype(np.float64), offset[:-1][some])
        means[some] /= days[some, None]
    return means


def peak_counts(energy_kwh: np.ndarray, offset: np.ndarray, label: np.ndarray, clusters: int) -> np.ndarray:
    """Count the days of each cluster by the slot of their maximum; flat days have none.

    energy_kwh: (days, slots); offset: (consumers + 1,); label: (consumers,). Returns (clusters, slots) int64.
    """
    slots = energy_kwh.shape[1]
    owner = np.repeat(label.astype(np.int64), np.diff(offset))
    uneven = energy_kwh.max(axis=1) > energy_kwh.min(axis=1)
    place = owner[uneven] * slots + energy_kwh[uneven].argmax(axis=1)
    return np.bincount(place, minlength=clusters * slots).reshape(clusters, slots)


def weighted_quantiles(values: np.ndarray, weights: np.ndarray, levels: tuple[float, ...]) -> np.ndarray:
    """Return the quantiles of every column, each row counted as often as its weight says.

    values: (n, slots); weights: (n,) positive. Returns (levels, slots): the least value that at least that
    share of the weight does not exceed.
    """
    order = values.argsort(axis=0, kind="stable")
    reached = weights[order].cumsum(axis=0)
    ordered = np.take_along_axis(values, order, axis=0)
    rows = [(~at_least(reached, level * reached[-1])).sum(axis=0) for level in levels]
    return np.stack([ordered[row, np.arange(values.shape[1])] for row in rows])


def high_times(profile: np.ndarray, level: float = HIGH) -> list[tuple[float, float, float]]:
    """Return the times of day at which a profile is high, as (start, end, time of its top) in hours.

    profile: (slots,); level: how far up from its least to its greatest value high begins. The day is
    a circle: a time that ends after midnight has an end above 24. The highest comes first; a flat profile has
    none.
    """
    slots, least, greatest = len(profile), profile.min(), profile.max()
    if greatest == least:
        return []
    high = _without_short_gaps(profile >= least + level * (greatest - least), slots)
    if high.all():
        return [(0.0, 24.0, _hours(int(profile.argmax()) + 0.5, slots))]
    first = int(np.flatnonzero(~high)[0])  # start in a low slot, so that no high time is cut in two
    turned = np.roll(high, -first).astype(np.int8)
    starts = np.flatnonzero(np.diff(turned) == 1) + 1 + first
    ends = np.flatnonzero(np.diff(np.append(turned, 0)) == -1) + 1 + first
    found = []
    for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
        top = start + int(profile[np.arange(start, end) % slots].argmax())
        begin = start % slots
        times = _hours(begin, slots), _hours(begin + end - start, slots), _hours(top % slots + 0.5, slots)
        found.append((-profile[top % slots], times))
    return [times for _, times in sorted(found)]


def lesser_times(profile: np.ndarray) -> list[tuple[float, float, float]]:
    """Return the times at which a profile is raised, though not high, and apart from its high times."""
    tops = [top for _, _, top in high_times(profile)]
    return [
        (start, end, top)
        for start, end, top in high_times(profile, RAISED)
        if not any((one - start) % 24.0 <= end - start for one in tops)
    ]


def is_weekend(date: np.ndarray) -> np.ndarray:
    """Return whether each day, in days since 1970-01-01, is a Saturday or a Sunday."""
    return (date + THURSDAY) % 7 >= 5


def _hours(slot: float, slots: int) -> float:
    return slot * 24.0 / slots


def _without_short_gaps(high: np.ndarray, slots: int) -> np.ndarray:
    """Close the gaps that are shorter than an hour, seen on a circle."""
    longest = int(np.ceil(SHORTEST_GAP_H * slots / 24.0)) - 1
    closed = high.copy()
    for gap in range(1, longest + 1):
        for start in np.flatnonzero(high & ~np.roll(high, -1)):
            inside = (start + 1 + np.arange(gap)) % slots
            if high[(start + gap + 1) % slots]:
                closed[inside] = True
    return closed


def smoothed(profile: np.ndarray) -> np.ndarray:
    """Return a profile with each value the mean of an hour and a half around it, the day being a circle."""
    width = max(1, round(SMOOTHING_H * len(profile) / 24.0) // 2 * 2 + 1)
    return np.mean([np.roll(profile, shift - width // 2) for shift in range(width)], axis=0)
