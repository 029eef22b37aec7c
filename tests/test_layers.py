"""The order of the rooms: imports go down only."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "crocs_cli"
# what each room may import of crocs, itself included unless it says otherwise
ALLOWED = {
    "cli": {"cli", "stages", "screen", "paper", "rundir", "machine", "errors"},
    "stages": {
        "stages.reading",
        "stages.events",
        "stages.sampled",
        "stages.continuity",
        "stages.footprint",  # the distance without pairs, for new consumers too
        "stages.stage1",  # load sets, for new consumers too
        "stages.stage2",  # distances, for subsamples too
        "stages.distances",  # those of a run, as a table too
        "stages.assign",  # of the later of two periods
        "stages.choose",  # the page on all numbers of segments, beside each report
        "stages.plan",  # needs, for files of Slurm too
        "stages.report",  # whether a report is still right
        "stages.programme",  # who took part
        "stages.programme_tables",  # their tables, for export; what they were made from, for status
        "stages.matching",  # with whom they are compared
        "stages.compare",  # change of behaviours of those who took part
        "stages.target",  # whether a target list is still right
        "report",
        "rundir",
        "maths",
        "machine",
        "readers",
        "errors",
    },
    "screen": {"screen", "report", "readers", "rundir", "maths", "machine", "errors"},
    "paper": {"paper", "rundir", "maths", "machine", "report", "errors"},
    "report": {"report", "rundir", "maths", "machine", "errors"},
    "rundir": {"rundir", "maths", "machine", "readers.described", "readers.table_settings", "errors"},
    "maths": {"maths", "errors"},
    "machine": {"machine", "errors"},
    "readers": {"readers", "maths", "machine.settings", "errors"},  # formats are described as settings are
    "docs": set(),  # guides in Markdown
}
# what large rooms are divided into, each of which may import those before it
ORDER = {
    "maths": [
        "compiled",
        "decisions",
        "portable",
        "readings",
        "distances",
        "ward",
        "clustering",
        "footprints",
        "behaviours",
        "sequences",
        "segments",
        "programmes",
        "synthetic",
    ],
    "screen": [
        "settings",
        "layouts",
        "daily",
        "simulated",
        "patterns",
        "changes",
        "ranking",
        "simulate",
        "ingest",
        "fit",
        "rank",
        "tables",
        "overview",
        "truth",
        "validate",
        "figures",
        "page",
    ],
}
NEVER_IN_MATHS = {"h5py", "click", "mpi4py", "logging", "pyarrow", "matplotlib"}


def imports(path: Path) -> list[str]:
    names = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names += [f"{node.module}.{alias.name}" for alias in node.names]
    return names


def where(path: Path) -> str:
    return str(path.relative_to(PACKAGE))


def part(path: Path) -> tuple[str, str]:
    """Return the room of a file, and which part of it."""
    room, inside, *_ = path.relative_to(PACKAGE).parts
    return room, inside.removesuffix(".py")


FILES = [path for room in ALLOWED for path in sorted((PACKAGE / room).rglob("*.py"))]


@pytest.mark.parametrize("path", FILES, ids=where)
def test_imports_go_down_only(path):
    room, _ = part(path)
    own = [name.removeprefix("crocs_cli.") for name in imports(path) if name.startswith("crocs_cli.")]
    up = [
        n for n in own if n != "__version__" and not any(f"{n}.".startswith(f"{a}.") for a in ALLOWED[room])
    ]
    assert not up


@pytest.mark.parametrize("path", [path for path in FILES if part(path)[0] in ORDER], ids=where)
def test_the_parts_of_a_room_build_on_those_before(path):
    room, own = part(path)
    used = {name.split(".")[2] for name in imports(path) if name.startswith(f"crocs_cli.{room}.")}
    assert used <= set(ORDER[room][: 1 + ORDER[room].index(own)] if own in ORDER[room] else ())


@pytest.mark.parametrize("path", [path for path in FILES if part(path)[0] == "maths"], ids=where)
def test_maths_knows_no_files_and_no_processes(path):
    assert not {name.split(".")[0] for name in imports(path)} & NEVER_IN_MATHS


def test_every_room_is_under_the_rule():
    def rooms(folder: Path) -> set[str]:
        return {path.name for path in folder.iterdir() if path.is_dir() and path.name != "__pycache__"}

    assert rooms(PACKAGE) <= {*ALLOWED, "docs"}
    for room, parts in ORDER.items():
        assert rooms(PACKAGE / room) <= set(parts)
