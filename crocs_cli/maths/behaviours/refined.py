"""The communities of a cluster's prototypes at any size: which graph is enough, and how good it is.

A full graph is made while it is affordable. Beyond, every prototype is compared with a random sample of the
other members: the density, and so the resolution, keep their meaning. Whether the sample is enough is read
from the data: two halves of it, each a graph of its own, have to agree on how many days the major
communities cover. While they do not, the sample is doubled.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from crocs_cli.maths.behaviours.communities import Leiden
from crocs_cli.maths.behaviours.graph import AFFORDABLE_EDGES, PrototypeGraph
from crocs_cli.maths.behaviours.hyperprototypes import MAJOR_DAY_COVERAGE as MAJOR
from crocs_cli.maths.decisions import at_most

#: largest disagreement of the halves, as a share of days, with which a sample is enough
TOLERANCE = 0.01
#: resolutions are searched on a part of the edges, which a single answer then has all of
SEARCH_EDGES = 3_000_000

MakeGraph = Callable[[int], PrototypeGraph]
MakeLeiden = Callable[[PrototypeGraph], Leiden]


@dataclass(frozen=True)
class Sample:
    """A graph that was enough, or as much as is affordable, and the disagreement of its halves.

    disagreement: share of days, at most, by which the halves differ in a major community; 0 for a full graph.
    """

    graph: PrototypeGraph
    disagreement: float


def search_part(graph: PrototypeGraph) -> PrototypeGraph:
    """Return the graph, or as many of each vertex's edges as are enough to find the resolution by."""
    kept = max(1, SEARCH_EDGES // max(1, len(graph.days)))
    return graph if kept >= graph.target.shape[1] else graph.thinned(slice(0, kept))


def enough_targets(
    graph: PrototypeGraph, more: MakeGraph | None, leiden: MakeLeiden, resolution: float
) -> Sample:
    """Double the targets of a sampled graph until its halves agree, or as far as is affordable.

    more: makes a graph with a number of targets; without it the graph is only judged. leiden: finds the
    communities of a graph.
    """
    while True:
        targets = graph.target.shape[1]
        parts = (graph.thinned(slice(0, targets // 2)), graph.thinned(slice(targets // 2, None)))
        first, second = (leiden(part).communities(resolution) for part in parts)
        apart = disagreement(first, second, graph.days)
        enough = at_most(apart, TOLERANCE, scale=1.0)
        if enough or more is None or 2 * targets * len(graph.days) > AFFORDABLE_EDGES:
            return Sample(graph, apart)
        graph = more(2 * targets)


def disagreement(first: np.ndarray, second: np.ndarray, days: np.ndarray) -> float:
    """Return by which share of days two communities (P,) at most differ that are major in the first.

    Each community is held against the one of the other side that it shares the most days with, one to one.
    """
    from scipy.optimize import linear_sum_assignment

    total = days.sum(dtype=np.int64)
    covered = [np.bincount(label, days) / total for label in (first, second)]
    major = np.flatnonzero(covered[0] >= MAJOR)
    rivals = np.flatnonzero(covered[1] >= MAJOR / 10)
    overlap = np.zeros((len(major), len(rivals)))
    row, column = (np.full(len(share), -1) for share in covered)
    row[major], column[rivals] = np.arange(len(major)), np.arange(len(rivals))
    both = (row[first] >= 0) & (column[second] >= 0)
    np.add.at(overlap, (row[first[both]], column[second[both]]), days[both])
    rows, columns = linear_sum_assignment(overlap, maximize=True)
    paired = np.zeros(len(major))
    paired[rows] = covered[1][rivals[columns]]
    return float(np.abs(covered[0][major] - paired).max(initial=0.0))
