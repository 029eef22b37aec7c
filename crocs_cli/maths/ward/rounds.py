"""Ward's hierarchy of any dissimilarity in the memory of its condensed float32 matrix, on several threads.

Ward is reducible: merging two clusters that are each other's nearest brings no third one nearer. So all
reciprocal nearest pairs can be merged in one round, in any order, and the matrix is rewritten smaller in its
own place, in one pass that also finds the new neighbours. Where a round finds few pairs (a long chain of
neighbours has one), `chain` merges until half of the clusters are left.

The matrix holds squared dissimilarities as float32; sums are in float64. How ties are broken is told in
`neighbours`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from crocs_cli.errors import CrocsError
from crocs_cli.maths.compiled import kernel
from crocs_cli.maths.distances.condensed import row_blocks, row_start
from crocs_cli.maths.ward.chain import merge_by_chain
from crocs_cli.maths.ward.dendrogram import Dendrogram
from crocs_cli.maths.ward.lance_williams import union_square
from crocs_cli.maths.ward.neighbours import NO_PAIRS, UNKNOWN, Pairs, note, reciprocal_pairs

FEWEST_PAIRS = 1 / 32  # of the clusters; below it the chain costs less than a pass over the matrix
BLOCK_PAIRS = 1 << 25  # of the rows that are computed beside the matrix before they are put in their place
LARGEST = np.float32(1e19)  # its square is still a float32
PARTS = 8  # of a block for each thread, so that none waits long for the others
NOBODY = -1

Rows = tuple[int, int]  # first, last + 1
Work = Callable[[Rows, np.ndarray], bool | None]


class Unions(NamedTuple):
    """The unions of a round: new cluster c is old cluster first[c], alone or in a pair.

    first: (new clusters,) int32; members: (old clusters,) float64, consumers of each; pair: the pairs.
    """

    first: np.ndarray
    members: np.ndarray
    pair: Paired


class Paired(NamedTuple):
    """The new clusters that are pairs of old ones; all arrays are (pairs,), in the order of `cluster`.

    cluster, first, second: int32, the new number and the two old ones; square: float64, their squared
    distance; of: (new clusters,) int32, the pair of each new cluster, or NOBODY.
    """

    cluster: np.ndarray
    first: np.ndarray
    second: np.ndarray
    square: np.ndarray
    of: np.ndarray


class Columns(NamedTuple):
    """Columns of the matrix, one after another: pair p's old row r is at start[p - lowest] + r."""

    lowest: int
    start: np.ndarray
    values: np.ndarray


def ward_in_place(condensed: np.ndarray, count: int, threads: int = 1) -> np.ndarray:
    """Return Ward's hierarchy of any dissimilarity, and destroy the matrix.

    condensed: (count * (count - 1) / 2,) float32 in scipy's order, contiguous and writable.
    Returns (count - 1, 4) float64 as scipy's `linkage(condensed, "ward")` does, the same for any number of
    threads. Takes up to 300 MB beside the matrix. Raises CrocsError where one cannot be squared.
    """
    with ThreadPoolExecutor(threads) as pool:
        rounds = Rounds(condensed, count, pool, threads)
        while rounds.clusters > 1:
            rounds.merge()
    return rounds.dendrogram.linkage()


