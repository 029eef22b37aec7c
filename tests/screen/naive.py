"""Slow, plain meanings of the screening's kernels, written from the specification; imports nothing of
ours."""

import itertools
import math

import numpy as np


def gap_runs(row):
    """Maximal runs of missing days as (first, length)."""
    runs, start = [], None
    for day, value in enumerate([*row, 0.0]):
        if math.isnan(value) and start is None:
            start = day
        if not math.isnan(value) and start is not None:
            runs.append((start, day - start))
            start = None
    return runs


def sums_by(row, group, groups, begin, end):
    """Energy and valid days of each group of days."""
    total, count = [0.0] * groups, [0] * groups
    for day in range(begin, end):
        if not math.isnan(row[day]) and group[day] >= 0:
            total[group[day]] += max(float(row[day]), 0.0)
            count[group[day]] += 1
    return total, count


def theil_sen(values, step):
    """Median slope of all pairs of known values."""
    known = [(i, v) for i, v in enumerate(values) if not math.isnan(v)]
    return float(
        np.median([(b - a) / ((j - i) * step) for (i, a), (j, b) in itertools.combinations(known, 2)])
    )


def mann_kendall(values):
    """Tie-corrected z with continuity correction."""
    known = [v for v in values if not math.isnan(v)]
    n = len(known)
    score = sum(np.sign(b - a) for a, b in itertools.combinations(known, 2))
    variance = n * (n - 1) * (2 * n + 5)
    for value in set(known):
        t = known.count(value)
        variance -= t * (t - 1) * (2 * t + 5)
    return float((score - np.sign(score)) / math.sqrt(variance / 18)) if variance else 0.0


def rolling_mean(values, inside, width, least):
    """Mean of the last `width` weeks inside, where at least `least` are known."""
    out = []
    for k in range(len(values)):
        first = k
        while first > 0 and inside[first - 1] and k - first + 1 < width:
            first -= 1
        window = [values[i] for i in range(first, k + 1) if inside[i] and not math.isnan(values[i])]
        out.append(sum(window) / len(window) if inside[k] and len(window) >= least else math.nan)
    return np.array(out)


def best_split(values, allowed, side):
    """First index of the second part of the two-mean fit with the least squared error."""
    known = [(i, v) for i, v in enumerate(values) if not math.isnan(v)]
    best, where = math.inf, None
    for cut in range(side, len(known) - side + 1):
        if not allowed[known[cut][0]] if cut < len(known) else True:
            continue
        left, right = [v for _, v in known[:cut]], [v for _, v in known[cut:]]
        cost = sum((v - np.mean(left)) ** 2 for v in left) + sum((v - np.mean(right)) ** 2 for v in right)
        if cost < best - 1e-12:
            best, where = cost, known[cut][0]
    return where


def cusum(values, before, after, slack):
    """Greatest downward CUSUM in standard deviations of the weeks before."""
    early = [v for v, b in zip(values, before, strict=True) if b and not math.isnan(v)]
    mean, spread = np.mean(early), max(np.std(early), 0.02)
    total = worst = 0.0
    for value, a in zip(values, after, strict=True):
        if a and not math.isnan(value):
            total = max(0.0, total - (value - mean) / spread - slack)
            worst = max(worst, total)
    return worst


def batch_map(data, nodes, places, epochs, first_radius, last_radius):
    """Train a batch map from given nodes, one sample and one node at a time."""
    nodes = nodes.copy()
    for epoch in range(epochs):
        radius = first_radius * (last_radius / first_radius) ** (epoch / (epochs - 1))
        nearest = [int(np.argmin([((x - w) ** 2).sum() for w in nodes])) for x in data]
        moved = nodes.copy()
        for k in range(len(nodes)):
            weight = [math.exp(-(((places[k] - places[b]) ** 2).sum()) / (2 * radius**2)) for b in nearest]
            if sum(weight) > 0:
                moved[k] = sum(h * x for h, x in zip(weight, data, strict=True)) / sum(weight)
        nodes = moved
    return nodes


def average_precision(score, positive):
    """Mean over thresholds of precision times the recall gained; equal scores fall together."""
    total = 0.0
    for value in sorted(set(score), reverse=True):
        at = [p for s, p in zip(score, positive, strict=True) if s >= value]
        gained = sum(p for s, p in zip(score, positive, strict=True) if s == value)
        total += gained / sum(positive) * (sum(at) / len(at))
    return total


def changes_of(found, margin):
    """Return whose class the tag of a change says to have changed."""
    from crocs_cli.screen.ranking.tags import class_change

    columns = {f"week_{name}": values for name, values in vars(found).items()}
    return class_change(columns, "week", margin) > 0
