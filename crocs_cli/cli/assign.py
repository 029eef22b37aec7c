"""`crocs assign`."""

import click

from crocs_cli.cli.options import Job, stage_options


@click.command("assign")
@stage_options("assign")
def command(job: Job) -> None:
    """Find the segment of new consumers, without clustering again.

    Reads RUN/profiles, the new consumers, and the load sets and the partition of the run that --model names.
    Writes RUN/rls, where it is missing, with the model's settings, and RUN/assignments: each consumer's
    segment, its distance, the runner-up, the margin between them, and whether it is unlike all segments.

    \b
    Examples:
      crocs assign --run runs/new --model runs/first --clusters 5
      crocs export --run runs/new --what assignments new.csv
    """
    from crocs_cli.stages import assign

    consumers, unlike_all = assign.run(job.run, job.settings, job.team)
    if job.team.leads:
        click.echo(f"{job.run}/assignments: {consumers} consumers, {unlike_all} unlike all segments")
