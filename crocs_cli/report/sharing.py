"""Tables that may be passed on: no ids, no real household's day, no small group."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from crocs_cli.errors import CrocsError
from crocs_cli.maths.segments.disclosure import common, safe_groups
from crocs_cli.rundir.run import Run


def groups_to_show(run: Run, label: np.ndarray, used_kwh: np.ndarray, minimum: int) -> list[tuple[int, ...]]:
    """Return the segments that may be shown, as `safe_groups` does; raise CrocsError when none may."""
    groups = safe_groups(label, used_kwh, minimum)
    if groups is None:
        raise CrocsError(
            f"{run}: fewer than {minimum} consumers, or one of them uses more than 15 % of the energy; "
            "nothing of it may be passed on"
        )
    return groups


def safe(table: pa.Table, run: Run, clusters: int, minimum: int) -> pa.Table:
    """Leave out of a shared table the medoids, the small segments, and the behaviours that few have.

    A segment is small as in a safe report: under the minimum of consumers, or with one that uses more than
    15 % of its energy, or what would give such a one away as the rest. Raises CrocsError when all are.
    """
    parts = list(run.load_sets().each(("day_offset", "mean_daily_kwh")))
    used = np.concatenate([np.diff(part["day_offset"]) * part["mean_daily_kwh"] for part in parts])
    groups = groups_to_show(run, run.labels(clusters)[1], used.astype(np.float64), minimum)
    shown = [group[0] + 1 for group in groups if len(group) == 1]
    keep = np.isin(table["cluster"].to_numpy(), shown)
    if "kind" in table.column_names:
        keep &= np.array(table["kind"].to_pylist()) == "mean"
    if "behaviour" in table.column_names:
        few = {number: _common(run, clusters, number, minimum) for number in shown}
        rows = zip(table["cluster"].to_pylist(), table["behaviour"].to_pylist(), strict=True)
        keep &= np.array([behaviour in few.get(cluster, ()) for cluster, behaviour in rows], dtype=bool)
    return table.filter(pa.array(keep))


def _common(run: Run, clusters: int, number: int, minimum: int) -> set[int]:
    """Return the behaviours, from 1 on, that at least the minimum of a segment's consumers have."""
    read = run.behaviours(clusters, number)
    return set((common(read["consumer_coverage"], len(read["consumer_id"]), minimum) + 1).tolist())
