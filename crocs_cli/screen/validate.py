"""Stage `screen validate`: rankings of default, paper and baselines measured against the truth."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from crocs_cli.errors import CrocsError
from crocs_cli.machine import files
from crocs_cli.machine.plain import json_bytes, json_text
from crocs_cli.machine.shards import shards
from crocs_cli.machine.team import Team
from crocs_cli.maths.decisions import rank as rank_of
from crocs_cli.screen import rank
from crocs_cli.screen.layouts import SCORES, TRUTH
from crocs_cli.screen.rank import Ranking
from crocs_cli.screen.ranking import judge
from crocs_cli.screen.ranking.tags import TAGS
from crocs_cli.screen.settings import FactorSettings, RankSettings, ValidateSettings
from crocs_cli.screen.tables import write_table
from crocs_cli.screen.truth import baselines
from crocs_cli.screen.truth.against_truth import Arrays, Report, curves, measured, thieves, weekly_changes


def run(run: Path, settings: ValidateSettings, seed: int, team: Team) -> Report | None:
    """Measure every ranking of a run whose truth is known; write metrics.json, pr.csv and validation.md.

    The ranking's settings are those it was made with. Raises CrocsError when there is no truth or no ranking.
    None in a process that does not lead.
    """
    truth = read_truth(run)
    kept = files.read_recipe(run / "screen" / "scores.h5", SCORES)["settings"]
    places = settings.model_dump(include={"model", "peers"})
    ranked = RankSettings.model_validate({**kept, **places})
    found = rank.run(run, ranked, team)
    if found is None:
        return None
    if not np.array_equal(truth["installation_id"], found.actual.columns["installation_id"]):
        raise CrocsError(f"{run / 'screen' / 'truth'}: not the truth of these installations; simulate again")
    scores = all_scores(found, ranked, settings, truth, seed)
    report = measured(scores, found, truth, settings, seed)
    folder = run / "screen"
    files.write_bytes(folder / "metrics.json", json_bytes(report))
    write_table(folder / "pr.csv", curves(scores, truth, settings))
    files.write_bytes(folder / "validation.md", page(report).encode())
    return report


def read_truth(run: Path) -> Arrays:
    """Return the truth of all installations of a run."""
    folder = run / "screen" / "truth"
    parts = [files.read(folder / f"{key}.h5", TRUTH) for key in shards(folder, TRUTH)]
    return {name: np.concatenate([part[name] for part in parts]) for name in TRUTH.arrays}


def all_scores(
    found: Ranking, ranked: RankSettings, settings: ValidateSettings, truth: Arrays, seed: int
) -> Arrays:
    """Return {name: score} of every method; who has no rank is below everybody, in every method alike.

    Baselines come plain and with the rule of the ceased; `default_plain` is the default without that rule.
    Each score is its place in the order of its method, so that scores that rounding parts stay equal.
    """
    columns, model = found.actual.columns, found.source.model
    paper = RankSettings.model_validate({"preset": "paper"})
    unruled = ranked.model_copy(
        update={"factors": FactorSettings(**{**ranked.factors.model_dump(), "ceased": 0})}
    )
    scores = {
        "default": found.actual.score.final,
        "default_plain": judge.verdict(columns, found.crowd, model.shape_scale, unruled).score.final,
    }
    others = {
        "paper": judge.verdict(columns, found.crowd, model.shape_scale, paper).score.final,
        "drop_ratio": baselines.drop_ratio(columns),
        "isolation_forest": baselines.isolation_forest(columns, seed),
        "same_period_last_year": baselines.same_period_last_year(columns),
        "isolation_forest_of_shapes": baselines.isolation_forest_of_shapes(columns, seed),
        "forecast_residuals": baselines.forecast_residuals(*weekly_changes(found)),
    }
    if settings.supervised:
        tags = np.column_stack([found.actual.tags[tag] for tag in TAGS])
        others["supervised"] = baselines.gradient_boosting(tags, thieves(truth, settings), seed)
    stopped = columns["ceased"] > 0
    scores |= others | {f"{name}_ceased": baselines.ceased_last(s, stopped) for name, s in others.items()}
    scores["random"] = baselines.random_order(len(stopped), seed)
    return {name: rank_of(np.where(found.actual.ranked, s, s.min() - 1)) for name, s in scores.items()}


def page(report: Report) -> str:
    """Return the figures as a page of Markdown."""
    counts = report["counts"]
    lines = [
        "# Screening against the truth",
        "",
        f"{counts['thieves']} thieves among {counts['installations']} installations.",
        "",
        "| ranking | AUC | AP | P@50 | P@100 | P@200 | P@500 | negative control AUC |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name, control in report["negative_control"].items():
        row = report[name]
        cells = [row.get(key) for key in ("auc", "ap", "p_at_50", "p_at_100", "p_at_200", "p_at_500")]
        shown = " | ".join(map(_shown, [*cells, control]))
        lines.append(f"| {name} | {shown} |")
    lines += ["", "| attack | default AUC |", "|---|---|"]
    lines += [f"| {name} | {_shown(value)} |" for name, value in report["default"]["auc_by_attack"].items()]
    for title in ("by_set", "ceased", "checkup", "class_changes", "onset", "false_discovery"):
        lines += ["", f"{title.replace('_', ' ')}: {json_text(report[title])}"]
    return "\n".join(lines) + "\n"


def _shown(value: float | None) -> str:
    return "not known" if value is None or np.isnan(value) else f"{value:.3f}"
