"""The order of the rooms: imports go down only."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "crocs_cli"
# what each room may import of crocs, itself included unless it says otherwise
ALLOWED = {
    "cli": {"cli", "stages", "screen", "paper", "machine", "errors"},
    "stages": {
        "stages.settings",
        "stages.footprints",
        "stages.members",
        "stages.reading",
        "stages.reported",
        "maths",
        "machine",
        "readers",
        "pictures",
        "errors",
    },
    "screen": {"screen", "maths", "machine", "errors", "stages.settings", "stages.footprints"},
    "paper": {"paper", "maths", "machine", "pictures", "errors", "stages.settings", "stages.footprints"},
    "pictures": {"pictures", "maths", "errors"},
    "maths": {"maths", "errors"},
    "machine": {"machine", "errors"},
    "readers": {"readers", "maths", "errors"},
}
# the rooms of maths, each of which may import those before it
MATHS = (
    "compiled",
    "readings",
    "distances",
    "ward",
    "clustering",
    "behaviours",
    "sequences",
    "segments",
    "synthetic",
)
NEVER_IN_MATHS = {"h5py", "click", "mpi4py", "logging", "pyarrow", "matplotlib"}


def imports(path: Path) -> list[str]:
    names = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names += [f"{node.module}.{alias.name}" for alias in node.names]
    return names


FILES = [path for room in ALLOWED for path in sorted((PACKAGE / room).rglob("*.py"))]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_go_down_only(path):
    room = path.relative_to(PACKAGE).parts[0]
    own = [name.removeprefix("crocs_cli.") for name in imports(path) if name.startswith("crocs_cli.")]
    up = [
        n for n in own if n != "__version__" and not any(f"{n}.".startswith(f"{a}.") for a in ALLOWED[room])
    ]
    assert not up


IN_MATHS = [path for path in FILES if path.relative_to(PACKAGE).parts[0] == "maths"]


@pytest.mark.parametrize("path", IN_MATHS, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_the_rooms_of_maths_build_on_those_before(path):
    room = path.relative_to(PACKAGE / "maths").parts[0].removesuffix(".py")
    used = {name.split(".")[2] for name in imports(path) if name.startswith("crocs_cli.maths.")}
    assert used <= set(MATHS[: 1 + MATHS.index(room)] if room in MATHS else ())


@pytest.mark.parametrize("path", IN_MATHS, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_maths_knows_no_files_and_no_processes(path):
    assert not {name.split(".")[0] for name in imports(path)} & NEVER_IN_MATHS


def test_every_room_is_under_the_rule():
    def rooms(folder: Path) -> set[str]:
        return {path.name for path in folder.iterdir() if path.is_dir() and path.name != "__pycache__"}

    assert rooms(PACKAGE) <= set(ALLOWED)
    assert rooms(PACKAGE / "maths") <= set(MATHS)
