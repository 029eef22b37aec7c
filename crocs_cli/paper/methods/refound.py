"""Ways to segment consumers that can also place other days: what `reliability` puts beside each other.

RLP: k-means of mean profiles. GPF: k-means of how often each of 25 shared patterns is shown. default: the
paper's own way, 15 medoid prototypes, WSMD and Ward's tree. exchanged: the same, then exchange. A: 30 mean
prototypes, WSMD, Ward's tree, exchange; with 15, segments that differ only in how often they show the same
shapes are found worse (ARI 0.92 instead of 0.99). B: footprints and k-means.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from crocs_cli.maths.clustering.cuts import cut
from crocs_cli.maths.clustering.exchange import STARTS, refined
from crocs_cli.maths.clustering.kmeans import kmeans
from crocs_cli.maths.clustering.represent import DayClustering, represent
from crocs_cli.maths.distances.loadsets import LoadSets
from crocs_cli.maths.distances.wsmd import set_distances
from crocs_cli.maths.footprints.fit import fit, suited
from crocs_cli.maths.footprints.segments import distances
from crocs_cli.maths.footprints.vectors import vectors
from crocs_cli.maths.ward.linkage import ward
from crocs_cli.paper.days import Days
from crocs_cli.paper.methods.pattern_frequencies import pattern_frequencies

NAMES = ("RLP", "GPF", "default", "exchanged", "A", "B")
#: prototypes by method; shared patterns, and days among which they are sought
PROTOTYPES = {"default": 15, "exchanged": 15, "A": 30}
PATTERNS, POOLED = 25, 20_000

#: compares some consumers' days with the consumers that a method was fitted to: (m, n) float32
Compare = Callable[[Days], np.ndarray]


class Fitted(NamedTuple):
    """The distances (n, n) float32 of the consumers that a method was fitted to, and how others compare."""

    within: np.ndarray
    compare: Compare


<<<<<<< HEAD
def fitted(
    method: str, days: Days, most: int, seed: int, threads: int, prototypes: int = PROTOTYPES
) -> Fitted:
    """Fit a method to the days of some consumers; most: segments that will be asked for at most."""
    if method in ("default", "exchanged", "A"):
        how = DayClustering("ward", prototypes, days.window)
        return _by_load_sets(days, how, method == "A", seed, threads)
=======
def fitted(method: str, days: Days, most: int, seed: int, threads: int, prototypes: int = 0) -> Fitted:
    """Fit a method to the days of some consumers.

    most: segments that will be asked for at most; prototypes: how many, the method's own number for 0.
    """
    if method in PROTOTYPES:
        kind = "mean" if method == "A" else "medoid"
        how = DayClustering("ward", prototypes or PROTOTYPES[method], days.window, kind)
        return _by_load_sets(days, how, seed, threads)
>>>>>>> h-trust
    if method == "B":
        maps = fit(days.profiles, days.offset, suited(len(days), most), seed, threads)
        return _by_points(days, lambda some: vectors(maps, some.profiles, some.offset, threads))
    if method == "GPF":
        chosen = np.random.default_rng(seed).permutation(len(days.profiles))[:POOLED]
        patterns = kmeans(days.profiles[np.sort(chosen)], PATTERNS, seed, starts=1).centres

        def shares(some: Days) -> np.ndarray:
            shown = distances(some.profiles, patterns, threads).argmin(axis=1)
            own = (shown[None, first:last] for first, last in pairwise(some.offset))
            return np.concatenate([pattern_frequencies(each, len(patterns)) for each in own])

        return _by_points(days, shares)
    return _by_points(days, lambda some: np.array([some.of(each).mean(axis=0) for each in range(len(some))]))


def partitions(
    method: str, square: np.ndarray, clusters: Sequence[int], seed: int, threads: int
) -> np.ndarray:
    """Return labels (numbers, n) for each number of clusters, from distances (n, n)."""
    cuts = np.array([cut(ward(square), k) for k in clusters])
    if method == "default":
        return cuts
    return np.array(
        [
            refined(square, begun, k, STARTS, [seed, k], threads)[0]
            for begun, k in zip(cuts, clusters, strict=True)
        ]
    )


def _by_points(days: Days, points: Callable[[Days], np.ndarray]) -> Fitted:
    own = points(days)
    return Fitted(distances(own, own), lambda some: distances(points(some), own))


def _by_load_sets(days: Days, how: DayClustering, means: bool, seed: int, threads: int) -> Fitted:
    def sets_of(some: Days) -> LoadSets:
        made = represent(some.profiles, some.offset, how, [seed, 0], threads)
        return LoadSets(made.means if means else made.prototypes, made.days, made.offset)

    def compare(first: LoadSets, second: LoadSets) -> np.ndarray:
        return set_distances(first, second, window=how.window, threads=threads)

    own = sets_of(days)
    return Fitted(compare(own, own), lambda some: compare(sets_of(some), own))
