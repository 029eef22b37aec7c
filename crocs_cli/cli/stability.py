"""`crocs stability`."""

import click

from crocs_cli.cli.options import Job, stage_options


@click.command("stability")
@stage_options("stability")
def command(job: Job) -> None:
    """Measure how far each partition depends on which consumers are in it.

    Reads RUN/wsmd and RUN/partition.h5. Writes RUN/stability.h5: subsamples of the consumers clustered again
    into every number of clusters, and how well each cluster was found again. The report shows it. Of a run of
    stage2 --sample, the consumers are those of the sample, whose distances lie in RUN/sample.

    \b
    Examples:
      crocs stability --run runs/first
      crocs stability --run runs/second --samples 50
    """
    from crocs_cli.stages import stability

    if job.team.rank != 0:  # one file, made by one process
        return
    found = stability.run(job.run, job.settings, job.seed)
    for clusters, agreement in zip(found["clusters"], found["ari"], strict=True):
        least, most = agreement.min(), agreement.max()
        click.echo(f"{clusters} clusters: ARI {agreement.mean():.3f} ({least:.3f} to {most:.3f})")
