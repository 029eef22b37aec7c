"""k-means on Euclidean distance of points that may be equal, with the same labels on every processor.

scikit-learn's takes distances from products of matrices, whose last bits differ between processors. Where
points are equally near to two centres, as shares of days often are, its labels differ with them: measured on
shares of 60 days, in 5 of 16 cases.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from crocs_cli.maths.compiled import kernel
from crocs_cli.maths.decisions import TOLERANCE

#: (paper, section 5.2)
STARTS, ITERATIONS = 30, 200


class Clustering(NamedTuple):
    """Labels (n,) int64, every number from 0 in use; centres (k, d) float64; the weighted sum of squares."""

    labels: np.ndarray
    centres: np.ndarray
    loss: float


def kmeans(
    points: np.ndarray,
    clusters: int,
    seed: int | list[int],
    starts: int = STARTS,
    weights: np.ndarray | None = None,
    fewer: np.ndarray | None = None,
) -> Clustering:
    """Cluster points by k-means, the best of several starts by k-means++ (Arthur and Vassilvitskii 2007).

    points: (n, d); weights: (n,) above 0, how often each point counts, once by default; fewer: (k - 1, d),
    the centres of one cluster less, from which one more start is made, so that more clusters never lose more.
    k is `clusters`, or how many points differ where that is less. A point equally near to two centres
    belongs to the first; a later start wins only if it is better by more than rounding. Raises ValueError for
    points that are not finite.
    """
    points = np.ascontiguousarray(points, np.float64)
    if not np.isfinite(points).all():
        raise ValueError("kmeans: a point is not finite")
    weights = np.ones(len(points)) if weights is None else np.ascontiguousarray(weights, np.float64)
    clusters = min(clusters, len(np.unique(points, axis=0)))
    tries = 2 + int(math.log(clusters))  # scikit-learn's number
    draws = np.random.default_rng(seed).random((starts, clusters, tries))
    begun = np.empty((0, points.shape[1])) if fewer is None else np.ascontiguousarray(fewer, np.float64)
    label, loss = _best_start(points, weights, draws, begun)
    _, labels = np.unique(label, return_inverse=True)
    return Clustering(labels, centres_of(points, labels, int(labels.max()) + 1, weights), loss)


def settled(points: np.ndarray, centres: np.ndarray) -> Clustering:
    """Cluster points (n, d) float64 by k-means from given centres (k, d); each keeps at least one point."""
    across, ones = np.ascontiguousarray(centres.T, np.float64), np.ones(len(points))
    label, away = np.zeros(len(points), np.int64), np.empty(len(points))
    loss = _settle(points, ones, across, label, away)
    return Clustering(label, across.T.copy(), loss)


def centres_of(
    points: np.ndarray, labels: np.ndarray, clusters: int, weights: np.ndarray | None = None
) -> np.ndarray:
    """Return the means of the points (n, d) of each cluster, (k, d) float64; labels: (n,), 0..k-1 in use."""
    weights = np.ones(len(points)) if weights is None else weights
    centres = np.zeros((clusters, points.shape[1]))
    np.add.at(centres, labels, points * weights[:, None])
    return centres / np.bincount(labels, weights)[:, None]


@kernel
def _best_start(points, weights, draws, fewer):
    """Return the labels (n,) of the start with the least loss, and the loss; draws: (starts, k, tries)."""
    least, best = np.inf, np.zeros(len(points), np.int64)
    label, away = np.zeros(len(points), np.int64), np.empty(len(points))
    clusters = draws.shape[1]
    centres = np.empty((points.shape[1], clusters))  # one in each column, for the vectors' sake
    for start in range(len(draws) + (clusters > 1 and len(fewer) == clusters - 1)):
        if start < len(draws):
            _spread(points, weights, draws[start], centres, away)
        else:
            centres[:, :-1] = fewer.T
            centres[:, -1] = fewer[0]  # no point is nearer to this one than to the first
            _assign(points, weights, centres, label, away)
            centres[:, -1] = points[np.argmax(weights * away)]
        loss = _settle(points, weights, centres, label, away)
        if loss < least * (1.0 - TOLERANCE):
            least, best = loss, label.copy()
    return best, least


@kernel
def _settle(points, weights, centres, label, away):
    """Assign points and put centres in their means in turn until no label moves; return the loss."""
    loss = _assign(points, weights, centres, label, away)[0]
    for _ in range(ITERATIONS):
        _recentre(points, weights, centres, label, away)
        loss, moved = _assign(points, weights, centres, label, away)
        if not moved:
            break
    return loss


@kernel
def _spread(points, weights, draws, centres, away):
    """Sample points as centres by their weighted squared distance to those before.

    draws: (k, tries); of some points that are drawn, the one that brings all points nearest is taken.
    """
    away[:] = np.inf
    chosen, total = 0, 0.0
    reach, best = np.empty(len(points)), np.empty(len(points))
    for each in range(len(draws)):
        least = np.inf
        for draw in draws[each]:
            candidate = (
                _drawn(weights * away, draw * total) if each else _drawn(weights, draw * weights.sum())
            )
            loss = _approach(points, weights, candidate, away, reach)
            if loss < least * (1.0 - TOLERANCE):
                least, chosen = loss, candidate
                best[:] = reach
        centres[:, each] = points[chosen]
        away[:], total = best, least


@kernel
def _drawn(chance, left):
    """Return the point up to which the chances (n,) add up to more than `left`."""
    chosen = 0
    for point in range(len(chance)):
        if left >= 0.0 and chance[point] > 0.0:
            chosen = point
            left -= chance[point]
    return chosen


@kernel
def _approach(points, weights, centre, away, reach):
    """Write how far every point is, squared, if one of them becomes a centre; return the weighted sum."""
    total = 0.0
    for point in range(len(points)):
        square = 0.0
        for axis in range(points.shape[1]):
            square += (points[point, axis] - points[centre, axis]) ** 2
        reach[point] = min(away[point], square)
        total += weights[point] * reach[point]
    return total


@kernel
def _assign(points, weights, centres, label, away):
    """Find each point's nearest centre and squared distance; return the loss, and whether a label moved."""
    squares, loss, moved = np.empty(centres.shape[1]), 0.0, False
    for point in range(len(points)):
        squares[:] = 0.0
        for axis in range(len(centres)):
            value, row = points[point, axis], centres[axis]
            for centre in range(len(row)):
                squares[centre] += (value - row[centre]) * (value - row[centre])
        nearest = 0
        for centre in range(1, len(squares)):
            if squares[centre] < squares[nearest]:
                nearest = centre
        moved |= label[point] != nearest
        label[point], away[point] = nearest, squares[nearest]
        loss += weights[point] * squares[nearest]
    return loss, moved


@kernel
def _recentre(points, weights, centres, label, away):
    """Move every centre to the mean of its points, one without any to the point farthest from its centre."""
    held = np.zeros(centres.shape[1])
    centres[:] = 0.0
    for point in range(len(points)):
        held[label[point]] += weights[point]
        for axis in range(len(centres)):
            centres[axis, label[point]] += weights[point] * points[point, axis]
    for centre in range(len(held)):
        if held[centre] > 0.0:
            for axis in range(len(centres)):
                centres[axis, centre] /= held[centre]
        else:
            farthest = np.argmax(away)
            centres[:, centre] = points[farthest]
            away[farthest] = 0.0
