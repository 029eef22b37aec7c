"""`crocs paper`."""

from __future__ import annotations

from pathlib import Path

import click

from crocs_cli.cli.options import Job, stage_options
from crocs_cli.errors import CallError


@click.command("paper")
@click.argument("name", metavar="list|NAME|all")
@click.option("--out", type=click.Path(path_type=Path), help="Directory of the results.")
@click.option("--quick", is_flag=True, help="A small size that shows the direction in a minute or two.")
@stage_options("paper", run_required=False)
def command(job: Job, name: str, out: Path | None, quick: bool) -> None:
    """Run the experiments of the paper and say whether its claims hold.

    Reads RUN/profiles, if --run is given and the experiment is about real days; without it a synthetic
    stand-in takes its place. Writes OUT/NAME: the figures behind each claim as CSV, a picture, and the
    findings; `all` also writes one page, OUT/index.html. The last line is `holds: ...` or
    `does not hold: ...`.

    \b
    Examples:
      crocs paper list
      crocs paper set-distances --quick --out results
      crocs ingest --run runs/ausgrid --reader ausgrid 'ausgrid/*.csv'
      crocs paper representations --run runs/ausgrid --out results
      crocs paper all --out results --share 2/8
    """
    from crocs_cli.paper import report
    from crocs_cli.paper.experiment import Study

    if name == "list":
        click.echo("\n".join(report.listed()))
        return
    if out is None:
        raise CallError("no directory for the results; give --out DIR")
    lines = report.run(name, Study(quick, job.seed, job.settings, job.run), out, job.team)
    if job.team.leads:
        click.echo("\n".join(lines))
