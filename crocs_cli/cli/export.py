"""`crocs export`."""

from pathlib import Path

import click

from crocs_cli.cli.options import run_option

WHAT = (
    "consumers", "segments", "hyperprototypes", "coverage", "consumer-coverage", "day-labels", "rls",
    "dendrogram", "indices", "assignments",
)  # fmt: skip


@click.command("export")
@run_option
@click.option("--what", type=click.Choice(WHAT), default="consumers", show_default=True, help="Which table.")
@click.option("--clusters", type=click.IntRange(min=1), help="Which partition of stage2.")
@click.option("--excel", is_flag=True, help="CSV that Excel takes ids from as text.")
@click.option("--share-safe", is_flag=True, help="Leave out ids, real households' days and small segments.")
@click.option(
    "--minimum-size",
    type=click.IntRange(min=2),
    default=15,
    show_default=True,
    help="Consumers below which --share-safe hides a segment or behaviour.",
)
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def command(
    run: Path,
    what: str,
    clusters: int | None,
    excel: bool,
    share_safe: bool,
    minimum_size: int,
    file: Path,
) -> None:
    """Write results as a table.

    Reads the files of RUN. Writes FILE, as CSV or Parquet by its ending; a file of that name is replaced.
    `consumers` has the columns consumer_id (text) and cluster (1 is the largest); README describes every
    column of every table. Tables of one partition need --clusters. With --share-safe a table may be passed
    on: means in place of medoids, no small groups; tables of single consumers are refused.

    \b
    Examples:
      crocs export --run runs/first --clusters 5 labels.csv
      crocs export --run runs/first --clusters 5 --what hyperprototypes behaviours.parquet
      crocs export --run runs/first --clusters 5 --excel for-excel.csv
      crocs export --run runs/first --clusters 5 --what segments --share-safe segments.csv
    """
    from crocs_cli.machine.tables import check_ending, write_table
    from crocs_cli.stages import export, sharing

    check_ending(file)
    if share_safe:
        sharing.check_shared(what)
    table = export.table(run, what, clusters)
    if share_safe:
        table = sharing.safe(table, run, None if what == "indices" else clusters, minimum_size)
    write_table(table, file, excel)
    if what == "consumers":
        click.echo(f"{file}: {table.num_rows} consumers in {clusters} clusters")
    else:
        click.echo(f"{file}: {table.num_rows} rows of {', '.join(table.column_names[:6])}")
