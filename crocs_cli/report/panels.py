"""Parts that several pictures share: panels side by side, bars, tables of counts, logarithmic axes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
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


def shaded_cells(axes: Axes, fractions: np.ndarray) -> None:
    """Draw a cell for each fraction (row, column), darker for a larger one, the first row at the top.

    Cells are shapes: an image inside a picture is one that a page's own policy does not show.
    """
    rows, columns = (np.arange(count + 1) - 0.5 for count in fractions.shape)
    axes.pcolormesh(columns, rows, fractions, cmap=SHADES, vmin=0, vmax=1)
    axes.invert_yaxis()
    axes.set_aspect("equal")


def shade_bar(figure: Figure, axes: Axes, shaded: ScalarMappable, label: str) -> None:
    """Draw the scale of SHADES beside axes, as shapes too."""
    scale = figure.colorbar(shaded, ax=axes, label=label)
    for shapes in scale.ax.collections:
        shapes.set(rasterized=False, edgecolor="face")


def counted_cells(axes: Axes, counts: np.ndarray, names: Sequence[object], **labels: str) -> None:
    """Draw a table of counts (row, column), darker for a larger fraction of the row."""
    fractions = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    shaded_cells(axes, fractions)
    for (row, column), count in np.ndenumerate(counts):
        ink = PAPER if fractions[row, column] > 0.5 else INK
        axes.text(column, row, f"{count:,}", ha="center", va="center", color=ink, fontsize=8)
    places = range(len(names))
    axes.set(xticks=places, yticks=places, xticklabels=names, yticklabels=names, **labels)
    axes.grid(visible=False)


def log_axis(axes: Axes) -> None:
    """Make the y axis logarithmic, its ticks plain numbers."""
    axes.set_yscale("log")
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}" if value >= 1 else f"{value:g}")
    axes.yaxis.set_minor_formatter(NullFormatter())
