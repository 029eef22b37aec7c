"""`crocs stability`."""

import click

from crocs_cli.cli.options import Job, stage_options


@click.command("stability")
@stage_options("stability")
def command(job: Job) -> None:
    """Measure how far each partition depends on which consumers are in it.

    Reads RUN/wsmd and RUN/partitions. Writes RUN/stability/K.h5 for each partition: subsamples of the
    consumers clustered again, and how well each segment was found again. The report shows it. Of a run of
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
    for clusters, measured in found.items():
        ari = measured["ari"]
        click.echo(f"{clusters} segments: ARI {ari.mean():.3f} ({ari.min():.3f} to {ari.max():.3f})")
