"""`crocs paper`."""

from __future__ import annotations

import click

from crocs_cli.cli.options import Job, stage_options
from crocs_cli.errors import CallError


@click.command("paper")
@click.argument("name", metavar="list|NAME|all")
@stage_options("paper", run_required=False)
def command(job: Job, name: str) -> None:
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
    settings = job.settings
    if settings.out is None:
        raise CallError("paper.out: no directory for the results; give --out DIR")
    study = Study(settings.quick, job.seed, settings, job.run)
    lines = report.run(name, study, settings.out, job.team)
    if job.team.leads:
        click.echo("\n".join(lines))
