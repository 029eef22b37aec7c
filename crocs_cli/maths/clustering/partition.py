"""Cluster consumers by the distances of all pairs, with the algorithm that suits their number."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from crocs_cli.maths.clustering.cuts import canonical, cut
from crocs_cli.maths.clustering.exchange_rows import exchange
from crocs_cli.maths.clustering.kmedoids_blocks import kmedoids
from crocs_cli.maths.clustering.medoids import kmedoids_partition
from crocs_cli.maths.clustering.rows import Condensed
from crocs_cli.maths.distances import condensed as pairs
from crocs_cli.maths.ward.linkage import ward
from crocs_cli.maths.ward.rounds import ward_in_place

# up to here the libraries are quick enough; beyond, their copies of the matrix are what limits the size
LARGEST_FOR_FASTCLUSTER, LARGEST_FOR_SQUARE = 10_000, 5_000


@dataclass(frozen=True)
class Clustering:
    """Settings of a clustering: `ward` or `kmedoids`, into each number of clusters.

    `ward` cuts one dendrogram at every number, and where `refine` is set exchanges items between the
    clusters of each cut; `kmedoids` runs for every number. `starts` are of kmedoids or of the exchange.
    """

    algorithm: str
    clusters: tuple[int, ...]
    seed: int
    starts: int
    threads: int
    refine: bool = False


def cluster(distances: np.ndarray, m: int, how: Clustering) -> np.ndarray:
    """Cluster m items into each number of clusters: (partitions, m) int32, 0 the largest.

    distances: (m (m - 1) / 2,) float32 condensed; it may be used up. Source: paper section 3.2.
    """
    if how.algorithm == "kmedoids":
        return around_medoids(distances, m, how)
    return with_tree(distances, m, how)[0]


def with_tree(distances: np.ndarray, m: int, how: Clustering) -> tuple[np.ndarray, np.ndarray]:
    """Cluster m items by Ward's method into each number of clusters, and return the hierarchy too.

    distances: as for `cluster`. Returns labels (partitions, m) int32, 0 the largest, and merges (m - 1, 4)
    float64 as scipy has them.
    """
    keep = how.refine and m > LARGEST_FOR_FASTCLUSTER  # the tree of many items uses the matrix up
    merges = hierarchy(distances.copy() if keep else distances, m, how.threads)
    labels = np.array([cut(merges, k) for k in how.clusters], dtype=np.int32)
    if how.refine:
        labels = exchange(Condensed(distances, m), labels, how.starts, how.seed, how.threads).labels
    return labels, merges


def hierarchy(distances: np.ndarray, m: int, threads: int) -> np.ndarray:
    """Return Ward's hierarchy of m items: (m - 1, 4) float64; the condensed distances may be used up."""
    if m <= LARGEST_FOR_FASTCLUSTER:
        return ward(distances)
    return ward_in_place(distances, m, threads)


def around_medoids(distances: np.ndarray, m: int, how: Clustering) -> np.ndarray:
    """Cluster m items around medoids, anew for each number: (partitions, m) int32, 0 the largest."""
    if m <= LARGEST_FOR_SQUARE:
        square = pairs.square(distances, m)
        found = [kmedoids_partition(square, k, how.seed, how.starts) for k in how.clusters]
    else:
        found = [kmedoids(distances, m, k, how.seed, how.starts, how.threads)[0] for k in how.clusters]
    return np.array([canonical(each) for each in found], dtype=np.int32)
