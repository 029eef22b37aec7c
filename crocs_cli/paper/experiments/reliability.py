"""Whether segments are found again: from other days, from other consumers, and among outlier days."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np
from matplotlib.figure import Figure

from crocs_cli.errors import CrocsError
from crocs_cli.maths.clustering.prediction import placed, recommended, strengths
from crocs_cli.maths.clustering.scores import adjusted_rand, kappa
from crocs_cli.maths.decisions import at_least, first_least
from crocs_cli.maths.synthetic.generator import SHAPES
from crocs_cli.maths.synthetic.population import Behaviour, Population
from crocs_cli.paper import pictures
from crocs_cli.paper.days import Days, Synthetic, drawn
from crocs_cli.paper.experiment import Cell, Experiment, Figures, Finding, Setting, Study
from crocs_cli.paper.methods import refound
from crocs_cli.paper.table import Table

DAYS, CLUSTERS, SHAPES_EACH = 90, 5, 4
#: populations with known segments; those among more outlier days than this are not expected to be counted
KNOWN = ("45 outlier days", "65 outlier days", "75 outlier days", "prevalence", "few days")
QUICK_KNOWN = ("45 outlier days", "65 outlier days", "prevalence")
COUNTED = ("45 outlier days", "65 outlier days", "prevalence", "few days")
CONTINUUM, RUN = "continuum", "run"
#: numbers of segments for which halves of days are compared, and for which consumers are placed
TRIED, PLACED = (2, 3, 5, 8, 12), 5
COUNTS = tuple(range(2, 11))
#: how often a segment shows each of its shapes where all share them: every segment begins with another
PREVALENCE = (0.4, 0.25, 0.15, 0.12, 0.08)
#: how unevenly consumers of a continuum show all shapes there are (Dirichlet)
UNEVEN = 0.2
FEW_DAYS = 14
#: part of the populations whose number of segments is found
MOSTLY = 0.75
#: a kappa that is called substantial agreement (Landis and Koch 1977)
SUBSTANTIAL = 0.61
#: consumers of a run that are compared at most, and days that each half of a consumer has at least
LARGEST, LEAST_DAYS = 1000, 20


def settings(study: Study) -> list[Setting]:
    """Put every method before every population, the run's homes first where there are any."""
    consumers, known = (100, QUICK_KNOWN) if study.quick else (200, KNOWN)
    sizes: list[tuple[str, int, int]] = [(name, consumers, DAYS) for name in (*known, CONTINUUM)]
    if study.days is not None:
        sizes.insert(0, (RUN, min(len(study.days), LARGEST), 0))
    names = ("data", "consumers", "days", "method")
    return [
        dict(zip(names, (*size, method), strict=True))
        for size, method in itertools.product(sizes, refound.NAMES)
    ]


