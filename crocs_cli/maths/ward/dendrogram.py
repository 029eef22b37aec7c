"""A hierarchy that is noted merge by merge, in any order that puts a cluster before what contains it."""

from __future__ import annotations

import numpy as np

from crocs_cli.maths.compiled import kernel


class Dendrogram:
    """The merges of `count` leaves as they are found; each side is named by any one of its leaves."""

    def __init__(self, count: int) -> None:
        self.count = count
        self._sides = np.empty((max(0, count - 1), 2), dtype=np.int64)
        self._squares = np.empty(max(0, count - 1))
        self._noted = 0

    def note(self, first: np.ndarray, second: np.ndarray, squares: np.ndarray) -> None:
        """Record merges of the clusters of the leaves `first` and `second` at these squared heights."""
        here = slice(self._noted, self._noted + len(squares))
        self._sides[here, 0], self._sides[here, 1], self._squares[here] = first, second, squares
        self._noted = here.stop

    def linkage(self) -> np.ndarray:
        """Return the (count - 1, 4) float64 hierarchy in scipy's convention: sorted by height.

        Equal heights stay in the order in which they were noted.
        """
        order = np.argsort(self._squares, kind="stable")
        merges = np.empty((len(order), 4))
        merges[:, 2] = np.sqrt(self._squares[order])
        _name_nodes(self._sides[order], merges)
        return merges


@kernel
def _name_nodes(sides, merges):
    """Fill in the nodes that each merge joins, the smaller number first, and the leaves below it."""
    count = len(sides) + 1
    above = np.arange(2 * count - 1)
    leaves = np.ones(2 * count - 1)
    for merge in range(len(sides)):
        node = count + merge
        for side in range(2):
            top = sides[merge, side]
            while above[top] != top:
                above[top] = above[above[top]]  # halves the path for whoever comes next
                top = above[top]
            merges[merge, side] = top
            above[top] = node
            leaves[node] = leaves[node] + leaves[top] if side else leaves[top]
        if merges[merge, 0] > merges[merge, 1]:
            merges[merge, 0], merges[merge, 1] = merges[merge, 1], merges[merge, 0]
        merges[merge, 3] = leaves[node]
