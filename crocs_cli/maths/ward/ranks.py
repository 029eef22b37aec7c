"""Ward's hierarchy with the rows of the matrix spread over processes, so that none holds the whole of it.

The same rounds as `rounds`, and the same numbers to the last bit for any number of processes: each owns
some clusters' rows of the square matrix, finds their neighbours, and fetches the row of a second cluster
from its owner. Where a round finds few pairs, the processes walk the chain of `chain` together.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Protocol

import numpy as np

from crocs_cli.errors import CrocsError
from crocs_cli.maths.compiled import kernel
from crocs_cli.maths.ward.chain import meet
from crocs_cli.maths.ward.dendrogram import Dendrogram
from crocs_cli.maths.ward.lance_williams import union_square
from crocs_cli.maths.ward.neighbours import (
    NO_PAIRS,
    UNKNOWN,
    Pairs,
    nearest_to,
    neighbour,
    reciprocal_pairs,
    square_of,
)
from crocs_cli.maths.ward.rounds import FEWEST_PAIRS, LARGEST, NOBODY, Unions, members_of, unions

BATCH_BYTES = 1 << 26  # of rows that are on their way between processes at a time


class Ranks(Protocol):
    """The processes that work together; each calls the same methods in the same order."""

    rank: int
    size: int

    def gather(self, part: np.ndarray) -> list[np.ndarray]:
        """Return every rank's array (length,) of one dtype, in the order of the ranks."""

    def exchange(self, parts: list[np.ndarray]) -> list[np.ndarray]:
        """Send parts[r], (rows, columns) float32, to rank r; return what each rank has sent here."""


