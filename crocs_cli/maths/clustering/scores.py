"""Measures of agreement between two partitions of the same consumers (paper section 5)."""

from __future__ import annotations

import numpy as np


def scores(truth: np.ndarray, found: np.ndarray) -> dict[str, float]:
    """Return `ari`, `ami` and `psi` of two labelings.

    truth, found: (consumers,) int. All three are 1 for equal partitions and about 0 for unrelated ones.
    """
    from sklearn.metrics import adjusted_mutual_info_score

    return {
        "ari": adjusted_rand(truth, found),
        "ami": float(adjusted_mutual_info_score(truth, found)),
        "psi": pair_sets_index(truth, found),
    }


def adjusted_rand(first: np.ndarray, second: np.ndarray) -> float:
    """Return the adjusted Rand index of two labelings: symmetric, 1 for equal ones, about 0 for chance.

    first, second: (n,) int. scikit-learn's takes fifty times as long, to look at what it is given; the
    paper's experiments score hundreds of thousands of small labelings. Source: Hubert and Arabie 1985.
    """
    shared = contingency(first, second)
    counts = shared, shared.sum(axis=1), shared.sum(axis=0), np.array([shared.sum()])
    together, rows, columns, every = (float((count * (count - 1)).sum()) for count in counts)
    if rows == columns == together:  # equal, all alone among them
        return 1.0
    expected = rows * columns / every
    return (together - expected) / ((rows + columns) / 2 - expected)


def pair_sets_index(first: np.ndarray, second: np.ndarray) -> float:
    """Return the Pair Sets Index of two labelings: symmetric, 1 for equal ones, 0 for no more than chance.

    first, second: (n,) int. Clusters are paired one to one so that their shared part, relative to the larger
    of the two, is greatest in all; what pairs of unrelated clusters of these sizes share is taken off.
    Source: Rezaei & Fränti 2016, "Set matching measures for external cluster validity".
    """
    from scipy.optimize import linear_sum_assignment

    shared = contingency(first, second)
    rows, columns = shared.sum(axis=1), shared.sum(axis=0)
    if shared.shape == (1, 1):
        return 1.0
    likeness = shared / np.maximum(rows[:, None], columns[None, :])
    paired = likeness[linear_sum_assignment(likeness, maximize=True)].sum()
    fewer, more = sorted(shared.shape)
    large, small = -np.sort(-rows)[:fewer], -np.sort(-columns)[:fewer]
    expected = (large * small / rows.sum() / np.maximum(large, small)).sum()
    return float(max(0.0, (paired - expected) / (more - expected)))


def kappa(first: np.ndarray, second: np.ndarray) -> float:
    """Return Cohen's kappa of two labelings with the same numbers: 1 for equal ones, about 0 for chance.

    first, second: (n,) int. Two labelings that are equal have 1, even if they use one label only.
    """
    from sklearn.metrics import cohen_kappa_score

    return 1.0 if np.array_equal(first, second) else float(cohen_kappa_score(first, second))


def contingency(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Count the items of every pair of clusters: (clusters of first, clusters of second) int64."""
    _, rows = np.unique(first, return_inverse=True)
    _, columns = np.unique(second, return_inverse=True)
    width = columns.max() + 1
    return np.bincount(rows * width + columns, minlength=(rows.max() + 1) * width).reshape(-1, width)
