"""The condensed distance matrix: the m (m - 1) / 2 distances of all pairs i < j, row after row."""

from __future__ import annotations

import numpy as np

from crocs_cli.maths.compiled import kernel


def length(m: int) -> int:
    """Return how many pairs m items have; past 2^31 from 65,537 items on, so all indices are 64 bit."""
    return m * (m - 1) // 2


@kernel
def row_start(i, m):
    """Return where the distance of item i to item i + 1 stands; for the last item, and m, the length."""
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


def row_blocks(m: int, size: int) -> list[tuple[int, int]]:
    """Divide the items into runs (first, last + 1) of at least a row and about `size` pairs."""
    blocks, first = [], 0
    while first < m:
        last = min(m, first + max(1, size // max(1, m - first - 1)))
        blocks.append((first, last))
        first = last
    return blocks