def own_rows(count: int, rank: int, size: int) -> range:
    """Return the rows that a rank owns at the start."""
    return range(rank * count // size, (rank + 1) * count // size)


def ward_over_ranks(rows: np.ndarray, ranks: Ranks) -> np.ndarray:
    """Return Ward's hierarchy to every rank, and destroy the rows.

    rows: (own rows, count) float32, this rank's rows of the square matrix of dissimilarities, see `own_rows`;
    the diagonal does not matter. Returns (count - 1, 4) float64, the same bits as `ward_in_place`. Takes
    some 130 MB beside the rows. Raises CrocsError for a dissimilarity that cannot be squared.
    """
    usable = square(rows, own_rows(rows.shape[1], ranks.rank, ranks.size).start)
    if not all(part[0] for part in ranks.gather(np.array([usable], dtype=np.uint8))):
        raise CrocsError("dissimilarities: one is not a number of 0 to 1e19; make the matrix again")
    spread = SpreadRounds(rows, ranks)
    while spread.clusters > 1:
        spread.merge()
    return spread.dendrogram.linkage()


class SpreadRounds:
    """This rank's rows of the shrinking matrix, and what every rank knows of all clusters."""

    def __init__(self, rows: np.ndarray, ranks: Ranks) -> None:
        count = rows.shape[1]
        self.dendrogram = Dendrogram(count)
        self._ranks = ranks
        self._room = rows.reshape(-1)
        self._owner = np.empty(count, dtype=np.int64)
        for rank in range(ranks.size):
            self._owner[list(own_rows(count, rank, ranks.size))] = rank
        self._members = np.ones(count, dtype=np.int64)
        self._leaf = np.arange(count)

    @property
    def clusters(self) -> int:
        """The number of clusters left."""
        return len(self._members)

    @property
    def _mine(self) -> np.ndarray:
        return np.flatnonzero(self._owner == self._ranks.rank)

    def _rows(self) -> np.ndarray:
        return self._room[: len(self._mine) * self.clusters].reshape(-1, self.clusters)

    def merge(self) -> None:
        """Merge the reciprocal nearest pairs, or half of all clusters where the pairs are few."""
        near = self._everywhere(nearest_of_rows(self._rows(), self._mine, self._members))
        pairs = reciprocal_pairs(near)
        by_chain = len(pairs.first) < FEWEST_PAIRS * self.clusters
        if by_chain:
            pairs = self._walk_chain(near, self.clusters // 2)
        self.dendrogram.note(self._leaf[pairs.first], self._leaf[pairs.second], pairs.square)
        self._rewrite(unions(self._members, NO_PAIRS if by_chain else pairs))

    def _everywhere(self, own: np.ndarray) -> np.ndarray:
        """Gather what each rank knows of its own clusters: (clusters,)."""
        whole = np.empty(self.clusters, dtype=own.dtype)
        for rank, part in enumerate(self._ranks.gather(own)):
            whole[self._owner == rank] = part
        return whole

    def _rewrite(self, new: Unions) -> None:
        """Replace the rows of the old clusters by those of the new ones.

        A batch of pairs at a time, in order: what a new row overwrites, no later batch reads or sends.
        """
        rows, mine, clusters = self._rows(), self._mine, len(new.first)
        owner = self._owner[new.first]
        at_most = max(1, BATCH_BYTES // (4 * len(new.members)))
        edges = [0, *new.pair.cluster[at_most::at_most].tolist(), clusters]
        for first, last in pairwise(edges):
            here = np.arange(first, last)[owner[first:last] == self._ranks.rank]
            seconds = self._fetch(new, owner, rows, (first, last))
            done = int(np.count_nonzero(owner[:first] == self._ranks.rank))
            target = self._room[done * clusters : (done + len(here)) * clusters]
            unite(rows, np.searchsorted(mine, new.first[here]), seconds, new, here, target)
        self._owner, self._leaf, self._members = owner, self._leaf[new.first], members_of(new)

    def _fetch(self, new: Unions, owner: np.ndarray, rows: np.ndarray, span: tuple[int, int]) -> np.ndarray:
        """Return the rows of the second clusters of this rank's new clusters in a span, in their order."""
        pair, rank = new.pair, self._ranks.rank
        lowest, end = np.searchsorted(pair.cluster, span)
        second, to = pair.second[lowest:end], owner[pair.cluster[lowest:end]]
        source = self._owner[second]
        where = np.searchsorted(self._mine, second)
        sent = [rows[where[(source == rank) & (to == other)]] for other in range(self._ranks.size)]
        found = np.empty((np.count_nonzero(to == rank), len(new.members)), dtype=np.float32)
        for other, part in enumerate(self._ranks.exchange(sent)):
            found[source[to == rank] == other] = part
        return found

    def _walk_chain(self, near: np.ndarray, merges: int) -> Pairs:
        """Merge so many times along the chain of nearest neighbours, as `merge_by_chain` does."""
        pairs = Pairs(np.empty(merges, np.int64), np.empty(merges, np.int64), np.empty(merges))
        chain: list[int] = []
        for merged in range(merges):
            if not chain:
                chain = [int(np.argmax(self._members > 0))]
            while True:
                if near[chain[-1]] == UNKNOWN:
                    near[chain[-1]] = self._look(chain[-1])
                nearest = int(nearest_to(chain[-1], near[chain[-1]]))
                if len(chain) > 1 and nearest == chain[-2]:
                    break
                chain.append(nearest)
            pair = (min(chain[-2:]), max(chain[-2:]), square_of(near[chain[-1]]))
            del chain[-2:]
            pairs.first[merged], pairs.second[merged], pairs.square[merged] = pair
            self._join(near, pair)
        return pairs

    def _look(self, cluster: int) -> np.uint64:
        """Return the nearest of a cluster; its owner looks."""
        own = self._mine
        at = np.searchsorted(own, cluster)
        rows = self._rows()[at : at + 1] if self._owner[cluster] == self._ranks.rank else self._rows()[:0]
        found = nearest_of_rows(rows, own[at : at + len(rows)], self._members)
        return self._ranks.gather(found)[self._owner[cluster]][0]

    def _join(self, near: np.ndarray, pair: tuple[int, int, float]) -> None:
        """Replace the first of two clusters by their union, in every rank's rows."""
        rows, own, (first, second, _) = self._rows(), self._mine, pair
        squares = self._everywhere(join_column(rows, own, self._members, pair))
        if self._owner[first] == self._ranks.rank:
            rows[np.searchsorted(own, first)] = squares
        self._members[first] += self._members[second]
        self._members[second] = 0
        meet_all(near, self._members, squares, first, second)


@kernel
def square(rows, first):
    """Square the rows of the clusters from `first` on; return whether all could be squared."""
    usable = True
    for row in range(len(rows)):
        rows[row, first + row] = 0
        for column in range(rows.shape[1]):
            usable &= 0 <= rows[row, column] < LARGEST
            rows[row, column] *= rows[row, column]
    return usable


@kernel
def nearest_of_rows(rows, own, members):
    """Return the nearest of each of some clusters, (len(own),) uint64; rows: theirs of the matrix."""
    near = np.full(len(own), UNKNOWN)
    for row in range(len(own)):
        bits, cluster = rows[row].view(np.uint32), own[row]
        for other in range(len(bits)):
            if members[other] and other != cluster:
                near[row] = min(near[row], neighbour(bits[other], cluster, other))
    return near


@kernel
def unite(rows, places, seconds, new, here, target):
    """Write the rows of the new clusters `here` one after another into `target`, which may overlap `rows`.

    places: where the rows of their first clusters are; seconds: the rows of their second ones, of the pairs.
    """
    made, paired = np.empty(len(new.first), np.float32), 0
    for at in range(len(here)):
        if new.pair.of[here[at]] == NOBODY:
            lone_row(rows[places[at]], new, here[at], made)
        else:
            pair_row(rows[places[at]], seconds[paired], new, here[at], made)
            paired += 1
        made[here[at]] = 0
        target[at * len(made) : (at + 1) * len(made)] = made


@kernel
def lone_row(row, new, cluster, made):
    """Write the row of a new cluster that is an old one."""
    own = new.members[new.first[cluster]]
    for column in range(len(made)):
        made[column] = row[new.first[column]]
    for pair in range(len(new.pair.cluster)):
        first, second = new.pair.first[pair], new.pair.second[pair]
        in_first, in_second = new.members[first], new.members[second]
        united = union_square(row[first], row[second], new.pair.square[pair], in_first, in_second, own)
        made[new.pair.cluster[pair]] = united


@kernel
def pair_row(row, its, new, cluster, made):
    """Write the row of a new pair from those of both its clusters.

    Of two pairs the one of the lower number is united first, so that both their owners get the same bits.
    """
    members, mine = new.members, new.pair.of[cluster]
    one, other = members[new.pair.first[mine]], members[new.pair.second[mine]]
    between = new.pair.square[mine]
    for column in range(len(made)):
        first = new.first[column]
        made[column] = union_square(
            np.float64(row[first]), np.float64(its[first]), between, one, other, members[first]
        )
    for pair in range(len(new.pair.cluster)):
        first, second, height = new.pair.first[pair], new.pair.second[pair], new.pair.square[pair]
        a, b = members[first], members[second]
        if pair < mine:
            here = union_square(np.float64(row[first]), np.float64(row[second]), height, a, b, one)
            there = union_square(np.float64(its[first]), np.float64(its[second]), height, a, b, other)
            made[new.pair.cluster[pair]] = union_square(here, there, between, one, other, a + b)
        elif pair > mine:
            here = union_square(np.float64(row[first]), np.float64(its[first]), between, one, other, a)
            there = union_square(np.float64(row[second]), np.float64(its[second]), between, one, other, b)
            made[new.pair.cluster[pair]] = union_square(here, there, height, a, b, one + other)


@kernel
def join_column(rows, own, members, pair):
    """Write a pair's union into the column of its first cluster; return the column, (len(own),) float32."""
    first, second, between = pair
    for row in range(len(own)):
        if members[own[row]] and own[row] != first and own[row] != second:
            here, there = np.float64(rows[row, first]), np.float64(rows[row, second])
            in_row = members[own[row]]
            rows[row, first] = union_square(here, there, between, members[first], members[second], in_row)
    return rows[:, first].copy()


@kernel
def meet_all(near, members, squares, first, second):
    """Let a union and all other clusters know each other; squares: (clusters,) float32, to the union."""
    near[first] = UNKNOWN
    bits = squares.view(np.uint32)
    for other in range(len(members)):
        if members[other] and other != first:
            meet(near, other, neighbour(bits[other], first, other), first, second)
