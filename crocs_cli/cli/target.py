"""`crocs target`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from crocs_cli.cli.options import Job, print_found, stage_options


@click.command("target")
@stage_options("target")
@click.option("--json", "as_json", is_flag=True, help="Print the summary as one JSON document.")
def command(job: Job, as_json: bool) -> None:
    """Choose the fewest consumers to ask, so that a goal in kW is reached.

    Reads RUN/profiles, RUN/rls, RUN/partitions and RUN/rrls. Writes RUN/target/K: target.csv, the consumers
    to ask; curve.csv, what the first 1, 2, 3 ... of them give; summary.json. A consumer's flexible kW in the
    --window is what it uses there above its own low days: those of the behaviour with the least. What the
    asked give together is measured on days that were not used to choose them, all on the same day, so that
    what they share, such as the weather, is in the --probability. Without a --goal it shows what there is.

    \b
    Examples:
      crocs target --run runs/first --clusters 5 --goal 10kW --window 17:00-20:00
      crocs target --run runs/first --clusters 5 --goal 5kW --probability 0.8 --response 0.7 --json
    """
    from crocs_cli.stages import target

    found = target.run(job.run, job.settings, job.team)
    print_found(job, found, as_json, "target/{clusters}/target.csv", _said)


def _said(found: Mapping[str, Any]) -> list[str]:
    """Return the summary of a target list in lines."""
    candidates, asked = found["candidates"], found["asked"]
    about = f"{found['days']} days from {found['first_date']} to {found['last_date']}"
    lines = [
        f"ask {asked:,} of {candidates:,} candidates: {found['expected_kw']:.2f} kW expected in "
        f"{found['window']}, {found['sure_kw']:.2f} kW with probability {found['probability']:g} ({about})"
    ]
    if found["goal_kw"] is not None:
        lines.append(
            f"goal {found['goal_kw']:g} kW: reached with probability {found['chance']:.3f}; "
            f"by falling kWh a day {_needed(found['asked_by_daily_kwh'])}, "
            f"by falling kW in the window {_needed(found['asked_by_window_kw'])}"
        )
    lines.append(f"the most with this probability: {found['most_kw']:.2f} kW")
    lines += [
        f"segment {row['cluster']}: {row['asked']:,} of {row['candidates']:,}, {row['expected_kw']:.2f} kW"
        for row in found["segments"]
    ]
    left_out = [f"{count:,} {reason}" for reason, count in found["left_out"].items() if count]
    return lines + ([f"left out: {', '.join(left_out)}"] if left_out else [])


def _needed(asked: int | None) -> str:
    return "it is not reached" if asked is None else f"{asked:,} would be needed"
