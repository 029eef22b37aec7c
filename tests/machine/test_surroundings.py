"""Odd surroundings: closed streams, readers that leave, no home, no /proc, a Python without Unix modules."""

import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

import pytest

from tests.conftest import ROOT, digests, finish, start

SYNTH = ("synth", "--consumers", 12, "--days", 5, "--shapes", 2)
DAEMONS = {
    "stdout": '"$0" "$@" >&-',
    "stderr": '"$0" "$@" 2>&-',
    "all": '"$0" "$@" <&- >&- 2>&-',
}


@pytest.mark.parametrize("closed", DAEMONS)
def test_closed_streams_lose_no_work_and_fail_nothing(crocs, tmp_path, closed):
    crocs(*SYNTH, "--run", tmp_path / "told")
    ended = finish(start(*SYNTH, "--run", tmp_path / "untold", launcher=("bash", "-c", DAEMONS[closed])))
    assert (ended.code, "Traceback" in ended.out + ended.err) == (0, False)
    assert digests(tmp_path / "untold") == digests(tmp_path / "told")


def test_closed_streams_still_have_the_code_of_a_failure(tmp_path):
    call = ("status", "--run", tmp_path / "nowhere")
    assert finish(start(*call, launcher=("bash", "-c", DAEMONS["all"]))).code == 1


def test_what_a_library_prints_goes_into_no_file_of_ours(tmp_path):
    """The first file that is opened after stdout was closed would have its number."""
    program = (
        "import os, sys; from crocs_cli import __main__; __main__._open_closed_streams();"
        "file = open(sys.argv[1], 'w'); os.write(1, b'a library'); os.write(2, b'warns'); file.write('ours')"
    )
    command = ["bash", "-c", DAEMONS["all"], sys.executable, "-c", program, tmp_path / "file"]
    subprocess.run(command, cwd=ROOT, check=True)
    assert (tmp_path / "file").read_text() == "ours"


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_a_reader_that_leaves_is_no_failure(tmp_path, stream):
    end, begin = os.pipe()
    os.close(end)  # nobody reads
    command = [sys.executable, "-m", "crocs_cli", *map(str, SYNTH), "--run", tmp_path]
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, stream: begin}
    ended = subprocess.run(command, cwd=ROOT, text=True, **streams)
    os.close(begin)
    assert (ended.returncode, "Traceback" in f"{ended.stdout}{ended.stderr}") == (0, False)
    assert len(list((tmp_path / "profiles").glob("*.h5"))) == 1


def test_a_command_without_kernels_needs_no_place_for_them(tmp_path):
    launcher = ("env", "NUMBA_CACHE_DIR=/proc/nowhere")
    assert finish(start("--version", launcher=launcher)).code == 0
    ended = finish(start(*SYNTH, "--run", tmp_path, launcher=launcher))
    assert (ended.code, ended.err) == (
        1,
        "crocs: /proc/nowhere: No such file or directory; mend that and run again\n",
    )


def can(*command: str) -> bool:
    """Say whether a command can be started here, and ends well."""
    return bool(shutil.which(command[0])) and not subprocess.run(command, capture_output=True).returncode


@pytest.fixture
def open_place():
    """Return a directory that every user may write in."""
    with tempfile.TemporaryDirectory() as place:
        Path(place).chmod(0o777)
        yield place


@pytest.fixture
def stranger(open_place):
    """Return the start of a command line that runs Python as a user without a home and a name."""
    sources = f"PYTHONPATH={ROOT}:{sysconfig.get_path('purelib')}"
    for python in (sys.executable, f"/usr/bin/python{sys.version_info.major}.{sys.version_info.minor}"):
        user = ("setpriv", "--reuid", "54321", "--regid", "54321", "--clear-groups")
        without = ("env", *(f"--unset={name}" for name in ("HOME", "XDG_CACHE_HOME", "NUMBA_CACHE_DIR")))
        command = (*user, *without, f"TMPDIR={open_place}", "PYTHONDONTWRITEBYTECODE=1", sources, python)
        if can(*command, "-c", "import click, h5py"):
            return command
    return pytest.skip("no right to be another user, or no Python that others may run")


@pytest.mark.parametrize("job", ["", "1"], ids=["alone", "in a job"])
def test_a_user_without_home_and_name_is_served(stranger, open_place, monkeypatch, job):
    monkeypatch.setenv("SLURM_JOB_ID", job)
    call = [*stranger, "-m", "crocs_cli"]
    assert subprocess.run([*call, "--version"], cwd=ROOT).returncode == 0
    ended = subprocess.run([*call, "status", "--run", "nowhere"], cwd=ROOT, capture_output=True, text=True)
    assert (ended.returncode, "nowhere: no such run directory" in ended.stderr) == (1, True)
    place = "from crocs_cli.machine.compiled import keep_kernels; print(keep_kernels())"
    kept = subprocess.run([*stranger, "-c", place], cwd=ROOT, capture_output=True, text=True)
    assert kept.stdout.startswith(f"{open_place}/crocs-54321/kernels-"), kept.stderr


def test_a_system_without_proc_is_served(tmp_path):
    hidden = ("unshare", "-m", "bash", "-c", 'mount -t tmpfs none /proc && exec "$0" "$@"')
    if not can(*hidden, "true"):
        pytest.skip("no right to hide /proc")
    ended = finish(start("-v", *SYNTH, "--run", tmp_path, launcher=hidden))
    assert ended.code == 0, ended.err
    assert "synth: takes up to " in ended.err


CHAIN = """
import sys
import psutil  # that of Linux needs `resource` itself
sys.modules.update(dict.fromkeys(("fcntl", "termios", "resource")))
from crocs_cli import __main__
run = ("--run", sys.argv[1])
for call in (
    ("synth", "--consumers", "12", "--days", "5", "--shapes", "2"),
    ("stage1", "--prototypes", "2"),
    ("stage2", "--clusters", "2"),
    ("rrls", "--clusters", "2"),
    ("status",),
):
    assert __main__.run([*call, *run]) == 0, call
__main__.wait_until_heard(sys.stderr)
"""


def test_a_python_without_fcntl_termios_and_resource_runs_the_chain(tmp_path):
    command = [sys.executable, "-c", CHAIN, tmp_path]
    ended = subprocess.run(command, cwd=ROOT, text=True, capture_output=True)
    assert ended.returncode == 0, ended.stderr
    assert {path.name for path in Path(tmp_path).iterdir()} >= {"profiles", "rls", "partitions", "rrls"}
