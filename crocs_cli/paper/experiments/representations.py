"""Representation of all days by few profiles: RLS, GPF, DCP and RLP (paper section 5.2, Fig. 4-6)."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from crocs_cli.maths.clustering.kmeans import kmeans
from crocs_cli.maths.decisions import at_least, at_most
from crocs_cli.maths.distances.loadsets import LoadSets
from crocs_cli.paper import pictures
from crocs_cli.paper.crocs import load_sets
from crocs_cli.paper.days import Days, date_number, date_text, days_from, month_starts, stand_in
from crocs_cli.paper.experiment import Cell, Experiment, Figures, Finding, Setting, Study
from crocs_cli.paper.methods.dominant_profile import dominant_profiles
from crocs_cli.paper.table import Table
from crocs_cli.report import style

PERIOD_DAYS, LEAST_DAYS = 90, 60
PROTOTYPES, QUICK_PROTOTYPES = range(1, 51), (1, 2, 3, 5, 8, 12)
QUICK_PERIODS, STAND_IN_CONSUMERS = 2, 12
#: the number of prototypes at which the seasons are compared (Fig. 6)
SEASON_PROTOTYPES = 5
#: the share of another error under which one is far below it
FAR_BELOW = 0.9
WINTER, SUMMER = (5, 6, 7), (11, 12, 1)  # months from which 90 days are mostly of the season, southern half


def settings(study: Study) -> list[Setting]:
    """Return 90 days from the first of every month that has them, or the stand-in's only period."""
    if study.days is None:
        return [{"period": "stand-in", "consumers": STAND_IN_CONSUMERS}]
    starts = month_starts(study.days, PERIOD_DAYS)
    every = max(1, len(starts) // QUICK_PERIODS) if study.quick else 1
    return [{"period": date_text(start), "consumers": len(study.days)} for start in starts[::every]]


def measure(cell: Cell, study: Study) -> Figures:
    """Measure how far a day is from the nearest profile of each representation (k-means, Euclidean)."""
    seed, start = study.seed_of(cell), str(cell.setting["period"])
    if study.days is None:
        days = stand_in(STAND_IN_CONSUMERS, PERIOD_DAYS, seed)
    else:
        days = days_from(study.days, date_number(start), PERIOD_DAYS, LEAST_DAYS)
    owner = np.repeat(np.arange(len(days)), np.diff(days.offset))
    mean = np.array([days.of(consumer).mean(axis=0) for consumer in range(len(days))])
    figures: Figures = [("RLP", 1, _error(days, mean[owner]))]
    for prototypes in QUICK_PROTOTYPES if study.quick else PROTOTYPES:
        sets = load_sets(days, prototypes, "kmeans", seed, study.threads)
        figures += [
            ("RLS", prototypes, days.error(sets)),
            ("GPF", prototypes, _error_of_patterns(days, prototypes, seed)),
            ("DCP", prototypes, _error(days, dominant_profiles(sets)[owner])),
        ]
        for algorithm in ("ward", "kmedoids") if prototypes <= 12 else ("ward",):
            found = load_sets(days, prototypes, algorithm, seed, study.threads)
            figures.append((f"largest {algorithm}", prototypes, _largest_share(found)))
    return figures


def _error(days: Days, profile: np.ndarray) -> float:
    """Return the mean distance of a day to the one profile (days, slots) that stands for it."""
    return days.mean_over_consumers(np.sqrt(((days.profiles - profile) ** 2).sum(axis=1)))


def _error_of_patterns(days: Days, patterns: int, seed: int) -> float:
    """Return the mean distance of a day to the nearest of the centres of all days pooled."""
    from scipy.spatial.distance import cdist

    centres = kmeans(days.profiles, patterns, seed).centres
    return days.mean_over_consumers(cdist(days.profiles, centres).min(axis=1))


def _largest_share(sets: LoadSets) -> float:
    """Return the mean share of days that a consumer's largest cluster holds (Fig. 5)."""
    return float(np.maximum.reduceat(sets.weights(), sets.offset[:-1]).mean())


def judge(table: Table, study: Study) -> list[Finding]:
    """Compare the curves, averaged over the periods."""
    prototypes, local = table.curve(series="RLS")
    _, pooled = table.curve(series="GPF")
    _, dominant = table.curve(series="DCP")
    mean = table.mean(series="RLP")
    several = prototypes >= 2
    largest = table.curve(series="largest ward")[1][np.searchsorted(prototypes, 3)]
    findings = [
        Finding(
            "RLS has a lower error than GPF at equal numbers of profiles",
            "consistently lower",
            f"ratio {(local / pooled)[several].min():.2f} to {(local / pooled)[several].max():.2f}",
            not at_least(local, pooled)[several].any(),
        ),
        Finding(
            "both lie far below RLP",
            "a significant advantage over single profiles",
            f"at {prototypes[-1]:.0f} profiles RLS {local[-1]:.2f}, GPF {pooled[-1]:.2f}, RLP {mean:.2f}",
            not at_least(max(local[-1], pooled[-1]), FAR_BELOW * mean),
        ),
        Finding(
            "DCP has a higher error than RLP, and rises with its clusters",
            "higher for all, deteriorates as they increase",
            f"DCP {dominant[several][0]:.2f} to {dominant[-1]:.2f}, RLP {mean:.2f}",
            not (at_most(dominant[several], mean).any() or at_most(dominant[-1], dominant[several][0])),
        ),
        Finding(
            "with three clusters the largest holds about half of the days",
            "only about half",
            f"{largest:.2f}",
            bool(at_least(largest, 0.4) and at_most(largest, 0.65)),
        ),
    ]
    return findings + _seasons(table)


def _seasons(table: Table) -> list[Finding]:
    """Compare how many pooled patterns equal a few prototypes in winter and in summer (Fig. 6)."""
    equal: dict[str, list[float]] = {"winter": [], "summer": []}
    for period in table.unique("period"):
        if period == "stand-in":
            return []
        month = int(period[5:7])
        season = "winter" if month in WINTER else "summer" if month in SUMMER else ""
        if season:
            equal[season].append(_equal_patterns(table.where(period=period)))
    if not all(equal.values()):
        return []
    winter, summer = np.mean(equal["winter"]), np.mean(equal["summer"])
    return [
        Finding(
            f"winter needs more shared patterns than summer to equal {SEASON_PROTOTYPES} prototypes each",
            "over 200 against about 100",
            f"{winter:.1f} against {summer:.1f}",
            not at_most(winter, summer),
        )
    ]


def _equal_patterns(rows: Table) -> float:
    """Return the number of GPF patterns with RLS's error, by linear interpolation; at most those tried."""
    prototypes, local = rows.curve(series="RLS")
    patterns, pooled = rows.curve(series="GPF")
    wanted = local[prototypes == SEASON_PROTOTYPES][0]
    return float(np.interp(-wanted, -pooled, patterns))


def draw(table: Table) -> Figure:
    """Draw the errors over the number of profiles, and the share of days in the largest cluster."""
    figure, axes = pictures.panels(1, 2, shared=False)
    for number, name in enumerate(("RLS", "GPF", "DCP")):
        pictures.line(axes[0, 0], table, name, number, series=name)
    axes[0, 0].axhline(table.mean(series="RLP"), color=style.MUTED, linestyle="--", label="RLP")
    for number, algorithm in enumerate(("ward", "kmedoids")):
        pictures.line(axes[0, 1], table, algorithm, number, series=f"largest {algorithm}")
    axes[0, 1].legend()
    axes[0, 1].set(xlabel="clusters of each consumer", ylabel="share of days in the largest", ylim=(0, 1))
    pictures.name_axes(
        axes, "profiles", "mean distance of a day", ["reconstruction error", "largest cluster"]
    )
    return figure


EXPERIMENT = Experiment(
    "representations",
    "Fig. 4-6",
    "A load set of its own stands for a consumer's days better than shared patterns or one profile",
    (1, 1),
    settings,
    measure,
    judge,
    draw,
    cell_s=145,
    grows=1,
    uses_run=True,
)
