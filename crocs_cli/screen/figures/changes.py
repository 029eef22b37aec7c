"""Figures 18 to 20 and what goes beyond: contributions, the worst cases, transitions, scores and their
placebo."""

from __future__ import annotations

import textwrap

import numpy as np

from crocs_cli.screen.figures.scene import EXAMPLES, Drawn, Scene, plot_means, plot_series, series_columns
from crocs_cli.screen.patterns.classify import transitions
from crocs_cli.screen.patterns.features import summarise, week_shares
from crocs_cli.screen.ranking.tags import TAGS
from crocs_cli.screen.tables import CLASSES, reasons

TOP = 20
COLOURS = (
    "#d55e00",
    "#e69f00",
    "#0072b2",
    "#56b4e9",
    "#009e73",
    "#cc79a7",
    "#999999",
    "#f0e442",
    "#000000",
    "#882255",
)


def contributions(scene: Scene) -> Drawn | None:
    """Figure 18: how the first case's score is built, and the contributions of the first twenty."""
    import matplotlib.pyplot as plt

    verdict = scene.found.actual
    rows = verdict.order[:TOP]
    if not len(rows):
        return None
    parts = np.array([verdict.score.contributions[tag][rows] for tag in TAGS])
    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4.5))
    start = np.concatenate([[0], np.cumsum(parts[:, 0])])
    left.barh(TAGS, parts[:, 0], left=start[:-1], color=COLOURS)
    left.invert_yaxis()
    left.set(title=f"{verdict.columns['installation_id'][rows[0]]}: score {start[-1]:.2f}", xlabel="score")
    names = [str(name) for name in verdict.columns["installation_id"][rows]]
    bottom = np.zeros(len(rows))
    for tag, values, colour in zip(TAGS, parts, COLOURS, strict=True):
        right.bar(names, values, bottom=np.where(values > 0, bottom, 0), label=tag, color=colour)
        bottom += np.maximum(values, 0)
    right.tick_params(axis="x", rotation=90)
    right.legend(fontsize=6)
    table: dict[str, object] = {"id": names}
    return figure, table | {tag: parts[i] for i, tag in enumerate(TAGS)}


def _worst(scene: Scene, tags: tuple[str, ...]) -> np.ndarray:
    """The ranked installations with the largest contribution of some tags, ceased ones left out."""
    verdict = scene.found.actual
    size = np.sum([verdict.score.contributions[tag] for tag in tags], axis=0)
    rows = verdict.order[(verdict.columns["ceased"] == 0)[verdict.order]]
    return rows[np.argsort(-size[rows], kind="stable")[:EXAMPLES]]


def scale_cases(scene: Scene) -> Drawn | None:
    """Figure 19: three anomalies by a large decrease, with the reason in words."""
    import matplotlib.pyplot as plt

    rows = _worst(scene, ("scale_decrease",))
    if not len(rows):
        return None
    series, columns = scene.series(rows), scene.found.actual.columns
    figure, axes = plt.subplots(len(rows), 1, figsize=(8, 2.3 * len(rows)), squeeze=False)
    for i, (row, reason) in enumerate(zip(rows, reasons(scene.found, rows), strict=True)):
        split, panel = int(columns["split_day"][row]), axes[i, 0]
        plot_series(panel, series, i, split)
        plot_means(panel, scene, series, row)
        panel.set_xlabel(textwrap.fill(reason, 120), fontsize=7)
    figure.tight_layout()
    return figure, series_columns(series)


