"""What a run will take: a trial of every step on this machine, scaled to all consumers."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from crocs_cli.errors import CrocsError
from crocs_cli.machine import files
from crocs_cli.machine.layouts import PROFILES
from crocs_cli.machine.memory import GIB, available_bytes
from crocs_cli.machine.run import shards
from crocs_cli.maths import condensed
from crocs_cli.maths.kmedoids_blocks import kmedoids
from crocs_cli.maths.loadsets import LoadSets
from crocs_cli.maths.partition import needed_bytes, spread_bytes
from crocs_cli.maths.represent import DayClustering, represent
from crocs_cli.maths.ward_rounds import ward_in_place
from crocs_cli.maths.wsmd import set_distances
from crocs_cli.stages.settings import PlanSettings

TRIAL_S = 5.0  # of CPU time for each step
RESERVE = 1.25  # of time and memory in what is asked of Slurm
CALL_BYTES = 300 << 20  # of a process that has loaded everything
CONSUMERS_A_SHARD = 512
MATRIX_TRIAL = 2000  # consumers whose matrix is clustered; the work grows with the square of their number


@dataclass(frozen=True)
class Step:
    """What one step takes: CPU time over all tasks, wall time, memory of each task, disk in all."""

    name: str
    core_hours: float
    cores: int
    hours: float
    memory_gb: float
    disk_gb: float
    submit: str


def run(run: Path, settings: PlanSettings) -> list[Step]:
    """Return what stage 1, the distances and the partition will take.

    Raises CrocsError where the partition fits neither a node nor the nodes that may share it.
    """
    m = settings.consumers or count_consumers(run)
    free = available_bytes() if settings.memory_gb is None else int(settings.memory_gb * GIB)
    ranks = ranks_needed(m, settings, free)  # first, so that what cannot be is refused without a trial
    load_sets = m * settings.prototypes * (4 * settings.slots + 8)
    tile_bytes = 3 * load_sets + 12 * 4096**2
    stage1_s = seconds_a_unit(lambda n: trial_stage1(n, settings))
    pair_s = seconds_a_unit(lambda n: trial_distances(n, settings), start=32)
    partition_s = trial_partition(settings) * (m / MATRIX_TRIAL) ** 2
    shard_bytes = CALL_BYTES + 3 * 8 * CONSUMERS_A_SHARD * settings.days * settings.slots
    matrix_gb = 4 * condensed.length(m) / GIB
    return [
        _array("stage1", m * stage1_s, shard_bytes, (load_sets + 12 * m * settings.days) / GIB, settings),
        _array("stage2", condensed.length(m) * pair_s, CALL_BYTES + tile_bytes, matrix_gb, settings),
        _partition(m, partition_s, ranks, settings),
    ]


def count_consumers(run: Path) -> int:
    """Return how many consumers a run has."""
    folder = run / "profiles"
    return sum(files.shapes(folder / f"{k}.h5", PROFILES)["consumer_id"][0] for k in shards(folder, PROFILES))


def ranks_needed(m: int, settings: PlanSettings, free: int) -> int:
    """Return over how many nodes the matrix must be spread: 1 where it fits one.

    Raises CrocsError with what would fit when it does not fit at all.
    """
    if needed_bytes(m, settings.algorithm) <= free:
        return 1
    if settings.algorithm == "ward" and settings.nodes > 1:
        for ranks in range(2, settings.nodes + 1):
            if spread_bytes(m, ranks) <= free:
                return ranks
    needed = needed_bytes(m, settings.algorithm) / GIB
    cure = f"cluster a sample (`crocs stage2 --sample {_largest(settings, free)}`)"
    if settings.algorithm == "ward":
        cure += ", or give more --nodes"
    raise CrocsError(
        f"plan: the partition of {m} consumers needs {needed:.1f} GB, {settings.nodes} node(s) of "
        f"{free / GIB:.1f} GB have less; {cure}"
    )


def _largest(settings: PlanSettings, free: int) -> int:
    """Return the largest round number of consumers whose matrix fits one node."""
    m = 1000 * max(1, int(math.sqrt(2 * free / 4) / 1000) + 1)
    while m > 1000 and needed_bytes(m, settings.algorithm) > free:
        m -= 1000
    return m


def seconds_a_unit(trial: Callable[[int], tuple[Callable[[], object], float]], start: int = 8) -> float:
    """Return the CPU seconds of one unit of work; trial(n) gives what to do and how many units that is.

    The size grows until the trial is long enough to be told from its overhead.
    """
    size = start
    trial(size)[0]()  # compiles
    while True:
        work, units = trial(size)
        begin = time.process_time()
        work()
        took = time.process_time() - begin
        if took > TRIAL_S / 2:
            return took / units
        size *= 2


def trial_stage1(n: int, settings: PlanSettings) -> tuple[Callable[[], object], float]:
    """Return stage 1 of n consumers of random days."""
    days = np.random.default_rng(0).random((n * settings.days, settings.slots))
    offset = settings.days * np.arange(n + 1)
    window = max(1, settings.slots // 24)
    return (
        lambda: represent(days, offset, DayClustering("ward", settings.prototypes, window)),
        n,
    )


def trial_distances(n: int, settings: PlanSettings) -> tuple[Callable[[], object], float]:
    """Return the distances of n consumers with n others, all with as many prototypes as there may be."""
    k = settings.prototypes
    first, second = (
        LoadSets(
            np.random.default_rng(i).random((n * k, settings.slots), dtype=np.float32),
            np.ones(n * k, dtype=np.int32),
            k * np.arange(n + 1),
        )
        for i in range(2)
    )
    return lambda: set_distances(first, second, window=max(1, settings.slots // 24)), n * n


def trial_partition(settings: PlanSettings) -> float:
    """Return the CPU seconds of clustering MATRIX_TRIAL consumers."""
    random = np.random.default_rng(0)
    for count in (64, MATRIX_TRIAL):  # the first one compiles
        distances = 1 + random.random(condensed.length(count), dtype=np.float32)
        begin = time.process_time()
        if settings.algorithm == "ward":
            ward_in_place(distances, count)
        else:
            kmedoids(distances, count, 10, seed=0, starts=1, threads=1)
    return time.process_time() - begin


def _array(name: str, seconds: float, memory: int, disk_gb: float, settings: PlanSettings) -> Step:
    cores = settings.tasks * settings.cores
    hours = seconds / 3600 / cores
    submit = (
        f"CROCS_SHARES={settings.tasks} sbatch --array=1-{settings.tasks} --cpus-per-task={settings.cores} "
        f"{_limits(hours, memory)} slurm/{name}.sbatch"
    )
    return Step(name, seconds / 3600, cores, hours, memory / GIB, disk_gb, submit)


def _partition(m: int, seconds: float, ranks: int, settings: PlanSettings) -> Step:
    if ranks > 1:
        memory = spread_bytes(m, ranks)
        hours = seconds / 3600 / ranks
        call = f"sbatch --nodes={ranks} --ntasks-per-node=1 {_limits(hours, memory)} slurm/mpi.sbatch"
        return Step("partition", seconds / 3600, ranks, hours, memory / GIB, 0.0, call)
    memory, threads = needed_bytes(m, settings.algorithm), min(2, settings.cores)
    hours = seconds / 3600 / threads
    call = f"sbatch --cpus-per-task={threads} {_limits(hours, memory)} slurm/partition.sbatch"
    return Step("partition", seconds / 3600, threads, hours, memory / GIB, 8 * 4 * m / GIB, call)


def _limits(hours: float, memory: int) -> str:
    minutes = math.ceil(RESERVE * 60 * hours) + 5
    return f"--mem={math.ceil(RESERVE * memory / (1 << 20))}M --time={minutes}"
