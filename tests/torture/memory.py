"""The memory that `crocs plan` says, held against the peak of fresh processes; and too little of it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

import numpy as np
import pyarrow as pa
import pyarrow.parquet

from crocs_cli.machine import files
from crocs_cli.machine.compiled import keep_kernels
from crocs_cli.machine.shards import recipe, shard_key
from crocs_cli.maths.readings.quality import COUNTS
from crocs_cli.rundir import memory as need
from crocs_cli.rundir.layouts import PROFILES, RLS
from crocs_cli.rundir.settings import PlanSettings
from crocs_cli.stages import plan
from tests import made_run
from tests.conftest import digests
from tests.torture import population
from tests.torture.tally import MENDABLE, Tally, call, untold

PROMISE = "A process takes the memory that `crocs plan` says; what cannot fit is refused before any work"
HOW = (
    "peak of a fresh process within 10 % at six sizes of each stage, once kernels are compiled; each stage "
    "with too little memory"
)
SHORT, LONG = 16, 100
TOLERANCE = 0.10
LITTLE_MB = "40"
SIZES = 6
TREATED = 10  # one consumer of so many takes part
#: run crocs, then say the largest memory that this process ever held
MEASURED = """
import sys
from crocs_cli import __main__
from crocs_cli.machine.compiled import keep_kernels
from crocs_cli.machine.memory import give_back_large
keep_kernels()
give_back_large()
code = __main__.run(sys.argv[1:])
print(*(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")), file=sys.stderr)
sys.exit(code)
"""


@dataclass(frozen=True)
class Case:
    """One size of one stage: the steps of `plan` that the call takes, what must be there, and the call."""

    steps: tuple[str, ...]
    sizes: PlanSettings
    prepare: Callable[[Path], object]
    call: tuple[object, ...]

    def planned(self) -> int:
        """Return the peak that `crocs plan` says, in bytes."""
        peaks = plan.peaks(self.sizes.consumers or 0, self.sizes) | of_impact(self.sizes)
        return max(peaks[step] for step in self.steps)

    def run(self, run: Path) -> str:
        """Say how far off the plan is, if it is too far."""
        compiled, before = kernels(), -1
        while compiled != before:  # what compiles kernels takes up to 150 MB more, once
            before = compiled
            shutil.rmtree(run, ignore_errors=True)
            self.prepare(run)
            code, said = peak(*(str(word).replace("{run}", str(run)) for word in self.call))
            compiled = kernels()
        shutil.rmtree(run, ignore_errors=True)
        if code:
            return f"ended with {code}: {said[-300:]}"
        planned, taken = self.planned() >> 10, int(said.split()[-1])
        line = f"planned {planned >> 10} MB, took {taken >> 10} MB ({taken / planned - 1:+.0%})"
        print(f"{' and '.join(self.steps)}: {line}", file=sys.__stderr__, flush=True)
        return line if abs(taken / planned - 1) > TOLERANCE else ""


def of_impact(sizes: PlanSettings) -> dict[str, int]:
    """Return the peak of `impact` where every tenth consumer is treated, and each of these has 3 matches."""
    m, days = sizes.consumers or 0, sizes.days
    profiles = need.profiles(min(m, sizes.shard_size), days, sizes.slots)
    return {"impact": need.impact(profiles, 4 * -(-m // TREATED) * days, sizes.slots)}


def kernels() -> int:
    """Return how many kernels have been compiled and kept."""
    return sum(1 for _ in keep_kernels().rglob("*.nbc"))


def peak(*arguments: str) -> tuple[int, str]:
    """Run crocs as a process of its own; return its code and what it said, its peak in kB last."""
    command = [sys.executable, "-c", MEASURED, *arguments]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    return ended.returncode, ended.stderr


def write_profiles(run: Path, sizes: PlanSettings) -> None:
    """Write random profiles, in files of `shard_size` consumers."""
    random = np.random.default_rng(1)
    parts = -(-(sizes.consumers or 0) // sizes.shard_size)
    for number in range(parts):
        ids = consumer_ids(sizes, number)
        arrays = {
            "consumer_id": ids,
            "day_offset": sizes.days * np.arange(len(ids) + 1),
            "date": np.tile(np.arange(sizes.days), len(ids)),
            "energy_kwh": random.random((len(ids) * sizes.days, sizes.slots), dtype=np.float32),
            "meter_id": ids,
            "quality": np.zeros((len(ids), len(COUNTS))),
        }
        key = shard_key(number)
        files.write(run / "profiles" / f"{key}.h5", PROFILES, arrays, recipe("synth", key, {}, {}, parts))


def write_load_sets(run: Path, sizes: PlanSettings) -> None:
    """Write random load sets, as many prototypes each."""
    random = np.random.default_rng(1)
    parts = -(-(sizes.consumers or 0) // sizes.shard_size)
    for number in range(parts):
        ids = consumer_ids(sizes, number)
        rows = sizes.prototypes * np.arange(len(ids) + 1)
        arrays = {
            "consumer_id": ids,
            "prototype_offset": rows,
            "medoid": random.random((rows[-1], sizes.slots), dtype=np.float32),
            "mean": random.random((rows[-1], sizes.slots), dtype=np.float32),
            "days": np.ones(rows[-1]),
            "medoid_date": np.zeros(rows[-1]),
            "mean_daily_kwh": np.ones(len(ids)),
            "day_offset": rows,
            "date": np.zeros(rows[-1]),
            "day_prototype": np.tile(np.arange(sizes.prototypes), len(ids)),
        }
        key = shard_key(number)
        files.write(run / "rls" / f"{key}.h5", RLS, arrays, recipe("stage1", key, {}, {}, parts))


def write_readings(run: Path, sizes: PlanSettings) -> None:
    """Write a Parquet file of readings, consumer after consumer."""
    ids = np.repeat(np.arange(sizes.consumers or 0), sizes.days * sizes.slots)
    minutes = np.arange(sizes.days * sizes.slots) * (1440 // sizes.slots)
    time = np.datetime64("2013-01-01T00:00", "s") + minutes * np.timedelta64(60, "s")
    kwh = np.random.default_rng(1).random(len(ids))
    names = pa.array([f"C{number:06d}" for number in range(sizes.consumers or 0)])
    column = pa.DictionaryArray.from_arrays(pa.array(ids, pa.int32()), names).cast(pa.string())
    table = pa.table({"id": column, "time": np.tile(time, sizes.consumers or 0), "kwh": kwh})
    run.mkdir(parents=True, exist_ok=True)
    pyarrow.parquet.write_table(table, run / "readings.parquet")


def consumer_ids(sizes: PlanSettings, number: int) -> np.ndarray:
    """Return the names of the consumers of one file."""
    first = number * sizes.shard_size
    last = min(first + sizes.shard_size, sizes.consumers or 0)
    return np.array([f"C{consumer:06d}" for consumer in range(first, last)])


def done(*calls: tuple[object, ...]) -> Callable[[Path], None]:
    """Return what makes these calls of crocs in this process."""

    def make(run: Path) -> None:
        for words in calls:
            ended = call(*(str(word).replace("{run}", str(run)) for word in words))
            assert ended.code == 0, ended.err

    return make


def after(*steps: Callable[[Path], object]) -> Callable[[Path], None]:
    """Return what does one step after another."""

    def make(run: Path) -> None:
        for step in steps:
            step(run)

    return make


HERE = ("--run", "{run}")
MODEL = ("--run", "{run}/model")


def cases_of_runs(size: int) -> Iterator[Case]:
    """Yield the cases of one size in which profiles are made and used."""
    m, days = (30, 128, 300, 512, 1024, 1500)[size], (10, 60, 120, 240, 300, 365)[size]
    sizes = PlanSettings(consumers=m, days=days)
    yield Case(("synth",), sizes, lambda _: None, ("synth", *HERE, "--consumers", m, "--days", days))
    m = (20, 200, 500, 1000, 1500, 2000)[size]
    long = PlanSettings(consumers=m, days=40, slots=288, prototypes=5, shard_size=1000)
    yield Case(
        ("stage1",),
        long,
        lambda run: write_profiles(run, long),
        ("stage1", *HERE, "--prototypes", 5, *band(long)),
    )
    read = PlanSettings(consumers=(20, 200, 600, 1200, 2000, 3000)[size], days=60)
    yield Case(
        ("ingest",), read, lambda run: write_readings(run, read), ("ingest", *HERE, "{run}/readings.parquet")
    )


def band(sizes: PlanSettings) -> tuple[object, ...]:
    """Return a window of two slots: kernels are compiled for each width of the band, and this is kept."""
    return "--window", 2 * 1440 // sizes.slots


def cases_of_distances(size: int) -> Iterator[Case]:
    """Yield the cases of one size in which distances, partitions and behaviours are made of load sets."""
    many = PlanSettings(
        consumers=(50, 4000, 16_000, 33_000, 33_000, 60_000)[size],
        prototypes=(4, 4, 4, 2, 4, 4)[size],
        slots=(48, 24, 16, 16, 24, 48)[size],
        shard_size=4096,
    )
    tiles = {4000: 9, 16_000: 18}.get(many.consumers or 0, 40)
    share = ("--share", f"1/{tiles}") if size else ()
    yield Case(("stage2",), many, made_sets(many), ("stage2", *HERE, *share, *band(many)))
    for algorithm, consumers in (
        ("ward", (64, 2000, 6000, 10_000, 12_000, 16_000)[size]),
        ("kmedoids", (80, 2000, 3500, 5000, 8000, 14_000)[size]),
    ):
        thin = PlanSettings.model_validate(
            {"consumers": consumers, "prototypes": 1, "slots": 4, "shard_size": 4096, "algorithm": algorithm}
        )
        flags = ("--algorithm", algorithm, "--starts", 1)
        partition = ("stage2", *HERE, *flags, *band(thin))
        yield Case(("stage2", "partition"), thin, made_sets(thin), partition)
    one = PlanSettings(
        consumers=(30, 400, 800, 1200, 1600, 2200)[size], prototypes=5, slots=24, largest_cluster=1.0
    )
    alone = done(("stage2", *HERE, "--clusters", 1, *band(one)))
    yield Case(("rrls",), one, after(made_sets(one), alone), ("rrls", *HERE, "--clusters", 1))


def made_sets(sizes: PlanSettings) -> Callable[[Path], None]:
    """Return what writes load sets of these sizes."""
    return lambda run: write_load_sets(run, sizes)


def cases_of_screening(size: int) -> Iterator[Case]:
    """Yield the cases of one size of `screen`, and of `assign`."""
    sizes = PlanSettings(
        consumers=(300, 1000, 2500, 5000, 7500, 10_000)[size], days=(730, 730, 1095, 1095, 1095, 1095)[size]
    )
    years = sizes.days // 365
    simulate = ("screen", "simulate", *HERE, "--installations", sizes.consumers, "--years", years)
    fit = ("screen", "fit", *HERE, "--epochs", 4)
    rank = ("screen", "rank", *HERE, "--no-figures")
    yield Case(("screen fit",), sizes, done(simulate), fit)
    yield Case(("screen rank",), sizes, done(simulate, fit), rank)


def cases_of_assign(size: int) -> Iterator[Case]:
    """Yield the case of one size of `assign`: new consumers, and a model of so many."""
    model = PlanSettings(
        consumers=(30, 200, 400, 600, 900, 1200)[size], days=10, slots=288, prototypes=10, shard_size=300
    )
    made = after(
        lambda run: write_profiles(run / "model", model),
        done(
            ("stage1", *MODEL, "--prototypes", 10, *band(model)),
            ("stage2", *MODEL, "--clusters", 2, *band(model)),
        ),
        lambda run: write_profiles(run, model),
    )
    compared = ("assign", *HERE, "--model", "{run}/model", "--clusters", 2)
    yield Case(("stage1", "assign"), model, made, compared)


def cases_of_programmes(size: int) -> Iterator[Case]:
    """Yield the cases of one size of what segments are used for."""
    m, days = (60, 200, 500, 1000, 1500, 2000)[size], (40, 60, 120, 200, 300, 365)[size]
    sizes = PlanSettings(consumers=m, days=days, shard_size=1000)

    def made(run: Path) -> None:
        made_run.make(run, consumers=m, days=days, clusters=2, shard_size=sizes.shard_size)
        (run / "now.yaml").write_text(population.TARIFF)
        (run / "treated.csv").write_text("\n".join(f"S{number:07d}" for number in range(0, m, TREATED)))

    middle = np.datetime64("2013-01-01") + days // 2
    for name, *flags in (
        ("peak",),
        ("bills", "--tariff", "{run}/now.yaml"),
        ("target",),
        ("impact", "--treated", "{run}/treated.csv", "--start", middle),
    ):
        yield Case((name,), sizes, made, (name, *HERE, "--clusters", 2, *flags))


def refusals(tally: Tally, here: Path) -> None:
    """Call every stage with too little memory: refused in one line, nothing made."""
    removed = {
        "synth": ("main", ("truth", "profiles")),
        "ingest": ("metered", ("profiles",)),
        "stage1": ("main", ("rls",)),
        "stage2": ("main", ("wsmd", "partitions", "dendrogram.h5")),
        "stability": ("main", ("stability",)),
        "rrls": ("main", ("rrls",)),
        "assign": ("later", ("assignments",)),
        "peak": ("used", ("peak",)),
        "bills": ("used", ("bills",)),
        "target": ("used", ("target",)),
        "screen fit": ("screened", ("screen/features", "screen/model")),
        "screen rank": ("screened", ("screen/changes", "screen/placebo", "screen/scores.h5")),
    }
    chains = {chain.run: chain for chain in population.chains()}
    for stage, (name, products) in removed.items():
        shutil.rmtree(here, ignore_errors=True)
        shutil.copytree(population.made(), here)
        for product in products:
            path = here / name / product
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        before = digests(here)
        with mock.patch.dict(os.environ, {"SLURM_MEM_PER_NODE": LITTLE_MB}):
            *_, (_, ended) = chains[name].bring_up_to_date(here, stage)
        fault = untold(ended, (MENDABLE,), "of memory")
        tally.case(f"{stage} with little memory", fault or ("" if digests(here) == before else "made files"))
    ended = call("plan", "--run", here, "--consumers", 20_000, "--memory-gb", 0.5)
    tally.case("plan with little memory", untold(ended, (MENDABLE,), "of 0.5 GB"))


def torture(cases: int, folder: Path) -> Tally:
    """Refuse what cannot fit, then measure the stages, all of one size before the next larger one."""
    tally = Tally()
    refusals(tally, folder / "little")
    makers = (cases_of_runs, cases_of_distances, cases_of_assign, cases_of_screening, cases_of_programmes)
    every = [case for size in range(SIZES) for maker in makers for case in maker(size)]
    for number, case in enumerate(every[: cases - tally.cases]):
        name = f"size {number * SIZES // len(every) + 1} of {' and '.join(case.steps)}"
        tally.case(name, case.run(folder / "run"))
    return tally
