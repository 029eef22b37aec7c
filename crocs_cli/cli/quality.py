"""`crocs quality`."""

import click

from crocs_cli.cli.options import Job, stage_options


@click.command("quality")
@stage_options("quality", only_reads=True)
def command(job: Job) -> None:
    """Report what of the readings was used, and what was left out and why.

    Reads RUN/quality.csv. Writes RUN/quality/index.html, a page with pictures, and RUN/quality/summary.json;
    prints the JSON: counts in all, and shares of consumers, readings and days. Shares of days are of the
    days asked for: for every consumer the days of the run, on which any consumer has a usable day.

    \b
    Examples:
      crocs quality --run runs/mine
      crocs quality --run runs/mine --fail-on days_incomplete=0.2 --fail-on consumers_without_days=0.1
    """
    from crocs_cli.machine.plain import json_text
    from crocs_cli.stages import quality

    summary = quality.run(job.run)
    click.echo(json_text(summary, 1))
    quality.refuse_poor(job.run, summary["shares"], job.settings.fail_on)
