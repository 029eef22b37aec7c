"""`crocs report`."""

import click

from crocs_cli.cli.options import Job, stage_options


@click.command("report")
@stage_options("report")
def command(job: Job) -> None:
    """Make one page that shows the run.

    Reads RUN/profiles, RUN/rls, RUN/partition.h5 and, where they are made, the behaviours in RUN/rrls. Writes
    RUN/report/index.html, which needs nothing from elsewhere, and beside it the data (CSV) and the figures
    (SVG). An earlier report is replaced.

    \b
    Examples:
      crocs report --run runs/first --clusters 5
    """
    from crocs_cli.stages import report

    if job.team.leads:
        click.echo(report.run(job.run, job.settings))
