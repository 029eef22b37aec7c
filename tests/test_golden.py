"""Files of every kind and version that there was: the current ones are read, the earlier ones say their cure.

tests/golden holds a file of each kind and version, NAME-VERSION.h5, and in run/ a run of the last crocs that
kept all partitions in one file. They stay as they are for ever. For a new version of a layout, add its file:

    python -m tests.test_golden
"""

import shutil
from pathlib import Path

import numpy as np
import pytest

from crocs_cli import __main__
from crocs_cli.errors import CrocsError
from crocs_cli.machine import files
from crocs_cli.machine.layout import Offsets
from crocs_cli.rundir.layouts import GONE, LAYOUTS
from crocs_cli.rundir.run import Run
from crocs_cli.screen.layouts import LAYOUTS as OF_SCREENING
from tests.conftest import digests
from tests.stages.test_status import follow_all, states, status

GOLDEN = Path(__file__).parent / "golden"
RUN = GOLDEN / "run"
CURRENT = LAYOUTS | OF_SCREENING


def arrays_of(layout):
    """Return arrays of a layout whose every element is known: two or three long on each axis."""

    def length(axis):
        base = axis.of if isinstance(axis, Offsets) else axis
        return 2 + len(base) % 2 + isinstance(axis, Offsets)

    return {
        name: values(name, dtype, tuple(map(length, axes))) for name, (dtype, axes) in layout.arrays.items()
    }


def values(name, dtype, shape):
    """Return 0, 1, 2 ... in the form of an array of a file."""
    numbers = np.arange(np.prod(shape, dtype=int)).reshape(shape)
    if dtype == "text":
        return np.array([f"{name} {number} ä" for number in numbers.ravel()])
    return (numbers % 2 == 0 if dtype == "bool" else numbers % 100).astype(dtype)


def recipe_of(layout):
    """Return how a golden file says that it was made."""
    command = layout.made_by.removeprefix("crocs ")
    return {"command": command, "key": "00000", "parts": 1, "settings": {"seed": 1}, "inputs": {}}


def place_of(layout):
    """Return where the golden file of a layout lies."""
    return GOLDEN / f"{layout.format}-{layout.version}.h5"


def make_missing():
    """Write the golden files that are not there; those that are stay."""
    for layout in CURRENT.values():
        if not place_of(layout).exists():
            files.write(place_of(layout), layout, arrays_of(layout), recipe_of(layout))
            print(place_of(layout))


def kind(path):
    """Return the layout that a golden file is of, and its version."""
    name, _, version = path.stem.rpartition("-")
    return (CURRENT | GONE)[name], int(version)


EVERY = sorted(GOLDEN.glob("*.h5"))
OLD = [path for path in EVERY if kind(path)[1] != kind(path)[0].version]


@pytest.mark.parametrize("layout", CURRENT.values(), ids=lambda layout: layout.format)
def test_a_file_of_the_current_version_is_read(crocs, layout):
    assert place_of(layout).exists(), "a new version: run `python -m tests.test_golden`, and keep the file"
    expected, read = arrays_of(layout), files.read(place_of(layout), layout)
    assert read.keys() == expected.keys()
    for name, array in expected.items():
        assert read[name].dtype.kind == array.dtype.kind
        assert np.array_equal(read[name], array), name
    assert files.read_recipe(place_of(layout), layout) == recipe_of(layout)
    assert crocs("info", place_of(layout)).out.startswith(f"{layout.format} version {layout.version}, ")


@pytest.mark.parametrize("path", OLD, ids=lambda path: path.stem)
def test_a_file_of_an_earlier_version_says_its_cure(crocs, path):
    layout, version = kind(path)
    with pytest.raises(CrocsError, match=f"{layout.format} version {version}; this crocs reads "):
        files.read(path, layout)
    ended = crocs("info", path)
    assert (ended.code, ended.err.count("\n")) == (1, 1)
    assert f"run `{layout.made_by}`" in ended.err


@pytest.fixture
def run(tmp_path):
    return shutil.copytree(RUN, tmp_path / "run")


def test_a_run_of_an_earlier_crocs_says_its_cures_until_it_is_whole(crocs, run):
    before = digests(run)
    for call in (
        ("report",),
        ("score", "--clusters", 2),
        ("typical", "--clusters", 2),
        ("stability",),
        ("rrls", "--clusters", 2),
        ("export", "--clusters", 2, run / "labels.csv"),
    ):
        ended = crocs(call[0], "--run", run, *call[1:])
        assert (ended.code, ended.err.count("\n")) == (1, 1), call
        assert f"{run}/partition.h5: " in ended.err, call
        assert "run `crocs stage2` again" in ended.err, call
    assert crocs("stage1", "--run", run, "--prototypes", 2).err == (
        f"crocs: {run}/rls/00000.h5: crocs-rls version 1; this crocs reads version 2: "
        "use the crocs that made it, or move it elsewhere and run `crocs stage1` again\n"
    )
    steps, following = status(crocs, run)
    stale = {name for name, step in steps.items() if step["state"] == "stale"}
    assert stale >= {"stage1", "partition"}
    assert following == f"move {run}/rls/00000.h5 elsewhere, then crocs stage1 --run {run}"
    assert digests(run) == before
    follow_all(crocs, run)
    kept = digests(run.parent).values()
    assert set(before.values()) <= {*kept}, "nothing is lost"
    assert set(states(crocs, run).values()) == {"made"}
    assert Run(run).labels(5)[1].max() == 4


@pytest.fixture(scope="module")
def upgraded(tmp_path_factory):
    """Return the run with load sets of the current version, and no partition."""
    run = shutil.copytree(RUN, tmp_path_factory.mktemp("upgraded") / "run")
    for name in ("rls", "wsmd", "rrls"):
        shutil.rmtree(run / name)
    for name in ("partition.h5", "stability.h5"):
        (run / name).unlink()
    assert __main__.run(["stage1", "--run", str(run), "--prototypes", "2"]) == 0
    return run


PLACES = {  # where an earlier file could be put, who reads it there, and so makes it anew
    "crocs-rls-1": ("rls/00000.h5", "stage1 --prototypes 2"),
    "crocs-partition-1": ("partitions/2.h5", "stage2 --clusters 2"),
    "crocs-stability-1": ("stability/2.h5", "stability --samples 2"),
    "crocs-sampled-1": ("sampled/2.h5", "stage2 --clusters 2 --sample 4"),
}


@pytest.mark.parametrize("name", PLACES)
def test_the_cure_of_an_earlier_file_cures(crocs, upgraded, tmp_path, name):
    run, (place, command) = shutil.copytree(upgraded, tmp_path / "run"), PLACES[name]
    call = [*command.split(), "--run", run]
    if name == "crocs-stability-1":
        assert crocs("stage2", "--run", run, "--clusters", 2).code == 0
    assert crocs(*call).code == 0
    right = digests(run)
    shutil.copyfile(GOLDEN / f"{name}.h5", run / place)
    ended = crocs(*call)
    assert (ended.code, ended.err.count("\n")) == (1, 1)
    assert f"{run / place}: {name[:-2]} version 1; this crocs reads version " in ended.err
    assert f"move it elsewhere and run `crocs {call[0]}` again" in ended.err
    (run / place).rename(run.parent / "moved.h5")
    assert crocs(*call).code == 0
    assert digests(run) == right


def test_every_earlier_version_has_its_cure_tried():
    assert {path.stem for path in OLD} - {"crocs-moves-1"} == {*PLACES}, "of that one, the kind is gone"


if __name__ == "__main__":
    make_missing()
