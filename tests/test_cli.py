"""The command line says what it does, and says a fault in one line."""

import re
import subprocess
import sys
from pathlib import Path

import click
import numpy as np
import pytest

from crocs_cli.cli import COMMANDS, cli
from crocs_cli.machine import files
from crocs_cli.machine.layout import Offsets
from crocs_cli.machine.shards import recipe
from crocs_cli.rundir.layouts import LAYOUTS
from crocs_cli.screen.layouts import LAYOUTS as OF_SCREENING
from tests.conftest import ROOT, finish, start


def command(name):
    return cli.get_command(None, name)


@pytest.mark.parametrize("name", COMMANDS)
def test_the_table_of_commands_says_their_own_first_sentence(name):
    assert command(name).help.splitlines()[0] == COMMANDS[name]
    assert COMMANDS[name].endswith(".")


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_has_help_and_every_command_examples(name):
    subcommands = getattr(command(name), "commands", {name: command(name)})
    for one in subcommands.values():
        assert all(p.help for p in one.params if isinstance(p, click.Option)), one.name
        assert re.search(r"\bReads\s(?s:.*)\b(Writes|Prints)\s", one.help), one.name
        assert "crocs " in one.help.split("Examples:")[1], one.name


def test_help_needs_none_of_the_slow_modules():
    slow = ["numba", "scipy", "sklearn", "matplotlib", "mpi4py", "h5py", "pyarrow", "numpy", "pydantic"]
    code = (
        "import sys; from crocs_cli.__main__ import run; run(['--help']); "
        f"print([m for m in {slow} if m in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"
    assert all(name in done.stdout for name in COMMANDS)


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["synht"], 2, "synht: no such command; did you mean synth"),
        (["synth", "--run", "r", "--consumer"], 2, "No such option"),
        (["synth"], 2, "no run directory; give --run DIR, CROCS_RUN=DIR, or `run: DIR` in the settings"),
        (["synth", "--run", "r", "--share", "4/3"], 2, "--share 4/3: a share is I/N"),
        (["synth", "--run", "r", "--consumers", "none"], 2, "--consumers: .*valid integer"),
        (["synth", "-c", "no.yaml"], 2, "no.yaml: No such file or directory"),
        (["stage1", "--run", "nowhere"], 1, "nowhere/profiles: nothing there; run `crocs ingest` first"),
        (["stage2", "--run", "nowhere"], 1, "nowhere/rls: nothing there; run `crocs stage1` first"),
        (["rrls", "--run", "nowhere"], 1, "nowhere"),
        (["status", "--run", "nowhere"], 1, "nowhere: no such run directory"),
        (["info", "nowhere.h5"], 1, "nowhere.h5: no such file"),
        (
            ["export", "--run", "nowhere", "--clusters", "5", "a.txt"],
            2,
            "a.txt: a table ends in .csv, .parquet or .xlsx",
        ),
        (
            ["export", "--run", "nowhere", "--clusters", "5", "a.csv"],
            1,
            "nowhere: no partition; run `crocs stage2",
        ),
        (["report", "--run", "nowhere", "--clusters", "5"], 1, "nowhere"),
        (["score", "--run", "nowhere", "--clusters", "5"], 1, "nowhere"),
    ],
)
def test_a_wrong_call_is_one_line(crocs, tmp_path, monkeypatch, arguments, code, said):
    monkeypatch.chdir(tmp_path)
    ended = crocs(*arguments)
    assert ended.code == code
    assert len(ended.err.strip().splitlines()) == 1
    assert re.search(said, ended.err)
    assert not list(tmp_path.iterdir())


def test_a_reader_that_leaves_is_no_fault(tmp_path):
    line = f"{sys.executable} -m crocs_cli --help | head -1"
    done = subprocess.run(["bash", "-o", "pipefail", "-c", line], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("number", "said"),
    [("SIGUSR1", "stopped by a signal"), ("SIGTERM", "stopped by a signal"), ("SIGINT", "interrupted")],
)
def test_a_signal_that_falls_into_a_call_from_c_is_not_lost(number, said):
    program = f"""
import ctypes, signal, time, types
from crocs_cli import __main__

signal.signal(signal.SIGINT, signal.default_int_handler)  # whoever started these tests may ignore it

def work(*_, **__):
    ctypes.CFUNCTYPE(None)(lambda: signal.raise_signal(signal.{number}))()
    time.sleep(30)

__main__.cli = types.SimpleNamespace(main=work)
__main__.main()
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stderr.count("\n")) == (75, 1), done.stderr
    assert done.stderr.startswith(f"crocs: {said}")


@pytest.mark.parametrize("layout", [*LAYOUTS.values(), *OF_SCREENING.values()], ids=lambda kind: kind.format)
def test_info_describes_every_kind_of_file(crocs, tmp_path, layout):
    shapes = {name: [2 + isinstance(a, Offsets) for a in axes] for name, (_, axes) in layout.arrays.items()}
    arrays = {name: np.zeros(shape, np.int8) for name, shape in shapes.items()}
    files.write(tmp_path / "a.h5", layout, arrays, recipe("synth", "a", {"days": 3}, {}))
    ended = crocs("info", tmp_path / "a.h5")
    assert ended.code == 0, ended.err
    assert ended.out.startswith(f"{layout.format} version {layout.version}, made by crocs ")
    assert ended.out.endswith("days: 3\n")


def test_crocs_alone_shows_every_command_under_a_purpose(crocs):
    from crocs_cli.cli import COMMANDS, PURPOSES

    assert sorted(name for names in PURPOSES.values() for name in names) == sorted(COMMANDS)
    ended = crocs()
    assert (ended.code, ended.err) == (0, "")
    assert ended.out == crocs("--help").out
    for purpose, names in PURPOSES.items():
        listed = ended.out[ended.out.index(f"{purpose}:") :]
        assert all(f"\n  {name}" in listed for name in names)


def test_an_unknown_command_is_met_with_the_nearest(crocs):
    ended = crocs("stge1")
    assert (ended.code, ended.err) == (2, "crocs: stge1: no such command; did you mean stage1?\n")


def test_memory_is_said_when_asked_for_and_quiet_says_nothing(tmp_path):
    call = ("synth", "--consumers", 1, "--days", 1)
    assert "MB of memory" not in finish(start(*call, "--run", tmp_path / "a")).err
    assert "MB of memory" in finish(start("-v", *call, "--run", tmp_path / "b")).err
    ended = finish(start("--quiet", *call, "--run", tmp_path / "c"))
    assert (ended.err, ended.out) == ("", f"{tmp_path}/c: 1 consumer x 1 day in 1 shard\n")


def test_completion_answers():
    environment = {"COMP_WORDS": "crocs sta", "COMP_CWORD": "1", "_CROCS_COMPLETE": "bash_complete"}
    done = subprocess.run(
        [str(Path(sys.prefix) / "bin" / "crocs")],
        env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.split() == ["plain,stage1", "plain,stage2", "plain,stability", "plain,status"]
    assert not done.stderr
