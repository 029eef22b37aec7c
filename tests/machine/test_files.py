"""A file is whole and what it says it is, or it is refused in one line."""

import errno
import fcntl
import os
import re
import resource
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import crocs_cli
from crocs_cli.errors import CrocsError
from crocs_cli.machine import files
from crocs_cli.rundir.layouts import LAYOUTS, PARTITION, TRUTH, Layout

PACKAGE = Path(crocs_cli.__file__).parent
RECIPE = {"command": "synth", "key": "00000", "parts": 1, "settings": {"seed": 1}, "inputs": {}}


def truth(consumers: int = 3) -> dict[str, np.ndarray]:
    return {
        "consumer_id": np.array([f"Zählpunkt {i}" for i in range(consumers)], dtype=np.str_),
        "cluster": np.arange(consumers),
        "day_offset": 2 * np.arange(consumers + 1),
        "shape": np.arange(2 * consumers),
    }


def test_what_is_written_is_read(tmp_path):
    path = tmp_path / "deep" / "00000.h5"
    files.write(path, TRUTH, truth(), RECIPE)
    read = files.read(path, TRUTH)
    assert list(read["consumer_id"]) == ["Zählpunkt 0", "Zählpunkt 1", "Zählpunkt 2"]
    assert all(np.array_equal(read[name], truth()[name]) for name in TRUTH.arrays)
    assert files.read_recipe(path, TRUTH) == RECIPE
    assert [p.name for p in path.parent.iterdir()] == ["00000.h5"]


def test_same_arrays_same_bytes(tmp_path):
    for name in "ab":
        files.write(tmp_path / name, TRUTH, truth(200), RECIPE)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_a_recipe_of_thousands_of_inputs_is_kept(tmp_path):
    recipe = {**RECIPE, "inputs": {f"{i:05d} readings.csv": "0" * 64 for i in range(5000)}}
    files.write(tmp_path / "a.h5", TRUTH, truth(), recipe)
    assert files.read_recipe(tmp_path / "a.h5", TRUTH) == recipe


def test_an_empty_shard_is_a_file_too(tmp_path):
    files.write(tmp_path / "a.h5", TRUTH, truth(0), RECIPE)
    assert len(files.read(tmp_path / "a.h5", TRUTH)["consumer_id"]) == 0


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"cluster": np.arange(4)}, "cluster has 4 on axis consumer, not 3"),
        ({"day_offset": np.arange(3)}, "day_offset has 2 on axis consumer, not 3"),
        ({"shape": np.zeros((2, 2))}, "shape has 2 axes"),
        ({"more": np.arange(3)}, r"arrays differ in \['more'\]"),
    ],
)
def test_arrays_must_fit_their_layout(tmp_path, change, fault):
    with pytest.raises(ValueError, match=fault):
        files.write(tmp_path / "a.h5", TRUTH, {**truth(), **change}, RECIPE)
    assert not list(tmp_path.iterdir())


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_a_cut_or_changed_file_is_found(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("damage") / "00000.h5"
    files.write(path, TRUTH, truth(50), RECIPE)
    whole = path.read_bytes()
    if data.draw(st.booleans(), "cut"):
        path.write_bytes(whole[: data.draw(st.integers(0, len(whole) - 1))])
    else:
        place, bit = data.draw(st.integers(0, len(whole) - 1)), data.draw(st.integers(0, 7))
        path.write_bytes(whole[:place] + bytes([whole[place] ^ (1 << bit)]) + whole[place + 1 :])
    try:
        read, recipe = files.read(path, TRUTH), files.read_recipe(path, TRUTH)
    except CrocsError as error:
        assert str(path) in str(error)  # noqa: PT017 - either outcome may be right
    else:  # the change fell on bytes that mean nothing
        assert recipe == RECIPE
        assert all(np.array_equal(read[name], truth(50)[name]) for name in TRUTH.arrays)


def test_a_foreign_file_is_named_with_what_it_is(tmp_path):
    files.write(tmp_path / "a.h5", TRUTH, truth(), RECIPE)
    with pytest.raises(CrocsError, match="a.h5: expected crocs-partition, found crocs-truth"):
        files.read(tmp_path / "a.h5", PARTITION)
    with h5py.File(tmp_path / "b.h5", "w") as file:
        file["x"] = 1
    with pytest.raises(
        CrocsError, match=r"b.h5: not a whole crocs file .*; move it elsewhere and run `crocs stage2` again"
    ):
        files.read(tmp_path / "b.h5", PARTITION)
    with pytest.raises(CrocsError, match="c.h5: no such file; run `crocs stage2` first"):
        files.read(tmp_path / "c.h5", PARTITION)


IN_USE = "in use by another program; close it there and run again"


def test_a_file_that_another_program_has_locked_is_in_use_until_it_lets_go(tmp_path):
    path = tmp_path / "a.h5"
    files.write(path, TRUTH, truth(), RECIPE)
    with path.open("rb") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        for reads in (files.read, files.read_recipe, files.shapes):
            with pytest.raises(CrocsError, match=f"a.h5: {IN_USE}"):
                reads(path, TRUTH)
    assert len(files.read(path, TRUTH)["cluster"]) == 3


HOLD = "import h5py, sys; file = h5py.File(sys.argv[1], 'r+'); print(flush=True); sys.stdin.read()"


@pytest.mark.parametrize(
    ("locking", "said"),
    [
        ("TRUE", IN_USE),
        (
            "FALSE",
            "a program that writes to it is at work or was ended; close it there, or move it",
        ),
    ],
)
def test_a_file_that_h5py_has_open_for_writing_is_not_called_damaged(tmp_path, locking, said):
    path = tmp_path / "a.h5"
    files.write(path, TRUTH, truth(), RECIPE)
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, path],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "HDF5_USE_FILE_LOCKING": locking},
    ) as other:
        other.stdout.readline()
        with pytest.raises(CrocsError, match=f"a.h5: {said}"):
            files.read(path, TRUTH)
    assert len(files.read(path, TRUTH)["cluster"]) == 3


