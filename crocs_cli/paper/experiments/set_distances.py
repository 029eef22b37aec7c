"""WSMD against seven other distances of load sets (paper section 5.3, Fig. 7)."""

from __future__ import annotations

from matplotlib.figure import Figure

from crocs_cli.maths.clustering.scores import adjusted_rand
from crocs_cli.maths.decisions import at_least
from crocs_cli.paper import pictures
from crocs_cli.paper.all_distances import all_distances
from crocs_cli.paper.crocs import load_sets, partition
from crocs_cli.paper.days import Synthetic
from crocs_cli.paper.experiment import Cell, Experiment, Figures, Finding, Setting, Study
from crocs_cli.paper.table import RECOVERED, Table, highest_of, in_words, reliable_from

DISTANCES = ("wsmd", "smd", "hd", "mhd", "sl", "cl", "al", "wal")
OUTLIERS, QUICK_OUTLIERS = (0, 20, 40, 60, 70), (0, 40, 60)
PROTOTYPES = {"ward": range(2, 41), "kmedoids": (2, 3, 4, 6, 8, 10, 12, 15, 20, 25, 30, 35, 40)}
QUICK_PROTOTYPES = {"ward": (2, 4, 8, 12, 20, 30, 40), "kmedoids": (4, 12, 30)}


def settings(study: Study) -> list[Setting]:
    """Vary the number of outlier days of two clusters with a pair of shapes each."""
    size = {"consumers": 30 if study.quick else 50, "days": 90, "clusters": 2, "shapes": 2}
    return [{**size, "outliers": number} for number in (QUICK_OUTLIERS if study.quick else OUTLIERS)]


def measure(cell: Cell, study: Study) -> Figures:
    """Score the clusters of every set distance for every number of prototypes."""
    seed = study.seed_of(cell)
    drawn = Synthetic(**cell.setting)  # type: ignore[arg-type]
    days, truth = drawn.draw(seed)
    figures: Figures = []
    for algorithm, tried in (QUICK_PROTOTYPES if study.quick else PROTOTYPES).items():
        for prototypes in tried:
            sets = load_sets(days, prototypes, algorithm, seed, study.threads)
            for distance, compared in all_distances(sets, days.window).items():
                labels = partition(compared, drawn.clusters, algorithm, seed)
                figures.append((f"{algorithm} {distance}", prototypes, adjusted_rand(truth, labels)))
    return figures


def judge(table: Table, study: Study) -> list[Finding]:
    """Compare the curves of the eight distances for every number of outlier days."""
    return [
        finding
        for algorithm in ("ward", "kmedoids")
        for finding in (_highest(table, algorithm), _needs_least(table, algorithm))
    ]


def _highest(table: Table, algorithm: str) -> Finding:
    """Return whether WSMD has the highest ARI, averaged over the numbers of prototypes."""
    leads = {}
    for outliers in table.unique("outliers"):
        mean = {name: table.mean(series=f"{algorithm} {name}", outliers=outliers) for name in DISTANCES}
        own = mean.pop("wsmd")
        second = highest_of(mean)
        leads[outliers] = (own, second, mean[second])
    said = "; ".join(
        f"{outliers} outliers {own:.3f} ({second} {other:.3f})"
        for outliers, (own, second, other) in leads.items()
    )
    return Finding(
        f"{algorithm}: of the eight, none has a higher ARI than WSMD for any number of outlier days",
        "consistently the largest ARI",
        said,
        all(at_least(own, other, scale=1.0) for own, _, other in leads.values()),
    )


def _needs_least(table: Table, algorithm: str) -> Finding:
    """Return whether WSMD is the first to recover the clusters reliably: with so many prototypes or more."""
    firsts = {}
    for outliers in table.unique("outliers"):
        curves = {name: table.curve(series=f"{algorithm} {name}", outliers=outliers) for name in DISTANCES}
        level = RECOVERED * max(ari.max() for _, ari in curves.values())
        needed = {name: reliable_from(at, at_least(ari, level)) for name, (at, ari) in curves.items()}
        own = needed.pop("wsmd")
        firsts[outliers] = (own, min(needed.values()))
    said = "; ".join(
        f"{outliers} outliers {in_words(own)} (others {in_words(other)})"
        for outliers, (own, other) in firsts.items()
    )
    return Finding(
        f"{algorithm}: none recovers the clusters reliably from fewer prototypes on than WSMD",
        "the smallest over-estimation to reliably discover the clusters",
        said,
        all(own <= other for own, other in firsts.values()),
    )


def draw(table: Table) -> Figure:
    """Draw ARI over the prototypes: a row for each algorithm, a column for each number of outlier days."""
    outliers = table.unique("outliers")
    figure, axes = pictures.panels(2, len(outliers))
    titles = []
    for row, algorithm in zip(axes, ("ward", "kmedoids"), strict=True):
        for panel, number in zip(row, outliers, strict=True):
            titles.append(f"{algorithm}, {number} outlier days")
            for place, name in enumerate(DISTANCES):
                pictures.line(panel, table, name, place, series=f"{algorithm} {name}", outliers=number)
    pictures.name_axes(axes, "prototypes of each consumer", "ARI", titles, "lower right")
    return figure


EXPERIMENT = Experiment(
    "set-distances",
    "Fig. 7",
    "WSMD is the best of eight set distances",
    (3, 100),
    settings,
    measure,
    judge,
    draw,
    cell_s=6.5,
)
