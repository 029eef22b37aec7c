"""The page of a comparison: who moved between segments, and how common behaviours became."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from crocs_cli.maths.decisions import at_least
from crocs_cli.report import html, style
from crocs_cli.report.axis import Axis
from crocs_cli.report.panels import shaded_cells
from crocs_cli.report.speech import said
from crocs_cli.report.words import percent
from crocs_cli.rundir.meaning import DAYS, Meaning

CELL_IN, ROW_IN = 0.42, 0.2
LEFT_IN, GAP_IN, WIDTH_IN, RIGHT_IN = 0.9, 1.5, 4.2, 0.25  # of the table, between, of the changes, beyond
TOP_IN, BOTTOM_IN = 0.75, 0.5
FADED = 0.5  # share of a row from which its colour asks for white figures
SHOWN = 0.02  # share of days from which a behaviour is in the picture


@dataclass(frozen=True)
class BehaviourChange:
    """The shares of one behaviour of a segment in two periods; behaviour None is the days that show none.

    earlier, later: shares of the days of the consumers that are in both periods; change: later - earlier,
    less the control group's, with its 95 % interval; others_change: of the other segments' days that show
    it; shape_change: DTW between the mean profiles earlier_mean and later_mean, (slots,) each.
    """

    cluster: int
    behaviour: int | None
    name: str
    consumers: int
    earlier: float
    later: float
    change: float
    low: float
    high: float
    p_adjusted: float
    claimed: bool
    others_change: float = np.nan
    shape_change: float = np.nan
    earlier_mean: np.ndarray = field(default_factory=lambda: np.empty(0))
    later_mean: np.ndarray = field(default_factory=lambda: np.empty(0))

    @property
    def key(self) -> str:
        """The behaviour as the page names it, such as 2.1 or 2.none."""
        return f"{self.cluster}.{self.behaviour or 'none'}"

    @property
    def is_shown(self) -> bool:
        """Whether it is common enough to be drawn, or its change is claimed."""
        return self.claimed or bool(at_least(max(self.earlier, self.later), SHOWN))


@dataclass(frozen=True)
class Changes:
    """The consumers of both periods, their moves, and the change of their behaviours.

    consumer_id: (n,); segments: (2, n) earlier and later, from 0; moved: (n,) bool, where the later segment
    is another and the consumer is no longer like its earlier one; divergence: (2, n) of a consumer's days,
    found, and between two halves of
    the earlier period; transitions: (K, K) consumers by earlier and later segment; names: of the segments.
    """

    earlier: str
    later: str
    clusters: int
    consumer_id: np.ndarray
    left: int
    new: int
    segments: np.ndarray
    moved: np.ndarray
    divergence: np.ndarray
    transitions: np.ndarray
    behaviours: list[BehaviourChange]
    meaning: Meaning = DAYS
    names: tuple[str, ...] = ()

    def transition_shares(self) -> np.ndarray:
        """Return the shares of each earlier segment's consumers by later segment: (K, K)."""
        return self.transitions / np.maximum(1, self.transitions.sum(axis=1, keepdims=True))

    def summary(self) -> dict[str, Any]:
        """Return what is said of a comparison, as plain values."""
        left_out = ("earlier_mean", "later_mean")
        return {
            "earlier": self.earlier,
            "later": self.later,
            "clusters": self.clusters,
            "consumers": len(self.consumer_id),
            "left": self.left,
            "new": self.new,
            "moved": int(self.moved.sum()),
            "transitions": self.transitions.tolist(),
            "prevalence": [
                {name: value for name, value in vars(row).items() if name not in left_out}
                for row in self.behaviours
            ],
            "median_divergence": _median(self.divergence[0]),
            "median_expected_divergence": _median(self.divergence[1]),
        }


def files_of(found: Changes) -> dict[str, bytes]:
    """Return the page and its figures as {file name: content}."""
    shown = [row for row in found.behaviours if row.is_shown]
    figures = {"comparison": comparison(found)}
    for row in shown:
        figures[f"behaviour-{row.key.replace('.', '-')}"] = _shape(row, found.meaning)
    figures = {name: said(svg, found.meaning) for name, svg in figures.items()}
    environment = html.environment()
    environment.filters["percent"] = percent
    environment.filters["points"] = _points
    page = environment.get_template("report/change.html").render(
        found=found,
        summary=found.summary(),
        shares=found.transition_shares(),
        claimed=[row for row in found.behaviours if row.claimed],
        shown=shown,
        stayed=found.segments[0] == found.segments[1],
        figures={name: Markup(svg) for name, svg in figures.items()},
    )
    return {
        "index.html": said(page, found.meaning).encode(),
        **{f"figures/{name}.svg": svg.encode() for name, svg in figures.items()},
    }


