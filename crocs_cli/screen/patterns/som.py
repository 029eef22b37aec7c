"""A batch self-organising map: deterministic, order-free, also for one-dimensional data (paper, 3.2).

minisom (2.3) was measured first, on 20,000 installations, 15 x 15 nodes, one core: it presents single
samples in random order, so two seeds give nodes that differ by 0.028 where the data's deviation is 0.017;
its linear start refuses one-dimensional data; and 100 presentations of 100,000 installations come to about
630 s a map, where the 50 epochs here take 14 s. It stays the independent check in the tests.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import prange

from crocs_cli.maths.compiled import kernel, parallel_kernel
from crocs_cli.maths.decisions import first_greatest
from crocs_cli.maths.portable import exp, log, product

NEIGHBOUR = 1.01
LAST_RADIUS = 0.5
POWER_STEPS = 100


@dataclass(frozen=True)
class Lattice:
    """A planar map of rows x columns nodes, hexagonal or rectangular; a 1 x n map is a chain."""

    rows: int
    columns: int
    hexagonal: bool = True

    @property
    def nodes(self) -> int:
        """The number of nodes of the map."""
        return self.rows * self.columns

    def places(self) -> np.ndarray:
        """Return x, y of every node, float64 (node, 2), row by row."""
        row, column = np.divmod(np.arange(self.nodes), self.columns)
        if not self.hexagonal:
            return np.column_stack([column, row]).astype(float)
        return np.column_stack([column + 0.5 * (row % 2), row * np.sqrt(3) / 2])

    def distances(self) -> np.ndarray:
        """Return the distance between the places of all nodes, float64 (node, node)."""
        place = self.places()
        return np.sqrt(((place[:, None] - place[None]) ** 2).sum(axis=2))


@parallel_kernel
def nearest_two(data: np.ndarray, nodes: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return nearest node, second nearest node and squared distance to the nearest of every row.

    `data` float64 (row, component), `nodes` float64 (node, component). Ties go to the lowest node.
    """
    first, second = np.zeros(len(data), np.int64), np.zeros(len(data), np.int64)
    distance = np.empty(len(data))
    for i in prange(len(data)):
        best = next_best = np.inf
        for k in range(len(nodes)):
            total = 0.0
            for j in range(data.shape[1]):
                step = data[i, j] - nodes[k, j]
                total += step * step
            if total < best:
                next_best, second[i] = best, first[i]
                best, first[i] = total, k
            elif total < next_best:
                next_best, second[i] = total, k
        distance[i] = best
    return first, second, distance


@kernel
def _node_sums(data: np.ndarray, node: np.ndarray, nodes: int) -> np.ndarray:
    """Return sums of the data of every node and, in a last column, their count; in one order."""
    total = np.zeros((nodes, data.shape[1] + 1))
    for i in range(len(data)):
        total[node[i], -1] += 1
        for j in range(data.shape[1]):
            total[node[i], j] += data[i, j]
    return total


def start(data: np.ndarray, lattice: Lattice) -> np.ndarray:
    """Return nodes over the first two principal components, +-1 standard deviation; a chain on quantiles."""
    if data.shape[1] == 1:
        return np.quantile(data, (np.arange(lattice.nodes) + 0.5) / lattice.nodes, axis=0)
    centre = data.mean(axis=0)
    place = lattice.places()
    half = np.maximum((place.max(axis=0) - place.min(axis=0)) / 2, 0.5)
    on_axes = (place - place.min(axis=0)) / half - (place.max(axis=0) > 0)
    return centre + product(on_axes, principal_axes(data - centre, 2))


def principal_axes(centred: np.ndarray, count: int) -> np.ndarray:
    """Return the first principal axes as rows, each one standard deviation long, float64 (count, component).

    `centred` is float64 (row, component), mean 0. The largest component of an axis is positive. A power
    iteration of a fixed length: LAPACK's last bits depend on the processor, these do not.
    """
    covariance = product(np.ascontiguousarray(centred.T), centred) / len(centred)
    axes = np.zeros((count, len(covariance)))
    for number in range(count):
        axis, variance = covariance[covariance.diagonal().argmax()], 0.0
        for _ in range(POWER_STEPS):
            length = np.sqrt((axis**2).sum())
            if length == 0:
                return axes
            variance, unit = length, axis / length
            axis = (covariance * unit).sum(axis=1)
        axes[number] = np.sqrt(variance) * unit * np.sign(unit[first_greatest(np.abs(unit))])
        covariance = covariance - np.outer(axes[number], axes[number])
    return axes


def train(data: np.ndarray, lattice: Lattice, epochs: int = 50) -> np.ndarray:
    """Train a map; return its nodes, float64 (node, component).

    `data` is float64 (installation, component), no NaN. The radius falls from half the longer side to 0.5,
    geometrically; every epoch sets each node to the mean of the data, weighted by the neighbourhood of the
    node that stands nearest. Source: screening specification 6.5.
    """
    nodes = start(data, lattice)
    squared, place = np.unique(lattice.distances() ** 2, return_inverse=True)
    place = place.reshape(lattice.nodes, lattice.nodes)
    first_radius = max(lattice.rows, lattice.columns) / 2
    for radius in first_radius * exp(log(LAST_RADIUS / first_radius) * np.linspace(0, 1, epochs)):
        neighbourhood = exp(-squared / (2 * radius * radius))[place]
        sums = _node_sums(data, nearest_two(data, nodes)[0], lattice.nodes)
        weighted = product(neighbourhood, sums)
        reached = weighted[:, -1] > 0  # far from all data the kernel underflows: such a node stays
        nodes[reached] = weighted[reached, :-1] / weighted[reached, -1:]
    return nodes


@dataclass(frozen=True)
class Quality:
    """Measures of a map; see `quality`."""

    quantisation_error: float
    holdout_error: float
    topographic_error: float
    spread: float
    explained: float
    empty_nodes: int


def quality(nodes: np.ndarray, lattice: Lattice, data: np.ndarray, holdout: np.ndarray) -> Quality:
    """Measure a map on its training data and on data held out.

    Source: screening specification 6.6.
    """
    first, second, squared = nearest_two(data, nodes)
    centred = ((data - data.mean(axis=0)) ** 2).sum(axis=1)
    held = nearest_two(holdout, nodes)[2] if len(holdout) else np.array([np.nan])
    return Quality(
        quantisation_error=float(np.sqrt(squared).mean()),
        holdout_error=float(np.sqrt(held).mean()),
        topographic_error=float((lattice.distances()[first, second] > NEIGHBOUR).mean()),
        spread=float(np.sqrt(centred).mean()),
        explained=float(1 - squared.sum() / max(centred.sum(), np.finfo(float).tiny)),
        empty_nodes=int((np.bincount(first, minlength=lattice.nodes) == 0).sum()),
    )


def neighbour_distance(nodes: np.ndarray, lattice: Lattice) -> np.ndarray:
    """Return the U-matrix: mean distance of every node to its neighbours on the map, float64 (node,)."""
    beside = (lattice.distances() <= NEIGHBOUR) & ~np.eye(lattice.nodes, dtype=bool)
    apart = np.sqrt(((nodes[:, None] - nodes[None]) ** 2).sum(axis=2))
    return (apart * beside).sum(axis=1) / np.maximum(beside.sum(axis=1), 1)
