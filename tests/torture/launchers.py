"""MPI launches that lose a rank, strange launchers, jobs stopped again and again, and a node thought lost."""

from __future__ import annotations

import random
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

from tests.conftest import Outcome, finish, mpiexec, start
from tests.slurm.cluster import missing
from tests.torture import population, queue
from tests.torture.processes import Fate, Fork, Launch
from tests.torture.tally import Tally, call, untold

PROMISE = "A launch that goes wrong ends by itself with the right code, and the next one ends the work"
HOW = (
    "one of two MPI ranks is killed, raises, exits, is told to stop; ranks of another MPI, or without any; a "
    "job stopped ten times; a node thought lost that goes on writing; in a real Slurm a job requeued ten "
    "times, a node lost, a node's spool full"
)
SHORT, LONG = 2, 84
STOPPED = 75
MOMENTS = 12
NO_LIBRARY = "MPI4PY_LIBMPI=/nonexistent/libmpi.so.12"
NO_HYDRA = ("-u", "PMI_RANK", "-u", "PMI_SIZE", "-u", "PMI_FD", "-u", "PMI_PORT")
STRANGERS = (
    (("OMPI_COMM_WORLD_SIZE=3",), "the launcher started 3 ranks but the MPI library sees 1"),
    (("SLURM_STEP_ID=0", "SLURM_STEP_NUM_TASKS=4"), "started 4 ranks but the MPI library sees 1"),
    ((NO_LIBRARY, "PMI_SIZE=2"), "load an MPI module or install crocs-cli[mpich]"),
    ((*mpiexec(2), "env", *NO_HYDRA, "OMPI_COMM_WORLD_SIZE=2"), "2 ranks but the MPI library sees 1"),
)
Trouble = Callable[[population.Step, Path, random.Random], str]


def torture(cases: int, folder: Path) -> Tally:
    """Go round the kinds of trouble, each on another command; then the cases of a real Slurm."""
    tally = Tally()
    steps = population.steps()
    troubles: tuple[Trouble, ...] = (
        rank_killed, thought_lost, rank_raises, stopped_ten_times, rank_stopped, strange_launcher, rank_exits,
    )  # fmt: skip
    for number in range(cases):
        trouble = troubles[number % len(troubles)]
        step = steps[(number + number // len(troubles)) % len(steps)]
        step.lay_out(folder / "work")
        try:
            fault = trouble(step, folder, random.Random(number))
        except (TimeoutError, subprocess.TimeoutExpired) as waiting:
            fault = f"does not end: {waiting}"
        fault = fault or untold(call(*step.arguments(folder / "work")), (0,))
        name = f"case {number}: {trouble.__name__} {step.name}"
        tally.case(name, fault or step.difference(folder / "work"))
    if cases >= LONG and not missing():
        queue.torture(tally, folder)
    return tally


def rank_ends(step: population.Step, folder: Path, fate: Fate, rank: int) -> Outcome:
    """Launch two ranks, one of which meets an end; wait until all have ended."""
    return Launch(step.arguments(folder / "work"), folder / "said", fate, rank).ended()


def rank_killed(step: population.Step, folder: Path, draw: random.Random) -> str:
    """Kill one rank."""
    ended = rank_ends(step, folder, Fate("killed", draw.randint(1, MOMENTS)), draw.randrange(2))
    return f"a traceback: {ended.err[-300:]}" if "Traceback" in ended.err else ""


def rank_raises(step: population.Step, folder: Path, draw: random.Random) -> str:
    """Have a mistake of ours in one rank: it is said, and the launch fails."""
    ended = rank_ends(step, folder, Fate("raises", draw.randint(1, MOMENTS)), draw.randrange(2))
    if "made on purpose" not in ended.err:  # the rank had no such moment
        return untold(ended, (0,))
    return "" if ended.code and "this is a mistake in crocs" in ended.err else f"ended with {ended.code}"


def rank_exits(step: population.Step, folder: Path, draw: random.Random) -> str:
    """Have one rank leave without a word: the others must not wait for it."""
    rank_ends(step, folder, Fate("exits", draw.randint(1, MOMENTS)), draw.randrange(2))
    return ""


def rank_stopped(step: population.Step, folder: Path, draw: random.Random) -> str:
    """Tell one rank to stop: all end, with 75 where work was left, else with 0."""
    ended = rank_ends(step, folder, Fate("stops", draw.randint(1, MOMENTS)), draw.randrange(2))
    if "stopped by a signal" in ended.err and ended.code == 0:
        return "0, though it was stopped"
    return f"a traceback: {ended.err[-300:]}" if "Traceback" in ended.err else ""


def strange_launcher(step: population.Step, folder: Path, draw: random.Random) -> str:
    """Start under a launcher that this MPI does not belong to, or without any MPI."""
    words, told = draw.choice(STRANGERS)
    launcher = words if words[0] == mpiexec(2)[0] else ("env", *words)
    ended = finish(start(*step.arguments(folder / "work"), launcher=launcher))
    if told not in ended.err or "Traceback" in ended.err:
        return f"not told: {ended.err[-300:]!r}"
    return "" if ended.code else "ended with 0"


def stopped_ten_times(step: population.Step, folder: Path, draw: random.Random) -> str:
    """Stop a job again and again, as a queue does near its time limit: at moments, or from outside."""
    for _ in range(10):
        inside = draw.random() < 0.5
        fate = Fate("stops", draw.randint(1, MOMENTS)) if inside else Fate()
        fork = Fork(step.arguments(folder / "work"), folder / "said", fate)
        if not inside:
            fork.signal(draw.choice((signal.SIGTERM, signal.SIGUSR1)), draw.uniform(0.1, 0.6))
        if fault := untold(fork.ended(), (0, STOPPED)):
            return fault
    return ""


def thought_lost(step: population.Step, folder: Path, draw: random.Random) -> str:
    """Let a process sleep in the middle of its work while another does the same; then it goes on."""
    arguments = step.arguments(folder / "work")
    lost = Fork(arguments, folder / "lost", Fate("sleeps", draw.randint(1, MOMENTS), host="lost"))
    asleep = lost.sleeps()
    host = draw.choice(("lost", "another"))
    again = Fork(arguments, folder / "said", Fate(host=host)).ended()
    fault = untold(again, (0,)) or step.difference(folder / "work", at_work=True)
    if asleep:
        lost.signal(signal.SIGCONT)
    return fault or untold(lost.ended(), (0,))
