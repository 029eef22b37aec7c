"""`crocs stability`."""

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
        strength, ari = measured["strength"].mean(), measured["ari"]
        ami, kappa = measured["days_ami"][0], measured["days_kappa"][0]
        click.echo(
            f"{clusters} segments: prediction strength {strength:.2f}; from other days ARI "
            f"{measured['days_ari'][0]:.2f}, AMI {ami:.2f}, placed alike (kappa) {kappa:.2f}, largest "
            f"segment {100 * measured['days_largest'][0]:.0f} %; subsamples ARI {ari.mean():.3f} "
            f"({ari.min():.3f} to {ari.max():.3f})"
        )
    click.echo(stability.advice(found))