def shape_cases(scene: Scene) -> Drawn | None:
    """Figure 20: three anomalies by a change of weekday or month pattern, with the shares before and
    after."""
    import matplotlib.pyplot as plt

    rows = _worst(
        scene, ("week_class_change", "month_class_change", "week_shape_distance", "month_shape_distance")
    )
    if not len(rows):
        return None
    series, columns = scene.series(rows), scene.found.actual.columns
    split = columns["split_day"][rows].astype(np.int64)
    periods = [
        week_shares(summarise(series.kwh, series.calendar, begin.astype(np.int64), end.astype(np.int64)))
        for begin, end in ((columns["begin_day"][rows], split), (split, columns["end_day"][rows]))
    ]
    figure, axes = plt.subplots(
        len(rows), 2, figsize=(9, 2.3 * len(rows)), squeeze=False, width_ratios=(3, 1)
    )
    for i, reason in enumerate(reasons(scene.found, rows)):
        plot_series(axes[i, 0], series, i, int(split[i]))
        axes[i, 0].set_xlabel(textwrap.fill(reason, 90), fontsize=7)
        for shift, shares, colour in ((-0.2, periods[0], "#56b4e9"), (0.2, periods[1], "#d55e00")):
            axes[i, 1].bar(np.arange(7) + shift, 100 * np.nan_to_num(shares[i]), 0.4, color=colour)
        axes[i, 1].set_xticks(range(7), ("M", "T", "W", "T", "F", "S", "S"))
    figure.tight_layout()
    return figure, series_columns(series)


def class_transitions(scene: Scene) -> Drawn:
    """Earlier against later class: the mass must lie on the diagonal."""
    import matplotlib.pyplot as plt

    columns, rows = scene.found.actual.columns, []
    figure, axes = plt.subplots(1, len(CLASSES), figsize=(3.2 * len(CLASSES), 3))
    for panel, feature in zip(axes, CLASSES, strict=True):
        before, after = (columns[f"{feature}_class_{when}"] for when in ("before", "after"))
        count = max(CLASSES[feature], int(max(before.max(), after.max())) + 1)
        matrix = transitions(before, after, count)
        panel.imshow(np.log1p(matrix), cmap="cividis")
        for (a, b), number in np.ndenumerate(matrix):
            panel.text(b, a, str(number), ha="center", va="center", color="white", fontsize=6)
            rows.append((feature, a + 1, b + 1, int(number)))
        panel.set(title=feature, xlabel="class after", ylabel="class before")
        panel.grid(visible=False)
    names = ("feature", "class_before", "class_after", "installations")
    return figure, {name: [row[i] for row in rows] for i, name in enumerate(names)}


def scores(scene: Scene) -> Drawn:
    """Scores, and those of the same installations a year before."""
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(5, 3))
    verdicts = {"now": scene.found.actual, "a year before": scene.found.placebo}
    finals = {name: v.score.final[v.ranked] for name, v in verdicts.items() if v is not None}
    edges = np.linspace(
        min(f.min() for f in finals.values()), max(f.max() for f in finals.values()) + 1e-9, 60
    )
    columns: dict[str, object] = {"from_score": edges[:-1]}
    for (name, final), colour in zip(finals.items(), ("#d55e00", "#0072b2"), strict=False):
        counts, _ = np.histogram(final, edges)
        axes.stairs(counts, edges, color=colour, label=name)
        columns[name.replace(" ", "_")] = counts
    axes.set(yscale="log", xlabel="score", ylabel="installations")
    axes.legend()
    return figure, columns


def places(scene: Scene) -> Drawn | None:
    """Map of the first hundred, where the installations have coordinates."""
    import matplotlib.pyplot as plt

    rows = scene.found.actual.order[:100]
    latitude, longitude = scene.coordinates()
    known = ~np.isnan(latitude) & ~np.isnan(longitude)
    rows = rows[known[rows]]
    if not len(rows):
        return None
    figure, axes = plt.subplots(figsize=(5, 5))
    axes.scatter(longitude[known], latitude[known], s=2, color="#cccccc")
    final = scene.found.actual.score.final[rows]
    axes.scatter(longitude[rows], latitude[rows], c=final, s=18, cmap="cividis")
    axes.set(xlabel="longitude", ylabel="latitude")
    return figure, {
        "id": scene.found.actual.columns["installation_id"][rows],
        "longitude": longitude[rows],
        "latitude": latitude[rows],
    }


FIGURES = {
    "18-contributions": contributions,
    "19-scale-cases": scale_cases,
    "20-shape-cases": shape_cases,
    "21-class-transitions": class_transitions,
    "22-scores": scores,
    "23-map": places,
}
