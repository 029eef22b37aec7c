"""Segments of footprints: k-means for every number of segments, and places for new consumers."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from crocs_cli.maths.clustering.cuts import canonical, cut
from crocs_cli.maths.clustering.exchange import STARTS, refined
from crocs_cli.maths.clustering.kmeans import centres_of, settled
from crocs_cli.maths.compiled import kernel, parallel_for
from crocs_cli.maths.ward.linkage import ward

#: consumers among which the starts are tried
SAMPLE = 4096
#: rows that a thread takes at a time
TOGETHER = 1024


class Segments(NamedTuple):
    """labels: (partitions, n) int32, 0 the largest; centres: for each (K, d); loss: (partitions,)."""

    labels: np.ndarray
    centres: list[np.ndarray]
    loss: np.ndarray


def segments(
    points: np.ndarray, clusters: tuple[int, ...], seed: int, starts: int = STARTS, threads: int = 1
) -> Segments:
    """Cluster footprints (n, d) into each number of segments by k-means.

    The cut of Ward's tree and k-means++ draws are refined by exchange on a sample, whose best end k-means
    carries to all. The same bytes for any number of threads. Raises ValueError for more segments than points.
    """
    points = np.ascontiguousarray(points, np.float64)
    chosen = np.random.default_rng(seed).choice(len(points), min(len(points), SAMPLE), replace=False)
    sample = points[np.sort(chosen)]
    square = distances(sample, sample, threads)
    merges = ward(square)
    found = [refined(square, cut(merges, k), k, starts, [seed, k], threads)[0] for k in clusters]
    labels, losses = np.empty((len(clusters), len(points)), np.int32), np.empty(len(clusters))

    def settle(place: int) -> None:
        begun = centres_of(sample, found[place], clusters[place])
        end = settled(points, begun)
        labels[place], losses[place] = canonical(end.labels), end.loss

    parallel_for(settle, range(len(clusters)), threads)
    centres = [centres_of(points, label, k) for label, k in zip(labels, clusters, strict=True)]
    return Segments(labels, centres, losses)


def distances(first: np.ndarray, second: np.ndarray, threads: int = 1) -> np.ndarray:
    """Return the Euclidean distances of footprints (n, d) and (m, d): (n, m) float32."""
    first, across = (
        np.ascontiguousarray(first, np.float64),
        np.array(np.transpose(second), np.float64, order="C"),
    )
    found = np.empty((len(first), across.shape[1]), np.float32)

    def compare(begin: int) -> None:
        _compare(first[begin : begin + TOGETHER], across, found[begin : begin + TOGETHER])

    parallel_for(compare, range(0, len(first), TOGETHER), threads)
    return found


@kernel
def _compare(first, across, found):
    squares = np.empty(across.shape[1])
    for row in range(len(first)):
        squares[:] = 0.0
        for axis in range(len(across)):
            value, other = first[row, axis], across[axis]
            for column in range(len(other)):
                squares[column] += (value - other[column]) * (value - other[column])
        for column in range(len(squares)):
            found[row, column] = np.float32(np.sqrt(squares[column]))
