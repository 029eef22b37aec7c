"""What is measured, one function a subject: each gives lines of the table."""

import ast
import itertools
import json
import os
import subprocess
import sys
import time

import kmedoids
import numpy as np

from crocs_cli.maths.clustering.cuts import canonical
from crocs_cli.maths.clustering.medoids import kmedoids_of_days
from crocs_cli.maths.clustering.represent import DayClustering, represent
from crocs_cli.maths.distances.dtw import dtw_between
from crocs_cli.maths.distances.processor import lanes
from crocs_cli.maths.distances.wsmd import set_distances
from tests.bench import data
from tests.bench.by_hand import python_api
from tests.bench.limit import operations, operations_per_ns
from tests.bench.measure import ROOT, cpu_seconds, in_turns, ours
from tests.bench.periods import periods
from tests.bench.table import line

INSTRUCTION_SETS = {
    "this machine": {},
    "AVX2": {"NUMBA_CPU_NAME": "haswell", "NUMBA_CPU_FEATURES": "+sse4.2,+avx,+avx2,+fma"},
    "SSE2": {"NUMBA_CPU_NAME": "generic", "NUMBA_CPU_FEATURES": ""},
}
WANTED_OF_DTW = {
    ("float32", "aeon"): ">= 120",
    ("float32", "dtaidistance"): ">= 100",
    ("float64", "aeon"): ">= 55",
}


def dtw(peers):
    """Compare profiles in bulk."""
    days = data.profiles(300, 1).astype(np.float64)
    file = peers.data("dtw", profiles=days)
    others, compared = days.copy(), 50 * 300 * 300  # all of them, not half
    jobs = {
        str(np.dtype(d)): ours(lambda d=d: [dtw_between(days, others, 2, d) for _ in range(50)])
        for d in (np.float32, np.float64)
    }
    jobs |= {
        f"limit {np.dtype(d)}": lambda d=d: 1 / operations_per_ns(d, 500_000)
        for d in (np.float32, np.float64)
    }
    jobs |= {name: peers.job(name, file) for name in ("aeon", "dtaidistance", "tslearn")}
    taken = in_turns(jobs, rounds=9)
    ns = {kind: taken[kind] / compared * 1e9 for kind in ("float32", "float64")}
    theirs = {name: taken[name] / (300 * 299 / 2) * 1e9 for name in ("aeon", "dtaidistance")}
    theirs["tslearn"] = taken["tslearn"] / (60 * 59 / 2) * 1e9
    limit = {kind: operations(48, 2) * taken[f"limit {kind}"] / lanes(kind) for kind in ns}
    lines = [
        line(
            f"DTW-2, 48 slots, {kind}",
            name,
            theirs[name] / ns[kind],
            WANTED_OF_DTW.get((kind, name), "-"),
            ns=ns[kind],
            theirs_ns=theirs[name],
        )
        for kind in ns
        for name in theirs
    ]
    lines += [
        line(
            f"DTW-2, {kind}",
            "arithmetic limit",
            limit[kind] / ns[kind],
            "-",
            ns=ns[kind],
            limit_ns=limit[kind],
        )
        for kind in ns
    ]
    roots = np.sqrt(peers.call("aeon", file)[1]["squares"])
    np.testing.assert_allclose(dtw_between(days, days, 2), roots, rtol=1e-9, atol=1e-9)
    return lines


def instruction_sets(peers):
    """Run the kernel as other machines would, and loops left to numba beside it."""
    found = {}
    for name, settings in INSTRUCTION_SETS.items():
        ended = _run("tests.bench.plain", settings=settings)
        found[name] = ended
    best = found["this machine"]["vector"]
    return [
        line(
            f"DTW-2 float32, {name}",
            "best",
            each["vector"] / best,
            "<= 3",
            ns=each["vector"],
            plain_numba_ns=each["plain"],
            difference=each["difference"],
        )
        for name, each in found.items()
    ]


