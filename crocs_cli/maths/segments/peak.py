"""Peaks of segments: when a mean day is highest, and who makes the peak of a summed load."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import scipy.sparse

from crocs_cli.maths.decisions import order
from crocs_cli.maths.segments.traits import high_times

PEAK_HOURS = 40  # the hours in which all consumers together use most are the peak
NEAR_TOP = 0.8  # of the range of a mean day, from which a time of day belongs to its peak window
SHORTEST_WINDOW_H = 1.0


class Loads(NamedTuple):
    """The summed load of each segment: kWh (K, D, slots) float64 on dates (D,), in rising order."""

    date: np.ndarray
    energy_kwh: np.ndarray


def peak_window(mean_day: np.ndarray) -> tuple[float, float] | None:
    """Return when a mean day is near its maximum, as (start, end) in hours; None for a flat day.

    mean_day: (slots,) kWh. The window holds the slot of the maximum, the first of equals, and what joins it
    and lies in the upper fifth of the day's range. It is widened to an hour at least, and to half hours. An
    end above 24 is on the next day.
    """
    windows = high_times(mean_day, NEAR_TOP)
    return _widened(*windows[0]) if windows else None


def second_window(mean_day: np.ndarray) -> tuple[float, float] | None:
    """Return when a mean day is high a second time, apart from its peak window; None where it is not.

    That is the highest other time above the middle of the day's range, or rather the upper fifth of that.
    """
    times = high_times(mean_day)
    if len(times) < 2:
        return None
    start, end, _ = times[1]
    slots = len(mean_day)
    inside = np.arange(round(start * slots / 24), round(end * slots / 24)) % slots
    own = np.full(slots, mean_day.min())
    own[inside] = mean_day[inside]
    return peak_window(own)


def segment_loads(energy_kwh: np.ndarray, date: np.ndarray, owner: np.ndarray, segments: int) -> Loads:
    """Add up days by segment and date.

    energy_kwh: (days, slots) float32; date: (days,) int; owner: (days,) the segment of each day.
    """
    dates, at = np.unique(date, return_inverse=True)
    place = owner.astype(np.int64) * len(dates) + at
    shape = (segments * len(dates), len(place))
    rows = scipy.sparse.csr_array((np.ones(len(place)), (place, np.arange(len(place)))), shape)
    load = rows @ energy_kwh.astype(np.float64)
    return Loads(dates, load.reshape(segments, len(dates), energy_kwh.shape[1]))


def joined(parts: Sequence[Loads]) -> Loads:
    """Add up the loads of parts of the consumers, in the order given."""
    dates = np.unique(np.concatenate([part.date for part in parts]))
    segments, _, slots = parts[0].energy_kwh.shape
    load = np.zeros((segments, len(dates), slots))
    for part in parts:
        load[:, np.searchsorted(dates, part.date)] += part.energy_kwh
    return Loads(dates, load)


def shares_of_peak(load: np.ndarray, hours: int = PEAK_HOURS) -> np.ndarray:
    """Return each segment's part of what all use in the hours of their highest load: (K,), in [0, 1].

    load: (K, D, slots) kWh. Of equal slots the earlier count. NaN where nothing is used then.
    """
    by_slot = load.reshape(len(load), -1)
    peak = order(-by_slot.sum(axis=0))[: max(1, hours * load.shape[2] // 24)]
    used = by_slot[:, peak].sum(axis=1)
    total = used.sum()
    return used / total if total > 0 else np.full(len(load), np.nan)


def _widened(start: float, end: float, top: float) -> tuple[float, float]:
    """Widen a time of day to an hour around its top at least, and to half hours."""
    if end - start < SHORTEST_WINDOW_H:
        start, end = top - SHORTEST_WINDOW_H / 2, top + SHORTEST_WINDOW_H / 2
    begin, length = math.floor(2 * start) / 2, math.ceil(2 * end) / 2 - math.floor(2 * start) / 2
    return (0.0, 24.0) if length >= 24.0 else (begin % 24.0, begin % 24.0 + length)
