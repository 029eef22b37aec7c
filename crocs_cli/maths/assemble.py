"""From readings in any order to whole days: duplicates settled, channels added up, slots summed, days judged.

Meters are numbered from 0; intervals and days are numbered from 1970-01-01 on the wall clock. Everything here
works on all readings of some meters at once, sorted by meter, channel and interval.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from crocs_cli.maths.clock import DAY_S
from crocs_cli.maths.days import OTHER_TYPE, OUTSIDE
from crocs_cli.maths.quality import COUNTS

ESTIMATED, REPAIRED, OFF_GRID = 1, 2, 4  # flags of a reading
USED, INCOMPLETE, SHARE_ESTIMATED, CONFLICTING, CLOCK_CHANGE = 0, 3, 4, 5, 6  # beside OUTSIDE, OTHER_TYPE
_REASONS = {
    USED: "days_used",
    OUTSIDE: "days_outside_range",
    OTHER_TYPE: "days_of_other_type",
    CLOCK_CHANGE: "days_clock_change",
    CONFLICTING: "days_conflicting",
    INCOMPLETE: "days_incomplete",
    SHARE_ESTIMATED: "days_estimated",
}


@dataclass(frozen=True)
class Rows:
    """Readings, one entry each in every array: (n,).

    meter: int32; interval: int32, since 1970-01-01; energy_kwh: float64, NaN where there is no usable number;
    channel: uint8; flags: uint8, of ESTIMATED, REPAIRED and OFF_GRID.
    """

    meter: np.ndarray
    interval: np.ndarray
    energy_kwh: np.ndarray
    channel: np.ndarray
    flags: np.ndarray

    def take(self, which: np.ndarray | slice) -> Rows:
        """Return some of the readings, by index, mask or slice."""
        return Rows(*(column[which] for column in self.columns()))

    def columns(self) -> tuple[np.ndarray, ...]:
        """Return the arrays in the order of the fields."""
        return tuple(getattr(self, field.name) for field in fields(self))


@dataclass(frozen=True)
class Calendar:
    """What is known of each local day from `first_day` on.

    verdict: (days,) int8 of `DaysWanted.verdicts`; length_s: (days,) int64 of `day_lengths_s`.
    """

    first_day: int
    verdict: np.ndarray
    length_s: np.ndarray

    def changes(self, day: np.ndarray) -> np.ndarray:
        """Say which days are not 24 hours long."""
        return self.length_s[day - self.first_day] != DAY_S

    def missing_s(self, day: np.ndarray) -> np.ndarray:
        """Return the seconds by which days are shorter than 24 hours."""
        return np.maximum(0, DAY_S - self.length_s[day - self.first_day])


@dataclass(frozen=True)
class Rule:
    """How readings become days; see `IngestSettings` for the words."""

    intervals_per_day: int
    slots_per_day: int
    calendar: Calendar
    duplicates: str = "error"
    folds: bool = False
    max_missing_slots: int = 0
    max_estimated: float = 1.0
    judges_stamps: bool = True


@dataclass(frozen=True)
class Conflict:
    """The first interval that has two different readings although `duplicates` is error."""

    meter: int
    interval: int
    energies_kwh: tuple[float, float]


@dataclass(frozen=True)
class Days:
    """Used days of some meters, and what was counted of all their readings.

    meter: (days,) int64; date: (days,) int64; energy_kwh: (days, slots) float64; quality: (meters, counts)
    int64 named by COUNTS; conflict: None unless the rule makes it an error.
    """

    meter: np.ndarray
    date: np.ndarray
    energy_kwh: np.ndarray
    quality: np.ndarray
    conflict: Conflict | None


def assemble(rows: Rows, meters: int, rule: Rule) -> Days:
    """Turn all readings of meters 0..meters-1 into their used days and quality counts."""
    tally = _Tally(meters)
    _tally_rows(rows, tally)
    rows = _sorted(rows.take(rows.flags & OFF_GRID == 0))
    known = ~np.isnan(rows.energy_kwh)
    cells, conflicting = _settled(rows if known.all() else rows.take(known), rule, tally)
    _tally_gaps(cells, rule, tally)
    table = _added_up(_registers(rows, cells, conflicting, rule))
    reason = _reasons(table, rule, tally)
    for code, name in _REASONS.items():
        tally.add(name, table.meter[reason == code])
    tally.add("days_present", table.meter)
    used = reason == USED
    energy = table.energy_kwh[used]
    flat = (energy == energy[:, :1]).all(axis=1)
    tally.add("days_flat", table.meter[used][flat])
    conflict = _first_conflict(cells, conflicting, rows, rule) if rule.duplicates == "error" else None
    return Days(table.meter[used], table.day[used], energy, tally.counts, conflict)


class _Tally:
    """The quality counts of some meters."""

    def __init__(self, meters: int) -> None:
        self.counts = np.zeros((meters, len(COUNTS)), dtype=np.int64)

    def add(self, name: str, meter: np.ndarray) -> None:
        """Count one for each entry of an array of meters."""
        self.counts[:, COUNTS.index(name)] += np.bincount(meter, minlength=len(self.counts))


@dataclass(frozen=True)
class _Table:
    """One row a meter and day, or a meter, channel and day: energy (rows, slots), estimated share."""

    meter: np.ndarray
    channel: np.ndarray
    day: np.ndarray
    energy_kwh: np.ndarray
    estimated: np.ndarray
    conflicting: np.ndarray


def _tally_rows(rows: Rows, tally: _Tally) -> None:
    tally.add("readings", rows.meter)
    with np.errstate(invalid="ignore"):
        tally.add("negative", rows.meter[rows.energy_kwh < 0])
    off_grid = rows.flags & OFF_GRID != 0
    tally.add("off_grid", rows.meter[off_grid])
    tally.add("invalid", rows.meter[np.isnan(rows.energy_kwh) & ~off_grid])
    tally.add("estimated", rows.meter[rows.flags & ESTIMATED != 0])
    tally.add("repaired", rows.meter[rows.flags & REPAIRED != 0])


def _key(rows: Rows) -> np.ndarray:
    return (_register(rows) << 32) | rows.interval.astype(np.int64)


def _register(rows: Rows) -> np.ndarray:
    return (rows.meter.astype(np.int64) << 8) | rows.channel


def _sorted(rows: Rows) -> Rows:
    """Sort by meter, channel and interval; readings of one interval keep their order."""
    key = _key(rows)
    return rows if (key[1:] >= key[:-1]).all() else rows.take(np.argsort(key, kind="stable"))


def _settled(rows: Rows, rule: Rule, tally: _Tally) -> tuple[Rows, np.ndarray]:
    """Leave one reading an interval; return the readings and which of them stand for a conflict."""
    key = _key(rows)
    starts = np.ones(len(key), dtype=bool)
    np.not_equal(key[1:], key[:-1], out=starts[1:])
    if starts.all():
        return rows, np.zeros(len(key), dtype=bool)
    first = np.flatnonzero(starts)
    run = np.cumsum(starts) - 1
    differs = rows.energy_kwh != rows.energy_kwh[first][run]
    conflicting = np.zeros(len(first), dtype=bool)
    conflicting[run[differs]] = True
    changing = rule.calendar.changes(rows.interval // rule.intervals_per_day)
    tally.add("duplicates", rows.meter[~starts & ~differs & ~changing])
    doubled = conflicting & changing[first]
    conflicting &= ~changing[first]
    tally.add("conflicts", rows.meter[first][conflicting])
    size = np.diff(np.append(first, len(rows.meter)))
    means = np.add.reduceat(rows.energy_kwh, first) / size
    chosen = {"last": rows.energy_kwh[first + size - 1], "mean": means}.get(
        rule.duplicates, rows.energy_kwh[first]
    )
    energy = np.where(doubled, means, np.where(conflicting, chosen, rows.energy_kwh[first]))
    kept = rows.take(first)
    flags = np.bitwise_or.reduceat(rows.flags, first)
    return Rows(kept.meter, kept.interval, energy, kept.channel, flags), conflicting


def _tally_gaps(cells: Rows, rule: Rule, tally: _Tally) -> None:
    """Count runs of missing intervals, and meters whose first and last stamp name the wrong end."""
    register = _register(cells)
    same = register[1:] == register[:-1]
    after = np.flatnonzero(same & (np.diff(cells.interval) > 1)) + 1
    by_clock = rule.calendar.changes(cells.interval[after] // rule.intervals_per_day)
    tally.add("gaps", cells.meter[after[~by_clock]])
    if rule.judges_stamps and len(register):
        first = np.flatnonzero(np.append(True, ~same))
        last = np.append(first[1:], len(register)) - 1
        slot = cells.interval % rule.intervals_per_day
        whole = rule.intervals_per_day
        ends = (slot[first] == 1 % whole) & (slot[last] == 0)
        starts = (slot[first] == whole - 1) & (slot[last] == whole - 2)
        main = cells.channel[first] == 0
        tally.add("suspect_stamp", cells.meter[first[(ends | starts) & main & (last > first)]])


def _registers(rows: Rows, cells: Rows, conflicting: np.ndarray, rule: Rule) -> _Table:
    """Lay readings out as one row a meter, channel and day; NaN where a slot lacks a usable reading.

    The days are those of all rows, the unusable ones too: a channel that has only such a day still had it.
    """
    day = rows.interval // rule.intervals_per_day
    place = (_register(rows) << 32) | day
    starts = np.ones(len(place), dtype=bool)
    np.not_equal(place[1:], place[:-1], out=starts[1:])
    first = np.flatnonzero(starts)
    if len(cells.meter) == len(rows.meter):
        row = np.cumsum(starts) - 1
    else:
        row = np.searchsorted(
            place[first], (_register(cells) << 32) | (cells.interval // rule.intervals_per_day)
        )
    native = np.full((len(first), rule.intervals_per_day), np.nan)
    native[row, cells.interval % rule.intervals_per_day] = cells.energy_kwh
    slots = native.reshape(len(first), rule.slots_per_day, rule.intervals_per_day // rule.slots_per_day)
    energy = slots[:, :, 0] if slots.shape[2] == 1 else slots.sum(axis=2)
    estimated = np.bincount(row, cells.flags & ESTIMATED != 0, len(first)) / rule.intervals_per_day
    conflicts = np.bincount(row, conflicting, len(first)) > 0
    return _Table(rows.meter[first], rows.channel[first], day[first], energy, estimated, conflicts)


def _added_up(table: _Table) -> _Table:
    """Add up the channels of each meter and day.

    A channel counts from its first day to its last; where it lacks a day between them, so does the meter.
    """
    if not table.channel.any():
        return table
    place = (table.meter.astype(np.int64) << 32) | table.day
    where, row, present = np.unique(place, return_inverse=True, return_counts=True)
    energy = np.zeros((len(where), table.energy_kwh.shape[1]))
    np.add.at(energy, row, table.energy_kwh)
    energy[present < _channels_due(table, where)] = np.nan
    estimated = np.zeros(len(where))
    np.maximum.at(estimated, row, table.estimated)
    conflicting = np.bincount(row, table.conflicting, len(where)) > 0
    meter, day = where >> 32, where & 0xFFFFFFFF
    return _Table(meter, np.zeros_like(meter), day, energy, estimated, conflicting)


def _channels_due(table: _Table, where: np.ndarray) -> np.ndarray:
    """Return how many channels each meter and day should have: (len(where),) int64."""
    register = (table.meter.astype(np.int64) << 8) | table.channel
    first = np.flatnonzero(np.append(True, register[1:] != register[:-1]))
    last = np.append(first[1:], len(register)) - 1
    meter = table.meter[first].astype(np.int64) << 32
    opens = np.searchsorted(where, meter | table.day[first])
    closes = np.searchsorted(where, meter | table.day[last], side="right")
    steps = np.bincount(opens, minlength=len(where) + 1) - np.bincount(closes, minlength=len(where) + 1)
    return np.cumsum(steps)[:-1]


def _reasons(table: _Table, rule: Rule, tally: _Tally) -> np.ndarray:
    """Judge every day, the first reason counts; fill in the few missing slots that may be missing."""
    calendar = rule.calendar
    reason = calendar.verdict[table.day - calendar.first_day].astype(np.int64)
    changing = calendar.changes(table.day)
    if not rule.folds:
        reason[(reason == USED) & changing] = CLOCK_CHANGE
    if rule.duplicates in ("error", "leave_out"):
        reason[(reason == USED) & table.conflicting] = CONFLICTING
    missing = np.isnan(table.energy_kwh).sum(axis=1)
    by_clock = -(-calendar.missing_s(table.day) * rule.slots_per_day // DAY_S) if rule.folds else 0
    allowed = np.minimum(rule.max_missing_slots + by_clock, rule.slots_per_day - 1)
    reason[(reason == USED) & (missing > allowed)] = INCOMPLETE
    reason[(reason == USED) & (table.estimated > rule.max_estimated)] = SHARE_ESTIMATED
    filled = np.flatnonzero((reason == USED) & (missing > 0))
    for row in filled:
        _interpolate(table.energy_kwh[row])
    tally.add("days_interpolated", table.meter[filled])
    return reason


def _interpolate(day: np.ndarray) -> None:
    """Fill the missing slots of a day in place, linearly between their neighbours."""
    known = np.flatnonzero(~np.isnan(day))
    day[:] = np.interp(np.arange(len(day)), known, day[known])


def _first_conflict(cells: Rows, conflicting: np.ndarray, rows: Rows, rule: Rule) -> Conflict | None:
    """Find a conflict on a day that would have been used."""
    day = cells.interval // rule.intervals_per_day
    calendar = rule.calendar
    there = np.flatnonzero(conflicting & (calendar.verdict[day - calendar.first_day] == USED))
    if not len(there):
        return None
    cell = cells.take(there[:1])
    energies = rows.energy_kwh[(_key(rows) == _key(cell)) & ~np.isnan(rows.energy_kwh)]
    other = energies[energies != energies[0]][0]
    return Conflict(int(cell.meter[0]), int(cell.interval[0]), (float(energies[0]), float(other)))