def stage1(peers):
    """Make load sets of 200 consumers of 90 days."""
    days, offset = data.profiles(200, 90), 90 * np.arange(201)
    file = peers.data(
        "stage1", consumers=days.astype(np.float64).reshape(200, 90, 48)[:, :, :], prototypes=15
    )

    def ward():
        return represent(days, offset, DayClustering("ward", 15, window=2))

    taken = in_turns({"ours": ours(ward), "theirs": peers.job("stage1", file)}, rounds=3)
    theirs = peers.call("stage1", file)[1]["labels"]
    mine = ward().day_label.reshape(200, 90)
    equal = sum(bool(np.array_equal(canonical(a), canonical(b))) for a, b in zip(mine, theirs, strict=True))
    return [
        line(
            "stage 1, 90 days, ward, k = 15",
            "aeon + fastcluster + Python",
            taken["theirs"] / taken["ours"],
            ">= 40",
            us_per_consumer=taken["ours"] / 200 * 1e6,
            equal_labels_of_200=equal,
        ),
        _starts(days),
    ]


def _starts(days):
    """Time one start of k-medoids against the kmedoids package's."""
    distances = dtw_between(days[:90], days[:90], 2)
    draws = np.random.default_rng(0).random((30, 15))
    taken = in_turns(
        {
            "ours": ours(lambda: kmedoids_of_days(distances, 15, draws, 200)),
            "theirs": ours(
                lambda: [kmedoids.fasterpam(distances, 15, random_state=s, n_cpu=1) for s in range(30)]
            ),
        }
    )
    us = taken["ours"] / 30 * 1e6
    return line(
        "k-medoids, 90 days, k = 15, a start",
        "kmedoids.fasterpam",
        taken["theirs"] / taken["ours"],
        "-",
        us=us,
        core_minutes_for_80000=us * 30 * 80_000 / 6e7,
    )


def wsmd(peers):
    """Compare load sets with each other."""
    lines = []
    for consumers, k in ((1000, 10), (1000, 20), (4000, 10), (4000, 20)):
        sets = data.load_sets(consumers, k)
        some = sets.select(slice(0, consumers if consumers == 1000 else 128))
        shape = sets.prototypes.astype(np.float64).reshape(consumers, k, 48)
        shares = sets.weights().reshape(consumers, k)
        pairs = np.random.default_rng(0).integers(0, len(some), (1000, 2))
        by_pair = peers.data("pairs", sets=shape, shares=shares, pairs=pairs)
        by_row = peers.data("rows", sets=shape[:1000], shares=shares[:1000], rows=[3])
        mine = some if consumers == 1000 else sets
        compared = 1000 * 999 / 2 if consumers == 1000 else len(some) * consumers
        work = lambda some=some, mine=mine: set_distances(some, mine, distance="wsmd", window=2)  # noqa: E731
        taken = in_turns(
            {
                "ours": ours(work),
                "pair": peers.job("wsmd_by_pair", by_pair),
                "row": peers.job("wsmd_by_row", by_row),
            },
            rounds=3,
        )
        found = work()
        expected = peers.call("wsmd_by_pair", by_pair)[1]["distances"]
        values = found[pairs[:, 0], pairs[:, 1]]
        apart = pairs[:, 0] != pairs[:, 1]
        error = float(np.abs(values[apart] / expected[apart] - 1).max())
        us = taken["ours"] / compared * 1e6
        lines += [
            line(
                f"WSMD float32, m = {consumers:,}, k = {k}",
                f"aeon {name} by {name}",
                taken[name] / 1000 * 1e6 / us,
                wanted,
                us_per_pair=us,
                largest_relative_difference=error,
            )
            for name, wanted in (("pair", ">= 250"), ("row", ">= 110"))
        ]
    return [*lines, _threads()]


def _threads():
    """Compare one thread with two, by the clock on the wall."""
    sets = data.load_sets(1000, 10)
    wall = {1: [], 2: []}
    for _ in range(5):
        for threads in wall:
            started = time.perf_counter()
            set_distances(sets, sets, distance="wsmd", window=2, threads=threads)
            wall[threads].append(time.perf_counter() - started)
    return line(
        "WSMD, 2 threads",
        "1 thread, wall clock",
        float(min(wall[1]) / min(wall[2])),
        ">= 1.85",
        load=os.getloadavg()[0],
    )


