"""Kernels over single readings, in one pass each: number the interval, bin, count and lay out.

In numpy the same takes some forty passes over the readings. Whole numbers are divided as floats: exact below
2^53, and several times faster.
"""

from __future__ import annotations

import math

import numpy as np

from crocs_cli.maths.compiled import kernel
from crocs_cli.maths.readings.rows import BESIDE, BIN_METERS, ESTIMATED, IMPLAUSIBLE, OFF_GRID, REPAIRED


@kernel
def to_intervals(start_s, value, interval_s, sides, scale):
    """Return (interval int32, energy float64, flags uint8) of readings (n,).

    sides: how many seconds a stamp may be early and late, and is then repaired; scale: factor of values, and
    the largest energy. Energy is value times factor, NaN where it is none, too large, or off the grid.
    """
    count = len(start_s)
    early, late = sides
    factor, largest = scale
    interval, energy, flags = np.empty(count, np.int32), np.empty(count), np.empty(count, np.uint8)
    odd = 0
    for i in range(count):
        number = np.int32(math.floor(start_s[i] / interval_s))
        interval[i] = number
        kwh = value[i] * factor
        fits = number * interval_s == start_s[i]
        usable = fits and abs(kwh) <= largest
        energy[i] = kwh if usable else np.nan
        flags[i] = 0 if fits else OFF_GRID
        odd += not usable
    for i in range(count if odd else 0):  # apart, so that the loop above can be one of vectors
        if flags[i] or np.isnan(energy[i]):
            kwh = value[i] * factor
            beside = start_s[i] - interval[i] * interval_s
            if beside != 0 and (beside <= late or interval_s - beside <= early):
                interval[i] += beside > late
                flags[i] = REPAIRED | BESIDE
            if flags[i] != OFF_GRID:
                energy[i] = kwh if abs(kwh) <= largest else np.nan
                flags[i] |= IMPLAUSIBLE if largest < abs(kwh) < np.inf else 0
    return interval, energy, flags


@kernel
def to_bins(rows, slot_of, records):
    """Write readings, Rows.columns(), into `records` (n,) of RECORD: bin by bin, each in the order of rows.

    slot_of: (meters,) int32, BIN_METERS slots a bin, or -1 for a meter that is left out. Returns where each
    bin's records begin: (bins + 1,) int64, the last one where the last bin's end.
    """
    meter, interval, energy, channel, flags = rows
    first = np.zeros(slot_of.max() // BIN_METERS + 2, np.int64)
    for number in meter:
        if slot_of[number] >= 0:
            first[slot_of[number] // BIN_METERS + 1] += 1
    first = np.cumsum(first)
    place = first.copy()
    for i in range(len(meter)):
        slot = slot_of[meter[i]]
        if slot >= 0:
            record = records[place[slot // BIN_METERS]]
            place[slot // BIN_METERS] += 1
            record.energy_kwh, record.interval, record.meter = energy[i], interval[i], slot % BIN_METERS
            record.channel, record.flags = channel[i], flags[i]
    return first


@kernel
def count_rows(rows, counts):
    """Count what each of the rows, Rows.columns(), shows by itself; return (largest channel, all flags).

    counts: (meters, 7 or more) int64, which begin with the first seven of COUNTS.
    """
    meter, _, energy, channel, flags = rows
    last, found = 0, 0
    for i in range(len(meter)):
        last, found = max(last, channel[i]), found | flags[i]
        of_meter = counts[meter[i]]
        of_meter[0] += 1
        if flags[i] & OFF_GRID:
            of_meter[2] += 1
        elif flags[i] & IMPLAUSIBLE:
            of_meter[6] += 1
        elif np.isnan(energy[i]):
            of_meter[1] += 1
        of_meter[3] += flags[i] & ESTIMATED != 0
        of_meter[4] += flags[i] & REPAIRED != 0
        of_meter[5] += energy[i] < 0
    return last, found


@kernel
def mark_lines(rows, channels, per_day, first_day, there):
    """Mark in `there` (meters * channels, days) bool the days of which a register has a row on the grid."""
    meter, interval, _, channel, flags = rows
    for i in range(len(meter)):
        if not flags[i] & OFF_GRID:
            day = math.floor(interval[i] / per_day)
            there[meter[i] * channels + channel[i], day - first_day] = True


@kernel
def lay(rows, channels, first_day, line_of, table):
    """Write readings into `table` (lines, intervals of a day); say whether some collide.

    line_of: (registers, days) int32, the line of each register's day. Rows without a number are not written;
    of several rows in one cell the first one stands.
    """
    meter, interval, energy, channel, _ = rows
    per_day = table.shape[1]
    collide = False
    for i in range(len(meter)):
        day = math.floor(interval[i] / per_day)
        line = line_of[meter[i] * channels + channel[i], day - first_day]
        slot = interval[i] - day * per_day
        if not np.isnan(energy[i]):
            if np.isnan(table[line, slot]):
                table[line, slot] = energy[i]
            else:
                collide = True
    return collide


@kernel
def count_cells(rows, channels, first_day, line_of, table, cells):
    """Count what the rows of each cell of a laid table come to; arguments as in `lay`.

    cells: five arrays of the table's shape: how many rows, how many of them equal to the first one, their
    sum, the last one, and whether one was estimated. Rows without a number are passed over.
    """
    meter, interval, energy, channel, flags = rows
    times, same, total, last, estimated = cells
    per_day = table.shape[1]
    for i in range(len(meter)):
        if not np.isnan(energy[i]):
            day = math.floor(interval[i] / per_day)
            line = line_of[meter[i] * channels + channel[i], day - first_day]
            slot = interval[i] - day * per_day
            times[line, slot] += 1
            same[line, slot] += energy[i] == table[line, slot]
            total[line, slot] += energy[i]
            last[line, slot] = energy[i]
            estimated[line, slot] |= flags[i] & ESTIMATED != 0
