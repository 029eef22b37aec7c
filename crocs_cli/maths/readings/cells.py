"""Check the cells of a day table: hours that exist, energies rather than totals, plausible readings."""

from __future__ import annotations

import numpy as np

from crocs_cli.maths.readings.cell_kernels import clear_implausible, largest_of_lines, only_rises
from crocs_cli.maths.readings.clock import DAY_S
from crocs_cli.maths.readings.day_table import DayTable
from crocs_cli.maths.readings.quality import Tally
from crocs_cli.maths.readings.rows import Rule

USUAL_DAYS = 0.9  # so many of a meter's days stay below its usual maximum
HUNDREDS, SOME = 300.0, 10.0  # times the usual maximum: for any number, and for an error code
SMALLEST_KW = 0.5  # a usual maximum below is taken as this: 300 times are 150 kW
VARIED = 0.05  # of a consumer's readings are that much above the mean, at the least
LEAST_READINGS = 48  # that only rise, before they are taken for a register


def checked(table: DayTable, rule: Rule, tally: Tally) -> np.ndarray:
    """Clear cells that cannot be used, in place; return which meters look like registers: (meters,) bool.

    Cells are cleared of readings of hours that the clock skips, and of implausible ones. Totals of registers
    become differences.
    """
    _clear_lost_hours(table, rule, tally)
    first = _first_lines(table)
    suspicious = np.zeros(len(tally.counts), dtype=bool)
    if rule.kind == "register":
        _take_differences(table, rule, tally)
    elif rule.kind is None and len(first):
        ends = np.append(first, len(table.day))
        for register in np.flatnonzero(only_rises(table.energy_kwh, ends, LEAST_READINGS)):
            cells = table.energy_kwh[ends[register] : ends[register + 1]].ravel()
            suspicious[table.meter[ends[register]]] |= varies(np.diff(cells[~np.isnan(cells)]))
    if len(first) and (rule.codes_kwh or np.isfinite(rule.largest_kwh)):
        _clear_implausible(table, rule, tally, first)
    return suspicious


def varies(steps: np.ndarray) -> bool:
    """Return whether the steps of a total vary as a consumer does, and not as a ramp."""
    return bool((steps > 1.2 * steps.mean()).mean() > VARIED)


def in_groups(table: DayTable, groups: tuple[int, ...]) -> DayTable:
    """Return a table whose channels are the groups of channels.

    Registers of a group that take turns on a day, as those of tariffs do, fill in for each other; those with
    readings at the same time add up, and a cell that one of them lacks is missing.
    """
    if len(set(groups)) == len(groups):
        return table
    group = np.array(groups)[table.channel]
    place = (table.meter << 40) | (group << 32) | table.day
    where, row, lines = np.unique(place, return_inverse=True, return_counts=True)
    shape = len(where), table.energy_kwh.shape[1]
    energy, known = np.zeros(shape), np.zeros(shape, np.int16)
    np.add.at(energy, row, np.nan_to_num(table.energy_kwh))
    np.add.at(known, row, ~np.isnan(table.energy_kwh))
    due = np.where((known > 1).any(axis=1), lines, 1)
    energy[known < due[:, None]] = np.nan
    estimated = np.minimum(1.0, np.bincount(row, table.estimated, len(where)))
    conflicting = np.bincount(row, table.conflicting, len(where)) > 0
    return DayTable(where >> 40, where >> 32 & 0xFF, where & 0xFFFFFFFF, energy, estimated, conflicting)


def _first_lines(table: DayTable) -> np.ndarray:
    """Return the first line of each register: (registers,) int64."""
    register = table.meter << 8 | table.channel
    return np.flatnonzero(np.append(True, np.diff(register) != 0)[: len(register)])


def _clear_lost_hours(table: DayTable, rule: Rule, tally: Tally) -> None:
    """Clear the readings of local hours that do not exist, which count as invalid.

    The reading stamped with the end of the last interval before such an hour may bear the end of the hour.
    It is moved to its own interval where that is empty and the rest of the hour is, too.
    """
    interval_s = DAY_S // rule.intervals_per_day
    for start_s, end_s in rule.calendar.lost_s:
        first, end = -(-start_s // interval_s), end_s // interval_s
        for day in range(first // rule.intervals_per_day, -(-end // rule.intervals_per_day)):
            midnight = day * rule.intervals_per_day
            low, high = max(0, first - midnight), min(rule.intervals_per_day, end - midnight)
            lines = np.flatnonzero(table.day == day)
            if not len(lines) or low >= high:
                continue
            lost = table.energy_kwh[lines, low:high]
            if rule.stamps_end and low:
                before = table.energy_kwh[lines, low - 1]
                late = np.isnan(before) & np.isnan(lost[:, :-1]).all(axis=1)
                table.energy_kwh[lines[late], low - 1] = lost[late, -1]
                lost[late, -1] = np.nan
            tally.add("invalid", table.meter[lines], (~np.isnan(lost)).sum(axis=1))
            table.energy_kwh[lines, low:high] = np.nan


def _take_differences(table: DayTable, rule: Rule, tally: Tally) -> None:
    """Turn totals into the energies until the next total, in place.

    A total that falls, at a rollover or an exchange of the meter, counts as implausible. On a day of a clock
    change the order of totals is not known from the clock on the wall, so all of it is missing.
    """
    total = table.energy_kwh
    following = np.full_like(total, np.nan)
    following[:, :-1] = total[:, 1:]
    register = table.meter << 8 | table.channel
    next_day = (np.diff(register) == 0) & (np.diff(table.day) == 1)
    following[:-1, -1] = np.where(next_day, total[1:, 0], np.nan)
    total[:] = np.round(following - total, 9)
    total[rule.calendar.changes(table.day)] = np.nan
    falls = total < 0
    tally.add("implausible", table.meter, falls.sum(axis=1))
    total[falls] = np.nan


def _clear_implausible(table: DayTable, rule: Rule, tally: Tally, first: np.ndarray) -> None:
    """Clear readings above what may be true of their meter, which count as implausible."""
    codes = np.array(rule.codes_kwh)
    largest, most = largest_of_lines(table.energy_kwh, codes)
    ceiling = np.full((2, len(most)), rule.largest_kwh)  # of any number, and of an error code
    if len(codes):
        for begin, end in zip(first, np.append(first[1:], len(most)), strict=True):
            usual = max(_usual(most[begin:end], table.energy_kwh[begin]), _smallest(rule))
            ceiling[:, begin:end] = [[HUNDREDS * usual], [SOME * usual]]
    cleared = clear_implausible(table.energy_kwh, largest, codes, ceiling)
    if cleared.any():
        tally.add("implausible", table.meter, cleared)


def _usual(most: np.ndarray, only_day: np.ndarray) -> float:
    """Return a register's usual maximum, of its daily ones (days,) or of the readings of its only day."""
    values = np.abs(only_day) if len(most) == 1 else most
    known = np.sort(values[~np.isnan(values)])
    return float(known[int(USUAL_DAYS * (len(known) - 1))]) if len(known) else 0.0


def _smallest(rule: Rule) -> float:
    return SMALLEST_KW * 24 / rule.intervals_per_day
