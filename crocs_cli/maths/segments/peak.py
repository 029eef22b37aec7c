"""Peak windows: when a mean day is highest."""

from __future__ import annotations

import math

import numpy as np

from crocs_cli.maths.segments.traits import high_times

NEAR_TOP = 0.8  # of the range of a mean day, from which a time of day belongs to its peak window
SHORTEST_WINDOW_H = 1.0


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


def _widened(start: float, end: float, top: float) -> tuple[float, float]:
    """Widen a time of day to an hour around its top at least, and to half hours."""
    if end - start < SHORTEST_WINDOW_H:
        start, end = top - SHORTEST_WINDOW_H / 2, top + SHORTEST_WINDOW_H / 2
    begin, length = math.floor(2 * start) / 2, math.ceil(2 * end) / 2 - math.floor(2 * start) / 2
    return (0.0, 24.0) if length >= 24.0 else (begin % 24.0, begin % 24.0 + length)
