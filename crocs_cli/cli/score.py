"""`crocs score`."""

import click

from crocs_cli.cli.options import Job, stage_options


@click.command("score")
@stage_options("score", only_reads=True)
def command(job: Job) -> None:
    """Measure how good a partition is, against the truth where it is known.

    Reads RUN/partitions and, where it is there, RUN/truth. Prints JSON: ari, ami and psi against the truth
    (1 is equal; consumers that belong to no cluster are left out), and silhouette, dunn, davies_bouldin and
    calinski_harabasz from the distances.

    \b
    Examples:
      crocs score --run runs/first --clusters 5
    """
    from crocs_cli.machine.plain import json_text
    from crocs_cli.stages import score

    click.echo(json_text(score.run(job.run, job.settings), 2))
