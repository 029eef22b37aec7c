"""Exchange: move single items between segments while that lowers Ward's loss, from any matrix of distances.

Ward's tree is greedy: what it has merged stays together. The loss that it lowers step by step is the sum over
segments of W / (2 n): W is the sum of the squared distances of all ordered pairs of the segment, n its size.
Here items leave their segments for cheaper ones until none gains. A constant that is added to all squared
distances does not change the order of partitions, so the distance need not be Euclidean. The rule and its
derivation: Späth 1985, Cluster Dissection and Analysis, chapter 3, the exchange method.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from crocs_cli.maths.clustering.medoids import spread
from crocs_cli.maths.compiled import kernel, parallel_for
from crocs_cli.maths.decisions import TOLERANCE, first_least

#: passes over all items at most; most searches end after ten
SWEEPS = 200
#: k-means++ draws that are tried beside the cut of the tree
STARTS = 20


class Segmented(NamedTuple):
    """A partition that changes. Numbers of segments, not of labels, are what `sums` has rows for.

    label: (m,) int64; size: (K,) int64; within: (K,) float64, W of each segment; sums: (K, own) float64, the
    squared distances from each item held here to all members of each segment, added up.
    """

    label: np.ndarray
    size: np.ndarray
    within: np.ndarray
    sums: np.ndarray


def refined(
    square: np.ndarray, begun: np.ndarray, clusters: int, starts: int, seed: list[int], threads: int = 1
) -> tuple[np.ndarray, float]:
    """Return the partition of the lowest loss among those found by exchange, and its loss.

    square: (m, m) float32 distances; begun: (m,) int, the first start, in which every number below `clusters`
    is in use. The other starts put each item with the nearest of `clusters` items drawn as k-means++ does. Of
    equally good ends the earlier start's is taken. Returns labels (m,) int64, not in the order of size.
    """
    draws = np.random.default_rng(seed).random((starts, clusters))
    labels, losses = np.tile(np.asarray(begun, np.int64), (1 + starts, 1)), np.zeros(1 + starts)

    def search(start: int) -> None:
        if start:
            labels[start] = nearest(square, spread(square, clusters, draws[start - 1]))
        losses[start] = settle(square, segmented(square, labels[start], clusters))

    parallel_for(search, range(1 + starts), threads)
    best = first_least(losses)
    return labels[best], float(losses[best])


def loss_of(square: np.ndarray, label: np.ndarray) -> float:
    """Return Ward's loss of a partition; square: (m, m) float32; label: (m,) int, 0..K-1 in use."""
    label = np.asarray(label, np.int64)
    return float(loss(segmented(square, label, int(label.max()) + 1)))


@kernel
def nearest(square, chosen):
    """Return which chosen item each item is nearest to, the first of equals; a chosen one is its own."""
    label, least = np.zeros(len(square), np.int64), np.full(len(square), np.inf)
    for each in range(len(chosen)):
        for item in range(len(square)):
            distance = np.float64(square[chosen[each], item])
            if distance < least[item] * (1.0 - TOLERANCE):
                label[item], least[item] = each, distance
    for each in range(len(chosen)):
        label[chosen[each]] = each
    return label


@kernel
def segmented(square, label, clusters):
    """Return the state of a partition; it changes `label` as it changes."""
    count = len(square)
    size, within = np.zeros(clusters, np.int64), np.zeros(clusters)
    sums = np.zeros((clusters, count))
    for item in range(count):
        size[label[item]] += 1
        mine = sums[label[item]]
        for other in range(count):
            mine[other] += np.float64(square[item, other]) ** 2
    for item in range(count):
        within[label[item]] += sums[label[item], item]
    return Segmented(label, size, within, sums)


@kernel
def settle(square, state):
    """Exchange until a pass moves none; return the loss."""
    for _ in range(SWEEPS):
        moved = False
        for item in range(len(square)):
            to = better(state, item, item)
            if to != state.label[item]:
                move(state, square[item], item, item, to)
                moved = True
        if not moved:
            break
    return loss(state)


@kernel
def loss(state):
    """Return the sum over segments of W / (2 n)."""
    total = 0.0
    for segment in range(len(state.size)):
        total += state.within[segment] / (2.0 * state.size[segment])
    return total


@kernel
def better(state, item, place):
    """Return the segment where an item costs least, its own unless another is cheaper by more than rounding.

    place: which column of `sums` is the item's. The first of equally cheap segments is taken. An item that is
    alone in its segment stays.
    """
    best = state.label[item]
    if state.size[best] == 1:
        return best
    gain = (state.sums[best, place] - state.within[best] / (2.0 * state.size[best])) / (state.size[best] - 1)
    slack = TOLERANCE * state.sums[best, place] / (state.size[best] - 1)
    least = gain
    for other in range(len(state.size)):
        if other != state.label[item]:
            centre = state.within[other] / (2.0 * state.size[other])
            cost = (state.sums[other, place] - centre) / (state.size[other] + 1)
            if cost < least - slack:
                best, least = other, cost
    return best


@kernel
def move(state, row, item, place, to):
    """Move an item to another segment; row: its distances to the items held here, (own,) float32."""
    of = state.label[item]
    state.within[of] -= 2.0 * state.sums[of, place]
    state.within[to] += 2.0 * state.sums[to, place]
    state.size[of] -= 1
    state.size[to] += 1
    state.label[item] = to
    shift(state.sums[of], state.sums[to], row)


@kernel
def shift(left, joined, row):
    """Take an item's squared distances off the sums of a segment and add them to another's."""
    for other in range(len(row)):
        square = np.float64(row[other]) ** 2
        left[other] -= square
        joined[other] += square
