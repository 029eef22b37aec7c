"""Ward, k-medoids and exchange on large matrices: against fastcluster and kmedoids where these fit.

    python -m tests.bench.matrices ward 20000 blobs
    python -m tests.bench.matrices kmedoids 10000 blobs
    python -m tests.bench.matrices exchange 80000 blobs

Kinds: blobs, structureless, wsmd (of synthetic consumers), chain (points whose gaps grow), duplicates.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time

import numpy as np

from crocs_cli.maths.clustering.cuts import cut
from crocs_cli.maths.clustering.exchange_rows import exchange
from crocs_cli.maths.clustering.kmedoids_blocks import kmedoids
from crocs_cli.maths.clustering.represent import DayClustering, represent
from crocs_cli.maths.clustering.rows import Condensed
from crocs_cli.maths.distances import condensed as pairs
from crocs_cli.maths.distances.loadsets import LoadSets
from crocs_cli.maths.distances.profiles import normalise
from crocs_cli.maths.distances.wsmd import set_distances
from crocs_cli.maths.synthetic.population import Population, cluster_behaviours
from crocs_cli.maths.ward.rounds import ward_in_place

CUTS = range(2, 51)
DIMENSIONS, BLOBS, COPIES = 8, 12, 50
LARGEST_TO_COMPARE = 25_000
MEDOIDS, STARTS = 10, 10
SEGMENTS, DRAWS = (2, 3, 5, 8, 12, 20), 20


def points(kind: str, count: int) -> np.ndarray:
    """Return points whose Euclidean distances are the matrix: (count, dimensions) float32."""
    random = np.random.default_rng(1)
    if kind == "chain":
        return (np.arange(count) ** 1.5)[random.permutation(count), None].astype(np.float32)
    if kind == "structureless":
        return random.normal(size=(count, 40)).astype(np.float32)
    if kind == "duplicates":
        distinct = random.normal(size=(count // COPIES, DIMENSIONS))
        return distinct[random.integers(0, len(distinct), count)].astype(np.float32)
    centres = 4 * random.normal(size=(BLOBS, DIMENSIONS))[random.integers(0, BLOBS, count)]
    return (centres + random.normal(size=(count, DIMENSIONS))).astype(np.float32)


def load_sets(count: int) -> LoadSets:
    """Return the load sets of synthetic consumers."""
    people = Population(count, 30, 5, 0, False, 1, cluster_behaviours(10, 4, False, 1))
    days = np.concatenate([people.energy_kwh(number) for number in range(count)])
    offset = 30 * np.arange(count + 1)
    made = represent(normalise(days, "minmax"), offset, DayClustering("ward", 8, window=2), threads=2)
    return LoadSets(made.prototypes, made.days, made.offset)


def matrix(kind: str, count: int) -> np.ndarray:
    """Return the condensed float32 matrix, made in blocks so that nothing else is large."""
    condensed = np.empty(pairs.length(count), dtype=np.float32)
    fill(condensed, kind, count)
    return condensed


def fill(condensed: np.ndarray, kind: str, count: int) -> None:
    """Write the matrix to its place, in which Ward may have been before."""
    sets = load_sets(count) if kind == "wsmd" else None
    place = points(kind, count) if sets is None else np.empty((0, 0))
    for first in range(0, count, 200):
        rows = slice(first, min(first + 200, count))
        if sets is not None:
            block = set_distances(sets.select(rows), sets.select(slice(first, count)), window=2, threads=2)
        else:
            here, there = place[rows].astype(np.float64), place[first:].astype(np.float64)
            squares = (here**2).sum(1)[:, None] + (there**2).sum(1) - 2 * here @ there.T
            block = np.sqrt(np.maximum(squares, 0)).astype(np.float32)
        pairs.put_tile(condensed, count, first, first, block)


def timed(name: str, work: object) -> object:
    """Run and print wall time, CPU time and the peak memory of the process so far."""
    wall, cpu = time.monotonic(), time.process_time()
    result = work()  # type: ignore[operator]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9
    wall, cpu = time.monotonic() - wall, time.process_time() - cpu
    print(f"{name}: {wall:.1f} s wall, {cpu:.1f} s CPU, peak {peak:.2f} GB", flush=True)
    return result


def ward_against_fastcluster(condensed: np.ndarray, count: int) -> None:
    """Compare flat cuts with fastcluster's where it fits."""
    expected = None
    if count <= LARGEST_TO_COMPARE:
        import fastcluster

        expected = timed("fastcluster", lambda: fastcluster.linkage(condensed, "ward"))
    merges = timed("ward in place, 2 threads", lambda: ward_in_place(condensed, count, 2))
    if expected is not None:
        same = [k for k in CUTS if np.array_equal(cut(merges, k), cut(expected, k))]
        print(f"identical cuts: {len(same)} of {len(CUTS)}")


def medoids_against_package(condensed: np.ndarray, count: int) -> None:
    """Compare the final loss with the package's best start where it fits."""
    loss = timed("k-medoids over blocks", lambda: kmedoids(condensed, count, MEDOIDS, 1, STARTS, 2))[2]
    print(f"loss {loss:.2f}")
    if count <= LARGEST_TO_COMPARE:
        from kmedoids import fasterpam

        square = pairs.square(condensed, count)
        losses = [
            float(fasterpam(square, MEDOIDS, init="random", random_state=s, n_cpu=1).loss)
            for s in range(STARTS)
        ]
        print(f"package: best of {STARTS} {min(losses):.2f}; ours is {100 * (loss / min(losses) - 1):+.3f} %")


def exchange_beside_ward(condensed: np.ndarray, count: int, kind: str) -> None:
    """Compare the cost and the loss for some numbers of segments with those of the tree's cuts."""
    merges = timed("ward in place, 2 threads", lambda: ward_in_place(condensed, count, 2))
    fill(condensed, kind, count)
    begun = np.array([cut(merges, k) for k in SEGMENTS])
    found = timed("exchange, 2 threads", lambda: exchange(Condensed(condensed, count), begun, DRAWS, 1, 2))
    for k, before, after in zip(SEGMENTS, found.begun, found.loss, strict=True):
        print(f"{k} segments: loss {after:.6g}, {100 * (after / before - 1):+.2f} % of the tree's")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("algorithm", choices=["ward", "kmedoids", "exchange"])
    parser.add_argument("count", type=int)
    parser.add_argument("kind", choices=["blobs", "structureless", "wsmd", "chain", "duplicates"])
    given = parser.parse_args()
    compare = ward_against_fastcluster if given.algorithm == "ward" else medoids_against_package
    small = matrix("blobs", 300)
    ward_in_place(small.copy(), 300, 2)  # compiles
    ward_in_place(matrix("chain", 300), 300, 2)
    kmedoids(small, 300, 3, 1, 1, 2)
    exchange(Condensed(matrix("blobs", 5000), 5000), np.array([np.arange(5000) % 2]), 1, 1)
    if given.algorithm == "exchange":
        exchange_beside_ward(matrix(given.kind, given.count), given.count, given.kind)
    else:
        compare(matrix(given.kind, given.count), given.count)
    sys.stdout.flush()
