"""`crocs peak`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from crocs_cli.cli.options import Job, print_found, stage_options


@click.command("peak")
@stage_options("peak")
@click.option("--json", "as_json", is_flag=True, help="Print the summary as one JSON document.")
def command(job: Job, as_json: bool) -> None:
    """Find who makes the peak of a system's load.

    Reads RUN/profiles and RUN/partitions. Writes RUN/peak/K/loads, the load of each segment, and a folder
    beside it for what was asked, such as RUN/peak/K/40h: the figures of each segment, of each consumer, and
    the mean day on peak and on other days (CSV). The peak is the --hours of the highest load, or a --window
    on the --days on which the load in it is highest. The load is that of --load, else the sum over the run's
    consumers. All figures are in kW and kWh of the days that the run holds; nothing is scaled up.

    \b
    Examples:
      crocs peak --run runs/first --clusters 5
      crocs peak --run runs/first --clusters 5 --window 17:00-20:00 --days peak:10
      crocs peak --run runs/first --clusters 5 --hours 20 --json
    """
    from crocs_cli.stages import peak

    found = peak.run(job.run, job.settings, job.team)
    print_found(job, found, as_json, "peak/{clusters}/{question}", _said)


def _said(found: Mapping[str, Any]) -> list[str]:
    """Return the summary of a peak in lines."""
    consumers, peak_days = found["whole"]["consumers"], len(found["peak_dates"])
    lines = [
        f"{found['peak_hours']:g} peak hours on {peak_days} of {found['days']} days, {found['first_date']} "
        f"to {found['last_date']}; the load is {found['system_load']}"
    ]
    if found["system_peak_here"] < 1:
        lines.append(
            f"only {100 * found['system_peak_here']:.1f} % of the peak of all days of that load lies on days "
            "of the run; the figures are about the highest hours of the run's days"
        )
    if found["known"] < 1:
        lines.append(
            f"profiles of {100 * found['known']:.1f} % of the consumers' peak hours are there, of "
            f"{found['consumers_without_peak']} of {consumers} consumers none; nothing is scaled up"
        )
    lines.append(
        f"{'segment':>8}{'consumers':>11}{'kW':>11}{'share':>8}{'coincid.':>10}{'load f.':>9}"
        f"{'kW each':>9}{'P10':>8}{'P50':>8}{'P90':>8}{'kWh/day':>9}"
    )
    rows = [(str(row["cluster"]), row) for row in found["segments"]] + [("all", found["whole"])]
    for name, row in rows:
        share = "-" if row["peak_share"] is None else f"{100 * row['peak_share']:.1f}%"
        rest = ("kw_p10", "kw_p50", "kw_p90")
        lines.append(
            f"{name:>8}{row['consumers']:>11,}{row['peak_kw']:>11,.2f}{share:>8}"
            f"{_number(row['coincidence_factor'], 10)}{_number(row['load_factor'], 9)}"
            f"{_number(row['kw_mean'], 9)}{''.join(_number(row[one], 8) for one in rest)}"
            f"{_number(row['daily_kwh_mean'], 9)}"
        )
    return lines


def _number(value: float | None, width: int) -> str:
    return f"{'-' if value is None else format(value, '.2f'):>{width}}"
