"""`crocs compare`."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING

import click

from crocs_cli.cli.options import Job, stage_options

if TYPE_CHECKING:
    from crocs_cli.stages.compare import Comparison


@click.command("compare")
@stage_options("compare", only_reads=True)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def command(job: Job, as_json: bool) -> None:
    """Report what changed between two periods of the same consumers.

    Reads RUN/profiles, the later period, and the earlier run's profiles, load sets, partition and behaviours.
    Writes RUN/rls and RUN/assignments where they are missing, with the earlier run's settings, and
    RUN/comparison: consumers.csv, transitions.csv, prevalence.csv and comparison.svg. A change is claimed
    only where chance would show any such change in one of twenty comparisons. The change of the consumers in
    --control, if given, is taken off that of the others.

    This keeps the earlier behaviours as they were and tests how common each has become; `crocs rrls --like`
    looks for behaviours in both periods together, and so also shows new ones and how shapes changed.

    \b
    Examples:
      crocs compare --run runs/later --with runs/first --clusters 5
      crocs compare --run runs/later --with runs/first --clusters 5 --control control.txt --json
    """
    from crocs_cli.machine.plain import json_text
    from crocs_cli.machine.threads import available_threads
    from crocs_cli.stages import assign, compare, stage1
    from crocs_cli.stages.settings import AssignSettings

    earlier = compare.earlier_run(job.settings)
    of_earlier = AssignSettings(model=str(earlier), clusters=job.settings.clusters)
    model = assign.open_model(of_earlier)
    settings, threads = model.stage1(), available_threads()
    stage1.run(job.run, settings, model.seed, job.team)
    assign.run(
        job.run,
        model,
        of_earlier,
        job.team,
        lambda profiles: stage1.load_sets(profiles, settings, [model.seed, 0], threads),
    )
    found = compare.run(job.run, earlier, job.settings, model.seed)
    click.echo(json_text(found) if as_json else "\n".join(_said(found)))


def _said(found: Comparison) -> list[str]:
    """Return a comparison as lines of text."""
    lines = [
        f"{found.consumers} consumers in both periods ({found.left} left, {found.new} new); "
        f"{found.moved} moved to another segment",
        f"divergence of a consumer's days: median {found.median_divergence:.3f} "
        f"({found.median_expected_divergence:.3f} expected without a change)",
    ]
    for row in found.prevalence:
        if row.claimed:
            name = f"behaviour {row.behaviour}" if row.behaviour else "days unlike its behaviours"
            span = f"{100 * row.low:+.1f} to {100 * row.high:+.1f}"
            lines.append(
                f"segment {row.cluster}, {name}: {100 * row.earlier:.1f}% of days, "
                f"now {100 * row.later:.1f}%; change {100 * row.change:+.1f} points ({span})"
            )
    if not any(isfinite(row.low) for row in found.prevalence):
        lines.append("not known which changes are beyond chance, as no group has two consumers or more")
    elif len(lines) == 2:
        lines.append("no change of any behaviour beyond chance")
    return lines
