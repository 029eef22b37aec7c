"""Clusters of a sample: against those of everybody, and for a million consumers.

    python -m tests.bench.sampling hard          # 10,000 consumers, a fifth sampled, against Ward of all
    python -m tests.bench.sampling million       # a million join the clusters of 20,000; needs 12 GB of disk

`hard` also compares the ways to place a consumer that is not in the sample: by the centre of 16 drawn members
(what crocs does), of all members, by the mean distance to them, or by the medoid. Options: --consumers N,
--sample N, and --folder DIR to keep the runs in.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from sklearn.metrics import adjusted_rand_score

from crocs_cli.maths.distances.loadsets import LoadSets
from crocs_cli.maths.distances.wsmd import set_distances
from crocs_cli.rundir.run import Run
from crocs_cli.stages.score import true_clusters
from tests.bench.assigning import crocs
from tests.bench.eighty_thousand import measured, report
from tests.bench.measure import folder_for_runs

CLUSTERS, SEEDS = 20, (1, 2, 3)
WINDOW = 2
#: few days, most of them outliers, of sets of shapes that overlap
HARD = ("--clusters", CLUSTERS, "--days", 30, "--outliers", 18)
EASY_CLUSTERS, EASY_DAYS = 10, 30


def hard(folder: Path, consumers: int, sample: int) -> None:
    """Print how far the clusters of a sample are those of all, by the rule that places the others."""
    crocs("synth", "--run", folder, "--consumers", consumers, *HARD)
    crocs("stage1", "--run", folder)
    crocs("stage2", "--run", folder, "--clusters", CLUSTERS)
    full, everybody = Run(folder).partition(CLUSTERS)["label"], Run(folder).consumers()
    truth = true_clusters(Run(folder), everybody.consumer_id)
    print(f"Ward of all {consumers:,}: ARI against the truth {adjusted_rand_score(truth, full):.3f}\n")
    print(f"| seed | of the {sample:,} | rule | ARI, all against Ward of all | against the truth |")
    print("|---|---|---|---|---|")
    for seed in SEEDS:
        run = folder / f"seed-{seed}"
        run.mkdir()
        (run / "rls").symlink_to(folder.resolve() / "rls")
        crocs("stage2", "--run", run, "--clusters", CLUSTERS, "--sample", sample, "--seed", seed)
        chosen, exact = Run(run).clustered(CLUSTERS), Run(run).sample.partition(CLUSTERS)
        inside = adjusted_rand_score(full[chosen], exact["label"])
        found = {"crocs": Run(run).partition(CLUSTERS)["label"]}
        for rule, placed in by_other_rules(everybody.sets, chosen, exact["label"], exact["medoid"]).items():
            found[rule] = np.empty(consumers, dtype=np.int64)
            found[rule][chosen], found[rule][~chosen] = exact["label"], placed
        for rule, label in found.items():
            against = [adjusted_rand_score(other, label) for other in (full, truth)]
            print(f"| {seed} | {inside:.3f} | {rule} | {against[0]:.3f} | {against[1]:.3f} |", flush=True)


def by_other_rules(
    sets: LoadSets, chosen: np.ndarray, label: np.ndarray, medoid: np.ndarray
) -> dict[str, np.ndarray]:
    """Place those who were not chosen, by rules that crocs does not follow."""
    inside, outside = sets.take(np.flatnonzero(chosen)), sets.take(np.flatnonzero(~chosen))
    gaps = set_distances(outside, inside, window=WINDOW, threads=2).astype(np.float64)
    own = set_distances(inside, inside, window=WINDOW, threads=2).astype(np.float64)
    members = np.eye(label.max() + 1)[label]  # (sample, clusters)
    size = members.sum(axis=0)
    inner = ((own**2 @ members) * members).sum(axis=0) / (2 * size**2)
    return {
        "centre of all members": (gaps**2 @ members / size - inner).argmin(axis=1),
        "mean distance to all members": (gaps @ members / size).argmin(axis=1),
        "medoid": gaps[:, medoid].argmin(axis=1),
    }


def million(folder: Path, consumers: int, sample: int) -> None:
    """Print what a population costs of which only a sample is clustered exactly."""
    run, clusters = ("--run", folder), ("--clusters", EASY_CLUSTERS)
    population = ("--consumers", consumers, *clusters, "--days", EASY_DAYS, "--outliers", 3)
    made = measured("synth (not counted)", "synth", *run, *population, "--shard-size", 8192)
    parts = [
        measured("stage 1", "stage1", *run, "--prototypes", 10),
        measured("stage 2, all join the sample", "stage2", *run, *clusters, "--sample", sample),
    ]
    report([made, *parts], parts, f"{consumers} consumers x {EASY_DAYS} days, {sample} sampled")
    consumer_id, label = Run(folder).labels(EASY_CLUSTERS)
    truth, sampled = true_clusters(Run(folder), consumer_id), Run(folder).clustered(EASY_CLUSTERS)
    for who, some in (("sampled", sampled), ("assigned", ~sampled)):
        agreement = adjusted_rand_score(truth[some], label[some])
        print(f"ARI of the {some.sum():,} {who} against the truth: {agreement:.4f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("subject", choices=("hard", "million"))
    parser.add_argument("--consumers", type=int)
    parser.add_argument("--sample", type=int)
    parser.add_argument("--folder", type=Path)
    given = parser.parse_args()
    with folder_for_runs(given.folder) as folder:
        if given.subject == "hard":
            hard(folder, given.consumers or 10_000, given.sample or 2000)
        else:
            million(folder, given.consumers or 1_000_000, given.sample or 20_000)


if __name__ == "__main__":
    main()
