"""`crocs stage2`."""

import click

from crocs_cli.cli.options import Job, stage_options


@click.command("stage2")
@stage_options("stage2")
def command(job: Job) -> None:
    """Compare the consumers' load sets and cluster the consumers.

    Reads RUN/rls. Writes RUN/wsmd, the distances of all pairs of consumers, and RUN/partition.h5, their
    clusters for every number of clusters that was asked for. With --sample only the sampled consumers are
    compared, in RUN/sample; RUN/sampled.h5 then says who they are and how far all are from their clusters.

    \b
    Examples:
      crocs stage2 --run runs/first --clusters 5
      crocs stage2 --run runs/second --clusters 4,8 --algorithm kmedoids
      crocs stage2 --run runs/third --clusters 5 --sample 80
    """
    from crocs_cli.stages import sampled, stage2

    given = (job.settings, job.seed, job.team)
    where = job.run if job.settings.sample is None else sampled.draw(job.run, *given)
    partition = stage2.run(where, *given)
    if partition and job.settings.sample:
        partition = sampled.join(job.run, *given)
    if not job.team.leads:
        return
    if partition:
        click.echo(f"{partition}: {', '.join(map(str, job.settings.clusters))} clusters")
    else:
        click.echo(f"{where}/wsmd: this share is done; the last share, or a call without --share, partitions")
