"""Pictures of what the members of segments share, after Figures 13 and 14 of the paper.

A major behaviour has a colour, a marker and a dash pattern of its own, and its number stands beside its
point: nothing is told by colour alone. Minor ones are thin and navy, as in the paper.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure

from crocs_cli.report import style
from crocs_cli.report.axis import Axis
from crocs_cli.report.facts import drawn
from crocs_cli.report.speech import said
from crocs_cli.rundir.meaning import DAYS, Meaning

#: Okabe and Ito's colours, darkened to hold on white; told apart by people with every kind of colour vision
COLOURS = ("#0072b2", "#d55e00", "#007a5e", "#a8437f", "#a67c00", "#2f8fc4", "#5b3a8c", "#3d3d3d")
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
DASHES = (
    "-",
    (0, (5, 1.5)),
    (0, (1.5, 1)),
    (0, (6, 1.5, 1.5, 1.5)),
    "-",
    (0, (5, 1.5)),
    (0, (1.5, 1)),
    (0, (3, 3)),
)
ROW_IN, WIDTH_IN = 1.9, 9.0
COLUMNS = ((0.06, 0.2), (0.33, 0.165), (0.55, 0.19), (0.79, 0.19))  # left and width, in shares of the width


@dataclass(frozen=True)
class Shared:
    """One segment: day_coverage, consumer_coverage (C,); medoid, mean (C, slots); and its graph as drawn:
    place (D, 2), edge (E, 2) and community (D,), -1 where it is too small to count.
    """

    number: int
    members: int
    day_coverage: np.ndarray
    consumer_coverage: np.ndarray
    medoid: np.ndarray
    mean: np.ndarray
    place: np.ndarray
    edge: np.ndarray
    community: np.ndarray


def shared_behaviours(clusters: Sequence[Shared], meaning: Meaning = DAYS) -> str:
    """Draw a row for each segment: graph, coverage, medoid and mean hyperprototypes. Returns SVG."""
    height = ROW_IN * len(clusters) + 0.45
    with style.styled():
        figure = Figure(figsize=(WIDTH_IN, height))
        for row, cluster in enumerate(clusters):
            bottom = height - 0.3 - ROW_IN * (row + 1) + 0.42
            cells = [
                figure.add_axes((left, bottom / height, width, (ROW_IN - 0.55) / height))
                for left, width in COLUMNS
            ]
            _graph(cells[0], cluster)
            _coverage(cells[1], cluster)
            axis = Axis(meaning, cluster.mean.shape[1])
            _profiles(cells[2], cluster, cluster.medoid[:, axis.shown], axis)
            _profiles(cells[3], cluster, cluster.mean[:, axis.shown], axis)
            if row == 0:
                titles = ("communities", "coverage", "medoid hyperprototypes", "mean hyperprototypes")
                for axes, title in zip(cells, titles, strict=True):
                    axes.set_title(title, pad=8)
        alt = "; ".join(_said(cluster) for cluster in clusters)
        drawn_all = style.svg(figure, "shared-behaviours", f"What the members of each segment share. {alt}.")
        return said(drawn_all, meaning)


def _major(cluster: Shared) -> int:
    """Return how many behaviours are major; they come first."""
    return drawn(cluster.day_coverage)


def _said(cluster: Shared) -> str:
    parts = ", ".join(
        f"{100 * days:.0f} % of days and {100 * consumers:.0f} % of consumers"
        for days, consumers in zip(
            cluster.day_coverage[: _major(cluster)], cluster.consumer_coverage, strict=False
        )
    )
    return f"Segment {cluster.number}, {cluster.members} consumers: {parts}"


def _graph(axes: Axes, cluster: Shared) -> None:
    axes.set_axis_off()
    lines = cluster.place[cluster.edge]
    axes.add_collection(LineCollection(list(lines), colors=style.GRID, linewidths=0.35, zorder=1))
    major = _major(cluster)
    minor = (cluster.community < 0) | (cluster.community >= major)
    axes.plot(*cluster.place[minor].T, ".", color=style.NAVY, ms=1.8, alpha=0.55, zorder=2)
    for mode in range(major):
        inside = cluster.community == mode
        axes.plot(*cluster.place[inside].T, MARKERS[mode], color=COLOURS[mode], ms=2.6, mew=0, zorder=3)
    axes.set_xlim(-0.03, 1.03)
    axes.set_ylim(-0.03, 1.03)
    axes.text(
        -0.08, 0.5, f"segment {cluster.number}\n{cluster.members} consumers", rotation=90,
        ha="right", va="center", ma="center", fontsize=8.5, color=style.INK,
    )  # fmt: skip


def _coverage(axes: Axes, cluster: Shared) -> None:
    consumers, days = 100 * cluster.consumer_coverage, 100 * cluster.day_coverage
    major = _major(cluster)
    axes.plot(consumers[major:], days[major:], ".", color=style.NAVY, ms=4, alpha=0.7)
    top = max(10.0, 1.25 * float(days.max(initial=0.0)))
    taken: list[float] = []
    for mode in np.argsort(days[:major], kind="stable"):
        axes.plot(consumers[mode], days[mode], MARKERS[mode], color=COLOURS[mode], ms=6, mew=0)
        height = max(days[mode], taken[-1] + 0.1 * top if taken else 0.0)
        taken.append(height)
        axes.annotate(
            str(mode + 1), (consumers[mode], days[mode]), (110, height), fontsize=7.5, va="center",
            color=COLOURS[mode], annotation_clip=False,
            arrowprops={"arrowstyle": "-", "color": style.GRID, "lw": 0.6, "shrinkA": 1, "shrinkB": 3},
        )  # fmt: skip
    axes.set_xlim(-4, 105)
    axes.set_ylim(-0.03 * top, top)
    axes.set_xticks([0, 50, 100])
    axes.set_xlabel("% of consumers", labelpad=1)
    axes.set_ylabel("% of days", labelpad=3)


def _profiles(axes: Axes, cluster: Shared, profiles: np.ndarray, axis: Axis) -> None:
    """Draw the drawn slots of profiles (behaviours, n)."""
    major, hours = _major(cluster), axis.places
    for minor in profiles[major:]:
        axes.plot(hours, minor, color=style.NAVY, lw=0.5, alpha=0.3)
    for mode in range(major - 1, -1, -1):
        axes.plot(hours, profiles[mode], color=COLOURS[mode], lw=1.5, ls=DASHES[mode])
        top = int(profiles[mode].argmax())
        axes.annotate(
            str(mode + 1), (hours[top], profiles[mode, top]), (0, 2), textcoords="offset points",
            ha="center", fontsize=7.5, fontweight="bold", color=COLOURS[mode], annotation_clip=False,
        )  # fmt: skip
    axis.dress(axes)
    axes.set_ylim(top=max(1.12, 1.1 * float(profiles.max(initial=0.0))))
    axes.set_yticks([0, 0.5, 1])
