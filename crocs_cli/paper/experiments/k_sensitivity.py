"""The number of prototypes: asking for too many does no harm (paper section 5.1, Fig. 3)."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from crocs_cli.maths.clustering.scores import scores
from crocs_cli.maths.decisions import at_least, at_most
from crocs_cli.paper import pictures
from crocs_cli.paper.crocs import compare, load_sets, partition
from crocs_cli.paper.days import Synthetic
from crocs_cli.paper.experiment import Cell, Experiment, Figures, Finding, Setting, Study
from crocs_cli.paper.table import Table

SHAPES, OUTLIERS_OF, OUTLIERS = (2, 4, 6, 8), 6, (15, 30, 45)
PROTOTYPES = {"ward": range(1, 31), "kmedoids": (*range(1, 11), 12, 15, 20, 25, 30)}
QUICK_PROTOTYPES = {"ward": (1, 2, 4, 6, 10, 15, 20, 30), "kmedoids": (1, 6, 30)}
#: what falls by less than this stays on the plateau
LEVEL = 0.03
#: an ARI from here on is an acceptable recovery
ACCEPTABLE = 0.9


def settings(study: Study) -> list[Setting]:
    """Vary the number of shapes without outliers, then the outliers of six shapes."""
    consumers, days, clusters = (30, 60, 4) if study.quick else (100, 90, 5)
    shapes = (2, OUTLIERS_OF) if study.quick else SHAPES
    outliers = (days // 2,) if study.quick else OUTLIERS
    size = {"consumers": consumers, "days": days, "clusters": clusters}
    varied = [(number, 0) for number in shapes] + [(OUTLIERS_OF, number) for number in outliers]
    return [{**size, "shapes": shape, "outliers": outlier} for shape, outlier in varied]


def measure(cell: Cell, study: Study) -> Figures:
    """Score the clusters for every number of prototypes."""
    seed = study.seed_of(cell)
    drawn = Synthetic(**cell.setting)  # type: ignore[arg-type]
    days, truth = drawn.draw(seed)
    figures: Figures = []
    for algorithm, tried in (QUICK_PROTOTYPES if study.quick else PROTOTYPES).items():
        for prototypes in tried:
            sets = load_sets(days, prototypes, algorithm, seed, study.threads)
            labels = partition(compare(sets, days.window, study.threads), drawn.clusters, algorithm, seed)
            for index, score in scores(truth, labels).items():
                figures.append((f"{algorithm} {index}", prototypes, score))
    return figures


def judge(table: Table, study: Study) -> list[Finding]:
    """Find the plateau, the recovery among outlier days, and the prototypes that it needs."""
    return [
        finding
        for algorithm in PROTOTYPES
        for finding in (_plateau(table, algorithm), _recovery(table, algorithm), _need(table, algorithm))
    ]


def _plateau(table: Table, algorithm: str) -> Finding:
    falls = []
    for shapes in table.unique("shapes"):
        _, ari = table.curve(series=f"{algorithm} ari", shapes=shapes, outliers=0)
        falls.append(ari.max() - ari[-1])
    return Finding(
        f"{algorithm}: without outliers, over-estimating the prototypes leads to a plateau",
        "a plateau rather than degradation",
        f"ARI at 30 prototypes is at most {max(falls):.3f} below the best",
        bool(at_most(max(falls), LEVEL, scale=1.0)),
    )


def _recovery(table: Table, algorithm: str) -> Finding:
    most = max(table.unique("outliers"))
    prototypes, ari = table.curve(series=f"{algorithm} ari", outliers=most)
    return Finding(
        f"{algorithm}: with half of the days outliers, many prototypes still recover the clusters",
        "acceptable recovery",
        f"ARI {ari[-1]:.3f} at {prototypes[-1]:.0f} prototypes",
        bool(at_least(ari[-1], ACCEPTABLE)),
    )


def _need(table: Table, algorithm: str) -> Finding:
    """Return how many prototypes it takes to reach the plateau."""
    needed = []
    for outliers in (0, max(table.unique("outliers"))):
        prototypes, ari = table.curve(series=f"{algorithm} ari", shapes=OUTLIERS_OF, outliers=outliers)
        needed.append((prototypes[np.argmax(at_least(ari, ari.max() - LEVEL))], ari[0]))
    (clean, _), (outlying, few) = needed
    return Finding(
        f"{algorithm}: too few prototypes fail, and outlier days need as many or more of them",
        "a greater need for over-estimation",
        f"{clean:.0f} without and {outlying:.0f} with outliers; ARI {few:.3f} with the fewest",
        bool(outlying >= clean and not at_least(few, ACCEPTABLE)),
    )


def draw(table: Table) -> Figure:
    """Draw ARI over the number of prototypes: a row for each algorithm, a column for each scenario."""
    figure, axes = pictures.panels(2, 2)
    for row, algorithm in zip(axes, ("ward", "kmedoids"), strict=True):
        for number, shapes in enumerate(table.unique("shapes")):
            wanted = {"series": f"{algorithm} ari", "shapes": shapes, "outliers": 0}
            pictures.line(row[0], table, f"{shapes} shapes, no outliers", number, **wanted)
        for number, outliers in enumerate(table.unique("outliers")):
            wanted = {"series": f"{algorithm} ari", "shapes": OUTLIERS_OF, "outliers": outliers}
            pictures.line(row[1], table, f"{OUTLIERS_OF} shapes, {outliers} outlier days", number, **wanted)
        row[1].legend()
    titles = [f"{algorithm}, {what}" for algorithm in ("ward", "kmedoids") for what in ("shapes", "outliers")]
    pictures.name_axes(axes, "prototypes of each consumer", "ARI", titles)
    return figure


EXPERIMENT = Experiment(
    "k-sensitivity",
    "Fig. 3",
    "Over-estimating the prototypes does no harm",
    (2, 50),
    settings,
    measure,
    judge,
    draw,
    cell_s=6.5,
)
