"""Stage 1: each consumer's days become a few prototypes with their days (paper, section 3.1)."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from crocs_cli.maths.clustering.cuts import cut_days
from crocs_cli.maths.clustering.kmeans import ITERATIONS, STARTS, kmeans
from crocs_cli.maths.clustering.medoids import kmedoids_of_days
from crocs_cli.maths.compiled import kernel, parallel_for
from crocs_cli.maths.decisions import TOLERANCE
from crocs_cli.maths.distances.dtw import checked, squares_between
from crocs_cli.maths.distances.lanes import band
from crocs_cli.maths.ward.linkage import ward_of_days

#: consumers that a thread takes at a time
TOGETHER = 8


class DayClustering(NamedTuple):
    """Settings of the clustering of a consumer's days."""

    algorithm: str  # "ward" or "kmedoids" on DTW, "kmeans" on Euclidean distance
    prototypes: int | tuple[int, int]  # how many, or the range in which the silhouette chooses
    window: int  # half-width of the DTW band in slots

    def tried(self) -> np.ndarray:
        """Return the numbers of prototypes to choose among, rising."""
        low, high = (self.prototypes,) * 2 if isinstance(self.prototypes, int) else self.prototypes
        return np.arange(low, high + 1)


class Representation(NamedTuple):
    """Hold the RLSs of n consumers with P prototypes in all, each consumer's by falling days."""

    prototypes: np.ndarray  # (P, slots) float32, the medoids: real days
    means: np.ndarray  # (P, slots) float32, of the days that each stands for
    days: np.ndarray  # (P,) int32
    offset: np.ndarray  # (n + 1,) int64
    day_label: np.ndarray  # (days,) int32, the day's prototype among its consumer's
    medoid_row: np.ndarray  # (P,) int64, its row in the profiles


def represent(
    profiles: np.ndarray,
    day_offset: np.ndarray,
    how: DayClustering,
    seed: Sequence[int] = (0, 0),
    threads: int = 1,
) -> Representation:
    """Cluster the days of every consumer and keep one prototype a cluster.

    profiles (days, slots), consumer i owns rows day_offset[i]:day_offset[i + 1]; one with fewer days than
    prototypes keeps each. A medoid has the least sum of DTW to its fellows, the lowest day on ties.
    Consumer i draws from [*seed, i], so the result is the same bytes for any number of threads.
    Raises CrocsError for readings that are not finite.
    """
    profiles, day_offset = checked(profiles, np.float64), np.asarray(day_offset, np.int64)
    if not np.all(np.diff(day_offset) > 0):
        raise ValueError("represent: a consumer without days has no load set; leave it out")
    found = np.full((len(profiles), 2), -1)
    tried, offsets = how.tried(), band(how.window, profiles.shape[1])

    def cluster(begin: int) -> None:
        offset = day_offset[begin : begin + TOGETHER + 1]
        days = slice(offset[0], offset[-1])
        guide = _guide(how.algorithm, profiles, offset, tried, [*seed, begin])
        _cluster(profiles[days], offset - offset[0], tried, guide, offsets, found[days])

    parallel_for(cluster, range(0, len(day_offset) - 1, TOGETHER), threads)
    return _gather(profiles, day_offset, found)


def _guide(
    algorithm: str, profiles: np.ndarray, offset: np.ndarray, tried: np.ndarray, seed: list[int]
) -> np.ndarray | None:
    """Return what _cluster needs to be told about consumers that begin with the seed's last part."""
    if algorithm == "ward":
        return None
    randoms = [np.random.default_rng([*seed[:-1], seed[-1] + each]) for each in range(len(offset) - 1)]
    if algorithm == "kmedoids":
        return np.stack([random.random((STARTS, tried[-1])) for random in randoms])
    return _kmeans(profiles, offset, tried, randoms)


def _kmeans(
    profiles: np.ndarray, offset: np.ndarray, tried: np.ndarray, randoms: Sequence[np.random.Generator]
) -> np.ndarray:
    """Label the days of some consumers by k-means for every number of clusters tried, (tried, days)."""
    labels = np.zeros((len(tried), offset[-1] - offset[0]), np.int64)
    for begin, end, random in zip(offset[:-1], offset[1:], randoms, strict=True):
        state = int(random.integers(2**32))
        for row, clusters in zip(labels, np.minimum(tried, end - begin), strict=True):
            row[begin - offset[0] : end - offset[0]] = kmeans(profiles[begin:end], clusters, state).labels
    return labels


