"""CROCS by independent packages only: aeon's DTW, fastcluster's Ward, scipy's cuts, plain loops for the rest.

Usage: pipeline.py READINGS.csv PROTOTYPES FIRST_K LAST_K
Reads a long CSV (id,time,kwh; whole half-hourly days in order).
Prints {"ids": [...], "K": {K: labels}} as JSON.
"""

import csv
import json
import sys
from collections import defaultdict
from pathlib import Path

import fastcluster
import numpy as np
from aeon.distances import dtw_distance, dtw_pairwise_distance
from scipy.cluster.hierarchy import fcluster
from scipy.spatial.distance import squareform

WINDOW = 2 / 48  # a fraction of the length: two slots


def days_of(path):
    readings = defaultdict(list)
    with Path(path).open(newline="") as file:
        for row in csv.DictReader(file):
            readings[row["id"]].append(float(row["kwh"]))
    days = {}
    for consumer, values in readings.items():
        profile = np.array(values).reshape(-1, 48)
        low, high = profile.min(axis=1, keepdims=True), profile.max(axis=1, keepdims=True)
        days[consumer] = (profile - low) / (high - low)
    return days


def load_set(days, k):
    """Return (medoids, share of the days of each)."""
    distance = np.sqrt(dtw_pairwise_distance(days[:, None, :], window=WINDOW))
    labels = fcluster(fastcluster.linkage(squareform(distance, checks=False), "ward"), k, "maxclust")
    medoids, shares = [], []
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        within = distance[np.ix_(members, members)].sum(axis=1)
        medoids.append(days[members[np.argmin(within)]])
        shares.append(len(members) / len(days))
    return medoids, shares


def wsmd(a, b):
    between = np.array([[np.sqrt(dtw_distance(x, y, window=WINDOW)) for y in b[0]] for x in a[0]])
    return 0.5 * (np.dot(a[1], between.min(axis=1)) + np.dot(b[1], between.min(axis=0)))


def main(path, k, first, last):
    sets = {consumer: load_set(days, k) for consumer, days in days_of(path).items()}
    ids = list(sets)
    distance = np.zeros((len(ids), len(ids)))
    for i, a in enumerate(ids):
        for j in range(i):
            distance[i, j] = distance[j, i] = wsmd(sets[a], sets[ids[j]])
    merges = fastcluster.linkage(squareform(distance, checks=False), "ward")
    cuts = {n: fcluster(merges, n, "maxclust").tolist() for n in range(first, last + 1)}
    json.dump({"ids": ids, "K": cuts}, sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:]))
