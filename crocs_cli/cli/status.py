"""`crocs status`."""

import click

from crocs_cli.cli.options import Job, stage_options


@click.command("status")
@stage_options("status", only_reads=True)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def command(job: Job, as_json: bool) -> None:
    """Show what of a run is made, what is missing, and what to do next.

    Reads how each file of RUN was made. Writes nothing. A step is made, partly made, missing, or stale: then
    its inputs have changed since, and the reason and the cure are shown.

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
    following = status.next_command(job.run, steps)
    if as_json:
        described = [vars(step) | {"state": step.state, "array": arrays.get(step.name)} for step in steps]
        click.echo(json_text({"run": job.run.path, "steps": described, "next": following}))
        return
    for step in steps:
        parts = f"{step.made} of {step.parts}" if step.parts else "0"
        missing = f", missing: {', '.join(step.missing[:8])}" if step.missing else ""
        array = f", --array={arrays[step.name]}" if arrays.get(step.name) else ""
        why = f": {step.why}" if step.why else ""
        click.echo(f"{step.name:16s} {step.state:8s} {parts}{missing}{array}{why}")
    click.echo(f"next: {following}" if following else "next: nothing is left to do")
