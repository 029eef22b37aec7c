"""Alike on different days is far more common than alike on the same days (paper section 5.4, Fig. 8-9)."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from crocs_cli.maths.decisions import at_least, at_most, first_greatest
from crocs_cli.maths.sequences.synchrony import joint_labels, pair_synchrony
from crocs_cli.paper import pictures
from crocs_cli.paper.days import Days, date_number, date_text, days_from, month_starts, stand_in
from crocs_cli.paper.experiment import Cell, Experiment, Figures, Finding, Setting, Study
from crocs_cli.paper.table import Table
from crocs_cli.report import style

PERIOD_DAYS, LEAST_DAYS, CLUSTERS = 182, 120, 10
QUICK_PERIODS, STAND_IN_CONSUMERS = 1, 24
#: cells of the density picture along each axis
BINS = 25
ARCHETYPES = ("apart", "in step", "out of step")


def settings(study: Study) -> list[Setting]:
    """Return half a year from the first of every month that has one, or the stand-in's only one."""
    if study.days is None:
        return [{"period": "stand-in", "consumers": STAND_IN_CONSUMERS}]
    starts = month_starts(study.days, PERIOD_DAYS)
    kept = starts[:QUICK_PERIODS] if study.quick else starts
    return [{"period": date_text(start), "consumers": len(study.days)} for start in kept]


def measure(cell: Cell, study: Study) -> Figures:
    """Cluster the days of every pair together; count where the pairs lie, and show the extreme ones."""
    if study.days is None:
        days = stand_in(STAND_IN_CONSUMERS, PERIOD_DAYS, study.seed_of(cell))
    else:
        start = date_number(str(cell.setting["period"]))
        days = days_from(study.days, start, PERIOD_DAYS, LEAST_DAYS)
    pairs = pair_synchrony(days.profiles, days.dates, days.offset, CLUSTERS, days.window, study.threads)
    told = ~np.isnan(pairs[1])
    jsd, kappa = pairs[0][told], pairs[1][told]
    alike, in_step = at_most(jsd, study.options.similar_jsd), at_least(kappa, study.options.in_step_kappa)
    figures: Figures = [
        ("pairs", 0, len(jsd)),
        ("alike out of step", 0, (alike & ~in_step).sum()),
        ("alike in step", 0, (alike & in_step).sum()),
    ]
    density = np.histogram2d(jsd, kappa, bins=BINS, range=((0, 1), (0, 1)))[0]
    for row, counts in zip(density, range(BINS), strict=True):
        figures += [(f"pairs of JSD bin {counts:02d}", at / BINS, value) for at, value in enumerate(row)]
    return figures + _archetypes(days, pairs)


def _archetypes(days: Days, pairs: tuple[np.ndarray, np.ndarray]) -> Figures:
    """Return the clusters, day by day, of the pair that is most of each kind (Fig. 8)."""
    jsd, kappa = pairs[0], np.nan_to_num(pairs[1], nan=0.5)
    first, second = np.triu_indices(len(days), 1)
    extreme = (jsd - np.abs(kappa - 0.5), kappa, -jsd - 4 * np.abs(kappa - 0.5))
    figures: Figures = []
    for name, score in zip(ARCHETYPES, extreme, strict=True):
        chosen = int(first_greatest(score))
        a, b = int(first[chosen]), int(second[chosen])
        labels = joint_labels(days.of(a), days.of(b), CLUSTERS, days.window)
        figures += [(f"{name} JSD", 0, jsd[chosen]), (f"{name} kappa", 0, kappa[chosen])]
        for which, consumer, part in (
            ("first", a, labels[: len(days.of(a))]),
            ("second", b, labels[len(days.of(a)) :]),
        ):
            dates = days.dates[days.offset[consumer] : days.offset[consumer + 1]]
            figures += [(f"{name} {which}", date, label) for date, label in zip(dates, part, strict=True)]
    return figures


def judge(table: Table, study: Study) -> list[Finding]:
    """Compare the shares of pairs that are alike out of step and in step."""
    total = table.where(series="pairs")["value"].sum()
    shares = [table.where(series=f"alike {how} step")["value"].sum() / total for how in ("out of", "in")]
    options = study.options
    return [
        Finding(
            f"more pairs are alike out of step than in step (JSD <= {options.similar_jsd:g}, "
            f"in step from kappa {options.in_step_kappa:g})",
            "7.7 % against 0.6 %",
            f"{100 * shares[0]:.1f} % against {100 * shares[1]:.1f} % of {total:.0f} pairs",
            bool(shares[0] > 2 * shares[1]),
        )
    ]


def draw(table: Table) -> Figure:
    """Draw the density of all pairs, and the days of the extreme ones in the first period."""
    figure, axes = pictures.panels(2, 2, shared=False)
    density = np.array([table.curve(series=f"pairs of JSD bin {row:02d}")[1] for row in range(BINS)])
    edges = np.linspace(0, 1, BINS + 1)  # drawn as shapes: the page lets no image in, not even its own
    axes[0, 0].pcolormesh(edges, edges, np.log1p(density.T), cmap="Greys")
    axes[0, 0].set(xlabel="Jensen-Shannon divergence", ylabel="(kappa + 1) / 2", title="all pairs")
    rows = table.where(period=table.unique("period")[0])
    for number, (panel, name) in enumerate(zip(axes.flat[1:], ARCHETYPES, strict=True)):
        jsd, kappa = rows.mean(series=f"{name} JSD"), rows.mean(series=f"{name} kappa")
        axes[0, 0].plot(jsd, kappa, "o", color=style.colour(number + 3), label=name)
        one, other = (_days(rows.where(series=f"{name} {which}")) for which in ("first", "second"))
        both, begin = one & other, min(one | other)[0]
        parts = {"one consumer": one - both, "the other": other - both, "both on the same day": both}
        for colour, (label, days) in enumerate(parts.items()):
            day, cluster = np.array(sorted(days)).reshape(-1, 2).T
            panel.scatter(day - begin, cluster, s=2, color=style.colour(colour), label=label)
        panel.set(xlabel="day", ylabel="cluster", title=f"{name}: JSD {jsd:.2f}, kappa {kappa:.2f}")
    axes[0, 0].legend()
    figure.legend(*axes[0, 1].get_legend_handles_labels(), loc="outside lower center", ncols=3, markerscale=3)
    return figure


def _days(rows: Table) -> set[tuple[float, float]]:
    """Return the (date, cluster) of every day of one consumer."""
    return set(zip(rows["at"].tolist(), rows["value"].tolist(), strict=True))


EXPERIMENT = Experiment(
    "asynchrony",
    "Fig. 8-9",
    "Far more consumers are alike out of step than in step",
    (1, 1),
    settings,
    measure,
    judge,
    draw,
    cell_s=2.5,
    grows=2,
    uses_run=True,
)
