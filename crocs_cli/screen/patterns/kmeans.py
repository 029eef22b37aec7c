"""Weighted k-means of the nodes of a map, with the same bits on every processor.

scikit-learn's KMeans takes distances from BLAS, and so a choice among equals, or a last bit of a centre, from
the processor. A few hundred nodes need no BLAS.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from crocs_cli.maths.decisions import first_least

STARTS, DRAWS, MOST_STEPS = 50, 4, 300


def weighted_kmeans(
    points: np.ndarray, weight: np.ndarray, count: int, before: np.ndarray, seed: int
) -> tuple[float, np.ndarray]:
    """Return the least weighted sum of squares and its centres, float64 (count, component).

    `points` float64 (point, component), `weight` float64 (point,), above 0. The first of the best among 50
    k-means++ starts and, where there are any, the centres `before` of one class fewer with the worst point
    added, so that the sum never rises with the count.
    """
    luck = np.random.default_rng([seed, count]).random((STARTS, count, DRAWS))
    starts = [_scattered(points, weight, one) for one in luck]
    if len(before):
        apart = ((points[:, None] - before[None]) ** 2).sum(axis=2).min(axis=1)
        starts.append(np.vstack([before, points[(weight * apart).argmax()]]))
    tries = [_settled(points, weight, start) for start in starts]
    return tries[int(first_least(np.array([cost for cost, _ in tries])))]


@njit(cache=True)
def _scattered(points: np.ndarray, weight: np.ndarray, luck: np.ndarray) -> np.ndarray:
    """Draw centres by greedy k-means++: a point's chance is its weight times its squared distance to those
    drawn; of several draws, `luck` (centre, draw), the one that leaves the least sum counts."""
    centres = np.empty((len(luck), points.shape[1]))
    near, chance = np.full(len(points), np.inf), np.cumsum(weight)
    for c in range(len(luck)):
        least, nearest = np.inf, near
        for u in luck[c]:
            drawn = min(np.searchsorted(chance, u * chance[-1], side="right"), len(points) - 1)
            closer = near.copy()
            for i in range(len(points)):
                closer[i] = min(near[i], _squared(points[i], points[drawn]))
            left = (weight * closer).sum()
            if left < least:
                least, nearest, centres[c] = left, closer, points[drawn]
        near, chance = nearest, np.cumsum(weight * nearest)
    return centres


@njit(cache=True)
def _settled(points: np.ndarray, weight: np.ndarray, start: np.ndarray) -> tuple[float, np.ndarray]:
    """Move centres to the mean of their points until no point changes; the first of equal centres wins."""
    centres, label, cost = start.copy(), np.full(len(points), -1), 0.0
    for _ in range(MOST_STEPS):
        cost, changed = 0.0, False
        total, mass = np.zeros(centres.shape), np.zeros(len(centres))
        for i in range(len(points)):
            best, nearest = np.inf, 0
            for c in range(len(centres)):
                apart = _squared(points[i], centres[c])
                if apart < best:
                    best, nearest = apart, c
            changed |= label[i] != nearest
            label[i] = nearest
            cost += weight[i] * best
            mass[nearest] += weight[i]
            total[nearest] += weight[i] * points[i]
        if not changed:
            break
        for c in range(len(centres)):
            if mass[c] > 0:
                centres[c] = total[c] / mass[c]
    return cost, centres


@njit(cache=True)
def _squared(a: np.ndarray, b: np.ndarray) -> float:
    """Squared distance of two points."""
    total = 0.0
    for j in range(a.size):
        total += (a[j] - b[j]) ** 2
    return total