def doubling(peers):
    """Double the consumers from 1,000 to 16,000: a size and its double in turns, for the speed drifts."""
    lines, sizes, jobs = [], (1000, 2000, 4000, 8000, 16000), {}
    for consumers in sizes:
        days, offset = data.profiles(consumers, 30), 30 * np.arange(consumers + 1)
        sets = data.load_sets(consumers, 3)
        work = {
            "stage 1": lambda d=days, o=offset: represent(d, o, DayClustering("ward", 5, window=2)),
            "stage 2": lambda s=sets: set_distances(s, s, distance="wsmd", window=2),
        }
        jobs |= {(stage, consumers): lambda each=each: cpu_seconds(each) for stage, each in work.items()}
    wanted = {"stage 1": "1.8 to 2.2", "stage 2": "3.6 to 4.4"}
    for stage, (once, twice) in itertools.product(wanted, itertools.pairwise(sizes)):
        both = {consumers: jobs[stage, consumers] for consumers in (once, twice)}
        before, after = in_turns(both, max(3, 16_000 // once)).values()
        about = f"{stage}, twice as many", f"m = {once:,}"
        lines.append(line(*about, after / before, wanted[stage], seconds=after))
    return lines


def whole(peers):
    """Go from the profiles of 10,000 consumers to labels, on two threads."""
    found = _run("tests.bench.whole", "10000", "10", "2")
    cpu = found["stage1"] + found["stage2"] + found["partition"]
    parts = {name: found[name] for name in ("stage1", "stage2", "partition", "wall", "peak_gb")}
    return [
        line(
            "m = 10,000, k = 10, profiles to labels",
            "60 s of CPU, 2.5 GB",
            cpu / 60,
            "<= 1",
            cpu=cpu,
            **parts,
        )
    ]


def lines_of_code(peers):
    """Count the lines of all kernels, and of the functions that launch them."""
    pairs, days = (sum(_code_lines(name) for name in names) for names in (PAIR_KERNELS, DAY_KERNELS))
    facts = {"DTW_and_set_distances": pairs, "clustering_of_days": days}
    return [line("lines of kernels and launchers", "400", (pairs + days) / 400, "<= 1", **facts)]


PAIR_KERNELS = ("distances/lanes", "distances/vectors", "distances/dtw", "distances/wsmd")
DAY_KERNELS = ("clustering/represent", "ward/linkage", "clustering/cuts", "clustering/medoids")
LAUNCHERS = {"dtw_between", "set_distances", "nearest_prototypes", "_compare", "represent", "_Vectors"}


def _code_lines(name):
    """Count the lines of a file's kernels and launchers that are neither empty nor words."""
    source = (ROOT / "crocs_cli" / "maths" / f"{name}.py").read_text()
    count = 0
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and _is_kernel(node):
            body = source.splitlines()[node.lineno - 1 : node.end_lineno]
            docstring = ast.get_docstring(node, clean=False) or ""
            count += sum(bool(row.strip()) for row in body) - sum(
                bool(row.strip()) for row in docstring.splitlines()
            )
    return count


def _is_kernel(node):
    marks = {
        getattr(mark, "id", getattr(getattr(mark, "func", None), "id", "")) for mark in node.decorator_list
    }
    return bool(marks & {"kernel", "intrinsic", "overload"}) or node.name in LAUNCHERS


def _run(module, *arguments, settings=None):
    command = [sys.executable, "-m", module, *arguments]
    ended = subprocess.run(
        command, env=os.environ | (settings or {}), cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True
    )
    return json.loads(ended.stdout)


SUBJECTS = {
    each.__name__: each
    for each in (dtw, instruction_sets, stage1, wsmd, doubling, periods, whole, python_api, lines_of_code)
}
