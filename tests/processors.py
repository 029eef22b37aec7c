"""The same decisions on every processor: runs and tests under emulated processors, with results compared.

Usage: python -m tests.processors [--short]

An emulated processor is this one with less: numba compiles for an older one, OpenBLAS takes the kernels of an
older one, and numpy and the C library do without the instructions that it lacks. On each of them the demo, a
screening, 23 real households where their readings are at hand, and the tests that decide something run anew.
What must be equal is printed as a table: labels, medoid dates, counts, resolutions, lengths, ranks. Bits of
distances and of other reals may differ. --short leaves out the tests and all runs but small ones. The exit
code is 1 where something differs or a test fails.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path
from unittest import mock

from tests.conftest import ROOT, SHARED_DATA

AVX2 = "+sse3,+ssse3,+sse4.1,+sse4.2,+popcnt,+avx,+avx2,+fma,+bmi,+bmi2,+lzcnt,+movbe,+f16c,+cx16,-sse4a"
#: a variable under which numba cannot build the vector form of the distances
BREAK = "CROCS_TESTS_BREAK_VECTORS"
#: by name: what the processor must have, and how it is emulated; nothing is set for the machine as it is
PROCESSORS: dict[str, tuple[str, dict[str, str]]] = {
    "AVX-512": ("avx512f", {}),
    "AVX2": (
        "avx2",
        {"NUMBA_CPU_NAME": "haswell", "NUMBA_CPU_FEATURES": AVX2, "OPENBLAS_CORETYPE": "Haswell"},
    ),
    "Zen": (
        "avx2",
        {"NUMBA_CPU_NAME": "znver2", "NUMBA_CPU_FEATURES": AVX2, "OPENBLAS_CORETYPE": "Zen"},
    ),
    "SSE2": (
        "sse2",
        {"NUMBA_CPU_NAME": "generic", "NUMBA_CPU_FEATURES": "", "OPENBLAS_CORETYPE": "Prescott"},
    ),
    "plain form": ("sse2", {BREAK: "yes"}),
}
#: what the C library chooses its exp and log by
NO_LIBM = {"AVX2": "-AVX512F", "Zen": "-AVX512F", "SSE2": "-AVX512F,-AVX2,-AVX,-FMA,-FMA4"}
#: the tests that decide something; the others read, write, parse or launch, which no rounding can turn
DECIDING = ("tests/maths", "tests/stages", "tests/screen", "tests/paper")
WINTER = {"days": {"type": "workdays", "from": "2013-06-01", "to": "2013-08-31"}, "holidays": "AU-NSW"}


def main() -> int:
    """Run everything on each processor that can be emulated here, and compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--short", action="store_true", help="only small runs, no tests")
    parser.add_argument("--results", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if os.environ.get(BREAK):
        from numba import extending

        del extending.intrinsic
    if asked.results:
        print(json.dumps(dict(results(Path(asked.results), asked.short))))
        return 0
    there = list(filter(can_emulate, PROCESSORS))
    with ThreadPoolExecutor(2) as pool:
        found = dict(zip(there, pool.map(lambda name: run_on(name, asked.short), there), strict=True))
    differ = table(found)
    failed = [] if asked.short else [name for name in NO_LIBM if name in there and not tests_pass(name)]
    print(f"{len(there)} processors, {differ} results differ, tests fail on {', '.join(failed) or 'none'}")
    return int(differ > 0 or bool(failed))


def can_emulate(name: str) -> bool:
    """Return whether this machine has what a processor has; say so where it has not."""
    from llvmlite import binding

    needed, _ = PROCESSORS[name]
    if binding.get_host_cpu_features().get(needed):
        return True
    print(f"{name}: not emulated, for this machine ({platform.machine()}) has no {needed}")
    return False


def environment(name: str) -> dict[str, str]:
    """Return the variables under which a process runs as on a processor."""
    from numpy._core import _multiarray_umath as built

    own = dict(PROCESSORS[name][1])
    if name in NO_LIBM:
        newer = {"SSE2": ("X86_V3", "X86_V4", "AVX2", "FMA3")}.get(name, ("X86_V4",))
        missing = [
            feature
            for feature in built.__cpu_dispatch__
            if built.__cpu_features__.get(feature) and (feature in newer or "AVX512" in feature)
        ]
        own["NPY_DISABLE_CPU_FEATURES"] = " ".join(missing)
        own["GLIBC_TUNABLES"] = f"glibc.cpu.hwcaps={NO_LIBM[name]}"
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("OPENBLAS", "NUMBA_CPU"))}
    place = Path(tempfile.gettempdir()) / f"crocs-processors-{os.getuid()}" / name
    return kept | own | {"NUMBA_CACHE_DIR": str(place)}


