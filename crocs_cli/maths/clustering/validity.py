"""Relative validity indices of many partitions from one pass over the distances.

All partitions are unions of *cells*, the groups of consumers that no partition separates; for the cuts of one
dendrogram these are the clusters of its finest cut. What the indices need is added up per cell while the
matrix streams by, so its size does not matter and K partitions cost as much as one.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from crocs_cli.maths.compiled import kernel
from crocs_cli.maths.decisions import among_least, first_least

NAMES = ("silhouette", "dunn", "davies_bouldin", "calinski_harabasz")


class Indices:
    """Silhouette, Dunn, Davies-Bouldin and Calinski-Harabasz of partitions of m consumers.

    labels: (partitions, m) int, each row numbered 0..K-1. Give every pair of consumers once, by `add`.
    """

    def __init__(self, labels: np.ndarray) -> None:
        self._labels = np.asarray(labels)
        combined, cell = np.unique(self._labels, axis=1, return_inverse=True)
        self._cell_labels = combined  # (partitions, cells)
        self._cell = np.ascontiguousarray(cell.reshape(-1), dtype=np.int64)
        cells, m = combined.shape[1], self._labels.shape[1]
        self._sums = np.zeros((m, cells))  # of the distances from a consumer to the members of a cell
        self._squares = np.zeros((cells, cells))
        self._least = np.full((cells, cells), np.inf)
        self._largest = np.zeros((cells, cells))

    def add(self, first_row: int, first_column: int, tile: np.ndarray) -> None:
        """Add a rectangle (rows, columns) of the distances; one on the diagonal is square and whole."""
        rows, columns = tile.shape
        _accumulate(
            np.ascontiguousarray(tile),
            self._cell[first_row : first_row + rows],
            self._cell[first_column : first_column + columns],
            self._sums[first_row : first_row + rows],
            self._sums[first_column : first_column + columns],
            (self._squares, self._least, self._largest),
            first_row == first_column,
        )

    def medoids(self) -> list[np.ndarray]:
        """Return the medoids of each partition: (K,) int32 consumers.

        Of equals, as both of a pair are, it is the one nearest to everybody, then the first: the indices must
        not depend on the order of the consumers.
        """
        to_all = self._sums.sum(axis=1)
        return [self._medoids(number, to_all) for number in range(len(self._labels))]

    def result(self, between: Callable[[np.ndarray], np.ndarray]) -> list[dict[str, np.ndarray]]:
        """Return of each partition `medoid`, (K,) int32, and each index as (1,) float64.

        between: gives the square matrix of the distances among some consumers; asked for the medoids only,
        which are not known before the pass. An index that a partition does not have (a single cluster, or
        nothing but single consumers) is NaN.
        """
        results = []
        for number, medoids in enumerate(self.medoids()):
            values = self._values(number, medoids, between(medoids))
            results.append(
                {"medoid": medoids, **{n: np.array([v]) for n, v in zip(NAMES, values, strict=True)}}
            )
        return results

    def _values(
        self, number: int, medoids: np.ndarray, between: np.ndarray
    ) -> tuple[float, float, float, float]:
        sizes = np.bincount(self._labels[number])
        if not 1 < len(sizes) < self._labels.shape[1]:
            return (np.nan,) * 4
        return (
            float(self.silhouettes(number).mean()),
            self._dunn(number),
            self._davies_bouldin(number, medoids, between),
            self._calinski_harabasz(number, sizes),
        )

    def _cluster_sums(self, number: int) -> np.ndarray:
        """Add the cells up to clusters: (m, K)."""
        label = self._cell_labels[number]
        return np.stack([self._sums[:, label == c].sum(axis=1) for c in range(label.max() + 1)], axis=1)

    def _medoids(self, number: int, to_all: np.ndarray) -> np.ndarray:
        label = self._labels[number]
        own = self._cluster_sums(number)[np.arange(len(label)), label]
        medoids = np.empty(label.max() + 1, dtype=np.int32)
        for cluster in range(len(medoids)):
            members = np.flatnonzero(label == cluster)
            equal = members[among_least(own[members])]
            medoids[cluster] = equal[first_least(to_all[equal])]
        return medoids

    def silhouettes(self, number: int) -> np.ndarray:
        """Return the silhouette of every consumer in one partition: (m,) float64, 0 for a single one."""
        label = self._labels[number]
        sizes, sums = np.bincount(label), self._cluster_sums(number)
        everyone = np.arange(len(label))
        within = sums[everyone, label] / np.maximum(sizes[label] - 1, 1)
        mean = sums / sizes
        mean[everyone, label] = np.inf
        nearest = mean.min(axis=1)
        scale = np.maximum(within, nearest)
        value = np.divide(nearest - within, scale, out=np.zeros_like(scale), where=scale > 0)
        return np.where(sizes[label] > 1, value, 0.0)

    def _dunn(self, number: int) -> float:
        together = self._cell_labels[number][:, None] == self._cell_labels[number]
        diameter = self._largest[together].max()
        return float(self._least[~together].min() / diameter) if diameter > 0 else np.nan

    def _davies_bouldin(self, number: int, medoids: np.ndarray, between: np.ndarray) -> float:
        sums = self._cluster_sums(number)[medoids, np.arange(len(medoids))]
        spread = sums / np.bincount(self._labels[number])
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = (spread[:, None] + spread) / between
        np.fill_diagonal(ratio, -np.inf)
        return float(ratio.max(axis=1).mean())

    def _calinski_harabasz(self, number: int, sizes: np.ndarray) -> float:
        label = self._cell_labels[number]
        together = label[:, None] == label
        within = (self._squares * together / sizes[label]).sum() / 2.0
        m = sizes.sum()
        total = self._squares.sum() / (2.0 * m)
        if not within > 0:
            return np.nan
        return float((total - within) / (len(sizes) - 1) / (within / (m - len(sizes))))


@kernel
def _accumulate(tile, row_cells, column_cells, row_sums, column_sums, pairs, on_diagonal):
    squares, least, largest = pairs
    for row in range(tile.shape[0]):
        a = row_cells[row]
        for column in range(tile.shape[1]):
            distance = np.float64(tile[row, column])
            b = column_cells[column]
            row_sums[row, b] += distance
            squares[a, b] += distance * distance
            if row != column or not on_diagonal:
                least[a, b] = min(least[a, b], distance)
                largest[a, b] = max(largest[a, b], distance)
            if not on_diagonal:  # the other direction is in no other tile
                column_sums[column, a] += distance
                squares[b, a] += distance * distance
                least[b, a] = min(least[b, a], distance)
                largest[b, a] = max(largest[b, a], distance)