def measure(cell: Cell, study: Study) -> Figures:
    """Score a method against the truth, or by the halves of days, and by halves of consumers."""
    alike = Cell({**cell.setting, "method": ""}, cell.repetition)  # all methods get the same data
    seed, method = study.seed_of(alike), str(cell.setting["method"])
    days, truth = population(cell, study, seed)
    most = min(max(TRIED), len(days) // 2)
    model = refound.fitted(method, days, most, seed, study.threads)

    def partition(square: np.ndarray, clusters: tuple[int, ...]) -> np.ndarray:
        return refound.partitions(method, square, clusters, seed, study.threads)

    counts = strengths(lambda some: model.within[np.ix_(some, some)], len(days), COUNTS, partition, seed)
    figures: Figures = [("recommended", 0, recommended(COUNTS, counts) or 0)]
    figures += [
        ("strength", k, values.mean())
        for k, values in zip(COUNTS, counts, strict=True)
        if k <= len(days) // 2
    ]
    if truth is not None:
        found = partition(model.within, (CLUSTERS,))[0]
        return [*figures, ("truth", CLUSTERS, adjusted_rand(truth, found))]
    return [*figures, *by_halves(method, halves(days, cell.repetition, seed), seed, study.threads)]


def population(cell: Cell, study: Study, seed: int) -> tuple[Days, np.ndarray | None]:
    """Return the days of a cell, and the truth where there is one."""
    name, consumers, length = (cell.setting[key] for key in ("data", "consumers", "days"))
    consumers, length = int(consumers), int(length)
    if name == RUN and study.days is not None:
        return _some(study.days, consumers, study.seed), None
    if name == CONTINUUM:
        chances = np.random.default_rng([seed, 1]).dirichlet(np.full(SHAPES, UNEVEN), 4 * consumers)
        return drawn(_mixed(consumers, length, chances, seed))[0], None
    if name == "prevalence":
        chances = np.array([np.roll(PREVALENCE, segment) for segment in range(CLUSTERS)])
        return drawn(_mixed(consumers, length, chances, seed))
    if name == "few days":
        length, outliers = FEW_DAYS, 0
    else:
        outliers = round(int(str(name).split()[0]) / DAYS * length)
    return Synthetic(consumers, length, CLUSTERS, SHAPES_EACH, outliers).draw(seed)


def _mixed(consumers: int, days: int, chances: np.ndarray, seed: int) -> Population:
    """Return consumers who show the same shapes, each as often as one row of chances (mixtures, shapes)."""
    shapes = np.random.default_rng(seed).permutation(SHAPES)[: chances.shape[1]]
    behaviours = [Behaviour(shapes, np.tile(chance, (len(shapes), 1))) for chance in chances]
    return Population(consumers, days, 0, 0, False, seed, behaviours)


def _some(days: Days, consumers: int, seed: int) -> Days:
    """Return some consumers with enough days for both halves, as many at most."""
    number = np.diff(days.offset)
    enough = np.flatnonzero(number >= 2 * LEAST_DAYS)
    if len(enough) < 2 * PLACED:
        raise CrocsError(
            f"reliability: {len(enough)} consumers have {2 * LEAST_DAYS} days; give a run with "
            f"{2 * PLACED} or more"
        )
    chosen = np.zeros(len(days), bool)
    chosen[np.random.default_rng(seed).permutation(enough)[:consumers]] = True
    return days.keep(np.repeat(chosen, number))


def halves(days: Days, repetition: int, seed: int) -> tuple[Days, Days]:
    """Divide the days of each consumer: the first time by odd and even dates, then at random."""
    first = days.dates % 2 == 1
    if repetition:
        first = np.random.default_rng([seed, repetition]).random(len(days.dates)) < 0.5
    return days.keep(first), days.keep(~first)


def by_halves(method: str, parts: tuple[Days, Days], seed: int, threads: int) -> Figures:
    """Compare what a method finds in both halves of the days of the same consumers."""
    count = len(parts[0])
    tried = tuple(k for k in TRIED if k <= count // 2)
    models = [refound.fitted(method, part, max(tried), seed, threads) for part in parts]
    first, second = (refound.partitions(method, model.within, tried, seed, threads) for model in models)
    figures: Figures = [
        ("halves", k, adjusted_rand(one, other)) for k, one, other in zip(tried, first, second, strict=True)
    ]
    others = models[0].compare(parts[1])
    own, again = first[tried.index(PLACED)], second[tried.index(PLACED)]
    return [
        *figures,
        ("rank", 0, float((first_least(others, axis=1) == np.arange(count)).mean())),
        ("kappa", PLACED, kappa(own, placed(others, models[0].within, own))),
        ("largest", PLACED, max(np.bincount(part).max() for part in (own, again)) / count),
    ]


def judge(table: Table, study: Study) -> list[Finding]:
    """Compare A and B with the paper's default, and with what was seen on 622 homes."""
    real = RUN if RUN in table.unique("data") else CONTINUUM
    return [
        _truth(table, "45 outlier days", 0.99, "1.000 for A and B"),
        _truth(table, "65 outlier days", 0.97, "default 0.915, A 0.993, B 1.000"),
        _truth(table, "prevalence", 0.95, "default 0.82, A 0.997, B 1.000 (ten populations of other kinds)"),
        _counted(table),
        _none(table),
        _again(table, real),
        _placed(table, real),
    ]


def _said(value: Callable[[str], float]) -> str:
    return ", ".join(f"{method} {value(method):.3f}" for method in refound.NAMES)


def _truth(table: Table, data: str, wanted: float, before: str) -> Finding:
    """Judge how far the truth is found in the worst of the populations."""

    def worst(method: str) -> float:
        return float(table.where(data=data, method=method, series="truth")["value"].min())

    return Finding(
        f"{data}: A and B find the segments",
        before,
        f"ARI in the worst of the populations: {_said(worst)}",
        bool(at_least([worst("A"), worst("B")], wanted).all()),
    )


def _counted(table: Table) -> Finding:
    """Judge how often prediction strength finds the number of segments."""

    def right(method: str) -> float:
        rows = table.where(data=list(COUNTED), method=method, series="recommended")
        return float((rows["value"] == CLUSTERS).mean())

    return Finding(
        "prediction strength finds the number of segments with B mostly, with A as often as with the default",
        "7 of 7 populations for A and for B",
        f"part of the populations with up to 65 outlier days: {_said(right)}",
        bool(at_least([right("B"), right("A")], [MOSTLY, right("default")]).all()),
    )


def _none(table: Table) -> Finding:
    """Judge what prediction strength recommends where there are no segments."""

    def mean(method: str) -> float:
        rows = table.where(data=CONTINUUM, method=method, series="strength")
        return float(rows.over("at").where(at=PLACED)["value"].mean())

    numbers = table.where(data=CONTINUUM, method="B", series="recommended")["value"]
    return Finding(
        "B finds no number of segments in most continua",
        "none for B, 2 for A",
        f"B recommends {', '.join(f'{number:.0f}' for number in numbers)} (0 is none); "
        f"strength at K = {PLACED}: {_said(mean)}",
        bool(at_least((numbers == 0).mean(), 0.5)),
    )


def _again(table: Table, real: str) -> Finding:
    """Judge how far the halves of the days agree."""

    def mean(method: str) -> float:
        return table.mean(data=real, method=method, series="halves")

    def largest(method: str) -> float:
        return table.mean(data=real, method=method, series="largest")

    return Finding(
        "A and B find segments again from other days, better than the default",
        "622 homes: default 0.135, exchanged 0.416, A 0.491, B 0.582",
        f"{real}, mean ARI over K: {_said(mean)}; largest segment at K = {PLACED}: {_said(largest)}",
        bool(min(mean("A"), mean("B")) > mean("default")),
    )


def _placed(table: Table, real: str) -> Finding:
    """Judge how far consumers are placed again, and known again."""

    def alike(method: str) -> float:
        return table.mean(data=real, method=method, series="kappa")

    def rank(method: str) -> float:
        return table.mean(data=real, method=method, series="rank")

    return Finding(
        "A and B place a consumer's other days in its segment",
        "622 homes, kappa at K = 5: default 0.58, A 0.79, B 0.87; other half nearest: 0.55, 0.75, 0.98",
        f"{real}, kappa: {_said(alike)}; other half nearest: {_said(rank)}",
        bool(at_least([alike("A"), alike("B")], SUBSTANTIAL).all()),
    )


def draw(table: Table) -> Figure:
    """Draw what halves of days agree on, prediction strength, and the truth among outlier days."""
    real = RUN if RUN in table.unique("data") else CONTINUUM
    figure, axes = pictures.panels(1, 3, shared=False)
    outliers = table.where(data=list(KNOWN[:3]), series="truth")
    among = Table({**outliers.columns, "at": np.array([float(name.split()[0]) for name in outliers["data"]])})
    parts = (table.where(data=real, series="halves"), table.where(data=real, series="strength"), among)
    for panel, rows in zip(axes.flat, parts, strict=True):
        for number, method in enumerate(refound.NAMES):
            pictures.line(panel, rows, method, number, method=method)
        panel.set_ylim(pictures.ARI_RANGE)
    for panel, across in zip(axes.flat, ("segments", "segments", "outlier days of 90"), strict=True):
        panel.set_xlabel(across)
    titles = [f"{real}: ARI of halves of days", f"{real}: prediction strength", "ARI to the truth"]
    pictures.name_axes(axes, "", "agreement", titles)
    return figure


EXPERIMENT = Experiment(
    "reliability",
    "beyond the paper",
    "Exchange (A) and footprints (B) find segments again",
    (1, 3),
    settings,
    measure,
    judge,
    draw,
    cell_s=10,
    grows=2,
    uses_run=True,
)
