"""Signs of what consumers may own, as measured features of their days, and of readings that look odd.

A sign says what was measured and no more: a hollow midday is what solar panels make, and so do other things.
"""

from __future__ import annotations

import numpy as np

from crocs_cli.maths.decisions import at_most, first_greatest, first_least

HOLLOW = 0.5  # of the night's mean, under which the midday is hollow
MIDDAY_H, DEEP_NIGHT_H = (11.0, 14.0), (1.0, 4.0)
BLOCK_KW, BLOCK_H = 3.0, 2.0  # above the day's median, on end
BLOCK_DAYS = 0.1  # share of a consumer's days with such a block
EVENING_H, MORNING_H = 18.0, 6.0  # blocks are looked for from the one to midnight, and until the other
COLD_RATIO, COLD_KW = 2.0, 0.2  # night use in one quarter against that in another, and the difference
SPIKE = 10.0  # times the greatest reading of all other days
FLAT_DAYS = 0.5  # share of days whose readings are all equal
FAR, FEWEST = 3.0, 8  # quartile ranges above the upper quartile, among so many members or more


def has_export(energy_kwh: np.ndarray, offset: np.ndarray) -> np.ndarray:
    """Return which consumers have a reading below zero: (consumers,) bool."""
    return np.bincount(_owner(offset), energy_kwh.min(axis=1) < 0, len(offset) - 1) > 0


def has_hollow_midday(mean_kwh: np.ndarray) -> np.ndarray:
    """Return whose mean day has less than half of the night's use at midday: bool; mean_kwh: (n, slots)."""
    midday, night = (mean_kwh[:, _between(*hours, mean_kwh.shape[1])].mean(axis=1) for hours in
                     (MIDDAY_H, DEEP_NIGHT_H))  # fmt: skip
    return (night > 0) & (midday < HOLLOW * night)


def has_blocks(energy_kwh: np.ndarray, offset: np.ndarray) -> np.ndarray:
    """Return who often uses much more for two hours on end in the evening or at night: (consumers,) bool.

    energy_kwh: (days, slots); offset: (consumers + 1,). That is 3 kW above the day's median in every reading
    of two hours, from 18:00 to 24:00 or from 0:00 to 6:00, on a tenth of the consumer's days.
    """
    slots = energy_kwh.shape[1]
    length = max(1, round(BLOCK_H * slots / 24))
    high = energy_kwh >= np.median(energy_kwh, axis=1, keepdims=True) + np.float32(BLOCK_KW * 24 / slots)
    with_block = np.zeros(len(energy_kwh), dtype=bool)
    for hours in ((0.0, MORNING_H), (EVENING_H, 24.0)):
        part = high[:, _between(*hours, slots)]
        for start in range(part.shape[1] - length + 1):
            with_block |= part[:, start : start + length].all(axis=1)
    days = np.diff(offset)
    return np.bincount(_owner(offset), with_block, len(days)) >= np.maximum(1, BLOCK_DAYS * days)


def uses_more_in_nights_of(night_kw: np.ndarray, quarter: int, other: int) -> np.ndarray:
    """Return who uses at least twice as much at night in one quarter as in another, and 0.2 kW more: bool.

    night_kw: (n, 4) mean kW at night in each quarter, NaN where it is not known.
    """
    high, low = night_kw[:, quarter], night_kw[:, other]
    with np.errstate(invalid="ignore"):
        return (high >= COLD_RATIO * low) & (high - low >= COLD_KW)


def seasons_to_compare(night_kw: np.ndarray) -> tuple[int, int] | None:
    """Return the quarters in which most and least is used at night; None where fewer than two are known.

    night_kw: (n, 4), NaN where it is not known. Only consumers of both quarters count, most of all there are.
    """
    known = np.isfinite(night_kw)
    there = np.flatnonzero(known.sum(axis=0) >= 0.5 * max(1, known.any(axis=1).sum()))
    both = known[:, there].all(axis=1)
    if len(there) < 2 or not both.any():
        return None
    mean = night_kw[both][:, there].mean(axis=0)
    high, low = int(first_greatest(mean)), int(first_least(mean))
    return None if high == low else (int(there[high]), int(there[low]))


def odd_readings(energy_kwh: np.ndarray, offset: np.ndarray) -> dict[str, np.ndarray]:
    """Return what looks like an empty home or a faulty meter, of each consumer: (consumers,) float64 each.

    energy_kwh: (days, slots); offset: (consumers + 1,). unused: the share of days that are flat and without
    use; stuck: of days that are flat with use; spike: the greatest reading as a multiple of the greatest of
    all other days, NaN where there is none.
    """
    count, owner, days = len(offset) - 1, _owner(offset), np.maximum(1, np.diff(offset))
    least, greatest = energy_kwh.min(axis=1), energy_kwh.max(axis=1)
    flat = least == greatest
    spike = np.full(count, np.nan)
    for consumer in np.flatnonzero(np.diff(offset) > 1):
        own = greatest[offset[consumer] : offset[consumer + 1]]
        second, first = np.partition(own, len(own) - 2)[-2:]
        spike[consumer] = first / second if second > 0 else np.nan
    return {
        "unused": np.bincount(owner, flat & (greatest == 0), count) / days,
        "stuck": np.bincount(owner, flat & (greatest != 0), count) / days,
        "spike": spike,
    }


def is_far(distance: np.ndarray, segment: np.ndarray) -> np.ndarray:
    """Return who is far from its segment's behaviours, against the other members: (n,) bool.

    distance: (n,) to the own segment's behaviours, NaN where it is not known; segment: (n,). Far is more than
    three quartile ranges above the upper quartile (Tukey), in a segment of eight members or more.
    """
    far = np.zeros(len(distance), dtype=bool)
    for number in np.unique(segment):
        own = (segment == number) & np.isfinite(distance)
        if own.sum() >= FEWEST:
            lower, upper = np.quantile(distance[own], (0.25, 0.75))
            far[own] = ~at_most(distance[own], upper + FAR * (upper - lower))
    return far


def _owner(offset: np.ndarray) -> np.ndarray:
    return np.repeat(np.arange(len(offset) - 1), np.diff(offset))


def _between(start_h: float, end_h: float, slots: int) -> slice:
    """Return the slots of a day from one hour to another, one at least."""
    first = round(start_h * slots / 24)
    return slice(first, max(first + 1, round(end_h * slots / 24)))
