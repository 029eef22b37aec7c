"""Likeness and synchrony of two consumers' days (paper section 5.4).

The days of two consumers are clustered together. The Jensen-Shannon divergence of how many days each has in
each cluster says whether they behave alike at all; Cohen's kappa of the clusters, day by day, says whether
they do so in step.
"""

from __future__ import annotations

import numpy as np

from crocs_cli.maths.clustering.cuts import cut_days
from crocs_cli.maths.compiled import kernel, parallel_for
from crocs_cli.maths.distances import condensed
from crocs_cli.maths.distances.dtw import checked, squares_between
from crocs_cli.maths.distances.lanes import band
from crocs_cli.maths.ward.linkage import ward_of_days


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
    offsets = band(window, profiles.shape[1])

    def compare(first: int) -> None:
        start = condensed.row_start(first, number)
        _compare_with_later((profiles, dates, offset), first, clusters, offsets, result[:, start:])

    parallel_for(compare, range(number - 1), threads)
    return result[0], result[1]


def joint_labels(first: np.ndarray, second: np.ndarray, clusters: int, window: int) -> np.ndarray:
    """Cluster the days of two consumers together, as `pair_synchrony` does.

    first, second: (days, slots) each. Returns labels (days of first + days of second,) int64, from 0.
    """
    days = checked(np.concatenate([first, second]), np.float64)
    return _cluster(days, clusters, band(window, days.shape[1]))


@kernel
def _compare_with_later(
    consumers: tuple, first: int, clusters: int, band: tuple[int, ...], result: np.ndarray
) -> None:
    """Write the divergence and the agreement of one consumer with all after it into result (2, pairs)."""
    profiles, dates, offset = consumers
    begin, middle = offset[first], offset[first + 1]
    for second in range(first + 1, len(offset) - 1):
        start, end = offset[second], offset[second + 1]
        labels = _cluster(np.concatenate((profiles[begin:middle], profiles[start:end])), clusters, band)
        here, there = labels[: middle - begin], labels[middle - begin :]
        place = second - first - 1
        result[0, place] = divergence(_counts(here, clusters), _counts(there, clusters))
        both = same_days(dates[begin:middle], dates[start:end])
        result[1, place] = agreement(here[both[0]], there[both[1]], clusters)


@kernel
def _cluster(days: np.ndarray, clusters: int, band: tuple[int, ...]) -> np.ndarray:
    merges = ward_of_days(squares_between(days, days, True, band))
    return cut_days(merges, min(clusters, len(days)))


@kernel
def _counts(labels: np.ndarray, clusters: int) -> np.ndarray:
    number = np.zeros(clusters)
    for label in labels:
        number[label] += 1.0
    return number


@kernel
def divergence(first: np.ndarray, second: np.ndarray) -> float:
    """Return the Jensen-Shannon divergence in bits of two lists of counts (clusters,); not its root."""
    total, firsts, seconds = 0.0, first.sum(), second.sum()
    for cluster in range(len(first)):
        p, q = first[cluster] / firsts, second[cluster] / seconds
        middle = (p + q) / 2
        if p > 0.0:
            total += p * np.log2(p / middle) / 2
        if q > 0.0:
            total += q * np.log2(q / middle) / 2
    return total


@kernel
def agreement(first: np.ndarray, second: np.ndarray, clusters: int) -> float:
    """Return (kappa + 1) / 2 of two label sequences (days,); 1 where both are one and the same constant."""
    days = len(first)
    if days == 0:
        return np.nan
    same, chance = 0.0, 0.0
    for day in range(days):
        same += first[day] == second[day]
    here, there = _counts(first, clusters), _counts(second, clusters)
    for cluster in range(clusters):
        chance += here[cluster] * there[cluster] / (days * days)
    if chance == 1.0:
        return 1.0
    return ((same / days - chance) / (1.0 - chance) + 1.0) / 2.0


@kernel
def same_days(first: np.ndarray, second: np.ndarray) -> np.ndarray:
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
