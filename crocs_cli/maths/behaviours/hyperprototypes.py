"""Hyperprototypes: what stands for each community, and how much of the cluster it covers (paper, 3.3)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from crocs_cli.maths.behaviours.communities import counted
from crocs_cli.maths.compiled import parallel_for
from crocs_cli.maths.decisions import at_least, first_least, order
from crocs_cli.maths.distances.dtw import dtw_between
from crocs_cli.maths.distances.loadsets import LoadSets

#: communities up to this many vertices have their medoid found among all pairs
EXACT_VERTICES = 4096
#: in larger ones the candidates are first compared with this many vertices, and the best of them with all
SAMPLE, SHORTLIST = 2048, 64
#: share of a cluster's days from which a hyperprototype is called major
MAJOR_DAY_COVERAGE = 0.05


def major(day_coverage: np.ndarray) -> int:
    """Return how many behaviours are major, (C,) shares of days in falling order: they come first."""
    return int(at_least(day_coverage, MAJOR_DAY_COVERAGE).sum())


@dataclass(frozen=True)
class Hyperprototypes:
    """The refined representative load set of a cluster, the hyperprototype that covers the most days first.

    community: (P,) int32, the hyperprototype of each vertex, -1 where its community covers too little;
    medoid, mean: (C, slots) float32; consumer_coverage: (C,) float64, the share of members with a vertex in
    the community; day_coverage: (C,) float64, its share of all days of all members; member_coverage:
    (members, C) float32, its share of each member's own days.
    """

    community: np.ndarray
    medoid: np.ndarray
    mean: np.ndarray
    consumer_coverage: np.ndarray
    day_coverage: np.ndarray
    member_coverage: np.ndarray


def hyperprototypes(
    members: LoadSets, communities: np.ndarray, min_coverage: float, window: int, seed: int, threads: int = 1
) -> Hyperprototypes:
    """Summarise communities (P,), numbered by falling days, that hold at least `min_coverage` of all days."""
    held = np.bincount(communities, members.days)
    number = counted(held, min_coverage)
    community = np.where(communities < number, communities, -1).astype(np.int32)
    groups = [np.flatnonzero(community == c) for c in range(number)]
    profiles, days = members.prototypes, members.days
    medoid = np.empty(number, np.int64)

    def find_medoid(community: int) -> None:
        group = groups[community]
        medoid[community] = group[medoid_of(profiles[group], days[group], window, seed)]

    parallel_for(find_medoid, range(number), threads)
    means = [np.average(profiles[group], axis=0, weights=days[group]) for group in groups]
    shape = (number, profiles.shape[1])
    in_days = days_in(members, community, number)
    own_days = members.sum_per_consumer(members.days.astype(np.float64))
    return Hyperprototypes(
        community,
        profiles[medoid].astype(np.float32).reshape(shape),
        np.array(means, dtype=np.float32).reshape(shape),
        (in_days > 0).mean(axis=0),
        in_days.sum(axis=0) / own_days.sum(),
        (in_days / own_days[:, None]).astype(np.float32),
    )


def days_in(members: LoadSets, community: np.ndarray, number: int) -> np.ndarray:
    """Return how many days of each member are in each of `number` communities: (members, number)."""
    member = np.repeat(np.arange(len(members)), members.sizes())
    inside = community >= 0
    place = member[inside] * number + community[inside]
    return np.bincount(place, members.days[inside], len(members) * number).reshape(len(members), number)


def medoid_of(profiles: np.ndarray, days: np.ndarray, window: int, seed: int) -> int:
    """Return which profile has the least sum of DTW distances to all, weighted by days.

    Sums are compared as `maths.decisions` has it: among equals the first one counts, also on the short list.
    profiles: (n, slots). With more than EXACT_VERTICES profiles, a sample drawn by days makes a short list,
    and the distances to all profiles decide in it: what is chosen may then miss the medoid by a little.
    """
    candidates = np.arange(len(profiles))
    if len(profiles) > EXACT_VERTICES:
        random = np.random.default_rng(seed)
        sample = profiles[random.choice(len(profiles), SAMPLE, p=days / days.sum(dtype=np.int64))]
        near = _sums(profiles, sample, np.ones(SAMPLE), window)
        candidates = np.sort(order(near)[:SHORTLIST])
    return int(candidates[first_least(_sums(profiles[candidates], profiles, days, window))])


def _sums(profiles: np.ndarray, others: np.ndarray, days: np.ndarray, window: int) -> np.ndarray:
    """Return each profile's distances to the others, added up with their days: (n,) float64."""
    rows = max(1, (1 << 22) // len(others))
    weight = days.astype(np.float64)
    return np.concatenate(
        [
            dtw_between(profiles[first : first + rows], others, window, np.float32) @ weight
            for first in range(0, len(profiles), rows)
        ]
    )
