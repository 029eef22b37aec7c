"""`crocs impact`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from crocs_cli.cli.options import Job, print_found, stage_options


@click.command("impact")
@stage_options("impact")
@click.option("--json", "as_json", is_flag=True, help="Print the summary as one JSON document.")
def command(job: Job, as_json: bool) -> None:
    """Measure what a programme did to those who took part.

    Reads RUN/profiles, RUN/partitions and, where they are there, RUN/rrls. Writes RUN/impact/K: effects.csv,
    matches.csv, placebo.csv, behaviours.csv and summary.json. The effect is the change of those in --treated
    less that of others, in kWh a day, in kW of the --window and of each slot, with 95 % intervals. The
    others are the --control group, or else matched: for each treated consumer those of its segment that were
    nearest before it began, by load sets and kWh. The same is done for fake dates before that: most of their
    intervals hold 0, unless the two were already drifting apart.

    \b
    Examples:
      crocs impact --run runs/first --clusters 5 --treated treated.csv --start 2013-01-18
      crocs impact --run runs/first --clusters 5 --treated treated.csv --start 2013-01-18 --json
    """
    from crocs_cli.stages import impact

    found = impact.run(job.run, job.settings, job.seed, job.team)
    print_found(job, found, as_json, "impact/{clusters}/effects.csv", _said)


def _said(found: Mapping[str, Any]) -> list[str]:
    """Return the summary of an impact in lines."""
    kind = "matched consumers" if found["matched"] else "controls"
    lines = [
        f"{found['treated']:,} treated against {found['controls']:,} {kind}; days from "
        f"{found['first_date']} to {found['last_date']}, begun {found['first_start']}"
        + ("" if found["first_start"] == found["last_start"] else f" to {found['last_start']}")
    ]
    for effect in found["effects"]:
        who = f"segment {effect['cluster']}" if effect["cluster"] else "all"
        kwh, window = (_effect(effect[name]) for name in ("daily_kwh", "window_kw"))
        lines.append(f"{who} ({effect['consumers']:,}): {kwh} kWh a day; {window} kW in {found['window']}")
    if found["balance"]:
        matched, others = zip(*found["balance"].values(), strict=True)
        lines.append(
            f"before: matches differ by {matched[0]:+.2f} standard deviations of kWh (everybody else "
            f"{others[0]:+.2f}), by {matched[1]:.2f} kWh a day each ({others[1]:.2f}); load sets "
            f"{matched[2]:.3f} apart ({others[2]:.3f})"
        )
    placebo = found["placebo"]
    lines.append(
        f"placebo: of {placebo['daily_kwh']['fake_starts']} fake dates before, "
        f"{placebo['daily_kwh']['excludes_0']} show an effect on kWh a day and "
        f"{placebo['window_kw']['excludes_0']} on the window"
    )
    lines += [
        f"segment {row['cluster']}, {row['name']}: {100 * row['earlier']:.1f}% of days, now "
        f"{100 * row['later']:.1f}%; change {100 * row['change']:+.1f} points"
        for row in found["behaviours"]
        if row["claimed"]
    ]
    left_out = [f"{count:,} {reason}" for reason, count in found["left_out"].items() if count]
    return lines + ([f"left out: {', '.join(left_out)}"] if left_out else [])


def _effect(figure: dict[str, Any]) -> str:
    """Write an effect with its interval, and its share of what would have been used without."""
    share = "" if figure["share"] is None else f", {100 * figure['share']:+.1f} %"
    if figure["low"] is None:
        return f"{figure['effect']:+.3f} (interval not known{share})"
    return f"{figure['effect']:+.3f} ({figure['low']:+.3f} to {figure['high']:+.3f}{share})"
