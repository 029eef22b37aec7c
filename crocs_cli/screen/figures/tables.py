"""Figures 2 to 10: contracts, inspections, gaps, the split at the reference date, what the filters catch."""

from __future__ import annotations

import csv
from functools import partial
from pathlib import Path

import numpy as np

from crocs_cli.screen.daily import filters, gaps
from crocs_cli.screen.daily.aggregates import week_means
from crocs_cli.screen.figures.scene import (
    Drawn,
    Scene,
    examples,
    labelled,
    plot_means,
    plot_series,
    series_columns,
)
from crocs_cli.screen.ranking import assess

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS = ("J", "F", "M", "A", "M", "J", "J", "A", "S", "O", "N", "D")


def _table(path: Path) -> list[dict[str, str]] | None:
    if not path.exists():
        return None
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def tariff_changes(scene: Scene) -> Drawn | None:
    """Figure 2: how many changed their tariff how often, and from what to what."""
    import matplotlib.pyplot as plt

    rows = _table(scene.run / "screen" / "eda" / "tariff_changes.csv")
    pairs = _table(scene.run / "screen" / "eda" / "tariff_pairs.csv")
    if rows is None or pairs is None:
        return None
    figure, (left, right) = plt.subplots(1, 2, figsize=(8, 3))
    left.bar([row["changes"] for row in rows], [int(row["installations"]) for row in rows], color="#0072b2")
    left.set(xlabel="changes of tariff", ylabel="installations")
    names = sorted({row[side] for row in pairs for side in ("from", "to")})
    counts = np.zeros((len(names), len(names)))
    for row in pairs:
        counts[names.index(row["from"]), names.index(row["to"])] += int(row["changes"])
    right.imshow(counts, cmap="cividis")
    right.set(xticks=range(len(names)), yticks=range(len(names)), xticklabels=names, yticklabels=names)
    right.set(xlabel="to", ylabel="from")
    names_of = ("changes", "installations")
    return figure, {name: [row[name] for row in rows] for name in names_of}


def inspections(scene: Scene) -> Drawn | None:
    """Figure 3: meters found abnormal (A), not abnormal (NA), not tested (X), by impact on consumption."""
    import matplotlib.pyplot as plt

    rows = _table(scene.run / "screen" / "eda" / "inspections.csv")
    if not rows:
        return None
    figure, axes = plt.subplots(figsize=(4, 3))
    bottom = dict.fromkeys(("A", "NA", "X"), 0)
    for impact, colour in (("1", "#d55e00"), ("0", "#56b4e9"), ("NA", "#999999")):
        for row in rows:
            if row["impact"] == impact:
                axes.bar(row["result"], int(row["inspections"]), bottom=bottom[row["result"]], color=colour)
                bottom[row["result"]] += int(row["inspections"])
    axes.set(ylabel="inspections", title="orange: impact on consumption")
    return figure, {name: [row[name] for row in rows] for name in rows[0]}


def inter_day_gaps(scene: Scene) -> Drawn:
    """Figure 4: gaps by length, and installations by missing days."""
    import matplotlib.pyplot as plt

    edges = assess.gap_edges()
    by_gap = scene.features["gap_length_count"].sum(axis=0)
    place = np.searchsorted(edges, scene.features["missing_days"], side="right") - 1
    by_installation = np.bincount(place[place >= 0], minlength=len(edges))[: len(edges)]
    figure, panels = plt.subplots(1, 2, figsize=(8, 3))
    for axes, counts, what in zip(panels, (by_gap, by_installation), ("gaps", "installations"), strict=True):
        axes.bar(range(len(edges)), counts, color="#0072b2")
        axes.set_xticks(range(0, len(edges), 4), edges[::4])
        axes.set(yscale="log" if counts.any() else "linear", xlabel="days, from", ylabel=what)
        axes.axvline(
            np.searchsorted(edges, scene.found.source.fitted.filter.max_gap_days) - 0.5, color="#d55e00"
        )
    return figure, {"from_days": edges, "gaps": by_gap, "installations": by_installation}


def intra_day_gaps(scene: Scene) -> Drawn | None:
    """Figure 5: installations by the number of days with missing intervals."""
    import matplotlib.pyplot as plt

    counts = gaps.short_day_histogram(scene.features["short_days"])
    if not counts.any():
        return None
    figure, axes = plt.subplots(figsize=(5, 3))
    axes.bar(range(len(counts)), counts, color="#0072b2")
    axes.set(yscale="log", xlabel="short days (last: more)", ylabel="installations")
    return figure, {"short_days": np.arange(len(counts)), "installations": counts}


def split_series(scene: Scene) -> Drawn | None:
    """Figure 6: the first of the ranking, split at the reference date, with weekly means and those a year
    before."""
    import matplotlib.pyplot as plt

    rows = scene.found.actual.order[:1]
    if not len(rows):
        return None
    series = scene.series(rows)
    columns, calendar = scene.found.actual.columns, series.calendar
    split = int(columns["split_day"][rows[0]])
    weeks = week_means(series.kwh, calendar)[0]
    first = calendar.dates[calendar.week_start()]
    figure, axes = plt.subplots(figsize=(8, 3))
    plot_series(axes, series, 0, split)
    axes.step(first, weeks, where="post", color="black", lw=1, label="weekly mean")
    axes.step(first[52:], weeks[:-52], where="post", color="#009e73", lw=1, label="a year before")
    plot_means(axes, scene, series, rows[0])
    axes.legend()
    return figure, series_columns(series)


def low_examples(scene: Scene) -> Drawn | None:
    """Figure 8: low consumption and low frequency, with the low-day line."""
    import matplotlib.pyplot as plt

    rows = np.concatenate(
        [labelled(scene, bit)[:2] for bit in (filters.LOW_CONSUMPTION, filters.LOW_FREQUENCY)]
    )
    if not len(rows):
        return None
    series = scene.series(rows)
    figure, axes = plt.subplots(len(rows), 1, figsize=(7, 1.9 * len(rows)), squeeze=False)
    for row, number in enumerate(rows):
        plot_series(axes[row, 0], series, row)
        axes[row, 0].axhline(0.1 * scene.found.actual.columns["mean_before"][number], color="#d55e00", lw=0.8)
    figure.tight_layout()
    return figure, series_columns(series)


def concentrated(scene: Scene, bit: int) -> Drawn | None:
    """Figures 9 and 10: a series concentrated on a weekday or a month, with its shares."""
    import matplotlib.pyplot as plt

    rows = labelled(scene, bit)[:1]
    if not len(rows):
        return None
    series = scene.series(rows)
    week = bit == filters.CC_W
    shares = scene.features["week_share" if week else "month_share"][rows[0]]
    figure, (left, right) = plt.subplots(1, 2, figsize=(8, 2.5), width_ratios=(3, 1))
    plot_series(left, series, 0)
    names = WEEKDAYS if week else [f"{m}{i + 1}" for i, m in enumerate(MONTHS)]
    right.bar(names, np.nan_to_num(shares), color="#009e73")
    right.tick_params(axis="x", rotation=90)
    return figure, series_columns(series)


FIGURES = {
    "02-tariff-changes": tariff_changes,
    "03-inspections": inspections,
    "04-inter-day-gaps": inter_day_gaps,
    "05-intra-day-gaps": intra_day_gaps,
    "06-split-series": split_series,
    "07-large-gaps": partial(examples, bit=filters.LARGE_GAPS),
    "08-low-consumption": low_examples,
    "09-concentrated-week": partial(concentrated, bit=filters.CC_W),
    "10-concentrated-month": partial(concentrated, bit=filters.CC_M),
}
