"""Stage 1: each consumer's days become a few prototypes with their days (paper, section 3.1)."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np

from crocs_cli.maths.compiled import kernel
from crocs_cli.maths.cuts import cut_days
from crocs_cli.maths.dtw import checked, within
from crocs_cli.maths.lanes import band, lanes
from crocs_cli.maths.medoids import kmedoids_of_days
from crocs_cli.maths.ward import ward_of_days

#: starts and iterations of k-medoids and k-means (paper, section 5.2)
STARTS, ITERATIONS = 30, 200
#: consumers that a thread takes at a time
TOGETHER = 8


class Representation(NamedTuple):
    """Hold the RLSs of n consumers with P prototypes in all, each consumer's by falling days."""

    prototypes: np.ndarray  # (P, slots) float32
    days: np.ndarray  # (P,) int32
    offset: np.ndarray  # (n + 1,) int64
    day_label: np.ndarray  # (days,) int32, the day's prototype among its consumer's
    medoid_row: np.ndarray  # (P,) int64, its row in the profiles; -1 for a mean


def represent(  # noqa: PLR0913 - the settings of stage 1, all by name
    profiles: np.ndarray,
    day_offset: np.ndarray,
    *,
    algorithm: str,
    prototypes: int | tuple[int, int],
    window: int,
    prototype: str = "medoid",
    seed: Sequence[int] = (0, 0),
    threads: int = 1,
) -> Representation:
    """Cluster the days of every consumer and keep one prototype a cluster.

    profiles (days, slots), consumer i owns rows day_offset[i]:day_offset[i + 1]. `algorithm`: "ward" or
    "kmedoids" on DTW with `window`, or "kmeans" on Euclidean distance. `prototypes`: how many, or the range
    in which the silhouette chooses; a consumer with fewer days keeps each. `prototype`: "medoid" (least
    sum of DTW to its fellows, lowest day on ties) or "mean". Consumer i draws from [*seed, i], so the
    result is the same bytes for any number of threads. Raises CrocsError for readings that are not finite.
    """
    low, high = (prototypes, prototypes) if isinstance(prototypes, int) else prototypes
    profiles, day_offset = checked(profiles, np.float64), np.asarray(day_offset, np.int64)
    if not np.all(np.diff(day_offset) > 0):
        raise ValueError("represent: a consumer without days has no load set; leave it out")
    shape = band(window, profiles.shape[1]), lanes(profiles.dtype)
    label, medoid = np.empty(len(profiles), np.int32), np.full(len(profiles), -1)

    def cluster(begin: int) -> None:
        offset = day_offset[begin : begin + TOGETHER + 1]
        days = slice(offset[0], offset[-1])
        randoms = [np.random.default_rng([*seed, begin + each]) for each in range(len(offset) - 1)]
        tried = np.arange(low, high + 1)
        if algorithm == "kmeans":
            given, draws = _kmeans(profiles, offset, tried, randoms), np.empty((len(randoms), 0, high))
        else:
            starts = STARTS if algorithm == "kmedoids" else 0
            given = np.empty((0, 0), np.int64)
            draws = np.stack([random.random((starts, high)) for random in randoms])
        _cluster(
            profiles[days], offset - offset[0], tried, (given, draws), shape, (label[days], medoid[days])
        )

    with ThreadPoolExecutor(threads) as pool:
        for _ in pool.map(cluster, range(0, len(day_offset) - 1, TOGETHER)):
            pass
    return _gather(profiles, day_offset, label, medoid, prototype)


def _kmeans(
    profiles: np.ndarray, offset: np.ndarray, tried: np.ndarray, randoms: Sequence[np.random.Generator]
) -> np.ndarray:
    """Label the days of some consumers by k-means for every number of clusters tried, (tried, days)."""
    from sklearn.cluster import KMeans
    from threadpoolctl import threadpool_limits

    labels = np.zeros((len(tried), offset[-1] - offset[0]), np.int64)
    with threadpool_limits(1):  # sums in an order that does not depend on the number of threads
        for begin, end, random in zip(offset[:-1], offset[1:], randoms, strict=True):
            state = int(random.integers(2**32))
            for row, clusters in zip(labels, np.minimum(tried, end - begin), strict=True):
                model = KMeans(clusters, n_init=STARTS, max_iter=ITERATIONS, random_state=state)
                row[begin - offset[0] : end - offset[0]] = model.fit(profiles[begin:end]).labels_
    return labels


