"""`crocs ingest`."""

from pathlib import Path

import click

from crocs_cli.cli.options import Job, stage_options


@click.command("ingest")
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
@stage_options("ingest", hidden=("files",))
def command(job: Job, files: tuple[Path, ...]) -> None:
    """Read meter files into daily load profiles.

    Reads FILES (names or quoted globs), or those of `ingest.files`. Writes RUN/profiles and RUN/quality.csv,
    which says for every consumer what was read, and which days were left out and why.

    \b
    Examples:
      crocs ingest --run runs/mine readings.csv
      crocs ingest --run runs/trial --reader sgsc --days-from 2013-06-01 --days-to 2013-08-31 sgsc.csv.gz
      crocs ingest --run runs/work --days-type workdays --holidays AU-NSW 'meters/*.parquet'
    """
    from crocs_cli.machine.plain import counted
    from crocs_cli.stages import ingest

    settings = job.settings.model_copy(update={"files": tuple(map(str, files))}) if files else job.settings
    shards = ingest.run(job.run, settings, job.team)
    if job.team.leads:
        what = {"day": "daily load profiles", "week": "weekly load profiles", "event": "events"}
        click.echo(f"{job.run}: {counted(len(shards), 'shard')} of {what[settings.period]}")
        click.echo("\n".join(ingest.findings(job.run, shards)))
