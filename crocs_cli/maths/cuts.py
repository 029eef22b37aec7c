"""Flat clusters out of a dendrogram, by number of merges: exactly as many as asked for, ties or not."""

import numpy as np

from crocs_cli.maths.compiled import kernel


def cut(merges: np.ndarray, clusters: int) -> np.ndarray:
    """Undo the last merges (m - 1, 4) until `clusters` are left; give canonical labels (m,) int32.

    Raises ValueError when there are fewer points than clusters.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    points = len(merges) + 1
    if not 1 <= clusters <= points:
        raise ValueError(f"cut: {points} points cannot make {clusters} clusters")
    done = points - clusters
    unions = (points + np.arange(done)).repeat(2)
    parts = merges[:done, :2].astype(np.int64).ravel()
    tree = coo_array((np.ones(2 * done), (unions, parts)), shape=(points + done, points + done))
    return canonical(connected_components(tree, directed=False)[1][:points])


def canonical(labels: np.ndarray) -> np.ndarray:
    """Number clusters by falling size, ties by their first member; labels (m,) to (m,) int32 from 0."""
    _, first, old, sizes = np.unique(labels, return_index=True, return_inverse=True, return_counts=True)
    rank = np.empty(len(sizes), np.int32)
    rank[np.lexsort((first, -sizes))] = np.arange(len(sizes), dtype=np.int32)
    return rank[old]


@kernel
def cut_days(pairs, clusters):  # type: ignore[no-untyped-def]
    """Make the first merges (p - 1, 2) of ward_of_days until `clusters` are left; labels (p,)."""
    number = len(pairs) + 1
    root = np.arange(number)
    for merge in range(number - clusters):
        first, second = pairs[merge]
        while root[first] != first:
            first = root[first]
        while root[second] != second:
            second = root[second]
        root[max(first, second)] = min(first, second)
    labels = np.empty(number, np.int64)
    clusters = 0
    for day in range(number):  # a root is never later than its members
        if root[day] == day:
            labels[day] = clusters
            clusters += 1
        else:
            labels[day] = labels[root[day]]
    return labels
