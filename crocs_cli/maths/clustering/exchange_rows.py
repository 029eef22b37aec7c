"""Exchange on a matrix too large to be made square: condensed in one memory, or rows spread over ranks.

The starts are tried on a sample, the cut of the tree among them; everybody else joins the best of their ends,
and the exchange goes on with all. What it needs of the matrix are one pass for all numbers of clusters, which
adds up each consumer's squared distances to each segment, and then one row for every consumer that moves.
Each sum has one order, so that threads and ranks change nothing. Where a tree's own cut is better than what
the sample led to, the exchange goes on from that cut: the loss is never above the tree's.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from crocs_cli.maths.clustering.cuts import canonical
from crocs_cli.maths.clustering.exchange import (
    SWEEPS,
    Segmented,
    better,
    loss,
    loss_of,
    move,
    refined,
    shift,
)
from crocs_cli.maths.clustering.rows import Alone, Matrix
from crocs_cli.maths.compiled import kernel, parallel_for
from crocs_cli.maths.decisions import TOLERANCE, first_least
from crocs_cli.maths.ward.ranks import Ranks

#: consumers among which the starts are tried
SAMPLE = 4096
#: rows that are read together, and consumers whose sums are added up together: what the caches like best
ROWS, COLUMNS = 256, 480
#: part of the loss that a pass must gain for another one; without structure, hundreds gain less
GAIN = 1e-5
#: the segment of who is not in the sample
NOBODY = -1
#: bytes of the sums that are held at a time, and of those that a thread works on
HELD_BYTES, CACHE_BYTES = 1 << 29, 1 << 20


class Exchanged(NamedTuple):
    """labels: (partitions, m) int32, 0 the largest; loss, begun: (partitions,) float64 after and before."""

    labels: np.ndarray
    loss: np.ndarray
    begun: np.ndarray


def exchange(
    matrix: Matrix, begun: np.ndarray, starts: int, seed: int, threads: int = 1, ranks: Ranks | None = None
) -> Exchanged:
    """Exchange the consumers of partitions until none gains by a move; see `exchange` for the rule.

    begun: (partitions, m) int, each row's numbers 0..K-1 in use: the cuts of a tree. Each partition comes out
    the same whatever the others, and for any number of threads and ranks. Takes HELD_BYTES and some 100 MB
    beside the matrix, which stays as it is.
    """
    ranks = ranks or Alone()
    begun = np.asarray(begun, np.int64)
    samples = [_sample(row, seed) for row in begun]
    sample = np.unique(np.concatenate(samples))
    square = _among(matrix, sample, ranks)
    clusters = begun.max(axis=1) + 1
    ends = []
    for row, own, k in zip(begun, samples, clusters.tolist(), strict=True):
        places = np.searchsorted(sample, own)
        mine = square if len(own) == len(sample) else square[np.ix_(places, places)]
        ends.append(refined(mine, row[own], k, starts, [seed, k], threads))
    if len(sample) == matrix.count:
        before = [loss_of(square, row) for row in begun]
        labels = np.array([canonical(label) for label, _ in ends], np.int32)
        return Exchanged(labels, np.array([end for _, end in ends]), np.array(before))
    segment = np.full(begun.shape, NOBODY)
    for row, own, (label, _) in zip(segment, samples, ends, strict=True):
        row[own] = label
    found = []
    for part in _parts(clusters, matrix.own):
        joined = _joined(matrix, sample, segment[part], ranks, threads)
        found.append(_settled(matrix, begun[part], joined, ranks, threads))
    return Exchanged(*(np.concatenate(parts) for parts in zip(*found, strict=True)))


def _sample(begun: np.ndarray, seed: int) -> np.ndarray:
    """Draw consumers in rising order, the first member of every segment among them; begun: (m,) int."""
    drawn = np.random.default_rng(seed).choice(len(begun), min(len(begun), SAMPLE), replace=False)
    return np.unique(np.concatenate([drawn, np.unique(begun, return_index=True)[1]]))


def _among(matrix: Matrix, items: np.ndarray, ranks: Ranks) -> np.ndarray:
    """Return the square matrix of some consumers, in every rank: (n, n) float32."""
    own = items[(items >= matrix.own.start) & (items < matrix.own.stop)] - matrix.own.start
    part = np.empty((len(items), len(own)), np.float32)
    for first in range(0, len(items), ROWS):
        rows = matrix.rows(items[first : first + ROWS], slice(0, len(matrix.own)))
        part[first : first + ROWS] = rows[:, own]
    return np.hstack([each.reshape(len(items), -1) for each in ranks.gather(part.reshape(-1))])


def _joined(matrix: Matrix, sample: np.ndarray, label: np.ndarray, ranks: Ranks, threads: int) -> np.ndarray:
    """Put everybody in the segment of the sample whose centre is nearest: labels (partitions, m) int64.

    label: (partitions, m) int, NOBODY outside the sample. The squared distance to a centre is the mean of
    those to its members less W / (2 n^2).
    """
    segment, offset = _numbered(label)
    sums = _sums(matrix, segment, offset[-1], sample, threads)
    within = _within(matrix, segment, sums, ranks)
    joined = np.empty(label.shape, np.int64)
    for place, (first, last) in enumerate(pairwise(offset.tolist())):
        known = sample[label[place, sample] != NOBODY]
        size = np.bincount(label[place, known])
        centre = within[first:last] / (2.0 * size**2.0)
        nearest = first_least(sums[first:last] / size[:, None] - centre[:, None], axis=0)
        joined[place] = np.concatenate(ranks.gather(nearest))
        joined[place, known] = label[place, known]
    return joined


def _numbered(label: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Number the segments through all partitions; return them and each partition's first number."""
    offset = np.concatenate([[0], np.cumsum(label.max(axis=1) + 1)])
    return np.where(label == NOBODY, NOBODY, label + offset[:-1, None]), offset


