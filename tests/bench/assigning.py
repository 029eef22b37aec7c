"""Assigning new consumers, and the indices over all K, at the sizes that are promised.

    python -m tests.bench.assigning held-out     # 5,000 consumers, a fifth held out; strangers
    python -m tests.bench.assigning speed        # 100,000 consumers
    python -m tests.bench.assigning indices      # K = 2..50 of 20,000 points, against scikit-learn

Options: --consumers N, and --folder DIR to keep the runs in.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import time
from pathlib import Path

import numpy as np
from scipy.optimize import linear_sum_assignment
from sklearn.metrics import silhouette_score

from crocs_cli import __main__
from crocs_cli.machine import files
from crocs_cli.machine.shards import recipe
from crocs_cli.maths.clustering import assignment
from crocs_cli.maths.clustering.validity import Indices
from crocs_cli.maths.distances.comparison import Comparison
from crocs_cli.maths.distances.loadsets import LoadSets
from crocs_cli.rundir.layouts import ASSIGNMENTS, PROFILES, RLS
from crocs_cli.rundir.run import Run
from tests.bench.matrices import points
from tests.bench.measure import folder_for_runs

CLUSTERS, DAYS, OUTLIERS = 10, 90, 9
HISTORIES = (7, 14, 30, 60, 90)
STRANGERS = 500
BLOCK = 1000


def crocs(*arguments: object) -> None:
    with contextlib.redirect_stdout(io.StringIO()):
        assert __main__.run([str(argument) for argument in arguments]) == 0, arguments


def clustered(run: Path, consumers: int, shard: int) -> np.ndarray:
    """Cluster a population; a consumer is the same in a population of any size. Returns the labels."""
    synth = ("--days", DAYS, "--clusters", CLUSTERS, "--outliers", OUTLIERS, "--shard-size", shard)
    crocs("synth", "--run", run, "--consumers", consumers, *synth)
    crocs("stage1", "--run", run)
    crocs("stage2", "--run", run, "--clusters", CLUSTERS)
    return Run(run).partition(CLUSTERS)["label"]


def shortened(source: Path, run: Path, days: int) -> Path:
    """Write a run of the first days of each consumer of a profile file."""
    read = files.read(source, PROFILES)
    consumers = len(read["consumer_id"])
    rows = (read["day_offset"][:-1, None] + np.arange(days)).ravel()
    arrays = read | {
        "day_offset": days * np.arange(consumers + 1),
        "date": read["date"][rows],
        "energy_kwh": read["energy_kwh"][rows],
    }
    files.write(run / "profiles" / "00000.h5", PROFILES, arrays, recipe("synth", "00000", {"days": days}, {}))
    return run


def assigned(run: Path, model: Path) -> tuple[np.ndarray, np.ndarray]:
    """Return the segments of new consumers, and which are unlike all."""
    crocs("assign", "--run", run, "--model", model, "--clusters", CLUSTERS)
    read = files.read(run / "assignments" / "00000.h5", ASSIGNMENTS)
    return read["label"], read["alike"].sum(axis=1) == 0


def held_out(folder: Path, consumers: int) -> None:
    """Compare assignment with the clustering of all; the last fifth is held out of the model."""
    fifth = consumers // 5
    full = clustered(folder / "all", consumers, fifth)
    model = clustered(folder / "model", 4 * fifth, fifth)
    table = np.zeros((CLUSTERS, CLUSTERS))
    np.add.at(table, (model, full[: len(model)]), 1)
    names = linear_sum_assignment(-table)[1]  # what the model's segments are called in the clustering of all
    synth = ("--clusters", CLUSTERS, "--outliers", OUTLIERS, "--days", DAYS, "--seed", 9)
    strange = ("--consumers", STRANGERS + 1, "--outlier-consumers", STRANGERS)
    crocs("synth", "--run", folder / "strange", *strange, *synth)
    print("| days known | in the segment of full clustering | false flags | strangers flagged |")
    print("|---|---|---|---|")
    for days in HISTORIES:
        new = shortened(folder / "all/profiles/00004.h5", folder / f"new-{days}", days)
        label, unlike = assigned(new, folder / "model")
        right = (names[label] == full[4 * fifth :]).mean()
        other = shortened(folder / "strange/profiles/00000.h5", folder / f"strange-{days}", days)
        flagged = assigned(other, folder / "model")[1][1:].mean()
        print(f"| {days} | {right:.3f} | {unlike.mean():.3f} | {flagged:.3f} |", flush=True)


def speed(folder: Path, consumers: int) -> None:
    """Time the assignment of load sets, which are those of a few consumers over and over."""
    label = clustered(folder / "model", 2000, 2000)
    read = files.read(folder / "model/rls/00000.h5", RLS)
    sets = LoadSets(read["medoid"], read["days"], read["prototype_offset"])
    drawn = assignment.draw(label, 1)
    comparison = Comparison("wsmd", 2, 2)
    segments = assignment.describe(sets.take(drawn.references), drawn.offset, comparison)
    assignment.assign(segments, sets.select(slice(0, 10)), np.ones((10, CLUSTERS)), comparison)
    wall, cpu = time.monotonic(), time.process_time()
    for first in range(0, consumers, len(sets)):
        some = sets.select(slice(0, min(len(sets), consumers - first)))
        assignment.assign(segments, some, np.ones((len(some), CLUSTERS)), comparison)
    wall, cpu = time.monotonic() - wall, time.process_time() - cpu
    print(f"{consumers:,} load sets to {CLUSTERS} segments: {wall:.1f} s wall, {cpu:.1f} s CPU, two threads")


def indices(consumers: int) -> None:
    """Compare the mean silhouette of K = 2..50 with scikit-learn's, and Dunn's index with its definition."""
    place = points("blobs", consumers).astype(np.float64)
    order = (
        place[:, 0].argsort().argsort()
    )  # slices along one axis: clusters that touch, so no index is trivial
    labels = np.stack([order * k // consumers for k in range(2, 51)])
    square = np.zeros((consumers, consumers), np.float32)
    for first in range(0, consumers, BLOCK):
        rows = place[first : first + BLOCK]
        gaps = (rows**2).sum(1)[:, None] + (place**2).sum(1) - 2 * rows @ place.T
        square[first : first + BLOCK] = np.sqrt(np.maximum(gaps, 0))
    np.fill_diagonal(square, 0)
    started = time.process_time()
    found = Indices(labels)
    for first in range(0, consumers, BLOCK):
        for second in range(first, consumers, BLOCK):
            found.add(first, second, square[first : first + BLOCK, second : second + BLOCK])
    result = found.result(lambda chosen: square[np.ix_(chosen, chosen)])
    print(f"all {len(labels)} partitions of {consumers:,}: {time.process_time() - started:.1f} s CPU")
    for clusters in (2, 10, 50):
        label, ours = labels[clusters - 2], result[clusters - 2]
        theirs = silhouette_score(square, label, metric="precomputed")
        dunn = direct_dunn(square, label)
        print(
            f"K = {clusters}: silhouette {ours['silhouette'][0]:.9f}, sklearn {theirs:.9f};"
            f" Dunn {ours['dunn'][0]:.9f}, by definition {dunn:.9f}"
        )


def direct_dunn(square: np.ndarray, label: np.ndarray) -> float:
    """Return the least distance between clusters over the largest within one."""
    least, largest = np.inf, 0.0
    for number in range(label.max() + 1):
        rows = square[label == number]
        largest = max(largest, float(rows[:, label == number].max()))
        least = min(least, float(rows[:, label != number].min()))
    return least / largest


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("subject", choices=("held-out", "speed", "indices"))
    parser.add_argument("--consumers", type=int)
    parser.add_argument("--folder", type=Path)
    chosen = parser.parse_args()
    with folder_for_runs(chosen.folder) as folder:
        if chosen.subject == "held-out":
            held_out(folder, chosen.consumers or 5000)
        elif chosen.subject == "speed":
            speed(folder, chosen.consumers or 100_000)
        else:
            indices(chosen.consumers or 20_000)


if __name__ == "__main__":
    main()
