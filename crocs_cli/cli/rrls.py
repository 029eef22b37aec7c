"""`crocs rrls`."""

import json

import click

from crocs_cli.cli.options import Job, stage_options


@click.command("rrls")
@stage_options("rrls")
@click.option("--json", "as_json", is_flag=True, help="Print a summary of every cluster as JSON.")
def command(job: Job, as_json: bool) -> None:
    """Find the behaviours that each cluster's members share.

    Reads RUN/rls and RUN/partition.h5. Writes RUN/rrls/K/CC.h5, for each of the K clusters its
    hyperprototypes and how many of its consumers and days they cover.

    \b
    Examples:
      crocs rrls --run runs/first --clusters 5
      crocs rrls --run runs/second --clusters 4 --communities 6 --json
    """
    from crocs_cli.stages import rrls

    clusters = rrls.run(job.run, job.settings, job.seed, job.team)
    if not job.team.leads:
        return
    if as_json:
        click.echo(json.dumps({"clusters": clusters}, indent=2))
    else:
        folder = job.run / "rrls" / str(job.settings.clusters)
        found = ", ".join(str(cluster["communities"]) for cluster in clusters)
        of = f"{len(clusters)} of {job.settings.clusters} clusters"
        click.echo(f"{folder}: {of}, with {found} shared behaviours")
