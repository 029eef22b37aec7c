"""`crocs forecast`."""

from __future__ import annotations

import click

from crocs_cli.cli.options import Job, stage_options


@click.command("forecast")
@stage_options("forecast")
@click.option("--json", "as_json", is_flag=True, help="Print the summary as one JSON document.")
def command(job: Job, as_json: bool) -> None:
    """Forecast each consumer's next day, and say how wrong such forecasts were.

    Reads RUN/profiles, RUN/partitions and how RUN/rls was made. Writes RUN/forecast.csv: for each consumer
    and method the errors on the last days, which are held out, and the kWh of the next day. Two methods use
    the labels of stage 1: `pattern` averages the days that came after the same sequence of labels, `markov`
    the days of each label by how likely it is to follow. Beside them stand the same day of the week before,
    the consumer's own mean day, and its segment's. Labels are made anew, as stage 1 makes them but fewer,
    without the days held out; the segments are the run's, which have seen them.

    \b
    Examples:
      crocs forecast --run runs/first --clusters 5 --test-days 10
      crocs forecast --run runs/first --clusters 5 --test-days 10 --json
    """
    from crocs_cli.machine.plain import json_text
    from crocs_cli.stages import forecast

    if job.team.leads:
        found = forecast.run(job.run, job.settings, job.seed)
        click.echo(json_text(found.summary()) if as_json else "\n".join(found.said()))
