"""`crocs rrls`."""

from pathlib import Path
from typing import Any

import click

from crocs_cli.cli.options import Job, stage_options


@click.command("rrls")
@stage_options("rrls")
@click.option(
    "--like",
    metavar="EARLIER",
    type=click.Path(path_type=Path),
    help="Run of an earlier period: say how the behaviours of its clusters have moved.",
)
@click.option(
    "--picture", metavar="SVG", type=click.Path(path_type=Path, dir_okay=False), help="Draw it to this file."
)
@click.option("--json", "as_json", is_flag=True, help="Print a summary of every cluster as JSON.")
def command(job: Job, like: Path | None, picture: Path | None, as_json: bool) -> None:
    """Find the behaviours that each cluster's members share.

    Reads RUN/rls and RUN/partition.h5. Writes RUN/rrls/K/CC.h5, for each of the K clusters its
    hyperprototypes and how many of its consumers and days they cover.

    With --like it reads the clusters of the EARLIER run and its settings instead, and writes
    RUN/moves/K/CC.h5: for each behaviour its share of days before and after, with the 95 % interval, how
    much its shape changed, and what the other clusters did meanwhile. `crocs compare` is the one that tests
    what became more or less common, with a control group, and says which consumers moved to another cluster.

    \b
    Examples:
      crocs rrls --run runs/first --clusters 5
      crocs rrls --run runs/second --clusters 4 --communities 6 --json
      crocs rrls --run runs/first --clusters 5 --picture behaviours.svg
      crocs rrls --run runs/later --like runs/first --clusters 5
    """
    from crocs_cli.machine.files import write_bytes
    from crocs_cli.machine.plain import json_text
    from crocs_cli.stages import moves, rrls

    clusters = (
        moves.run(job.run, like, job.settings.clusters, job.seed, job.team)
        if like
        else rrls.run(job.run, job.settings, job.seed, job.team)
    )
    if not job.team.leads:
        return
    if picture:
        drawn = (moves if like else rrls).picture(job.run, job.settings.clusters)
        write_bytes(picture, drawn.encode())
    if as_json:
        click.echo(json_text({"clusters": clusters}, 2))
    elif like:
        click.echo("\n".join(_moves(clusters)))
    else:
        folder = job.run / "rrls" / str(job.settings.clusters)
        found = ", ".join(str(cluster["communities"]) for cluster in clusters)
        of = f"{len(clusters)} of {job.settings.clusters} clusters"
        click.echo(f"{folder}: {of}, with {found} shared behaviours")
        for cluster in clusters:
            if cluster["why_fewer"]:
                click.echo(f"cluster {cluster['cluster']}: {cluster['why_fewer']}")


def _moves(clusters: list[dict[str, Any]]) -> list[str]:
    """Return a line for each cluster and each behaviour that holds or held a share of days to speak of."""
    lines = []
    for cluster in clusters:
        moved = f"{cluster['moved_points']:.1f} points of days moved"
        lines.append(f"cluster {cluster['cluster']}: {cluster['members']} members, {moved}")
        for mode in cluster["modes"]:
            before, after = (100 * share for share in mode["day_coverage"])
            if max(before, after) < 1:
                continue
            error, shape = mode["change_error_points"], mode["shape_change"]
            interval = "" if error is None else f" +- {error:.1f}"
            change = f"{mode['change_points']:+.1f}{interval} points"
            others = f"the others {mode['others_change_points']:+.1f}"
            moved = "" if shape is None else f", shape moved {shape:.2f}"
            days = f"{before:.1f} -> {after:.1f} % of days"
            lines.append(f"  behaviour {mode['mode']}: {days} ({change}; {others}){moved}")
    return lines
