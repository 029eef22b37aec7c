"""Peak: when a system's load is highest, and what each consumer and segment uses then."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import scipy.sparse

from crocs_cli.maths import decisions


class Loads(NamedTuple):
    """The load of each segment: kWh (K, D, slots) float64 on dates (D,), of how many consumers (K, D).

    Dates count from 1970-01-01.
    """

    date: np.ndarray
    consumers: np.ndarray
    energy_kwh: np.ndarray


class Uses(NamedTuple):
    """Energy and power of n consumers, (n,) each.

    days, kwh: on all of its days; peak_hours, peak_kwh: in the peak hours of these days; own_highest_kw: mean
    of as many of its own highest hours; highest_kw: in its highest slot. NaN where it has none.
    """

    days: np.ndarray
    kwh: np.ndarray
    peak_hours: np.ndarray
    peak_kwh: np.ndarray
    own_highest_kw: np.ndarray
    highest_kw: np.ndarray


def segment_loads(
    energy_kwh: np.ndarray, date: np.ndarray, offset: np.ndarray, label: np.ndarray, clusters: int
) -> Loads:
    """Add up the profiles of each segment by date.

    energy_kwh: (days, slots) float32; date: (days,) int; offset: (consumers + 1,); label: (consumers,).
    """
    dates, at = np.unique(date, return_inverse=True)
    place = np.repeat(label.astype(np.int64), np.diff(offset)) * len(dates) + at
    shape = clusters * len(dates), len(place)
    rows = scipy.sparse.csr_array((np.ones(len(place)), (place, np.arange(len(place)))), shape)
    load = rows @ energy_kwh.astype(np.float64)
    count = np.bincount(place, minlength=shape[0])
    return Loads(
        dates.astype(np.int32),
        count.reshape(clusters, -1).astype(np.int32),
        load.reshape(clusters, len(dates), -1),
    )


def joined(parts: list[Loads]) -> Loads:
    """Add up the loads of parts of the consumers, in the order given."""
    dates = np.unique(np.concatenate([part.date for part in parts]))
    clusters, _, slots = parts[0].energy_kwh.shape
    consumers = np.zeros((clusters, len(dates)), dtype=np.int64)
    load = np.zeros((clusters, len(dates), slots))
    for part in parts:
        at = np.searchsorted(dates, part.date)
        consumers[:, at] += part.consumers
        load[:, at] += part.energy_kwh
    return Loads(dates, consumers, load)


def slots_in(hours: int, slots: int) -> int:
    """Return how many slots make some hours, one at least, where a day has `slots` of them."""
    return -(-hours * slots // 24)


def highest_slots(load: np.ndarray, count: int) -> np.ndarray:
    """Return which slots have the highest load: (D, slots) bool, `count` of them.

    load: (D, slots), NaN where it is not known. Of equal loads the earlier slots count.
    """
    chosen = decisions.order(-load.ravel())[:count]
    found = np.zeros(load.size, dtype=bool)
    found[chosen] = True
    return found.reshape(load.shape)


def shares_of_peak(load: np.ndarray, hours: int) -> np.ndarray:
    """Return each segment's part of what all use in the hours of their highest load: (K,), in [0, 1].

    load: (K, D, slots) kWh. Of equal slots the earlier count. NaN where nothing is used then.
    """
    slots = highest_slots(load.sum(axis=0), slots_in(hours, load.shape[2]))
    used = load[:, slots].sum(axis=1)
    total = used.sum()
    return used / total if total > 0 else np.full(len(load), np.nan)


def highest_days(load: np.ndarray, inside: np.ndarray, count: int) -> np.ndarray:
    """Return the days whose mean load inside a window is highest: (D,) bool, `count` of them.

    load: (D, slots), NaN where it is not known; inside: (slots,) bool. Of equal days the earlier count.
    """
    known = np.isfinite(load[:, inside])
    total = np.where(known, load[:, inside], 0.0).sum(axis=1)
    mean = np.divide(total, known.sum(axis=1), out=np.full(len(load), np.nan), where=known.any(axis=1))
    found = np.zeros(len(load), dtype=bool)
    found[decisions.order(-mean)[:count]] = True
    return found


def uses(energy_kwh: np.ndarray, at: np.ndarray, offset: np.ndarray, peak: np.ndarray) -> Uses:
    """Measure what each consumer uses at the peak and else.

    energy_kwh: (days, slots); at: (days,) which of the D dates each day is; offset: (consumers + 1,); peak:
    (D, slots) bool.
    """
    slots, consumers = energy_kwh.shape[1], len(offset) - 1
    hours = 24.0 / slots
    owner = np.repeat(np.arange(consumers), np.diff(offset))
    daily = energy_kwh.sum(axis=1, dtype=np.float64)
    at_peak = np.where(peak[at], energy_kwh, np.float32(0)).sum(axis=1, dtype=np.float64)
    count = np.bincount(owner, peak.sum(axis=1)[at], consumers).astype(np.int64)
    own, highest = np.full(consumers, np.nan), np.full(consumers, np.nan)
    for consumer in range(consumers):
        values = energy_kwh[offset[consumer] : offset[consumer + 1]].ravel()
        if len(values):
            highest[consumer] = values.max() / hours
        if count[consumer]:
            own[consumer] = mean_of_highest(values, int(count[consumer])) / hours
    return Uses(
        days=np.diff(offset).astype(np.int32),
        kwh=np.bincount(owner, daily, consumers),
        peak_hours=count * hours,
        peak_kwh=np.bincount(owner, at_peak, consumers),
        own_highest_kw=own,
        highest_kw=highest,
    )


def mean_of_highest(values: np.ndarray, count: int) -> float:
    """Return the mean of the `count` highest of some values (n,), at most all of them."""
    first = max(0, len(values) - count)
    return float(np.partition(values, first)[first:].mean(dtype=np.float64))
