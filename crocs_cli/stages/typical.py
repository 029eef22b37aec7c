"""Rank the members of each segment by how close they are to what the segment shares."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from crocs_cli.errors import CrocsError
from crocs_cli.machine.threads import available_threads
from crocs_cli.maths.segments.typical import ranking
from crocs_cli.report import naming
from crocs_cli.rundir.result_settings import TypicalSettings
from crocs_cli.rundir.run import Run


def run(run: Run, settings: TypicalSettings) -> pa.Table:
    """Return the wanted members of all segments of a partition, those nearest to their behaviours first.

    Columns: cluster and rank (int32; the rank counts all members), consumer_id, distance (WSMD to the
    hyperprototypes), major_coverage (share of the consumer's days in major behaviours), mean_daily_kwh,
    segment_name.
    """
    clusters = run.chosen(settings.clusters)
    if settings.cluster is not None and settings.cluster > clusters:
        raise CrocsError(f"{run}: there are {clusters} segments and no segment {settings.cluster}; name one")
    numbers = range(1, clusters + 1) if settings.cluster is None else [settings.cluster]
    found = pa.concat_tables([_ranked(run, clusters, number, settings) for number in numbers])
    found = naming.named(found, naming.segment_names(run, clusters))
    return found.rename_columns([run.meaning().column(name) for name in found.column_names])


def _ranked(run: Run, clusters: int, number: int, wanted: TypicalSettings) -> pa.Table:
    behaviours, members = run.explained_members(clusters, number)
    window = run.comparison(clusters).window
    ranked = ranking(members.consumer_id, members.sets, behaviours, window, available_threads())
    daily_kwh = members.mean_daily_kwh[ranked.member]
    kept = _kept(wanted, ranked.major_coverage, daily_kwh)
    return pa.table(
        {
            "cluster": pa.array(np.full(len(kept), number, dtype=np.int32)),
            "rank": pa.array((kept + 1).astype(np.int32)),
            "consumer_id": pa.array(members.consumer_id[ranked.member[kept]], pa.string()),
            "distance": pa.array(ranked.distance[kept]),
            "major_coverage": pa.array(ranked.major_coverage[kept]),
            "mean_daily_kwh": pa.array(daily_kwh[kept]),
        }
    )


def _kept(wanted: TypicalSettings, coverage: np.ndarray, daily_kwh: np.ndarray) -> np.ndarray:
    """Return which of the ranked members are wanted, as indices."""
    enough = np.ones(len(coverage), dtype=bool)
    if wanted.min_daily_kwh is not None:
        enough &= daily_kwh >= wanted.min_daily_kwh
    if wanted.min_coverage is not None:
        enough &= coverage >= wanted.min_coverage
    return np.flatnonzero(enough)[: wanted.first]
