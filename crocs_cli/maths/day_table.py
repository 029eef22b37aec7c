"""Readings laid out as a table: one line a meter, channel and day, one field an interval.

Nothing is sorted: a reading's place follows from its meter, channel and interval. Only where several readings
meet in one place are they looked at closer.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from crocs_cli.maths.quality import Tally
from crocs_cli.maths.row_kernels import count_rows, lay, mark_lines
from crocs_cli.maths.rows import ESTIMATED, OFF_GRID, Conflict, Rows, Rule


@dataclass(frozen=True)
class DayTable:
    """Lines in the order of meter, channel and day.

    meter, channel, day: (lines,) int64; energy_kwh: (lines, intervals or slots) float64, NaN where there is
    no usable reading; estimated: (lines,) float64, share of intervals; conflicting: (lines,) bool.
    """

    meter: np.ndarray
    channel: np.ndarray
    day: np.ndarray
    energy_kwh: np.ndarray
    estimated: np.ndarray
    conflicting: np.ndarray


def lay_out(rows: Rows, rule: Rule, tally: Tally) -> tuple[DayTable, Conflict | None]:
    """Lay readings out by day, one reading an interval; count what is odd about them.

    A day has a line as soon as it has a row, if only one without a usable number. Returns the first conflict
    on a day that is wanted, if conflicts are errors.
    """
    last_channel, flagged = count_rows(rows.columns(), tally.counts)
    if flagged:
        rows = rows.take(rows.flags & OFF_GRID == 0)
    lines, energy, cell, collide = _laid(rows, rule, (len(tally.counts), last_channel + 1), flagged != 0)
    doubles = None
    if collide or flagged:
        known = ~np.isnan(rows.energy_kwh)
        rows, cell = rows.take(known), cell[known]
        doubles = _Doubles.among(cell, rows, energy) if collide else None
    conflicting = np.zeros(len(energy), dtype=bool)
    conflict = None
    if doubles:
        conflicting, conflict = doubles.settle(energy, lines[2], rule, tally)
    estimated = np.zeros(len(energy))
    if flagged:
        cells = np.unique(cell[rows.flags & ESTIMATED != 0])
        per_day = rule.intervals_per_day
        estimated = np.bincount(cells // per_day, minlength=len(energy)) / per_day
    return DayTable(*lines, energy, estimated, conflicting), conflict


def _laid(
    rows: Rows, rule: Rule, registers: tuple[int, int], flagged: bool
) -> tuple[tuple[np.ndarray, np.ndarray, np.ndarray], np.ndarray, np.ndarray, bool]:
    """Return (meter, channel, day) of the lines, their table, each row's cell, and whether some collide.

    registers: how many meters, and channels of each. There are cells only where rows collide or are flagged.
    """
    meters, channels = registers
    per_day, first = rule.intervals_per_day, rule.calendar.first_day
    register = rows.meter * np.int32(channels) + rows.channel if channels > 1 else rows.meter
    there = np.zeros((meters * channels, len(rule.calendar.verdict)), dtype=bool)
    mark_lines(register, rows.interval, per_day, first, there)
    line_of = np.cumsum(there.ravel(), dtype=np.int32).reshape(there.shape) - np.int32(1)
    register_of, day_of = np.nonzero(there)
    energy = np.full((len(day_of), per_day), np.nan)
    collide = lay(register, rows.interval, rows.energy_kwh, first, line_of, energy)
    cell = np.empty(0, np.int64)
    if collide or flagged:
        day, slot = np.divmod(rows.interval, np.int32(per_day))
        cell = line_of[register, day - first].astype(np.int64) * per_day + slot
    return (register_of // channels, register_of % channels, day_of + first), energy, cell, collide


@dataclass(frozen=True)
class _Doubles:
    """The rows that share their cell with others, sorted by cell, each cell's in their order.

    cell, meter: (rows,); energy_kwh: (rows,) float64; first: (cells,) where each cell's rows begin.
    """

    cell: np.ndarray
    meter: np.ndarray
    energy_kwh: np.ndarray
    first: np.ndarray

    @classmethod
    def among(cls, cell: np.ndarray, rows: Rows, energy: np.ndarray) -> _Doubles:
        """Find the doubles."""
        shared = np.flatnonzero(np.bincount(cell, minlength=energy.size)[cell] > 1)
        order = shared[np.argsort(cell[shared], kind="stable")]
        first = np.flatnonzero(np.append(True, np.diff(cell[order]) != 0))
        return cls(cell[order], rows.meter[order], rows.energy_kwh[order], first)

    def settle(
        self, energy: np.ndarray, day: np.ndarray, rule: Rule, tally: Tally
    ) -> tuple[np.ndarray, Conflict | None]:
        """Put the reading that counts into each cell; return which lines have a conflict, and the first one.

        On a day of a clock change doubles are two hours of one name, no conflict: their mean counts.
        """
        per_day = rule.intervals_per_day
        size = np.diff(np.append(self.first, len(self.cell)))
        head = np.repeat(self.first, size)
        differs = self.energy_kwh != self.energy_kwh[head]
        line = self.cell[self.first] // per_day
        changing = rule.calendar.changes(day[line])
        again = (head != np.arange(len(head))) & ~differs
        tally.add_where("duplicates", self.meter, again & ~np.repeat(changing, size))
        several = np.logical_or.reduceat(differs, self.first)
        conflicts = several & ~changing
        tally.add_where("conflicts", self.meter[self.first], conflicts)
        energy.ravel()[self.cell[self.first]] = self._chosen(several, changing, size, rule)
        lines = np.bincount(line[conflicts], minlength=len(energy)) > 0
        wanted = np.flatnonzero(conflicts & rule.calendar.wanted(day[line]))
        if rule.duplicates != "error" or not len(wanted):
            return lines, None
        at = self.first[wanted[0]]
        other = self.energy_kwh[at + int(np.argmax(differs[at:]))]
        interval = int(day[line[wanted[0]]] * per_day + self.cell[at] % per_day)
        return lines, Conflict(int(self.meter[at]), interval, (float(self.energy_kwh[at]), float(other)))

    def _chosen(self, several: np.ndarray, changing: np.ndarray, size: np.ndarray, rule: Rule) -> np.ndarray:
        first = self.energy_kwh[self.first]
        mean = np.add.reduceat(self.energy_kwh, self.first) / size
        last = self.energy_kwh[self.first + size - 1]
        chosen = {"last": last, "mean": mean}.get(rule.duplicates, first)
        return np.where(several, np.where(changing, mean, chosen), first)
