"""From profiles to labels in a process of its own, for its CPU time and its peak memory.

Usage: python -m tests.bench.whole CONSUMERS PROTOTYPES THREADS
Prints {"stage1", "stage2", "partition": CPU seconds, "wall": seconds, "peak_gb", "labels"} as JSON.
"""

import json
import resource
import sys
import time

import numpy as np

from crocs_cli.machine.compiled import keep_kernels
from tests.bench.data import profile_shards

SHARD = 512


def main():
    keep_kernels()
    from crocs_cli.maths.clustering.cuts import cut
    from crocs_cli.maths.clustering.represent import DayClustering, represent
    from crocs_cli.maths.distances.loadsets import LoadSets
    from crocs_cli.maths.distances.wsmd import set_distances
    from crocs_cli.maths.ward.linkage import ward

    consumers, prototypes, threads = map(int, sys.argv[1:])
    compile_all = LoadSets(np.ones((40, 48), np.float32), np.ones(40, np.int32), np.arange(41))
    represent(compile_all.prototypes, np.array([0, 40]), DayClustering("ward", 3, window=2))
    set_distances(compile_all, compile_all, distance="wsmd", window=2)
    shards = list(profile_shards(consumers, 90, SHARD))
    clocks = [(time.process_time(), time.perf_counter())]

    def lap():
        clocks.append((time.process_time(), time.perf_counter()))

    how = DayClustering("ward", prototypes, window=2)
    found = [represent(days, offset, how, [1, key], threads) for key, (days, offset) in enumerate(shards)]
    sets = LoadSets.concatenate([LoadSets(each.prototypes, each.days, each.offset) for each in found])
    lap()
    square = set_distances(sets, sets, distance="wsmd", window=2, threads=threads)
    lap()
    labels = cut(ward(square), 10)
    lap()
    cpu, wall = np.diff(np.array(clocks), axis=0).T
    answer = dict(zip(("stage1", "stage2", "partition"), cpu.tolist(), strict=True))
    answer |= {"wall": float(wall.sum()), "sizes": np.bincount(labels).tolist()}
    answer["peak_gb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    json.dump(answer, sys.stdout)


if __name__ == "__main__":
    main()
