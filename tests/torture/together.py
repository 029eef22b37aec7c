"""Several launches on one run at the same time: one result, and no harm to any."""

from __future__ import annotations

import random
import time
from pathlib import Path

from tests.torture import population
from tests.torture.processes import Fate, Fork
from tests.torture.tally import Tally, call, untold

PROMISE = "Launches that work on one run at the same time all end well, with one result"
HOW = (
    "each command twice, beside an array of two shares, as two arrays, and twice on two machines that share "
    "the disk; started up to half a second apart; compared by sha256 with an undisturbed run"
)
SHORT, LONG = 3, 120
ONE, OTHER = "one-machine", "other-machine"
FIRST, SECOND = ("--share", "1/2"), ("--share", "2/2")
PATTERNS: dict[str, tuple[tuple[tuple[str, ...], str], ...]] = {
    "twice": (((), ONE), ((), ONE)),
    "beside an array": (((), ONE), (FIRST, OTHER), (SECOND, OTHER)),
    "two arrays": ((FIRST, ONE), (SECOND, ONE), (FIRST, OTHER), (SECOND, OTHER)),
    "on two machines": (((), ONE), ((), OTHER)),
    "other shares": ((FIRST, ONE), (SECOND, ONE), (("--share", "3/3"), ONE), (("--share", "1/3"), ONE)),
}


def torture(cases: int, folder: Path) -> Tally:
    """Start each command in each pattern in turn, in any order."""
    tally = Tally()
    steps = population.steps()
    for number in range(cases):
        step, pattern = steps[number % len(steps)], list(PATTERNS)[number % len(PATTERNS)]
        fault = at_once(step, pattern, folder, random.Random(number))
        tally.case(f"case {number}: {step.name} {pattern}", fault)
    return tally


def at_once(step: population.Step, pattern: str, folder: Path, draw: random.Random) -> str:
    """Launch a command several times; say which launch did not end well, or what is not as undisturbed."""
    work = folder / "work"
    step.lay_out(work)
    launches = []
    for share, host in draw.sample(PATTERNS[pattern], len(PATTERNS[pattern])):
        said = folder / f"said{len(launches)}"
        launches.append(Fork([*step.arguments(work), *share], said, Fate(host=host)))
        time.sleep(draw.choice((0, 0, draw.uniform(0, 0.5))))
    faults = [untold(launch.ended(), (0,)) for launch in launches]
    faults.append(untold(call(*step.arguments(work)), (0,)))
    return next(filter(None, faults), "") or step.difference(work)
