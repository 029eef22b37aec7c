"""The work of crocs done by independent packages, timed by CPU, one job a line.

Reads lines {"job": name, "data": FILE.npz} and answers each with {"seconds": CPU, "result": FILE.npz}; every
job is done once untimed when it first comes, so that no compilation is counted. Started by tests/bench.
"""

import json
import sys
import time
from pathlib import Path

import fastcluster
import numpy as np
from aeon.distances import dtw_pairwise_distance
from dtaidistance import dtw
from scipy.cluster.hierarchy import cut_tree, linkage
from scipy.spatial.distance import squareform
from tslearn.metrics import cdist_dtw

WINDOW = 2 / 48  # a fraction of the length: two slots


def aeon(data):
    """Compare every two profiles; every pair is computed once."""
    return {"squares": dtw_pairwise_distance(data["profiles"], window=WINDOW)}


def dtaidistance(data):
    return {"roots": dtw.distance_matrix_fast(data["profiles"], window=3, parallel=False)}


def tslearn(data):
    few = data["profiles"][:60]
    return {"roots": cdist_dtw(few, global_constraint="sakoe_chiba", sakoe_chiba_radius=2, n_jobs=1)}


def stage1(data):
    """Find each consumer's load set: matrix, Ward, cut, medoids."""
    labels, medoids = [], []
    for days in data["consumers"]:
        distance = np.sqrt(dtw_pairwise_distance(days, window=WINDOW))
        tree = fastcluster.linkage(squareform(distance, checks=False), "ward")
        label = cut_tree(tree, int(data["prototypes"])).ravel()
        labels.append(label)
        for cluster in range(int(data["prototypes"])):
            own = np.flatnonzero(label == cluster)
            medoids.append(own[distance[np.ix_(own, own)].sum(axis=1).argmin()])
    return {"labels": np.array(labels), "medoids": np.array(medoids)}


def wsmd(squares, share_a, share_b):
    roots = np.sqrt(squares)
    return (share_a @ roots.min(axis=1) + share_b @ roots.min(axis=0)) / 2


def wsmd_by_pair(data):
    """Call aeon for each pair of consumers."""
    sets, shares = data["sets"], data["shares"]
    return {
        "distances": np.array(
            [
                wsmd(dtw_pairwise_distance(sets[a], sets[b], window=WINDOW), shares[a], shares[b])
                for a, b in data["pairs"]
            ]
        )
    }


def wsmd_by_row(data):
    """Call aeon for a consumer against all others at once."""
    sets, shares = data["sets"], data["shares"]
    k = sets.shape[1]
    every = sets.reshape(-1, sets.shape[2])
    rows = []
    for a in data["rows"]:
        squares = dtw_pairwise_distance(sets[a], every, window=WINDOW)
        rows.append([wsmd(squares[:, b * k : (b + 1) * k], shares[a], shares[b]) for b in range(len(sets))])
    return {"distances": np.array(rows)}


def whole(data):
    """Go from days to segments as one would by hand: aeon's DTW, scipy's Ward, numpy for the rest."""
    made = stage1(data)
    consumers, k = data["consumers"], int(data["prototypes"])
    medoids = made["medoids"].reshape(len(consumers), k)
    sets = np.array([days[own] for days, own in zip(consumers, medoids, strict=True)])
    shares = np.array([np.bincount(label, minlength=k) / len(label) for label in made["labels"]])
    rows = wsmd_by_row({"sets": sets, "shares": shares, "rows": range(len(sets))})["distances"]
    tree = linkage(squareform((rows + rows.T) / 2, checks=False), "ward")
    return {"labels": cut_tree(tree, int(data["clusters"])).ravel()}


JOBS = {job.__name__: job for job in (aeon, dtaidistance, tslearn, stage1, wsmd_by_pair, wsmd_by_row, whole)}


def main():
    seen = set()
    for line in sys.stdin:
        order = json.loads(line)
        job, data = JOBS[order["job"]], dict(np.load(order["data"]))
        if order["job"] not in seen:
            seen.add(order["job"])
            job(data)
        started = time.process_time()
        found = job(data)
        seconds = time.process_time() - started
        result = str(Path(order["data"]).with_suffix(f".{order['job']}.npz"))
        np.savez(result, **found)
        sys.stdout.write(json.dumps({"seconds": seconds, "result": result}) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
