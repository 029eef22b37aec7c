"""CROCS against other methods on asynchronous consumers (paper section 5.4.1, Fig. 11)."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np
from matplotlib.figure import Figure

from crocs_cli.maths.scores import adjusted_rand
from crocs_cli.paper import pictures
from crocs_cli.paper.chains import estimated_chains
from crocs_cli.paper.days import Days, Synthetic
from crocs_cli.paper.experiment import Cell, Experiment, Figures, Finding, Setting, Study, random_of
from crocs_cli.paper.methods import one_stage, two_stage
from crocs_cli.paper.table import Table
from crocs_cli.pictures import style

SHAPES, OUTLIERS, OUTLIER_CONSUMERS = (2, 4, 6, 8), (0, 15, 30), (0, 30)
QUICK_SCENARIOS = ((2, 0, 0), (6, 0, 0), (6, 15, 0))
PROTOTYPES, QUICK_PROTOTYPES = (5, 10, 15, 20, 30, 40, 50), (10, 25)
#: an ARI this far below another is no defeat but chance
TIE = 0.005
METHODS = one_stage.NAMES + two_stage.NAMES


def settings(study: Study) -> list[Setting]:
    """Vary shapes, outlier days and outlier consumers; one- and two-stage methods are cells apart."""
    size = {"consumers": 300, "days": 90, "clusters": 10}
    scenarios = tuple(itertools.product(SHAPES, OUTLIERS, OUTLIER_CONSUMERS))
    if study.quick:
        size, scenarios = {"consumers": 40, "days": 30, "clusters": 4}, QUICK_SCENARIOS
    names = ("shapes", "outliers", "outlier_consumers")
    return [
        {**size, **dict(zip(names, scenario, strict=True)), "stages": stages}
        for stages in (1, 2)  # outermost: two shares of the cells are then about as long
        for scenario in scenarios
    ]


def measure(cell: Cell, study: Study) -> Figures:
    """Score every method with every one of its settings; outlier consumers are left out of the scores."""
    drawn = {name: value for name, value in cell.setting.items() if name != "stages"}
    alike = Cell(drawn, cell.repetition)  # both families of methods get the same data
    seed, clusters = study.seed_of(alike), int(drawn["clusters"])
    chains = None
    if study.days is not None:
        chains = estimated_chains(
            study.days, int(drawn["shapes"]), clusters, random_of(alike, study), study.threads
        )
    days, truth = Synthetic(**drawn, markov=True, transitions=chains).draw(seed)  # type: ignore[arg-type]

    def score(labels: np.ndarray) -> float:
        return adjusted_rand(truth[truth >= 0], labels[truth >= 0])

    if cell.setting["stages"] == 1:
        found = one_stage.partitions(days.cube, days.window, clusters, seed)
        return [(name, np.nan, score(labels)) for name, labels in found]
    tried = QUICK_PROTOTYPES if study.quick else PROTOTYPES
    return [
        (name, at, score(labels))
        for name, at, labels in _two_stage(days, tried, clusters, seed, study.threads)
    ]


def _two_stage(
    days: Days, tried: tuple[int, ...], clusters: int, seed: int, threads: int
) -> Iterator[tuple[str, int, np.ndarray]]:
    """Yield (method, clusters of the first stage, labels) of the two-stage methods."""
    for number, name, labels in two_stage.with_patterns(days, tried, clusters, seed, threads):
        yield name, number, labels
    for number in tried:
        for name, labels in two_stage.with_load_sets(days, number, clusters, seed, threads):
            yield name, number, labels
        yield "ensemble kmeans", number, two_stage.ensemble(days, number, clusters, seed)


def best_setting(table: Table, method: str) -> Table:
    """Return the rows of a method's setting with the highest mean ARI over all data sets, as in the paper."""
    series = [name for name in table.unique("series") if name.split()[0] == method]
    candidates = []
    for name in series:
        rows = table.where(series=name)
        apart = [rows] if np.isnan(rows["at"]).all() else [rows.where(at=at) for at in rows.unique("at")]
        candidates += apart
    return max(candidates, key=lambda rows: rows["value"].mean())