def test_a_process_that_may_open_no_more_files_says_so(tmp_path):
    path = tmp_path / "a.h5"
    files.write(path, TRUTH, truth(), RECIPE)
    free = os.open(path, os.O_RDONLY)  # all lower numbers are taken
    os.close(free)
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (free, before[1]))
    try:
        with pytest.raises(CrocsError, match="a.h5: this process may not open more files; raise `ulimit -n`"):
            files.read(path, TRUTH)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


def of_hdf5(number, what="file read failed"):
    return f"Unable to synchronously open file ({what}: errno = {number}, error message = 'x', offset = 0)"


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(errno.EAGAIN, "x"), IN_USE),
        (OSError(errno.EDEADLK, of_hdf5(errno.EDEADLK)), IN_USE),
        (OSError(errno.EACCES, of_hdf5(errno.EACCES, "unable to lock file")), IN_USE),
        (OSError(errno.EACCES, of_hdf5(errno.EACCES, "unable to open file")), "no permission to read it;"),
        (
            OSError(errno.ENOLCK, "x"),
            "its file system gives no locks; if nothing writes to it, run again",
        ),
        (
            OSError(errno.ENOTSUP, of_hdf5(errno.ENOTSUP, "unable to lock file")),
            "its file system gives no locks",
        ),
        (OSError(errno.EIO, "x"), "its disk did not give its bytes"),
        (KeyError(of_hdf5(errno.EIO)), "its disk did not give its bytes"),
        (RuntimeError(of_hdf5(errno.ESTALE)), "another machine moved or replaced it meanwhile; run again"),
        (OSError(errno.ENFILE, "x"), "this machine may not open more files"),
        (OSError(errno.ENOMEM, "x"), "no memory is left"),
        (OSError("Can't read data (memory allocation failed for chunk)"), "no memory is left"),
        (OSError(errno.ENOENT, "x"), "no such file; run `crocs synth` first"),
        (OSError(errno.ELOOP, "x"), "too many levels of symbolic links; mend that and run again"),
        (OSError("Can't read data (wrong checksum)"), "not a whole crocs file"),
    ],
)
@pytest.mark.parametrize("when", ["opened", "read"])
def test_what_the_system_refuses_is_never_called_damage(tmp_path, monkeypatch, error, said, when):
    files.write(tmp_path / "a.h5", TRUTH, truth(), RECIPE)

    def refused(*_, **__):
        raise error

    monkeypatch.setattr(*((h5py, "File") if when == "opened" else (h5py.Dataset, "__getitem__")), refused)
    with pytest.raises(CrocsError, match=f"a.h5: {said}") as told:
        files.read(tmp_path / "a.h5", TRUTH)
    assert ("damaged" in str(told.value)) == ("not a whole" in said)


