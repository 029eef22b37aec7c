"""Rows of a large matrix of distances: condensed in one memory, or spread over ranks."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from crocs_cli.maths.compiled import kernel
from crocs_cli.maths.distances.condensed import row_start

#: columns that are copied together, so that a cache line is used up
BLOCK = 16


class Matrix(Protocol):
    """Distances of m consumers, of which a rank holds those to its `own`."""

    count: int
    own: range

    def rows(self, items: np.ndarray, columns: slice) -> np.ndarray:
        """Return the distances of items, rising, to a run of the own ones: (items, columns) float32."""


class Condensed:
    """The condensed matrix, float32, in one memory."""

    def __init__(self, distances: np.ndarray, count: int) -> None:
        self._distances, self.count, self.own = distances, count, range(count)

    def rows(self, items: np.ndarray, columns: slice) -> np.ndarray:
        """Return the distances of items, rising, to a run of consumers."""
        found = np.empty((len(items), columns.stop - columns.start), np.float32)
        _take(self._distances, self.count, items, columns.start, found)
        return found


class Spread:
    """Rows (own, m) float32 of the square matrix, as `ward.ranks.own_rows` spreads them."""

    def __init__(self, rows: np.ndarray, own: range) -> None:
        self._rows, self.count, self.own = rows, rows.shape[1], own

    def rows(self, items: np.ndarray, columns: slice) -> np.ndarray:
        """Return the distances of items to a run of the own consumers."""
        return np.ascontiguousarray(self._rows[columns, items].T)


class Alone:
    """The only one of the ranks."""

    rank, size = 0, 1

    def gather(self, part: np.ndarray) -> list[np.ndarray]:
        """Return every rank's part."""
        return [part]

    def exchange(self, parts: list[np.ndarray]) -> list[np.ndarray]:
        """Return what each rank has sent here."""
        return parts


@kernel
def _take(condensed, m, items, first, found):
    """Copy the distances of items, rising, to the consumers from `first` on: found (items, consumers)."""
    last = first + found.shape[1]
    for begin in range(first, min(last, items[-1]), BLOCK):  # the columns of the items, above the diagonal
        end = min(begin + BLOCK, last)
        for place in range(len(items)):
            at = row_start(begin, m) + items[place] - begin - 1
            for other in range(begin, min(end, items[place])):
                found[place, other - first] = condensed[at]
                at += m - other - 2
    for place in range(len(items)):
        item = items[place]
        if first <= item < last:
            found[place, item - first] = 0
        begin, start = max(first, item + 1), row_start(item, m) - item - 1
        if begin < last:
            found[place, begin - first :] = condensed[start + begin : start + last]
