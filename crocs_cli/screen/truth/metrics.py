"""How good a ranking is when the truth is known (specification 11.4). Higher scores are more suspicious."""

from __future__ import annotations

import numpy as np

Cuts = tuple[int, ...]


def descending(score: np.ndarray) -> np.ndarray:
    """Return the order from the highest score; ties stay in the order given, so shuffle before if that
    matters."""
    return np.argsort(-score, kind="stable")


def roc_auc(score: np.ndarray, positive: np.ndarray) -> float:
    """Return the area under the ROC curve, ties counted half."""
    from scipy.stats import rankdata

    thieves = int(positive.sum())
    if thieves in (0, len(positive)):
        return float("nan")
    place = rankdata(score)[positive].sum()
    return float((place - thieves * (thieves + 1) / 2) / (thieves * (len(positive) - thieves)))


def average_precision(score: np.ndarray, positive: np.ndarray) -> float:
    """Return average precision: mean over the positives of the precision at each one's rank; ties as one
    step."""
    order = descending(score)
    hits = np.cumsum(positive[order])
    last = np.append(np.diff(score[order]) != 0, True)
    found, taken = hits[last], np.nonzero(last)[0] + 1
    gained = np.diff(np.append(0, found))
    return float((gained * found / taken).sum() / max(hits[-1], 1))


def precision_at(score: np.ndarray, positive: np.ndarray, k: int) -> float:
    """Return the share of positives among the top k."""
    return float(positive[descending(score)[:k]].mean())


def recall_at(score: np.ndarray, positive: np.ndarray, k: int) -> float:
    """Return the share of all positives that are among the top k."""
    return float(positive[descending(score)[:k]].sum() / max(positive.sum(), 1))


def map_at(score: np.ndarray, positive: np.ndarray, n: int) -> float:
    """Return MAP@n: mean precision at the positions of the positives within the top n (Zheng 2018)."""
    hit = positive[descending(score)[:n]]
    precision = np.cumsum(hit) / np.arange(1, len(hit) + 1)
    return float(precision[hit].mean()) if hit.any() else 0.0


def false_positive_rate_at(score: np.ndarray, positive: np.ndarray, recall: float) -> float:
    """Return the share of the honest that are listed when so many of the thieves are; NaN without either."""
    if positive.all() or not positive.any():
        return float("nan")
    threshold = np.quantile(score[positive], 1 - recall, method="lower")
    return float((score[~positive] >= threshold).mean())


def energy_recall_at(score: np.ndarray, stolen: np.ndarray, k: int) -> float:
    """Return the share of all stolen energy that the top k stole."""
    return float(stolen[descending(score)[:k]].sum() / max(stolen.sum(), np.finfo(float).tiny))


def bootstrap_interval(
    score: np.ndarray, positive: np.ndarray, seed: int, draws: int = 200
) -> tuple[float, float]:
    """Return a 95 % interval of average precision over redrawn installations."""
    rng = np.random.default_rng(seed)
    values = []
    for _ in range(draws):
        rows = rng.integers(0, len(score), len(score))
        values.append(average_precision(score[rows], positive[rows]))
    return float(np.quantile(values, 0.025)), float(np.quantile(values, 0.975))


def precision_recall(score: np.ndarray, positive: np.ndarray) -> np.ndarray:
    """Return the curve (k, precision, recall, false positive rate), float64 (about 200 rows, 4)."""
    order = descending(score)
    k = np.unique(np.round(np.geomspace(1, len(score), 200), 9).astype(int))
    hits = np.cumsum(positive[order])[k - 1]
    honest = max(int((~positive).sum()), 1)
    return np.column_stack([k, hits / k, hits / max(positive.sum(), 1), (k - hits) / honest])


def summary(score: np.ndarray, positive: np.ndarray, stolen: np.ndarray) -> dict[str, float]:
    """Return all the figures of one ranking, named."""
    n = len(score)
    cuts = {"50": 50, "100": 100, "200": 200, "500": 500, "1_percent": n // 100, "5_percent": n // 20}
    cuts = {name: k for name, k in cuts.items() if 0 < k <= n}
    found = {"auc": roc_auc(score, positive), "ap": average_precision(score, positive)}
    found |= {f"p_at_{name}": precision_at(score, positive, k) for name, k in cuts.items()}
    found |= {f"recall_at_{name}": recall_at(score, positive, k) for name, k in cuts.items()}
    found |= {f"kwh_recall_at_{name}": energy_recall_at(score, stolen, k) for name, k in cuts.items()}
    found |= {f"map_at_{k}": map_at(score, positive, k) for k in (100, 200) if k <= n}
    found |= {f"fpr_at_recall_{r}": false_positive_rate_at(score, positive, r) for r in (0.5, 0.8)}
    return found
