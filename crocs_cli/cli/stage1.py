"""`crocs stage1`."""

import click

from crocs_cli.cli.options import Job, stage_options


@click.command("stage1")
@stage_options("stage1")
def command(job: Job) -> None:
    """Find each consumer's representative load set.

    Reads RUN/profiles. Writes RUN/rls: the profiles that stand for each consumer's days, with how many days
    each stands for.

    \b
    Examples:
      crocs stage1 --run runs/first
      crocs stage1 --run runs/second --prototypes 10 --algorithm kmedoids
    """
    from crocs_cli.machine.plain import counted
    from crocs_cli.stages import stage1

    parts = stage1.run(job.run, job.settings, job.seed, job.team)
    if job.team.leads:
        click.echo(f"{job.run}/rls: {counted(parts, 'shard')}")
