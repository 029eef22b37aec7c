"""Compare ways of making a prototype graph affordable: python -m tests.bench.fidelity_rrls [MEMBERS ...]

Every way is run in a process of its own on the same cluster, at the resolution at which the full graph has
ten communities and at 1, and held against the full graph: AMI of the communities, largest difference of the
coverage of a major hyperprototype in points, CPU time, and what the process needed beyond the load sets.

    full again       the full graph with another seed: what Leiden alone moves
    targets T        each prototype against a uniform sample of T other members (what crocs does)
    nearest T        each prototype keeps the edges to the T members that have the nearest prototypes
    members M        a sample of M members, and every other vertex to the community that gains most by it
    merged G         all edges, added up between G groups of similar prototypes

The synthetic cluster has four shapes and a quarter of outlier days. The real one is the days of the 23
households of ../shared/data/sgsc, dealt out to members in runs of consecutive days.
"""

import csv
import gzip
import multiprocessing
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
from scipy.optimize import linear_sum_assignment
from sklearn.cluster import MiniBatchKMeans
from sklearn.metrics import adjusted_mutual_info_score

from crocs_cli.maths.behaviours.communities import Leiden, affordable_starts, by_falling_days
from crocs_cli.maths.behaviours.graph import PrototypeGraph, prototype_graph
from crocs_cli.maths.behaviours.hyperprototypes import MAJOR_DAY_COVERAGE, days_in
from crocs_cli.maths.behaviours.refined import search_part
from crocs_cli.maths.behaviours.resolution import attempt, reach
from crocs_cli.maths.clustering.represent import DayClustering, represent
from crocs_cli.maths.distances.loadsets import LoadSets
from crocs_cli.maths.distances.profiles import normalise
from crocs_cli.maths.distances.wsmd import nearest_prototypes
from crocs_cli.maths.synthetic.generator import SLOTS, draw_days
from tests.conftest import SHARED_DATA

Way = Callable[..., np.ndarray]
WINDOW, THREADS, WANTED, MIN_COVERAGE, MIN_TOTAL_COVERAGE = 2, 2, 10, 0.01, 0.85


def synthetic(members: int, seed: int = 0) -> LoadSets:
    """Draw a cluster of four shapes, with a quarter of its days outliers, as stage 1 leaves it."""
    random = np.random.default_rng(seed)
    shapes = np.concatenate([random.choice([0, 3, 9, 18], members * 30), np.full(members * 10, -1)])
    days = draw_days(random.permutation(shapes).astype(int), random)
    return as_load_sets(days, np.arange(members + 1) * 40, prototypes=10 if members < 3000 else 5)


def real(members: int) -> LoadSets:
    """Deal out the real days to members, in runs of consecutive days of one household."""
    days: dict[tuple[str, str], dict[int, float]] = defaultdict(dict)
    with gzip.open(SHARED_DATA / "sgsc" / "sgsc_23x16months.csv.gz", "rt") as file:
        for row in csv.DictReader(file):
            day = days[row["CUSTOMER_ID"], row["READING_DATETIME"][:10]]
            day[int(row["CALENDAR_KEY"])] = float(row["GENERAL_SUPPLY_KWH"])
    whole = [[day[key] for key in sorted(day)] for _, day in sorted(days.items()) if len(day) == SLOTS]
    profiles = normalise(np.array(whole), "minmax")
    offset = np.linspace(0, len(profiles), members + 1).astype(np.int64)
    return as_load_sets(profiles, offset, prototypes={200: 10, 1000: 6}.get(members, 5))


def as_load_sets(days: np.ndarray, offset: np.ndarray, prototypes: int) -> LoadSets:
    """Make load sets by stage 1."""
    made = represent(days, offset, DayClustering("ward", prototypes, WINDOW), seed=[0], threads=THREADS)
    return LoadSets(made.prototypes.astype(np.float32), made.days, made.offset)


def full(members: LoadSets, resolution: float, seed: int = 1) -> np.ndarray:
    """Return the communities of the full graph."""
    return communities_of(prototype_graph(members, WINDOW, len(members) - 1, 1, THREADS), resolution, seed)


def targets(members: LoadSets, resolution: float, number: int) -> np.ndarray:
    """Return the communities from sampled targets."""
    return communities_of(prototype_graph(members, WINDOW, number, 2, THREADS), resolution)


def nearest(members: LoadSets, resolution: float, number: int) -> np.ndarray:
    """Return the communities from the nearest targets."""
    graph = prototype_graph(members, WINDOW, len(members) - 1, 1, THREADS)
    kept = np.argpartition(-graph.weight, number, axis=1)[:, :number]
    thin = (np.take_along_axis(part, kept, axis=1) for part in (graph.target, graph.weight))
    return communities_of(PrototypeGraph(graph.days, *thin), resolution)


def sampled_members(members: LoadSets, resolution: float, number: int) -> np.ndarray:
    """Return the communities of a sample of members, and of the others by the gain of joining them."""
    random = np.random.default_rng(2)
    chosen = np.sort(random.choice(len(members), number, replace=False))
    some = members.take(chosen)
    graph = prototype_graph(some, WINDOW, number - 1, 1, THREADS)
    found = communities_of(graph, resolution)
    held = np.bincount(found, some.days)
    null = 2 * resolution * graph.total_weight() / graph.pairs_of_days()
    index, distance = nearest_prototypes(members, some, WINDOW, THREADS)
    community = found[index + some.offset[:-1]]
    gain = np.zeros((len(members.days), len(held)))
    np.add.at(gain, (np.arange(len(community))[:, None], community), 1 / np.maximum(distance, 0.001))
    # edges to the sample stand for both directions
    return by_falling_days((2 * gain - null * members.days[:, None] * held).argmax(axis=1), members.days)


