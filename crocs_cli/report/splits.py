"""Pictures of all numbers of segments: their mean days on one scale, and how segments split."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from crocs_cli.report.axis import Axis
from crocs_cli.report.candidates import Candidate, Candidates, Flow
from crocs_cli.report.days import TEXT, Line, Picture, Scale, of_segment, scale_of, svg_element
from crocs_cli.report.style import INK

PANEL, FEATURE = (278, 202), 48  # pixels, as all below; a feature of events widens a panel
COLUMN, EDGES = 106, (29, 72)  # from one number to the next, left of the first, right of the last
HEAD, FOOT, ROW = 40, 12, 32  # above and below the bars, and for each of the most segments
BARS, BAR = 0.6, 10  # of the height, what all bars of a column take; how wide they are


@dataclass(frozen=True)
class Column:
    """One number of segments in the picture of how they split.

    left: of its bars; order: (K,) its segments from the top; starts, heights: (K,) of each segment's bar;
    lines: (K,) which colour each has.
    """

    left: float
    order: np.ndarray
    starts: np.ndarray
    heights: np.ndarray
    lines: np.ndarray


def scale(every: Sequence[Candidate], axis: Axis) -> Scale:
    """Return the one scale of all mean days."""
    return scale_of([one.mean_kwh[:, axis.shown] for one in every])


def mean_days(one: Candidate, lines: np.ndarray, scale: Scale, axis: Axis) -> str:
    """Draw the mean day of every segment; lines: (K,) which colour and dashes each has."""
    wider = FEATURE * len(axis.shown) if axis.apart else 0
    unit = f"{one.clusters} segment{'s' if one.clusters > 1 else ''}, {axis.unit}"
    picture = Picture((PANEL[0] + wider, PANEL[1]), scale, unit, right=26, across=axis.across())
    for number, (mean, line) in enumerate(zip(one.mean_kwh[:, axis.shown], lines.tolist(), strict=True), 1):
        colour, dash = of_segment(line)
        picture.line(Line(mean, colour, dash, 1.6, str(number), axis.places, axis.apart))
    said = "; ".join(f"{k}: {name}" for k, name in enumerate(one.names, 1))
    return picture.svg(f"Mean day of each of {one.clusters} segments on one scale. {said}.")


def width(found: Candidates) -> int:
    """Return the width of the picture of how segments split, in pixels."""
    return sum(EDGES) + COLUMN * (len(found.every) - 1)


def flows(found: Candidates) -> str:
    """Draw each number of segments as a column, and between columns the consumers that two segments share."""
    height = ROW * max(one.clusters for one in found.every)
    columns = _columns(found, height)
    parts = [
        _bands(flow, left, right, BARS * height)
        for flow, left, right in zip(found.flows, columns, columns[1:], strict=False)
    ]
    parts += [_bars(one, column) for one, column in zip(found.every, columns, strict=True)]
    said = " ".join(flow.words() for flow in found.flows)
    return svg_element((width(found), HEAD + height + FOOT), "".join(parts), f"How segments split. {said}")


def _columns(found: Candidates, height: int) -> list[Column]:
    """Place the segments of every column near those of the column before that their consumers come from."""
    gap = (1 - BARS) * height / max(1, max(one.clusters for one in found.every) - 1)
    columns: list[Column] = []
    for place, (one, lines) in enumerate(zip(found.every, found.lineage(), strict=True)):
        order = np.arange(one.clusters)
        if columns:
            before, shared = columns[-1], found.flows[place - 1].shared
            middle = (before.starts + before.heights / 2) @ shared / shared.sum(axis=0)
            order = np.argsort(middle.round(6), kind="stable")
        heights = BARS * height * one.consumers / one.consumers.sum()
        starts = np.empty(one.clusters)
        starts[order] = np.cumsum(heights[order] + gap) - heights[order] - gap
        starts += HEAD + ((1 - BARS) * height - gap * (one.clusters - 1)) / 2
        columns.append(Column(EDGES[0] + COLUMN * place - BAR / 2, order, starts, heights, lines))
    return columns


def _bands(flow: Flow, left: Column, right: Column, height: float) -> str:
    """Draw a band between every two segments of neighbouring columns that share consumers."""
    depth = height * flow.shared / flow.shared.sum()
    begin, end = np.empty(depth.shape), np.empty(depth.shape)
    in_order = np.ix_(left.order, right.order)
    begin[in_order] = np.cumsum(depth[in_order], axis=1) - depth[in_order] + left.starts[left.order, None]
    end[in_order] = np.cumsum(depth[in_order], axis=0) - depth[in_order] + right.starts[right.order]
    first, last = left.left + BAR, right.left
    half, bands = f"{(first + last) / 2:.1f}", []
    for pair in zip(*np.nonzero(flow.shared), strict=True):
        there, back, deep = float(begin[pair]), float(end[pair]), float(depth[pair])
        bands.append(
            f'<path d="M{first:.1f} {there:.2f}C{half} {there:.2f} {half} {back:.2f} {last:.1f} {back:.2f}'
            f"v{deep:.2f}C{half} {back + deep:.2f} {half} {there + deep:.2f} {first:.1f} "
            f'{there + deep:.2f}Z" fill="{of_segment(int(left.lines[pair[0]]))[0]}" opacity=".3"/>'
        )
    return "".join(bands)


def _bars(one: Candidate, column: Column) -> str:
    """Draw the bars of one number of segments, each with its number and its consumers."""
    middle = column.left + BAR / 2
    bars = [
        f'<text x="{middle:.1f}" y="{HEAD - 20}" fill="{INK}" text-anchor="middle" font-weight="bold">'
        f"{one.clusters}</text>"
    ]
    for number in range(one.clusters):
        start, height = float(column.starts[number]), float(column.heights[number])
        bars.append(
            f'<rect x="{column.left:.1f}" y="{start:.2f}" width="{BAR}" height="{height:.2f}" '
            f'fill="{of_segment(int(column.lines[number]))[0]}"/>'
            f'<text x="{column.left + BAR + 4:.1f}" y="{start + height / 2 + 0.35 * TEXT:.1f}" fill="{INK}">'
            f"{number + 1}: {one.consumers[number]:,}</text>"
        )
    return "".join(bars)
