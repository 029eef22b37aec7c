"""What the tests share: calling crocs, a small run, and the digest of all files of a run."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import hypothesis
import pytest
from playwright.sync_api import Browser

from crocs_cli import __main__
from crocs_cli.machine.compiled import keep_kernels
from tests import pages

keep_kernels()  # before any test imports numba
hypothesis.settings.register_profile("crocs", deadline=None)  # a busy machine is no failure
hypothesis.settings.load_profile("crocs")

ROOT = Path(__file__).parent.parent
SHARED_DATA = ROOT.parent / "shared" / "data"
SLOW = ("paper", "peers", "slurm", "torture")  # rooms whose tests take minutes


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests of slow rooms, so that `-m "not slow"` leaves them out."""
    for item in items:
        if item.path.relative_to(ROOT / "tests").parts[0] in SLOW:
            item.add_marker(pytest.mark.slow)


class Outcome(NamedTuple):
    """How a call of crocs ended."""

    code: int
    out: str
    err: str


Crocs = Callable[..., Outcome]


@pytest.fixture
def crocs(capfd: pytest.CaptureFixture[str]) -> Crocs:
    """Call crocs in this process."""

    def call(*arguments: object) -> Outcome:
        capfd.readouterr()
        code = __main__.run([str(argument) for argument in arguments])
        return Outcome(code, *capfd.readouterr())

    return call


def start(*arguments: object, launcher: tuple[str, ...] = ()) -> subprocess.Popen[str]:
    """Start crocs as a process of its own, under a launcher if one is given."""
    command = [*launcher, sys.executable, "-m", "crocs_cli", *map(str, arguments)]
    return subprocess.Popen(command, cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def finish(process: subprocess.Popen[str], within_s: float = 300) -> Outcome:
    """Wait for a process and return how it ended."""
    out, err = process.communicate(timeout=within_s)
    return Outcome(process.returncode, out, err)


def mpiexec(ranks: int) -> tuple[str, ...]:
    """Return the launcher of the MPI that is in this environment."""
    return (str(Path(sys.prefix) / "bin" / "mpiexec"), "-n", str(ranks))


def digests(run: Path) -> dict[str, str]:
    """Return the sha256 of every file below a directory."""
    return {
        str(path.relative_to(run)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(run.rglob("*"))
        if path.is_file()
    }


def data(name: str) -> Path:
    """Return a file of the shared real meter data, or skip the test."""
    path = SHARED_DATA / name
    if not path.exists():
        pytest.skip(f"real meter data not here: {path.name}")
    return path


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Start a real browser for the pages of a module's tests."""
    if pages.chromium() is None:
        engine_missing("no Chromium here")
    with pages.started() as browser:
        yield browser


def engine_missing(reason: str) -> None:
    """Skip a test for want of an engine; where engines are required, as in CI, fail it."""
    if os.environ.get("CROCS_ENGINES") == "required":
        pytest.fail(reason)
    pytest.skip(reason)
