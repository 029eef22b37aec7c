"""From the distances of all consumers to partitions, by the algorithm that suits their number."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from crocs_cli.maths import condensed as pairs
from crocs_cli.maths.cuts import canonical, cut
from crocs_cli.maths.medoids import kmedoids_partition
from crocs_cli.maths.ward import ward


@dataclass(frozen=True)
class Partitions:
    """labels: (partitions, m) int32, 0 the largest; merges: (m - 1, 4) float64, none for kmedoids."""

    labels: np.ndarray
    merges: np.ndarray


def cluster(
    distances: np.ndarray, m: int, algorithm: str, clusters: tuple[int, ...], seed: int, starts: int
) -> Partitions:
    """Cluster m items into each number of clusters.

    distances: (m (m - 1) / 2,) float32 condensed; it may be used up. algorithm: `ward` cuts one dendrogram
    at every K; `kmedoids` runs once for every K and keeps the best of its starts. Source: paper section 3.2.
    """
    if algorithm == "ward":
        merges = ward(distances)
        return Partitions(np.array([canonical(cut(merges, k)) for k in clusters], dtype=np.int32), merges)
    square = pairs.square(distances, m)
    labels = [canonical(kmedoids_partition(square, k, seed, starts)) for k in clusters]
    return Partitions(np.array(labels, dtype=np.int32), np.empty((0, 4)))


def needed_bytes(m: int, algorithm: str) -> int:
    """Return the memory at the peak of `cluster`."""
    condensed = 4 * pairs.length(m)
    return condensed + (4 * condensed if algorithm == "ward" else 2 * condensed)
