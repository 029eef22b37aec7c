"""Stage `screen validate`: measure the ranking and its rivals against the truth, or against inspections."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import yaml

from crocs_cli.errors import CrocsError
from crocs_cli.machine import files
from crocs_cli.machine.plain import json_bytes, json_text
from crocs_cli.machine.shards import listed
from crocs_cli.machine.team import Team
from crocs_cli.maths.decisions import at_most
from crocs_cli.maths.decisions import rank as rank_of
from crocs_cli.report import html
from crocs_cli.screen import rank
from crocs_cli.screen.daily.contracts import LEVELS
from crocs_cli.screen.daily.inspections import read_inspections
from crocs_cli.screen.daily.series import together
from crocs_cli.screen.layouts import SCORES, TRUTH
from crocs_cli.screen.rank import Ranking
from crocs_cli.screen.ranking import judge
from crocs_cli.screen.ranking.tags import TAGS
from crocs_cli.screen.settings import FactorSettings, RankSettings, ValidateSettings
from crocs_cli.screen.tables import write_table
from crocs_cli.screen.truth import baselines, calibration, labels, metrics
from crocs_cli.screen.truth.against_truth import (
    MAIN,
    Arrays,
    Report,
    auc_by_attack,
    truth_figures,
    weekly_changes,
)
from crocs_cli.screen.truth.labels import Labels

CUTS = (50, 100, 200, 500)
RATES = (0.1, 0.2, 0.3, 0.5)


def run(run: Path, settings: ValidateSettings, seed: int, team: Team) -> Report | None:
    """Measure every ranking of a run; write metrics.json, pr.csv, validation.md and what was learned.

    Against the inspections that the settings name, else against the truth of a simulation. The ranking's
    settings are those it was made with. Raises CrocsError where there is neither, or no ranking. None in a
    process that does not lead.
    """
    kept = files.read_recipe(run / "screen" / "scores.h5", SCORES)["settings"]
    places = settings.model_dump(include={"model", "peers"})
    ranked = RankSettings.model_validate({**kept, **places})
    truth = None if settings.input.inspections else read_truth(run)
    found = rank.run(run, ranked, team)
    if found is None:
        return None
    known = known_cases(run, settings, found, truth)
    scores = all_scores(found, ranked, settings, known, seed)
    report: Report = {"against": "inspections" if truth is None else "truth", "counts": known.counts}
    report |= measured(scores, found, known, settings, seed)
    if truth is not None:
        report |= truth_figures(scores, found, truth, known)
        for name in MAIN:
            report[name]["auc_by_attack"] = auc_by_attack(scores[name], truth)
    folder = run / "screen"
    report |= write_learned(folder, found, ranked, known, seed)
    files.write_bytes(folder / "metrics.json", json_bytes(report))
    write_table(folder / "pr.csv", curves(scores, known))
    files.write_bytes(folder / "validation.md", page(report).encode())
    return report


def read_truth(run: Path) -> Arrays:
    """Return the truth of all installations of a run; raise CrocsError where there is none."""
    folder = run / "screen" / "truth"
    if not listed(folder):
        raise CrocsError(
            f"{run}: no truth; give --input-inspections FILE (id, date, found), or use a run of "
            "`crocs screen simulate`"
        )
    return together(folder, TRUTH)


def known_cases(run: Path, settings: ValidateSettings, ranking: Ranking, truth: Arrays | None) -> Labels:
    """Return which installations are known to be cases, or not to be."""
    if truth is None:
        path = Path(str(settings.input.inspections))
        return labels.of_inspections(read_inspections(path, settings.input), ranking)
    if not np.array_equal(truth["installation_id"], ranking.actual.columns["installation_id"]):
        raise CrocsError(f"{run / 'screen' / 'truth'}: not the truth of these installations; simulate again")
    return labels.of_truth(truth, settings.with_types)


def measured(
    scores: Arrays, ranking: Ranking, known: Labels, settings: ValidateSettings, seed: int
) -> Report:
    """Return the figures of every method, of the head of the list, and of its false discovery rates."""
    positive = known.positive[known.known]
    stolen = None if known.stolen is None else known.stolen[known.known]
    report: Report = {}
    for name, score in scores.items():
        report[name] = metrics.summary(score[known.known], positive, stolen)
        if name in MAIN:
            interval = metrics.bootstrap_interval(score[known.known], positive, seed, settings.bootstrap)
            report[name]["ap_interval"] = list(interval)
    order, q_value = ranking.actual.order, np.nan_to_num(ranking.q_value, nan=1.0)
    heads = {str(k): _head(known, order[:k]) for k in CUTS if k <= len(order)}
    rates = {str(rate): _head(known, np.nonzero(at_most(q_value, rate))[0]) for rate in RATES}
    return report | {"head_of_the_list": heads, "false_discovery": rates}


def _head(known: Labels, rows: np.ndarray) -> Report:
    """Return how many of some installations are known, how many are cases, and the fraction that are not."""
    rows = rows[known.known[rows]]
    cases = int(known.positive[rows].sum())
    return {"known": len(rows), "cases": cases, "false": 1 - cases / len(rows) if len(rows) else None}


def curves(scores: Arrays, known: Labels) -> dict[str, np.ndarray]:
    """Return the precision-recall and ROC curves of the main methods as columns."""
    parts = {name: metrics.curve(scores[name][known.known], known.positive[known.known]) for name in MAIN}
    method = np.concatenate([[name] * len(part["k"]) for name, part in parts.items()])
    names = next(iter(parts.values()))
    return {"method": method} | {name: np.concatenate([p[name] for p in parts.values()]) for name in names}


def write_learned(folder: Path, ranking: Ranking, ranked: RankSettings, known: Labels, seed: int) -> Report:
    """Write probabilities.csv and factors.yaml where enough installations have a label; return figures.

    Those of an earlier validation go, so that none stands beside figures of other labels.
    """
    learned = folder / "probabilities.csv", folder / "factors.yaml"
    for path in learned:
        path.unlink(missing_ok=True)
    verdict, columns = ranking.actual, ranking.actual.columns
    rows, order = np.nonzero(verdict.ranked & known.known)[0], verdict.order
    fit = calibration.calibrate(verdict.score.final, verdict.ranked, known.known, known.positive, seed)
    if fit is None:
        return {"calibration": None, "factors": None}
    table = {
        "rank": np.arange(1, len(order) + 1),
        "id": columns["installation_id"][order],
        "level": np.array(LEVELS)[columns["level"][order]],
        "final": verdict.score.final[order],
        "probability": fit.probability[order],
    }
    write_table(learned[0], table)
    tags = np.column_stack([verdict.tags[tag][rows] for tag in TAGS])
    factors = calibration.fit_factors(tags, known.positive[rows], ranked.factors.model_dump())
    if factors is not None:
        files.write_bytes(learned[1], yaml.safe_dump(factors, sort_keys=False).encode())
    figures = {
        "method": fit.method,
        "labelled": len(rows),
        "brier": fit.brier,
        "brier_of_the_mean": fit.brier_of_mean,
        "reliability": calibration.reliability(fit.out_of_fold, known.positive[rows]),
    }
    return {"calibration": figures, "factors": factors}


def all_scores(
    ranking: Ranking, ranked: RankSettings, settings: ValidateSettings, known: Labels, seed: int
) -> Arrays:
    """Return {name: score} of every method; installations without a rank come last in each.

    Baselines come plain and with the rule of the ceased; `default_plain` is the default without that rule.
    Each score is its place in the order of its method, so that scores that rounding parts stay equal.
    """
    columns, model = ranking.actual.columns, ranking.source.model
    paper = RankSettings.model_validate({"preset": "paper"})
    unruled = ranked.model_copy(
        update={"factors": FactorSettings(**{**ranked.factors.model_dump(), "ceased": 0})}
    )
    scores = {
        "default": ranking.actual.score.final,
        "default_plain": judge.verdict(columns, ranking.crowd, model.shape_scale, unruled).score.final,
    }
    others = {
        "paper": judge.verdict(columns, ranking.crowd, model.shape_scale, paper).score.final,
        "drop_ratio": baselines.drop_ratio(columns),
        "isolation_forest": baselines.isolation_forest(columns, seed),
        "same_period_last_year": baselines.same_period_last_year(columns),
        "isolation_forest_of_shapes": baselines.isolation_forest_of_shapes(columns, seed),
        "forecast_residuals": baselines.forecast_residuals(*weekly_changes(ranking)),
    }
    if settings.supervised:
        tags = np.column_stack([ranking.actual.tags[tag] for tag in TAGS])
        others["supervised"] = baselines.gradient_boosting(tags, known.known, known.positive, seed)
    stopped = columns["ceased"] > 0
    scores |= others | {f"{name}_ceased": baselines.ceased_last(s, stopped) for name, s in others.items()}
    scores["random"] = baselines.random_order(len(stopped), seed)
    return {name: rank_of(np.where(ranking.actual.ranked, s, s.min() - 1)) for name, s in scores.items()}


def page(report: Report) -> str:
    """Return the figures as a page of Markdown."""
    environment = html.environment().overlay(autoescape=False)
    environment.filters["shown"] = shown
    titles = ("by_set", "ceased", "checkup", "class_changes", "onset", "false_discovery")
    return environment.get_template("screen/validation.md").render(
        report,
        methods={name: row for name, row in report.items() if "auc" in (row or ())},
        control=report.get("negative_control"),
        by_attack=report["default"].get("auc_by_attack"),
        heads=report["head_of_the_list"],
        least=calibration.LEAST_FOR_LOGISTIC,
        of_each=calibration.FOLDS,
        others={name.replace("_", " "): json_text(report[name]) for name in titles if name in report},
    )


def shown(value: float | None) -> str:
    """Return a figure with three decimals, or that it is not known."""
    return "not known" if value is None or np.isnan(value) else f"{value:.3f}"
