"""CROCS against other methods on asynchronous consumers (paper section 5.4.1, Fig. 11)."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure

from crocs_cli.maths.clustering.scores import adjusted_rand
from crocs_cli.maths.decisions import at_least, at_most, first_greatest, order
from crocs_cli.paper import pictures
from crocs_cli.paper.chains import estimated_chains
from crocs_cli.paper.days import Days, Synthetic
from crocs_cli.paper.experiment import Cell, Experiment, Figures, Finding, Setting, Study, random_of
from crocs_cli.paper.methods import one_stage, refound, two_stage
from crocs_cli.paper.table import RECOVERED, Table, highest_of, in_words, reliable_from

SHAPES, OUTLIERS, OUTLIER_CONSUMERS = (2, 4, 6, 8), (0, 15, 30), (0, 30)
QUICK_SCENARIOS = ((2, 0, 0), (6, 0, 0), (6, 15, 0))
PROTOTYPES, QUICK_PROTOTYPES = (5, 10, 15, 20, 30, 40, 50), (10, 25)
#: a mean ARI this far below another is no defeat but chance
TIE = 0.005
METHODS = one_stage.NAMES + two_stage.NAMES
#: not of the paper: mean prototypes with exchange (A), and footprints (B)
BEYOND = ("A", "B")


def settings(study: Study) -> list[Setting]:
    """Vary shapes, outlier days and outlier consumers; the families of methods are cells apart."""
    size = {"consumers": 300, "days": 90, "clusters": 10}
    scenarios = tuple(itertools.product(SHAPES, OUTLIERS, OUTLIER_CONSUMERS))
    if study.quick:
        size, scenarios = {"consumers": 40, "days": 30, "clusters": 4}, QUICK_SCENARIOS
    names = ("shapes", "outliers", "outlier_consumers")
    return [
        {**size, **dict(zip(names, scenario, strict=True)), "stages": stages}
        for stages in (1, 2, 3)  # outermost: shares of the cells are then about as long
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
    family = _two_stage if cell.setting["stages"] == 2 else _beyond
    return [
        (name, at, score(labels)) for name, at, labels in family(days, tried, clusters, seed, study.threads)
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


def _beyond(
    days: Days, tried: tuple[int, ...], clusters: int, seed: int, threads: int
) -> Iterator[tuple[str, float, np.ndarray]]:
    """Yield (method, prototypes, labels) of what goes beyond the paper; footprints have no prototypes."""

    def labels(model: refound.Fitted, method: str) -> np.ndarray:
        return refound.partitions(method, model.within, (clusters,), seed, threads)[0]

    for number in tried:
        yield "A exchange", number, labels(refound.fitted("A", days, clusters, seed, threads, number), "A")
    yield "B kmeans", np.nan, labels(refound.fitted("B", days, clusters, seed, threads), "B")


def best_setting(table: Table, method: str) -> Table:
    """Return the rows of a method's setting with the highest mean ARI over all data sets, as in the paper."""
    series = [name for name in table.unique("series") if name.split()[0] == method]
    candidates = []
    for name in series:
        rows = table.where(series=name)
        apart = [rows] if np.isnan(rows["at"]).all() else [rows.where(at=at) for at in rows.unique("at")]
        candidates += apart
    return candidates[first_greatest(np.array([rows["value"].mean() for rows in candidates]))]


def judge(table: Table, study: Study) -> list[Finding]:
    """Compare the best setting of every method in every scenario, and two-stage methods by what they need."""
    best = {method: best_setting(table, method) for method in METHODS}
    own = best.pop("CROCS")
    highest = max(own.mean(**scenario) for scenario in _scenarios(table))
    one = {name: best[name] for name in one_stage.NAMES}
    two = {name: best[name] for name in two_stage.NAMES if name in best}
    return [
        Finding(
            "CROCS recovers asynchronous clusters",
            "up to 0.999 ARI",
            f"up to {highest:.3f} ARI, {own['value'].mean():.3f} on average",
            bool(at_least(highest, 0.99)),
        ),
        _best(own, best),
        _none_ahead(own, one, "one stage", "CROCS ahead of all; RLP the next, LTS the worst"),
        _none_ahead(own, two, "two stages", "CROCS ahead of all; GPF close, DCP poor"),
        _needed(table, {"CROCS": own, "GPF": best["GPF"]}),
        _gap(own, best, "shapes"),
        _gap(own, best, "outliers"),
        _beside(own, {name: best_setting(table, name) for name in BEYOND}),
    ]


def _best(own: Table, best: dict[str, Table]) -> Finding:
    """Compare with the best of the others for every number of outlier days, over all other settings."""
    said, holds = [], True
    for outliers in own.unique("outliers"):
        others = {name: rows.mean(outliers=outliers) for name, rows in best.items()}
        second, ari = highest_of(others), own.mean(outliers=outliers)
        said.append(f"{outliers} outlier days {ari:.3f} ({second} {others[second]:.3f})")
        holds &= bool(at_most(others[second] - ari, TIE, scale=1.0))
    return Finding(
        "CROCS is the best of all methods for every number of outlier days",
        "consistently outperforms both kinds of methods",
        "; ".join(said),
        holds,
    )


class _Lead(NamedTuple):
    """By how much a rival's ARI is higher than CROCS' in one scenario, and how sure that is."""

    mean: float
    sure: str
    rival: str
    where: str


