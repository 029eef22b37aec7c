"""`crocs quality`."""

import json
from pathlib import Path

import click

from crocs_cli.cli.options import run_option


@click.command("quality")
@run_option
@click.option(
    "--fail-on",
    multiple=True,
    metavar="NAME=SHARE",
    help="End with code 1 if a share is larger, such as days_incomplete=0.05. May be given several times.",
)
def command(run: Path, fail_on: tuple[str, ...]) -> None:
    """Report what of the readings was used, and what was left out and why.

    Reads RUN/quality.csv. Writes RUN/quality/index.html, a page with pictures, and RUN/quality/summary.json;
    prints the JSON: counts in all, and shares of consumers, readings and days.

    \b
    Examples:
      crocs quality --run runs/mine
      crocs quality --run runs/mine --fail-on days_incomplete=0.2 --fail-on consumers_without_days=0.1
    """
    from crocs_cli.stages import quality

    limits = quality.thresholds(fail_on)
    summary = quality.run(run)
    click.echo(json.dumps(summary, indent=1))
    quality.refuse_poor(run, summary["shares"], limits)  # type: ignore[arg-type]
