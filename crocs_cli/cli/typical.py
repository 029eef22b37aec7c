"""`crocs typical`."""

from pathlib import Path

import click

from crocs_cli.cli.options import Job, stage_options


@click.command("typical")
@stage_options("typical", only_reads=True)
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False), required=False)
def command(job: Job, file: Path | None) -> None:
    """List each segment's members, the most typical first.

    Reads RUN/rls, RUN/partitions and RUN/rrls. Prints CSV, or writes FILE as CSV or Parquet by its ending:
    cluster, rank, consumer_id, distance (WSMD to the segment's behaviours), major_coverage (share of
    the consumer's days in the major ones), mean_daily_kwh and the segment's name.

    \b
    Examples:
      crocs typical --run runs/first --clusters 5 --first 20
      crocs typical --run runs/first --clusters 5 --cluster 2 --min-daily-kwh 10 --min-coverage 0.6 list.csv
    """
    from crocs_cli.machine import tables
    from crocs_cli.stages import typical

    if file:
        tables.check_ending(file)
    table = typical.run(job.run, job.settings)
    if file:
        tables.write_table(table, file)
        click.echo(f"{file}: {table.num_rows} consumers")
    else:
        click.echo(tables.csv_bytes(table), nl=False)
