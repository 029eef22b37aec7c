"""`crocs rrls`."""

from pathlib import Path

import click

from crocs_cli.cli.options import Job, stage_options


@click.command("rrls")
@stage_options("rrls")
@click.option(
    "--picture", metavar="SVG", type=click.Path(path_type=Path, dir_okay=False), help="Draw it to this file."
)
@click.option("--json", "as_json", is_flag=True, help="Print a summary of every segment as JSON.")
def command(job: Job, picture: Path | None, as_json: bool) -> None:
    """Find the behaviours that each segment's members share.

    Reads RUN/rls and RUN/partitions/K.h5. Writes RUN/rrls/K/CC.h5, for each of the K segments its
    hyperprototypes and how many of its consumers and days they cover. `crocs compare` shows what became of
    them in a later period.

    \b
    Examples:
      crocs rrls --run runs/first --clusters 5
      crocs rrls --run runs/second --clusters 4 --communities 6 --json
      crocs rrls --run runs/first --clusters 5 --picture behaviours.svg
    """
    from crocs_cli.machine.files import write_bytes
    from crocs_cli.machine.plain import json_text
    from crocs_cli.stages import rrls

    segments = rrls.run(job.run, job.settings, job.seed, job.team)
    if not job.team.leads:
        return
    if picture:
        write_bytes(picture, rrls.picture(job.run, job.settings.clusters).encode())
    if as_json:
        click.echo(json_text({"clusters": segments}, 2))
        return
    folder = job.run / "rrls" / str(job.settings.clusters)
    found = ", ".join(str(segment.communities) for segment in segments)
    click.echo(
        f"{folder}: {len(segments)} of {job.settings.clusters} segments, with {found} shared behaviours"
    )
    for segment in segments:
        if segment.why_fewer:
            click.echo(f"segment {segment.cluster}: {segment.why_fewer}")