def run_on(name: str, short: bool) -> dict[str, str]:
    """Return the results on one processor, {what: value}."""
    with tempfile.TemporaryDirectory() as folder:
        call = [sys.executable, "-m", "tests.processors", "--results", folder, *["--short"] * short]
        ended = subprocess.run(
            call, cwd=ROOT, env=environment(name), stdout=subprocess.PIPE, check=True, text=True
        )
    return json.loads(ended.stdout.splitlines()[-1])


def tests_pass(name: str) -> bool:
    """Run the tests that decide something, on all cores, as on one processor."""
    call = ["-m", "pytest", "-q", "-n", str(os.cpu_count()), "-m", "not engine and not peers", *DECIDING]
    print(f"{name}: {' '.join(call)}", flush=True)
    ended = subprocess.run([sys.executable, *call], cwd=ROOT, env=environment(name), check=False)
    return ended.returncode == 0


def table(found: dict[str, dict[str, str]]) -> int:
    """Print each result by processor, `=` where it is that of the first one; return how many differ."""
    first, *others = found.values()
    print(" | ".join(["result", *found]))
    for what, value in first.items():
        print(" | ".join([what, value, *("=" if other[what] == value else other[what] for other in others)]))
    return sum(other[what] != value for what, value in first.items() for other in others)


def results(folder: Path, short: bool) -> Iterator[tuple[str, str]]:
    """Make runs in a folder; yield (what, value) of everything that must be equal on all processors."""
    demo = folder / "demo"
    crocs("synth", "-c", "configs/demo.yaml", "--run", demo, *(["--consumers", 60] if short else []))
    yield from chain(demo, "demo", (2, 5, 8), "ward")
    yield from screening(folder / "screen", 60 if short else 300)
    yield from found_again(60 if short else 300)
    trial = SHARED_DATA / "sgsc" / "sgsc_23x16months.csv.gz"
    if not trial.exists():
        print(f"{trial.name} is not at hand: no real households", file=sys.stderr)
        return
    settings = folder / "winter.yaml"
    settings.write_text(json.dumps({"ingest": {"reader": "sgsc", "files": [str(trial)], **WINTER}}))
    for algorithm in ("ward",) if short else ("ward", "kmedoids"):
        run = folder / f"sgsc-{algorithm}"
        crocs("ingest", "-c", settings, "--run", run)
        yield from chain(run, f"sgsc {algorithm}", range(2, 9), algorithm)


def chain(run: Path, name: str, clusters: Iterable[int], algorithm: str) -> Iterator[tuple[str, str]]:
    """Go from profiles to forecasts; yield what was decided on the way."""
    ks = [each for k in clusters for each in ("--clusters", k)]
    rls, rrls = run / "rls", run / "rrls" / "5"
    crocs("stage1", "--run", run, "--prototypes", 15, "--algorithm", algorithm)
    yield f"{name}: medoid dates and days of prototypes", digest(rls, "medoid_date", "days", "day_prototype")
    crocs("stage2", "--run", run, "--algorithm", algorithm, *ks)
    yield f"{name}: segments for each K", digest(run / "partitions", "label", "medoid")
    crocs("rrls", "--run", run, "--clusters", 5, "--communities", 8)
    yield f"{name}: behaviours of prototypes", digest(rrls, "vertex_community", "trial_communities")
    yield f"{name}: resolutions", numbers(rrls, "trial_resolution")
    crocs("typical", "--run", run, "--clusters", 5, run / "typical.csv")
    yield f"{name}: typical members", column(run / "typical.csv", "consumer_id")
    crocs("stability", "--run", run, "--samples", 5)
    yield f"{name}: stability", numbers(run / "stability", "ari")
    from crocs_cli.maths.sequences import forecast

    lengths: list[int] = []
    choose = forecast.best_length
    with mock.patch.object(
        forecast, "best_length", lambda *given: lengths.append(choose(*given)) or lengths[-1]
    ):
        crocs("forecast", "--run", run, "--clusters", 5, "--test-days", 5)
    yield f"{name}: lengths of sequences", "".join(map(str, lengths))


