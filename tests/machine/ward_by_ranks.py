"""Ward over ranks: run under mpiexec with the command line `count where-to-write-the-merges`."""

import subprocess
import sys
from pathlib import Path

import numpy as np
from scipy.spatial.distance import pdist, squareform

from crocs_cli.machine.ranks import MpiRanks
from crocs_cli.maths.ward.ranks import own_rows, ward_over_ranks
from tests.conftest import ROOT, mpiexec


def distances(count: int) -> np.ndarray:
    return pdist(np.random.default_rng(1).normal(size=(count, 4))).astype(np.float32)


def by_ranks(ranks: int, count: int, folder: Path) -> list[np.ndarray]:
    """Launch this program and give the merges that each rank found."""
    command = [
        *mpiexec(ranks),
        sys.executable,
        "-m",
        "tests.machine.ward_by_ranks",
        str(count),
        str(folder / "merges"),
    ]
    subprocess.run(command, check=True, cwd=ROOT, timeout=300)
    return [np.load(folder / f"merges.{rank}.npy") for rank in range(ranks)]


if __name__ == "__main__":
    from mpi4py import MPI

    ranks, count = MpiRanks(MPI.COMM_WORLD), int(sys.argv[1])
    rows = squareform(distances(count))[list(own_rows(count, ranks.rank, ranks.size))]
    merges = ward_over_ranks(np.ascontiguousarray(rows), ranks)
    np.save(f"{sys.argv[2]}.{ranks.rank}.npy", merges)
