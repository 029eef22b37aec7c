"""The share of outlier days at which recovery breaks (next check of the paper's summary)."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from crocs_cli.maths.clustering.scores import adjusted_rand
from crocs_cli.maths.decisions import at_least
from crocs_cli.paper import pictures
from crocs_cli.paper.crocs import compare, load_sets, partition
from crocs_cli.paper.days import Synthetic
from crocs_cli.paper.experiment import Cell, Experiment, Figures, Finding, Setting, Study
from crocs_cli.paper.table import Table

SHARES, QUICK_SHARES = (0.0, 0.25, 0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9), (0.0, 0.5, 0.9)
PROTOTYPES = (10, 20, 40)
#: up to half of the days no more than this may be lost; below the second, recovery is broken
ROBUST_LOSS, BROKEN = 0.05, 0.8
#: the share of outlier days over which the paper's summary expects recovery to break
DOMINANT = 0.8


def settings(study: Study) -> list[Setting]:
    """Vary the share of outlier days."""
    consumers, days = (40, 60) if study.quick else (100, 90)
    size = {"consumers": consumers, "days": days, "clusters": 5, "shapes": 4}
    shares = QUICK_SHARES if study.quick else SHARES
    return [{**size, "outliers": round(share * days)} for share in shares]


def measure(cell: Cell, study: Study) -> Figures:
    """Score the clusters (Ward), and measure how far days are from their consumer's prototypes."""
    seed = study.seed_of(cell)
    drawn = Synthetic(**cell.setting)  # type: ignore[arg-type]
    days, truth = drawn.draw(seed)
    figures: Figures = []
    for prototypes in PROTOTYPES:
        sets = load_sets(days, prototypes, "ward", seed, study.threads)
        labels = partition(compare(sets, days.window, study.threads), drawn.clusters, "ward", seed)
        share = drawn.outliers / drawn.days
        figures.append((f"ari with {prototypes} prototypes", share, adjusted_rand(truth, labels)))
        figures.append((f"error with {prototypes} prototypes", share, days.error(sets)))
    return figures


def judge(table: Table, study: Study) -> list[Finding]:
    """Find the share of outlier days from which recovery breaks."""
    curves = {number: table.curve(series=f"ari with {number} prototypes") for number in PROTOTYPES}
    shares, most = curves[max(PROTOTYPES)]
    half = shares <= 0.5
    broken = {number: shares[~at_least(ari, BROKEN)] for number, (_, ari) in curves.items()}
    said = "; ".join(
        f"{number} prototypes: " + (f"ARI below {BROKEN} from {100 * at[0]:.0f} %" if len(at) else "never")
        for number, at in broken.items()
    )
    return [
        Finding(
            "recovery is robust up to 50 % outlier days",
            "robust up to 50 % without significant degradation",
            f"ARI {most[0]:.3f} without, {most[half][-1]:.3f} with 50 %, at {max(PROTOTYPES)} prototypes",
            bool(at_least(most[half].min(), most[0] - ROBUST_LOSS)),
        ),
        Finding(
            "recovery breaks only where outlier days dominate (over 80 %)",
            "break condition over 80 %; not tested there",
            f"{said}; ARI {most[-1]:.3f} at {100 * shares[-1]:.0f} %",
            bool(
                any(len(at) for at in broken.values())
                and all(np.all(at > DOMINANT) for at in broken.values())
            ),
        ),
    ]


def draw(table: Table) -> Figure:
    """Draw ARI and the reconstruction error over the share of outlier days."""
    figure, axes = pictures.panels(1, 2, shared=False)
    for number, prototypes in enumerate(PROTOTYPES):
        label = f"{prototypes} prototypes"
        pictures.line(axes[0, 0], table, label, number, series=f"ari with {label}")
        pictures.line(axes[0, 1], table, label, number, series=f"error with {label}")
    axes[0, 1].set_ylabel("mean distance of a day")
    pictures.name_axes(axes, "share of outlier days", "ARI", ["recovery", "reconstruction error"])
    return figure


EXPERIMENT = Experiment(
    "outlier-stress",
    "summary, check 1",
    "Recovery holds up to half of the days being outliers, and breaks where they dominate",
    (2, 20),
    settings,
    measure,
    judge,
    draw,
    cell_s=0.6,
)
