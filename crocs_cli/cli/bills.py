"""`crocs bills`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from crocs_cli.cli.options import Job, print_found, stage_options


@click.command("bills")
@stage_options("bills")
@click.option("--json", "as_json", is_flag=True, help="Print the summary as one JSON document.")
def command(job: Job, as_json: bool) -> None:
    """Compute what each consumer pays under one tariff or two.

    Reads RUN/profiles, RUN/partitions and each --tariff, a YAML file that the guide `programmes` describes.
    Writes RUN/bills/tariffs/NAME, the bills of each consumer and month, and a folder in RUN/bills/K for what
    is asked: the figures of each segment, of each consumer, and of each month (CSV). With two tariffs it says
    who wins and who loses. With --window, whose bill falls only if --shift percent of the window's kWh move
    to the rest of the day. Bills are exact, rounded once a month, and of the days that the run holds.

    \b
    Examples:
      crocs bills --run runs/first --clusters 5 --tariff now.yaml
      crocs bills --run runs/first --clusters 5 --tariff now.yaml --tariff new.yaml --window 17:00-20:00
    """
    from crocs_cli.stages import bills

    found = bills.run(job.run, job.settings, job.team)
    print_found(job, found, as_json, "bills/{clusters}/{question}", _said)


def _said(found: Mapping[str, Any]) -> list[str]:
    """Return the summary of bills in lines."""
    lines = [
        f"{found['consumer_days']:,} days of {found['whole']['consumers']:,} consumers, "
        f"{found['first_month']} to {found['last_month']}, in {found['currency']}; "
        f"{found['whole_consumer_months']:,} of {found['consumer_months']:,} months of a consumer are whole"
    ]
    if found["whole_consumer_months"] < found["consumer_months"]:
        lines.append("a month with days missing is billed for the days that are there; nothing is scaled up")
    names = [name for name in _COLUMNS if name in found["whole"]]
    lines.append(f"{'segment':>8}" + "".join(f"{_COLUMNS[name]:>{_WIDTH[name]}}" for name in names))
    rows = [(str(row["cluster"]), row) for row in found["segments"]] + [("all", found["whole"])]
    lines += [f"{number:>8}" + "".join(_cell(name, row[name]) for name in names) for number, row in rows]
    return lines


_COLUMNS = {
    "consumers": "consumers",
    "revenue_before": "revenue",
    "revenue_after": "after",
    "mean_before": "mean bill",
    "mean_after": "after",
    "mean_change": "change",
    "change_p10": "P10",
    "change_p50": "P50",
    "change_p90": "P90",
    "winners": "winners",
    "losers": "losers",
    "savers": "savers",
    "potential_savers": "potential",
}
_WIDTH = {name: 16 if name.startswith("revenue") else 11 for name in _COLUMNS}


def _cell(name: str, value: float | None) -> str:
    if value is None:
        return f"{'-':>{_WIDTH[name]}}"
    form = ",d" if name == "consumers" else ".1%" if name in _SHARES else ",.2f"
    return f"{format(value, form):>{_WIDTH[name]}}"


_SHARES = ("winners", "losers", "savers", "potential_savers")
