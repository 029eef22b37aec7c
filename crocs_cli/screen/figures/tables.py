"""Figures 2 to 10: contracts, inspections, gaps, the reference date, examples of the filters."""

from __future__ import annotations

import csv
from functools import partial
from pathlib import Path

import numpy as np

from crocs_cli.report import style
from crocs_cli.report.panels import bars, counted_cells, log_axis, panels
from crocs_cli.screen.daily import filters, gaps
from crocs_cli.screen.daily.aggregates import week_means
from crocs_cli.screen.daily.dates import YEAR_WEEKS
from crocs_cli.screen.figures.scene import (
    EXAMPLES,
    WEEKDAYS,
    Drawing,
    Figures,
    Scene,
    listed_in_words,
    plot_means,
    plot_series,
    series_columns,
)
from crocs_cli.screen.overview import gap_counts
from crocs_cli.screen.patterns.features import month_shares, observed_months, summarise, week_shares


def _table(path: Path) -> dict[str, list[str]]:
    """Return the columns of a table that was written before; none where it was not."""
    if not path.exists():
        return {}
    with path.open(newline="") as file:
        header, *rows = csv.reader(file)
    return {name: [row[i] for row in rows] for i, name in enumerate(header)}


def tariff_changes(scene: Scene) -> Drawing | None:
    """Draw how often installations changed their tariff, and from what to what."""
    changes = _table(scene.run / "screen" / "eda" / "tariff_changes.csv")
    pairs = _table(scene.run / "screen" / "eda" / "tariff_pairs.csv")
    if not changes or not pairs:
        return None
    figure, (left, right) = panels((4, 4), 3)
    heights = [int(count) for count in changes["installations"]]
    bars(left, changes["changes"], heights, xlabel="changes of tariff", ylabel="installations")
    names = sorted({*pairs["from"], *pairs["to"]})
    counts = np.zeros((len(names), len(names)), int)
    for before, after, count in zip(*pairs.values(), strict=True):
        counts[names.index(before), names.index(after)] += int(count)
    counted_cells(right, counts, names, xlabel="to", ylabel="from")
    words = ", ".join(f"{n} with {c}" for c, n in zip(changes["changes"], heights, strict=True))
    return Drawing(figure, f"Installations by changes of tariff: {words}.", dict(changes))


def inspections(scene: Scene) -> Drawing | None:
    """Draw inspections by result (A abnormal, NA not abnormal, X not tested) and impact on consumption."""
    table = _table(scene.run / "screen" / "eda" / "inspections.csv")
    if not table or not table["result"]:
        return None
    figure, (axes,) = panels((4,), 3)
    counts = {(r, i): int(n) for r, i, n in zip(*table.values(), strict=True)}
    results, bottom = ("A", "NA", "X"), np.zeros(3)
    for impact, label, colour in zip(
        ("1", "0", "NA"), ("impact", "no impact", "impact unknown"), style.PALETTE, strict=False
    ):
        heights = np.array([counts.get((result, impact), 0) for result in results])
        axes.bar(results, heights, bottom=bottom, color=colour, label=label)
        bottom += heights
    axes.set(xlabel="abnormal, not abnormal, not tested", ylabel="inspections")
    axes.legend()
    words = ", ".join(f"{n:.0f} {result}" for result, n in zip(results, bottom, strict=True))
    return Drawing(figure, f"Inspections by result: {words}.", dict(table))


def inter_day_gaps(scene: Scene) -> Drawing | None:
    """Draw gaps by length, and installations by missing days."""
    if not scene.features:
        return None
    by_gap, by_installation = gap_counts(scene.features)
    edges = gaps.BINS
    figure, axes = panels((4, 4), 3)
    limit = scene.ranking.source.fitted.filter.max_gap_days
    for panel, counts, what in zip(axes, (by_gap, by_installation), ("gaps", "installations"), strict=True):
        bars(panel, edges.tolist(), counts, xlabel="days, from", ylabel=what)
        panel.set_xticks(range(0, len(edges), 4), edges[::4])
        if counts.any():
            log_axis(panel)
        panel.axvline(np.searchsorted(edges, limit) - 0.5, color=style.CONTRAST)
    alt = (
        f"Histograms of {by_gap.sum():,} gaps by length and of {by_installation.sum():,} installations by "
        f"missing days, with a line at {limit} days."
    )
    return Drawing(figure, alt, {"from_days": edges, "gaps": by_gap, "installations": by_installation})


def intra_day_gaps(scene: Scene) -> Drawing | None:
    """Draw installations by the number of days with missing intervals."""
    counts = gaps.short_day_histogram(scene.features["short_days"]) if scene.features else np.zeros(0)
    if not counts.any():
        return None
    figure, (axes,) = panels((5,), 3)
    days = np.arange(len(counts))
    bars(axes, days.tolist(), counts, xlabel="short days (the last bar: more)", ylabel="installations")
    axes.set_xticks(days[::5])
    log_axis(axes)
    alt = f"Installations by days with missing intervals: {counts[0]:,} of {counts.sum():,} have none."
    return Drawing(figure, alt, {"short_days": days, "installations": counts})


