"""What the truth says of rankings: figures of every method, of every attack, and of the lists beside them."""

from __future__ import annotations

from typing import Any

import numpy as np

from crocs_cli.screen.changes import homologous
from crocs_cli.screen.daily import filters
from crocs_cli.screen.daily.aggregates import weeks_after, weeks_before, weeks_unchanged
from crocs_cli.screen.daily.dates import Windows
from crocs_cli.screen.rank import Ranking
from crocs_cli.screen.ranking import judge
from crocs_cli.screen.ranking.tags import drop_intensity
from crocs_cli.screen.settings import RankSettings, ValidateSettings
from crocs_cli.screen.simulated import attacks
from crocs_cli.screen.truth import metrics

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


def thieves(truth: Arrays, settings: ValidateSettings) -> np.ndarray:
    """Return who counts as a thief."""
    return np.isin(truth["attack"], settings.with_types)


def counted(truth: Arrays, settings: ValidateSettings) -> np.ndarray:
    """Return who counts at all: the honest and the thieves; other attacks are measured apart."""
    return thieves(truth, settings) | (truth["attack"] == attacks.NONE)


def measured(scores: Arrays, found: Ranking, truth: Arrays, settings: ValidateSettings, seed: int) -> Report:
    """Return the figures of every method, of every attack, and of the lists beside the ranking."""
    keep, positive = counted(truth, settings), thieves(truth, settings)
    stolen = np.where(positive, truth["stolen_kwh"], 0)[keep]
    report: Report = {}
    for name, score in scores.items():
        report[name] = metrics.summary(score[keep], positive[keep], stolen)
        if name in MAIN:
            interval = metrics.bootstrap_interval(score[keep], positive[keep], seed, settings.bootstrap)
            report[name]["ap_interval"] = list(interval)
            report[name]["auc_by_attack"] = auc_by_attack(score, truth)
    control = {name: _auc_of(score, truth, attacks.COMMISSIONING) for name, score in scores.items()}
    return report | {
        "negative_control": control,
        "counts": {
            "installations": len(keep),
            "thieves": int(positive.sum()),
            "honest": int((keep & ~positive).sum()),
        },
        "by_set": {name: by_set(score, truth) for name, score in scores.items() if name in MAIN},
        "ceased": ceased_figures(found, truth),
        "checkup": checkup_figures(found, truth),
        "class_changes": class_change_figures(found, truth),
        "onset": onset_figures(found, truth, positive),
        "false_discovery": discovery_figures(found, positive, keep),
    }


def auc_by_attack(score: np.ndarray, truth: Arrays) -> dict[str, float]:
    """Return the AUC of each kind of attack against the honest."""
    present = [number for number in attacks.ATTACKS if (truth["attack"] == number).any()]
    return {f"A{number}": _auc_of(score, truth, number) for number in present}


def _auc_of(score: np.ndarray, truth: Arrays, attack: int) -> float:
    keep = (truth["attack"] == attack) | (truth["attack"] == attacks.NONE)
    return metrics.roc_auc(score[keep], truth["attack"][keep] == attack)


def by_set(score: np.ndarray, truth: Arrays) -> Report:
    """Return AP and P@100 with other sets of attacks counted as thieves: what the headline leaves out."""
    figures = {}
    for name, kinds in SETS.items():
        positive = np.isin(truth["attack"], list(kinds))
        keep = positive | (truth["attack"] == attacks.NONE)
        figures[name] = {
            "ap": metrics.average_precision(score[keep], positive[keep]),
            "p_at_100": metrics.precision_at(score[keep], positive[keep], 100),
        }
    return figures


def checkup_figures(found: Ranking, truth: Arrays) -> Report:
    """Return how many of the silent meters (A13) are on the check-up list, and how many others."""
    listed = found.actual.columns["filters_after"] & filters.LARGE_GAPS > 0
    silent = truth["attack"] == attacks.SILENT
    return {
        "listed": int(listed.sum()),
        "silent": int(silent.sum()),
        "recall": float((listed & silent).sum() / max(silent.sum(), 1)),
    }


