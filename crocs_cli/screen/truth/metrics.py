"""Measure a ranking where cases are known (specification 11.4). Higher scores are more suspicious."""

from __future__ import annotations

import numpy as np

from crocs_cli.maths.decisions import at_least

CURVE_POINTS = 200


def roc_auc(score: np.ndarray, positive: np.ndarray) -> float:
    """Return the area under the ROC curve; NaN where one of the two kinds is missing."""
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(positive, score)) if 0 < positive.sum() < len(positive) else float("nan")


def average_precision(score: np.ndarray, positive: np.ndarray) -> float:
    """Return the average precision, 0 where there is no case."""
    from sklearn.metrics import average_precision_score

    return float(average_precision_score(positive, score)) if positive.any() else 0.0


def false_positive_rate_at(score: np.ndarray, positive: np.ndarray, recall: float) -> float:
    """Return the fraction of the others listed once a fraction of the cases is; NaN without either."""
    from sklearn.metrics import roc_curve

    if positive.all() or not positive.any():
        return float("nan")
    false_rate, true_rate, _ = roc_curve(positive, score)
    return float(false_rate[at_least(true_rate, recall).argmax()])


def curve(score: np.ndarray, positive: np.ndarray) -> dict[str, np.ndarray]:
    """Return points of the precision-recall and ROC curves: k listed, precision, recall, false positives.

    Empty where one of the two kinds is missing.
    """
    from sklearn.metrics import roc_curve

    names = ("k", "precision", "recall", "false_positive_rate")
    cases, others = int(positive.sum()), int((~positive).sum())
    if not cases or not others:
        return dict.fromkeys(names, np.empty(0))
    false_rate, recall, _ = (values[1:] for values in roc_curve(positive, score, drop_intermediate=False))
    listed = np.rint(recall * cases + false_rate * others)
    wanted = np.round(np.geomspace(1, len(score), CURVE_POINTS), 9)
    at = np.unique(np.searchsorted(listed, wanted).clip(max=len(listed) - 1))
    columns = (listed.astype(int), recall * cases / listed, recall, false_rate)
    return {name: values[at] for name, values in zip(names, columns, strict=True)}


def map_at(hit: np.ndarray) -> float:
    """Return the mean precision at the positions of the cases among the first of a list (Zheng 2018)."""
    precision = np.cumsum(hit) / np.arange(1, len(hit) + 1)
    return float(precision[hit].mean()) if hit.any() else 0.0


def bootstrap_interval(
    score: np.ndarray, positive: np.ndarray, seed: int, samples: int = 200
) -> tuple[float, float]:
    """Return a 95 % interval of the average precision over resampled installations."""
    rng = np.random.default_rng(seed)
    values = []
    for _ in range(samples):
        rows = rng.integers(0, len(score), len(score))
        values.append(average_precision(score[rows], positive[rows]))
    return float(np.quantile(values, 0.025)), float(np.quantile(values, 0.975))


def summary(score: np.ndarray, positive: np.ndarray, stolen: np.ndarray | None = None) -> dict[str, float]:
    """Return the figures of a ranking by name; those of energy where the stolen kWh are known.

    Installations of equal scores stand in the order given in lists of the first k.
    """
    n = len(score)
    order = np.argsort(-score, kind="stable")
    hit = positive[order]
    cuts = {"50": 50, "100": 100, "200": 200, "500": 500, "1_percent": n // 100, "5_percent": n // 20}
    cuts = {name: k for name, k in cuts.items() if 0 < k <= n}
    figures = {"auc": roc_auc(score, positive), "ap": average_precision(score, positive)}
    figures |= {f"p_at_{name}": float(hit[:k].mean()) for name, k in cuts.items()}
    figures |= {f"recall_at_{name}": float(hit[:k].sum() / max(hit.sum(), 1)) for name, k in cuts.items()}
    if stolen is not None:
        kwh = np.cumsum(stolen[order], dtype=np.float64)
        whole = max(stolen.sum(), np.finfo(float).tiny)
        figures |= {f"kwh_recall_at_{name}": float(kwh[k - 1] / whole) for name, k in cuts.items()}
    figures |= {f"map_at_{k}": map_at(hit[:k]) for k in (100, 200) if k <= n}
    figures |= {f"fpr_at_recall_{r}": false_positive_rate_at(score, positive, r) for r in (0.5, 0.8)}
    return figures
