"""Ward's hierarchical clustering from distances: of one consumer's days, and of the consumers."""

import numpy as np

from crocs_cli.maths.compiled import kernel


def ward(distances: np.ndarray) -> np.ndarray:
    """Merge m points by Ward's criterion, taking distances (m, m) or condensed (m (m - 1) / 2,).

    Gives merges (m - 1, 4) float64 in scipy's convention: the two clusters, the height (a distance, not
    its square), the points joined. fastcluster holds a float64 copy of the condensed matrix.
    """
    import fastcluster
    from scipy.spatial.distance import squareform

    if distances.ndim == 2:
        distances = squareform(distances, checks=False)
    if len(distances) == 0:
        return np.empty((0, 4))
    return fastcluster.linkage(distances, method="ward", preserve_input=True)


@kernel
def ward_of_days(squares):  # type: ignore[no-untyped-def]
    """Merge p days by the nearest-neighbour chain; destroys their squared distances (p, p).

    Gives the merges (p - 1, 2) by rising height as rows of the matrix: each names any one day of both
    clusters. Source: Murtagh 1983; update by Lance and Williams 1967.
    """
    number = len(squares)
    sizes, alive = np.ones(number), np.ones(number, np.bool_)
    heights, pairs = np.empty(number - 1), np.empty((number - 1, 2), np.int64)
    chain, length, begin = np.empty(number + 1, np.int64), 0, 0
    for day in range(number):
        squares[day, day] = np.inf
    for merge in range(number - 1):
        if length == 0:
            while not alive[begin]:
                begin += 1
            chain[0], length = begin, 1
        while True:
            tip = chain[length - 1]
            nearest = chain[length - 2] if length > 1 else -1
            least = squares[tip, nearest] if length > 1 else np.inf
            for other in range(number):
                if squares[tip, other] < least:
                    least, nearest = squares[tip, other], other
            if length > 1 and nearest == chain[length - 2]:
                break
            chain[length] = nearest
            length += 1
        length -= 2
        heights[merge], pairs[merge] = least, (tip, nearest)
        _join(squares, sizes, tip, nearest)
        alive[tip] = False
    return pairs[np.argsort(heights, kind="mergesort")]


@kernel
def _join(squares, sizes, gone, kept):  # type: ignore[no-untyped-def]
    """Put the union of two clusters in the row of `kept`; a row that is gone is infinitely far."""
    between = squares[gone, kept]
    for other in range(len(squares)):
        total = sizes[gone] + sizes[kept] + sizes[other]
        joined = (sizes[gone] + sizes[other]) * squares[gone, other]
        joined += (sizes[kept] + sizes[other]) * squares[kept, other]
        joined = (joined - sizes[other] * between) / total
        squares[kept, other] = joined
        squares[other, kept] = joined
        squares[other, gone] = np.inf
    squares[kept, kept] = np.inf
    sizes[kept] += sizes[gone]
