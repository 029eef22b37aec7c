"""Commands killed by `kill -9`, alone, as two shares at once, as MPI ranks; the same call then mends all."""

from __future__ import annotations

import random
import re
import time
from dataclasses import dataclass
from pathlib import Path
from signal import SIGKILL

from tests.torture import population
from tests.torture.processes import NEVER, Fate, Fork, Launch
from tests.torture.tally import Tally, call

PROMISE = "After `kill -9` the same command ends with the same bytes, and leaves no other file"
HOW = (
    "ingest, synth, stage1, stage2, rrls, assign, peak, bills, target, screen: each alone, as two shares at "
    "once and as two MPI ranks; killed at a random moment of its undisturbed time, or just before or after a "
    "random write to the disk; run again and compared by sha256"
)
SHORT, LONG = 3, 200
MODES = ("alone", "shares", "alone", "shares", "ranks")
SHARES: dict[str, tuple[tuple[str, ...], ...]] = {
    "alone": ((),),
    "shares": (("--share", "1/2"), ("--share", "2/2")),
}
TRIES = 20


@dataclass(frozen=True)
class Undisturbed:
    """How long a launch takes, and how many moments each of its processes has before and after writes."""

    seconds: float
    moments: int


def torture(cases: int, folder: Path) -> Tally:
    """Kill each command in each mode in turn, and call it again."""
    tally = Tally()
    steps = population.steps()
    known: dict[tuple[str, str], Undisturbed] = {}
    for number in range(cases):
        step, mode = steps[number % len(steps)], MODES[number % len(MODES)]
        victim = Victim(step, mode, folder)
        if (step.name, mode) not in known:
            known[step.name, mode] = victim.undisturbed()
        fault = victim.killed(known[step.name, mode], random.Random(number)) or victim.mended()
        tally.case(f"case {number}: {step.name} {mode}", fault)
    return tally


@dataclass(frozen=True)
class Victim:
    """A command that is launched in one mode, in a directory of its own."""

    step: population.Step
    mode: str
    folder: Path

    @property
    def work(self) -> Path:
        """The directory of its runs."""
        return self.folder / "work"

    def undisturbed(self) -> Undisturbed:
        """Launch it and let it end."""
        self.step.lay_out(self.work)
        start = time.monotonic()
        self.launch(None, [NEVER, NEVER])
        seconds = time.monotonic() - start
        said = [path.read_text() for path in self.folder.glob("said*")]
        return Undisturbed(seconds, max(int(n) for n in re.findall(r"^moments: (\d+)$", "".join(said), re.M)))

    def killed(self, known: Undisturbed, draw: random.Random) -> str:
        """Launch it until it was killed before its end, which may come early on a machine that is busy."""
        for _ in range(TRIES):
            self.step.lay_out(self.work)
            if draw.random() < 0.5:
                killed = self.launch(draw.uniform(0, known.seconds), [NEVER, NEVER])
            else:
                killed = self.launch(None, [draw.randint(1, known.moments) for _ in "12"])
            if killed:
                return ""
        return f"ended before it was killed, {TRIES} times"

    def launch(self, after_s: float | None, moments: list[int]) -> bool:
        """Launch it with a kill after a time, or at a moment of each process; say whether any was killed."""
        arguments = self.step.arguments(self.work)
        if self.mode == "ranks":
            return self._ranks(arguments, after_s, moments)
        forks = [
            Fork([*arguments, *share], self.folder / f"said{n}", Fate("killed", moments[n], f"node{n}"))
            for n, share in enumerate(SHARES[self.mode])
        ]
        for fork in forks if after_s is not None else ():
            fork.signal(SIGKILL, after_s / len(forks))
        codes = [fork.ended().code for fork in forks]  # of all, so that none is left
        return -SIGKILL in codes

    def _ranks(self, arguments: list[str], after_s: float | None, moments: list[int]) -> bool:
        launch = Launch(arguments, self.folder / "said", Fate("killed", moments[0]), rank=moments[1] % 2)
        if after_s is not None and launch.lasts(after_s):
            launch.kill()
            return True
        return launch.ended().code != 0

    def mended(self) -> str:
        """Call it again, as shares first if it was launched so; say what is then not as undisturbed."""
        if self.mode == "shares":
            self.launch(None, [NEVER, NEVER])
        ended = call(*self.step.arguments(self.work))
        return f"then {ended.code}: {ended.err[-300:]}" if ended.code else self.step.difference(self.work)