def test_no_message_asks_to_remove_a_file():
    """A file that is in the way is moved; only a line of a text may be removed."""
    sources = list(PACKAGE.rglob("*.py"))
    asks = re.compile(r"\b(remove|delete) (it|them|the (file|folder|directory))", re.IGNORECASE)
    assert len(sources) > 100
    assert [str(path) for path in sources if asks.search(path.read_text())] == []


def test_a_later_version_is_refused(tmp_path):
    later = Layout(TRUTH.format, TRUTH.version + 1, TRUTH.made_by, TRUTH.arrays)
    files.write(tmp_path / "a.h5", later, truth(), RECIPE)
    with pytest.raises(CrocsError, match="crocs-truth version 2; this crocs reads version 1"):
        files.read(tmp_path / "a.h5", TRUTH)


@contextmanager
def small_disk(folder, options):
    folder.mkdir()
    if subprocess.run(
        ["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder], capture_output=True
    ).returncode:
        pytest.skip("no right to mount a small disk here")
    try:
        yield
    finally:
        subprocess.run(["umount", folder], check=True)


def test_a_full_disk_leaves_nothing_behind(tmp_path):
    with small_disk(tmp_path / "disk", "size=64k"):
        with pytest.raises(CrocsError, match="No space left on device"):
            files.write(tmp_path / "disk" / "00000.h5", TRUTH, truth(20_000), RECIPE)
        assert not list((tmp_path / "disk").iterdir())


def test_a_read_only_disk_is_named(tmp_path):
    with small_disk(tmp_path / "disk", "ro"), pytest.raises(CrocsError, match="Read-only file system"):
        files.write(tmp_path / "disk" / "00000.h5", TRUTH, truth(), RECIPE)


def test_a_file_where_a_directory_should_be(tmp_path):
    (tmp_path / "run").write_text("not a directory")
    with pytest.raises(CrocsError, match=r"run/truth/00000.h5: cannot be written"):
        files.write(tmp_path / "run" / "truth" / "00000.h5", TRUTH, truth(), RECIPE)


def test_what_killed_processes_left_goes_when_the_file_is_made(tmp_path):
    path = tmp_path / "00000.h5"
    for name in (".00000.h5~this-host.7.tmp", ".00000.h5~another-host.1.tmp"):
        (tmp_path / name).write_text("half a file")
    files.write(path, TRUTH, truth(), RECIPE)
    assert [p.name for p in tmp_path.iterdir()] == ["00000.h5"]


def test_who_is_swept_while_writing_writes_once_more(tmp_path, monkeypatch):
    path, replace, seen = tmp_path / "a.csv", Path.replace, []

    def another_is_first(beside, place):
        if not seen:
            seen.append(beside)
            place.write_text("the other's")
            files.sweep(place.parent)
        return replace(beside, place)

    monkeypatch.setattr(Path, "replace", another_is_first)
    files.write_bytes(path, b"ours")
    assert seen
    assert path.read_text() == "ours"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=lambda layout: layout.format)
def test_layouts_name_dtypes_that_exist(layout):
    for dtype, axes in layout.arrays.values():
        assert dtype == "text" or np.dtype(dtype)
        assert axes


def test_read_only_names_asked_for(tmp_path):
    files.write(tmp_path / "a.h5", TRUTH, truth(), RECIPE)
    assert list(files.read(Path(tmp_path / "a.h5"), TRUTH, ("cluster",))) == ["cluster"]