def judge(table: Table, study: Study) -> list[Finding]:
    """Compare the best setting of every method in every scenario."""
    best = {method: best_setting(table, method) for method in METHODS}
    own = best.pop("CROCS")
    behind, highest = [], 0.0
    for scenario in _scenarios(table):
        ari = own.mean(**scenario)
        highest = max(highest, ari)
        behind += [(best[name].mean(**scenario) - ari, name, scenario) for name in best]
    worst, rival, where = max(behind, key=lambda item: item[0])
    means = {name: float(rows["value"].mean()) for name, rows in best.items()}
    second = max(means, key=means.__getitem__)
    said = ", ".join(
        f"{name} {value:.3f}" for name, value in sorted(means.items(), key=lambda item: -item[1])
    )
    return [
        Finding(
            "CROCS recovers asynchronous clusters",
            "up to 0.999 ARI",
            f"up to {highest:.3f} ARI, {own['value'].mean():.3f} on average",
            highest >= 0.99,
        ),
        Finding(
            "CROCS is the best of all methods for every number of shapes and outliers",
            "outperforms all, GPF closest; RLP the next of one stage, LTS the worst",
            f"{said}; closest: {rival} {worst:+.3f} ({_words(where)})",
            worst <= TIE,
        ),
        _gap(table, own, best, "shapes", second),
        _gap(table, own, best, "outliers", second),
    ]


def _gap(table: Table, own: Table, best: dict[str, Table], axis: str, second: str) -> Finding:
    """Say whether the others fall further behind as one thing grows."""
    ends = min(table.unique(axis)), max(table.unique(axis))
    gaps = []
    for end in ends:
        others = np.mean([rows.mean(**{axis: end}) for rows in best.values()])
        gaps.append(own.mean(**{axis: end}) - others)
    return Finding(
        f"the gap to the other methods grows with {axis}",
        "the gap widens",
        f"{gaps[0]:.3f} at {ends[0]}, {gaps[1]:.3f} at {ends[1]} (others' mean; next best {second})",
        bool(gaps[1] > gaps[0]),
    )


def _scenarios(table: Table) -> list[dict[str, int]]:
    names = ("shapes", "outliers", "outlier_consumers")
    rows = sorted(set(zip(*(table[name].tolist() for name in names), strict=True)))
    return [dict(zip(names, row, strict=True)) for row in rows]


def _words(scenario: dict[str, int]) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in scenario.items())


def draw(table: Table) -> Figure:
    """Draw ARI over the shapes: a column for each number of outlier days, a row for outlier consumers."""
    outliers, strangers = table.unique("outliers"), table.unique("outlier_consumers")
    figure, axes = pictures.panels(len(strangers), len(outliers))
    best = {method: best_setting(table, method) for method in METHODS}
    titles = []
    for row, stranger in zip(axes, strangers, strict=True):
        for panel, outlier in zip(row, outliers, strict=True):
            titles.append(f"{outlier} outlier days, {stranger} outlier consumers")
            for number, (method, rows) in enumerate(best.items()):
                shown = rows.where(outliers=outlier, outlier_consumers=stranger)
                shapes = shown.unique("shapes")
                ari = [shown.mean(shapes=shape) for shape in shapes]
                panel.plot(
                    shapes,
                    ari,
                    ("o-", "s--", "^:")[number % 3],
                    color=style.colour(number),
                    ms=3,
                    label=method,
                )
    pictures.name_axes(axes, "shapes of each cluster", "ARI", titles)
    return figure


EXPERIMENT = Experiment(
    "baselines",
    "Fig. 10-11",
    "CROCS finds asynchronous clusters better than every other method",
    (1, 10),
    settings,
    measure,
    judge,
    draw,
    cell_s=30,
    uses_run=True,
)
