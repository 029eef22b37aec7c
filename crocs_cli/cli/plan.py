"""`crocs plan`."""

import click

from crocs_cli.cli.options import Job, stage_options


@click.command("plan")
@stage_options("plan")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_context
def command(context: click.Context, job: Job, as_json: bool) -> None:
    """Estimate what a run will take, from a short trial on this machine.

    Reads how many consumers RUN/profiles has, where they are not given. Prints the core-hours, the time at so
    many tasks and the disk of what takes the time, the memory of every step, and the lines that submit the
    run to Slurm. Refuses what cannot fit.

    \b
    Examples:
      crocs plan --run runs/first --consumers 10000 --days 90 --tasks 4
      crocs plan --run runs/large --consumers 80000 --days 365 --tasks 50 --memory-gb 24 --json
    """
    from crocs_cli.machine.plain import json_text
    from crocs_cli.stages import plan

    steps = plan.run(job.run, job.settings)
    if as_json:
        click.echo(json_text(steps))
        return
    timed = [step for step in steps if step.core_hours is not None]
    for step in steps:
        line = f"{step.name:11s} {step.memory_gb:7.2f} GB of memory a task"
        if step.core_hours is not None:
            line += f", {step.disk_gb:7.2f} GB on disk, {step.core_hours:9.2f} core-hours, "
            line += f"{step.hours:8.2f} h on {step.cores} cores"
        click.echo(line)
    hours, cores = sum(step.hours or 0 for step in timed), sum(step.core_hours or 0 for step in timed)
    disk = sum(step.disk_gb or 0 for step in timed)
    click.echo(
        f"total       {disk:7.2f} GB on disk, {cores:.2f} core-hours, {hours:.2f} h one after the other "
        f"({', '.join(step.name for step in timed)})"
    )
    for line in plan.to_submit(job.settings, context.params["config"]):
        click.echo(line)
