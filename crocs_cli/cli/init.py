"""`crocs init`."""

from pathlib import Path

import click


@click.command("init")
@click.argument("files", nargs=-1)
@click.option("--reader", help="Format of the files, where it is known; see `crocs ingest --help`.")
@click.option("--example", help="Write settings that came with crocs: demo, laptop, paper or screen.")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("run.yaml"),
    show_default=True,
    help="Settings file to write; one that is there is left alone.",
)
def command(files: tuple[str, ...], reader: str | None, example: str | None, output: Path) -> None:
    """Write a settings file for meter files.

    Reads the first part of FILES (names or quoted globs). Writes how to read them: format, columns, clock,
    unit, interval and dates. Prints what it is sure of, what it guessed, and what only you know. Without
    files, writes the settings of a --reader, or an --example.

    \b
    Examples:
      crocs init readings.csv
      crocs init --output trial.yaml 'meters/*.parquet'
      crocs init --reader smart-meter-texas -o texas.yaml
      crocs init --example paper -o paper.yaml
    """
    from crocs_cli.stages import init

    found = init.example(example, output) if example else init.run(files, reader, output)
    for line in found:
        click.echo(line)
