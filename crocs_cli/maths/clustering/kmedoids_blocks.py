"""k-medoids on a condensed float32 matrix too large to be made square: CLARA's starts, FasterPAM's swaps.

A start clusters a random sample (CLARA, Kaufman & Rousseeuw 1990) by the `kmedoids` package; the start whose
medoids serve all consumers best is polished on all of them. FasterPAM (Schubert & Rousseeuw 2021) needs, for
each candidate, its distances to all consumers; here a block of candidates at a time is read from the triangle
and judged, one candidate in each lane, and the block's best swap is made until it has none.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from crocs_cli.maths.compiled import kernel
from crocs_cli.maths.decisions import TOLERANCE, first_least
from crocs_cli.maths.distances.condensed import row_start

SAMPLE, SAMPLE_EACH = 1000, 20  # consumers in a start's sample, and more for every cluster
CANDIDATES = 64  # judged together
PARTS = 16  # of the consumers, judged apart and added in order, whatever the threads: so sums are the same
TILE = 256  # consumers whose distances to the candidates stay in the processor's cache


class Medoids(NamedTuple):
    """k medoids (k,), their distances to all consumers (k, m), and who is nearest to each consumer.

    nearest: (m,) int32, position of the nearest medoid; first, second: (m,) float32, distances to it and to
    the second nearest; removal: (k,) float64, what leaving a medoid out would cost.
    """

    medoid: np.ndarray
    distance: np.ndarray
    nearest: np.ndarray
    first: np.ndarray
    second: np.ndarray
    removal: np.ndarray

    @property
    def loss(self) -> float:
        """The sum of all consumers' distances to their nearest medoid."""
        return float(self.first.sum(dtype=np.float64))


def kmedoids(
    condensed: np.ndarray, m: int, k: int, seed: int, starts: int, threads: int
) -> tuple[np.ndarray, np.ndarray, float]:
    """Cluster m consumers around k of them.

    condensed: (m (m - 1) / 2,) float32, left as it is. Returns labels (m,) int32, the position of each
    consumer's medoid; medoids (k,) int32; and the loss, the sum of distances to the medoids. The same for any
    number of threads. Takes 12 k m bytes beside the matrix.
    """
    farthest = condensed.max(initial=0)
    drawn = [clara_start(condensed, m, k, [seed, start]) for start in range(starts)]
    losses = [served(condensed, m, medoid, farthest).loss for medoid in drawn]
    found = served(condensed, m, drawn[first_least(np.array(losses))], farthest)
    with ThreadPoolExecutor(threads) as pool:
        found = polish(condensed, m, found, farthest, pool)
    labels = found.nearest.copy()
    labels[found.medoid] = np.arange(k)  # a medoid is its own, even where another is at no distance
    return labels, found.medoid.astype(np.int32), found.loss


def clara_start(condensed: np.ndarray, m: int, k: int, seed: list[int]) -> np.ndarray:
    """Return the medoids (k,) int64 of a random sample of the consumers."""
    from kmedoids import fasterpam

    random = np.random.default_rng(seed)
    sample = np.sort(random.choice(m, min(m, SAMPLE + SAMPLE_EACH * k), replace=False))
    square = square_of(condensed, m, sample)
    found = fasterpam(square, k, init="random", random_state=int(random.integers(2**32)), n_cpu=1)
    return sample[np.asarray(found.medoids, dtype=np.int64)]


def polish(
    condensed: np.ndarray, m: int, found: Medoids, farthest: np.float32, pool: ThreadPoolExecutor
) -> Medoids:
    """Swap medoids for other consumers until no single swap lowers the loss by more than rounding."""
    blocks = list(pairwise([*range(0, m, CANDIDATES), m]))
    idle, turn = 0, 0
    while idle < len(blocks):
        medoid = best_swap(condensed, m, found, blocks[turn % len(blocks)], pool)
        swapped = found if medoid is None else served(condensed, m, medoid, farthest, found)
        if swapped.loss < found.loss * (1.0 - TOLERANCE):
            found, idle = swapped, 0
        else:
            idle, turn = idle + 1, turn + 1
    return found


