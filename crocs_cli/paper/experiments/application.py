"""The workdays of two seasons: few behaviours explain each cluster (paper section 6, Fig. 13-14)."""

from __future__ import annotations

from functools import partial

import numpy as np
from matplotlib.figure import Figure

from crocs_cli.errors import CrocsError
from crocs_cli.maths.behaviours.communities import Leiden
from crocs_cli.maths.behaviours.graph import affordable_targets, prototype_graph
from crocs_cli.maths.behaviours.hyperprototypes import Hyperprototypes, hyperprototypes
from crocs_cli.maths.behaviours.resolution import attempt, reach
from crocs_cli.maths.clustering.cuts import canonical
from crocs_cli.maths.decisions import at_least
from crocs_cli.maths.distances.loadsets import LoadSets
from crocs_cli.maths.readings.days import WANTED, DaysWanted
from crocs_cli.paper import pictures
from crocs_cli.paper.crocs import compare, load_sets, partition
from crocs_cli.paper.days import Days, stand_in
from crocs_cli.paper.experiment import Cell, Experiment, Figures, Finding, Setting, Study
from crocs_cli.paper.table import Table
from crocs_cli.report import style

SEASONS = {"June to August": (6, 7, 8), "December to February": (12, 1, 2)}
LEAST_DAYS, PROTOTYPES, ALGORITHM = 45, 15, "kmedoids"
#: clusters of a full set, and of one with fewer consumers than `FULL`
CLUSTERS, FEW_CLUSTERS, FULL = 5, 3, 60
COMMUNITIES, MIN_COVERAGE, MIN_TOTAL_COVERAGE, STARTS = 10, 0.001, 0.85, 10
#: day coverage from which a hyperprototype is major; how many of them are few; what most is
MAJOR, FEW, MOST = 0.1, 6, 0.5
STAND_IN_CONSUMERS, STAND_IN_DAYS = 40, 60


def settings(study: Study) -> list[Setting]:
    """Return both seasons, with both algorithms' default first."""
    return [{"season": season, "algorithm": ALGORITHM} for season in SEASONS]


def measure(cell: Cell, study: Study) -> Figures:
    """Cluster a season's workdays, and describe each cluster by its hyperprototypes."""
    seed, days = study.seed_of(cell), season_days(str(cell.setting["season"]), cell, study)
    sets = load_sets(days, PROTOTYPES, ALGORITHM, seed, study.threads)
    clusters = CLUSTERS if len(sets) >= FULL else FEW_CLUSTERS
    labels = canonical(partition(compare(sets, days.window, study.threads), clusters, ALGORITHM, seed))
    figures: Figures = [("consumers", 0, len(days)), ("days of a consumer", 0, np.diff(days.offset).max())]
    for cluster in range(clusters):
        members = sets.take(np.flatnonzero(labels == cluster))
        figures.append(("members", cluster + 1, len(members)))
        if len(members) > 1:
            figures += _described(refined(members, days.window, seed, study.threads), cluster + 1)
    return figures


def season_days(season: str, cell: Cell, study: Study) -> Days:
    """Return the workdays of the run's first season of that name that most consumers have."""
    if study.days is None:
        return stand_in(STAND_IN_CONSUMERS, STAND_IN_DAYS, study.seed_of(cell))
    wanted = DaysWanted(kind="workdays", country=study.options.holidays, months=SEASONS[season])
    first = int(study.days.dates.min())
    span = int(study.days.dates.max()) - first + 1
    chosen = first + np.flatnonzero(wanted.verdicts(first, span) == WANTED)
    runs = np.split(chosen, np.flatnonzero(np.diff(chosen) > 100) + 1)
    for one in runs:
        if len(one) >= LEAST_DAYS:
            return study.days.keep(np.isin(study.days.dates, one), LEAST_DAYS)
    raise CrocsError(
        f"{study.run}: no season {season} of {LEAST_DAYS} workdays; give a run of a year or more"
    )


