"""One day's behaviour depends on that of the day before (paper section 5.4.1, Table 4 and Fig. 10)."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from crocs_cli.maths.decisions import at_least
from crocs_cli.maths.sequences.markov import (
    SHUFFLES,
    order_test,
    shuffled_order_test,
    transition_counts,
    transition_matrix,
)
from crocs_cli.maths.synthetic.population import Behaviour
from crocs_cli.paper import pictures
from crocs_cli.paper.crocs import stage1
from crocs_cli.paper.days import Days, stand_in
from crocs_cli.paper.experiment import Cell, Experiment, Figures, Finding, Setting, Study, random_of
from crocs_cli.paper.table import Table
from crocs_cli.report import style

STATES, QUICK_STATES = range(2, 51), (2, 4, 8)
#: consumers of one cell
BLOCK = 5
LEVEL = 0.05
#: what the vast majority is at least, and the majority under the strictest correction
VAST, MAJORITY = 0.75, 0.5
STAND_IN_CONSUMERS, STAND_IN_DAYS = 10, 480
#: shapes, and the sequences that are compared for each chain (Fig. 10)
SHAPES, SEQUENCES, SEQUENCE_DAYS = (2, 4, 6, 8), 50, 90
PAPER = {"ward": "0.999 (AG), 0.948 (SGSC)", "kmedoids": "0.996 (AG), 0.926 (SGSC)"}
PAPER_BONFERRONI = {"ward": "0.989 (AG), 0.737 (SGSC)", "kmedoids": "0.986 (AG), 0.676 (SGSC)"}


def settings(study: Study) -> list[Setting]:
    """Return blocks of consumers, with both algorithms."""
    consumers = STAND_IN_CONSUMERS if study.days is None else len(study.days)
    if study.quick:
        consumers = min(consumers, 2 * BLOCK)
    return [
        {
            "algorithm": algorithm,
            "first": first,
            "consumers": min(BLOCK, consumers - first),
            "shuffles": SHUFFLES,
        }
        for algorithm in ("ward", "kmedoids")
        for first in range(0, consumers, BLOCK)
    ]


def measure(cell: Cell, study: Study) -> Figures:
    """Test the labels of every consumer for every number of clusters, as lived and with days shuffled."""
    first, number = int(cell.setting["first"]), int(cell.setting["consumers"])
    whole = study.days or stand_in(STAND_IN_CONSUMERS, STAND_IN_DAYS, study.seed)
    days, algorithm = whole.take(slice(first, first + number)), str(cell.setting["algorithm"])
    random = random_of(cell, study)
    figures: Figures = []
    for states in QUICK_STATES if study.quick else STATES:
        labels = stage1(days, states, algorithm, study.seed, study.threads).day_label
        for consumer in range(len(days)):
            own = slice(*days.offset[consumer : consumer + 2])
            lived, dates = labels[own], days.dates[own]
            for name, p in (
                ("p", shuffled_order_test(lived, dates, states, random)),
                ("shuffled p", shuffled_order_test(random.permutation(lived), dates, states, random)),
                ("asymptotic p", order_test(transition_counts(lived, dates, states))),
            ):
                figures.append((f"{name} of consumer {first + consumer}", states, p))
    return figures + _alignment(days, algorithm, study, random)


def _alignment(days: Days, algorithm: str, study: Study, random: np.random.Generator) -> Figures:
    """Return the mean share of days on which two sequences of one estimated chain agree."""
    figures: Figures = []
    for shapes in SHAPES:
        labels = stage1(days, shapes, algorithm, study.seed, study.threads).day_label
        for consumer in range(len(days)):
            own = slice(*days.offset[consumer : consumer + 2])
            chain = transition_matrix(transition_counts(labels[own], days.dates[own], shapes))
            behaviour = Behaviour(np.arange(shapes), chain)
            drawn = np.array([behaviour.draw(SEQUENCE_DAYS, random) for _ in range(SEQUENCES)])
            same = (drawn[:, None] == drawn).mean(axis=2)
            figures.append(("days aligned", shapes, same[np.triu_indices(SEQUENCES, 1)].mean()))
    return figures


def judge(table: Table, study: Study) -> list[Finding]:
    """Count the label sequences that are no sequences of independent days."""
    findings = []
    for algorithm in ("ward", "kmedoids"):
        rows = table.where(algorithm=algorithm)
        p_values = [rows["value"][_of_consumers(rows, name)] for name in ("p", "shuffled p", "asymptotic p")]
        number = len(p_values[0])
        below, strictly = ([_below(level, p) for p in p_values] for level in (LEVEL, LEVEL / number))
        findings += [
            Finding(
                f"{algorithm}: the vast majority of label sequences are first-order Markov",
                PAPER[algorithm],
                f"{below[0]:.3f} of {number} sequences (days shuffled: {below[1]:.3f}; "
                f"by the asymptotic distribution: {below[2]:.3f})",
                below[0] >= VAST,
            ),
            Finding(
                f"{algorithm}: most are so with Bonferroni's correction, too",
                PAPER_BONFERRONI[algorithm],
                f"{strictly[0]:.3f} (days shuffled: {strictly[1]:.3f}; "
                f"by the asymptotic distribution: {strictly[2]:.3f})",
                strictly[0] > MAJORITY,
            ),
        ]
    shapes, aligned = table.curve(series="days aligned")
    findings.append(
        Finding(
            "with more shapes, consumers of one chain show the same shape on fewer days",
            "low alignment is the norm",
            f"{aligned[0]:.2f} of days with {shapes[0]:.0f} shapes, {aligned[-1]:.2f} with {shapes[-1]:.0f}",
            not at_least(aligned[-1], aligned[0]),
        )
    )
    return findings


def _of_consumers(rows: Table, name: str) -> np.ndarray:
    """Return whether the series of each row has that name, whoever the consumer: (rows,) bool."""
    return np.char.startswith(rows["series"].astype(str), f"{name} of")


def _below(level: float, p: np.ndarray) -> float:
    """Return the fraction of p-values below a level; one that equals it is not."""
    return float((~at_least(p, level)).mean())


def draw(table: Table) -> Figure:
    """Draw the share of sequences found to be Markov over the number of clusters, and when shuffled."""
    figure, axes = pictures.panels(1, 2)
    for panel, algorithm in zip(axes[0], ("ward", "kmedoids"), strict=True):
        rows = table.where(algorithm=algorithm)
        for number, (label, name) in enumerate((("as lived", "p"), ("days shuffled", "shuffled p"))):
            chosen = _of_consumers(rows, name)
            at = np.unique(rows["at"][chosen])
            share = [_below(LEVEL, rows["value"][chosen & (rows["at"] == place)]) for place in at]
            panel.plot(at, share, color=style.colour(number), marker=".", label=label)
        panel.axhline(LEVEL, color=style.MUTED, linestyle=":")
    pictures.name_axes(axes, "clusters of each consumer", "share found Markov", ["ward", "kmedoids"])
    return figure


EXPERIMENT = Experiment(
    "markov",
    "Table 4, Fig. 10",
    "A consumer's days form a first-order Markov chain",
    (1, 1),
    settings,
    measure,
    judge,
    draw,
    cell_s=30,
    uses_run=True,
)
