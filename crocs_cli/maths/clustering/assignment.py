"""Assign new consumers to segments: distances to each segment, and whether a consumer is like none.

A segment is stood for by some of its members, drawn at random. A consumer's distance to it is that to the
segment's centre in the sense of Ward's method, on which partitions are built: the mean squared distance to
those members, less half the mean squared distance among them. How far is too far depends on how many days are
known of a consumer, so it is learned from members of which no more is taken to be known.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from crocs_cli.maths.distances.comparison import Comparison
from crocs_cli.maths.distances.loadsets import LoadSets

REFERENCES = 16  # members that stand for a segment
JUDGES = 200  # members whose distances say how far a segment reaches
FEWEST_JUDGES = 20  # a segment with fewer members takes the limit of all segments together
INSIDE = 0.98  # share of a segment's own members that lie within its limit


class Drawn(NamedTuple):
    """Members drawn from the segments, all as indices of consumers.

    references: segment after segment; offset: (K + 1,) which of them are whose; judges: (J,); judge_label:
    (J,) their segments; itself: (J,) which reference a judge is, -1 for most.
    """

    references: np.ndarray
    offset: np.ndarray
    judges: np.ndarray
    judge_label: np.ndarray
    itself: np.ndarray


@dataclass(frozen=True)
class Segments:
    """References of the segments, with which consumers are compared.

    references: load sets, segment after segment; offset: (K + 1,) which are whose; spread: (K,) float64 half
    the mean squared distance among the references of each segment.
    """

    references: LoadSets
    offset: np.ndarray
    spread: np.ndarray

    def distances(self, squares: np.ndarray, used: np.ndarray | None = None) -> np.ndarray:
        """Return the distances to the centres, (n, K), from the squared ones to the references, (n, R).

        used: (n, R) bool, which references count; all when not given.
        """
        counted = np.ones(squares.shape, dtype=bool) if used is None else used
        first = self.offset[:-1]
        sums = np.add.reduceat(squares * counted, first, axis=1)
        counts = np.add.reduceat(counted, first, axis=1, dtype=np.int64)
        means = np.divide(sums, counts, out=np.zeros(sums.shape), where=counts > 0)
        return np.sqrt(np.maximum(means - self.spread, 0.0))


class Assignment(NamedTuple):
    """The segment of each of n consumers.

    label: (n,) int32; distance: (n,) float32; runner_up: (n,) int32, -1 where there is one segment only;
    margin: (n,) float32, how much nearer the segment is than the runner-up, as a share of the latter's
    distance; alike: (n, K) bool, within the segment's limit.
    """

    label: np.ndarray
    distance: np.ndarray
    runner_up: np.ndarray
    margin: np.ndarray
    alike: np.ndarray


def draw(label: np.ndarray, seed: int) -> Drawn:
    """Draw the references and the judges of each segment; label: (n,) int, every one of 0..K-1 present."""
    references: list[np.ndarray] = []
    judges, itself = [], []
    for number in range(int(label.max()) + 1):
        order = np.random.default_rng([seed, number]).permutation(np.flatnonzero(label == number))
        chosen = order[:REFERENCES]
        spare = len(order) - len(chosen) >= FEWEST_JUDGES
        judging = order[len(chosen) if spare else 0 :][:JUDGES]
        own = np.full(len(judging), -1)
        if not spare:  # the first judges are the references; each is judged by the others
            own[: len(chosen)] = sum(len(earlier) for earlier in references) + np.arange(len(chosen))
        references.append(chosen)
        judges.append(judging)
        itself.append(own)
    everyone = np.concatenate(judges)
    offset = np.concatenate([[0], np.cumsum([len(chosen) for chosen in references])])
    return Drawn(np.concatenate(references), offset, everyone, label[everyone], np.concatenate(itself))


def describe(references: LoadSets, offset: np.ndarray, comparison: Comparison) -> Segments:
    """Measure how far the references of each segment lie from one another."""
    spread = np.zeros(len(offset) - 1)
    for number, (first, last) in enumerate(itertools.pairwise(offset)):
        own = references.select(slice(first, last))
        count = int(last - first)
        if count > 1:
            squares = comparison.between(own, own).astype(np.float64) ** 2
            spread[number] = squares.sum() / (2.0 * count * (count - 1))
    return Segments(references, offset, spread)


def limits(segments: Segments, drawn: Drawn, judges: LoadSets, comparison: Comparison) -> np.ndarray:
    """Return the distance beyond which a consumer is unlike each segment: (K,) float64.

    judges: the load sets of `drawn.judges`, made from as many days as the consumers have that are judged.
    """
    squares = comparison.between(judges, segments.references).astype(np.float64) ** 2
    used = np.arange(squares.shape[1]) != drawn.itself[:, None]
    distances = segments.distances(squares, used)[np.arange(len(judges)), drawn.judge_label]
    return reach(distances, drawn.judge_label, len(segments.spread))


def reach(distances: np.ndarray, label: np.ndarray, segments: int) -> np.ndarray:
    """Return within which distance INSIDE of each segment's judges lie: (segments,) float64.

    distances: (J,) of judges to their own segments; label: (J,) which those are.
    """
    pooled = np.quantile(distances, INSIDE)
    own = [distances[label == number] for number in range(segments)]
    return np.array([np.quantile(d, INSIDE) if len(d) >= FEWEST_JUDGES else pooled for d in own])


def assign(segments: Segments, sets: LoadSets, limit: np.ndarray, comparison: Comparison) -> Assignment:
    """Find each consumer's nearest segment and the next one; limit: (n, K), as `limits` gives them."""
    distance = segments.distances(comparison.between(sets, segments.references).astype(np.float64) ** 2)
    return nearest(distance, limit)


def nearest(distance: np.ndarray, limit: np.ndarray) -> Assignment:
    """Find the nearest segment and the next one; distance: (n, K) to the centres; limit: (n, K)."""
    order = distance.argsort(axis=1, kind="stable")
    everyone = np.arange(len(distance))
    label, least = order[:, 0], distance.min(axis=1)
    runner_up, margin = np.full(len(distance), -1), np.ones(len(distance))
    if distance.shape[1] > 1:
        runner_up = order[:, 1]
        following = distance[everyone, runner_up]
        margin = np.divide(following - least, following, out=np.zeros(len(distance)), where=following > 0)
    return Assignment(
        label.astype(np.int32),
        least.astype(np.float32),
        runner_up.astype(np.int32),
        margin.astype(np.float32),
        np.less_equal(distance, limit),
    )
