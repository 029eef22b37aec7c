"""Ward's hierarchical clustering from distances: of the consumers, and of one consumer's days."""

import numpy as np

from crocs_cli.maths.compiled import kernel
from crocs_cli.maths.ward.lance_williams import union_square


def ward(distances: np.ndarray) -> np.ndarray:
    """Merge m points by Ward's criterion, from distances (m, m) or condensed (m (m - 1) / 2,).

    Gives merges (m - 1, 4) float64 in scipy's convention: the two clusters, the height (a distance, not
    its square), the points joined. fastcluster makes a float64 copy of the condensed matrix. It adds in one
    order without BLAS: equal bits give equal merges on every processor.
    """
    import fastcluster
    from scipy.spatial.distance import squareform

    if distances.ndim == 2:
        distances = squareform(distances, checks=False)
    if len(distances) == 0:
        return np.empty((0, 4))
    return fastcluster.linkage(distances, method="ward", preserve_input=True)


@kernel
def ward_of_days(squares: np.ndarray) -> np.ndarray:
    """Merge p days by the chain of nearest neighbours; overwrites their squared distances (p, p).

    Gives the merges (p - 1, 2) by rising height, each as one day of either cluster. Of equally near clusters
    the chain's last but one comes first, then the one in the lowest row; every sum has one order, so that the
    merges are the same on every processor. Source: Murtagh 1983.
    """
    number = len(squares)
    merges, heights = np.empty((number - 1, 2), np.int64), np.empty(number - 1)
    member, sizes = np.arange(number), np.ones(number)
    chain, length = np.empty(number + 1, np.int64), 0
    np.fill_diagonal(squares, np.inf)
    for alive in range(number, 1, -1):  # the clusters left fill the first rows
        if length == 0:
            chain[0], length = 0, 1
        length = _follow(squares, alive, chain, length) - 2
        kept, gone = min(chain[length], chain[length + 1]), max(chain[length], chain[length + 1])
        merge = number - alive
        merges[merge, 0], merges[merge, 1], heights[merge] = member[kept], member[gone], squares[kept, gone]
        _join(squares, sizes, alive, kept, gone)
        member[gone] = member[alive - 1]
        for link in range(length):
            if chain[link] == alive - 1:
                chain[link] = gone
    return merges[np.argsort(heights, kind="mergesort")]


@kernel
def _follow(squares: np.ndarray, alive: int, chain: np.ndarray, length: int) -> int:
    """Go on from nearest to nearest until the last two are each other's; give the chain's length."""
    while True:
        tip = chain[length - 1]
        nearest = chain[length - 2] if length > 1 else tip  # first on ties, so that chains end
        least = squares[tip, nearest]
        for other in range(alive):
            if squares[tip, other] < least:
                nearest, least = other, squares[tip, other]
        if length > 1 and nearest == chain[length - 2]:
            return length
        chain[length] = nearest
        length += 1


@kernel
def _join(squares: np.ndarray, sizes: np.ndarray, alive: int, kept: int, gone: int) -> None:
    """Write the union of two clusters to the row of one, and the last cluster to the row of the other."""
    height, last = squares[kept, gone], alive - 1
    for other in range(alive):
        here, there = squares[kept, other], squares[gone, other]
        squares[kept, other] = union_square(here, there, height, sizes[kept], sizes[gone], sizes[other])
    squares[kept, kept] = np.inf
    for other in range(alive):
        squares[other, kept] = squares[kept, other]
    for other in range(alive):
        squares[gone, other] = squares[last, other]
        squares[other, gone] = squares[last, other]
    squares[gone, gone] = np.inf
    sizes[kept], sizes[gone] = sizes[kept] + sizes[gone], sizes[last]
