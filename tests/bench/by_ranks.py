"""Stage 2 by MPI ranks of one thread each: two against one, and Ward's hierarchy over 1, 2 and 3 ranks.

python -m tests.bench.by_ranks --consumers 6000 --ward 20000
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from crocs_cli.maths.ward.rounds import ward_in_place
from tests.bench.assigning import crocs
from tests.conftest import digests, mpiexec
from tests.machine.ward_by_ranks import by_ranks, distances

ROUNDS = 3
ONE_THREAD = ("env", "SLURM_CPUS_PER_TASK=1")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--consumers", type=int, default=6000)
    parser.add_argument("--ward", type=int, default=20_000, help="items of the hierarchy over ranks")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="crocs-ranks-") as folder:
        stage2_by_ranks(Path(folder), given.consumers)
        ward_by_ranks(Path(folder), given.ward)


def stage2_by_ranks(folder: Path, consumers: int) -> None:
    """Print the wall time of distances and partition by one rank and by two, and whether they agree."""
    crocs("synth", "--run", folder / "made", "--consumers", consumers, "--days", 30)
    crocs("stage1", "--run", folder / "made", "--prototypes", 10)
    taken: dict[int, list[float]] = {1: [], 2: []}
    found = {}
    for turn in range(ROUNDS):
        for ranks in taken:
            run = folder / f"{ranks}-{turn}"
            run.mkdir()
            (run / "rls").symlink_to(folder / "made" / "rls")
            stage2 = (sys.executable, "-m", "crocs_cli", "stage2", "--run", str(run))
            begin = time.monotonic()
            subprocess.run([*ONE_THREAD, *mpiexec(ranks), *stage2], check=True, capture_output=True)
            taken[ranks].append(time.monotonic() - begin)
            found[ranks] = digests(run)
    one, two = (statistics.median(seconds) for seconds in taken.values())
    same = "the same bytes" if found[1] == found[2] else "OTHER BYTES"
    print(f"stage 2 of {consumers:,}: 1 rank {one:.1f} s, 2 ranks {two:.1f} s, {one / two:.2f} times; {same}")


def ward_by_ranks(folder: Path, count: int) -> None:
    """Print whether the hierarchy over ranks has the bits of one machine's."""
    alone = ward_in_place(distances(count), count, 2)
    for ranks in (1, 2, 3):
        begin = time.monotonic()
        found = by_ranks(ranks, count, folder)
        wall = time.monotonic() - begin
        same = all(np.array_equal(merges, alone) for merges in found)
        print(
            f"Ward of {count:,} over {ranks} ranks: {'equal' if same else 'DIFFERENT'}, {wall:.0f} s",
            flush=True,
        )


if __name__ == "__main__":
    main()
