"""`crocs status`."""

import json
from pathlib import Path

import click

from crocs_cli.cli.options import run_option


@click.command("status")
@run_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def command(run: Path, as_json: bool) -> None:
    """Show what of a run is made and what is missing.

    Reads how each file of RUN was made. Writes nothing.

    \b
    Examples:
      crocs status --run runs/first
      crocs status --run runs/first --json
    """
    from crocs_cli.stages import status

    steps = status.steps(run)
    if as_json:
        click.echo(json.dumps([vars(step) for step in steps]))
        return
    for step in steps:
        missing = f", missing: {', '.join(step.missing[:8])}" if step.missing else ""
        click.echo(f"{step.name:10s} {step.made} of {step.parts}{missing}")
