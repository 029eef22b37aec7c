"""One day's behaviour depends on that of the day before (paper section 5.4.1, Table 4 and Fig. 10)."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from crocs_cli.maths.markov import order_test, transition_counts, transition_matrix
from crocs_cli.maths.population import Behaviour
from crocs_cli.paper import pictures
from crocs_cli.paper.crocs import stage1
from crocs_cli.paper.days import Days, stand_in
from crocs_cli.paper.experiment import Cell, Experiment, Figures, Finding, Setting, Study, random_of
from crocs_cli.paper.table import Table
from crocs_cli.pictures import style

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
    """Take the consumers in blocks, with both algorithms."""
    consumers = STAND_IN_CONSUMERS if study.days is None else len(study.days)
    if study.quick:
        consumers = min(consumers, 2 * BLOCK)
    return [
        {"algorithm": algorithm, "first": first, "consumers": min(BLOCK, consumers - first)}
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
            counts = transition_counts(labels[own], days.dates[own], states)
            shuffled = transition_counts(random.permutation(labels[own]), days.dates[own], states)
            figures.append((f"p of consumer {first + consumer}", states, order_test(counts)))
            figures.append((f"p when shuffled of consumer {first + consumer}", states, order_test(shuffled)))
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
        plain = np.char.startswith(rows["series"].astype(str), "p of")
        p, shuffled = (
            rows["value"][plain],
            rows["value"][np.char.startswith(rows["series"].astype(str), "p when")],
        )
        markov, chance = (p < LEVEL).mean(), (shuffled < LEVEL).mean()
        strict = (p < LEVEL / len(p)).mean()
        findings += [
            Finding(
                f"{algorithm}: the vast majority of label sequences are first-order Markov",
                PAPER[algorithm],
                f"{markov:.3f} of {len(p)} sequences (days shuffled: {chance:.3f})",
                bool(markov >= VAST),
            ),
            Finding(
                f"{algorithm}: most are so with Bonferroni's correction, too",
                PAPER_BONFERRONI[algorithm],
                f"{strict:.3f}",
                bool(strict > MAJORITY),
            ),
        ]
    shapes, aligned = table.curve(series="days aligned")
    findings.append(
        Finding(
            "with more shapes, consumers of one chain show the same shape on fewer days",
            "low alignment is the norm",
            f"{aligned[0]:.2f} of days with {shapes[0]:.0f} shapes, {aligned[-1]:.2f} with {shapes[-1]:.0f}",
            bool(aligned[-1] < aligned[0]),
        )
    )
    return findings


def draw(table: Table) -> Figure:
    """Draw the share of sequences found to be Markov over the number of clusters, and when shuffled."""
    figure, axes = pictures.panels(1, 2)
    for panel, algorithm in zip(axes[0], ("ward", "kmedoids"), strict=True):
        rows = table.where(algorithm=algorithm)
        series = rows["series"].astype(str)
        for number, (name, start) in enumerate((("as lived", "p of"), ("days shuffled", "p when"))):
            chosen = np.char.startswith(series, start)
            at = np.unique(rows["at"][chosen])
            share = [(rows["value"][chosen & (rows["at"] == place)] < LEVEL).mean() for place in at]
            panel.plot(at, share, color=style.colour(number), marker=".", label=name)
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
    cell_s=60,
    uses_run=True,
)
