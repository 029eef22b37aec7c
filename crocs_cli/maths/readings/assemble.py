"""Assemble readings of some meters into used days: check cells, add up channels, judge days."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from crocs_cli.maths.readings.cells import checked, in_groups
from crocs_cli.maths.readings.clock import DAY_S
from crocs_cli.maths.readings.day_table import DayTable, lay_out
from crocs_cli.maths.readings.days import OTHER_TYPE, OUTSIDE
from crocs_cli.maths.readings.quality import Tally
from crocs_cli.maths.readings.rows import Conflict, Pieces, Rule

USED, INCOMPLETE, SHARE_ESTIMATED, CONFLICTING, CLOCK_CHANGE, BETWEEN, OF_REGISTER = 0, 3, 4, 5, 6, 7, 8
_REASONS = {
    USED: "days_used",
    OUTSIDE: "days_outside_range",
    OTHER_TYPE: "days_of_other_type",
    CLOCK_CHANGE: "days_clock_change",
    BETWEEN: "days_off_grid",
    CONFLICTING: "days_conflicting",
    OF_REGISTER: "days_of_registers",
    INCOMPLETE: "days_incomplete",
    SHARE_ESTIMATED: "days_estimated",
}


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


def assemble(pieces: Pieces, meters: int, rule: Rule) -> Days:
    """Turn all readings of meters 0..meters-1, in any order, into their used days and quality counts."""
    tally = Tally(meters)
    laid, conflict = lay_out(pieces, rule, tally)
    suspicious = checked(laid, rule, tally)
    registers = in_groups(laid, rule.groups)
    _tally_ends_and_gaps(registers, rule, tally)
    table = _added_up(_in_slots(registers, rule))
    reason = _reasons(table, rule, tally, suspicious)
    for code, name in _REASONS.items():
        tally.add_where(name, table.meter, reason == code)
    tally.add("days_present", table.meter)
    used = reason == USED
    energy = table.energy_kwh[used]
    tally.add_where("days_flat", table.meter[used], (energy == energy[:, :1]).all(axis=1))
    return Days(table.meter[used], table.day[used], energy, tally.counts, conflict)


def _tally_ends_and_gaps(table: DayTable, rule: Rule, tally: Tally) -> None:
    """Count runs of missing intervals between a register's first reading and its last.

    A gap that begins on a day of a clock change is not counted, for it may be the hour that was skipped.
    Count also the meters whose first and last stamp look as if they named the other end of their interval.
    """
    missing = np.isnan(table.energy_kwh)
    register = table.meter << 8 | table.channel
    known = np.flatnonzero(~missing.all(axis=1))
    if not len(known):
        return
    new = np.append(True, np.diff(register[known]) != 0)
    first, last = known[new], known[np.append(new[1:], True)]
    whole = missing.shape[1]
    first_slot = np.argmin(missing[first], axis=1)
    last_slot = whole - 1 - np.argmin(missing[last][:, ::-1], axis=1)
    if rule.judges_stamps:
        ends = (first_slot == 1) & (last_slot == 0)
        starts = (first_slot == whole - 1) & (last_slot == whole - 2)
        several = (first < last) | (first_slot < last_slot)
        tally.add_where(
            "suspect_stamp", table.meter[first], (ends | starts) & several & (table.channel[first] == 0)
        )
    missing[last] &= np.arange(whole) <= last_slot[:, None]
    gaps = (missing[:, 1:] & ~missing[:, :-1]).sum(axis=1)
    follows = np.append(False, np.diff(register) == 0)
    after = np.append(False, ~missing[:-1, -1])
    jumps = np.append(False, np.diff(table.day) > 1)
    gaps += follows & after & (jumps | missing[:, 0])
    of_last = np.minimum(np.searchsorted(register[last], register), len(last) - 1)
    gaps[(np.arange(len(gaps)) > last[of_last]) | rule.calendar.changes(table.day)] = 0
    tally.add("gaps", table.meter, gaps)


def _in_slots(table: DayTable, rule: Rule) -> DayTable:
    """Sum the intervals of each slot; a slot that lacks one is missing."""
    lines, intervals = table.energy_kwh.shape
    if intervals == rule.slots_per_day:
        return table
    slots = table.energy_kwh.reshape(lines, rule.slots_per_day, intervals // rule.slots_per_day)
    return replace(table, energy_kwh=slots.sum(axis=2))


def _added_up(table: DayTable) -> DayTable:
    """Add up the channels of each meter and day.

    A channel counts from its first day to its last; where it lacks a day between them, so does the meter.
    """
    if not table.channel.any():
        return table
    place = (table.meter << 32) | table.day
    where, row, present = np.unique(place, return_inverse=True, return_counts=True)
    energy = np.zeros((len(where), table.energy_kwh.shape[1]))
    np.add.at(energy, row, table.energy_kwh)
    energy[present < _channels_due(table, where)] = np.nan
    estimated = np.zeros(len(where))
    np.maximum.at(estimated, row, table.estimated)
    conflicting = np.bincount(row, table.conflicting, len(where)) > 0
    meter, day = where >> 32, where & 0xFFFFFFFF
    return DayTable(meter, np.zeros_like(meter), day, energy, estimated, conflicting)


def _channels_due(table: DayTable, where: np.ndarray) -> np.ndarray:
    """Return how many channels each meter and day should have: (len(where),) int64."""
    register = (table.meter << 8) | table.channel
    first = np.flatnonzero(np.append(True, register[1:] != register[:-1]))
    last = np.append(first[1:], len(register)) - 1
    meter = table.meter[first] << 32
    opens = np.searchsorted(where, meter | table.day[first])
    closes = np.searchsorted(where, meter | table.day[last], side="right")
    steps = np.bincount(opens, minlength=len(where) + 1) - np.bincount(closes, minlength=len(where) + 1)
    return np.cumsum(steps)[:-1]


def _reasons(table: DayTable, rule: Rule, tally: Tally, suspicious: np.ndarray) -> np.ndarray:
    """Judge every day, the first reason counts; fill in the few missing slots that may be missing.

    suspicious: (meters,) bool, whose readings look like totals.
    """
    calendar = rule.calendar
    reason = calendar.verdict[table.day - calendar.first_day].astype(np.int64)
    changing = calendar.changes(table.day)
    if not rule.folds:
        reason[(reason == USED) & changing] = CLOCK_CHANGE
    reason[(reason == USED) & tally.misfits()[table.meter]] = BETWEEN
    reason[(reason == USED) & suspicious[table.meter]] = OF_REGISTER
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
