"""Division of the work: one process alone, one share of several, or the ranks of an MPI launch."""

from __future__ import annotations

import os
import re
import select
import signal
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar

from crocs_cli.errors import CallError, CrocsError

Item = TypeVar("Item")

#: how long a rank waits for all others to begin
BEGIN_WITHIN_S = 600.0
NOT_ALL = "crocs: MPI: not all ranks began in time; see what the launcher says of the others, and run again\n"
STDERR = 2
PAUSE_S = 0.02  # a waiting rank sleeps, so that it takes no core from the one that works


@dataclass(frozen=True)
class Team:
    """A process's place among those that divide one list of tasks.

    `rank` of `size` counts over shares and MPI ranks together; `comm` is the MPI communicator, if any.
    """

    rank: int = 0
    size: int = 1
    comm: Any = None

    @property
    def leads(self) -> bool:
        """Whether this process reports, and does what only one process of its launch must do."""
        return self.comm is None or self.comm.Get_rank() == 0

    @property
    def complete(self) -> bool:
        """Whether this launch, all its ranks together, does the whole list."""
        return self.size == (1 if self.comm is None else self.comm.Get_size())

    def part(self, items: Sequence[Item]) -> Sequence[Item]:
        """Return this process's items of the full list."""
        return items[self.rank :: self.size]

    def told(self, word: str | None) -> str | None:
        """Return what the rank that leads says, to every rank."""
        return word if self.comm is None else self.comm.bcast(word)

    def wait(self) -> None:
        """Wait until every rank of this launch has come here."""
        if self.comm is not None:
            request = self.comm.Ibarrier()
            while not request.Test():
                time.sleep(PAUSE_S)


def announced_ranks(environment: Mapping[str, str] = os.environ) -> int:
    """Return how many ranks the launcher says there are; 1 without a launcher.

    Read from what hydra, Open MPI and `srun` set for each process, so that MPI is only loaded when asked for.
    """
    for name in ("PMI_SIZE", "OMPI_COMM_WORLD_SIZE"):
        if name in environment:
            return int(environment[name])
    if environment.get("SLURM_STEP_ID", "").isdigit():  # an srun step, not the batch script around it
        return int(environment.get("SLURM_STEP_NUM_TASKS", "1"))
    return 1


def join(share: str | None) -> Team:
    """Find this process's place from `--share I/N` and from the MPI launcher.

    Raises CrocsError when the share is impossible, when MPI cannot be loaded, or when the ranks that the
    launcher announced do not see each other (each would do all the work).
    """
    index, count = _share(share)
    ranks = announced_ranks()
    if ranks == 1:
        return Team(index, count)
    comm = world()
    if comm.Get_size() != ranks:
        raise CrocsError(
            f"MPI: the launcher started {ranks} ranks but the MPI library sees {comm.Get_size()}; "
            "use the launcher of the same MPI (`.venv/bin/mpiexec`, or `srun --mpi=pmi2`)"
        )
    return Team(index * ranks + comm.Get_rank(), count * ranks, comm)


@cache
def world() -> Any:
    """Begin MPI, once, and return all ranks' communicator; raise CrocsError where it cannot be loaded."""
    try:
        with _waiting_ends():
            from mpi4py import MPI
    except (ImportError, RuntimeError) as error:
        raise CrocsError(f"MPI: {error}; load an MPI module or install crocs-cli[mpich]") from error
    return MPI.COMM_WORLD


@contextmanager
def _waiting_ends() -> Iterator[None]:
    """End this process where other ranks do not begin in time, as on a node without Python.

    MPI waits for them for ever, in a call in which no Python runs: a child watches, and kills. Windows cannot
    fork, and has no such watch.
    """
    if not hasattr(os, "fork"):
        yield
        return
    began, begins = os.pipe()
    waiting, watcher = os.getpid(), os.fork()
    if not watcher:
        try:
            os.close(begins)
            if not select.select([began], [], [], BEGIN_WITHIN_S)[0]:
                os.write(STDERR, NOT_ALL.encode())
                os.kill(waiting, signal.SIGKILL)
        finally:
            os._exit(0)
    os.close(began)
    try:
        yield
    finally:
        os.close(begins)
        os.waitpid(watcher, 0)


def _share(text: str | None) -> tuple[int, int]:
    """Return (index from 0, count) of a share such as 2/3."""
    if text is None:
        return 0, 1
    match = re.fullmatch(r"(\d{1,9})/(\d{1,9})", text)
    if not match or not 1 <= int(match[1]) <= int(match[2]):
        raise CallError(f"--share {text}: a share is I/N with 1 <= I <= N, such as 2/3")
    return int(match[1]) - 1, int(match[2])
