"""Draw small SVG: lines, bands and bars over the hours of a day, or over another axis.

A report has a hundred such pictures; matplotlib takes 75 ms and 11 kB for each of them, this 0.5 ms and 2 kB.
The pictures of one kind share their scale, their colours are those of `style`, and no line is told by colour
alone: each has a dash pattern and a number, or stands by itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

import numpy as np

from crocs_cli.report.style import ACCENT, FONTS, GRID, HOURS, INK, MUTED, PALETTE, slot_hours

DASHES = ("", "7 2.5", "2 2", "8 2 2 2", "5 1.5 1.5 1.5 1.5 1.5", "1 2.5", "10 3", "4 4")
BOTTOM, TOP, RIGHT = 20, 8, 14
TEXT = 11  # pixels
HEADROOM = 0.04  # of the range, above the highest value


@dataclass(frozen=True)
class Line:
    """A line: values (n,), how it is drawn, and a label at its right end.

    places: (n,) where on the axis the values are, the slots of a day where None; dots: a dot on each value.
    """

    values: np.ndarray
    colour: str = ACCENT
    dash: str = ""
    width: float = 1.8
    label: str = ""
    places: np.ndarray | None = None
    dots: bool = False


@dataclass(frozen=True)
class Scale:
    """The scale of the values of a picture, and where it has ticks."""

    low: float
    high: float
    ticks: tuple[float, ...]
    percent: bool = False

    def text(self, tick: float) -> str:
        """Format a tick."""
        return f"{100 * tick:.3g}%" if self.percent else f"{tick:.3g}"


@dataclass(frozen=True)
class Across:
    """The axis from left to right: from where to where, its texts by their places, and its grid lines."""

    low: float
    high: float
    texts: Mapping[float, str]
    lines: tuple[float, ...] = ()


DAY = Across(0.0, 24.0, {hour: f"{hour}h" for hour in HOURS}, HOURS[1:-1])


def svg_element(size: tuple[int, int], drawn: str, alt: str) -> str:
    """Return what is drawn as an SVG element of a width and height; `alt` says in words what it shows."""
    width, height = size
    return (
        f'<svg role="img" aria-label="{escape(alt)}" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" font-family="{FONTS}" font-size="{TEXT}" '
        f'xmlns="http://www.w3.org/2000/svg">{drawn}</svg>'
    )


def of_segment(place: int) -> tuple[str, str]:
    """Return the colour and the dash pattern of the segment at a place from 0."""
    return PALETTE[place % len(PALETTE)], DASHES[place % len(DASHES)]


def beside(*labels: str) -> int:
    """Return the right margin that leaves room for labels at the ends of lines."""
    return 9 + round(0.74 * TEXT * max(map(len, labels)))


def scale_of(values: Sequence[np.ndarray], most: int = 4, percent: bool = False) -> Scale:
    """Return a scale from 0, or below, that holds all of these values, with at most so many steps."""
    finite = [value[np.isfinite(value)] for value in values]
    low = min([0.0, *(float(value.min()) for value in finite if len(value))])
    high = max([0.0, *(float(value.max()) for value in finite if len(value))])
    high = high + HEADROOM * (high - low) if high > low else low + 1.0
    rough = (high - low) / most
    unit = 10.0 ** np.floor(np.log10(rough))
    step = float(next(unit * nice for nice in (1, 2, 2.5, 5, 10) if unit * nice >= rough * (1 - 1e-9)))
    first, last = int(np.ceil(low / step - 1e-9)), int(np.floor(high / step + 1e-9))
    return Scale(low, high, tuple(step * n for n in range(first, last + 1)), percent)


class Picture:
    """Axes, of a day where no other are given, with lines, a band, bars and a window; `svg` is the whole."""

    def __init__(
        self, size: tuple[int, int], scale: Scale, unit: str = "", right: int = RIGHT, across: Across = DAY
    ) -> None:
        self._width, self._height = size
        self._scale, self._unit, self._across = scale, unit, across
        self._top = TOP + (TEXT + 3 if unit else 0)
        longest = max((len(scale.text(tick)) for tick in scale.ticks), default=1)
        self._left = 8 + round(0.62 * TEXT * longest)
        self._right = right
        self._parts: list[str] = []
        self._labels: list[tuple[float, str, str]] = []

    def window(self, hours: tuple[float, float] | None) -> None:
        """Shade a time of day; an end above 24 is on the next day."""
        if hours is None:
            return
        start, end = hours
        for first, last in ((start, min(end, 24.0)), (0.0, end - 24.0)):
            if last > first:
                left, width = self._x(first), self._x(last) - self._x(first)
                self._parts.append(
                    f'<rect x="{left:.1f}" y="{self._top}" width="{width:.1f}" '
                    f'height="{self._height - BOTTOM - self._top}" fill="{ACCENT}" opacity=".1"/>'
                )

    def band(self, low: np.ndarray, high: np.ndarray) -> None:
        """Fill between two lines."""
        there, back = self._points(high), self._points(low)[::-1]
        self._parts.append(f'<path d="M{" ".join(there + back)}Z" fill="{ACCENT}" opacity=".18"/>')

    def bars(self, values: np.ndarray) -> None:
        """Draw a bar for each slot."""
        wide, floor = self._x(24.0 / len(values)) - self._x(0), self._y(0.0)
        path = "".join(
            f"M{self._x(24.0 * slot / len(values)):.1f} {floor:.1f}v{self._y(value) - floor:.1f}"
            f"h{0.9 * wide:.1f}V{floor:.1f}z"
            for slot, value in enumerate(values)
            if value
        )
        self._parts.append(f'<path d="{path}" fill="{ACCENT}"/>')

    def line(self, line: Line) -> None:
        """Draw a line; one that is not known at all is left out."""
        if not np.isfinite(line.values).all():
            return
        points = self._points(line.values, line.places)
        dash = f' stroke-dasharray="{line.dash}"' if line.dash else ""
        self._parts.append(
            f'<path d="M{" ".join(points)}" fill="none" stroke="{line.colour}" '
            f'stroke-width="{line.width:g}"{dash}/>'
        )
        if line.dots:
            dots = "".join(f"M{point}h0" for point in points)
            self._parts.append(
                f'<path d="{dots}" stroke="{line.colour}" stroke-width="{3 * line.width:g}" '
                'stroke-linecap="round"/>'
            )
        if line.label:
            self._labels.append((self._y(float(line.values[-1])), line.label, line.colour))

    def svg(self, alt: str) -> str:
        """Return the picture as an SVG element; `alt` says in words what it shows."""
        drawn = f"{self._axes()}{''.join(self._parts)}{self._ends()}"
        return svg_element((self._width, self._height), drawn, alt)

    def _axes(self) -> str:
        floor, right = self._height - BOTTOM, self._width - self._right
        across = "".join(f"M{self._left} {self._y(tick):.1f}H{right}" for tick in self._scale.ticks)
        up = "".join(f"M{self._x(place):.1f} {self._top}V{floor}" for place in self._across.lines)
        at = [(self._x(place), escape(text)) for place, text in self._across.texts.items()]
        places = "".join(f'<text x="{x:.1f}" y="{self._height - 5}">{text}</text>' for x, text in at)
        levels = [(self._y(tick) + 0.35 * TEXT, self._scale.text(tick)) for tick in self._scale.ticks]
        ticks = "".join(f'<text x="{self._left - 4}" y="{y:.1f}">{text}</text>' for y, text in levels)
        unit = f'<text x="2" y="{TEXT}" fill="{MUTED}">{escape(self._unit)}</text>' if self._unit else ""
        return (
            f'<path d="{across}{up}" stroke="{GRID}"/>'
            f'<path d="M{self._left} {self._y(max(0.0, self._scale.low)):.1f}H{right}" stroke="{MUTED}"/>'
            f'<g fill="{INK}" text-anchor="middle">{places}</g>'
            f'<g fill="{INK}" text-anchor="end">{ticks}</g>{unit}'
        )

    def _ends(self) -> str:
        """Return the labels at the right ends of lines, moved apart where they would meet."""
        said, last = [], -np.inf
        highest = self._height - BOTTOM - (TEXT + 1) * len(self._labels)
        for number, (y, text, colour) in enumerate(sorted(self._labels)):
            last = max(last + TEXT + 1, min(y, highest + (TEXT + 1) * (number + 1)))
            said.append(
                f'<text x="{self._width - self._right + 5}" y="{last + 0.35 * TEXT:.1f}" fill="{colour}" '
                f'font-weight="bold">{escape(text)}</text>'
            )
        return "".join(said)

    def _points(self, values: np.ndarray, places: np.ndarray | None = None) -> list[str]:
        places = slot_hours(len(values)) if places is None else places
        return [
            f"{self._x(place):.1f} {self._y(value):.1f}"
            for place, value in zip(places.tolist(), values.tolist(), strict=True)
        ]

    def _x(self, place: float) -> float:
        low, high = self._across.low, self._across.high
        return self._left + (self._width - self._right - self._left) * (place - low) / (high - low)

    def _y(self, value: float) -> float:
        floor = self._height - BOTTOM
        return floor - (floor - self._top) * (value - self._scale.low) / (self._scale.high - self._scale.low)
