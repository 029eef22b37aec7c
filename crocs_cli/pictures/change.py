"""The picture of a comparison: who moved between segments, and how common behaviours became."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

from crocs_cli.pictures import style
from crocs_cli.pictures.words import percent

CELL_IN, ROW_IN = 0.42, 0.2
LEFT_IN, GAP_IN, WIDTH_IN, RIGHT_IN = 0.9, 1.5, 4.2, 0.25  # of the table, between, of the changes, beyond
TOP_IN, BOTTOM_IN = 0.75, 0.5
FADED = 0.5  # share of a row from which its colour asks for white figures


@dataclass(frozen=True)
class Shift:
    """How the share of days of a behaviour, such as 2.1 or 2.other, changed: points; NaN where unknown."""

    name: str
    change: float
    low: float
    high: float
    claimed: bool


def comparison(transitions: np.ndarray, shifts: Sequence[Shift]) -> str:
    """Draw the table of transitions (K, K), and the change of each behaviour with its interval; SVG."""
    clusters = len(transitions)
    table = CELL_IN * clusters
    height = max(table, ROW_IN * (len(shifts) + 1))
    width_in = LEFT_IN + table + GAP_IN + WIDTH_IN + RIGHT_IN
    whole = (width_in, TOP_IN + height + BOTTOM_IN)
    with style.styled():
        figure = Figure(figsize=whole)
        left = (LEFT_IN, BOTTOM_IN + height - table, table, table)
        right = (LEFT_IN + table + GAP_IN, BOTTOM_IN, WIDTH_IN, height)
        scale = np.array(whole * 2)
        _table(figure.add_axes(tuple(np.array(left) / scale)), transitions)
        _changes(figure.add_axes(tuple(np.array(right) / scale)), shifts)
        return style.svg(figure, "comparison", _said(transitions, shifts))


def _table(axes: Axes, transitions: np.ndarray) -> None:
    """Draw a cell for each pair of segments, darker for a larger share of the earlier segment."""
    shares = transitions / np.maximum(1, transitions.sum(axis=1, keepdims=True))
    shades = LinearSegmentedColormap.from_list("shades", [style.PAPER, style.ACCENT])
    axes.imshow(shares, cmap=shades, vmin=0, vmax=1)
    for (row, column), count in np.ndenumerate(transitions):
        ink = style.PAPER if shares[row, column] > FADED else style.INK
        axes.text(column, row, f"{count:,}", ha="center", va="center", color=ink, fontsize=8)
    numbers = np.arange(len(transitions))
    axes.set_xticks(numbers, [str(number + 1) for number in numbers])
    axes.set_yticks(numbers, [str(number + 1) for number in numbers])
    axes.xaxis.tick_top()
    axes.xaxis.set_label_position("top")
    axes.set_xlabel("consumers by later segment")
    axes.set_ylabel("earlier segment")
    axes.grid(visible=False)
    axes.tick_params(length=0)


def _changes(axes: Axes, shifts: Sequence[Shift]) -> None:
    """Draw each change with its interval; what is claimed is filled, in colour, and says its amount."""
    axes.axvline(0, color=style.MUTED, lw=0.8)
    for place, shift in enumerate(shifts):
        colour = style.CONTRAST if shift.claimed else style.MUTED
        axes.plot([shift.low, shift.high], [place, place], color=colour, lw=2.0 if shift.claimed else 1.0)
        face = colour if shift.claimed else style.PAPER
        axes.plot(shift.change, place, "o", ms=5, mec=colour, mfc=face)
        if shift.claimed:
            axes.annotate(
                f"{shift.change:+.1f}", (shift.high, place), (5, 0), textcoords="offset points",
                va="center", fontsize=8, color=style.INK,
            )  # fmt: skip
    axes.set_yticks(range(len(shifts)), [shift.name for shift in shifts])
    axes.set_ylim(len(shifts), -1)
    axes.margins(x=0.12)
    axes.set_ylabel("segment.behaviour")
    axes.set_xlabel("change in points of days, 95 % interval")
    axes.set_title("Filled: more than chance shows", pad=6)


def _said(transitions: np.ndarray, shifts: Sequence[Shift]) -> str:
    stayed = float(np.trace(transitions) / max(1, transitions.sum()))
    claimed = ", ".join(f"{shift.name}: {shift.change:+.1f}" for shift in shifts if shift.claimed)
    return (
        f"{percent(stayed)} of consumers are in the same segment in both periods. Changes of behaviours in "
        f"points of days: {claimed or 'none beyond chance'}."
    )
