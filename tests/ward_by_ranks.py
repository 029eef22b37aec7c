"""Run by test_mpi under mpiexec: Ward over ranks, for the command line `count where-to-write-the-merges`."""

import sys

import numpy as np
from scipy.spatial.distance import pdist, squareform

from crocs_cli.machine.ranks import MpiRanks
from crocs_cli.maths.ward_ranks import own_rows, ward_over_ranks


def distances(count: int) -> np.ndarray:
    return pdist(np.random.default_rng(1).normal(size=(count, 4))).astype(np.float32)


if __name__ == "__main__":
    from mpi4py import MPI

    ranks, count = MpiRanks(MPI.COMM_WORLD), int(sys.argv[1])
    rows = squareform(distances(count))[list(own_rows(count, ranks.rank, ranks.size))]
    merges = ward_over_ranks(np.ascontiguousarray(rows), ranks)
    np.save(f"{sys.argv[2]}.{ranks.rank}.npy", merges)
