"""Footprints of very many consumers: seconds from profiles to segments, and the peak of memory.

    python -m tests.bench.footprints 80000
    python -m tests.bench.footprints 1000000 --clusters 2 5 10 15 20

Profiles of 20,000 synthetic consumers of 90 days are drawn; larger populations meet them again and again, with
vectors moved a little, for drawing takes longer than all that is measured.
"""

from __future__ import annotations

import argparse
import time

import numpy as np

from crocs_cli.maths.clustering.scores import adjusted_rand
from crocs_cli.maths.distances.profiles import normalise
from crocs_cli.maths.footprints.fit import CONSUMERS, fit, suited
from crocs_cli.maths.footprints.segments import segments
from crocs_cli.maths.footprints.vectors import vectors
from crocs_cli.maths.synthetic.population import Population, cluster_behaviours
from tests.bench.matrices import timed

DISTINCT, DAYS, OUTLIERS, TRUE, SHARD = 20_000, 90, 15, 10, 2000


def drawn(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Return normalised profiles (days, 48) float32, consumer after consumer, and the truth."""
    people = Population(count, DAYS, OUTLIERS, 0, False, 1, cluster_behaviours(TRUE, 4, False, 1))
    shards = [
        normalise(np.concatenate([people.energy_kwh(i) for i in range(first, first + SHARD)]), "minmax")
        for first in range(0, count, SHARD)
    ]
    truth = np.array([people.plan(number)[0] for number in range(count)])
    return np.concatenate([shard.astype(np.float32) for shard in shards]), truth


def mapped(profiles: np.ndarray, maps, count: int) -> np.ndarray:  # type: ignore[no-untyped-def]
    """Return the vectors of `count` consumers, shard after shard."""
    random, found, offset = np.random.default_rng(1), [], DAYS * np.arange(SHARD + 1)
    wall, cpu = time.monotonic(), time.process_time()
    for first in range(0, count, SHARD):
        at = DAYS * (first % (len(profiles) // DAYS))
        some = vectors(maps, profiles[at : at + DAYS * SHARD], offset, threads=2)
        found.append(some + (first >= DISTINCT) * 0.01 * random.normal(size=some.shape).astype(np.float32))
    print(f"vectors: {time.monotonic() - wall:.1f} s wall, {time.process_time() - cpu:.1f} s CPU", flush=True)
    return np.concatenate(found)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("count", type=int)
    parser.add_argument("--clusters", type=int, nargs="+", default=list(range(2, 21)))
    given = parser.parse_args()
    profiles, truth = drawn(min(given.count, DISTINCT))
    few = slice(0, 200 * DAYS)
    small = fit(profiles[few], DAYS * np.arange(201), suited(200, 5), threads=2)  # compiles
    segments(vectors(small, profiles[few], DAYS * np.arange(201)), (2,), 1)
    sample = min(CONSUMERS, len(truth))
    how = suited(given.count, max(given.clusters))
    fitted = timed("fit", lambda: fit(profiles[: sample * DAYS], DAYS * np.arange(sample + 1), how, 1, 2))
    points = mapped(profiles, fitted, given.count)
    found = timed(
        f"segments for {len(given.clusters)} numbers",
        lambda: segments(points, tuple(given.clusters), 1, threads=2),
    )
    if TRUE in given.clusters:
        everyone = np.resize(truth, given.count)
        print(f"ARI to truth: {adjusted_rand(everyone, found.labels[given.clusters.index(TRUE)]):.3f}")
