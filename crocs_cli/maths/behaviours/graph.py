"""The prototype graph of a cluster: which of its members' prototypes resemble each other (paper, 3.3)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from crocs_cli.maths.distances.loadsets import LoadSets
from crocs_cli.maths.distances.wsmd import nearest_prototypes

#: a distance below this weighs as much as this one, so that equal prototypes have an edge of finite weight
DISTANCE_FLOOR = np.float32(0.001)
#: members that share a sample of targets: a call of the kernel for one alone costs more than its work
TOGETHER = 16
#: a full graph up to this many edges is made whole; beyond, this many targets are drawn for each prototype
AFFORDABLE_EDGES, FIRST_TARGETS = 50_000_000, 64
#: distances that are held at a time while a full graph is made
BLOCK_EDGES = 1 << 22

Rows = Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]


@dataclass(frozen=True)
class PrototypeGraph:
    """Vertices are prototypes; each has an edge to the nearest prototype of other members of the cluster.

    days: (P,) int32, the weight of each vertex; target: (P, T) int32, the vertices that each points to;
    weight: (P, T) float32, the inverse of their DTW distances. T is the number of all other members, or of
    those drawn among them.
    """

    days: np.ndarray
    target: np.ndarray
    weight: np.ndarray

    @property
    def edges(self) -> int:
        """The number of directed edges."""
        return self.target.size

    def thinned(self, targets: slice) -> PrototypeGraph:
        """Return the graph with some of each vertex's edges; a run of them is as random as all."""
        return PrototypeGraph(self.days, self.target[:, targets], self.weight[:, targets])

    def total_weight(self) -> float:
        """Return the weight of all edges."""
        return float(self.weight.sum(dtype=np.float64))

    def pairs_of_days(self) -> float:
        """Return the number of ordered pairs of different days, between which edges could be."""
        days = float(self.days.sum(dtype=np.int64))
        return max(days * (days - 1.0), 1.0)


def prototype_graph(
    members: LoadSets, window: int, targets: int, seed: int = 0, threads: int = 1
) -> PrototypeGraph:
    """Connect the prototypes of a cluster's members.

    Every prototype gets an edge to the nearest prototype (the first of equals) of `targets` other members,
    drawn uniformly without replacement; of all other members where a sample would save nothing.
    """
    width = sampled_targets(len(members), targets)
    if width == len(members) - 1:
        rows = _to_all(members, window, threads)
    else:
        rows = _to_sample(members, window, width, seed, threads)
    target = np.empty((len(members.days), width), dtype=np.int32)
    weight = np.empty((len(members.days), width), dtype=np.float32)
    for vertices, nearest, distance in rows:
        target[vertices] = nearest
        weight[vertices] = 1 / np.maximum(distance, DISTANCE_FLOOR)
    return PrototypeGraph(members.days, target, weight)


def atoms(graph: PrototypeGraph) -> np.ndarray:
    """Number the vertices (P,) so that those joined by edges of no distance to speak of share a number.

    Such prototypes are one and the same behaviour, whatever resolution communities are looked for at.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    row, column = np.nonzero(graph.weight == 1 / DISTANCE_FLOOR)
    ends = (row, graph.target[row, column])
    joined = coo_array((np.ones(len(row), dtype=bool), ends), shape=(len(graph.days),) * 2)
    return connected_components(joined, directed=False)[1].astype(np.int32)


def affordable_targets(members: LoadSets, asked: int | str) -> int:
    """Return with how many others to compare a prototype: `all`, a number, or `auto` by the edges."""
    return first_targets(len(members), len(members.days), asked)


def first_targets(members: int, prototypes: int, asked: int | str) -> int:
    """Return the same for so many members with so many prototypes in all."""
    everyone = members - 1
    if asked == "all" or (asked == "auto" and prototypes * everyone <= AFFORDABLE_EDGES):
        return everyone
    return sampled_targets(members, FIRST_TARGETS if asked == "auto" else int(asked))


def sampled_targets(members: int, targets: int) -> int:
    """Return with how many others each prototype is compared: all of them where a sample saves nothing."""
    return targets if targets + TOGETHER <= members else members - 1


def _to_all(members: LoadSets, window: int, threads: int) -> Rows:
    """Yield (vertices, nearest vertices, distances) of blocks of members against all others."""
    number, largest = len(members), int(members.sizes().max())
    size = max(1, BLOCK_EDGES // (number * largest))
    for first in range(0, number, size):
        block = np.arange(first, min(first + size, number))
        own = np.repeat(block, members.sizes()[block])
        nearest, distance = nearest_prototypes(members.take(block), members, window, threads)
        nearest += members.offset[:-1].astype(np.int32)
        others = np.arange(number) != own[:, None]
        shape = (len(own), number - 1)
        yield _vertices(members, block), nearest[others].reshape(shape), distance[others].reshape(shape)


def _to_sample(members: LoadSets, window: int, width: int, seed: int, threads: int) -> Rows:
    """Yield the same for small random groups of members, each against a random sample of those outside it."""
    random = np.random.default_rng(seed)
    shuffled = random.permutation(len(members))
    for first in range(0, len(members), TOGETHER):
        group = shuffled[first : first + TOGETHER]
        place = random.choice(len(members) - len(group), width, replace=False)
        sample = shuffled[np.where(place < first, place, place + len(group))]
        nearest, distance = nearest_prototypes(members.take(group), members.take(sample), window, threads)
        yield _vertices(members, group), nearest + members.offset[sample].astype(np.int32), distance


def _vertices(members: LoadSets, chosen: np.ndarray) -> np.ndarray:
    """Return the vertex numbers of the prototypes of some members, in their order."""
    sizes = members.sizes()[chosen]
    ends = np.cumsum(sizes)
    return np.arange(ends[-1]) + np.repeat(members.offset[chosen] - ends + sizes, sizes)
