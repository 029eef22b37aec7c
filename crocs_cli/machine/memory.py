"""State how much memory a stage will take before it starts, and refuse what cannot fit."""

from __future__ import annotations

import ctypes
import logging
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from crocs_cli.errors import CrocsError

GIB = 1 << 30
GROUPS = Path("/sys/fs/cgroup")
#: of a control group: its limit, what is used, and how much of that is files that give way when it is needed
GROUP_FILES = (
    ("memory.max", "memory.current"),
    ("memory.limit_in_bytes", "memory.usage_in_bytes"),
)
GIVES_WAY = ("active_file", "inactive_file")
LARGE, M_MMAP_THRESHOLD, M_TRIM_THRESHOLD = 16 << 20, -3, -1  # the latter as in malloc.h

log = logging.getLogger("crocs")


def give_back_large() -> None:
    """Have glibc give what is large back to the system as soon as it is freed.

    Left to itself it soon keeps pieces of up to 32 MB in each thread's heap, where what grows (a file in
    memory) leaves holes of several times its size. From 4 MB on, it would cost ingest a tenth of its time.
    """
    if mallopt := _of_libc("mallopt"):
        mallopt(M_MMAP_THRESHOLD, LARGE)
        mallopt(M_TRIM_THRESHOLD, 2 * LARGE)


def give_back() -> None:
    """Have glibc give back what is free at the moment, of which it keeps much for each thread."""
    if malloc_trim := _of_libc("malloc_trim"):
        malloc_trim(0)


def available_bytes() -> int | None:
    """Return the memory that this process may still take: the least of all that limits it.

    These are the machine, the control groups around the process, Slurm, and `ulimit -v`. Below zero where
    the process holds more than it was given; None where the system says nothing of all this.
    """
    held = held_bytes()
    limits = [*_of_machine(), *group_limits(GROUPS)]
    if given := _by_slurm(os.environ):
        limits.append(given - held.resident)
    with suppress(ImportError):  # Windows has no `ulimit -v`
        import resource

        most = resource.getrlimit(resource.RLIMIT_AS)[0]
        if most != resource.RLIM_INFINITY:
            limits.append(most - held.addressed)
    return min(limits, default=None)


class Held(NamedTuple):
    """The bytes that a process holds in memory, and those that it has addresses for."""

    resident: int
    addressed: int


def held_bytes() -> Held:
    """Return what this process holds; zeros where the system does not say (Linux without /proc)."""
    import psutil  # here, because a command that needs no memory starts faster without it

    try:
        info = psutil.Process().memory_info()
    except (psutil.Error, OSError):
        return Held(0, 0)
    return Held(info.rss, info.vms)


def peak_bytes() -> int | None:
    """Return the most memory that this process has held; None where the system keeps no record."""
    try:
        import resource
    except ImportError:  # Windows
        return None
    peak = int(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
    return peak if sys.platform == "darwin" else peak << 10


def group_limits(root: Path, own: Path = Path("/proc/self/cgroup")) -> Iterator[int]:
    """Yield what each control group around this process leaves it; `root` is where they are mounted.

    Without /proc, which says where in them this process is, only the top group is asked.
    """
    lines = own.read_text().splitlines() if own.exists() else ["0::/"]
    for _, controllers, path in (line.split(":", 2) for line in lines):
        top = root / "memory" if "memory" in controllers.split(",") else root
        inner = top / path.lstrip("/")
        for group in dict.fromkeys((inner, *inner.parents, top)):
            if group.is_relative_to(top):
                yield from _left(group)


class Needs(NamedTuple):
    """Memory needs of a stage: the peak of a whole process in bytes, and the cure where that is too much."""

    peak: int
    cure: str


_TAKES = "%s: takes up to %s of memory; %s are free"


def require(needs: Needs, what: str, processes: int = 1) -> None:
    """Log what a stage takes, where it is more than half of what is free; raise CrocsError when it is more.

    processes: how many alike run on this node. What this one holds already is part of its peak.
    """
    peak, free = said(processes * needs.peak), available_bytes()
    if free is None:
        log.info("%s: takes up to %s of memory; how much is free is not known", what, peak)
        return
    there = free + held_bytes().resident
    tight = processes * needs.peak > there / 2
    log.log(logging.INFO if tight else logging.DEBUG, _TAKES, what, peak, said(there))
    if processes * needs.peak > there:
        raise CrocsError(f"{what}: needs {peak} of memory, {said(there)} are free; {needs.cure}")


def said(size: int) -> str:
    """Format a byte count, such as 1.5 GB."""
    return f"{size / GIB:.1f} GB" if size >= GIB else f"{size / (1 << 20):.0f} MB"


def _of_machine() -> Iterator[int]:
    import psutil

    with suppress(OSError):  # Linux without /proc
        yield psutil.virtual_memory().available


def _left(group: Path) -> Iterator[int]:
    for limit, used in GROUP_FILES:
        if (group / limit).exists() and (text := (group / limit).read_text().strip()).isdigit():
            fields = dict(line.split() for line in (group / "memory.stat").read_text().splitlines())
            files = sum(int(fields.get(name, 0)) for name in GIVES_WAY)
            yield int(text) - int((group / used).read_text()) + files


def _by_slurm(environment: Mapping[str, str]) -> int:
    """Return what Slurm gives this node's part of the job; 0 where it does not say."""
    if "SLURM_MEM_PER_NODE" in environment:
        return int(environment["SLURM_MEM_PER_NODE"]) << 20
    each, cpus = environment.get("SLURM_MEM_PER_CPU", "0"), environment.get("SLURM_CPUS_ON_NODE", "1")
    return int(each) * int(cpus) << 20


def _of_libc(name: str) -> Callable[..., object] | None:
    """Return a function of the C library; None where that has no such function (macOS, Windows)."""
    return None if os.name == "nt" else getattr(ctypes.CDLL(None), name, None)
