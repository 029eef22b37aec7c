"""How alike two consumers' days are, and whether they are alike on the same days (paper section 5.4).

The days of two consumers are clustered together. The Jensen-Shannon divergence of how many days each has in
each cluster says whether they behave alike at all; Cohen's kappa of the clusters, day by day, says whether
they do so in step.
"""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from crocs_cli.maths import condensed
from crocs_cli.maths.compiled import kernel
from crocs_cli.maths.cuts import cut_days
from crocs_cli.maths.dtw import checked, within
from crocs_cli.maths.lanes import band, lanes
from crocs_cli.maths.ward import ward_of_days


def pair_synchrony(
    profiles: np.ndarray, dates: np.ndarray, offset: np.ndarray, clusters: int, window: int, threads: int = 1
) -> tuple[np.ndarray, np.ndarray]:
    """Compare the days of every two of n consumers, clustered together pair by pair (DTW, Ward).

    profiles: (days, slots), normalised; dates: (days,) int, rising within a consumer; offset: (n + 1,) int,
    consumer i owns rows offset[i]:offset[i + 1]; window: half-width of the DTW band in slots.
    Returns (divergence, agreement), both (n (n - 1) / 2,) float64 in condensed order: the Jensen-Shannon
    divergence in bits, 0 (same behaviours) to 1 (none shared), and (kappa + 1) / 2 on the days that both
    have, about 0.5 by chance alone; NaN where they have none in common.
    """
    profiles, dates, offset = checked(profiles, np.float64), np.asarray(dates), np.asarray(offset)
    number = len(offset) - 1
    result = np.empty((2, condensed.length(number)))
    shape = band(window, profiles.shape[1]), lanes(profiles.dtype)

    def compare(first: int) -> None:
        start = condensed.row_start(first, number)
        _compare_with_later(profiles, dates, offset, clusters, shape, first, result[:, start:])

    _share(compare, range(number - 1), threads)
    return result[0], result[1]


def joint_labels(first: np.ndarray, second: np.ndarray, clusters: int, window: int) -> np.ndarray:
    """Cluster the days of two consumers together, as `pair_synchrony` does.

    first, second: (days, slots) each. Returns labels (days of first + days of second,) int64, from 0.
    """
    days = checked(np.concatenate([first, second]), np.float64)
    return _cluster(days, clusters, (band(window, days.shape[1]), lanes(days.dtype)))


def _share(work, parts: Iterable[int], threads: int) -> None:  # type: ignore[no-untyped-def]
    with ThreadPoolExecutor(threads) as pool:
        for _ in pool.map(work, parts):
            pass


@kernel
def _compare_with_later(profiles, dates, offset, clusters, shape, first, result):  # type: ignore[no-untyped-def]
    begin, middle = offset[first], offset[first + 1]
    own = middle - begin
    for place, second in enumerate(range(first + 1, len(offset) - 1)):
        start, end = offset[second], offset[second + 1]
        days = np.concatenate((profiles[begin:middle], profiles[start:end]))
        labels = _cluster(days, clusters, shape)
        here, there = labels[:own], labels[own:]
        result[0, place] = divergence(counts(here, clusters), counts(there, clusters))
        both = same_days(dates[begin:middle], dates[start:end])
        result[1, place] = agreement(here[both[0]], there[both[1]], clusters)


@kernel
def _cluster(days, clusters, shape):  # type: ignore[no-untyped-def]
    band, lanes = shape
    return cut_days(ward_of_days(within(days, band, lanes)), min(clusters, len(days)))


@kernel
def counts(labels, clusters):  # type: ignore[no-untyped-def]
    """Count the days of each cluster: labels (days,) to (clusters,) float64."""
    number = np.zeros(clusters)
    for label in labels:
        number[label] += 1.0
    return number


@kernel
def divergence(first, second):  # type: ignore[no-untyped-def]
    """Return the Jensen-Shannon divergence in bits of two lists of counts (clusters,); not its root."""
    total = 0.0
    firsts, seconds = first.sum(), second.sum()
    for cluster in range(len(first)):
        p, q = first[cluster] / firsts, second[cluster] / seconds
        middle = (p + q) / 2
        if p > 0.0:
            total += p * np.log2(p / middle) / 2
        if q > 0.0:
            total += q * np.log2(q / middle) / 2
    return total


@kernel
def agreement(first, second, clusters):  # type: ignore[no-untyped-def]
    """Return (kappa + 1) / 2 of two label sequences (days,); 1 where both are one and the same constant."""
    days = len(first)
    if days == 0:
        return np.nan
    same = 0.0
    for day in range(days):
        same += first[day] == second[day]
    chance = (counts(first, clusters) * counts(second, clusters)).sum() / (days * days)
    if chance == 1.0:
        return 1.0
    return ((same / days - chance) / (1.0 - chance) + 1.0) / 2.0


@kernel
def same_days(first, second):  # type: ignore[no-untyped-def]
    """Find where two rising lists of dates agree: (2, common) int64, the place in each."""
    places = np.empty((2, min(len(first), len(second))), np.int64)
    here = there = common = 0
    while here < len(first) and there < len(second):
        if first[here] == second[there]:
            places[0, common], places[1, common] = here, there
            common += 1
        step = first[here] - second[there]
        here += step <= 0
        there += step >= 0
    return places[:, :common]
