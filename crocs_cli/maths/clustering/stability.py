"""Stability of a partition: clustering again without some of the consumers."""

from __future__ import annotations

import numpy as np


def best_overlaps(label: np.ndarray, again: np.ndarray, clusters: int) -> np.ndarray:
    """Return how well each cluster is found again: its greatest Jaccard index with any new cluster, (K,).

    label, again: (n,) int of the same items before and after. A cluster none of whose items is there is NaN.
    Source: Hennig, Cluster-wise assessment of cluster stability (2007).
    """
    table = np.zeros((clusters, int(again.max()) + 1))
    np.add.at(table, (label, again), 1)
    before, after = table.sum(axis=1, keepdims=True), table.sum(axis=0)
    best = (table / (before + after - table)).max(axis=1)
    return np.where(before[:, 0] > 0, best, np.nan)
