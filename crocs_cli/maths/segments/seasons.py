"""Weekdays, weekends and seasons: the mean day of segments on each kind of day that a run holds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import scipy.sparse

from crocs_cli.maths.segments.traits import is_weekend

QUARTERS = ("Dec–Feb", "Mar–May", "Jun–Aug", "Sep–Nov")  # whichever season they are where the meters are
KINDS = ("weekdays", "weekends", *QUARTERS)
CELLS = 2 * len(QUARTERS)  # weekdays and weekends of each quarter
NIGHT_H = (0.0, 6.0)


class OnKinds(NamedTuple):
    """Sums over the consumers of each segment of their mean day on each kind of day.

    mean_sum: (K, kinds, slots) kWh; consumers: (K, kinds), those who have such days; days: (K, kinds).
    """

    mean_sum: np.ndarray
    consumers: np.ndarray
    days: np.ndarray


def quarter(date: np.ndarray) -> np.ndarray:
    """Return the quarter of each day, in days since 1970-01-01: 0 for December to February, and so on."""
    month = date.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64) % 12  # 0: January
    return (month + 1) % 12 // 3


def sums_by_cell(
    energy_kwh: np.ndarray, date: np.ndarray, offset: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Add up each consumer's days by quarter and weekend.

    energy_kwh: (days, slots) float32; date: (days,); offset: (consumers + 1,). Returns kWh (consumers, 8,
    slots) float64 and days (consumers, 8); cell 2q is the weekdays of quarter q, 2q + 1 its weekends.
    """
    consumers, slots = len(offset) - 1, energy_kwh.shape[1]
    cell = 2 * quarter(date) + is_weekend(date)
    place = np.repeat(np.arange(consumers), np.diff(offset)) * CELLS + cell
    shape = (consumers * CELLS, len(place))
    rows = scipy.sparse.csr_array((np.ones(len(place)), (place, np.arange(len(place)))), shape)
    total = rows @ energy_kwh.astype(np.float64)
    days = np.bincount(place, minlength=shape[0])
    return total.reshape(consumers, CELLS, slots), days.reshape(consumers, CELLS)


def on_kinds(total: np.ndarray, days: np.ndarray, label: np.ndarray, segments: int) -> OnKinds:
    """Return the sums of `OnKinds` of some consumers; total, days: of `sums_by_cell`; label: (consumers,)."""
    cells = [slice(0, None, 2), slice(1, None, 2), *(slice(2 * q, 2 * q + 2) for q in range(4))]
    shape = (segments, len(KINDS), total.shape[2])
    found = OnKinds(np.zeros(shape), np.zeros(shape[:2], np.int64), np.zeros(shape[:2], np.int64))
    for kind, where in enumerate(cells):
        count = days[:, where].sum(axis=1)
        mean = total[:, where].sum(axis=1) / np.maximum(1, count)[:, None]
        np.add.at(found.mean_sum[:, kind], label, mean)
        np.add.at(found.consumers[:, kind], label, count > 0)
        np.add.at(found.days[:, kind], label, count)
    return found


def added(parts: Sequence[OnKinds]) -> OnKinds:
    """Add up the sums of parts of the consumers, in the order given."""
    return OnKinds(*(np.sum(each, axis=0) for each in zip(*parts, strict=True)))


def night_means(total: np.ndarray, days: np.ndarray) -> np.ndarray:
    """Return each consumer's mean kW from midnight to 6:00 in each quarter: (consumers, 4); NaN without days.

    total, days: of `sums_by_cell`.
    """
    slots = total.shape[2]
    night = slice(0, max(1, round(NIGHT_H[1] * slots / 24)))
    by_quarter = total[:, :, night].mean(axis=2).reshape(len(total), 4, 2).sum(axis=2) * slots / 24
    count = days.reshape(len(days), 4, 2).sum(axis=2)
    return np.divide(by_quarter, count, out=np.full(count.shape, np.nan), where=count > 0)
