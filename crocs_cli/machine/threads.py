"""How many threads a process may run: what it was really given, shared with the other ranks of its node."""

import os

#: what launchers call the number of ranks on this node: MPICH and Intel MPI, Open MPI, MVAPICH
RANKS_HERE = ("MPI_LOCALNRANKS", "OMPI_COMM_WORLD_LOCAL_SIZE", "MV2_COMM_WORLD_LOCAL_SIZE")


def available_threads() -> int:
    """Give the number of threads for this process, at least 1.

    These are the CPUs of its affinity mask, or SLURM_CPUS_PER_TASK where that is fewer. Ranks of one node
    divide a mask that they share; one that the launcher bound to each rank is narrower than the launcher's
    own and is left whole.
    """
    given = _mask(0)
    per_task = _count(os.environ.get("SLURM_CPUS_PER_TASK", ""))
    if per_task:
        return min(len(given), per_task)
    bound = given < _mask(os.getppid())
    return len(given) if bound else max(1, len(given) // ranks_here())


def _mask(process: int) -> set[int]:
    """Give the CPUs that a process may run on; all where the system keeps no masks (macOS)."""
    if hasattr(os, "sched_getaffinity"):
        try:
            return os.sched_getaffinity(process)
        except (ProcessLookupError, PermissionError):  # the launcher is gone, or another user's
            return set()
    return set(range(os.cpu_count() or 1))


def ranks_here() -> int:
    """Give the number of ranks of this launch on this node, as the launcher says; 1 without one."""
    for name in RANKS_HERE:
        if ranks := _count(os.environ.get(name, "")):
            return ranks
    # srun lists the tasks of its nodes as "2(x3),1"; the largest is right or too careful everywhere
    counts = os.environ.get("SLURM_STEP_TASKS_PER_NODE", "").split(",")
    return max([_count(count.split("(")[0]) for count in counts] + [1])


def _count(text: str) -> int:
    return int(text) if text.isdigit() else 0
