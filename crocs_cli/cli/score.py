"""`crocs score`."""

import json
from pathlib import Path

import click

from crocs_cli.cli.options import run_option


@click.command("score")
@run_option
@click.option("--clusters", type=click.IntRange(min=1), required=True, help="Which partition of stage2.")
def command(run: Path, clusters: int) -> None:
    """Say how good a partition is, against the truth where it is known.

    Reads RUN/partition.h5 and, where it is there, RUN/truth. Prints JSON: ari, ami and psi against the truth
    (1 is equal; consumers that belong to no cluster are left out), and silhouette, dunn, davies_bouldin and
    calinski_harabasz from the distances.

    \b
    Examples:
      crocs score --run runs/first --clusters 5
    """
    from crocs_cli.stages import score

    click.echo(json.dumps(score.run(run, clusters), indent=2))