def merged(members: LoadSets, resolution: float, number: int) -> np.ndarray:
    """Return the communities of groups of similar prototypes, with all edges added up between them."""
    grouping = MiniBatchKMeans(number, n_init=1, random_state=0, batch_size=4096).fit(members.prototypes)
    group = np.unique(grouping.labels_, return_inverse=True)[1]
    size = group.max() + 1
    weight = np.zeros((size, size))
    for first in range(0, len(members), 64):
        block = members.select(slice(first, first + 64))
        index, distance = nearest_prototypes(block, members, WINDOW, THREADS)
        own = np.repeat(np.arange(first, first + len(block)), block.sizes())
        others = np.arange(len(members)) != own[:, None]
        rows = group[members.offset[first] + np.arange(len(own))]
        flat = (rows[:, None] * size + group[index + members.offset[:-1]])[others]
        weights = 1 / np.maximum(distance[others], 0.001)
        weight += np.bincount(flat, weights, size * size).reshape(size, size)
    columns = np.broadcast_to(np.arange(size, dtype=np.int32), (size, size))
    graph = PrototypeGraph(
        np.bincount(group, members.days).astype(np.int32), columns, weight.astype(np.float32)
    )
    return communities_of(graph, resolution)[group]


def communities_of(graph: PrototypeGraph, resolution: float, seed: int = 1) -> np.ndarray:
    """Return the communities of a graph."""
    return Leiden(graph, "rber", "compiled", seed, affordable_starts(graph)).communities(resolution)


def ways(members: int) -> list[tuple[str, Way, tuple[int, ...]]]:
    """Return every way with its figure, scaled to the cluster."""
    sampled = [("targets", targets, (number,)) for number in (16, 64, 256) if number < members // 2]
    return [
        ("full again", full, (2,)),
        *sampled,
        *(("nearest", nearest, (number,)) for number in (32,)),
        *(("members", sampled_members, (number,)) for number in (100, 300) if number < members // 2),
        ("merged", merged, (300,)),
    ]


def measured(way: Way, members: LoadSets, *arguments: float) -> tuple[np.ndarray, float, float]:
    """Run a way in a process of its own; return the communities, CPU seconds and memory in MB."""
    spawned = multiprocessing.get_context("spawn")  # a fork would inherit the locks of the thread pools
    with ProcessPoolExecutor(1, mp_context=spawned) as one:
        return one.submit(clocked, way, members, *arguments).result()


def clocked(way: Way, members: LoadSets, *arguments: float) -> tuple[np.ndarray, float, float]:
    """Run a way in this process, its kernels loaded beforehand."""
    full(members.select(slice(0, 8)), 1.0)
    Path("/proc/self/clear_refs").write_text("5")  # forget the highest memory so far
    before, start = memory_mb("VmRSS"), time.process_time()
    found = way(members, *arguments)
    return found, time.process_time() - start, memory_mb("VmHWM") - before


def memory_mb(figure: str) -> float:
    """Return a figure of this process's memory as Linux counts it."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return float(next(line.split()[1] for line in lines if line.startswith(f"{figure}:"))) / 1024


def difference(members: LoadSets, reference: np.ndarray, found: np.ndarray) -> tuple[float, float]:
    """Return the largest differences of day and of consumer coverage of a major community, in points."""
    first, second = days_in(members, reference, reference.max() + 1), days_in(members, found, found.max() + 1)
    shared = np.zeros((first.shape[1], second.shape[1]))
    np.add.at(shared, (reference, found), members.days)
    rows, columns = linear_sum_assignment(shared, maximize=True)
    total = members.days.sum()
    major = first.sum(axis=0)[rows] >= MAJOR_DAY_COVERAGE * total
    rows, columns = rows[major], columns[major]
    days = np.abs(first.sum(axis=0)[rows] - second.sum(axis=0)[columns]) / total
    consumers = np.abs((first > 0).mean(axis=0)[rows] - (second > 0).mean(axis=0)[columns])
    return 100 * float(days.max()), 100 * float(consumers.max())


def compare(name: str, members: LoadSets) -> None:
    """Print a line for every way."""
    graph = prototype_graph(members, WINDOW, len(members) - 1, 1, THREADS)
    part = Leiden(search_part(graph), "rber", "compiled", 1, 1)
    trial = partial(attempt, part, members.days, MIN_COVERAGE)
    found = reach(trial, WANTED, "bracket", MIN_TOTAL_COVERAGE)[-1]
    del graph, part
    for which, resolution in (("wanted 10", found.resolution), ("resolution 1", 1.0)):
        reference, seconds, memory = measured(full, members, resolution)
        covered = np.bincount(reference, members.days) / members.days.sum()
        print(f"{name}, {len(members)} members, {len(members.days)} vertices, {which} ({resolution:.2f}):",
              (100 * covered[:8]).round(1), flush=True)  # fmt: skip
        print(
            f"  full             AMI 1.000  days  0.00  consumers  0.00  {seconds:7.1f} s {memory:6.0f} MB",
            flush=True,
        )
        for title, way, arguments in ways(len(members)):
            label, seconds, memory = measured(way, members, resolution, *arguments)
            ami = adjusted_mutual_info_score(reference, label)
            points, people = difference(members, reference, label)
            what = f"{title} {arguments[0] if title != 'full again' else ''}"
            apart = f"days {points:5.2f}  consumers {people:5.2f}"
            print(f"  {what:15}  AMI {ami:.3f}  {apart}  {seconds:7.1f} s {memory:6.0f} MB", flush=True)


def main(*sizes: int) -> None:
    """Compare on clusters of these sizes."""
    for size in sizes or (200, 1000, 3000):
        compare("synthetic", synthetic(size))
        if (SHARED_DATA / "sgsc").exists():
            compare("real", real(size))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
