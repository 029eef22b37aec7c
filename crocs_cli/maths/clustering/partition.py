"""From the distances of all consumers to partitions, by the algorithm that suits their number."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from crocs_cli.maths.clustering.cuts import canonical, cut
from crocs_cli.maths.clustering.kmedoids_blocks import kmedoids
from crocs_cli.maths.clustering.medoids import kmedoids_partition
from crocs_cli.maths.distances import condensed as pairs
from crocs_cli.maths.ward.linkage import ward
from crocs_cli.maths.ward.rounds import ward_in_place

# up to here the libraries are quick enough; beyond, their copies of the matrix are what limits the size
LARGEST_FOR_FASTCLUSTER, LARGEST_FOR_SQUARE = 10_000, 5_000


@dataclass(frozen=True)
class Clustering:
    """How consumers are clustered: `ward` or `kmedoids`, into each number of clusters.

    `ward` cuts one dendrogram at every number; `kmedoids` runs for every number from several starts.
    """

    algorithm: str
    clusters: tuple[int, ...]
    seed: int
    starts: int
    threads: int


@dataclass(frozen=True)
class Partitions:
    """labels: (partitions, m) int32, 0 the largest; merges: (m - 1, 4) float64, none for kmedoids."""

    labels: np.ndarray
    merges: np.ndarray


def cluster(distances: np.ndarray, m: int, how: Clustering) -> Partitions:
    """Cluster m items into each number of clusters.

    distances: (m (m - 1) / 2,) float32 condensed; it may be used up. Source: paper section 3.2.
    """
    if how.algorithm == "ward":
        return cuts_of(_hierarchy(distances, m, how.threads), how.clusters)
    labels = [canonical(each) for each in _around_medoids(distances, m, how)]
    return Partitions(np.array(labels, dtype=np.int32), np.empty((0, 4)))


def cuts_of(merges: np.ndarray, clusters: tuple[int, ...]) -> Partitions:
    """Cut one hierarchy into each number of clusters."""
    return Partitions(np.array([cut(merges, k) for k in clusters], dtype=np.int32), merges)


def _hierarchy(distances: np.ndarray, m: int, threads: int) -> np.ndarray:
    if m <= LARGEST_FOR_FASTCLUSTER:
        return ward(distances)
    return ward_in_place(distances, m, threads)


def _around_medoids(distances: np.ndarray, m: int, how: Clustering) -> list[np.ndarray]:
    if m <= LARGEST_FOR_SQUARE:
        square = pairs.square(distances, m)
        return [kmedoids_partition(square, k, how.seed, how.starts) for k in how.clusters]
    return [kmedoids(distances, m, k, how.seed, how.starts, how.threads)[0] for k in how.clusters]
