"""Continuity: begin from the segments of an earlier run, and keep their numbers."""

from __future__ import annotations

import numpy as np

UNKNOWN = -1


def begun_from(earlier: np.ndarray, group: np.ndarray, segments: int) -> np.ndarray:
    """Return where each consumer begins: (n,) int64.

    earlier: (n,) its segment in the earlier run, UNKNOWN for a new one; group: (n,) any grouping of all. A
    new consumer begins in the earlier segment that most of its group were in; the first on ties. Raises
    ValueError where an earlier segment has no consumer left.
    """
    known = earlier != UNKNOWN
    table = np.zeros((int(group.max()) + 1, segments), dtype=np.int64)
    np.add.at(table, (group[known], earlier[known]), 1)
    if not table.any(axis=0).all():
        raise ValueError("a segment of the earlier run has no consumer left")
    return np.where(known, earlier, table.argmax(axis=1)[group])


def keep_numbers(label: np.ndarray, earlier: np.ndarray, segments: int) -> np.ndarray:
    """Return labels (n,) int32 with the numbers of the earlier segments that they match best, all in all.

    Each number is given once: the assignment with the most consumers in common (Hungarian method).
    """
    known = earlier != UNKNOWN
    shared = np.zeros((segments, segments), dtype=np.int64)
    np.add.at(shared, (earlier[known], label[known]), 1)
    return continued(shared).astype(np.int32)[label]


def continued(shared: np.ndarray) -> np.ndarray:
    """Return which earlier segment each later one continues, UNKNOWN for a new one: (L,) int64.

    shared: (K, L) consumers in common. Each earlier segment is continued once at most: the assignment with
    the most consumers in common (Hungarian method).
    """
    from scipy.optimize import linear_sum_assignment

    later, earlier = linear_sum_assignment(shared.T, maximize=True)
    found = np.full(shared.shape[1], UNKNOWN, dtype=np.int64)
    found[later] = earlier
    return found
