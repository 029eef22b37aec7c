"""`crocs report`."""

import click

from crocs_cli.cli.options import Job, stage_options


@click.command("report")
@stage_options("report")
def command(job: Job) -> None:
    """Make one page that shows the run.

    Reads RUN/profiles, RUN/rls, RUN/partitions and, where they are made, the behaviours in RUN/rrls and the
    stability. Writes RUN/report/K/index.html for K segments, which needs nothing from elsewhere, and beside
    it the data (CSV) and the figures (SVG). A report that is there and right stays.

    \b
    Examples:
      crocs report --run runs/first --clusters 5
    """
    from crocs_cli.stages import report

    if job.team.leads:
        click.echo(report.run(job.run, job.settings))
