"""State how much memory a stage will take before it starts, and refuse what cannot fit."""

from __future__ import annotations

import logging
import os
from pathlib import Path

from crocs_cli.errors import CrocsError

GIB = 1 << 30

log = logging.getLogger("crocs")


def available_bytes() -> int:
    """Return the memory that this process may still take: the least of machine, control group and Slurm."""
    fields = dict(line.split(":", 1) for line in Path("/proc/meminfo").read_text().splitlines())
    limits = [int(fields["MemAvailable"].split()[0]) * 1024]
    group = Path("/sys/fs/cgroup")
    for limit, used in (
        ("memory.max", "memory.current"),
        ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes"),
    ):
        if (group / limit).exists() and (text := (group / limit).read_text().strip()).isdigit():
            limits.append(max(0, int(text) - int((group / used).read_text())))
    if "SLURM_MEM_PER_NODE" in os.environ:
        limits.append(int(os.environ["SLURM_MEM_PER_NODE"]) << 20)
    elif "SLURM_MEM_PER_CPU" in os.environ:
        limits.append(
            int(os.environ["SLURM_MEM_PER_CPU"]) * int(os.environ.get("SLURM_CPUS_ON_NODE", "1")) << 20
        )
    return min(limits)


def require(needed: int, what: str, cure: str) -> None:
    """Say what a stage needs; raise CrocsError when it is more than there is."""
    there = available_bytes()
    log.info("%s: needs about %s of memory; %s are free", what, said(needed), said(there))
    if needed > there:
        raise CrocsError(f"{what}: needs {said(needed)} of memory, {said(there)} are free; {cure}")


def said(size: int) -> str:
    """Say a number of bytes as people do."""
    return f"{size / GIB:.1f} GB" if size >= GIB else f"{size / (1 << 20):.0f} MB"
