"""Tables that may be passed on: no ids, no real household's day, no small group."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa

from crocs_cli.errors import CrocsError
from crocs_cli.machine import files
from crocs_cli.machine.layouts import RLS
from crocs_cli.machine.run import partition_labels, read_behaviours, shards
from crocs_cli.pictures.describe import safe_groups


def safe(table: pa.Table, run: Path, clusters: int, minimum: int) -> pa.Table:
    """Leave out of a shared table the medoids, the small segments, and the behaviours that few have.

    A segment is small as in a safe report: under the minimum of consumers, or with one that uses more than
    15 % of its energy, or what would give such a one away as the rest. Raises CrocsError when all are.
    """
    shown = _shown_clusters(run, clusters, minimum)
    keep = np.isin(table["cluster"].to_numpy(), shown)
    if "kind" in table.column_names:
        keep &= np.array(table["kind"].to_pylist()) == "mean"
    if "behaviour" in table.column_names:
        common = {number: _common(run, clusters, number, minimum) for number in shown}
        rows = zip(table["cluster"].to_pylist(), table["behaviour"].to_pylist(), strict=True)
        keep &= np.array([behaviour in common.get(cluster, ()) for cluster, behaviour in rows], dtype=bool)
    return table.filter(pa.array(keep))


def _shown_clusters(run: Path, clusters: int, minimum: int) -> list[int]:
    label = partition_labels(run, clusters)[1]
    parts = [files.read(run / "rls" / f"{key}.h5", RLS) for key in shards(run / "rls", RLS)]
    used = np.concatenate([np.diff(part["day_offset"]) * part["mean_daily_kwh"] for part in parts])
    groups = safe_groups(label, used.astype(np.float64), minimum)
    if groups is None:
        raise CrocsError(
            f"{run}: fewer than {minimum} consumers, or one of them uses more than 15 % of the energy; "
            "a table of it cannot be passed on"
        )
    return [group[0] + 1 for group in groups if len(group) == 1]


def _common(run: Path, clusters: int, number: int, minimum: int) -> set[int]:
    """Return the behaviours, from 1 on, that at least the minimum of a cluster's consumers have."""
    read = read_behaviours(run, clusters, number)
    consumers = np.round(read["consumer_coverage"] * len(read["consumer_id"]))
    return set((np.flatnonzero(consumers >= minimum) + 1).tolist())