def refined(members: LoadSets, window: int, seed: int, threads: int) -> Hyperprototypes:
    """Return the hyperprototypes of a cluster (RBER, about ten communities)."""
    graph = prototype_graph(members, window, affordable_targets(members, "auto"), seed, threads)
    leiden = Leiden(graph, "rber", "compiled", seed, STARTS)
    trial = partial(attempt, leiden, graph.days, MIN_COVERAGE)
    trials = reach(trial, COMMUNITIES, "bracket", MIN_TOTAL_COVERAGE)
    return hyperprototypes(members, trials[-1].communities, MIN_COVERAGE, window, seed)


def _described(shared: Hyperprototypes, cluster: int) -> Figures:
    """Return the coverages of a cluster's hyperprototypes, and the mean profiles of the major ones."""
    figures: Figures = []
    for number, (days, consumers) in enumerate(
        zip(shared.day_coverage, shared.consumer_coverage, strict=True), 1
    ):
        figures.append((f"day coverage of hyperprototype {cluster}", number, days))
        figures.append((f"consumer coverage of hyperprototype {cluster}", number, consumers))
        if at_least(days, MAJOR):
            hours = 24 * np.arange(shared.mean.shape[1]) / shared.mean.shape[1]
            name = f"mean of hyperprototype {cluster}.{number}"
            figures += [
                (name, hour, value) for hour, value in zip(hours, shared.mean[number - 1], strict=True)
            ]
    return figures


def judge(table: Table, study: Study) -> list[Finding]:
    """Count the major hyperprototypes of every cluster and what they cover."""
    findings = []
    for season in table.unique("season"):
        rows = table.where(season=season)
        numbers, covered, reached = [], [], []
        for cluster in _clusters(rows):
            days = rows.curve(series=f"day coverage of hyperprototype {cluster}")[1]
            major = at_least(days, MAJOR)
            numbers.append(int(major.sum()))
            covered.append(days[major].sum())
            reached.append(rows.curve(series=f"consumer coverage of hyperprototype {cluster}")[1][0])
        days_used = rows.mean(series="days of a consumer")
        findings.append(
            Finding(
                f"{season}: few major hyperprototypes cover most days and consumers of each cluster",
                "2 to 4 hyperprototypes, 75 to 90 % of the days, nearly all consumers",
                f"{min(numbers)} to {max(numbers)} cover {100 * min(covered):.0f} to "
                f"{100 * max(covered):.0f} % of {days_used:.0f} days, the first reaches "
                f"{100 * min(reached):.0f} % of the consumers or more",
                bool(max(numbers) <= FEW and at_least([min(covered), min(reached)], MOST).all()),
            )
        )
    return findings


def _clusters(rows: Table) -> list[int]:
    """Return the numbers of the clusters that have hyperprototypes: those of two members or more."""
    members = rows.where(series="members")
    return [int(at) for at, value in zip(members["at"], members["value"], strict=True) if value > 1]


def draw(table: Table) -> Figure:
    """Draw the major hyperprototypes: a row for each season, a column for each cluster."""
    seasons = table.unique("season")
    most = int(table.where(series="members")["at"].max())
    figure, axes = pictures.panels(len(seasons), most)
    titles = []
    for row, season in zip(axes, seasons, strict=True):
        rows = table.where(season=season)
        for cluster, panel in enumerate(row, 1):
            titles.append(f"{season}, {rows.mean(series='members', at=cluster):.0f} consumers")
            for name in rows.unique("series"):
                if name.startswith(f"mean of hyperprototype {cluster}."):
                    number = int(name.rsplit(".", 1)[1])
                    days = rows.mean(series=f"day coverage of hyperprototype {cluster}", at=number)
                    hours, mean = rows.curve(series=name)
                    panel.plot(
                        hours, mean, color=style.colour(number - 1), label=f"{100 * days:.0f} % of days"
                    )
            panel.legend()
    pictures.name_axes(axes, "hour", "normalised load", titles)
    return figure


EXPERIMENT = Experiment(
    "application",
    "Fig. 13-14",
    "Few shared behaviours explain each cluster of a season's workdays",
    (1, 1),
    settings,
    measure,
    judge,
    draw,
    cell_s=5,
    grows=2,
    uses_run=True,
)
