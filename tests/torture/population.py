"""Small runs that hold every kind of file, and the calls that bring each of them up to date."""

from __future__ import annotations

import atexit
import functools
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tests.conftest import Outcome
from tests.torture.tally import call

Call = tuple[object, ...]
SYNTH = ("--consumers", 30, "--days", 12, "--clusters", 3, "--shapes", 3, "--shard-size", 10)
SCREEN = ("--installations", 260, "--installations-per-shard", 90)


@dataclass(frozen=True)
class Chain:
    """A run directory's calls, in the order of the work; {here} stands for the directory of all runs."""

    run: str
    calls: tuple[Call, ...]

    def arguments(self, given: Call, here: Path) -> list[str]:
        """Return a call's arguments for the runs of one directory."""
        words = [str(word).replace("{here}", str(here)) for word in given]
        at = 2 if words[0] == "screen" else 1
        return [*words[:at], "--run", str(here / self.run), *words[at:]]

    def bring_up_to_date(self, here: Path, only: str = "") -> Iterator[tuple[Call, Outcome]]:
        """Call each command, or only that one; yield the call and how it ended, up to the first fault."""
        for given in self.calls:
            if only and only != " ".join(map(str, given[: len(only.split())])):
                continue
            ended = call(*self.arguments(given, here))
            yield given, ended
            if ended.code:
                return


def chains(seed: int = 1, prototypes: int = 4) -> tuple[Chain, ...]:
    """Return the chains of all runs; another seed or another setting gives another run of the same kinds."""
    stage1 = ("stage1", "--prototypes", prototypes, "--seed", seed)
    synth, of = ("synth", *SYNTH, "--seed", seed), ("--clusters", 3)
    main = (
        synth,
        stage1,
        ("stage2", "--clusters", 2, *of, "--seed", seed),
        ("stability", "--samples", 4, "--seed", seed),
        ("rrls", *of, "--communities", 3, "--seed", seed),
    )
    later = (
        ("synth", *SYNTH, "--seed", seed + 50),
        ("assign", "--model", "{here}/main", *of),
        ("rrls", "--like", "{here}/main", *of),
    )
    sample = (synth, stage1, ("stage2", *of, "--sample", 14, "--seed", seed))
    screen = (
        ("screen simulate", *SCREEN, "--seed", seed),
        ("screen fit", "--no-compare-maps", "--epochs", 4, "--min-fit", 60, "--seed", seed),
        ("screen rank", "--no-figures"),
    )
    split = tuple((*str(name).split(), *rest) for name, *rest in screen)
    return (
        Chain("main", main),
        Chain("later", later),
        Chain("sampled", sample),
        Chain("metered", (("ingest", "{here}/readings.csv", "--shard-size", 3), ("quality",))),
        Chain("screened", split),
    )


def write_readings(path: Path, seed: int) -> None:
    """Write a long CSV of 8 consumers and 3 days."""
    energy = np.random.default_rng(seed).gamma(2.0, 0.2, (8, 144))
    stamps = np.datetime64("2013-01-01T00:00") + np.arange(144) * np.timedelta64(30, "m")
    lines = [
        f"{consumer:04d},{stamp},{kwh:.3f}"
        for consumer in range(8)
        for stamp, kwh in zip(stamps.tolist(), energy[consumer], strict=True)
    ]
    path.write_text("\n".join(["id,time,kwh", *lines, ""]))


def make(here: Path, seed: int = 1, prototypes: int = 4) -> Path:
    """Make all runs below a directory."""
    shutil.rmtree(here, ignore_errors=True)
    here.mkdir(parents=True)
    write_readings(here / "readings.csv", seed)
    for chain in chains(seed, prototypes):
        for given, ended in chain.bring_up_to_date(here):
            assert ended.code == 0, (given, ended.err)
    return here


@functools.cache
def made(seed: int = 1, prototypes: int = 4) -> Path:
    """Return a directory with all runs, made once for all tortures; nobody changes anything in it."""
    here = Path(tempfile.mkdtemp(prefix="crocs-made-"))
    here.chmod(0o755)
    atexit.register(shutil.rmtree, here, ignore_errors=True)
    return make(here / "made", seed, prototypes)


def descendants(pid: int) -> list[int]:
    """Return the processes that a process has started, and those have started."""
    found: list[int] = []
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        with gone():
            for child in map(int, path.read_text().split()):
                found += [child, *descendants(child)]
    return found


def gone() -> suppress:
    """Pass over a process that has ended meanwhile."""
    return suppress(ProcessLookupError, FileNotFoundError)


def alive(pid: int) -> bool:
    """Say whether a process runs still; one that only waits to be noticed does not."""
    with gone():
        return "(zombie)" not in Path(f"/proc/{pid}/status").read_text()
    return False
