"""Fit typical patterns: map, classes of nodes, prototypes with lasting numbers (paper, 3.2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from crocs_cli.maths.clustering.kmeans import kmeans
from crocs_cli.screen.patterns import som
from crocs_cli.screen.patterns.som import Lattice, Quality

Feature = Literal["week", "month", "scale"]
MOST_CLASSES = 12
NODE_STARTS = 50  # of k-means on the nodes
SILHOUETTE_SAMPLE = 2_000
PERCENTILES = 101
SATURDAY, SUNDAY = 5, 6
SUMMER, WINTER = [6, 7], [11, 0, 1]


@dataclass(frozen=True)
class PatternMap:
    """A frozen model of one feature: a map, the class of each node, and the profiles of each class.

    `nodes` (node, component), `node_class` (node,) from 0, `hits` (node,), `prototypes`, `low`, `high`
    (class, component: mean, 10th and 90th percentile of its installations), `sizes` (class,),
    `spread` (class, percentile: distance of members to their prototype), `elbow` (MOST_CLASSES, 3: WCSS
    on nodes, WCSS on installations, silhouette).
    """

    lattice: Lattice
    nodes: np.ndarray
    node_class: np.ndarray
    hits: np.ndarray
    prototypes: np.ndarray
    low: np.ndarray
    high: np.ndarray
    sizes: np.ndarray
    spread: np.ndarray
    elbow: np.ndarray
    quality: Quality


@dataclass(frozen=True)
class MapPlan:
    """Settings of the fit of a map: classes, lattice, epochs, seed, weights of nodes, hemisphere."""

    feature: Feature
    classes: int
    lattice: Lattice
    epochs: int = 50
    seed: int = 0
    weigh_by_hits: bool = True
    southern: bool = False


def fit(data: np.ndarray, plan: MapPlan) -> PatternMap:
    """Fit map and classes to data, float64 (installation, component); each tenth row is held out."""
    held = np.arange(len(data)) % 10 == 9
    trained = data[~held]
    nodes = som.train(trained, plan.lattice, plan.epochs)
    node, _, _ = som.nearest_two(data, nodes)
    hits = np.bincount(node, minlength=plan.lattice.nodes)
    weight = hits.astype(float) if plan.weigh_by_hits else np.ones(len(hits))
    curve, labels = elbow(nodes, weight, data, node, plan)
    labels = lasting_numbers(labels, data, node, plan)
    member = labels[node]
    groups = [data[member == c] for c in range(plan.classes)]
    prototypes = np.array([group.mean(axis=0) for group in groups])
    distance = np.sqrt(((data - prototypes[member]) ** 2).sum(axis=1))
    percent = np.linspace(0, 1, PERCENTILES)
    return PatternMap(
        lattice=plan.lattice,
        nodes=nodes,
        node_class=labels,
        hits=hits,
        prototypes=prototypes,
        low=np.array([np.quantile(group, 0.1, axis=0) for group in groups]),
        high=np.array([np.quantile(group, 0.9, axis=0) for group in groups]),
        sizes=np.array([len(group) for group in groups]),
        spread=np.array([np.quantile(distance[member == c], percent) for c in range(plan.classes)]),
        elbow=curve,
        quality=som.quality(nodes, plan.lattice, trained, data[held]),
    )


def elbow(
    nodes: np.ndarray, weight: np.ndarray, data: np.ndarray, node: np.ndarray, plan: MapPlan
) -> tuple[np.ndarray, np.ndarray]:
    """Cluster the nodes into 1..12 classes; return the curve (count, 3) and the labels of the plan.

    The curve holds WCSS of the nodes, WCSS of the installations through their nodes, and the silhouette of a
    sample. WCSS of the nodes never rises: each count also starts from the one before. Specification 6.8.
    """
    from scipy.spatial.distance import pdist, squareform

    sample = np.unique(np.linspace(0, len(data) - 1, SILHOUETTE_SAMPLE).astype(int))
    used = weight > 0  # nodes without installations get the nearest class afterwards
    most = min(MOST_CLASSES, int(used.sum()))
    curve, centres = np.full((MOST_CLASSES, 3), np.nan), np.empty((0, nodes.shape[1]))
    chosen = np.zeros(len(nodes), np.int64)
    apart = squareform(pdist(data[sample]))
    for count in range(1, most + 1):
        _, centres, cost = kmeans(nodes[used], count, [plan.seed, count], NODE_STARTS, weight[used], centres)
        labels, _, _ = som.nearest_two(nodes, centres)
        through = ((data - centres[labels[node]]) ** 2).sum()
        curve[count - 1] = cost, through, _silhouette(apart, labels[node][sample])
        if count == plan.classes:
            chosen = labels
    return curve, chosen


def _silhouette(apart: np.ndarray, labels: np.ndarray) -> float:
    from sklearn.metrics import silhouette_score

    groups = len(np.unique(labels))
    return (
        float(silhouette_score(apart, labels, metric="precomputed")) if 2 <= groups < len(labels) else np.nan
    )


def suggested_classes(cost: np.ndarray) -> int:
    """Return the knee of a WCSS curve: the point farthest below the chord of its ends."""
    known = cost[~np.isnan(cost)]
    if len(known) < 3 or known[0] <= known[-1]:
        return len(known)
    fall = (known - known[-1]) / (known[0] - known[-1])
    below = np.linspace(1, 0, len(known)) - fall
    return int(np.round(below, 9).argmax()) + 1  # the first among equals


def lasting_numbers(labels: np.ndarray, data: np.ndarray, node: np.ndarray, plan: MapPlan) -> np.ndarray:
    """Number classes by their meaning, as in the paper's figures 15 to 17.

    Week: rising weekend share. Month: rising summer less winter share (other hemisphere: falling).
    Scale: rising energy. Ties: by size, then by the first component.
    """
    member = labels[node]
    sizes = np.bincount(member, minlength=plan.classes)
    means = np.array([data[member == c].mean(axis=0) for c in range(plan.classes)])
    order = np.lexsort((means[:, 0], sizes, np.round(order_key(means, plan), 12)))
    rank = np.empty(plan.classes, np.int64)
    rank[order] = np.arange(plan.classes)
    return rank[labels]


def order_key(prototypes: np.ndarray, plan: MapPlan) -> np.ndarray:
    """Return the quantity by which classes are numbered, float64 (class,)."""
    if plan.feature == "week":
        return prototypes[:, SATURDAY] + prototypes[:, SUNDAY]
    if plan.feature == "month":
        swing = prototypes[:, SUMMER].sum(axis=1) - prototypes[:, WINTER].sum(axis=1)
        return -swing if plan.southern else swing
    return prototypes[:, 0]
