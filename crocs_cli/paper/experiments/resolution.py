"""Hourly against half-hourly readings (next check of the paper's summary)."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from crocs_cli.maths.clustering.scores import adjusted_rand
from crocs_cli.maths.decisions import at_least
from crocs_cli.paper import pictures
from crocs_cli.paper.crocs import compare, load_sets, partition
from crocs_cli.paper.days import Days, Synthetic
from crocs_cli.paper.experiment import Cell, Experiment, Figures, Finding, Setting, Study
from crocs_cli.paper.table import Table

SHAPES, OUTLIERS, QUICK_SHAPES, QUICK_OUTLIERS = (2, 4, 6), (0, 15, 30, 45), (4,), (0, 20)
PROTOTYPES = 20
#: an ARI this far below is about as good
CLOSE = 0.05


def settings(study: Study) -> list[Setting]:
    """Vary shapes and outlier days."""
    size = (
        {"consumers": 40, "days": 45, "clusters": 4}
        if study.quick
        else {"consumers": 100, "days": 90, "clusters": 5}
    )
    return [
        {**size, "shapes": shapes, "outliers": outliers}
        for shapes in (QUICK_SHAPES if study.quick else SHAPES)
        for outliers in (QUICK_OUTLIERS if study.quick else OUTLIERS)
    ]


def measure(cell: Cell, study: Study) -> Figures:
    """Score the clusters of the same days at 48 and at 24 slots, by Ward, and how far the two agree."""
    seed = study.seed_of(cell)
    drawn = Synthetic(**cell.setting)  # type: ignore[arg-type]
    days, truth = drawn.draw(seed)
    fine, coarse = (_labels(each, drawn.clusters, seed, study.threads) for each in (days, days.hourly()))
    return [
        ("half-hourly", drawn.outliers, adjusted_rand(truth, fine)),
        ("hourly", drawn.outliers, adjusted_rand(truth, coarse)),
        ("agreement", drawn.outliers, adjusted_rand(fine, coarse)),
    ]


def _labels(days: Days, clusters: int, seed: int, threads: int) -> np.ndarray:
    sets = load_sets(days, PROTOTYPES, "ward", seed, threads)
    return partition(compare(sets, days.window, threads), clusters, "ward", seed)


def judge(table: Table, study: Study) -> list[Finding]:
    """Compare the two resolutions."""
    fine, coarse = table.mean(series="half-hourly"), table.mean(series="hourly")
    agreed = table.mean(series="agreement")
    return [
        Finding(
            "hourly readings recover the clusters about as well as half-hourly ones",
            "assumes half-hourly; coarser not tested",
            f"ARI {coarse:.3f} hourly, {fine:.3f} half-hourly, {agreed:.3f} of one to the other",
            bool(at_least(coarse, fine - CLOSE)),
        )
    ]


def draw(table: Table) -> Figure:
    """Draw ARI over the outlier days at both resolutions, a panel for each number of shapes."""
    shapes = table.unique("shapes")
    figure, axes = pictures.panels(1, len(shapes))
    for panel, shape in zip(axes[0], shapes, strict=True):
        for number, series in enumerate(("half-hourly", "hourly")):
            pictures.line(panel, table, series, number, series=series, shapes=shape)
        panel.set_ylim(pictures.ARI_RANGE)
    pictures.name_axes(axes, "outlier days", "ARI", [f"{shape} shapes" for shape in shapes])
    return figure


EXPERIMENT = Experiment(
    "resolution",
    "summary, check 2",
    "Hourly readings are enough to recover the clusters",
    (2, 20),
    settings,
    measure,
    judge,
    draw,
    cell_s=0.4,
)
