"""Pictures of all numbers of segments: their mean days on one scale, and how segments split."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from crocs_cli.report import style
from crocs_cli.report.axis import Axis
from crocs_cli.report.candidates import Candidate, Candidates, Flow

PANEL_IN, FEATURE_IN = (2.9, 2.1), 0.5  # a feature of events widens a panel
LABEL_GAP = 0.085  # of the height of a panel, between the numbers beside its lines
COLUMN_IN, EDGE_IN = 1.1, (0.3, 0.75)  # from one number to the next, left of the first, right of the last
BARS, BAR = 0.6, 0.09  # of the height, what all bars of a column take; of its width, how wide they are


@dataclass(frozen=True)
class Column:
    """One number of segments in the picture of how they split.

    order: (K,) its segments from the top; starts, heights: (K,) of each segment's bar, in parts of the
    height; lines: (K,) which colour each has.
    """

    place: int
    order: np.ndarray
    starts: np.ndarray
    heights: np.ndarray
    lines: np.ndarray


def limits(every: Sequence[Candidate], axis: Axis) -> tuple[float, float]:
    """Return the one scale of all mean days: least and most kWh a slot."""
    least = min(float(one.mean_kwh[:, axis.shown].min()) for one in every)
    most = max(float(one.mean_kwh[:, axis.shown].max()) for one in every)
    low, high = min(0.0, 1.05 * least), max(0.0, 1.05 * most)
    return low, high if high > low else low + 1.0


def mean_days(one: Candidate, lines: np.ndarray, scale: tuple[float, float], axis: Axis) -> str:
    """Draw the mean day of every segment; lines: (K,) which colour each has; scale: least and most kWh."""
    means, mark = one.mean_kwh[:, axis.shown], "o-" if axis.meaning.is_event else "-"
    width = PANEL_IN[0] + (FEATURE_IN * len(axis.shown) if axis.meaning.is_event else 0.0)
    with style.styled():
        figure, axes = style.canvas(width, PANEL_IN[1], (0.5, 0.25, 0.3, 0.25))
        for mean, line in zip(means, lines.tolist(), strict=True):
            axes.plot(axis.places, mean, mark, color=style.colour(line), lw=1.4, ms=3)
        axes.set_ylim(*scale)
        axis.dress(axes)
        axes.set_ylabel("IQRs from median" if axis.meaning.is_event else axis.unit)
        axes.set_title(f"{one.clusters} segments" if one.clusters > 1 else "1 segment")
        _numbers_beside(axes, means[:, -1], lines, scale)
        said = "; ".join(f"{k}: {name}" for k, name in enumerate(one.names, 1))
        alt = f"Mean day of each of {one.clusters} segments on one scale. {said}."
        return style.svg(figure, f"days-of-{one.clusters}", alt)


def _numbers_beside(axes: Axes, ends: np.ndarray, lines: np.ndarray, scale: tuple[float, float]) -> None:
    """Write each segment's number beside the end of its line, moved up where two would overlap."""
    low, high = scale
    order = np.argsort(ends, kind="stable")
    places = (ends[order] - low) / (high - low)
    for at in range(1, len(places)):
        places[at] = max(places[at], places[at - 1] + LABEL_GAP)
    places -= max(0.0, places[-1] - 1.0)
    for number, place in zip(order.tolist(), places, strict=True):
        axes.annotate(
            str(number + 1), (1, place), (4, 0), xycoords="axes fraction", textcoords="offset points",
            va="center", fontsize=8, fontweight="bold", color=style.colour(int(lines[number])),
        )  # fmt: skip


def width_in(found: Candidates) -> float:
    """Return the width of the picture of how segments split, in inches."""
    return sum(EDGE_IN) + COLUMN_IN * (len(found.every) - 1)


def flows(found: Candidates) -> str:
    """Draw each number of segments as a column, and between columns the consumers that two segments share."""
    most = max(one.clusters for one in found.every)
    with style.styled():
        figure = Figure(figsize=(width_in(found), 1.2 + 0.3 * most))
        axes = figure.add_axes((0, 0, 1, 1))
        columns = _columns(found)
        for flow, left, right in zip(found.flows, columns, columns[1:], strict=False):
            _bands(axes, flow, left, right)
        for one, column in zip(found.every, columns, strict=True):
            _bars(axes, one, column)
        last = len(columns) - 1
        axes.set(xlim=(-EDGE_IN[0] / COLUMN_IN, last + EDGE_IN[1] / COLUMN_IN), ylim=(1.04, -0.16))
        axes.axis("off")
        said = " ".join(flow.words() for flow in found.flows)
        return style.svg(figure, "splits", f"How segments split. {said}")


def _columns(found: Candidates) -> list[Column]:
    """Place the segments of every column near those of the column before that their consumers come from."""
    gap = (1 - BARS) / max(1, max(one.clusters for one in found.every) - 1)
    columns: list[Column] = []
    for place, (one, lines) in enumerate(zip(found.every, found.lineage(), strict=True)):
        order = np.arange(one.clusters)
        if columns:
            before, shared = columns[-1], found.flows[place - 1].shared
            middle = (before.starts + before.heights / 2) @ shared / shared.sum(axis=0)
            order = np.argsort(middle.round(9), kind="stable")
        heights = BARS * one.consumers / one.consumers.sum()
        starts = np.empty(one.clusters)
        starts[order] = np.cumsum(heights[order] + gap) - heights[order] - gap
        starts += (1 - BARS - gap * (one.clusters - 1)) / 2
        columns.append(Column(place, order, starts, heights, lines))
    return columns


def _bands(axes: Axes, flow: Flow, left: Column, right: Column) -> None:
    """Draw a band between every two segments of neighbouring columns that share consumers."""
    depth = BARS * flow.shared / flow.shared.sum()
    begin, end = np.empty(depth.shape), np.empty(depth.shape)
    in_order = np.ix_(left.order, right.order)
    begin[in_order] = np.cumsum(depth[in_order], axis=1) - depth[in_order] + left.starts[left.order, None]
    end[in_order] = np.cumsum(depth[in_order], axis=0) - depth[in_order] + right.starts[right.order]
    part = np.linspace(0, 1, 21)
    x, bend = left.place + BAR / 2 + (1 - BAR) * part, part * part * (3 - 2 * part)
    for pair in zip(*np.nonzero(flow.shared), strict=True):
        top = begin[pair] + (end[pair] - begin[pair]) * bend
        colour = style.colour(int(left.lines[pair[0]]))
        axes.fill_between(x, top, top + depth[pair], color=colour, alpha=0.3, lw=0)


def _bars(axes: Axes, one: Candidate, column: Column) -> None:
    """Draw the bars of one number of segments, each with its number and its consumers."""
    axes.text(column.place, -0.08, str(one.clusters), ha="center", fontsize=9, fontweight="bold")
    for number in range(one.clusters):
        start, height = column.starts[number], column.heights[number]
        colour = style.colour(int(column.lines[number]))
        axes.barh(start + height / 2, BAR, height, column.place - BAR / 2, color=colour)
        axes.annotate(
            f"{number + 1}: {one.consumers[number]:,}", (column.place + BAR / 2, start + height / 2), (3, 0),
            textcoords="offset points", va="center", fontsize=8, color=style.INK,
        )  # fmt: skip
