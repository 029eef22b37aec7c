"""Trust in segments: whether other days, or other consumers, give the same ones.

The agreement of two partitions is measured by `scores`. Here are the place of a consumer by the centres of
segments, and prediction strength (Tibshirani and Walther 2005): two disjoint halves of the consumers are
clustered apart, each half is placed by the other's centres, and in the worst of its segments it counts how
many of the pairs are placed together. Where no number of segments reaches STRONG, the segments are slices of
a continuum: consumers can be placed in them again, but a new fit gives other ones.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from crocs_cli.maths.clustering.scores import contingency
from crocs_cli.maths.decisions import at_least, first_least

#: prediction strength from which on segments are said to be found again (Tibshirani and Walther: 0.8 to 0.9)
STRONG = 0.8
#: pairs of halves that are drawn, and consumers in a half at most
DRAWS, HALF = 5, 2048


def to_centres(to_members: np.ndarray, among: np.ndarray, label: np.ndarray) -> np.ndarray:
    """Return the squared distances of n consumers to the centres of K segments: (n, K) float64.

    to_members: (n, m) distances to the m members of all segments; among: (m, m) distances of the members;
    label: (m,) int, 0..K-1 in use. A centre is that of Ward's method: the mean squared distance to the
    members less half the mean squared distance among them. Below 0 is possible where distances are not
    Euclidean.
    """
    clusters = int(label.max()) + 1
    found = np.empty((len(to_members), clusters))
    for segment in range(clusters):
        own = np.flatnonzero(label == segment)
        spread = np.square(among[np.ix_(own, own)], dtype=np.float64).mean()
        found[:, segment] = np.square(to_members[:, own], dtype=np.float64).mean(axis=1) - spread / 2.0
    return found


def placed(to_members: np.ndarray, among: np.ndarray, label: np.ndarray) -> np.ndarray:
    """Return the segment whose centre is nearest to each consumer, the first of equals: (n,) int64."""
    return first_least(to_centres(to_members, among, label), axis=1)


def prediction_strength(label: np.ndarray, places: np.ndarray) -> float:
    """Return the least share, over segments, of a segment's pairs that are placed together.

    label: (n,) int, the consumers' own segments; places: (n,) int, where the centres of others put them.
    A segment of one has no pairs: nothing shows that it is found again, so its share is 0.
    """
    shared = contingency(label, places)
    sizes = shared.sum(axis=1)
    pairs = sizes * (sizes - 1)
    together = (shared * (shared - 1)).sum(axis=1)
    return float(np.divide(together, pairs, out=np.zeros(len(pairs)), where=pairs > 0).min())


def strengths(
    among: Callable[[np.ndarray], np.ndarray],
    count: int,
    clusters: Sequence[int],
    partition: Callable[[np.ndarray, tuple[int, ...]], np.ndarray],
    seed: int,
    draws: int = DRAWS,
) -> np.ndarray:
    """Return the prediction strength for each number of segments and draw: (K, draws) float64.

    among: gives the square matrix of the distances of some consumers; count: how many consumers there are;
    partition: gives labels (numbers, n) from a square matrix (n, n) for some numbers of segments. A value is
    the mean of both directions; it is NaN where a half has fewer consumers than segments.
    """
    found = np.full((len(clusters), draws), np.nan)
    for draw in range(draws):
        halves = disjoint_halves(count, [seed, draw])
        possible = [place for place, k in enumerate(clusters) if k <= len(halves[0])]
        if possible:
            numbers = tuple(clusters[place] for place in possible)
            found[possible, draw] = _both_ways(among(np.concatenate(halves)), numbers, partition)
    return found


def _both_ways(
    distances: np.ndarray,
    clusters: tuple[int, ...],
    partition: Callable[[np.ndarray, tuple[int, ...]], np.ndarray],
) -> np.ndarray:
    """Return the mean strength of the first half placed by the second and of the second by the first."""
    size = len(distances) // 2
    halves = slice(0, size), slice(size, None)
    within = [np.ascontiguousarray(distances[half, half]) for half in halves]
    labels = [partition(square, clusters) for square in within]
    found = np.empty((len(clusters), 2))
    for own, other in ((0, 1), (1, 0)):
        across = distances[halves[own], halves[other]]
        for place in range(len(clusters)):
            places = placed(across, within[other], labels[other][place])
            found[place, own] = prediction_strength(labels[own][place], places)
    return found.mean(axis=1)


def disjoint_halves(count: int, seed: list[int]) -> tuple[np.ndarray, np.ndarray]:
    """Draw two disjoint sets of consumers, equally large, each rising; together at most 2 HALF."""
    order = np.random.default_rng(seed).permutation(count)
    size = min(count // 2, HALF)
    return np.sort(order[:size]), np.sort(order[size : 2 * size])


def recommended(clusters: Sequence[int], strength: np.ndarray) -> int | None:
    """Return the largest number of segments whose mean strength reaches STRONG; None where none does.

    strength: (K, draws) as `strengths` gives it. One segment is always found again and is not advice.
    """
    strong = [
        k
        for k, values in zip(clusters, strength, strict=True)
        if k > 1 and bool(at_least(values.mean(), STRONG))
    ]
    return max(strong, default=None)
