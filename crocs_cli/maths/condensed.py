"""The condensed distance matrix: the m (m - 1) / 2 distances of all pairs i < j, row after row."""

from __future__ import annotations

import numpy as np


def length(m: int) -> int:
    """Return how many pairs m items have; past 2^31 from 65,537 items on, so all indices are 64 bit."""
    return m * (m - 1) // 2


def row_start(i: int, m: int) -> int:
    """Return where the distance of item i to item i + 1 stands."""
    return i * (2 * m - i - 1) // 2


def put_tile(condensed: np.ndarray, m: int, first_row: int, first_column: int, tile: np.ndarray) -> None:
    """Copy a rectangle of the square matrix to its place; only what lies above the diagonal is used.

    condensed: (m (m - 1) / 2,), changed; tile: (rows, columns), first_column >= first_row.
    """
    for i, row in enumerate(tile, first_row):
        skipped = max(0, i + 1 - first_column)
        start = row_start(i, m) + first_column + skipped - i - 1
        condensed[start : start + len(row) - skipped] = row[skipped:]


def square(condensed: np.ndarray, m: int) -> np.ndarray:
    """Return the symmetric (m, m) matrix of a condensed one, of the same dtype."""
    full = np.zeros((m, m), dtype=condensed.dtype)
    for i in range(m - 1):
        start = row_start(i, m)
        full[i, i + 1 :] = full[i + 1 :, i] = condensed[start : start + m - i - 1]
    return full
