"""`crocs export`."""

from pathlib import Path

import click

from crocs_cli.cli.options import Job, stage_options


@click.command("export")
@stage_options("export", only_reads=True)
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, allow_dash=True))
def command(job: Job, file: Path) -> None:
    """Write results as a table.

    Reads the files of RUN. Writes FILE, as CSV, Parquet or workbook (.xlsx, with the extra `xlsx`) by its
    ending; a file of that name is replaced. A FILE of - is CSV on standard output.
    `consumers` has the columns consumer_id (text) and cluster (1 is the largest); `crocs guide tables`
    describes every column of every table. With --share-safe a table may be passed on: means in place of
    medoids, no small groups; tables of single consumers are refused. Tables of peak, bills, target and impact
    are those that the command of that name wrote; --question names the folder where there are several.

    \b
    Examples:
      crocs export --run runs/first --clusters 5 labels.csv
      crocs export --run runs/first --clusters 5 --what hyperprototypes behaviours.parquet
      crocs export --run runs/first --clusters 5 --excel for-excel.csv
      crocs export --run runs/first --clusters 5 --what mean-days -
      crocs export --run runs/first --clusters 5 --what segments --share-safe segments.csv
      crocs export --run runs/first --clusters 5 --what peak-consumers --question 40h peak.parquet
    """
    from crocs_cli.machine.tables import check_ending, csv_bytes, write_table
    from crocs_cli.stages import export

    if str(file) == "-":
        content = csv_bytes(export.run(job.run, job.settings)[0], job.settings.excel)
        click.echo(content, nl=False)
        return
    check_ending(file)
    table, clusters = export.run(job.run, job.settings)
    write_table(table, file, job.settings.excel)
    if job.settings.what == "consumers":
        click.echo(f"{file}: {table.num_rows} consumers in {clusters} clusters")
    else:
        click.echo(f"{file}: {table.num_rows} rows of {', '.join(table.column_names[:6])}")
