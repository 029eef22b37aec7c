"""The command line: each command reads its settings, calls one stage, and prints."""

from __future__ import annotations

import importlib
import logging

import click

from crocs_cli import __version__
from crocs_cli.errors import CallError

# In the order of the work. The sentence is the command's own first one; a test holds the two together.
COMMANDS = {
    "run": "Do the whole chain that a settings file describes, from profiles to the report.",
    "init": "Write a settings file for meter files.",
    "ingest": "Read meter files into daily load profiles.",
    "quality": "Report what of the readings was used, and what was left out and why.",
    "synth": "Make a synthetic population whose clusters are known.",
    "stage1": "Find each consumer's representative load set.",
    "stage2": "Compare the consumers and divide them into segments.",
    "rrls": "Find the behaviours that each segment's members share.",
    "typical": "List each segment's members, the most typical first.",
    "stability": "Measure how far segments can be trusted: whether they are found again.",
    "choose": "Set the numbers of segments side by side, and recommend one or none.",
    "score": "Measure how good a partition is, against the truth where it is known.",
    "export": "Write results as a table.",
    "assign": "Find the segment of new consumers, without clustering again.",
    "compare": "Report what changed between two periods, or how two segments differ.",
    "forecast": "Forecast each consumer's next day, and say how wrong such forecasts were.",
    "peak": "Find who makes the peak of a system's load.",
    "bills": "Compute what each consumer pays under one tariff or two.",
    "target": "Choose the fewest consumers to ask, so that a goal in kW is reached.",
    "impact": "Measure what a programme did to those who took part.",
    "report": "Make one page that shows the run.",
    "plan": "Estimate what a run will take, from a short trial on this machine.",
    "slurm": "Write files that submit a whole run to Slurm.",
    "status": "Show what of a run is made, what is missing, and what to do next.",
    "info": "Describe a file that crocs made.",
    "guide": "Show a guide, or list the guides.",
    "screen": "Rank installations whose daily energy suggests non-technical losses.",
    "paper": "Run the experiments of the paper and say whether its claims hold.",
}


PURPOSES = {
    "Prepare": ("init", "ingest", "quality", "synth", "plan", "slurm"),
    "Segment": ("run", "stage1", "stage2", "rrls", "stability", "choose", "score"),
    "Use": ("report", "typical", "export", "assign", "compare", "forecast"),
    "Programmes": ("peak", "bills", "target", "impact"),
    "Look after": ("status", "info", "guide"),
    "Other": ("screen", "paper"),
}


class Commands(click.Group):
    """Commands that are imported when they are called, so that `--help` is quick."""

    def list_commands(self, context: click.Context) -> list[str]:
        """Return the commands in the order of the work."""
        return list(COMMANDS)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        """Import one command's file."""
        if name not in COMMANDS:
            return None
        return importlib.import_module(f"crocs_cli.cli.{name}").command

    def resolve_command(
        self, context: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command; name the nearest one where there is none of that name."""
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            from crocs_cli.machine.settings import nearest  # loads what a quick --help can do without

            raise CallError(f"{args[0]}: no such command{nearest(args[0], COMMANDS)}")
        return super().resolve_command(context, args)

    def format_commands(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands by purpose, without importing them."""
        width = max(map(len, COMMANDS))
        for purpose, names in PURPOSES.items():
            with formatter.section(purpose):
                formatter.write_dl([(name.ljust(width), COMMANDS[name]) for name in names])


@click.group(
    cls=Commands,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, prog_name="crocs")
@click.option("-v", "--verbose", is_flag=True, help="Log more, such as the memory that each step takes.")
@click.option("-q", "--quiet", is_flag=True, help="Log warnings only.")
@click.pass_context
def cli(context: click.Context, verbose: bool, quiet: bool) -> None:
    """Segment electricity consumers by how they really use energy.

    Each command brings its part of a run directory up to date: it makes what is missing and leaves what is
    there. Calling it again after a crash, on another share, or under mpiexec or srun is always right.

    \b
    crocs synth  --run runs/first --consumers 200
    crocs stage1 --run runs/first
    crocs stage2 --run runs/first --clusters 5
    crocs rrls   --run runs/first --clusters 5
    crocs report --run runs/first --clusters 5
    """
    level = logging.DEBUG if verbose else logging.WARNING if quiet else logging.INFO
    logging.getLogger("crocs").setLevel(level)
    if context.invoked_subcommand is None:
        click.echo(context.get_help())
