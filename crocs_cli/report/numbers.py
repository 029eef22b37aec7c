"""The page on all numbers of segments: which are candidates, how far each is found again, how they split."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import pyarrow as pa
from markupsafe import Markup

from crocs_cli.machine.plain import json_bytes
from crocs_cli.machine.tables import csv_bytes
from crocs_cli.report import html, overview, splits, words
from crocs_cli.report.axis import Axis
from crocs_cli.report.candidates import Candidate, Candidates
from crocs_cli.report.page import indices_csv
from crocs_cli.report.speech import said
from crocs_cli.rundir.meaning import Meaning

FIRST = ("strength", "days_ari")  # indices that the table of candidates shows


def files(found: Candidates, reports: Collection[int]) -> dict[str, bytes]:
    """Return the page with its data and figures as {file name: content}.

    reports: the numbers of segments that there are reports of.
    """
    figures = {name: said(svg, found.meaning) for name, svg in draw(found).items()}
    environment = html.environment()
    environment.filters["percent"] = words.percent
    environment.globals |= {"index_names": overview.INDICES, "segment_name": words.segment_name}
    page = environment.get_template("report/numbers.html").render(
        found=found,
        indices=found.indices,
        reports=reports,
        figures={name: Markup(svg) for name, svg in figures.items()},
        others=[name for name in overview.INDICES if name not in FIRST],
        flow_width=splits.width(found),
    )
    return {
        "index.html": said(page, found.meaning).encode(),
        "choice.json": json_bytes(found.summary()),
        "indices.csv": indices_csv(found.indices).encode(),
        **{f"{name}.csv": csv_bytes(table) for name, table in tables(found).items()},
        **{f"figures/{name}.svg": svg.encode() for name, svg in figures.items()},
    }


def draw(found: Candidates) -> dict[str, str]:
    """Return all pictures as {name: SVG element}."""
    axis = Axis(found.meaning, found.every[0].mean_kwh.shape[1])
    scale = splits.scale(found.every, axis)
    figures = {
        f"days-of-{one.clusters}": splits.mean_days(one, lines, scale, axis)
        for one, lines in zip(found.every, found.lineage(), strict=True)
    }
    if found.flows:
        figures["splits"] = splits.flows(found)
    for name in overview.INDICES:
        if np.isfinite(getattr(found.indices, name)).any():
            figures[name] = overview.index_over_clusters(found.indices, name)
    return figures


def tables(found: Candidates) -> dict[str, pa.Table]:
    """Return the data behind the pictures: segments, days, splits."""
    written = {
        "segments": pa.concat_tables([_segments(one, found.meaning) for one in found.every]),
        "day": pa.concat_tables([_days(one, found.meaning) for one in found.every]),
    }
    parts = []
    for flow in found.flows:
        earlier, later = np.indices(flow.shared.shape).reshape(2, -1) + 1
        shared = {"earlier_cluster": earlier, "later_cluster": later, "consumers": flow.shared.reshape(-1)}
        parts.append(pa.table({"clusters": np.full(earlier.size, flow.later), **shared}))
    written |= {"splits": pa.concat_tables(parts)} if parts else {}
    return {
        name: table.rename_columns([found.meaning.column(column) for column in table.column_names])
        for name, table in written.items()
    }


def _segments(one: Candidate, meaning: Meaning) -> pa.Table:
    amounts = {
        "energy_share": one.energy_share,
        "mean_daily_kwh": one.mean_daily_kwh,
    }
    return pa.table(
        {
            "clusters": np.full(one.clusters, one.clusters),
            "cluster": np.arange(one.clusters) + 1,
            "segment_name": one.names,
            "consumers": one.consumers,
        }
        | (amounts if meaning.mean_name else {})
    )


def _days(one: Candidate, meaning: Meaning) -> pa.Table:
    slots = one.mean_kwh.shape[1]
    return pa.table(
        {
            "clusters": np.full(one.mean_kwh.size, one.clusters),
            "cluster": np.repeat(np.arange(one.clusters) + 1, slots),
            "hour": meaning.places(slots) * one.clusters,
            "mean_kwh": one.mean_kwh.reshape(-1),
        }
    )
