"""`crocs choose`."""

from __future__ import annotations

from typing import Any

import click

from crocs_cli.cli.options import Job, stage_options


@click.command("choose")
@stage_options("choose", only_reads=True)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def command(job: Job, as_json: bool) -> None:
    """Set the numbers of segments side by side, and recommend one or none.

    Reads RUN/profiles, RUN/partitions and, where it is there, RUN/stability. Writes RUN/report/index.html:
    the mean days of the segments of every number on one scale, how far each number is found again, and how
    segments split from one number to the next; beside it the data (CSV) and the figures (SVG). The number is
    recommended by the prediction strength that `crocs stability` measures; without it there are no words of
    advice.

    \b
    Examples:
      crocs choose --run runs/first
      crocs choose --run runs/first --json
    """
    from crocs_cli.machine.plain import json_text
    from crocs_cli.stages import choose

    found = choose.run(job.run)
    if as_json:
        click.echo(json_text(found))
        return
    click.echo(job.run / "report" / "index.html")
    click.echo("\n".join(_said(found, job.run)))


def _said(found: dict[str, Any], run: object) -> list[str]:
    """Return the candidates as a table, what is new from each number to the next, and the advice."""
    sizes = [", ".join(f"{count:,}" for count in row["consumers"]) for row in found["numbers"]]
    width = max(map(len, [*sizes, "consumers in each"]))
    lines = [f"segments  {'consumers in each':{width}s}  strength  days ARI  kappa"]
    for row, counts in zip(found["numbers"], sizes, strict=True):
        values = (_known(row[name]) for name in ("strength", "days_ari", "kappa"))
        strength, ari, kappa = values
        lines.append(f"{row['clusters']:8d}  {counts:{width}s}  {strength:>8s}  {ari:>8s}  {kappa:>5s}")
    lines += [flow["said"] for flow in found["flows"]]
    if not found["unmeasured"]:
        return [*lines, found["recommendation"]]
    numbers = ", ".join(map(str, found["unmeasured"]))
    return [*lines, f"No recommendation yet, as {numbers} are not measured; run crocs stability --run {run}"]


def _known(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"
