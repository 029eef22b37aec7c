"""The two-stage methods and CROCS itself, for one number of clusters of the first stage."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from crocs_cli.maths.clustering.partition import Clustering, cluster
from crocs_cli.maths.distances import condensed
from crocs_cli.maths.distances.dtw import dtw_between
from crocs_cli.paper.crocs import compare, load_sets, partition
from crocs_cli.paper.days import Days
from crocs_cli.paper.methods.clustering import by_points, by_profiles
from crocs_cli.paper.methods.daily_ensemble import co_occurrence, consensus
from crocs_cli.paper.methods.dominant_profile import dominant_profiles
from crocs_cli.paper.methods.pattern_frequencies import pattern_frequencies

NAMES = ("CROCS", "GPF", "DCP", "ensemble")
#: days compared at a time while all are pooled
BLOCK = 1024


def with_load_sets(
    days: Days, prototypes: int, clusters: int, seed: int, threads: int
) -> Iterator[tuple[str, np.ndarray]]:
    """Yield (method and algorithm in words, labels (n,)) of CROCS and of DCP, which share their load sets."""
    for algorithm in ("ward", "kmedoids"):
        sets = load_sets(days, prototypes, algorithm, seed, threads)
        compared = compare(sets, days.window, threads)
        yield f"CROCS {algorithm}", partition(compared, clusters, algorithm, seed)
        dominant = by_profiles(dominant_profiles(sets), days.window, clusters, seed)
        yield f"DCP {algorithm}", dominant[algorithm]


def with_patterns(
    days: Days, tried: Sequence[int], clusters: int, seed: int, threads: int
) -> Iterator[tuple[int, str, np.ndarray]]:
    """Pool all days (DTW-2, Ward) and yield (patterns, GPF and algorithm in words, labels (n,)).

    Pooled k-medoids is left out: with 27,000 days it takes minutes for every number of patterns.
    """
    how = Clustering("ward", tuple(tried), seed, 1, threads)
    pooled = cluster(_pooled_distances(days), len(days.profiles), how)
    for patterns, shown in zip(tried, pooled, strict=True):
        frequencies = pattern_frequencies(shown.reshape(len(days), -1), patterns)
        for algorithm, found in by_points(frequencies, clusters, seed).items():
            yield patterns, f"GPF {algorithm}", found


def ensemble(days: Days, groups: int, clusters: int, seed: int) -> np.ndarray:
    """Return the labels (n,) of the daily ensemble."""
    return consensus(co_occurrence(days.cube, groups, seed), clusters, seed)


def _pooled_distances(days: Days) -> np.ndarray:
    """Return the DTW of all days, condensed, float32."""
    number = len(days.profiles)
    distances = np.empty(condensed.length(number), dtype=np.float32)
    for first in range(0, number, BLOCK):
        tile = dtw_between(
            days.profiles[first : first + BLOCK], days.profiles[first:], days.window, np.float32
        )
        condensed.put_tile(distances, number, first, first, tile)
    return distances
