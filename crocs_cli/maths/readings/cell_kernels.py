"""Kernels that pass once over every cell of a day table."""

from __future__ import annotations

import numpy as np

from crocs_cli.maths.compiled import kernel

SAME = 1e-9  # relative difference up to which a number is an error code


@kernel
def _is_code(energy, codes):
    """Return whether an energy is one of the codes (n,)."""
    found = False
    for code in codes:
        found |= abs(energy - code) <= SAME * code
    return found


@kernel
def largest_of_lines(table, codes):
    """Return the largest absolute energies of each line: (2, lines), of all and without error codes.

    NaN where a line has none.
    """
    lines, intervals = table.shape
    most = np.full((2, lines), np.nan)
    for i in range(lines):
        largest = -1.0
        for j in range(intervals):
            energy = abs(table[i, j])
            if energy > largest:
                largest = energy
        if largest >= 0:
            most[0, i] = largest
        if _is_code(largest, codes):
            largest = -1.0
            for j in range(intervals):
                energy = abs(table[i, j])
                if energy > largest and not _is_code(energy, codes):
                    largest = energy
        if largest >= 0:
            most[1, i] = largest
    return most


@kernel
def clear_implausible(table, most, codes, ceiling):
    """Clear the cells above what may be true; return how many of each line: (lines,) int64.

    most: (lines,) largest absolute energy of each line; ceiling: (2, lines), the largest absolute energy that
    may be, of any cell, and of a cell that is one of the codes.
    """
    lines, intervals = table.shape
    cleared = np.zeros(lines, np.int64)
    for i in range(lines):
        if not most[i] > min(ceiling[0, i], ceiling[1, i]):
            continue
        for j in range(intervals):
            energy = abs(table[i, j])
            if energy > ceiling[0, i] or (energy > ceiling[1, i] and _is_code(energy, codes)):
                table[i, j] = np.nan
                cleared[i] += 1
    return cleared


@kernel
def only_rises(table, first, least):
    """Return which registers, lines first[r]:first[r + 1], never fall: (registers,) bool.

    Registers with less than `least` cells are not judged.
    """
    rises = np.zeros(len(first) - 1, np.bool_)
    intervals = table.shape[1]
    for r in range(len(first) - 1):
        count, before, falls = 0, -np.inf, False
        for i in range(first[r], first[r + 1]):
            for j in range(intervals):
                energy = table[i, j]
                if energy < before:
                    falls = True
                    break
                if not np.isnan(energy):
                    before = energy
                    count += 1
            if falls:
                break
        rises[r] = not falls and count >= least
    return rises