def found_again(consumers: int) -> Iterator[tuple[str, str]]:
    """Segment a population by exchange and by footprints; yield the segments, and the vectors' bits."""
    from crocs_cli.maths.footprints.fit import fit, suited
    from crocs_cli.maths.footprints.vectors import vectors
    from crocs_cli.paper.days import Synthetic
    from crocs_cli.paper.methods import refound

    days, _ = Synthetic(consumers, 90, 5, 4, 65).draw(1)
    for method in ("exchanged", "A", "B"):
        within = refound.fitted(method, days, 12, 1, 2).within
        labels = refound.partitions(method, within, (2, 3, 5, 8, 12), 1, 2)
        yield f"found again: segments by {method}", sha256(labels.tobytes()).hexdigest()[:12]
    maps = fit(days.profiles, days.offset, suited(consumers, 12), 1, 2)
    footprints = vectors(maps, days.profiles, days.offset, 2)
    yield "found again: bits of footprints", sha256(footprints.tobytes()).hexdigest()[:12]


def screening(run: Path, installations: int) -> Iterator[tuple[str, str]]:
    """Screen a simulated population; yield ranks and classes."""
    crocs("screen", "simulate", "--run", run, "--installations", installations, "--thieves", 0.1)
    crocs("screen", "fit", "--run", run)
    crocs("screen", "rank", "--run", run)
    with (run / "screen" / "ranking.csv").open() as file:
        rows = list(csv.DictReader(file))
    yield "screening: order of installations", short_digest([row["id"] for row in rows])
    said = [[value for value in row.values() if not is_real(value)] for row in rows]
    yield "screening: classes, tags and counts", short_digest(said)


def crocs(*arguments: object) -> None:
    """Call crocs in this process, without a word where all goes well."""
    from crocs_cli import __main__

    with Path(os.devnull).open("w") as nowhere, mock.patch("sys.stdout", nowhere):
        code = __main__.run([str(argument) for argument in arguments])
    if code:
        raise SystemExit(f"crocs {' '.join(map(str, arguments))} ended with {code}")


def digest(folder: Path, *arrays: str) -> str:
    """Return the digest of whole-numbered arrays in all files of a folder."""
    import h5py

    content = sha256()
    for path in sorted(folder.glob("*.h5")):
        with h5py.File(path) as file:
            for name in arrays:
                content.update(file[name][()].tobytes())
    return content.hexdigest()[:12]


def numbers(folder: Path, array: str) -> str:
    """Return an array of reals from all files of a folder, to six digits."""
    import h5py

    rounded: list[str] = []
    for path in sorted(folder.glob("*.h5")):
        with h5py.File(path) as file:
            rounded += [f"{value:.6g}" for value in file[array][()].ravel()]
    return short_digest(rounded)


def column(path: Path, name: str) -> str:
    """Return the digest of a column of a table."""
    with path.open() as file:
        return short_digest([row[name] for row in csv.DictReader(file)])


def short_digest(values: object) -> str:
    """Return the digest of plain values."""
    return sha256(json.dumps(values).encode()).hexdigest()[:12]


def is_real(text: str) -> bool:
    """Return whether a field of a table is a real, whose last bits may differ."""
    try:
        return not float(text).is_integer()
    except ValueError:
        return False


if __name__ == "__main__":
    raise SystemExit(main())
