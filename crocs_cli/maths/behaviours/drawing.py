"""Places for the vertices of a prototype graph, so that it can be drawn (paper, Figures 13 and 14)."""

from __future__ import annotations

import random
from dataclasses import dataclass

import numpy as np

from crocs_cli.maths.behaviours.graph import prototype_graph
from crocs_cli.maths.distances.loadsets import LoadSets

#: more members than this are sampled: the picture of a graph says nothing beyond some hundreds of vertices
DRAWN_MEMBERS = 40
#: edges of each vertex that pull in the layout and are drawn: those to the nearest prototypes
DRAWN_EDGES = 3
STEPS = 200


@dataclass(frozen=True)
class Drawing:
    """vertex: (D,) int32, which vertices of the cluster are drawn; place: (D, 2) float32 in [0, 1]; edge:
    (E, 2) int32, pairs of drawn vertices by their number in `vertex`.
    """

    vertex: np.ndarray
    place: np.ndarray
    edge: np.ndarray


def drawing(members: LoadSets, window: int, seed: int) -> Drawing:
    """Lay out the graph of a cluster, or of a sample of its members, by forces along its strongest edges."""
    import igraph

    generator = np.random.default_rng(seed)
    number = min(len(members), DRAWN_MEMBERS)
    chosen = np.sort(generator.choice(len(members), number, replace=False))
    some = members.take(chosen)
    vertex = np.flatnonzero(np.isin(np.repeat(np.arange(len(members)), members.sizes()), chosen))
    graph = prototype_graph(some, window, number - 1)
    near = np.argsort(-graph.weight, axis=1, kind="stable")[:, :DRAWN_EDGES]
    ends = np.take_along_axis(graph.target, near, axis=1)
    pairs = np.stack([np.repeat(np.arange(len(vertex)), ends.shape[1]), ends.ravel()], axis=1)
    pairs = np.unique(np.sort(pairs, axis=1), axis=0)
    drawn = igraph.Graph(n=len(vertex), edges=pairs.astype(np.int64))
    igraph.set_random_number_generator(random.Random(seed))
    start = generator.random((len(vertex), 2)).tolist()
    place = np.array(drawn.layout_fruchterman_reingold(niter=STEPS, seed=start).coords).reshape(-1, 2)
    low, high = (np.quantile(place, share, axis=0) for share in (0.01, 0.99))
    place = np.clip((place - low) / np.maximum(high - low, 1e-9), 0.0, 1.0)
    return Drawing(vertex.astype(np.int32), place.astype(np.float32), pairs.astype(np.int32))
