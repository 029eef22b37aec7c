"""`crocs status`."""

import click

from crocs_cli.cli.options import Job, stage_options


@click.command("status")
@stage_options("status", only_reads=True)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def command(job: Job, as_json: bool) -> None:
    """Show what of a run is made and what is missing.

    Reads how each file of RUN was made. Writes nothing.

    \b
    Examples:
      crocs status --run runs/first
      crocs status --run runs/first --json
      crocs status --run runs/first --shares 8
    """
    from crocs_cli.machine.plain import json_text
    from crocs_cli.stages import status

    steps, shares = status.steps(job.run), job.settings.shares
    arrays = {step.name: step.array(shares) for step in steps} if shares else {}
    if as_json:
        click.echo(json_text([vars(step) | {"array": arrays.get(step.name)} for step in steps]))
        return
    for step in steps:
        missing = f", missing: {', '.join(step.missing[:8])}" if step.missing else ""
        array = f", --array={arrays[step.name]}" if arrays.get(step.name) else ""
        click.echo(f"{step.name:10s} {step.made} of {step.parts}{missing}{array}")
