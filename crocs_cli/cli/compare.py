"""`crocs compare`."""

from __future__ import annotations

from typing import Any

import click

from crocs_cli.cli.options import Job, stage_options


@click.command("compare")
@stage_options("compare", only_reads=True)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def command(job: Job, as_json: bool) -> None:
    """Report what changed between two periods, or how two segments differ.

    Reads RUN/profiles, the later period, and the earlier run's profiles, load sets, partition and behaviours.
    Writes RUN/rls and RUN/assignments where they are missing, with the earlier run's settings, and
    RUN/comparison/K: a page (index.html), its tables (CSV) and figures (SVG). For each behaviour it shows the
    share of days before and after with a 95 % interval, how far its shape moved, and what the other segments
    did meanwhile. A change is claimed only where chance would show any such change in one of twenty
    comparisons. The change of the consumers in --control, if given, is taken off that of the others.

    With --segments A,B it reads one run, and writes RUN/side-by-side/K/A-B: a sheet with both mean days on
    one scale, the figures and behaviours of both, and how they differ in words.

    \b
    Examples:
      crocs compare --run runs/later --with runs/first --clusters 5
      crocs compare --run runs/later --with runs/first --clusters 5 --control control.txt --json
      crocs compare --run runs/first --clusters 5 --segments 1,2
    """
    from crocs_cli.machine.plain import json_text
    from crocs_cli.stages import compare, pair

    if numbers := job.settings.segments:
        both = pair.run(job.run, job.settings)
        page = job.run / "side-by-side" / str(job.settings.clusters) / f"{numbers[0]}-{numbers[1]}"
        click.echo(
            json_text(both) if as_json else "\n".join([str(page / "index.html"), *both["differences"]])
        )
        return
    found = compare.run(job.run, job.settings, job.team)
    if as_json:
        click.echo(json_text(found))
    else:
        click.echo(job.run / "comparison" / str(job.settings.clusters) / "index.html")
        click.echo("\n".join(_said(found)))


def _said(found: dict[str, Any]) -> list[str]:
    """Return a comparison as lines of text."""
    lines = [
        f"{found['consumers']} consumers in both periods ({found['left']} left, {found['new']} new); "
        f"{found['moved']} moved to another segment",
        f"divergence of a consumer's days: median {found['median_divergence']:.3f} "
        f"({found['median_expected_divergence']:.3f} expected without a change)",
    ]
    for row in found["prevalence"]:
        if row["claimed"]:
            number = f"behaviour {row['behaviour']}, " if row["behaviour"] else ""
            span = f"{100 * row['low']:+.1f} to {100 * row['high']:+.1f}"
            lines.append(
                f"segment {row['cluster']}, {number}{row['name']}: {100 * row['earlier']:.1f}% of days, "
                f"now {100 * row['later']:.1f}%; change {100 * row['change']:+.1f} points ({span})"
            )
    if all(row["low"] is None for row in found["prevalence"]):
        lines.append("not known which changes are beyond chance, as no group has two consumers or more")
    elif len(lines) == 2:
        lines.append("no change of any behaviour beyond chance")
    return lines
