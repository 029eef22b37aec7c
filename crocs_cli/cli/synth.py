"""`crocs synth`."""

import click

from crocs_cli.cli.options import Job, stage_options


@click.command("synth")
@stage_options("synth")
def command(job: Job) -> None:
    """Make a synthetic population whose clusters are known.

    Reads nothing. Writes RUN/profiles and, beside them, the truth in RUN/truth.

    \b
    Examples:
      crocs synth --run runs/first --consumers 200 --days 30
      crocs synth --run runs/hard --consumers 200 --days 30 --shapes 6 --outliers 10 --seed 7
    """
    from crocs_cli.machine.plain import counted
    from crocs_cli.stages import synth

    parts = synth.run(job.run, job.settings, job.seed, job.team)
    if job.team.leads:
        people, each = job.settings, counted(job.settings.days, job.settings.period)
        click.echo(
            f"{job.run}: {counted(people.consumers, 'consumer')} x {each} in {counted(parts, 'shard')}"
        )
