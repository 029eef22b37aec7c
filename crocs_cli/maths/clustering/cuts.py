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
def cut_days(merges: np.ndarray, clusters: int) -> np.ndarray:
    """Undo the last merges (p - 1, 2) of ward_of_days until `clusters` are left; labels (p,) by first day."""
    root = np.arange(len(merges) + 1)  # of each day: the first day of its cluster
    for merge in range(len(root) - clusters):
        first, second = root[merges[merge, 0]], root[merges[merge, 1]]
        for day in range(len(root)):
            root[day] = min(first, second) if root[day] == max(first, second) else root[day]
    labels, clusters = np.empty(len(root), np.int64), 0
    for day in range(len(root)):
        labels[day] = clusters if root[day] == day else labels[root[day]]
        clusters += root[day] == day
    return labels
