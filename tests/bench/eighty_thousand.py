"""80,000 consumers x 90 days on one small machine, from profile shards to labels for K = 2..50.

    make bench-80k
    python -m tests.bench.eighty_thousand --consumers 8000

Every part runs as a process of its own, whose wall time, CPU time and peak memory are taken from the kernel.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

from crocs_cli.machine.threads import available_threads

CLUSTERS, SHAPES, OUTLIERS, DAYS, PROTOTYPES = 10, 4, 10, 90, 10
CUTS = range(2, 51)
ONLY_TILES_MB = "4000"  # too little for the matrix, so that a share leaves the partition to a later call


class Part(NamedTuple):
    """What one process took."""

    name: str
    wall_s: float
    cpu_s: float
    peak_gb: float


def measured(name: str, *arguments: object, **environment: str) -> Part:
    """Run crocs and take what it used; its log goes to this program's."""
    begin = time.monotonic()
    command = [sys.executable, "-m", "crocs_cli", *map(str, arguments)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, env={**os.environ, **environment})
    _, status, used = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{name}: ended with {os.waitstatus_to_exitcode(status)}")
    return Part(name, time.monotonic() - begin, used.ru_utime + used.ru_stime, used.ru_maxrss * 1024 / 1e9)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--consumers", type=int, default=80_000)
    parser.add_argument("--algorithm", default="ward", choices=["ward", "kmedoids"])
    parser.add_argument("--run", type=Path, default=Path("runs/80k"), help="needs 14 GB of disk for 80,000")
    given = parser.parse_args()
    run = ("--run", given.run)
    cuts = [flag for k in CUTS for flag in ("--clusters", k)]
    if given.algorithm == "kmedoids":
        cuts = ["--clusters", CLUSTERS]
    stage2 = ("stage2", *run, *cuts, "--algorithm", given.algorithm)
    population = ("--consumers", given.consumers, "--clusters", CLUSTERS, "--shapes", SHAPES)
    synth = ("synth", *run, *population, "--days", DAYS, "--outliers", OUTLIERS)
    made = measured("synth (not counted)", *synth)
    stale = given.run / "rls"
    if stale.exists():
        shutil.rmtree(stale)
    for old in ("wsmd", "sample", "sampled", "partitions"):
        shutil.rmtree(given.run / old, ignore_errors=True)
    (given.run / "dendrogram.h5").unlink(missing_ok=True)
    parts = [measured("stage 1", "stage1", *run, "--prototypes", PROTOTYPES)]
    for share in ("1/2", "2/2"):
        limit = {"SLURM_MEM_PER_NODE": ONLY_TILES_MB} if given.consumers > 50_000 else {}
        parts.append(measured(f"stage 2, share {share}", *stage2, "--share", share, **limit))
    parts.append(measured("partition, all cuts and indices", *stage2))
    report([made, *parts], parts, f"{given.consumers} consumers x {DAYS} days, k = {PROTOTYPES}")
    score = [sys.executable, "-m", "crocs_cli", "score", *map(str, run), "--clusters", str(CLUSTERS)]
    done = subprocess.run(score, capture_output=True, text=True, check=True)
    print(f"\nARI against the truth at K = {CLUSTERS}: {json.loads(done.stdout)['ari']:.4f}")


def report(rows: list[Part], counted: list[Part], title: str) -> None:
    """Print the table."""
    print(f"{title}, {available_threads()} threads\n")
    print("| part | wall s | CPU s | peak GB |\n|---|---|---|---|")
    for row in rows:
        print(f"| {row.name} | {row.wall_s:.0f} | {row.cpu_s:.0f} | {row.peak_gb:.1f} |")
    wall, cpu = sum(row.wall_s for row in counted), sum(row.cpu_s for row in counted)
    print(f"| **from profiles to labels** | {wall:.0f} | {cpu:.0f} | {max(r.peak_gb for r in counted):.1f} |")


if __name__ == "__main__":
    main()