class Rounds:
    """The shrinking matrix, its clusters with their neighbours, and the threads that rewrite it."""

    def __init__(self, condensed: np.ndarray, count: int, pool: ThreadPoolExecutor, threads: int) -> None:
        self.dendrogram = Dendrogram(count)
        self._matrix, self._pool, self._threads = condensed, pool, threads
        self._members = np.ones(count, dtype=np.int64)
        self._leaf = np.arange(count)  # of each cluster its lowest leaf, which names it
        near = self._nobody_seen(count)
        blocks = row_blocks(count, BLOCK_PAIRS // 16)
        usable = self._each(blocks, near, lambda rows, mine: square_rows(condensed, count, rows, mine))
        if not all(usable):
            raise CrocsError("dissimilarities: one is not a number of 0 to 1e19; make the matrix again")
        self._near = np.minimum.reduce(near)

    @property
    def clusters(self) -> int:
        """The number of clusters left."""
        return len(self._members)

    def merge(self) -> None:
        """Merge the reciprocal nearest pairs, or half of all clusters where the pairs are few."""
        pairs = reciprocal_pairs(self._near)
        by_chain = len(pairs.first) < FEWEST_PAIRS * self.clusters
        if by_chain:
            half = self.clusters // 2
            pairs = Pairs(*merge_by_chain(self._matrix, self._members, self._near, half))
        self.dendrogram.note(self._leaf[pairs.first], self._leaf[pairs.second], pairs.square)
        self._rewrite(unions(self._members, NO_PAIRS if by_chain else pairs))

    def _rewrite(self, new: Unions) -> None:
        """Replace the rows of the old clusters by those of the new ones, and find their neighbours.

        A new pair's place is never behind that of the first old pair it is made of, and rows are made in
        order; so what a block of rows overwrites, no later block reads.
        """
        clusters = len(new.first)
        near = self._nobody_seen(clusters)
        blocks = row_blocks(clusters, BLOCK_PAIRS)
        places = [tuple(row_start(row, clusters) for row in block) for block in blocks]
        room = np.empty(max(end - start for start, end in places), dtype=np.float32)
        for block, (start, end) in zip(blocks, places, strict=True):
            made = room[: end - start]
            self._make(new, block, made, near)
            self._matrix[start:end] = made
        self._near = np.minimum.reduce(near)
        self._members, self._leaf = members_of(new), self._leaf[new.first]

    def _make(self, new: Unions, block: Rows, made: np.ndarray, near: list[np.ndarray]) -> None:
        """Write some new rows into `made`: first fetch the columns of their second clusters, then unite."""
        matrix, count, clusters = self._matrix, len(new.members), len(new.first)
        columns, places = second_columns(new.pair, block)
        below = self._parts((places[0].min() + 1, places[1].max())) if len(places[0]) else []
        self._each(below, near, lambda rows, _: take_columns(matrix, count, places, rows, columns.values))

        def unite(rows: Rows, mine: np.ndarray) -> None:
            here = row_start(rows[0], clusters) - row_start(block[0], clusters)
            union_rows(matrix, new, columns, rows, made[here:], mine)

        self._each(self._parts(block), near, unite)

    def _parts(self, rows: Rows) -> list[Rows]:
        """Divide rows into parts of equal height for the threads."""
        edges = np.unique(np.linspace(*rows, PARTS * self._threads + 1).astype(np.int64)).tolist()
        return list(pairwise(edges))

    def _nobody_seen(self, clusters: int) -> list[np.ndarray]:
        """Return what each thread knows of the neighbours before it looks: (clusters,) uint64."""
        return [np.full(clusters, UNKNOWN) for _ in range(self._threads)]

    def _each(self, tasks: Sequence[Rows], near: list[np.ndarray], work: Work) -> list[bool | None]:
        """Call work(rows, neighbours) for every task, each thread with neighbours of its own."""
        queue = iter(tasks)
        results = self._pool.map(lambda mine: [work(rows, mine) for rows in queue], near)
        return [result for part in results for result in part]


def second_columns(pair: Paired, block: Rows) -> tuple[Columns, tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Return room for the columns of the second clusters of some new rows, as far as they are not rows.

    Beside it first, second and start of those columns, in the order of second, for `take_columns`.
    """
    lowest, end = np.searchsorted(pair.cluster, block)
    first, second = pair.first[lowest:end], pair.second[lowest:end]
    ends = np.cumsum(second - first - 1, dtype=np.int64)
    columns = Columns(lowest, ends - second, np.empty(ends[-1] if len(ends) else 0, np.float32))
    order = np.argsort(second)
    return columns, (first[order], second[order], columns.start[order])


def unions(members: np.ndarray, pairs: Pairs) -> Unions:
    """Return the clusters after these pairs are merged and those without members left out, in order."""
    first, second, square = pairs
    stays = members > 0
    stays[second] = False
    kept = np.flatnonzero(stays).astype(np.int32)
    cluster = np.searchsorted(kept, first)
    of = np.full(len(kept), NOBODY, np.int32)
    of[cluster] = np.arange(len(first))
    pair = Paired(cluster.astype(np.int32), first.astype(np.int32), second.astype(np.int32), square, of)
    return Unions(kept, members.astype(np.float64), pair)


def members_of(new: Unions) -> np.ndarray:
    """Return how many consumers each new cluster has: int64."""
    members = new.members[new.first]
    members[new.pair.cluster] += new.members[new.pair.second]
    return members.astype(np.int64)


@kernel
def square_rows(matrix, count, rows, near):
    """Square the pairs of some rows and note their neighbours; return whether all could be squared."""
    usable = True
    for row in range(rows[0], rows[1]):
        pairs = matrix[row_start(row, count) : row_start(row + 1, count)]
        for place in range(len(pairs)):
            usable &= 0 <= pairs[place] < LARGEST
            pairs[place] *= pairs[place]
        note(pairs, row, near)
    return usable


@kernel
def take_columns(matrix, count, places, rows, values):
    """Copy what some rows hold of the columns `second`, below the rows `first`, to start + row.

    Row by row, because a walk down a column costs a miss of every cache at each step.
    """
    first, second, start = places
    for row in range(rows[0], rows[1]):
        begin = row_start(row, count) - row - 1
        for at in range(np.searchsorted(second, row + 1), len(second)):
            if first[at] < row:
                values[start[at] + row] = matrix[begin + second[at]]


@kernel
def union_rows(matrix, new, columns, rows, made, near):
    """Write the pairs of some new rows one after another into `made`, and note their neighbours."""
    clusters, count, end = len(new.first), len(new.members), 0
    whole = np.empty(count)
    for row in range(rows[0], rows[1]):
        start, end = end, end + clusters - row - 1
        after, pair = new.first[row] + 1, new.pair.of[row]
        if pair == NOBODY:
            pairs = matrix[row_start(after - 1, count) : row_start(after, count)]
            unite_columns(pairs, new, row, new.members[after - 1], made[start:end])
        else:
            unite_rows(matrix, new, columns, pair, whole)
            mine = new.members[after - 1] + new.members[new.pair.second[pair]]
            unite_columns(whole[after:], new, row, mine, made[start:end])
        note(made[start:end], row, near)


@kernel
def unite_rows(matrix, new, columns, pair, whole):
    """Write the squared distances of a pair's union to all old clusters after its first one into `whole`."""
    members, count = new.members, len(new.members)
    first, second, between = new.pair.first[pair], new.pair.second[pair], new.pair.square[pair]
    in_first, in_second = members[first], members[second]
    mine, its = row_start(first, count) - first - 1, row_start(second, count) - second - 1
    column = columns.values[columns.start[pair - columns.lowest] + first + 1 :]
    for other in range(first + 1, second):
        here, there = np.float64(matrix[mine + other]), np.float64(column[other - first - 1])
        whole[other] = union_square(here, there, between, in_first, in_second, members[other])
    for other in range(second + 1, count):
        here, there = np.float64(matrix[mine + other]), np.float64(matrix[its + other])
        whole[other] = union_square(here, there, between, in_first, in_second, members[other])


@kernel
def unite_columns(squares, new, row, mine, pairs):
    """Write the pairs of a new row from its squared distances to the old clusters after its first one.

    mine: how many consumers the new row's cluster has. The unsigned places spare the check for negative ones.
    """
    after, first = new.first[row] + 1, new.first[row + 1 :]
    for place in range(len(pairs)):
        pairs[place] = squares[np.uint32(first[place] - after)]
    cluster, members = new.pair.cluster, new.members
    for pair in range(np.searchsorted(cluster, row + 1), len(cluster)):
        one, other = new.pair.first[pair], new.pair.second[pair]
        here, there = (
            np.float64(squares[np.uint32(one - after)]),
            np.float64(squares[np.uint32(other - after)]),
        )
        square = union_square(here, there, new.pair.square[pair], members[one], members[other], mine)
        pairs[np.uint32(cluster[pair] - row - 1)] = square