def split_series(scene: Scene) -> Drawing | None:
    """Draw the first of the ranking, with weekly means and those of a year before."""
    rows = scene.ranking.actual.order[:1]
    if not len(rows):
        return None
    series = scene.series(rows)
    calendar, columns = series.calendar, scene.ranking.actual.columns
    split = int(columns["split_day"][rows[0]])
    weeks, first = week_means(series.kwh, calendar)[0], calendar.dates[calendar.week_start()]
    figure, (axes,) = panels((8,), 3)
    plot_series(axes, series, 0, split)
    axes.step(first, weeks, where="post", color=style.INK, lw=1, label="weekly mean")
    earlier = weeks[:-YEAR_WEEKS]
    axes.step(first[YEAR_WEEKS:], earlier, where="post", color=style.PALETTE[2], lw=1, label="a year before")
    plot_means(axes, scene, series, rows[0])
    axes.legend()
    before, after = (columns[f"mean_{when}"][rows[0]] for when in ("before", "after"))
    alt = (
        f"Daily energy of {listed_in_words(scene.names(rows))}: {before:.3g} kWh a day before "
        f"{calendar.date_of(split)}, {after:.3g} since."
    )
    return Drawing(figure, alt, series_columns(series))


def _labelled(scene: Scene, bit: int, most: int = EXAMPLES) -> np.ndarray:
    """Return some installations with a label in either period."""
    columns = scene.ranking.actual.columns
    return np.nonzero((columns["filters_before"] | columns["filters_after"]) & bit)[0][:most]


def examples(scene: Scene, bits: tuple[int, ...], most: int, with_threshold: bool = False) -> Drawing | None:
    """Draw some installations of each label, missing days in yellow, and the threshold of a low day."""
    rows = np.array(list(dict.fromkeys(row for bit in bits for row in _labelled(scene, bit, most))), int)
    if not len(rows):
        return None
    series = scene.series(rows)
    figure, axes = panels((7,), 1.9, len(rows))
    for row, panel in enumerate(axes):
        plot_series(panel, series, row)
        if with_threshold:
            low = scene.ranking.source.fitted.filter.low_fraction
            mean = scene.ranking.actual.columns["mean_before"][rows[row]]
            panel.axhline(low * mean, color=style.CONTRAST, lw=0.8)
    labels = " or ".join(filters.LABELS[bit] for bit in bits)
    alt = (
        f"Daily energy of {len(rows)} installations labelled {labels}: {listed_in_words(scene.names(rows))}."
    )
    return Drawing(figure, alt, series_columns(series))


def concentrated(scene: Scene, bit: int) -> Drawing | None:
    """Draw a series that is concentrated on a weekday or a month of a period, with its shares of then."""
    rows, columns = _labelled(scene, bit, 1), scene.ranking.actual.columns
    if not len(rows):
        return None
    is_early = bool(columns["filters_before"][rows[0]] & bit)
    begin, end = ("begin_day", "split_day") if is_early else ("split_day", "end_day")
    series = scene.series(rows)
    span = (columns[name][rows].astype(np.int64) for name in (begin, end))
    period = summarise(series.kwh, series.calendar, *span)
    is_week = bit == filters.CC_W
    shares = week_shares(period) if is_week else month_shares(period, observed_months(period))
    percent, names = 100 * np.nan_to_num(shares[0]), WEEKDAYS if is_week else tuple(range(1, 13))
    figure, (left, right) = panels((5, 3), 2.5)
    plot_series(left, series, 0, int(columns["split_day"][rows[0]]))
    bars(right, names, percent, xlabel="weekday" if is_week else "month", ylabel="% of the energy")
    alt = (
        f"Daily energy of {listed_in_words(scene.names(rows))}: {percent.max():.0f} % falls on "
        f"{'' if is_week else 'month '}{names[int(percent.argmax())]}, "
        f"{'before' if is_early else 'after'} the reference date."
    )
    return Drawing(figure, alt, series_columns(series))


LOW = (filters.LOW_CONSUMPTION, filters.LOW_FREQUENCY)
FIGURES: Figures = {
    "02-tariff-changes": ("Changes of tariff", tariff_changes),
    "03-inspections": ("Inspections by result and impact", inspections),
    "04-inter-day-gaps": ("Missing days", inter_day_gaps),
    "05-intra-day-gaps": ("Days with missing intervals", intra_day_gaps),
    "06-split-series": ("The first of the list, split at the reference date", split_series),
    "07-large-gaps": ("Large gaps (yellow)", partial(examples, bits=(filters.LARGE_GAPS,), most=EXAMPLES)),
    "08-low-consumption": (
        "Low consumption and low frequency",
        partial(examples, bits=LOW, most=2, with_threshold=True),
    ),
    "09-concentrated-week": ("Energy concentrated on a weekday", partial(concentrated, bit=filters.CC_W)),
    "10-concentrated-month": ("Energy concentrated in a month", partial(concentrated, bit=filters.CC_M)),
}
