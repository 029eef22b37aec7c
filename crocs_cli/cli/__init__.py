"""The command line: each command reads its settings, calls one stage, and prints."""

from __future__ import annotations

import importlib

import click

from crocs_cli import __version__

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
    "score": "Measure how good a partition is, against the truth where it is known.",
    "export": "Write results as a table.",
    "assign": "Find the segment of new consumers, without clustering again.",
    "compare": "Report what changed between two periods of the same consumers.",
    "forecast": "Forecast each consumer's next day, and say how wrong such forecasts were.",
    "report": "Make one page that shows the run.",
    "plan": "Estimate what a run will take, from a short trial on this machine.",
    "status": "Show what of a run is made, what is missing, and what to do next.",
    "info": "Describe a file that crocs made.",
    "screen": "Rank installations whose daily energy suggests non-technical losses.",
    "paper": "Run the experiments of the paper and say whether its claims hold.",
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

    def format_commands(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="crocs")
def cli() -> None:
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
