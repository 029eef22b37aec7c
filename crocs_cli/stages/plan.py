"""Estimate what a run will take: a trial of every step on this machine, scaled to all consumers."""

from __future__ import annotations

import logging
import math
import shlex
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from crocs_cli.errors import CrocsError
from crocs_cli.machine import files
from crocs_cli.machine.memory import GIB, available_bytes
from crocs_cli.machine.threads import available_threads
from crocs_cli.maths.clustering.kmedoids_blocks import kmedoids
from crocs_cli.maths.clustering.represent import DayClustering, represent
from crocs_cli.maths.distances import condensed
from crocs_cli.maths.distances.loadsets import LoadSets
from crocs_cli.maths.distances.wsmd import set_distances
from crocs_cli.maths.ward.rounds import ward_in_place
from crocs_cli.rundir import memory
from crocs_cli.rundir.flags import flags
from crocs_cli.rundir.layouts import PROFILES
from crocs_cli.rundir.meaning import Meaning
from crocs_cli.rundir.run import Run
from crocs_cli.rundir.settings import FootprintSettings, PlanSettings

TRIAL_S = 5.0  # of CPU time for each step
RESERVE = 1.25  # of time and memory in what is asked of Slurm
MATRIX_TRIAL = 2000  # consumers whose matrix is clustered; the work grows with the square of their number

log = logging.getLogger("crocs")


@dataclass(frozen=True)
class Step:
    """The needs of one step: memory of each task; CPU time over all tasks, wall time, and disk in all.

    Only what takes most of the time is tried; the other steps have None there. tasks: of an array, or ranks.
    """

    name: str
    memory_gb: float
    core_hours: float | None = None
    cores: int | None = None
    hours: float | None = None
    disk_gb: float | None = None
    submit: str | None = None
    tasks: int = 1


