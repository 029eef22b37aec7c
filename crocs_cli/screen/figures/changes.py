"""Figures 18 to 23: contributions, largest changes, transitions between classes, scores, places."""

from __future__ import annotations

import textwrap

import numpy as np

from crocs_cli.report import style
from crocs_cli.report.panels import SHADES, counted_cells, log_axis, panels, shade_bar
from crocs_cli.screen.daily.series import together
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
from crocs_cli.screen.layouts import DAILY
from crocs_cli.screen.patterns.features import summarise, week_shares
from crocs_cli.screen.ranking.tags import TAGS
from crocs_cli.screen.settings import tag_words
from crocs_cli.screen.tables import CLASSES, reasons, transitions_of

TOP, PLACES = 20, 100
BINS = 60


def contributions(scene: Scene) -> Drawing | None:
    """Draw how the score of the first is built, and the contributions of the first twenty."""
    verdict = scene.ranking.actual
    rows = verdict.order[:TOP]
    if not len(rows):
        return None
    parts = np.array([verdict.score.contributions[tag][rows] for tag in TAGS])
    used = np.flatnonzero(parts.any(axis=1))
    words = [tag_words()[TAGS[tag]] for tag in used]
    figure, (above, below) = panels((8,), 3, 2)
    start = np.concatenate([[0], np.cumsum(parts[used, 0])])
    colours = [style.colour(number) for number in range(len(used))]
    names = scene.names(rows).tolist()
    above.barh(words, parts[used, 0], left=start[:-1], color=colours)
    above.invert_yaxis()
    above.set(title=f"{names[0]}: score {start[-1]:.2f}", xlabel="score")
    bottom = np.zeros(len(rows))
    for values, colour in zip(parts[used], colours, strict=True):
        below.bar(names, values, bottom=np.where(values > 0, bottom, 0), color=colour)
        bottom += np.maximum(values, 0)
    below.tick_params(axis="x", rotation=90)
    below.set(title=f"The first {len(rows)}, in the same colours", ylabel="score")
    first = np.argsort(-np.abs(parts[used, 0]), kind="stable")[:3]
    largest = ", ".join(f"{words[i]} {parts[used[i], 0]:.2f}" for i in first)
    alt = f"Contributions to the scores of the first {len(rows)}; the first, {names[0]}: {largest}."
    return Drawing(figure, alt, {"id": names} | {tag: parts[i] for i, tag in enumerate(TAGS)})


def _worst(scene: Scene, tags: tuple[str, ...]) -> np.ndarray:
    """Return the ranked installations with the largest contribution of some tags, without the ceased ones."""
    verdict = scene.ranking.actual
    size = np.sum([verdict.score.contributions[tag] for tag in tags], axis=0)
    rows = verdict.order[(verdict.columns["ceased"] == 0)[verdict.order]]
    return rows[np.argsort(-size[rows], kind="stable")[:EXAMPLES]]


def scale_cases(scene: Scene) -> Drawing | None:
    """Draw three anomalies by a large decrease, with the reason in words."""
    rows = _worst(scene, ("scale_decrease",))
    if not len(rows):
        return None
    series, columns = scene.series(rows), scene.ranking.actual.columns
    figure, axes = panels((8,), 2.3, len(rows))
    for i, reason in enumerate(reasons(scene.ranking, rows)):
        plot_series(axes[i], series, i, int(columns["split_day"][rows[i]]))
        plot_means(axes[i], scene, series, rows[i])
        axes[i].set_xlabel(textwrap.fill(reason, 110), fontsize=8)
    alt = f"Daily energy of the largest decreases: {listed_in_words(scene.names(rows))}."
    return Drawing(figure, alt, series_columns(series))


def shape_cases(scene: Scene) -> Drawing | None:
    """Draw three anomalies by a change of weekday or month pattern, with the weekdays before and after."""
    rows = _worst(
        scene, ("week_class_change", "month_class_change", "week_shape_distance", "month_shape_distance")
    )
    if not len(rows):
        return None
    series, columns = scene.series(rows), scene.ranking.actual.columns
    begin, split, end = (columns[f"{name}_day"][rows].astype(np.int64) for name in ("begin", "split", "end"))
    spans = {"before": (begin, split), "after": (split, end)}
    shares = {n: week_shares(summarise(series.kwh, series.calendar, *span)) for n, span in spans.items()}
    figure, axes = panels((5.8, 2.3), 2.4, len(rows))
    for i, reason in enumerate(reasons(scene.ranking, rows)):
        left, right = axes[2 * i : 2 * i + 2]
        plot_series(left, series, i, int(split[i]))
        left.set_xlabel(textwrap.fill(reason, 75), fontsize=8)
        for shift, name, colour in ((-0.2, "before", style.ACCENT), (0.2, "after", style.CONTRAST)):
            height = 100 * np.nan_to_num(shares[name][i])
            right.bar(np.arange(7) + shift, height, 0.4, color=colour, label=name)
        right.set_xticks(range(7), [name[:1] for name in WEEKDAYS])
        right.set_ylabel("% of the energy")
    axes[1].legend()
    alt = f"Daily energy and weekdays of the largest pattern changes: {listed_in_words(scene.names(rows))}."
    return Drawing(figure, alt, series_columns(series))


