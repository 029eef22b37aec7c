"""Set the numbers of segments of a run side by side, and say which one is recommended."""

from __future__ import annotations

from typing import Any

from crocs_cli.machine.files import digest
from crocs_cli.machine.pages import bring_folder_up_to_date
from crocs_cli.machine.plain import read_json
from crocs_cli.machine.shards import recipe
from crocs_cli.report import numbers
from crocs_cli.report.candidates import candidates
from crocs_cli.rundir import kept_names
from crocs_cli.rundir.run import Run


def run(run: Run) -> dict[str, Any]:
    """Write RUN/report/index.html, on all numbers of segments; return the summary.

    The page leads to the reports that are there. A page that is there and right stays.
    """
    there = run.partitions()
    reports = [k for k in there if (run / "report" / str(k) / "index.html").exists()]
    inputs = {str(k): digest(run.partition_recipe(k)) for k in there}
    inputs |= {f"stability {k}": digest(run.stability_recipe(k)) for k in there if run.stability(k)}
    inputs["profiles"] = run.profiles().digest()
    kept = {k: kept_names.read(run, k, inputs[str(k)]) for k in there}
    names = {str(k): found.names for k, found in kept.items() if found}
    made_by = recipe("choose", "all", {"reports": reports, "names": names}, inputs)
    bring_folder_up_to_date(run / "report", made_by, lambda: numbers.files(candidates(run), reports))
    return read_json(run / "report" / "choice.json")
