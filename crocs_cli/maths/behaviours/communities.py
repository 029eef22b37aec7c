"""Communities of a prototype graph by the Leiden algorithm (paper sections 3.3 and 6).

What is maximised, for communities c with the directed weight w_c inside and n_c days:

    rber        sum of  w_c - resolution * density * n_c (n_c - 1)      density = W / (N (N - 1))
    cpm         sum of  w_c - resolution * n_c (n_c - 1)
    modularity  sum of  w_c / W - (weight out of c) (weight into c) / W^2

Up to constants the first two are the same function of the graph in which both directions of an edge are added
up, with resolution 2 * density * resolution, or 2 * resolution. The compiled Leiden of `leiden` takes
that function of a graph in which equal prototypes are one vertex; leidenalg takes each as it is written, and
is the reference.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from crocs_cli.maths.behaviours.graph import PrototypeGraph, atoms
from crocs_cli.maths.behaviours.leiden import adjacency, leiden
from crocs_cli.maths.compiled import parallel_for
from crocs_cli.maths.decisions import first_greatest

#: leidenalg repeats until nothing changes; ours stops after two rounds and rather starts again: measured on
#: 3 million edges, further rounds took five times as long for 0.003 % more quality
UNTIL_STABLE, ROUNDS = -1, 2
#: the best of twenty starts is taken where they cost little; in larger graphs of fewer, down to one
MOST_STARTS, EDGES_OF_STARTS = 20, 6_000_000


class Leiden:
    """Finds communities of one graph at any resolution, the best of some starts.

    Equal seeds find equal ones.
    """

    def __init__(
        self,
        graph: PrototypeGraph,
        kind: str,
        optimiser: str = "compiled",
        seed: int = 0,
        starts: int = 1,
        threads: int = 1,
    ) -> None:
        self._graph, self._kind = graph, kind
        self._seed, self._starts, self._threads = seed, starts, threads
        self._reference = optimiser == "leidenalg" or kind == "modularity"
        if self._reference:
            self._atom = np.arange(len(graph.days), dtype=np.int32)
            self._edges = directed(graph)
        else:
            self._atom = atoms(graph)
            self._ends = adjacency(graph.target, graph.weight, self._atom, graph.days)

    @property
    def most(self) -> int:
        """The largest possible number of communities."""
        return int(self._atom.max()) + 1

    @property
    def tunable(self) -> bool:
        """Whether the quality has a resolution, and so can reach a number of communities."""
        return self._kind != "modularity"

    def communities(self, resolution: float) -> np.ndarray:
        """Return the community of each vertex: (P,) int32, 0 holds the most days.

        The start of the greatest quality counts, among equals (see `maths.decisions`) the first one.
        """
        attempts = self._by_leidenalg(resolution) if self._reference else self._compiled(resolution)
        found = [attempt[self._atom] for attempt in attempts]
        best = first_greatest(np.array([self.quality(each, resolution) for each in found]))
        return by_falling_days(found[best], self._graph.days)

    def quality(self, communities: np.ndarray, resolution: float) -> float:
        """Return the value of what is maximised."""
        return quality(self._graph, communities, self._kind, resolution)

    def _compiled(self, resolution: float) -> Iterable[np.ndarray]:
        factor = self._graph.total_weight() / self._graph.pairs_of_days() if self._kind == "rber" else 1.0
        found: dict[int, np.ndarray] = {}

        def attempt(start: int) -> None:
            found[start] = leiden(self._ends, 2.0 * factor * resolution, [self._seed, start], ROUNDS)

        parallel_for(attempt, range(self._starts), self._threads)
        return [found[start] for start in range(self._starts)]

    def _by_leidenalg(self, resolution: float) -> Iterator[np.ndarray]:
        import leidenalg

        options: dict[str, Any] = {"weights": "weight", "n_iterations": UNTIL_STABLE}
        if self.tunable:
            options |= {"node_sizes": "days", "resolution_parameter": resolution}
        kind = {
            "rber": leidenalg.RBERVertexPartition,
            "cpm": leidenalg.CPMVertexPartition,
            "modularity": leidenalg.ModularityVertexPartition,
        }[self._kind]
        for start in range(self._starts):
            found = leidenalg.find_partition(self._edges, kind, seed=self._seed + start, **options)
            yield np.array(found.membership)


def quality(graph: PrototypeGraph, communities: np.ndarray, kind: str, resolution: float) -> float:
    """Return the quality of communities (P,) as the head of this file defines it."""
    inside = graph.weight.sum(where=communities[graph.target] == communities[:, None], dtype=np.float64)
    if kind == "modularity":
        total = graph.total_weight()
        out = np.bincount(communities, graph.weight.sum(axis=1, dtype=np.float64))
        into = np.bincount(communities[graph.target].ravel(), graph.weight.ravel(), len(out))
        return float(inside / total - (out * into).sum() / total**2)
    days = np.bincount(communities, graph.days)
    factor = graph.total_weight() / graph.pairs_of_days() if kind == "rber" else 1.0
    return float(inside - resolution * factor * (days * (days - 1.0)).sum())


def by_falling_days(labels: np.ndarray, days: np.ndarray) -> np.ndarray:
    """Number communities (P,) so that 0 holds the most days; among equals the first vertex decides."""
    _, first, label = np.unique(labels, return_index=True, return_inverse=True)
    held = np.bincount(label, days)
    rank = np.empty(len(held), dtype=np.int32)
    rank[np.lexsort((first, -held))] = np.arange(len(held), dtype=np.int32)
    return rank[label]


def counted(held: np.ndarray, min_coverage: float) -> int:
    """Return how many communities count: those with at least a fraction `min_coverage` of all days.

    held: the days of each community in falling order, so that those that count come first. A quotient of
    whole numbers is compared: 7 days of 100 are 0.07 of them, where 0.07 times 100 is more than 7.
    """
    return int((held / held.sum() >= min_coverage).sum())


def affordable_starts(graph: PrototypeGraph) -> int:
    """Return how many starts to make where none are asked for: fewer for larger graphs."""
    return max(1, min(MOST_STARTS, EDGES_OF_STARTS // max(1, graph.edges)))


def directed(graph: PrototypeGraph) -> Any:
    """Return the graph as an igraph with the attributes `weight` and `days`."""
    import igraph

    vertices, width = graph.target.shape
    pairs = np.empty((graph.edges, 2), dtype=np.int64)
    pairs[:, 0] = np.repeat(np.arange(vertices), width)
    pairs[:, 1] = graph.target.ravel()
    edges = igraph.Graph(n=vertices, edges=pairs, directed=True)
    edges.es["weight"] = graph.weight.ravel().astype(np.float64)
    edges.vs["days"] = graph.days.astype(np.float64)
    return edges