def ceased_figures(found: Ranking, truth: Arrays) -> Report:
    """Return recall and precision of the ceased list for whole bypasses."""
    stopped, bypass = found.actual.columns["ceased"] > 0, truth["attack"] == attacks.BYPASS
    both = int((stopped & bypass).sum())
    return {
        "listed": int(stopped.sum()),
        "bypasses": int(bypass.sum()),
        "recall": both / max(int(bypass.sum()), 1),
        "precision": both / max(int(stopped.sum()), 1),
    }


def class_change_figures(found: Ranking, truth: Arrays) -> Report:
    """Return the share of class changes among the honest, and among those without any planted change."""
    honest = (truth["attack"] == attacks.NONE) & found.actual.ranked
    planted = [truth[f"{name}_day"] >= 0 for name in ("step", "vacancy", "solar")]
    unchanged = honest & ~np.any(planted, axis=0)
    figures = {}
    for feature in ("week", "month"):
        tag = found.actual.tags[f"{feature}_class_change"]
        figures[feature] = {
            name: float(np.nanmean(tag[who])) if np.isfinite(tag[who]).any() else None
            for name, who in (("honest", honest), ("unchanged", unchanged))
        }
    return figures


def onset_figures(found: Ranking, truth: Arrays, positive: np.ndarray) -> Report:
    """Return how far the onset is off, how late an alarm comes, and the energy found missing over that
    stolen.

    The alarm: the 13-week change against a year before is as deep as 1 % of the honest ever show in DS1.
    """
    columns, first = found.actual.columns, found.crowd.calendar.first_day_of_weeks
    dated = positive & (columns["onset_day"] >= 0)
    error = np.abs(columns["onset_day"] - truth["first_day"])[dated]
    change, _, late = weekly_changes(found)
    rolling = drop_intensity(homologous.rolling_means(change, late, 13), judge.rule_of(RankSettings()))
    deepest = np.nan_to_num(rolling).max(axis=1)
    alarm = np.quantile(deepest[(truth["attack"] == attacks.NONE) & found.actual.ranked], 1 - FALSE_ALARMS)
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


def discovery_figures(found: Ranking, positive: np.ndarray, keep: np.ndarray) -> Report:
    """Return how many are listed under each false discovery rate, and how many of these are honest."""
    figures = {}
    for rate in (0.1, 0.2, 0.3, 0.5):
        listed = keep & (np.nan_to_num(found.q_value, nan=1.0) <= rate)
        false = float((listed & ~positive).sum() / listed.sum()) if listed.any() else None
        figures[str(rate)] = {"listed": int(listed.sum()), "false": false}
    return figures


def curves(scores: Arrays, truth: Arrays, settings: ValidateSettings) -> dict[str, object]:
    """Return the precision-recall and ROC curves of the main methods as columns."""
    keep, positive = counted(truth, settings), thieves(truth, settings)
    parts = {name: metrics.precision_recall(scores[name][keep], positive[keep]) for name in MAIN}
    method = np.concatenate([[name] * len(part) for name, part in parts.items()])
    names = ("k", "precision", "recall", "false_positive_rate")
    whole = np.concatenate(list(parts.values()))
    return {"method": method} | {name: whole[:, i] for i, name in enumerate(names)}


def weekly_changes(found: Ranking) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the year-on-year change of every week without peers, and the weeks of DS0 and of DS1."""
    columns, calendar = found.actual.columns, found.crowd.calendar
    windows = Windows(columns["begin_day"], columns["split_day"], columns["end_day"])
    late = weeks_after(calendar, windows)
    return (
        homologous.year_on_year(
            found.weeks, columns["mean_before"], late, weeks_unchanged(calendar, windows)
        ),
        weeks_before(calendar, windows),
        late,
    )
