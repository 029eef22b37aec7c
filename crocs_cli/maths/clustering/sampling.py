"""Clusters of a random sample, and everybody else's place in them.

For populations whose matrix of all pairs is out of reach. What decides is the distance to a cluster's centre
in the sense of Ward's method, from some of its members (`assignment`).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from crocs_cli.maths.clustering.assignment import Segments, describe, draw
from crocs_cli.maths.distances.comparison import Comparison
from crocs_cli.maths.distances.loadsets import LoadSets

NOT_CLUSTERED = -1


class Places(NamedTuple):
    """Of n consumers: label (n,) int32, distance (n,) float32 to its centre, runner_up (n,) int32 or -1."""

    label: np.ndarray
    distance: np.ndarray
    runner_up: np.ndarray


def draw_sample(consumers: int, size: int, seed: int) -> np.ndarray:
    """Return `size` of the consumers in rising order: (size,) int64."""
    return np.sort(np.random.default_rng([seed, size]).choice(consumers, size, replace=False))


def centres(sample: LoadSets, label: np.ndarray, comparison: Comparison, seed: int) -> Segments:
    """Return what stands for the clusters of a sample; label: (sample,) int."""
    drawn = draw(label, seed)
    return describe(sample.take(drawn.references), drawn.offset, comparison)


def place(sets: LoadSets, segments: Segments, clustered: np.ndarray, comparison: Comparison) -> Places:
    """Find the clusters of consumers; those who were clustered stay where they are.

    clustered: (n,) int, the cluster of who is in the sample, NOT_CLUSTERED for the others.
    """
    distance = segments.distances(comparison.between(sets, segments.references).astype(np.float64) ** 2)
    everyone = np.arange(len(sets))
    label = np.where(clustered == NOT_CLUSTERED, distance.argmin(axis=1), clustered)
    own = distance[everyone, label]
    runner_up = np.full(len(sets), -1)
    if distance.shape[1] > 1:
        distance[everyone, label] = np.inf
        runner_up = distance.argmin(axis=1)
    return Places(label.astype(np.int32), own.astype(np.float32), runner_up.astype(np.int32))


def renumbered(label: np.ndarray, clusters: int) -> np.ndarray:
    """Return the new number of each cluster, (clusters,) int32: by falling size among all, then as before."""
    size = np.bincount(label, minlength=clusters)
    number = np.empty(clusters, dtype=np.int32)
    number[np.lexsort((np.arange(clusters), -size))] = np.arange(clusters, dtype=np.int32)
    return number
