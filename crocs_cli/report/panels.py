"""Parts that several pictures share: panels side by side, bars, tables of counts, logarithmic axes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

from crocs_cli.report.style import ACCENT, INK, PAPER

SHADES = LinearSegmentedColormap.from_list("shades", [PAPER, ACCENT])


def panels(widths: Sequence[float], height_in: float, rows: int = 1) -> tuple[Figure, list[Axes]]:
    """Return a figure with axes of these widths in inches side by side, in rows of one height."""
    figure = Figure(figsize=(sum(widths), height_in * rows), layout="constrained")
    axes = figure.subplots(rows, len(widths), squeeze=False, width_ratios=widths)
    return figure, list(axes.ravel())


def bars(axes: Axes, names: Sequence[object], heights: Sequence[float] | np.ndarray, **labels: str) -> None:
    """Draw one bar for each name."""
    axes.bar(range(len(names)), heights, color=ACCENT)
    axes.set_xticks(range(len(names)), [str(name) for name in names])
    axes.grid(visible=False, axis="x")
    axes.set(**labels)


def counted_cells(axes: Axes, counts: np.ndarray, names: Sequence[object], **labels: str) -> None:
    """Draw a table of counts (row, column), darker for a larger fraction of the row."""
    fractions = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    axes.imshow(fractions, cmap=SHADES, vmin=0, vmax=1)
    for (row, column), count in np.ndenumerate(counts):
        ink = PAPER if fractions[row, column] > 0.5 else INK
        axes.text(column, row, f"{count:,}", ha="center", va="center", color=ink, fontsize=7)
    places = range(len(names))
    axes.set(xticks=places, yticks=places, xticklabels=names, yticklabels=names, **labels)
    axes.grid(visible=False)


def log_axis(axes: Axes) -> None:
    """Make the y axis logarithmic, its ticks plain numbers."""
    axes.set_yscale("log")
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}" if value >= 1 else f"{value:g}")
    axes.yaxis.set_minor_formatter(NullFormatter())
