"""Ward over ranks, and exchange: run under mpiexec with the command line `count folder [exchange]`."""

import subprocess
import sys
from pathlib import Path
from unittest import mock

import numpy as np
from scipy.spatial.distance import pdist, squareform

from crocs_cli.machine.ranks import MpiRanks
from crocs_cli.maths.clustering import exchange_rows
from crocs_cli.maths.clustering.cuts import cut
from crocs_cli.maths.clustering.exchange_rows import exchange
from crocs_cli.maths.clustering.rows import Matrix, Spread
from crocs_cli.maths.ward.ranks import Ranks, own_rows, ward_over_ranks
from tests.conftest import ROOT, mpiexec


def distances(count: int) -> np.ndarray:
    return pdist(np.random.default_rng(1).normal(size=(count, 4))).astype(np.float32)


def exchanged(matrix: Matrix, merges: np.ndarray, ranks: Ranks | None = None) -> np.ndarray:
    """Return the labels of exchange from the cuts of a tree, by way of a sample."""
    begun = np.array([cut(merges, k) for k in (2, 7)])
    with mock.patch.object(exchange_rows, "SAMPLE", 200):
        return exchange(matrix, begun, 3, 1, 1, ranks).labels


def by_ranks(ranks: int, count: int, folder: Path, *then: str) -> list[np.ndarray]:
    """Launch this program and give the merges, or the labels after `exchange`, that each rank found."""
    command = [
        *mpiexec(ranks),
        sys.executable,
        "-m",
        "tests.machine.ward_by_ranks",
        str(count),
        str(folder / "found"),
        *then,
    ]
    subprocess.run(command, check=True, cwd=ROOT, timeout=300)
    return [np.load(folder / f"found.{rank}.npy") for rank in range(ranks)]


if __name__ == "__main__":
    from mpi4py import MPI

    ranks, count = MpiRanks(MPI.COMM_WORLD), int(sys.argv[1])
    own = own_rows(count, ranks.rank, ranks.size)
    rows = np.ascontiguousarray(squareform(distances(count))[list(own)])
    found = ward_over_ranks(rows.copy(), ranks)
    if len(sys.argv) > 3:
        found = exchanged(Spread(rows, own), found, ranks)
    np.save(f"{sys.argv[2]}.{ranks.rank}.npy", found)
