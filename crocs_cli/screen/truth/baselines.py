"""Rankings to compare with (specification 11.5); higher scores are more suspicious."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numba import prange

from crocs_cli.machine.threads import available_threads
from crocs_cli.maths.compiled import parallel_kernel
from crocs_cli.maths.portable import log

Columns = Mapping[str, np.ndarray]
TREES = 300
CUSUM_SLACK = 0.5  # of a standard deviation


def random_order(count: int, seed: int) -> np.ndarray:
    """B0: random order."""
    return np.random.default_rng(seed).random(count)


def drop_ratio(columns: Columns) -> np.ndarray:
    """B1: mean of DS0 over mean of DS1."""
    return _filled(-log(np.maximum(columns["mean_after"], 1e-9) / np.maximum(columns["mean_before"], 1e-9)))


def same_period_last_year(columns: Columns) -> np.ndarray:
    """B2: the months of DS1 over the same months a year before."""
    return _filled(-columns["t3_months"])


def isolation_forest(columns: Columns, seed: int) -> np.ndarray:
    """B3: an isolation forest of 300 trees on seven measures of change."""
    measures = np.column_stack(
        [
            columns["t1_ratio"],
            columns["t3_last"],
            columns["t3_worst"],
            columns["week_distance"],
            columns["month_distance"],
            columns["low_share_after"] - columns["low_share_before"],
            columns["cv_after"] - columns["cv_before"],
        ]
    )
    return _forest(measures, seed)


def isolation_forest_of_shapes(columns: Columns, seed: int) -> np.ndarray:
    """B4: an isolation forest of 300 trees on the raw changes of weekday and month shares."""
    return _forest(np.hstack([columns["week_change"], columns["month_change"]]), seed)


def forecast_residuals(weeks: np.ndarray, before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """B5: greatest downward CUSUM of a seasonal-naive forecast's residuals, in deviations of DS0.

    `weeks` is the year-on-year change of every week, float64 (installation, week), without peers.
    """
    return _filled(_cusum(weeks, before, after))


def gradient_boosting(tags: np.ndarray, known: np.ndarray, positive: np.ndarray, seed: int) -> np.ndarray:
    """Return the odds of a supervised reference, which learns from 4 of 5 labelled installations at a time.

    `tags` float64 (installation, tag). Those without a label get the odds of a fit to all labelled ones. No
    method without labels should be expected to reach it.
    """
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.model_selection import StratifiedKFold, cross_val_predict
    from threadpoolctl import threadpool_limits

    folds = StratifiedKFold(5, shuffle=True, random_state=seed)
    model = HistGradientBoostingClassifier(random_state=seed)
    x, y = tags[known], positive[known]
    with threadpool_limits(available_threads()):
        odds = model.fit(x, y).predict_proba(tags)[:, 1]
        odds[known] = cross_val_predict(model, x, y, cv=folds, method="predict_proba")[:, 1]
    return odds


def ceased_last(score: np.ndarray, ceased: np.ndarray) -> np.ndarray:
    """Put the ceased below all others, in their own order."""
    return np.where(ceased, score - (score.max() - score.min() + 1), score)


def _forest(measures: np.ndarray, seed: int) -> np.ndarray:
    from sklearn.ensemble import IsolationForest

    middle = [np.nanmedian(measure) if np.isfinite(measure).any() else 0.0 for measure in measures.T]
    known = np.where(np.isnan(measures), middle, measures)
    return -IsolationForest(n_estimators=TREES, random_state=seed).fit(known).score_samples(known)


def _filled(score: np.ndarray) -> np.ndarray:
    """Give installations without a score the lowest one."""
    known = score[np.isfinite(score)]
    return np.where(np.isfinite(score), score, known.min() - 1 if len(known) else 0.0)


@parallel_kernel
def _cusum(change: np.ndarray, before: np.ndarray, after: np.ndarray) -> np.ndarray:
    found = np.full(len(change), np.nan)
    for i in prange(len(change)):
        early = change[i][before[i] & ~np.isnan(change[i])]
        if early.size < 8:
            continue
        mean, spread = early.mean(), max(early.std(), 0.02)
        total, worst = 0.0, 0.0
        for week in range(change.shape[1]):
            if after[i, week] and not np.isnan(change[i, week]):
                total = max(0.0, total - (change[i, week] - mean) / spread - CUSUM_SLACK)
                worst = max(worst, total)
        found[i] = worst
    return found
