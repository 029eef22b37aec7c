"""Events as profiles: which are used, features on one scale, times of day on a circle."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from crocs_cli.errors import CrocsError
from crocs_cli.maths.readings.clock import DAY_S
from crocs_cli.maths.readings.days import OTHER_TYPE, OUTSIDE

#: what is counted of a consumer's events, under the names of `quality.COUNTS_OF["event"]`
USED, WITHOUT_NUMBER, REVERSED, TOO_LARGE, OVERLAPPING = 0, 3, 4, 5, 6
REASONS = {
    USED: "days_used",
    OUTSIDE: "days_outside_range",
    OTHER_TYPE: "days_of_other_type",
    WITHOUT_NUMBER: "events_without_number",
    REVERSED: "events_reversed",
    TOO_LARGE: "events_too_large",
    OVERLAPPING: "events_left_overlapping",
}


@dataclass(frozen=True)
class Events:
    """Events of consumers, (n,) each: by consumer and start, and in the order of the files where these tie.

    consumer, day: int64, the local day since 1970-01-01; start_s, end_s: int64 seconds since then in UTC,
    `end_s` NO_END where there is none; values: (n, features) float64, NaN where there is none.
    """

    consumer: np.ndarray
    day: np.ndarray
    start_s: np.ndarray
    end_s: np.ndarray
    values: np.ndarray

    def take(self, which: np.ndarray) -> Events:
        """Return some events, by index or mask."""
        return Events(*(getattr(self, field.name)[which] for field in fields(self)))


NO_END = np.iinfo(np.int64).min


def in_order(events: Events) -> tuple[Events, np.ndarray]:
    """Return events in their order, each once, and the consumers of those that are there again."""
    order = np.lexsort((events.start_s, events.consumer))
    events = events.take(order)
    columns = [events.consumer, events.start_s, events.end_s, *events.values.T]
    same = np.ones(max(0, len(order) - 1), dtype=bool)
    for column in columns:
        equal = column[1:] == column[:-1]
        same &= equal | (np.isnan(column[1:]) & np.isnan(column[:-1])) if column.dtype.kind == "f" else equal
    again = np.append(False, same)[: len(order)]
    return events.take(~again), events.consumer[again]


def judged(
    events: Events, verdict: np.ndarray, most: np.ndarray, has_end: bool, leaves_overlaps: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Return the reason (n,) by which each event is used or not, the first counts, and which overlap (n,).

    verdict: (n,) of `DaysWanted.verdicts`, of the days on which events begin; most: (features,) the largest
    values that are used, inf for any. An event overlaps when it begins before an earlier one of the consumer
    has ended.
    """
    reason = verdict.astype(np.int64)
    if has_end:
        reason[(reason == USED) & (events.end_s != NO_END) & (events.end_s < events.start_s)] = REVERSED
    reason[(reason == USED) & ~np.isfinite(events.values).all(axis=1)] = WITHOUT_NUMBER
    reason[(reason == USED) & (events.values > most).any(axis=1)] = TOO_LARGE
    overlap = np.zeros(len(reason), dtype=bool)
    if has_end:
        used = np.flatnonzero(reason == USED)
        overlap[used] = _overlaps(events.take(used))
    if leaves_overlaps:
        reason[overlap] = OVERLAPPING
    return reason, overlap


def _overlaps(events: Events) -> np.ndarray:
    """Return which events (n,) begin before an earlier one of the same consumer has ended."""
    if not len(events.consumer):
        return np.zeros(0, dtype=bool)
    span = int(max(events.end_s.max(), events.start_s.max()) - events.start_s.min()) + 1
    shift = events.consumer * span  # consumers one after another on one line of time
    latest = np.maximum.accumulate(events.end_s + shift)
    return np.append(False, events.start_s[1:] + shift[1:] < latest[:-1])


def on_circle(time_s: np.ndarray) -> np.ndarray:
    """Return sine and cosine of the time of day, (n, 2), of seconds on the wall clock (n,)."""
    angle = 2 * np.pi * (time_s % DAY_S) / DAY_S
    return np.column_stack([np.sin(angle), np.cos(angle)])


def scales(
    values: np.ndarray, names: tuple[str, ...], given: dict[str, float]
) -> tuple[np.ndarray, np.ndarray]:
    """Return the median and the interquartile range, or the given scale, of each feature: (features,) both.

    values: (n, features) of the events that are used. Raises CrocsError for a feature that is constant, or
    the same in the middle half of the events.
    """
    centre = np.median(values, axis=0)
    low, high = np.quantile(values, (0.25, 0.75), axis=0)
    spread = high - low
    for at, name in enumerate(names):
        if values[:, at].min() == values[:, at].max():
            raise CrocsError(
                f"ingest.events.features: {name} is {centre[at]:g} in all events; leave it out of them"
            )
        spread[at] = given.get(name, spread[at])
        if not spread[at] > 0:
            raise CrocsError(
                f"ingest.events.features: {name} is {low[at]:g} in half of all events; give its scale with "
                f"ingest.events.scale {name}=NUMBER, or leave it out"
            )
    return centre, spread
