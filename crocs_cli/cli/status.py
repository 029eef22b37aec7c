"""`crocs status`."""

import json
from pathlib import Path

import click

from crocs_cli.cli.options import run_option


@click.command("status")
@run_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.option(
    "--shares",
    type=click.IntRange(min=1),
    help="Say which of so many shares have something left to make, as sbatch's --array wants them.",
)
def command(run: Path, as_json: bool, shares: int | None) -> None:
    """Show what of a run is made and what is missing.

    Reads how each file of RUN was made. Writes nothing.

    \b
    Examples:
      crocs status --run runs/first
      crocs status --run runs/first --json
      crocs status --run runs/first --shares 8
    """
    from crocs_cli.stages import status

    steps = status.steps(run)
    arrays = {step.name: step.array(shares) for step in steps} if shares else {}
    if as_json:
        click.echo(json.dumps([vars(step) | {"array": arrays.get(step.name)} for step in steps]))
        return
    for step in steps:
        missing = f", missing: {', '.join(step.missing[:8])}" if step.missing else ""
        array = f", --array={arrays[step.name]}" if arrays.get(step.name) else ""
        click.echo(f"{step.name:10s} {step.made} of {step.parts}{missing}{array}")
