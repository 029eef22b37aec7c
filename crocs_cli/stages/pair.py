"""Set two segments of a run side by side on one sheet."""

from __future__ import annotations

from typing import Any

from crocs_cli.errors import CallError
from crocs_cli.machine.pages import bring_folder_up_to_date
from crocs_cli.machine.plain import read_json
from crocs_cli.machine.shards import recipe
from crocs_cli.report import naming, pair
from crocs_cli.report.gather import gather
from crocs_cli.rundir.result_settings import CompareSettings, ReportSettings
from crocs_cli.rundir.run import Run
from crocs_cli.stages.report import report_recipe


def run(run: Run, settings: CompareSettings) -> dict[str, Any]:
    """Write RUN/side-by-side/K/A-B/index.html with its data and figures; return the summary.

    A sheet that is there and right stays.
    """
    run.meaning().need_daily_kwh("compare.segments")
    clusters, (first, second) = settings.clusters, settings.segments
    run.partition_recipe(clusters)
    if max(first, second) > clusters:
        raise CallError(
            f"compare.segments: there are {clusters} segments, from 1 to {clusters}; name two of them"
        )
    given = naming.given_names(run, clusters, None)
    shown = ReportSettings(clusters=clusters, typical=0, names=given)
    key = f"{first}-{second}"
    made_by = recipe(
        "compare", key, {"clusters": clusters, "names": given}, report_recipe(run, shown)["inputs"]
    )
    folder = run / "side-by-side" / str(clusters) / key
    bring_folder_up_to_date(folder, made_by, lambda: pair.files(gather(run, shown), (first, second)))
    return read_json(folder / "summary.json")
