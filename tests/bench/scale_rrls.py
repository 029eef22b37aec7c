"""Time `crocs rrls` on a large run: python -m tests.bench.scale_rrls [CONSUMERS] [RUN]

The run is made here first, where it is not there yet: load sets of ten prototypes (five of days that follow
the four shapes of the consumer's cluster, five of outlier days, with a quarter of all days) and the true
partition into five clusters, without the distances of all pairs that stage 2 would add.
Prints one line a cluster, and the wall and CPU time and peak memory of the whole call.
"""

import json
import resource
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from crocs_cli.machine import files
from crocs_cli.machine.shards import recipe, shard_key
from crocs_cli.maths.clustering.validity import NAMES
from crocs_cli.maths.synthetic.generator import draw_days
from crocs_cli.maths.synthetic.population import cluster_behaviours
from crocs_cli.rundir.layouts import PARTITION, RLS
from crocs_cli.rundir.run import Run
from crocs_cli.rundir.settings import Stage2Settings

CLUSTERS, SHAPES, SHARD, DAYS = 5, 4, 2000, 90
MODES, OUTLIERS = 5, 5
PROTOTYPES = MODES + OUTLIERS


def make_run(run: Path, consumers: int) -> None:
    """Write the load sets and the partition of a population."""
    label = np.random.default_rng(1).integers(0, CLUSTERS, consumers).astype(np.int32)
    shapes = [behaviour.shapes for behaviour in cluster_behaviours(CLUSTERS, SHAPES, False, 3)]
    parts = -(-consumers // SHARD)
    recipes = {
        shard_key(n): recipe("stage1", shard_key(n), {"made": "for timing"}, {}, parts) for n in range(parts)
    }
    for number, (key, made_by) in enumerate(recipes.items()):
        chosen = range(number * SHARD, min((number + 1) * SHARD, consumers))
        files.write(run / "rls" / f"{key}.h5", RLS, load_sets(chosen, label, shapes), made_by)
    inputs = {"rls": files.digest({key: files.digest(made_by) for key, made_by in recipes.items()})}
    settings = Stage2Settings().of_partition(CLUSTERS, 1)
    arrays = {"consumer_id": ids(range(consumers)), "label": label, "medoid": np.zeros(CLUSTERS)}
    arrays |= {name: np.array([np.nan]) for name in NAMES}
    made_by = recipe("stage2", str(CLUSTERS), settings, inputs)
    files.write(Run(run).partition_path(CLUSTERS), PARTITION, arrays, made_by)


def load_sets(consumers: range, label: np.ndarray, shapes: list[np.ndarray]) -> files.Arrays:
    """Draw the arrays of an RLS file."""
    random = np.random.default_rng([2, consumers.start])
    of_modes = [
        np.concatenate([shapes[c], random.choice(shapes[c], MODES - SHAPES)]) for c in label[consumers]
    ]
    kind = np.hstack([np.array(of_modes), np.full((len(consumers), OUTLIERS), -1)])
    share = np.array([0.75 / MODES] * MODES + [0.25 / OUTLIERS] * OUTLIERS)
    days = 1 + random.multinomial(DAYS - PROTOTYPES, share, len(consumers))
    return {
        "consumer_id": ids(consumers),
        "prototype_offset": np.arange(len(consumers) + 1) * PROTOTYPES,
        "medoid": draw_days(kind.ravel(), random),
        "mean": draw_days(kind.ravel(), random),
        "days": days.ravel(),
        "medoid_date": np.zeros(kind.size),
        "mean_daily_kwh": np.ones(len(consumers)),
        "day_offset": np.zeros(len(consumers) + 1),
        "date": np.empty(0),
        "day_prototype": np.empty(0),
    }


def ids(consumers: range) -> np.ndarray:
    """Return consumer ids."""
    return np.array([f"S{number:07d}" for number in consumers])


def main(consumers: int = 80_000, run: str = "build/scale-rrls", *options: str) -> None:
    """Make the run if need be, call crocs on it, and print what it took."""
    place = Path(run)
    if not Run(place).partitions_there():
        make_run(place, consumers)
    for old in (place / "rrls").rglob("*.h5"):
        old.unlink()
    call = [
        sys.executable,
        "-m",
        "crocs_cli",
        "rrls",
        "--run",
        run,
        "--clusters",
        str(CLUSTERS),
        "--json",
        *options,
    ]
    start = time.perf_counter()
    done = subprocess.run(call, stdout=subprocess.PIPE, text=True, check=True)
    wall = time.perf_counter() - start
    for cluster in json.loads(done.stdout)["clusters"]:
        covered = [round(100 * share, 1) for share in cluster["day_coverage"][:8]]
        print(
            {key: cluster[key] for key in ("members", "communities", "targets", "edges", "seconds")}, covered
        )
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = used.ru_utime + used.ru_stime
    print(f"wall {wall:.0f} s, CPU {cpu:.0f} s, peak memory {used.ru_maxrss / 2**20:.2f} GB")


if __name__ == "__main__":
    main(*(int(argument) if argument.isdigit() else argument for argument in sys.argv[1:]))
