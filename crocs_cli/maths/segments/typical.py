"""Rank the members of a segment by how typical they are of its behaviours (paper section 6)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from crocs_cli.maths.behaviours.hyperprototypes import major
from crocs_cli.maths.decisions import rank
from crocs_cli.maths.distances.loadsets import LoadSets
from crocs_cli.maths.distances.wsmd import set_distances


class Ranking(NamedTuple):
    """The members of a segment by falling typicality.

    member: (n,) their numbers among the members; distance: (n,) float32, WSMD to the segment's
    hyperprototypes; major_coverage: (n,) float64, share of the member's days in major behaviours.
    """

    member: np.ndarray
    distance: np.ndarray
    major_coverage: np.ndarray


def ranking(
    consumer_id: np.ndarray,
    members: LoadSets,
    behaviours: Mapping[str, np.ndarray],
    window: int,
    threads: int,
) -> Ranking:
    """Rank members by their WSMD to the hyperprototypes (medoids), the nearest first; by id on ties.

    consumer_id: (n,); members: their load sets, in the same order; behaviours: the arrays of the segment's
    RRLS file. Each hyperprototype weighs as many days as it covers.
    """
    distance = distances_to_rrls(
        members, behaviours["hyperprototype_medoid"], covered_days(behaviours), window, threads
    )
    coverage = major_coverage(behaviours)
    order = np.lexsort((consumer_id, rank(distance)))
    return Ranking(order, distance[order], coverage[order])


def major_coverage(behaviours: Mapping[str, np.ndarray]) -> np.ndarray:
    """Return the share of each member's days that are in major behaviours: (n,) float64."""
    common = major(behaviours["day_coverage"])
    coverage: np.ndarray = behaviours["member_coverage"][:, :common].sum(axis=1, dtype=np.float64).round(6)
    return coverage


def covered_days(behaviours: Mapping[str, np.ndarray]) -> np.ndarray:
    """Return how many days each hyperprototype covers: (C,) int64."""
    counted = behaviours["vertex_community"] >= 0
    held = np.bincount(
        behaviours["vertex_community"][counted],
        behaviours["vertex_days"][counted],
        len(behaviours["day_coverage"]),
    )
    return held.astype(np.int64)


def distances_to_rrls(
    members: LoadSets, hyperprototypes: np.ndarray, days: np.ndarray, window: int, threads: int
) -> np.ndarray:
    """Return the WSMD of each member to its segment's refined load set: (members,) float32.

    hyperprototypes: (C, slots); days: (C,), the segment's days that each covers, which is its weight.
    """
    refined = LoadSets(
        hyperprototypes.astype(np.float32), days, np.array([0, len(hyperprototypes)], dtype=np.int64)
    )
    return set_distances(members, refined, distance="wsmd", window=window, threads=threads)[:, 0]
