"""The members of each cluster, ranked by how close they are to what the cluster shares."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa

from crocs_cli.errors import CrocsError
from crocs_cli.machine.files import Arrays
from crocs_cli.machine.layouts import RRLS
from crocs_cli.machine.run import chosen_clusters, read_behaviours, rrls_path
from crocs_cli.machine.threads import available_threads
from crocs_cli.maths.behaviours.hyperprototypes import MAJOR_DAY_COVERAGE
from crocs_cli.maths.segments.typical import distances_to_rrls
from crocs_cli.stages.members import Comparison, comparison_of, load_members
from crocs_cli.stages.result_settings import TypicalSettings


def run(run: Path, settings: TypicalSettings) -> pa.Table:
    """Return the wanted members of all clusters of a partition, those nearest to their RRLS first.

    Columns: cluster and rank (int32; the rank counts all members), consumer_id, distance (WSMD to the RRLS),
    major_coverage (share of the consumer's days in major behaviours), mean_daily_kwh.
    """
    comparison = comparison_of(run)
    clusters = settings.clusters or chosen_clusters(run)
    if settings.cluster is not None and settings.cluster > clusters:
        raise CrocsError(f"{run}: there are {clusters} clusters and no cluster {settings.cluster}; name one")
    numbers = range(1, clusters + 1) if settings.cluster is None else [settings.cluster]
    return pa.concat_tables([_ranked(run, clusters, number, comparison, settings) for number in numbers])


def _ranked(
    run: Path, clusters: int, number: int, comparison: Comparison, wanted: TypicalSettings
) -> pa.Table:
    path = rrls_path(run, clusters, number)
    rrls = read_behaviours(run, clusters, number)
    members = load_members(run, rrls["consumer_id"], comparison)
    if not np.array_equal(members.consumer_id, rrls["consumer_id"]):
        raise CrocsError(f"{path}: its consumers are not those of the run; {RRLS.cure}")
    distance = distances_to_rrls(
        members.sets,
        rrls["hyperprototype_medoid"],
        covered_days(rrls),
        comparison.window(members.sets),
        available_threads(),
    )
    major = rrls["day_coverage"] >= MAJOR_DAY_COVERAGE
    coverage = rrls["member_coverage"][:, major].sum(axis=1, dtype=np.float64).round(6)
    order = np.lexsort((members.consumer_id, distance))
    rank = np.arange(1, len(order) + 1, dtype=np.int32)
    kept = _kept(wanted, coverage[order], members.mean_daily_kwh[order])
    order, rank = order[kept], rank[kept]
    return pa.table(
        {
            "cluster": pa.array(np.full(len(order), number, dtype=np.int32)),
            "rank": pa.array(rank),
            "consumer_id": pa.array(members.consumer_id[order], pa.string()),
            "distance": pa.array(distance[order]),
            "major_coverage": pa.array(coverage[order]),
            "mean_daily_kwh": pa.array(members.mean_daily_kwh[order]),
        }
    )


def covered_days(rrls: Arrays) -> np.ndarray:
    """Return how many days each hyperprototype covers: (C,) int64."""
    counted = rrls["vertex_community"] >= 0
    held = np.bincount(
        rrls["vertex_community"][counted], rrls["vertex_days"][counted], len(rrls["day_coverage"])
    )
    return held.astype(np.int64)


def _kept(wanted: TypicalSettings, coverage: np.ndarray, daily_kwh: np.ndarray) -> np.ndarray:
    """Return which of the ranked members are wanted, as indices."""
    enough = np.ones(len(coverage), dtype=bool)
    if wanted.min_daily_kwh is not None:
        enough &= daily_kwh >= wanted.min_daily_kwh
    if wanted.min_coverage is not None:
        enough &= coverage >= wanted.min_coverage
    return np.flatnonzero(enough)[: wanted.first]
