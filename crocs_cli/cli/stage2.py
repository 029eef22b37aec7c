"""`crocs stage2`."""

import click

from crocs_cli.cli.options import Job, stage_options


@click.command("stage2")
@stage_options("stage2")
def command(job: Job) -> None:
    """Compare the consumers and divide them into segments.

    Reads RUN/rls. Writes RUN/wsmd, the distances of all pairs of consumers, and RUN/partitions/K.h5, their
    segments, for each number K that was asked for. Another K can be added later: the distances and the
    partitions that are there stay. With --sample only the sampled consumers are compared, in RUN/sample;
    RUN/sampled/K.h5 then holds who they are and how far all consumers are from their segments. With
    --distance footprint it reads RUN/profiles only and compares no pairs: RUN/vectors holds a vector for
    each consumer. With --start-from the segments of an earlier run are the start and keep their numbers;
    RUN/continuity/K/segments.csv says what became of each.

    \b
    Examples:
      crocs stage2 --run runs/first --clusters 5
      crocs stage2 --run runs/second --clusters 4,8 --algorithm kmedoids
      crocs stage2 --run runs/third --clusters 5 --sample 80
      crocs stage2 --run runs/fourth --clusters 5 --distance footprint
    """
    from crocs_cli.stages import stage2

    made = stage2.run(job.run, job.settings, job.seed, job.team)
    if not job.team.leads:
        return
    where = job.run if job.settings.sample is None else job.run.sample
    if made:
        click.echo(f"{job.run}/partitions: into {', '.join(map(str, job.settings.clusters))} segments")
    else:
        click.echo(f"{where}/wsmd: this share is done; the last share, or a call without --share, partitions")
