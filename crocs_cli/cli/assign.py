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
    from crocs_cli.machine.threads import available_threads
    from crocs_cli.stages import assign, stage1

    model = assign.open_model(job.settings)
    settings, threads = model.stage1(), available_threads()
    stage1.run(job.run, settings, model.seed, job.team)
    consumers, unlike_all = assign.run(
        job.run,
        model,
        job.settings,
        job.team,
        lambda profiles: stage1.load_sets(profiles, settings, [model.seed, 0], threads),
    )
    if job.team.leads:
        click.echo(f"{job.run}/assignments: {consumers} consumers, {unlike_all} unlike all segments")
