"""Small runs that hold every kind of file, and the calls that bring each of them up to date."""

from __future__ import annotations

import atexit
import functools
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tests.conftest import Outcome, digests
from tests.torture.tally import call

Call = tuple[object, ...]
SYNTH = ("--consumers", 70, "--days", 12, "--clusters", 3, "--shapes", 3, "--shard-size", 24)
#: files that users bring, beside the runs
BROUGHT = ("readings.csv", "now.yaml")
TARIFF = "currency: EUR\nfixed: {per_day: 0.30}\nenergy:\n  - price: 0.25\n"
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
        ("compare", "--with", "{here}/main", *of),
    )
    sample = (synth, stage1, ("stage2", *of, "--sample", 14, "--seed", seed))
    used = (
        ("synth", *SYNTH, "--days", 16, "--seed", seed),  # enough for `target`
        *main[1:3],
        main[-1],
        ("peak", *of),
        ("bills", *of, "--tariff", "{here}/now.yaml"),
        ("target", *of),
    )
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
        Chain("used", used),
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


@dataclass(frozen=True)
class Step:
    """One call of a chain, with its run as it was before the call and as it is after it, undisturbed."""

    chain: Chain
    number: int

    @property
    def call(self) -> Call:
        """The call."""
        return self.chain.calls[self.number]

    @property
    def name(self) -> str:
        """The command, and the run that it works on."""
        return f"{self.chain.run} {' '.join(map(str, self.call[: 1 + (self.call[0] == 'screen')]))}"

    def lay_out(self, here: Path) -> None:
        """Make a directory of runs as this call finds it."""
        shutil.rmtree(here, ignore_errors=True)
        here.mkdir(parents=True)
        for name in BROUGHT:
            shutil.copyfile(made() / name, here / name)
        if "{here}/main" in self.call:
            shutil.copytree(made() / "main", here / "main")
        if self.number:
            shutil.copytree(_kept(made(), self.chain, self.number - 1), here / self.chain.run)

    def arguments(self, here: Path) -> list[str]:
        """Return the call's arguments for the runs of one directory."""
        return self.chain.arguments(self.call, here)

    def difference(self, here: Path, at_work: bool = False) -> str:
        """Say which files of the run are not those after an undisturbed call, or too many, or missing.

        What lies beside a file is too many, unless a process is still at work there.
        """
        was, now = digests(_kept(made(), self.chain, self.number)), digests(here / self.chain.run)
        wrong = sorted(name for name in was.keys() | now.keys() if was.get(name) != now.get(name))
        wrong = [name for name in wrong if not (at_work and name.endswith(".tmp"))]
        return f"not as undisturbed: {wrong}" if wrong else ""


def steps() -> list[Step]:
    """Return the calls that divide their work, each kind once."""
    every = [Step(chain, number) for chain in chains() for number in range(len(chain.calls))]
    again = ("later synth", "sampled synth", "sampled stage1", "metered quality")
    again += ("used synth", "used stage1", "used stage2", "used rrls")
    return [step for step in every if step.name not in again]


def make(here: Path, seed: int = 1, prototypes: int = 4) -> Path:
    """Make all runs below a directory, and beside it keep each as it was after every call."""
    shutil.rmtree(here, ignore_errors=True)
    here.mkdir(parents=True)
    write_readings(here / "readings.csv", seed)
    (here / "now.yaml").write_text(TARIFF)
    for chain in chains(seed, prototypes):
        for number, (given, ended) in enumerate(chain.bring_up_to_date(here)):
            assert ended.code == 0, (given, ended.err)
            shutil.copytree(here / chain.run, _kept(here, chain, number))
    return here


def _kept(here: Path, chain: Chain, number: int) -> Path:
    return here.parent / "kept" / f"{chain.run}-{number}"


@functools.cache
def made(seed: int = 1, prototypes: int = 4) -> Path:
    """Return a directory with all runs, made once for all tortures; nobody changes anything in it."""
    here = Path(tempfile.mkdtemp(prefix="crocs-made-"))
    here.chmod(0o755)
    atexit.register(shutil.rmtree, here, ignore_errors=True)
    return make(here / "made", seed, prototypes)
