"""Measure how good a partition is: against the truth where it is known, and by its own distances."""

from __future__ import annotations

import numpy as np

from crocs_cli.errors import CrocsError
from crocs_cli.maths.clustering.scores import scores
from crocs_cli.maths.clustering.validity import NAMES
from crocs_cli.rundir.layouts import TRUTH
from crocs_cli.rundir.result_settings import ScoreSettings
from crocs_cli.rundir.run import Run

NO_CLUSTER = -1


def run(run: Run, settings: ScoreSettings) -> dict[str, float | int]:
    """Score one partition of a run; return the scores by name, None or NaN where there is none.

    With RUN/truth, `ari`, `ami` and `psi` compare with it the consumers that belong to a cluster there.
    """
    clusters = run.chosen(settings.clusters)
    partition = run.partition(clusters)
    label = partition["label"]
    found: dict[str, float | int] = {"clusters": clusters, "consumers": len(label)}
    if (run / "truth").exists():
        truth = true_clusters(run, partition["consumer_id"])
        found |= scores(truth[truth != NO_CLUSTER], label[truth != NO_CLUSTER])
        found["scored"] = int((truth != NO_CLUSTER).sum())
    return found | {name: float(partition[name][0]) for name in NAMES}


def true_clusters(run: Run, consumer_id: np.ndarray) -> np.ndarray:
    """Return the true cluster of each consumer (m,) int32; raise CrocsError when one is not in the truth."""
    cluster: dict[str, int] = {}
    for read in run.shards(TRUTH).each(("consumer_id", "cluster")):
        cluster |= dict(zip(read["consumer_id"].tolist(), read["cluster"].tolist(), strict=True))
    unknown = [name for name in consumer_id.tolist() if name not in cluster]
    if unknown:
        raise CrocsError(
            f"{run / 'truth'}: nothing of {len(unknown)} consumers, such as {unknown[0]}; "
            "use the truth of this population, or move that one elsewhere"
        )
    return np.array([cluster[name] for name in consumer_id.tolist()], dtype=np.int32)