def _parts(clusters: np.ndarray, own: range) -> Iterator[slice]:
    """Divide the partitions so that the sums of both starts of each fit HELD_BYTES."""
    ends = np.cumsum(2 * 8 * clusters * len(own)) // HELD_BYTES
    edges = [0, *(1 + np.flatnonzero(np.diff(ends))).tolist(), len(clusters)]
    return (slice(*edge) for edge in pairwise(edges))


def _settled(
    matrix: Matrix, begun: np.ndarray, joined: np.ndarray, ranks: Ranks, threads: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Exchange from where the sample led, or from the tree's cut where that stays better."""
    labels = np.concatenate([joined, begun])
    segment, offset = _numbered(labels)
    sums = _sums(matrix, segment, offset[-1], np.arange(matrix.count), threads)
    within = _within(matrix, segment, sums, ranks)
    states = [
        Segmented(label, np.bincount(label), within[first:last], sums[first:last])
        for label, (first, last) in zip(labels, pairwise(offset.tolist()), strict=True)
    ]
    ours, trees = states[: len(joined)], states[len(joined) :]
    before = np.array([loss(state) for state in trees])

    def search(number: int) -> None:
        polish(matrix, ours[number], ranks)
        if loss(ours[number]) > before[number] * (1.0 - TOLERANCE):
            polish(matrix, trees[number], ranks)
            ours[number] = trees[number]

    parallel_for(search, range(len(ours)), threads if ranks.size == 1 else 1)
    found = np.array([canonical(state.label) for state in ours], np.int32)
    return found, np.array([loss(state) for state in ours]), before


def _sums(matrix: Matrix, segment: np.ndarray, segments: int, items: np.ndarray, threads: int) -> np.ndarray:
    """Add up the squared distances of the own consumers to the items of each segment: (segments, own).

    segment: (partitions, m) int, numbered through all partitions; items: those that have one, rising.
    """
    own = len(matrix.own)
    sums = np.zeros((segments, own))
    width = max(ROWS, min(COLUMNS, CACHE_BYTES // (8 * segments)))

    def add(first: int) -> None:
        columns = slice(first, min(first + width, own))
        part = np.zeros((segments, columns.stop - first))
        for begin in range(0, len(items), ROWS):
            some = items[begin : begin + ROWS]
            _add_rows(matrix.rows(some, columns), segment[:, some], part)
        sums[:, columns] = part

    parallel_for(add, range(0, own, width), threads)
    return sums


def _within(matrix: Matrix, segment: np.ndarray, sums: np.ndarray, ranks: Ranks) -> np.ndarray:
    """Return W of every segment, (segments,) float64, in every rank."""
    found = np.zeros(len(sums))
    for row in segment:
        mine = row[matrix.own.start : matrix.own.stop]
        to_own = np.concatenate(ranks.gather(sums[mine, np.arange(len(mine))]))
        known = row != NOBODY
        found += np.bincount(row[known], to_own[known], minlength=len(sums))
    return found


def polish(matrix: Matrix, state: Segmented, ranks: Ranks) -> None:
    """Exchange in passes over all consumers in order, each rank among its own, until one gains too little."""
    for _ in range(SWEEPS):
        before = loss(state)
        for turn in range(ranks.size):
            mine = _sweep(matrix, state) if turn == ranks.rank else []
            said = np.concatenate([state.within, np.array(mine, np.float64).reshape(-1)])
            said = ranks.gather(said)[turn]
            moves = said[len(state.within) :].astype(np.int64).reshape(-1, 3)
            if turn != ranks.rank:
                _follow(matrix, state, moves)
                state.within[:] = said[: len(state.within)]
        if before - loss(state) <= GAIN * before:
            break


def _sweep(matrix: Matrix, state: Segmented) -> list[tuple[int, int, int]]:
    """Pass over the own consumers once; return who moved, from where and to where."""
    moves, item, first = [], matrix.own.start, matrix.own.start
    everyone = slice(0, len(matrix.own))
    while (item := _next_mover(state, item, first, matrix.own.stop)) < matrix.own.stop:
        of, to = int(state.label[item]), int(better(state, item, item - first))
        row = matrix.rows(np.array([item]), everyone)[0]
        move(state, row, item, item - first, to)
        moves.append((item, of, to))
        item += 1
    return moves


def _follow(matrix: Matrix, state: Segmented, moves: np.ndarray) -> None:
    """Make the moves of another rank's consumers here."""
    for begin in range(0, len(moves), ROWS):
        some = moves[begin : begin + ROWS]
        rows = matrix.rows(some[:, 0], slice(0, len(matrix.own)))
        for row, (item, of, to) in zip(rows, some, strict=True):
            shift(state.sums[of], state.sums[to], row)
            state.label[item] = to
            state.size[of] -= 1
            state.size[to] += 1


@kernel
def _next_mover(state, item, first, last):
    """Return the first consumer from `item` on that another segment is better for; `last` if none."""
    while item < last and better(state, item, item - first) == state.label[item]:
        item += 1
    return item


@kernel
def _add_rows(rows, segment, sums):
    """Add the squares of rows (items, columns) to those of their segments (partitions, items) in `sums`."""
    square = np.empty(rows.shape[1])
    for place in range(len(rows)):
        for column in range(len(square)):
            square[column] = np.float64(rows[place, column]) ** 2
        for partition in range(len(segment)):
            if segment[partition, place] >= 0:  # else in the sample of another partition only
                mine = sums[segment[partition, place]]
                for column in range(len(square)):
                    mine[column] += square[column]
