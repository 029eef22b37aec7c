"""`crocs forecast`."""

from __future__ import annotations

from typing import Any

import click

from crocs_cli.cli.options import Job, stage_options


@click.command("forecast")
@stage_options("forecast")
@click.option("--json", "as_json", is_flag=True, help="Print the summary as one JSON document.")
def command(job: Job, as_json: bool) -> None:
    """Forecast each consumer's next day, and say how wrong such forecasts were.

    Reads RUN/profiles, RUN/partitions and how RUN/rls was made. Writes RUN/forecast/forecast.csv: for each
    consumer and method the errors on the last days, which are held out, and the kWh of the next day. Two use
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
        click.echo(json_text(found) if as_json else "\n".join(_said(found)))


def _said(summary: dict[str, Any]) -> list[str]:
    """Return the summary of a forecast in lines."""
    first = next(iter(summary["errors"].values()))
    lines = [
        f"{summary['consumers']} consumers, the last {summary['test_days']} days of each held out; "
        f"{summary['left_out']} left out for want of days",
        f"{'':14}" + "".join(f"{name:>11}" for name in first),
    ]
    for name, errors in summary["errors"].items():
        lines.append(f"{name:14}" + "".join(f"{error:11.4f}" for error in errors.values()))
    for method, rivals in summary["change_percent"].items():
        for rival, measures in rivals.items():
            lines.append(f"{method} against {rival}: kwh_mae {_span(rival, *measures['kwh_mae'])}")
    return lines


def _span(rival: str, middle: float | None, low: float | None, high: float | None) -> str:
    """Write a change in percent with its interval, or why it is not known."""
    if middle is None:
        return f"not known, as {rival} has no error"
    if low is None or high is None:
        return f"{middle:+.1f} % (interval not known, as there is one consumer only)"
    return f"{middle:+.1f} % ({low:+.1f} to {high:+.1f})"
