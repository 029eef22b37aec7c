"""Readings laid out as a table: one line a meter, channel and day, one field an interval.

Nothing is sorted: a reading's place follows from its meter, channel and interval. Only where several readings
meet in one place are they looked at closer. Readings come in pieces that are gone through several times, so
that memory is bounded by the table, however often they repeat themselves.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from crocs_cli.maths.readings.quality import Tally
from crocs_cli.maths.readings.row_kernels import count_cells, count_rows, lay, mark_lines
from crocs_cli.maths.readings.rows import Conflict, Pieces, Rule


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


def lay_out(pieces: Pieces, rule: Rule, tally: Tally) -> tuple[DayTable, Conflict | None]:
    """Lay readings out by day, one reading an interval; count what is odd about them.

    A day has a line as soon as it has a row, if only one without a usable number. Returns the first conflict
    on a day that is wanted, if conflicts are errors.
    """
    channels, flagged = 1, 0
    for rows in pieces():
        last, found = count_rows(rows.columns(), tally.counts)
        channels, flagged = max(channels, last + 1), flagged | found
    lines = _Lines.of(pieces, rule, (len(tally.counts), channels))
    table = DayTable(
        *(lines.meter, lines.channel, lines.day),
        np.full((len(lines.day), rule.intervals_per_day), np.nan),
        np.zeros(len(lines.day)),
        np.zeros(len(lines.day), dtype=bool),
    )
    collide = False
    for rows in pieces():
        collide |= lay(rows.columns(), *lines.places, table.energy_kwh)
    if not collide and not flagged:
        return table, None
    cells = _Cells.of(pieces, lines, table.energy_kwh)
    table.estimated[:] = cells.estimated.sum(axis=1) / rule.intervals_per_day
    conflict = cells.settle(table, rule, tally)
    return table, None if conflict is None else _conflict(pieces, table, conflict)


@dataclass(frozen=True)
class _Lines:
    """The lines of a table: (lines,) each; places: channels of a meter, first day, (registers, days) line."""

    meter: np.ndarray
    channel: np.ndarray
    day: np.ndarray
    places: tuple[int, int, np.ndarray]

    @classmethod
    def of(cls, pieces: Pieces, rule: Rule, registers: tuple[int, int]) -> _Lines:
        """Return a line for each day of a register that has rows; registers: meters, channels of each."""
        meters, channels = registers
        first = rule.calendar.first_day
        there = np.zeros((meters * channels, len(rule.calendar.verdict)), dtype=bool)
        for rows in pieces():
            mark_lines(rows.columns(), channels, rule.intervals_per_day, first, there)
        line_of = np.cumsum(there.ravel(), dtype=np.int32).reshape(there.shape) - np.int32(1)
        register, day = np.nonzero(there)
        return cls(register // channels, register % channels, day + first, (channels, first, line_of))


@dataclass(frozen=True)
class _Cells:
    """Totals of the rows of each cell: (lines, intervals) each, as `count_cells` says."""

    times: np.ndarray
    same: np.ndarray
    total: np.ndarray
    last: np.ndarray
    estimated: np.ndarray

    @classmethod
    def of(cls, pieces: Pieces, lines: _Lines, table: np.ndarray) -> _Cells:
        """Count the cells of a laid table."""
        cells = tuple(np.zeros(table.shape, kind) for kind in (np.int32, np.int32, float, float, bool))
        for rows in pieces():
            count_cells(rows.columns(), *lines.places, table, cells)
        return cls(*cells)

    def settle(self, table: DayTable, rule: Rule, tally: Tally) -> int | None:
        """Put the reading that counts into each cell; return the first cell in conflict if that is an error.

        On a day of a clock change doubles are two hours of one name, no conflict: their mean counts.
        """
        changing = rule.calendar.changes(table.day)
        several = self.same < self.times
        again = np.maximum(self.same - 1, 0).sum(axis=1)
        tally.add("duplicates", table.meter, np.where(changing, 0, again))
        conflicts = several & ~changing[:, None]
        tally.add("conflicts", table.meter, conflicts.sum(axis=1))
        averaged = several if rule.duplicates == "mean" else several & changing[:, None]
        table.energy_kwh[averaged] = self.total[averaged] / self.times[averaged]
        if rule.duplicates == "last":
            np.copyto(table.energy_kwh, self.last, where=conflicts)
        table.conflicting[:] = conflicts.any(axis=1)
        conflicts &= rule.calendar.wanted(table.day)[:, None]
        return int(conflicts.argmax()) if rule.duplicates == "error" and conflicts.any() else None


def _conflict(pieces: Pieces, table: DayTable, cell: int) -> Conflict:
    """Name the two readings of a cell that differ."""
    line, slot = divmod(cell, table.energy_kwh.shape[1])
    one = float(table.energy_kwh[line, slot])
    meter, interval = int(table.meter[line]), int(table.day[line]) * table.energy_kwh.shape[1] + slot
    others: list[float] = []
    for rows in pieces():
        here = (rows.meter == meter) & (rows.channel == table.channel[line]) & (rows.interval == interval)
        found = rows.energy_kwh[here]
        others += found[(found != one) & ~np.isnan(found)][:1].tolist()
    return Conflict(meter, interval, (one, others[0]))
