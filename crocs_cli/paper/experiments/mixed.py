"""Residential consumers with commercial ones among them (next check of the paper's summary)."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from crocs_cli.maths.clustering.represent import DayClustering, represent
from crocs_cli.maths.clustering.scores import adjusted_rand
from crocs_cli.maths.decisions import at_least
from crocs_cli.maths.distances.profiles import normalise
from crocs_cli.maths.synthetic.generator import SLOTS
from crocs_cli.paper import pictures
from crocs_cli.paper.crocs import compare, load_sets, partition
from crocs_cli.paper.days import Days, Synthetic
from crocs_cli.paper.experiment import Cell, Experiment, Figures, Finding, Setting, Study, random_of
from crocs_cli.paper.table import Table

PROTOTYPES, CLUSTERS, SHAPES = 20, 4, 4
#: opening and closing of the two kinds of business, in hours; both rest on two days a week
BUSINESSES = {"office": (8.5, 17.5), "restaurant": (11.0, 22.5)}
HOURS = 24.0
#: from business to business, and from day to day; how long it takes to open; the light of days of rest
SPREAD_H, DAY_SPREAD_H, RAMP_H, DAYLIGHT_H, NOISE_SD = 0.75, 0.2, (0.2, 0.6), (6.0, 19.0), 0.08
#: in which the silhouette chooses a consumer's number of modes
MODES = (2, 10)
#: an ARI this far below is about as good; the share of data sets in which most are
CLOSE, APART = 0.05, 0.9


def settings(study: Study) -> list[Setting]:
    """Vary the share of commercial consumers."""
    size = {"residential": 30, "days": 45} if study.quick else {"residential": 100, "days": 90}
    shares = (0.0, 0.5) if study.quick else (0.0, 0.1, 0.25, 0.5)
    return [
        {**size, "commercial": round(share * int(size["residential"])), "outliers": int(size["days"]) // 6}
        for share in shares
    ]


def measure(cell: Cell, study: Study) -> Figures:
    """Score the clusters of the whole mixture, of its residential part, and how the two kinds separate."""
    seed, random = study.seed_of(cell), random_of(cell, study)
    residential, commercial, number, outliers = (
        int(cell.setting[name]) for name in ("residential", "commercial", "days", "outliers")
    )
    days, truth = Synthetic(residential, number, CLUSTERS, SHAPES, outliers).draw(seed)
    if commercial:
        kinds = random.permutation(np.arange(commercial) % len(BUSINESSES))
        business = np.concatenate([business_days(list(BUSINESSES)[kind], number, random) for kind in kinds])
        truth = np.concatenate([truth, CLUSTERS + kinds])
        days = Days(
            np.concatenate([days.profiles, business]),
            np.tile(np.arange(number), len(truth)),
            number * np.arange(len(truth) + 1),
        )
    sets = load_sets(days, PROTOTYPES, "ward", seed, study.threads)
    labels = partition(compare(sets, days.window, study.threads), len(np.unique(truth)), "ward", seed)
    homes = truth < CLUSTERS
    modes = represent(days.profiles, days.offset, DayClustering("ward", MODES, days.window))
    number_of_modes = np.diff(modes.offset)
    share = commercial / residential
    figures: Figures = [
        ("all", share, adjusted_rand(truth, labels)),
        ("residential", share, adjusted_rand(truth[homes], labels[homes])),
        ("modes residential", share, number_of_modes[homes].mean()),
    ]
    if commercial:
        apart = not np.intersect1d(labels[homes], labels[~homes]).size
        figures += [
            ("kinds apart", share, float(apart)),
            ("modes commercial", share, number_of_modes[~homes].mean()),
        ]
    return figures


def business_days(kind: str, number: int, random: np.random.Generator) -> np.ndarray:
    """Draw the days of one business, open five of seven days: (number, 48) float64 in [0, 1]."""
    hours = HOURS * np.arange(SLOTS) / SLOTS
    opens, closes = np.array(BUSINESSES[kind]) + random.uniform(-SPREAD_H, SPREAD_H, 2)
    rest = (np.arange(number) + random.integers(7)) % 7 >= 5
    start, end = random.normal((opens, closes), DAY_SPREAD_H, (number, 2)).T[:, :, None]
    ramp = random.uniform(*RAMP_H, (number, 1))
    open_for = 1 / (1 + np.exp((start - hours) / ramp)) - 1 / (1 + np.exp((end - hours) / ramp))
    lit = (hours < DAYLIGHT_H[0]) | (hours > DAYLIGHT_H[1])
    curves = np.where(rest[:, None], lit, open_for)
    return normalise(curves + random.normal(0.0, NOISE_SD, curves.shape), "minmax")


def judge(table: Table, study: Study) -> list[Finding]:
    """Compare the residential clusters with and without businesses, and the modes of both kinds."""
    shares, homes = table.curve(series="residential")
    _, everyone = table.curve(series="all")
    apart = table.mean(series="kinds apart")
    modes = [table.mean(series=f"modes {kind}") for kind in ("residential", "commercial")]
    return [
        Finding(
            "residential clusters are recovered as well with businesses among them",
            "non-residential consumers not tested",
            f"residential ARI {homes[0]:.3f} alone, {homes[-1]:.3f} with {100 * shares[-1]:.0f} % businesses",
            bool(at_least(homes.min(), homes[0] - CLOSE)),
        ),
        Finding(
            "businesses form clusters of their own",
            "not tested",
            f"ARI of all {everyone[-1]:.3f}; both kinds apart in {100 * apart:.0f} % of the data sets",
            bool(at_least(everyone.min(), everyone[0] - CLOSE) and at_least(apart, APART)),
        ),
        Finding(
            "businesses have fewer modes than households",
            "not tested",
            f"{modes[1]:.1f} against {modes[0]:.1f} by the silhouette of Ward's clusters",
            not at_least(modes[1], modes[0]),
        ),
    ]


def draw(table: Table) -> Figure:
    """Draw ARI and the number of modes over the share of businesses."""
    figure, axes = pictures.panels(1, 2, shared=False)
    for number, series in enumerate(("all", "residential")):
        pictures.line(axes[0, 0], table, series, number, series=series)
    for number, kind in enumerate(("residential", "commercial")):
        pictures.line(axes[0, 1], table, kind, number, series=f"modes {kind}")
    axes[0, 0].set_ylim(pictures.ARI_RANGE)
    axes[0, 1].set_ylabel("modes of a consumer")
    axes[0, 1].legend()
    pictures.name_axes(axes, "businesses for each household", "ARI", ["recovery", "modes"])
    return figure


EXPERIMENT = Experiment(
    "mixed",
    "summary, check 3",
    "Households are clustered as well with businesses among them",
    (2, 20),
    settings,
    measure,
    judge,
    draw,
    cell_s=0.4,
)
