"""`crocs typical`."""

from pathlib import Path

import click

from crocs_cli.cli.options import run_option


@click.command("typical")
@run_option
@click.option("--clusters", type=click.IntRange(min=1), required=True, help="Which partition of stage2.")
@click.option("--cluster", type=click.IntRange(min=1), help="Only this cluster; 1 is the largest.")
@click.option("--first", type=click.IntRange(min=1), help="Only so many of each cluster, after the filters.")
@click.option("--min-daily-kwh", type=float, help="Only who uses at least so many kWh a day.")
@click.option(
    "--min-coverage",
    type=click.FloatRange(0, 1),
    help="Only who has this share of days in behaviours that hold 5 % of the cluster's days or more.",
)
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False), required=False)
def command(
    run: Path,
    clusters: int,
    cluster: int | None,
    first: int | None,
    min_daily_kwh: float | None,
    min_coverage: float | None,
    file: Path | None,
) -> None:
    """List each cluster's members, the most typical first.

    Reads RUN/rls, RUN/partition.h5 and RUN/rrls. Prints CSV, or writes FILE as CSV or Parquet by its ending:
    cluster, rank, consumer_id, distance (WSMD to the cluster's shared behaviours), major_coverage (share of
    the consumer's days in the major ones) and mean_daily_kwh.

    \b
    Examples:
      crocs typical --run runs/first --clusters 5 --first 20
      crocs typical --run runs/first --clusters 5 --cluster 2 --min-daily-kwh 10 --min-coverage 0.6 list.csv
    """
    from crocs_cli.machine import tables
    from crocs_cli.stages import typical

    if file:
        tables.check_ending(file)
    table = typical.run(run, clusters, typical.Wanted(cluster, first, min_daily_kwh, min_coverage))
    if file:
        tables.write_table(table, file)
        click.echo(f"{file}: {table.num_rows} consumers")
    else:
        click.echo(tables.csv_bytes(table), nl=False)
