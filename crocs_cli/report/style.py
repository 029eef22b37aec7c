"""Style of every figure: colours, type, the hours of a day, and SVG that can stand inside a page.

Colours keep 4.5:1 contrast on white and differ in lightness, so that they hold in print and for the
colour-blind; no picture relies on colour alone.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK, MUTED, GRID, PAPER = "#1b1f24", "#56606b", "#d9dee3", "#ffffff"
ACCENT, CONTRAST, NAVY = "#0b5fa5", "#b8430b", "#1f2a56"  # navy: minor hyperprototypes, as in the paper
PALETTE = (
    "#0b5fa5",
    "#b8430b",
    "#0f766e",
    "#7c3aed",
    "#8a6100",
    "#be185d",
    "#3f6f12",
    "#475569",
    "#0e7490",
    "#9f1239",
)
HOURS = (0, 6, 12, 18, 24)

FONTS = "DejaVu Sans, Verdana, Arial, sans-serif"
_LONG_NUMBER = re.compile(r"\d+\.\d{3,}")

_STYLE: Any = {
    "svg.fonttype": "none",  # text stays text: it can be read aloud, searched and copied
    "svg.hashsalt": "crocs",  # else every run invents new ids
    "text.parse_math": False,  # a dollar sign in a name is a dollar sign
    "font.family": "sans-serif",
    "font.size": 9.0,
    "axes.titlesize": 9.0,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.labelsize": 8.5,
    "axes.edgecolor": MUTED,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.7,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": GRID,
    "grid.linewidth": 0.6,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "xtick.labelsize": 8.0,
    "ytick.labelsize": 8.0,
    "legend.frameon": False,
    "legend.fontsize": 8.0,
    "lines.linewidth": 1.6,
    "figure.facecolor": PAPER,
}


@contextmanager
def styled() -> Iterator[None]:
    """Draw with this style only, whatever the user's own matplotlib settings say."""
    import matplotlib as mpl  # takes half a second, which a page of small pictures does not need

    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(_STYLE)
        yield


def canvas(
    width_in: float, height_in: float, margins_in: tuple[float, float, float, float]
) -> tuple[Figure, Axes]:
    """Return a figure with one pair of axes inside its left, bottom, right, top margin; call inside `styled`.

    Fixed margins line the axes of neighbouring pictures up, and need no second drawing to be found.
    """
    from matplotlib.figure import Figure

    left, bottom, right, top = margins_in
    figure = Figure(figsize=(width_in, height_in))
    inner = (left, bottom, width_in - left - right, height_in - bottom - top)
    place = (inner[0] / width_in, inner[1] / height_in, inner[2] / width_in, inner[3] / height_in)
    return figure, figure.add_axes(place)


def legend_above(axes: Axes, handles: Sequence[Any]) -> None:
    """Draw a legend of one row above the axes."""
    axes.legend(
        handles=handles, loc="lower left", bbox_to_anchor=(0, 1), ncols=2, borderaxespad=0.2, borderpad=0.2
    )


def colour(number: int) -> str:
    """Return the colour of the item of that number, from 0; they come round after ten."""
    return PALETTE[number % len(PALETTE)]


def slot_hours(slots: int) -> np.ndarray:
    """Return the middle of each slot of a day in hours: (slots,) float64."""
    return (np.arange(slots) + 0.5) * 24.0 / slots


def day_axis(axes: Axes) -> None:
    """Make the x axis the hours of a day."""
    axes.set_xlim(0, 24)
    axes.set_xticks(HOURS, [f"{hour}h" for hour in HOURS])


def svg(figure: Figure, name: str, alt: str) -> str:
    """Return a figure as an SVG element to stand in a page; call inside `styled`.

    `name` makes its ids its own among the page's figures; `alt` says in words what the figure shows.
    """
    text = io.StringIO()
    figure.savefig(text, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    drawn = text.getvalue()
    drawn = re.sub(r"^.*?<svg[^>]*>|<metadata>.*?</metadata>|<style.*?</style>", "", drawn, flags=re.DOTALL)
    drawn = re.sub(r" font-family: [^;\"]+;?", "", drawn)  # the element's own, below
    drawn = re.sub(r'="[^"]*"', lambda value: _LONG_NUMBER.sub(_shortened, value[0]), drawn)
    drawn = re.sub(r'\bid="([^"]+)"', rf'id="{name}-\1"', drawn)
    drawn = re.sub(r"url\(#([^)]+)\)", rf"url(#{name}-\1)", drawn)
    drawn = re.sub(r'href="#([^"]+)"', rf'href="#{name}-\1"', drawn)
    width, height = figure.get_size_inches()
    return (
        f'<svg role="img" aria-label="{escape(alt)}" width="{96 * width:.0f}" height="{96 * height:.0f}" '
        f'viewBox="0 0 {72 * width:g} {72 * height:g}" font-family="{FONTS}" version="1.1" '
        'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink">' + drawn.strip()
    )


def _shortened(number: re.Match[str]) -> str:
    return f"{float(number[0]):.2f}"