def _gather(profiles: np.ndarray, day_offset: np.ndarray, found: np.ndarray) -> Representation:
    """Number each consumer's clusters by falling days, ties by the medoid, and make their prototypes.

    found (days, 2): the label of every day, from 0 in each consumer; beside it, in the c-th row of the
    consumer, the medoid of its cluster c, -1 in the rest.
    """
    label, medoid = found.T
    rows = np.flatnonzero(medoid >= 0)
    consumer = np.searchsorted(day_offset, rows, side="right") - 1
    offset = np.searchsorted(consumer, np.arange(len(day_offset)))
    first = offset[:-1].repeat(np.diff(day_offset))
    days, medoid_row = np.bincount(first + label), day_offset[consumer] + medoid[rows]
    order = np.lexsort((medoid_row, -days, consumer))
    owner = np.argsort(order)[first + label]
    days, medoid_row = days[order], medoid_row[order]
    means = np.zeros((len(order), profiles.shape[1]))
    _add_days(profiles, owner, means)
    return Representation(
        profiles[medoid_row].astype(np.float32),
        (means / days[:, None]).astype(np.float32),
        days.astype(np.int32),
        offset,
        (owner - first).astype(np.int32),
        medoid_row,
    )


@kernel
def _add_days(profiles: np.ndarray, owner: np.ndarray, sums: np.ndarray) -> None:
    """Add each day (days, slots) to the row of its owner, in the order of the days."""
    for day in range(len(profiles)):
        for slot in range(profiles.shape[1]):
            sums[owner[day], slot] += profiles[day, slot]


@kernel
def _cluster(
    profiles: np.ndarray, offset: np.ndarray, tried: np.ndarray, guide: Any, band: tuple, found: np.ndarray
) -> None:
    """Cluster the days of some consumers; write what _gather reads.

    guide: None for Ward, draws for k-medoids (consumers, starts, most), or labels (tried, days). numba
    compiles only the branch that its type asks for. The fewest of equally good numbers of clusters is taken.
    """
    for consumer in range(len(offset) - 1):
        begin, end = offset[consumer], offset[consumer + 1]
        days = profiles[begin:end]
        squares = squares_between(days, days, True, band)
        distances = np.sqrt(squares)
        if guide is None:
            merges = ward_of_days(squares)
        best, highest = np.arange(end - begin), -np.inf
        for each in range(len(tried)):
            clusters = tried[each]
            if clusters >= end - begin:  # every day stands for itself, unless fewer clusters were found
                break
            if guide is None:
                labels = cut_days(merges, clusters)
            elif guide.ndim == 3:
                labels = kmedoids_of_days(distances, clusters, guide[consumer], ITERATIONS)
            else:
                labels = guide[each, begin:end].copy()
            validity = silhouette_of_days(distances, labels) if len(tried) > 1 else 0.0
            if validity > highest + TOLERANCE:
                best, highest = labels, validity
        found[begin:end, 0] = best
        _find_medoids(distances, best, found[begin:end, 1])


@kernel
def silhouette_of_days(distances: np.ndarray, labels: np.ndarray) -> float:
    """Return the mean silhouette of labelled days, distances (p, p); 0 for one day or one cluster."""
    sizes, sums, total = np.bincount(labels), np.empty(len(labels)), 0.0
    for day in range(len(labels)):
        sums[:] = 0.0
        for other in range(len(labels)):
            sums[labels[other]] += distances[day, other]
        own, between = labels[day], np.inf
        for cluster in range(len(sizes)):
            if cluster != own and sizes[cluster] > 0:
                between = min(between, sums[cluster] / sizes[cluster])
        within = sums[own] / max(sizes[own] - 1, 1)
        if sizes[own] > 1 and np.isfinite(between) and max(within, between) > 0.0:
            total += (between - within) / max(within, between)
    return total / len(labels)


@kernel
def _find_medoids(distances: np.ndarray, label: np.ndarray, medoid: np.ndarray) -> None:
    """Write for every cluster the day with the least sum of distances to its fellows, the first on ties."""
    least = np.full(len(label), np.inf)
    for day in range(len(label)):
        total = 0.0
        for fellow in range(len(label)):
            if label[fellow] == label[day]:
                total += distances[day, fellow]
        if total < least[label[day]] * (1.0 - TOLERANCE):
            least[label[day]], medoid[label[day]] = total, day