def class_transitions(scene: Scene) -> Drawing:
    """Draw earlier against later classes: most installations must lie on the diagonal."""
    columns, rows = scene.ranking.actual.columns, []
    figure, axes = panels([2.7] * len(CLASSES), 2.7)
    kept = []
    for panel, feature in zip(axes, CLASSES, strict=True):
        matrix = transitions_of(columns, feature)
        numbers = range(1, len(matrix) + 1)
        counted_cells(panel, matrix, numbers, title=feature, xlabel="class after", ylabel="class before")
        rows += [(feature, a + 1, b + 1, int(count)) for (a, b), count in np.ndenumerate(matrix)]
        kept.append(f"{feature} {np.trace(matrix):,} of {matrix.sum():,}")
    names = ("feature", "class_before", "class_after", "installations")
    table: dict[str, object] = {name: [row[i] for row in rows] for i, name in enumerate(names)}
    return Drawing(figure, f"Installations that kept their class: {', '.join(kept)}.", table)


def scores(scene: Scene) -> Drawing | None:
    """Draw the scores, and those of the same installations a year before."""
    verdicts = {"now": scene.ranking.actual, "a year before": scene.ranking.placebo}
    finals = {
        name: v.score.final[v.ranked] for name, v in verdicts.items() if v is not None and v.ranked.any()
    }
    if "now" not in finals:
        return None
    figure, (axes,) = panels((5,), 3)
    whole = np.concatenate(list(finals.values()))
    edges = np.linspace(whole.min(), whole.max() + 1e-9, BINS)
    columns: dict[str, object] = {"from_score": edges[:-1]}
    for (name, final), colour in zip(finals.items(), (style.CONTRAST, style.ACCENT), strict=False):
        counts, _ = np.histogram(final, edges)
        axes.stairs(counts, edges, color=colour, label=name)
        columns[name.replace(" ", "_")] = counts
    log_axis(axes)
    axes.set(xlabel="score", ylabel="installations")
    axes.legend()
    words = "; ".join(
        f"{name} {len(final):,} installations, half above {np.median(final):.2f}, highest {final.max():.2f}"
        for name, final in finals.items()
    )
    return Drawing(figure, f"Histogram of scores: {words}.", columns)


def places(scene: Scene) -> Drawing | None:
    """Draw a map of the first hundred, where the installations have coordinates."""
    found = together(scene.run / "screen" / "daily", DAILY, ("latitude", "longitude"))
    latitude, longitude = found["latitude"], found["longitude"]
    known = ~np.isnan(latitude) & ~np.isnan(longitude)
    rows = scene.ranking.actual.order[:PLACES]
    rows = rows[known[rows]]
    if not len(rows):
        return None
    figure, (axes,) = panels((5,), 5)
    axes.scatter(longitude[known], latitude[known], s=2, color=style.GRID)
    final = scene.ranking.actual.score.final[rows]
    points = axes.scatter(
        longitude[rows], latitude[rows], c=final, s=18, cmap=SHADES, edgecolors=style.INK, lw=0.3
    )
    shade_bar(figure, axes, points, "score")
    axes.set(xlabel="longitude", ylabel="latitude")
    table = {"id": scene.names(rows), "longitude": longitude[rows], "latitude": latitude[rows]}
    return Drawing(
        figure, f"Map of {len(rows)} of the first {PLACES} of the list, darker for higher scores.", table
    )


FIGURES: Figures = {
    "18-contributions": ("How the scores are built", contributions),
    "19-scale-cases": ("The largest decreases", scale_cases),
    "20-shape-cases": ("The largest changes of pattern", shape_cases),
    "21-class-transitions": ("Classes before and after", class_transitions),
    "22-scores": ("Scores now and a year before", scores),
    "23-map": ("Where the first of the list are", places),
}
