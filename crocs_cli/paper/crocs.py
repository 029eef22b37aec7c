"""CROCS as the experiments run it: both stages on arrays (paper section 4.3)."""

from __future__ import annotations

import numpy as np

from crocs_cli.maths.clustering.cuts import cut
from crocs_cli.maths.clustering.kmeans import ITERATIONS, STARTS
from crocs_cli.maths.clustering.medoids import kmedoids_of_days
from crocs_cli.maths.clustering.represent import DayClustering, Representation, represent
from crocs_cli.maths.distances.loadsets import LoadSets
from crocs_cli.maths.distances.wsmd import set_distances
from crocs_cli.maths.ward.linkage import ward
from crocs_cli.paper.days import Days


def stage1(days: Days, prototypes: int, algorithm: str, seed: int, threads: int) -> Representation:
    """Cluster the days of every consumer into prototypes, by DTW-2 or (kmeans) Euclidean distance."""
    how = DayClustering(algorithm, prototypes, days.window)
    return represent(days.profiles, days.offset, how, [seed, 0], threads)


def load_sets(days: Days, prototypes: int, algorithm: str, seed: int, threads: int) -> LoadSets:
    """Return every consumer's representative load set: medoids, or the means of kmeans."""
    found = stage1(days, prototypes, algorithm, seed, threads)
    return LoadSets(found.means if algorithm == "kmeans" else found.prototypes, found.days, found.offset)


def compare(sets: LoadSets, window: int, threads: int) -> np.ndarray:
    """Return the WSMD of all consumers: (n, n) float32."""
    return set_distances(sets, sets, window=window, threads=threads)


def partition(distances: np.ndarray, clusters: int, algorithm: str, seed: int) -> np.ndarray:
    """Label n consumers by their distances (n, n)."""
    if algorithm == "ward":
        return cut(ward(distances), clusters)
    return kmedoids(distances, clusters, seed)


def kmedoids(distances: np.ndarray, clusters: int, seed: int) -> np.ndarray:
    """Label n items by k-medoids on their distances (n, n): the best of 30 starts, (n,) int64.

    By the kernel for one consumer's days, which fits a few hundred items: the library's 30 calls take ten
    times as long as its search.
    """
    draws = np.random.default_rng(seed).random((STARTS, clusters))
    return kmedoids_of_days(np.ascontiguousarray(distances, np.float64), clusters, draws, ITERATIONS)