def best_swap(
    condensed: np.ndarray, m: int, found: Medoids, block: tuple[int, int], pool: ThreadPoolExecutor
) -> np.ndarray | None:
    """Return the medoids (k,) after the best swap with a candidate of the block; None if none helps."""
    edges = np.linspace(0, m, PARTS + 1).astype(np.int64).tolist()
    change = np.repeat(found.removal[:, None], CANDIDATES, axis=1)
    for part in pool.map(partial(judge, condensed, m, found, block), pairwise(edges)):
        change += part
    change = change[:, : block[1] - block[0]]
    position, lane = np.unravel_index(change.argmin(), change.shape)
    if change[position, lane] >= 0:
        return None
    medoid = found.medoid.copy()
    medoid[position] = block[0] + lane
    return medoid


def served(
    condensed: np.ndarray, m: int, medoid: np.ndarray, farthest: np.float32, before: Medoids | None = None
) -> Medoids:
    """Return who serves whom; rows of medoids that were there before are taken from there."""
    k = len(medoid)
    distance = np.empty((k, m), dtype=np.float32) if before is None else before.distance.copy()
    for position in range(k):
        if before is None or medoid[position] != before.medoid[position]:
            write_row(condensed, m, medoid[position], distance[position])
    nearest, first = np.zeros(m, dtype=np.int32), np.full(m, np.inf, dtype=np.float32)
    second = np.full(m, farthest)  # stands for no second medoid: none is farther
    serve(distance, nearest, first, second)
    removal = np.bincount(nearest, second.astype(np.float64) - first, minlength=k)
    return Medoids(medoid, distance, nearest, first, second, removal)


@kernel
def judge(condensed, m, found, block, part):
    """Return what swaps would change among some consumers, beside the medoids' removal.

    Gives (k, CANDIDATES) float64: for each medoid and each candidate of the block, the change of the loss of
    the consumers from part[0] to part[1]. Source: Schubert & Rousseeuw 2021, algorithm 3.
    """
    change = np.zeros((len(found.medoid), CANDIDATES))
    shared = np.zeros(CANDIDATES)
    tile = np.zeros((TILE, CANDIDATES), np.float32)
    for start in range(part[0], part[1], TILE):
        end = min(start + TILE, part[1])
        take_tile(condensed, m, block, start, end, tile)
        for consumer in range(start, end):
            first, second = np.float64(found.first[consumer]), np.float64(found.second[consumer])
            mine, distance = change[found.nearest[consumer]], tile[consumer - start]
            for lane in range(CANDIDATES):
                shared[lane] += min(distance[lane], first) - first
                mine[lane] += min(max(distance[lane], first), second) - second
    return change + shared


@kernel
def take_tile(condensed, m, block, start, end, tile):
    """Copy the distances of consumers `start` to `end` to the candidates of a block, one in each lane."""
    low, high = block
    for consumer in range(start, min(end, low)):
        first = row_start(consumer, m) + low - consumer - 1
        tile[consumer - start, : high - low] = condensed[first : first + high - low]
    for candidate in range(low, high):
        lane = candidate - low
        for consumer in range(max(start, low), min(end, candidate)):
            tile[consumer - start, lane] = condensed[row_start(consumer, m) + candidate - consumer - 1]
        if start <= candidate < end:
            tile[candidate - start, lane] = 0
        first = row_start(candidate, m) - candidate - 1
        for consumer in range(max(start, candidate + 1), end):
            tile[consumer - start, lane] = condensed[first + consumer]


@kernel
def serve(distance, nearest, first, second):
    """Find the two nearest medoids of every consumer; distance: (k, m)."""
    for medoid in range(len(distance)):
        row = distance[medoid]
        for consumer in range(len(row)):
            second[consumer] = min(second[consumer], max(row[consumer], first[consumer]))
            nearest[consumer] = medoid if row[consumer] < first[consumer] else nearest[consumer]
            first[consumer] = min(row[consumer], first[consumer])


@kernel
def write_row(condensed, m, item, row):
    """Copy one row of the square matrix."""
    place = item - 1
    for other in range(item):
        row[other] = condensed[place]
        place += m - other - 2
    row[item] = 0
    row[item + 1 :] = condensed[row_start(item, m) : row_start(item + 1, m)]


@kernel
def square_of(condensed, m, items):
    """Return the square matrix of some items, in rising order: (n, n) float32."""
    square = np.zeros((len(items), len(items)), np.float32)
    for row in range(len(items)):
        start = row_start(items[row], m) - items[row] - 1
        for column in range(row + 1, len(items)):
            square[row, column] = condensed[start + items[column]]
            square[column, row] = square[row, column]
    return square
