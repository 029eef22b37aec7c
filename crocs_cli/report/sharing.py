"""Results that may be passed on: no ids, no real household's day, no small group, and what went out before.

What was passed on of a run is noted in RUN/passed-on, one file for each grouping of its consumers, so that a
later result and an earlier one do not give together what neither gives.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from crocs_cli.errors import CrocsError
from crocs_cli.machine import files
from crocs_cli.machine.files import Arrays
from crocs_cli.machine.plain import json_bytes, read_json
from crocs_cli.maths.segments.disclosure import safe_behaviours, safe_coverage, safe_groups, weaker
from crocs_cli.maths.segments.rules import Rule
from crocs_cli.rundir.run import Run

Groups = list[tuple[int, ...]]


def groups_to_show(run: Run, label: np.ndarray, used_kwh: np.ndarray, rule: Rule) -> Groups:
    """Return the segments that may be shown, as `safe_groups` does; raise CrocsError when none may.

    What was passed on of the run before counts, but for groupings of a partition that is no more.
    """
    groups = safe_groups(label, used_kwh, rule, _passed_on(run))
    if groups is None:
        allowed = weaker(rule, [used_kwh])
        cure = f"; the rule {allowed.name} would show them all together" if allowed else ""
        raise CrocsError(
            f"{run}: its {len(label)} consumers are not {rule.words()}, and nothing of it may "
            f"be passed on{cure}"
        )
    return groups


def would_show(label: np.ndarray, used_kwh: np.ndarray, rule: Rule) -> str:
    """Return the name of the strictest rule that would show every segment by itself."""
    allowed = weaker(rule, [used_kwh[label == number] for number in range(int(label.max()) + 1)])
    return allowed.name if allowed else "none"


def behaviours_to_show(rrls: Arrays, rule: Rule) -> tuple[np.ndarray, np.ndarray]:
    """Return which behaviours of a segment may be shown, as indices, and the consumer coverage of each.

    rrls: the arrays of its file. Where too few consumers lack a behaviour, all count as having it.
    """
    own_days = np.bincount(rrls["vertex_member"], rrls["vertex_days"], len(rrls["consumer_id"]))
    days = rrls["member_coverage"] * own_days[:, None]
    shown = safe_behaviours(days, own_days, rule)
    return shown, safe_coverage(days[:, shown], rule)


def note(run: Run, clusters: int, rule: Rule, groups: Sequence[Sequence[int]]) -> None:
    """Write down which segments, from 1, were passed on and together with which."""
    passed = {
        "clusters": clusters,
        "partition": files.digest(run.partition_recipe(clusters)),
        "rule": rule.name,
        "groups": groups,
    }
    files.write_bytes(run / "passed-on" / f"{clusters}-{files.digest(passed)[:8]}.json", json_bytes(passed))


def safe(table: pa.Table, run: Run, clusters: int, rule: Rule) -> pa.Table:
    """Leave out of a shared table the medoids, the small segments, and the behaviours that few have.

    A segment is small as in a report by the same rule; what would give such a one away as the rest is left
    out too. Raises CrocsError when all are.
    """
    parts = list(run.load_sets().each(("day_offset", "mean_daily_kwh")))
    used = np.concatenate([np.diff(part["day_offset"]) * part["mean_daily_kwh"] for part in parts])
    label = run.labels(clusters)[1]
    groups = groups_to_show(run, label, used.astype(np.float64), rule)
    shown = [group[0] + 1 for group in groups if len(group) == 1]
    if not shown:
        raise CrocsError(
            f"{run}: the rule {rule.name} lets no segment of {clusters} be shown by itself; the rule "
            f"{would_show(label, used, rule)} would, but for what was passed on before"
        )
    note(run, clusters, rule, [[number + 1 for number in group] for group in groups])
    keep = np.isin(table["cluster"].to_numpy(), shown)
    if "kind" in table.column_names:
        keep &= np.array(table["kind"].to_pylist()) == "mean"
    if "behaviour" in table.column_names:
        may = {number: behaviours_to_show(run.behaviours(clusters, number), rule) for number in shown}
        coverage = {
            (number, b + 1): share
            for number, (those, shares) in may.items()
            for b, share in zip(those.tolist(), shares.tolist(), strict=True)
        }
        rows = list(zip(table["cluster"].to_pylist(), table["behaviour"].to_pylist(), strict=True))
        keep &= np.array([row in coverage for row in rows], dtype=bool)
        if "consumer_coverage" in table.column_names:
            at = table.column_names.index("consumer_coverage")
            shares = pa.array([coverage.get(row, np.nan) for row in rows])
            table = table.set_column(at, "consumer_coverage", shares)
    return table.filter(pa.array(keep))


def _passed_on(run: Run) -> list[np.ndarray]:
    """Return the groupings (n,) of the run's consumers that were passed on, of partitions that are there."""
    there, known = run.partitions_there(), []
    for path in sorted((run / "passed-on").glob("*.json")):
        passed = read_json(path)
        clusters = passed["clusters"]
        if clusters in there and files.digest(run.partition_recipe(clusters)) == passed["partition"]:
            group = np.empty(clusters, dtype=np.int64)
            for place, numbers in enumerate(passed["groups"]):
                group[np.array(numbers) - 1] = place
            known.append(group[run.labels(clusters)[1]])
    return known
