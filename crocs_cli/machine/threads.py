"""Count the threads that a process may run: its CPUs, shared with the other ranks of its node."""

import os

#: what launchers call the number of ranks on this node: MPICH and Intel MPI, Open MPI, MVAPICH
RANKS_HERE = ("MPI_LOCALNRANKS", "OMPI_COMM_WORLD_LOCAL_SIZE", "MV2_COMM_WORLD_LOCAL_SIZE")
#: how many tasks Slurm started on each node, of the job and of the step, as "2(x3),1"
TASKS_HERE = ("SLURM_TASKS_PER_NODE", "SLURM_STEP_TASKS_PER_NODE")


def available_threads() -> int:
    """Return the number of threads for this process, at least 1: ranks times threads are the CPUs given.

    The CPUs are those of the affinity mask. Ranks of one node divide a mask that they share; one that the
    launcher bound to each rank is narrower than the launcher's own and is left whole. Where Slurm says how
    many CPUs a task has (SLURM_CPUS_PER_TASK), a rank takes no more, and the ranks of a node no more than all
    tasks on it: `mpiexec` may start several ranks in one task. A task of `srun` has a mask of its own.
    """
    given = _mask(0)
    per_task = _count(os.environ.get("SLURM_CPUS_PER_TASK", ""))
    ranks, forked = ranks_here(), _forked_ranks()
    bound = given < _mask(os.getppid()) or (per_task and not forked)
    threads = len(given) if bound else len(given) // ranks
    if per_task:
        threads = min(threads, per_task, per_task * max(_tasks_here(), 1) // ranks)
    return max(1, threads)


def limit_threads() -> None:
    """Limit numba's parallel loops and pyarrow's readers to the threads of this process."""
    import numba
    import pyarrow

    threads = available_threads()
    numba.set_num_threads(min(threads, numba.config.NUMBA_NUM_THREADS))  # type: ignore[attr-defined]
    pyarrow.set_cpu_count(threads)


def _mask(process: int) -> set[int]:
    """Return the CPUs that a process may run on; all where the system keeps no masks (macOS)."""
    if hasattr(os, "sched_getaffinity"):
        try:
            return os.sched_getaffinity(process)
        except (ProcessLookupError, PermissionError):  # the launcher is gone, or another user's
            return set()
    return set(range(os.cpu_count() or 1))


def ranks_here() -> int:
    """Return the number of ranks of this launch on this node, as the launcher says; 1 without one."""
    return _forked_ranks() or _most_tasks("SLURM_STEP_TASKS_PER_NODE") or 1


def _forked_ranks() -> int:
    """Return the number of ranks that MPI's own launcher started on this node; 0 without one."""
    return next((ranks for name in RANKS_HERE if (ranks := _count(os.environ.get(name, "")))), 0)


def _tasks_here() -> int:
    """Return the number of Slurm's tasks on this node, or of all nodes; 0 where it does not say."""
    return max(map(_most_tasks, TASKS_HERE)) or _count(os.environ.get("SLURM_NTASKS", ""))


def _most_tasks(name: str) -> int:
    """Return the largest number in a list such as "2(x3),1": it is right or too careful on every node."""
    return max(_count(count.split("(")[0]) for count in os.environ.get(name, "").split(","))


def _count(text: str) -> int:
    return int(text) if text.isdigit() else 0
