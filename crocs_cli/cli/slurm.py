"""`crocs slurm`."""

from pathlib import Path

import click

from crocs_cli.cli.options import Job, read_document, stage_options


@click.command("slurm")
@stage_options("slurm", only_reads=True)
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.pass_context
def command(context: click.Context, job: Job, folder: Path) -> None:
    """Write files that submit a whole run to Slurm.

    Reads the settings file, and RUN/profiles where they are there; else give --consumers. Tries what takes
    long on this machine, as `crocs plan` does. Writes FOLDER: a script for each step from ingest to report,
    with its memory and time, submit.sh, which submits them all, and environment.sh, to be filled in. Calling
    it again writes all of it anew but environment.sh.

    \b
    Examples:
      crocs slurm jobs -c demo.yaml --tasks 4
      crocs slurm jobs -c demo.yaml --consumers 5000 --account energy --partition short
    """
    from crocs_cli.errors import CallError
    from crocs_cli.machine.settings import settle
    from crocs_cli.rundir.settings import (
        SECTIONS,
        RrlsSettings,
        StabilitySettings,
        Stage1Settings,
        Stage2Settings,
    )
    from crocs_cli.stages import slurm

    config = context.params["config"]
    if config is None:
        raise CallError("slurm: no settings file; give -c FILE, which every job will read")
    document = read_document(config)
    sources = [name for name in ("ingest", "synth") if name in document.values]
    chain = slurm.Chain(
        config,
        frozenset(document.values),
        settle(sources[0], SECTIONS[sources[0]], document, {}) if sources else None,  # type: ignore[arg-type]
        settle("stage1", Stage1Settings, document, {}),
        settle("stage2", Stage2Settings, document, {}),
        settle("rrls", RrlsSettings, document, {}),
        settle("stability", StabilitySettings, document, {}),
    )
    for line in slurm.said(slurm.run(job.run, job.settings, chain, folder), folder):
        click.echo(line)