def _gather(
    profiles: np.ndarray, day_offset: np.ndarray, label: np.ndarray, medoid: np.ndarray, prototype: str
) -> Representation:
    """Turn labels (days,) and medoids (days,; -1 beyond a consumer's clusters) into prototypes."""
    medoid_row = np.flatnonzero(medoid >= 0)
    consumer = np.searchsorted(day_offset, medoid_row, side="right") - 1
    medoid_row = medoid[medoid_row] + day_offset[consumer]
    offset = np.searchsorted(consumer, np.arange(len(day_offset)))
    owner = offset[:-1].repeat(np.diff(day_offset)) + label
    days = np.bincount(owner, minlength=len(medoid_row)).astype(np.int32)
    if prototype == "medoid":
        shapes = profiles[medoid_row]
    else:
        shapes = np.zeros((len(medoid_row), profiles.shape[1]))
        np.add.at(shapes, owner, profiles)
        shapes, medoid_row = shapes / days[:, None], np.full(len(medoid_row), -1)
    return Representation(shapes.astype(np.float32), days, offset.astype(np.int64), label, medoid_row)


@kernel
def _cluster(profiles, day_offset, tried, chance, shape, found):  # type: ignore[no-untyped-def]
    """Cluster the days of some consumers; write labels and medoids."""
    given, draws = chance
    band, lanes = shape
    label, medoid = found
    for consumer in range(len(day_offset) - 1):
        begin, end = day_offset[consumer], day_offset[consumer + 1]
        squares = within(profiles[begin:end], band, lanes)
        distances = np.sqrt(squares)
        pairs = (
            ward_of_days(squares) if len(given) == 0 and draws.shape[1] == 0 else np.empty((0, 2), np.int64)
        )
        highest, best = -np.inf, np.zeros(end - begin, np.int64)
        for each in range(len(tried)):
            clusters = min(tried[each], end - begin)
            if clusters == end - begin:
                if each > 0:  # the silhouette needs fewer clusters than days
                    break
                best = np.arange(clusters)
                break
            if len(given):
                labels = given[each, begin:end]
            elif draws.shape[1]:
                labels = kmedoids_of_days(distances, clusters, draws[consumer], ITERATIONS)
            else:
                labels = cut_days(pairs, clusters)
            score = silhouette_of_days(distances, labels) if len(tried) > 1 else 0.0
            if score > highest:
                highest, best = score, labels
        _order(distances, best, label[begin:end], medoid[begin:end])


@kernel
def silhouette_of_days(distances, labels):  # type: ignore[no-untyped-def]
    """Give the mean silhouette of labelled days, distances (p, p); 0 for a day alone, or for one cluster."""
    sizes = np.bincount(labels)
    total = 0.0
    for day in range(len(labels)):
        sums = np.zeros(len(sizes))
        for other in range(len(labels)):
            sums[labels[other]] += distances[day, other]
        own = labels[day]
        between = np.inf
        for cluster in range(len(sizes)):
            if cluster != own:
                between = min(between, sums[cluster] / sizes[cluster])
        within = sums[own] / max(sizes[own] - 1, 1)
        if sizes[own] > 1 and len(sizes) > 1 and max(within, between) > 0.0:
            total += (between - within) / max(within, between)
    return total / len(labels)


@kernel
def _order(distances, labels, label, medoid):  # type: ignore[no-untyped-def]
    """Number clusters by falling days, ties by the medoid; write labels (p,) and medoids (clusters,)."""
    sizes = np.bincount(labels)
    members = np.argsort(labels, kind="mergesort")
    medoids, last = np.empty(len(sizes), np.int64), 0
    for cluster in range(len(sizes)):
        first, last = last, last + sizes[cluster]
        least = np.inf
        for day in members[first:last]:
            total = 0.0
            for fellow in members[first:last]:
                total += distances[day, fellow]
            if total < least:
                least, medoids[cluster] = total, day
    order = np.argsort(medoids - sizes * len(labels))
    rank = np.argsort(order)
    medoid[: len(order)] = medoids[order]
    for day in range(len(labels)):
        label[day] = rank[labels[day]]
