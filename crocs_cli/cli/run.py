"""`crocs run`."""

from pathlib import Path

import click

# the steps in order; those in brackets only where the settings file has a section of that name
STEPS = ("[ingest]", "[synth]", "stage1", "stage2", "[stability]", "rrls", "report")


@click.command("run")
@click.option("-c", "--config", type=click.Path(path_type=Path), required=True, help="YAML file of settings.")
@click.option("--run", type=click.Path(path_type=Path), help="Run directory, in place of the file's `run:`.")
@click.option("--seed", type=click.IntRange(0, 2**63 - 1), help="Seed, in place of the file's `seed:`.")
@click.option("--share", metavar="I/N", help="Do only part I of N of the work, such as 2/3.")
def command(config: Path, run: Path | None, seed: int | None, share: str | None) -> None:
    """Do the whole chain that a settings file describes, from profiles to the report.

    Reads the settings file and what each step reads. Writes what each step writes: ingest or synth, whichever
    has a section in the file, then stage1, stage2, stability where it has a section, rrls and report. What is
    made already is kept, so that the same call goes on after an interruption.

    \b
    Examples:
      crocs init --example demo -o demo.yaml
      crocs run -c demo.yaml
    """
    from crocs_cli.cli import cli
    from crocs_cli.cli.options import read_document
    from crocs_cli.errors import CallError

    sections = read_document(config).values
    if ("ingest" in sections) == ("synth" in sections):
        raise CallError(f"{config}: either an `ingest:` or a `synth:` section says where profiles come from")
    shared = [
        "-c",
        str(config),
        *(["--run", str(run)] if run else []),
        *(["--seed", str(seed)] if seed is not None else []),
        *(["--share", share] if share else []),
    ]
    asked = click.get_current_context().find_root().params
    loudness = [f"--{name}" for name in ("verbose", "quiet") if asked.get(name)]
    for step in STEPS:
        name = step.strip("[]")
        if name == step or name in sections:
            cli.main([*loudness, name, *shared], prog_name="crocs", standalone_mode=False)
