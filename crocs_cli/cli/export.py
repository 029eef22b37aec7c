"""`crocs export`."""

from pathlib import Path

import click

from crocs_cli.cli.options import run_option


@click.command("export")
@run_option
@click.option("--clusters", type=click.IntRange(min=1), required=True, help="Which partition of stage2.")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def command(run: Path, clusters: int, file: Path) -> None:
    """Write the consumers' clusters as a table.

    Reads RUN/partition.h5. Writes FILE, as CSV or Parquet by its ending, with the columns consumer_id (text)
    and cluster (1 is the largest). A file of that name is replaced.

    \b
    Examples:
      crocs export --run runs/first --clusters 5 labels.csv
      crocs export --run runs/first --clusters 5 labels.parquet
    """
    from crocs_cli.stages import export

    export.check_ending(file)
    table = export.consumers(run, clusters)
    export.write_table(table, file)
    click.echo(f"{file}: {table.num_rows} consumers in {clusters} clusters")
