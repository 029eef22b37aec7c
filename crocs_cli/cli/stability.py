"""`crocs stability`."""

import math

import click

from crocs_cli.cli.options import Job, stage_options


@click.command("stability")
@stage_options("stability")
def command(job: Job) -> None:
    """Measure how far segments can be trusted: whether they are found again.

    Reads RUN/profiles and RUN/partitions. Writes RUN/stability/K.h5 for each partition. At most --consumers
    consumers are clustered again by the run's own settings: by every other day and by the rest (ARI, AMI;
    kappa of the rest placed by the others' centres), in disjoint halves of the consumers (prediction
    strength), and in subsamples. Recommends the largest number of segments whose prediction strength is 0.8
    or more, or none. The report shows it.

    \b
    Examples:
      crocs stability --run runs/first
      crocs stability --run runs/second --samples 50
    """
    from crocs_cli.stages import stability

    found = stability.run(job.run, job.settings, job.seed, job.team)
    if not job.team.leads:
        return
    for clusters, measured in found.items():
        ari, names = measured["ari"], ("strength", "days_ari", "days_ami", "days_kappa")
        strength, days_ari, ami, kappa = (_known(measured[name].mean(), ".2f") for name in names)
        largest = _known(measured["days_largest"][0], ".0%")
        click.echo(
            f"{clusters} segments: prediction strength {strength}; from other days ARI {days_ari}, "
            f"AMI {ami}, placed alike (kappa) {kappa}, largest segment {largest}; "
            f"subsamples ARI {ari.mean():.3f} ({ari.min():.3f} to {ari.max():.3f})"
        )
    click.echo(stability.advice(found))


def _known(value: float, form: str) -> str:
    """Format a figure; it is not known where there are too few consumers or days."""
    return "not known" if math.isnan(value) else format(value, form)
