"""Learn probabilities and factors from labelled installations (specification 14.3)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

LEAST_FOR_CURVE, LEAST_FOR_LOGISTIC = 200, 50  # labelled installations
FOLDS = 5  # and the least number of cases, and of others
PENALTY = 1.0  # of squared factors: that of scikit-learn's logistic regression
DIGITS = 6


@dataclass(frozen=True)
class Calibration:
    """Probabilities of all installations (NaN not ranked), and how well they fit.

    `out_of_fold` are the probabilities of the labelled ones by fits that did not know them, (labelled,);
    `brier` is their mean squared error, `brier_of_mean` that of one probability for all.
    """

    method: str
    probability: np.ndarray
    out_of_fold: np.ndarray
    brier: float
    brier_of_mean: float


def is_possible(positive: np.ndarray) -> bool:
    """Return whether there are enough labelled installations, and enough of both kinds to cross-validate."""
    return len(positive) >= LEAST_FOR_LOGISTIC and FOLDS <= positive.sum() <= len(positive) - FOLDS


def calibrate(
    score: np.ndarray, ranked: np.ndarray, known: np.ndarray, positive: np.ndarray, seed: int
) -> Calibration | None:
    """Learn the probability of a case from the score: isotonic from 200 labelled ones, logistic from 50.

    All arrays (installation,). Only the ranked ones have a score and count. None with too few labelled ones.
    """
    from sklearn.isotonic import IsotonicRegression
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import brier_score_loss
    from sklearn.model_selection import StratifiedKFold

    rows = np.nonzero(ranked & known)[0]
    x, y = score[rows], positive[rows]
    if not is_possible(y):
        return None
    is_isotonic = len(rows) >= LEAST_FOR_CURVE
    middle, spread = x.mean(), max(x.std(), 1e-9)

    def learned(train: np.ndarray, asked: np.ndarray) -> np.ndarray:
        if is_isotonic:
            return (
                IsotonicRegression(y_min=0, y_max=1, out_of_bounds="clip")
                .fit(x[train], y[train])
                .predict(asked)
            )
        scaled = ((values - middle)[:, None] / spread for values in (x[train], asked))
        model = LogisticRegression(C=1 / PENALTY).fit(next(scaled), y[train])
        return model.predict_proba(next(scaled))[:, 1]

    apart = np.empty(len(rows))
    for train, test in StratifiedKFold(FOLDS, shuffle=True, random_state=seed).split(x, y):
        apart[test] = learned(train, x[test])
    probability = np.full(len(score), np.nan)
    probability[ranked] = np.round(learned(np.arange(len(rows)), score[ranked]), DIGITS)
    method = "isotonic" if is_isotonic else "logistic"
    errors = (round(float(brier_score_loss(y, p)), DIGITS) for p in (apart, np.full(len(y), y.mean())))
    return Calibration(method, probability, np.round(apart, DIGITS), *errors)


def reliability(probability: np.ndarray, positive: np.ndarray, bins: int = 10) -> list[dict[str, float]]:
    """Return bins of equal width: how many installations, their mean probability, the fraction of cases."""
    place = np.minimum((probability * bins).astype(int), bins - 1)
    members = [np.nonzero(place == number)[0] for number in range(bins)]
    return [
        {
            "installations": len(rows),
            "probability": float(probability[rows].mean()),
            "cases": float(positive[rows].mean()),
        }
        for rows in members
        if len(rows)
    ]


def fit_factors(
    tags: np.ndarray, positive: np.ndarray, present: Mapping[str, float]
) -> dict[str, float] | None:
    """Learn the factors of tags by a logistic regression whose factors are at least 0.

    `tags` float64 (labelled, tag), NaN not testable, in the order of `present`, the factors in use. The sum
    of the factors is that of the positive ones in use, so that scores stay of one size. None where no tag
    tells anything.
    """
    from scipy.optimize import minimize
    from scipy.special import expit

    x, y = np.nan_to_num(tags), positive.astype(float)

    def loss(weights: np.ndarray) -> tuple[float, np.ndarray]:
        factors, odds = weights[:-1], x @ weights[:-1] + weights[-1]
        error = expit(odds) - y
        value = np.logaddexp(0, odds).sum() - y @ odds + PENALTY * factors @ factors / 2
        return value, np.append(x.T @ error + PENALTY * factors, error.sum())

    bounds = [(0, None)] * x.shape[1] + [(None, None)]
    factors = minimize(loss, np.zeros(x.shape[1] + 1), jac=True, method="L-BFGS-B", bounds=bounds).x[:-1]
    if not (factors > 0).any():
        return None
    factors *= sum(factor for factor in present.values() if factor > 0) / factors.sum()
    return dict(zip(present, np.round(factors, 3).tolist(), strict=True))
