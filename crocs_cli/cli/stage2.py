"""`crocs stage2`."""

import click

from crocs_cli.cli.options import Job, stage_options


@click.command("stage2")
@stage_options("stage2")
def command(job: Job) -> None:
    """Compare the consumers' load sets and cluster the consumers.

    Reads RUN/rls. Writes RUN/wsmd, the distances of all pairs of consumers, and RUN/partition.h5, their
    clusters for every number of clusters that was asked for.

    \b
    Examples:
      crocs stage2 --run runs/first --clusters 5
      crocs stage2 --run runs/second --clusters 4 --clusters 8 --algorithm kmedoids
    """
    from crocs_cli.stages import stage2

    partition = stage2.run(job.run, job.settings, job.seed, job.team)
    if not job.team.leads:
        return
    if partition:
        click.echo(f"{partition}: {', '.join(map(str, job.settings.clusters))} clusters")
    else:
        click.echo(
            f"{job.run}/wsmd: this share is done; the last share, or a call without --share, partitions"
        )
