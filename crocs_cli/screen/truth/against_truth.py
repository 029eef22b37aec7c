"""Measure a ranking, and the lists beside it, against the truth of a simulation."""

from __future__ import annotations

from typing import Any

import numpy as np

from crocs_cli.screen.changes import homologous
from crocs_cli.screen.daily import filters
from crocs_cli.screen.daily.aggregates import weeks_after, weeks_before, weeks_unchanged
from crocs_cli.screen.daily.dates import Windows
from crocs_cli.screen.rank import Ranking
from crocs_cli.screen.ranking.tags import drop_intensity
from crocs_cli.screen.settings import RankSettings
from crocs_cli.screen.simulated import attacks
from crocs_cli.screen.truth import metrics
from crocs_cli.screen.truth.labels import Labels

Arrays = dict[str, np.ndarray]
Report = dict[str, Any]
MAIN = ("default", "paper", "drop_ratio", "isolation_forest")
SETS = {
    "A1-A10": range(1, 11),
    "A1-A12": range(1, 13),
    "A1-A13": range(1, 14),
    "A1-A13, A15": [*range(1, 14), 15],
}
FALSE_ALARMS = 0.01
WEEK_DAYS = 7


def truth_figures(scores: Arrays, ranking: Ranking, truth: Arrays, labels: Labels) -> Report:
    """Return the figures that need the truth: each kind of attack, the lists, class changes, onset."""
    return {
        "negative_control": {n: _auc_of(score, truth, attacks.COMMISSIONING) for n, score in scores.items()},
        "by_set": {name: by_set(scores[name], truth) for name in MAIN},
        "ceased": ceased_figures(ranking, truth),
        "checkup": checkup_figures(ranking, truth),
        "class_changes": class_change_figures(ranking, truth),
        "onset": onset_figures(ranking, truth, labels.positive),
    }


def auc_by_attack(score: np.ndarray, truth: Arrays) -> dict[str, float]:
    """Return the AUC of each kind of attack against the honest."""
    present = [number for number in attacks.ATTACKS if (truth["attack"] == number).any()]
    return {f"A{number}": _auc_of(score, truth, number) for number in present}


def _auc_of(score: np.ndarray, truth: Arrays, attack: int) -> float:
    keep = (truth["attack"] == attack) | (truth["attack"] == attacks.NONE)
    return metrics.roc_auc(score[keep], truth["attack"][keep] == attack)


def by_set(score: np.ndarray, truth: Arrays) -> Report:
    """Return AP and P@100 with other sets of attacks counted as thieves."""
    figures = {}
    for name, kinds in SETS.items():
        positive = np.isin(truth["attack"], list(kinds))
        keep = positive | (truth["attack"] == attacks.NONE)
        of_set = metrics.summary(score[keep], positive[keep])
        figures[name] = {key: of_set.get(key) for key in ("ap", "p_at_100")}
    return figures


def checkup_figures(ranking: Ranking, truth: Arrays) -> Report:
    """Return how many silent meters (A13) are on the check-up list, and its length."""
    listed = ranking.actual.columns["filters_after"] & filters.LARGE_GAPS > 0
    silent = truth["attack"] == attacks.SILENT
    return {
        "listed": int(listed.sum()),
        "silent": int(silent.sum()),
        "recall": float((listed & silent).sum() / max(silent.sum(), 1)),
    }


def ceased_figures(ranking: Ranking, truth: Arrays) -> Report:
    """Return recall and precision of the ceased list for whole bypasses."""
    stopped, bypass = ranking.actual.columns["ceased"] > 0, truth["attack"] == attacks.BYPASS
    both = int((stopped & bypass).sum())
    return {
        "listed": int(stopped.sum()),
        "bypasses": int(bypass.sum()),
        "recall": both / max(int(bypass.sum()), 1),
        "precision": both / max(int(stopped.sum()), 1),
    }


def class_change_figures(ranking: Ranking, truth: Arrays) -> Report:
    """Return the fraction of class changes of the honest, and of those without a planted change."""
    honest = (truth["attack"] == attacks.NONE) & ranking.actual.ranked
    planted = [truth[f"{name}_day"] >= 0 for name in ("step", "vacancy", "solar")]
    unchanged = honest & ~np.any(planted, axis=0)
    figures = {}
    for feature in ("week", "month"):
        tag = ranking.actual.tags[f"{feature}_class_change"]
        figures[feature] = {
            name: float(np.nanmean(tag[who])) if np.isfinite(tag[who]).any() else None
            for name, who in (("honest", honest), ("unchanged", unchanged))
        }
    return figures


def onset_figures(ranking: Ranking, truth: Arrays, positive: np.ndarray) -> Report:
    """Return the error of the onset, the delay of an alarm, and the energy found over the energy stolen.

    The alarm: the 13-week change against a year before is as deep as 1 % of the honest ever show in DS1.
    """
    columns, first = ranking.actual.columns, ranking.crowd.calendar.first_day_of_weeks
    dated = positive & (columns["onset_day"] >= 0)
    error = np.abs(columns["onset_day"] - truth["first_day"])[dated]
    change, _, late = weekly_changes(ranking)
    rolling = drop_intensity(homologous.rolling_means(change, late, 13), RankSettings())
    deepest = np.nan_to_num(rolling).max(axis=1)
    alarm = np.quantile(deepest[(truth["attack"] == attacks.NONE) & ranking.actual.ranked], 1 - FALSE_ALARMS)
    weeks = np.arange(rolling.shape[1])
    since = first + WEEK_DAYS * (weeks + 1) > truth["first_day"][:, None]
    raised = (np.nan_to_num(rolling) > alarm) & since
    caught = positive & raised.any(axis=1)
    delay = first + WEEK_DAYS * (raised.argmax(axis=1) + 1) - truth["first_day"]
    return {
        "dated": int(dated.sum()),
        "median_error_days": float(np.median(error)) if len(error) else None,
        "within_14_days": float((error <= 14).mean()) if len(error) else None,
        "lost_over_stolen": float(
            columns["lost_kwh"][dated].sum() / max(truth["stolen_kwh"][dated].sum(), 1e-9)
        ),
        "alarmed": float(caught.sum() / max(positive.sum(), 1)),
        "mean_delay_days": float(delay[caught].mean()) if caught.any() else None,
    }


def weekly_changes(ranking: Ranking) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the year-on-year change of every week without peers, and the weeks of DS0 and of DS1."""
    columns, calendar = ranking.actual.columns, ranking.crowd.calendar
    windows = Windows(columns["begin_day"], columns["split_day"], columns["end_day"])
    late = weeks_after(calendar, windows)
    return (
        homologous.year_on_year(
            ranking.weeks, columns["mean_before"], late, weeks_unchanged(calendar, windows)
        ),
        weeks_before(calendar, windows),
        late,
    )
