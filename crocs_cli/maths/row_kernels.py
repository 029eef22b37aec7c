"""What is done to every single reading, in one pass each: number its interval, bin it, lay it out.

In numpy the same takes some forty passes over the readings.
"""

from __future__ import annotations

import numpy as np

from crocs_cli.maths.compiled import kernel


@kernel
def to_intervals(start_s, value, interval_s, factor, largest):  # type: ignore[no-untyped-def]
    """Return (interval int32, energy float64, how many are off the grid, off-grid mask) of readings (n,).

    Energy is value times factor, NaN where it is none, larger than `largest`, or off the grid of intervals.
    """
    count = len(start_s)
    interval, energy = np.empty(count, np.int32), np.empty(count)
    off_grid = np.zeros(count, np.bool_)
    misfits = 0
    for i in range(count):
        number = start_s[i] // interval_s
        interval[i] = number
        kwh = value[i] * factor
        fits = number * interval_s == start_s[i]
        energy[i] = kwh if fits and abs(kwh) <= largest else np.nan
        if not fits:
            off_grid[i] = True
            misfits += 1
    return interval, energy, misfits, off_grid


@kernel
def bin_order(bin_of, bins):  # type: ignore[no-untyped-def]
    """Return (order int64, first (bins + 1,)) that sort rows by their bin, each bin's in their order.

    bin_of: (n,) int32, 0 to bins - 1, or -1 for a row that is left out.
    """
    first = np.zeros(bins + 1, np.int64)
    for number in bin_of:
        if number >= 0:
            first[number + 1] += 1
    for number in range(bins):
        first[number + 1] += first[number]
    order = np.empty(first[bins], np.int64)
    place = first[:-1].copy()
    for i in range(len(bin_of)):
        number = bin_of[i]
        if number >= 0:
            order[place[number]] = i
            place[number] += 1
    return order, first


@kernel
def mark_lines(register, interval, per_day, first_day, there):  # type: ignore[no-untyped-def]
    """Mark in `there` (registers, days) bool the days of which a register has a row."""
    for i in range(len(interval)):
        there[register[i], interval[i] // per_day - first_day] = True


@kernel
def lay(register, interval, energy, first_day, line_of, table):  # type: ignore[no-untyped-def]
    """Write readings into `table` (lines, intervals of a day); return (each row's cell, do some collide).

    line_of: (registers, days) int64, the line of each register's day. Rows without a number are not written;
    of two rows in one cell the later one stands.
    """
    per_day = table.shape[1]
    cell = np.empty(len(interval), np.int64)
    collide = False
    for i in range(len(interval)):
        day = interval[i] // per_day
        line, slot = line_of[register[i], day - first_day], interval[i] - day * per_day
        cell[i] = line * per_day + slot
        if not np.isnan(energy[i]):
            collide = collide or not np.isnan(table[line, slot])
            table[line, slot] = energy[i]
    return cell, collide