def comparison(found: Changes) -> str:
    """Draw the table of transitions, and the change of each common behaviour with its interval; SVG."""
    shifts = [row for row in found.behaviours if row.is_shown]
    table = CELL_IN * found.clusters
    height = max(table, ROW_IN * (len(shifts) + 1))
    width_in = LEFT_IN + table + GAP_IN + WIDTH_IN + RIGHT_IN
    whole = (width_in, TOP_IN + height + BOTTOM_IN)
    with style.styled():
        figure = Figure(figsize=whole)
        left = (LEFT_IN, BOTTOM_IN + height - table, table, table)
        right = (LEFT_IN + table + GAP_IN, BOTTOM_IN, WIDTH_IN, height)
        scale = np.array(whole * 2)
        _table(figure.add_axes(tuple(np.array(left) / scale)), found)
        _changes(figure.add_axes(tuple(np.array(right) / scale)), shifts)
        return style.svg(figure, "comparison", _said(found))


def _shape(row: BehaviourChange, meaning: Meaning) -> str:
    """Draw the mean profile of a behaviour in both periods."""
    axis = Axis(meaning, len(row.earlier_mean))
    with style.styled():
        figure, axes = style.canvas(2.6, 1.6, (0.4, 0.25, 0.16, 0.25))
        lines = []
        for mean, colour, dash, label in (
            (row.earlier_mean, style.MUTED, (0, (4, 2)), "earlier"),
            (row.later_mean, style.ACCENT, "-", "later"),
        ):
            if np.isfinite(mean).all():
                lines += axes.plot(axis.places, mean[axis.shown], color=colour, ls=dash, label=label)
        axis.dress(axes)
        axes.set_ylim(bottom=min(0.0, axes.get_ylim()[0]))
        style.legend_above(axes, lines)
        alt = f"Mean profile of behaviour {row.key}, {row.name}, in the earlier and the later period."
        return style.svg(figure, f"behaviour-{row.key.replace('.', '-')}", alt)


def _table(axes: Axes, found: Changes) -> None:
    """Draw a cell for each pair of segments, darker for a larger share of the earlier segment."""
    transitions, shares = found.transitions, found.transition_shares()
    shaded_cells(axes, shares)
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


def _changes(axes: Axes, shifts: Sequence[BehaviourChange]) -> None:
    """Draw each change with its interval; what is claimed is filled, in colour, and says its amount."""
    axes.axvline(0, color=style.MUTED, lw=0.8)
    for place, shift in enumerate(shifts):
        low, middle, high = (100 * value for value in (shift.low, shift.change, shift.high))
        colour = style.CONTRAST if shift.claimed else style.MUTED
        axes.plot([low, high], [place, place], color=colour, lw=2.0 if shift.claimed else 1.0)
        axes.plot(middle, place, "o", ms=5, mec=colour, mfc=colour if shift.claimed else style.PAPER)
        if shift.claimed:
            axes.annotate(
                f"{middle:+.1f}", (high, place), (5, 0), textcoords="offset points",
                va="center", fontsize=8, color=style.INK,
            )  # fmt: skip
    axes.set_yticks(range(len(shifts)), [shift.key for shift in shifts])
    axes.set_ylim(len(shifts), -1)
    axes.margins(x=0.12)
    axes.set_ylabel("segment.behaviour")
    axes.set_xlabel("change in points of days, 95 % interval")
    axes.set_title("Filled: more than chance shows", pad=6)


def _said(found: Changes) -> str:
    claimed = ", ".join(f"{row.key}: {100 * row.change:+.1f}" for row in found.behaviours if row.claimed)
    stayed = float(np.trace(found.transitions) / max(1, found.transitions.sum()))
    return (
        f"{percent(stayed)} of consumers are nearest to the same segment in both periods. Changes of "
        f"behaviours in points of days: {claimed or 'none beyond chance'}."
    )


def _median(values: np.ndarray) -> float:
    known = values[np.isfinite(values)]
    return float(np.median(known)) if len(known) else float("nan")


def _points(share: float) -> str:
    """Write a change of a share in points; nothing where it is not known."""
    return f"{100 * share:+.1f}" if np.isfinite(share) else ""