def _none_ahead(own: Table, rivals: dict[str, Table], stages: str, paper: str) -> Finding:
    """Count the scenarios in which a rival has the higher mean ARI, and name the closest one."""
    scenarios = _scenarios(own)
    leads = [_lead(own, name, rows, scenario) for name, rows in rivals.items() for scenario in scenarios]
    ahead = {lead.where for lead in leads if not at_most(lead.mean, TIE, scale=1.0)}
    closest = leads[first_greatest(np.array([lead.mean for lead in leads]))]
    means = [float(rows["value"].mean()) for rows in rivals.values()]
    named = [f"{name} {mean:.3f}" for name, mean in zip(rivals, means, strict=True)]
    said = ", ".join(named[place] for place in order(np.negative(means)))
    return Finding(
        f"no method of {stages} is ahead of CROCS for any number of shapes and outliers",
        paper,
        f"one is in {len(ahead)} of {len(scenarios)} settings; closest: {closest.rival} {closest.mean:+.3f} "
        f"({closest.sure}; {closest.where}); on average {said}",
        not ahead,
    )


def _lead(own: Table, name: str, rival: Table, scenario: dict[str, int]) -> _Lead:
    from scipy.stats import sem

    pair = [rows.where(**scenario) for rows in (rival, own)]
    above, below = (rows["value"][np.argsort(rows["repetition"])] for rows in pair)
    sure = f"standard error {sem(above - below):.3f}" if len(above) > 1 else "one data set"
    return _Lead(float((above - below).mean()), sure, name, _words(scenario))


def _needed(table: Table, best: dict[str, Table]) -> Finding:
    """Return how many first-stage clusters CROCS and its closest rival need to recover the clusters."""
    needed: dict[str, list[float]] = {method: [] for method in best}
    for outliers in table.unique("outliers"):
        curves = {
            method: table.curve(series=rows["series"][0], outliers=outliers) for method, rows in best.items()
        }
        level = RECOVERED * max(ari.max() for _, ari in curves.values())
        for method, (at, ari) in curves.items():
            needed[method].append(reliable_from(at, at_least(ari, level)))
    said = ", ".join(str(number) for number in table.unique("outliers"))
    return Finding(
        "GPF needs more clusters in its first stage with more outlier days, CROCS never more than GPF",
        "GPF requires much larger k relative to CROCS",
        "; ".join(f"{method} {', '.join(map(in_words, counts))}" for method, counts in needed.items())
        + f" with {said} outlier days",
        all(own <= other for own, other in zip(*needed.values(), strict=True))
        and needed["GPF"] == sorted(needed["GPF"]),
    )


def _gap(own: Table, best: dict[str, Table], axis: str) -> Finding:
    """Return whether the others fall further behind as one thing grows."""
    ends = min(own.unique(axis)), max(own.unique(axis))
    gaps = []
    for end in ends:
        others = np.mean([rows.mean(**{axis: end}) for rows in best.values()])
        gaps.append(own.mean(**{axis: end}) - others)
    return Finding(
        f"the gap to the other methods grows with {axis}",
        "the gap widens",
        f"{gaps[0]:.3f} at {ends[0]}, {gaps[1]:.3f} at {ends[1]} (to the others' mean)",
        not at_most(gaps[1], gaps[0], scale=1.0),
    )


def _beside(own: Table, beyond: dict[str, Table]) -> Finding:
    """Put what goes beyond the paper beside CROCS."""
    means = {"CROCS": own["value"].mean(), **{name: rows["value"].mean() for name, rows in beyond.items()}}
    return Finding(
        "mean prototypes with exchange (A) find the clusters as well as CROCS",
        "not in the paper, nor are footprints (B)",
        "ARI on average " + ", ".join(f"{name} {mean:.3f}" for name, mean in means.items()),
        bool(at_most(means["CROCS"] - means["A"], TIE, scale=1.0)),
    )


def _scenarios(table: Table) -> list[dict[str, int]]:
    names = ("shapes", "outliers", "outlier_consumers")
    rows = sorted(set(zip(*(table[name].tolist() for name in names), strict=True)))
    return [dict(zip(names, row, strict=True)) for row in rows]


def _words(scenario: dict[str, int]) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in scenario.items())


def draw(table: Table) -> Figure:
    """Draw both halves of Fig. 11: a column for each number of outlier days, rows by outlier consumers.

    Above are the methods of one stage and those beyond the paper over the number of shapes, below those of
    two stages over the clusters of their first stage, at the most shapes; every method by its best algorithm.
    """
    outliers, strangers = table.unique("outliers"), table.unique("outlier_consumers")
    most, prototypes = max(table.unique("shapes")), table.where(stages=2).unique("at")
    best = {method: best_setting(table, method) for method in METHODS + BEYOND}
    series = {method: rows["series"][0] for method, rows in best.items()}
    figure, axes = pictures.panels(2 * len(strangers), len(outliers), shared=False)
    titles = []
    for place, panel in enumerate(axes.flat):
        row, column = divmod(place, len(outliers))
        wanted = {"outliers": outliers[column], "outlier_consumers": strangers[row % len(strangers)]}
        one = row < len(strangers)
        for number, method in enumerate(("CROCS", *one_stage.NAMES, *BEYOND) if one else two_stage.NAMES):
            rows = best[method].over("shapes") if one else table.where(series=series[method], shapes=most)
            pictures.line(panel, rows, method, number, **wanted)
        panel.set(
            ylim=pictures.ARI_RANGE,
            xticks=table.unique("shapes") if one else prototypes,
            xlabel="shapes of each cluster" if one else f"clusters of the first stage ({most} shapes)",
        )
        titles.append(f"{wanted['outliers']} outlier days, {wanted['outlier_consumers']} outlier consumers")
    axes[-1, 0].legend(loc="center right")
    pictures.name_axes(axes, "", "ARI", titles)
    return figure


EXPERIMENT = Experiment(
    "baselines",
    "Fig. 11",
    "CROCS finds asynchronous clusters better than every other method",
    (1, 10),
    settings,
    measure,
    judge,
    draw,
    cell_s=30,
    uses_run=True,
)
