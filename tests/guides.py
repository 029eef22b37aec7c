"""The guides and README.md as what they promise: blocks that run, and tables that come from the code.

`python -m tests.guides` writes the tables of the code into the guides.
"""

from __future__ import annotations

import doctest
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from crocs_cli.cli import options
from crocs_cli.machine.layout import Layout
from crocs_cli.machine.settings import option_paths
from crocs_cli.maths.readings.quality import MEANINGS
from crocs_cli.maths.synthetic.population import Population, cluster_behaviours
from crocs_cli.readers import described
from crocs_cli.report import plain_figures
from crocs_cli.rundir.layouts import LAYOUTS
from crocs_cli.rundir.settings import RunSettings
from crocs_cli.screen.layouts import LAYOUTS as OF_SCREENING
from crocs_cli.stages import export, forecast, guide
from tests.conftest import ROOT, Crocs

PAGES = [ROOT / "README.md", *sorted(guide.FOLDER.glob("*.md"))]
FENCE = re.compile(r"^```(\w+)(?: ([^\n]*))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
RUN, WRITTEN = ("sh", "console", "python"), ("yaml", "csv", "text")
NOT_RUN = "not-run: "
OF_BASH = re.compile(r"[|<>$;&*]")
LIKE = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


@dataclass(frozen=True)
class Block:
    """A fenced block of a page: its language, what stands beside that, and its text."""

    language: str
    beside: str
    text: str

    @property
    def runs(self) -> bool:
        """Whether a test runs it."""
        return self.language in RUN and not self.beside.startswith(NOT_RUN)

    def commands(self) -> Iterator[tuple[str, str]]:
        """Yield each command with the output that the page shows of it."""
        text = self.text.replace("\\\n", "")
        if self.language == "console":
            for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
                command, _, output = part.partition("\n")
                yield command.split("  #")[0].strip(), output
        else:
            for line in text.splitlines():
                if command := re.sub(r"(^|  )#.*", "", line).strip():
                    yield command, ""


def blocks(page: Path) -> list[Block]:
    """Return the fenced blocks of a page in their order."""
    return [Block(language, beside or "", text) for language, beside, text in FENCE.findall(page.read_text())]


def follow(page: Path, crocs: Crocs) -> int:
    """Do in the current directory what a page says; return how many commands ran."""
    ran, names = 0, {"__name__": "__main__"}
    for block in blocks(page):
        if block.language in WRITTEN and block.beside and not block.beside.startswith(NOT_RUN):
            Path(block.beside).write_text(block.text)
        elif block.language == "yaml" and not block.beside:
            Path("shown.yaml").write_text(block.text)
            options.read_document(Path("shown.yaml"))
        elif block.runs and block.language == "python":
            exec(compile(block.text, str(page), "exec"), names)
            ran += 1
        elif block.runs:
            for command, shown in block.commands():
                output = run(command, crocs)
                if block.language == "console":
                    assert alike(shown, output), (
                        f"{page.name}: {command}\nshown:\n{shown}\nprinted:\n{output}"
                    )
                ran += 1
    return ran


def run(command: str, crocs: Crocs) -> str:
    """Run one line, which must end well; return its output."""
    if command.startswith("crocs ") and not OF_BASH.search(command):
        ended = crocs(*shlex.split(command)[1:])
        assert ended.code == 0, f"{command}\n{ended.err}"
        return ended.out
    paths = f"{Path(sys.prefix) / 'bin'}{os.pathsep}{os.environ['PATH']}"
    call = ["bash", "-o", "pipefail", "-c", command]
    done = subprocess.run(call, env=os.environ | {"PATH": paths}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}\n{done.stderr}"
    return done.stdout


def alike(shown: str, printed: str) -> bool:
    """Return whether output is as shown, where `...` stands for any text."""
    return doctest.OutputChecker().check_output(shown, printed, LIKE)


def readings(path: Path, first_day: str, days: int) -> None:
    """Write a long CSV of 24 consumers, as a user has it."""
    people = Population(24, 30, 2, 0, False, 4, cluster_behaviours(5, 3, False, 4))
    stamps = np.datetime64(first_day) + np.arange(days * 48) * np.timedelta64(30, "m")
    lines = ["id,time,kwh"]
    for number in range(24):
        energy = people.energy_kwh(number)[:days].reshape(-1)
        lines += [f"{number:013d},{stamp},{kwh:.4f}" for stamp, kwh in zip(stamps, energy, strict=True)]
    path.write_text("\n".join(lines).replace("T", " "))


def table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    """Return a table of Markdown."""
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def settings_tables() -> str:
    """Return a table of the settings of every section."""
    parts = []
    for section, model in [("", RunSettings), *options.SECTIONS.items()]:
        rows = []
        for keys, info in option_paths(model):
            default = info.get_default(call_default_factory=True)
            shown = "" if default in (None, ()) else f"`{options.shown_default(default, info)}`"
            takes = options.metavar(info.annotation, info.metadata).strip("[]").replace("|", ", ")
            rows.append((f"`{'.'.join(keys)}`", takes, shown, info.description.replace("|", ", ")))
        head = f"### {section}" if section else "### At the top of the file"
        parts.append(f"{head}\n\n{table(('key', 'takes', 'default', 'what it is'), rows)}")
    return "\n\n".join(parts)


def columns_tables() -> str:
    """Return a table of the columns of each table that crocs writes."""
    tables = export.COLUMNS | {"forecast/forecast.csv": forecast.COLUMNS, "quality.csv": quality_columns()}
    tables |= {f"report/K/{name} of events": columns for name, columns in plain_figures.COLUMNS.items()}
    parts = []
    for name, columns in tables.items():
        rows = [(f"`{column}`", said) for column, said in columns.items()]
        parts.append(f"### {name}\n\n{table(('column', 'what it holds'), rows)}")
    return "\n\n".join(parts)


def quality_columns() -> dict[str, str]:
    """Return the columns of quality.csv."""
    return {"consumer_id": "the meter's id, as text", **MEANINGS, "mean_daily_kwh": "mean kWh a day"}


def layout_tables(layouts: dict[str, Layout]) -> str:
    """Return a table of the arrays of each kind of file."""
    parts = []
    for layout in layouts.values():
        rows = [
            (f"`{name}`", dtype, ", ".join(map(str, axes)), layout.notes.get(name, ""))
            for name, (dtype, axes) in layout.arrays.items()
        ]
        text = f"### {layout.format}, version {layout.version}\n\nMade by `{layout.made_by}`.\n\n"
        parts.append(text + table(("array", "type", "axes", "what it holds"), rows))
    return "\n\n".join(parts)


def readers_table() -> str:
    """Return a table of the formats that are described as tables."""
    rows = [(f"`{name}`", known.about, known.source) for name, known in described.known().items()]
    return table(("reader", "whose files", "described in"), rows)


PARTS: dict[str, Callable[[], str]] = {
    "settings": settings_tables,
    "columns": columns_tables,
    "layouts": lambda: layout_tables(LAYOUTS),
    "layouts of the screening": lambda: layout_tables(OF_SCREENING),
    "readers": readers_table,
}


def with_parts(text: str) -> str:
    """Return the text of a page with its tables as the code has them today."""
    for name, part in PARTS.items():
        begin, end = f"<!-- begin {name} -->\n", f"<!-- end {name} -->"
        if begin in text:
            before, rest = text.split(begin)
            text = f"{before}{begin}\n{part()}\n\n{end}{rest.split(end)[1]}"
    return text


def main() -> None:
    """Write the tables of the code into the guides."""
    for page in PAGES:
        if (text := with_parts(page.read_text())) != page.read_text():
            page.write_text(text)
            print(f"written: {page.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
