"""Processes that run crocs: forked from one that has loaded everything, or started as the ranks of MPI."""

from __future__ import annotations

import multiprocessing
import os
import re
import socket
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path
from signal import SIGKILL

from tests.conftest import ROOT, Outcome, mpiexec
from tests.torture import deadly
from tests.torture.deadly import NEVER

ENDS_WITHIN_S = 300


@dataclass(frozen=True)
class Fate:
    """What happens to a process, at which moment of its work, and on which machine it takes itself to be."""

    end: str = "killed"
    moment: int = NEVER
    host: str = ""


UNHURT = Fate()


class Fork:
    """One process of crocs; what it says goes to a file, its results to another if one is given."""

    def __init__(
        self, arguments: list[str], said: Path, fate: Fate = UNHURT, out: Path | None = None
    ) -> None:
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(["tests.torture.preload"])
        self._said = said
        if said.is_file():
            said.unlink()
        self._process: BaseProcess = context.Process(target=_run, args=(arguments, said, fate, out or said))
        self._process.start()

    def signal(self, number: int, after_s: float = 0.0) -> None:
        """Send a signal, if the process has not ended within so many seconds after its beginning."""
        while self._process.is_alive() and not self._said.exists():
            time.sleep(0.005)
        self._process.join(after_s)
        if self._process.is_alive():
            os.kill(self._process.pid or 0, number)

    def sleeps(self) -> bool:
        """Wait until the process has ended or has been stopped; say whether it is stopped."""
        while self._process.is_alive():
            with gone():
                if "\nState:\tT" in Path(f"/proc/{self._process.pid}/status").read_text():
                    return True
            time.sleep(0.01)
        return False

    def ended(self) -> Outcome:
        """Wait for the end; the code of a killed process is below 0. Raise TimeoutError where it hangs."""
        self._process.join(ENDS_WITHIN_S)
        if self._process.is_alive():
            self._process.kill()
            raise TimeoutError(self._said)
        return Outcome(self._process.exitcode or 0, "", without_moments(self._said))


def _run(arguments: list[str], said: Path, fate: Fate, out: Path) -> None:
    for stream, path in ((1, out), (2, said)):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND), stream)
    if fate.host:
        socket.gethostname = lambda: fate.host
    deadly.run(arguments, fate.end, fate.moment)


class Launch:
    """Two ranks under mpiexec, one of which may meet an end; what they say goes to a file."""

    def __init__(self, arguments: list[str], said: Path, fate: Fate = UNHURT, rank: int = 0) -> None:
        python = (sys.executable, "-m", "tests.torture.deadly", str(rank), fate.end, str(fate.moment))
        self._said = said
        with said.open("wb") as file:
            self._process = subprocess.Popen(
                [*mpiexec(2), *python, *arguments], cwd=ROOT, stdout=file, stderr=file
            )

    def lasts(self, seconds: float) -> bool:
        """Say whether it still runs after some time."""
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return True
        return False

    def ended(self) -> Outcome:
        """Wait for the end; raise TimeoutError where it hangs."""
        if self.lasts(ENDS_WITHIN_S):
            self.kill()
            raise TimeoutError(self._said.read_text())
        return Outcome(self._process.returncode, "", without_moments(self._said))

    def kill(self) -> None:
        """Kill the launcher and all ranks, and wait until they are gone."""
        pids = [self._process.pid, *descendants(self._process.pid)]
        for pid in pids:
            with gone():
                os.kill(pid, SIGKILL)
        self._process.wait()
        while any(alive(pid) for pid in pids):
            time.sleep(0.02)


def without_moments(said: Path) -> str:
    """Return what a process said, but for the count of moments."""
    text = said.read_text(errors="replace") if said.is_file() else ""
    return re.sub(r"^moments: \d+\n", "", text, flags=re.M)


def descendants(pid: int) -> list[int]:
    """Return the processes that a process has started, and those have started."""
    found: list[int] = []
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        with gone():
            for child in map(int, path.read_text().split()):
                found += [child, *descendants(child)]
    return found


def gone() -> suppress:
    """Pass over a process that has ended meanwhile."""
    return suppress(ProcessLookupError, FileNotFoundError)


def alive(pid: int) -> bool:
    """Say whether a process runs still; one that only waits to be noticed does not."""
    with gone():
        return "(zombie)" not in Path(f"/proc/{pid}/status").read_text()
    return False