def run(run: Run, settings: PlanSettings) -> list[Step]:
    """Return what every step will take, with the time of stage 1, the distances and the partition.

    Raises CrocsError where the partition fits neither a node nor the nodes that may share it.
    """
    settings = measured(run, settings)
    m = settings.consumers
    assert m is not None
    pairs = min(m, settings.sample or m)
    free = available_bytes() if settings.memory_gb is None else int(settings.memory_gb * GIB)
    if free is None:
        raise CrocsError("plan: this system does not say how much memory is free; give --memory-gb")
    ranks = ranks_needed(pairs, settings, free)  # first, so that what cannot be is refused without a trial
    peak = peaks(m, settings)
    if ranks > 1:
        peak["partition"] = memory.partition_of_rank(pairs, ranks, sets_bytes(pairs, settings))
    stage1_s, pair_s, partition_s = _tried(settings)
    partition_s *= (pairs / MATRIX_TRIAL) ** 2
    rls_gb = (sets_bytes(m, settings) + 12 * m * settings.days) / GIB
    matrix_gb = 4 * condensed.length(pairs) / GIB
    blocks, pair_hours = -(-pairs // memory.block(pairs)), condensed.length(pairs) * pair_s / 3600
    stage1 = Step("stage1", peak["stage1"] / GIB, m * stage1_s / 3600, disk_gb=rls_gb)
    stage2 = Step("stage2", peak["stage2"] / GIB, pair_hours, disk_gb=matrix_gb)
    timed = [
        _array(stage1, -(-m // settings.shard_size), settings),
        _array(stage2, blocks * (blocks + 1) // 2, settings),
        _partition(pairs, partition_s, ranks, peak["partition"], settings),
    ]
    steps = {step.name: step for step in timed}
    return [steps.get(name, Step(name, size / GIB)) for name, size in peak.items()]


def _tried(settings: PlanSettings) -> tuple[float, float, float]:
    """Return the CPU seconds of stage 1 of a consumer, of a pair, and of clustering so many as are tried."""
    log.info("plan: trial 1 of 3: stage 1, some %.0f s of CPU time", TRIAL_S)
    stage1_s = seconds_a_unit(lambda n: trial_stage1(n, settings))
    log.info("plan: trial 2 of 3: distances; stage 1 takes %.3g s a consumer", stage1_s)
    pair_s = seconds_a_unit(lambda n: trial_distances(n, settings), start=32)
    log.info("plan: trial 3 of 3: partition; distances take %.3g s a million pairs", 1e6 * pair_s)
    return stage1_s, pair_s, trial_partition(settings)


def peaks(m: int, settings: PlanSettings) -> dict[str, int]:
    """Return how much memory a process of each step takes at its peak, in bytes."""
    shard = min(m, settings.shard_size)
    profiles = memory.profiles(shard, settings.days, settings.slots)
    cells = memory.cells(shard, settings.days, settings.slots, available_threads())
    pairs, largest = min(m, settings.sample or m), math.ceil(m * settings.largest_cluster)
    prototypes = m * settings.prototypes
    return {
        "synth": memory.synth(profiles),
        "ingest": memory.events(m * settings.days, settings.slots)
        if settings.period == "event"
        else memory.ingest(m * settings.days * settings.slots, profiles, cells),
        "stage1": memory.stage1(profiles),
        "stage2": memory.distances(pairs, pairs * settings.prototypes, settings.slots),
        "partition": partition_bytes(pairs, settings),
        "footprint": max(
            memory.footprint(profiles, memory.profiles(m, settings.days, settings.slots)),
            memory.footprint_segments(m, FootprintSettings().components),
        ),
        "rrls": memory.rrls(largest, largest * settings.prototypes, settings.slots),
        "assign": memory.assign(prototypes, settings.slots, profiles),
        "peak": memory.peak(profiles),
        "bills": memory.bills(profiles, m),
        "target": memory.target(profiles, m * settings.days),
        "screen fit": memory.screen_fit(m, settings.days),
        "screen rank": memory.screen_rank(m, settings.days),
    }


def an_hour(settings: PlanSettings) -> int:
    """Return the DTW half-width of an hour in slots, one at least; of events, which have no time, none."""
    minutes = Meaning(settings.period).minutes
    return max(1, 60 * settings.slots // minutes) if minutes else 0


def sets_bytes(m: int, settings: PlanSettings) -> int:
    """Return the size of all load sets."""
    return memory.load_sets(m * settings.prototypes, settings.slots)


def measured(run: Run, settings: PlanSettings) -> PlanSettings:
    """Return settings with the sizes of RUN/profiles where none were given.

    Raises CrocsError where neither says how many consumers there are.
    """
    if settings.consumers and not (run / "profiles").is_dir():
        return settings
    if not (run / "profiles").is_dir():
        raise CrocsError(f"{run}/profiles: nothing there; give --consumers, or run `crocs ingest` first")
    profiles = run.profiles()
    shapes = [files.shapes(profiles.path(key), PROFILES) for key in profiles]
    m, days = sum(s["consumer_id"][0] for s in shapes), sum(s["energy_kwh"][0] for s in shapes)
    there = {
        "days": max(1, -(-days // m)),
        "slots": shapes[0]["energy_kwh"][1],
        "shard_size": max(s["consumer_id"][0] for s in shapes),
    }
    given = settings.model_fields_set
    found = {name: value for name, value in there.items() if name not in given}
    return settings.model_copy(update={"consumers": settings.consumers or m, **found})


def ranks_needed(m: int, settings: PlanSettings, free: int) -> int:
    """Return over how many nodes the matrix must be spread: 1 where it fits one.

    Raises CrocsError with what would fit when it does not fit at all.
    """
    needed = partition_bytes(m, settings)
    if needed <= free:
        return 1
    if settings.algorithm == "ward" and settings.nodes > 1:
        for ranks in range(2, settings.nodes + 1):
            if memory.partition_of_rank(m, ranks, sets_bytes(m, settings)) <= free:
                return ranks
    sample = f"`--sample {_largest(settings, free)}`"
    cure = f"compare no pairs (`crocs stage2 --distance footprint`), or only a sample ({sample})"
    if settings.algorithm == "ward":
        cure += ", or give more --nodes"
    raise CrocsError(
        f"plan: the partition of {m} consumers needs {needed / GIB:.1f} GB, {settings.nodes} node(s) of "
        f"{free / GIB:.1f} GB have less; {cure}"
    )


def partition_bytes(m: int, settings: PlanSettings) -> int:
    """Return the memory of the partition in one process."""
    return memory.partition(m, settings.algorithm, sets_bytes(m, settings))


def _largest(settings: PlanSettings, free: int) -> int:
    """Return the largest round number of consumers whose matrix fits one node."""
    m = 1000 * max(1, int(math.sqrt(2 * free / 4) / 1000) + 1)
    while m > 1000 and partition_bytes(m, settings) > free:
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
    window = an_hour(settings)
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
    return lambda: set_distances(first, second, window=an_hour(settings)), n * n


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


def _array(step: Step, parts: int, settings: PlanSettings) -> Step:
    """Return a step that so many files divide, as an array."""
    tasks = max(1, min(settings.tasks, parts))
    cores, core_hours = tasks * settings.cores, step.core_hours or 0.0
    hours = core_hours / cores
    submit = (
        f"CROCS_SHARES={tasks} sbatch --array=1-{tasks} --cpus-per-task={settings.cores} "
        f"{_limits(hours, step.memory_gb)} slurm/{step.name}.sbatch"
    )
    return replace(step, cores=cores, hours=hours, submit=submit, tasks=tasks)


def _partition(m: int, seconds: float, ranks: int, memory: int, settings: PlanSettings) -> Step:
    cores = ranks if ranks > 1 else min(2, settings.cores)
    hours = seconds / 3600 / cores
    limits = _limits(hours, memory / GIB)
    if ranks > 1:
        submit = f"sbatch --nodes={ranks} --ntasks-per-node=1 {limits} slurm/mpi.sbatch"
    else:
        submit = f"sbatch --cpus-per-task={cores} {limits} slurm/partition.sbatch"
    disk_gb = 8 * 4 * m / GIB
    return Step("partition", memory / GIB, seconds / 3600, cores, hours, disk_gb, submit, tasks=ranks)


def to_submit(settings: PlanSettings, config: Path | None) -> list[str]:
    """Return the lines that submit a run of this size to Slurm."""
    given = settings.model_dump(mode="json", include=settings.model_fields_set)
    words = ["crocs slurm jobs", f"-c {shlex.quote(str(config or 'my.yaml'))}", *flags("crocs slurm", given)]
    return [" ".join(words), "bash jobs/submit.sh"]


def asked(hours: float, memory_gb: float) -> tuple[int, int]:
    """Return the memory in MB and the minutes to ask Slurm for, for a task of so much: with a reserve."""
    return math.ceil(RESERVE * memory_gb * 1024), math.ceil(RESERVE * 60 * hours) + 5


def _limits(hours: float, memory_gb: float) -> str:
    megabytes, minutes = asked(hours, memory_gb)
    return f"--mem={megabytes}M --time={minutes}"
