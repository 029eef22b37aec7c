"""Output of `crocs paper`: the findings of one experiment as lines, and of all as one page."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from markupsafe import Markup

from crocs_cli.errors import CallError
from crocs_cli.machine import files
from crocs_cli.machine.plain import counted
from crocs_cli.machine.settings import nearest
from crocs_cli.machine.team import Team
from crocs_cli.paper.experiment import Study
from crocs_cli.paper.experiments import NAMES, experiment
from crocs_cli.paper.work import Outcome
from crocs_cli.paper.work import run as run_experiment
from crocs_cli.report import html

#: at the paper's size it takes a machine of its own, and its figures are times
BY_ITSELF = "scaling"


def listed() -> list[str]:
    """Return one line for each experiment: its name, where it is in the paper, its claim."""
    found = [experiment(name) for name in NAMES]
    return [f"{one.name:16s} {one.source:18s} {one.title}" for one in found]


def run(name: str, study: Study, out: Path, team: Team) -> list[str]:
    """Bring one experiment, or all, up to date; return the lines to print, the verdict last.

    Raises CallError for an unknown name.
    """
    if name not in (*NAMES, "all"):
        raise CallError(f"crocs paper {name}: no such experiment{nearest(name, NAMES)}")
    wanted = [name] if name != "all" else [one for one in NAMES if study.quick or one != BY_ITSELF]
    outcomes = [outcome for one in wanted if (outcome := run_experiment(experiment(one), study, out, team))]
    lines = [line for outcome in outcomes for line in described(outcome, study)]
    if len(outcomes) < len(wanted):
        return [*lines, f"{out}: this share is done; the last share, or a call without --share, judges"]
    if name != "all":
        return [*lines, _verdict(outcomes[0].experiment.title, outcomes)]
    page = out / ("quick.html" if study.quick else "index.html")
    files.write_bytes(page, _page(outcomes, study).encode())
    return [
        *lines,
        f"{page}: all claims beside the paper's",
        _verdict("every claim of every experiment", outcomes),
    ]


def described(outcome: Outcome, study: Study) -> list[str]:
    """Return the lines of one experiment: its size, then each finding beside the paper's."""
    one = outcome.experiment
    lines = [f"{one.name} ({one.source}): {size(outcome, study)}"]
    for finding in outcome.findings:
        lines.append(f"  {'yes' if finding.holds else 'NO '} {finding.claim}")
        lines.append(f"      here: {finding.ours}")
        lines.append(f"      paper: {finding.paper}")
    return lines


def size(outcome: Outcome, study: Study) -> str:
    """Describe what an experiment ran on, and how that differs from the paper's size."""
    one = outcome.experiment
    if one.uses_run:
        data = (
            f"the days of {study.run}"
            if outcome.on_real_days
            else "a synthetic stand-in; --run gives real days"
        )
    else:
        data = "synthetic populations"
    words = (
        "quick size"
        if study.quick
        else f"{outcome.repetitions} of the paper's {one.repetitions[1]} data sets a setting"
    )
    if one.repetitions[1] == 1 and not study.quick:
        words = "paper's settings"
    return f"{words}, {counted(outcome.cells, 'cell')}, {data}"


def _verdict(title: str, outcomes: Sequence[Outcome]) -> str:
    """Return the last line."""
    failed = [finding.claim for outcome in outcomes for finding in outcome.findings if not finding.holds]
    if failed:
        return f"does not hold: {'; '.join(failed)}"
    return f"holds: {title[0].lower() if title[1:2].islower() else title[0]}{title[1:]}"


def _page(outcomes: Sequence[Outcome], study: Study) -> str:
    """Return the page of all experiments as HTML that needs nothing from elsewhere."""
    pictures = {
        outcome.experiment.name: Markup((outcome.folder / "picture.svg").read_text()) for outcome in outcomes
    }
    return (
        html.environment()
        .get_template("paper/page.html")
        .render(
            outcomes=outcomes,
            pictures=pictures,
            sizes={outcome.experiment.name: size(outcome, study) for outcome in outcomes},
            left_out=None if study.quick else BY_ITSELF,
        )
    )
