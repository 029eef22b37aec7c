"""Pictures of one segment: its behaviours, their coverage, its mean day and its peak times."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from crocs_cli.report import style
from crocs_cli.report.facts import Behaviours, Segment, drawn
from crocs_cli.report.words import behaviour_name, behaviour_times, percent


def behaviour(segment: Segment, index: int, with_medoid: bool) -> str:
    """Draw one hyperprototype: mean, spread, and the medoid unless it must not be shown."""
    shown = segment.behaviours
    assert shown is not None
    name, times = behaviour_name(shown, index), behaviour_times(shown.high_times[index])
    with style.styled():
        figure, axes = style.canvas(2.6, 1.6, (0.25, 0.25, 0.16, 0.08))
        hours = style.slot_hours(shown.mean.shape[1])
        axes.fill_between(hours, shown.low[index], shown.high[index], color=style.ACCENT, alpha=0.18, lw=0)
        axes.plot(hours, shown.mean[index], color=style.ACCENT)
        if with_medoid:
            axes.plot(hours, shown.medoid[index], color=style.INK, lw=0.9, ls=(0, (3, 1.5)))
        _normalised_axes(axes, shown)
        return style.svg(
            figure,
            f"segment-{segment.number}-behaviour-{index + 1}",
            f"Behaviour {index + 1} of segment {segment.number}, {name}: a normalised day, high {times}.",
        )


def minor_behaviours(segment: Segment) -> str:
    """Draw the means of all the behaviours without a picture of their own, in navy."""
    shown = segment.behaviours
    assert shown is not None
    first = drawn(shown.day_coverage)
    count = len(shown.mean) - first
    with style.styled():
        figure, axes = style.canvas(2.6, 1.6, (0.25, 0.25, 0.16, 0.08))
        hours = style.slot_hours(shown.mean.shape[1])
        axes.plot(hours, shown.mean[first:].T, color=style.NAVY, lw=0.8, alpha=0.7)
        _normalised_axes(axes, shown)
        return style.svg(
            figure,
            f"segment-{segment.number}-minor",
            f"{count} minor behaviours of segment {segment.number}, one line each.",
        )


def coverage(segment: Segment) -> str:
    """Draw the share of consumers and of days that each behaviour covers."""
    shown = segment.behaviours
    assert shown is not None
    count = drawn(shown.day_coverage)
    place = np.arange(count)
    with style.styled():
        figure, axes = style.canvas(3.6, 0.6 + 0.34 * count, (0.45, 0.3, 0.1, 0.3))
        handles = []
        for offset, shares, face, label in (
            (-0.19, shown.consumer_coverage[:count], style.NAVY, "of consumers"),
            (0.19, shown.day_coverage[:count], style.ACCENT, "of days"),
        ):
            bars = axes.barh(place + offset, shares, 0.36, color=face, label=label)
            axes.bar_label(bars, [percent(share) for share in shares], padding=3, fontsize=8)
            handles.append(bars)
        axes.set_yticks(place, [str(i + 1) for i in place])
        axes.set_ylabel("behaviour")
        axes.invert_yaxis()
        axes.set_xlim(0, 1.18)
        axes.set_xticks([0, 0.25, 0.5, 0.75, 1], ["0", "25%", "50%", "75%", "100%"])
        axes.grid(visible=False, axis="y")
        style.legend_above(axes, handles)
        said = "; ".join(
            f"{i}: {percent(of_consumers)} of consumers, {percent(of_days)} of days"
            for i, of_consumers, of_days in zip(
                place + 1, shown.consumer_coverage, shown.day_coverage, strict=False
            )
        )
        return style.svg(figure, f"segment-{segment.number}-coverage", f"Coverage of the behaviours. {said}.")


def mean_day(segment: Segment) -> str:
    """Draw the segment's mean day against the other consumers', in kWh a slot."""
    hours = style.slot_hours(len(segment.mean_kwh))
    with style.styled():
        figure, axes = style.canvas(3.0, 2.0, (0.55, 0.3, 0.16, 0.3))
        own = axes.plot(hours, segment.mean_kwh, color=style.ACCENT, label="this segment")
        rest = _rest(axes, hours, segment.rest_kwh)
        axes.set_ylim(bottom=min(0.0, float(segment.mean_kwh.min())))
        axes.set_ylabel(f"kWh in {1440 // len(hours)} min")
        style.day_axis(axes)
        style.legend_above(axes, [*own, *rest])
        top = hours[segment.mean_kwh.argmax()]
        alt = f"Mean day of segment {segment.number} and of the other consumers; greatest near {top:.0f}h."
        return style.svg(figure, f"segment-{segment.number}-mean-day", alt)


def peak_times(segment: Segment) -> str:
    """Draw when the segment's days have their maximum, against the other consumers' days."""
    hours = style.slot_hours(len(segment.peak_share))
    with style.styled():
        figure, axes = style.canvas(3.0, 2.0, (0.55, 0.3, 0.16, 0.3))
        width = 24.0 / len(hours)
        own = axes.bar(hours, segment.peak_share, 0.9 * width, color=style.ACCENT, label="this segment")
        rest = _rest(axes, hours, segment.rest_peak_share)
        axes.yaxis.set_major_locator(MaxNLocator(4, steps=(1, 2, 5, 10)))
        axes.yaxis.set_major_formatter(lambda y, _: f"{100 * y:g}%")
        axes.set_ylabel("days")
        style.day_axis(axes)
        style.legend_above(axes, [own, *rest])
        top = hours[segment.peak_share.argmax()]
        alt = f"Times at which the days of segment {segment.number} peak, most often near {top:.0f}h."
        return style.svg(figure, f"segment-{segment.number}-peaks", alt)


def _rest(axes: Axes, hours: np.ndarray, values: np.ndarray) -> list[Line2D]:
    if not np.isfinite(values).all():
        return []
    return axes.plot(hours, values, color=style.CONTRAST, lw=1.2, ls=(0, (4, 2)), label="others")


def _normalised_axes(axes: Axes, shown: Behaviours) -> None:
    """Return all the behaviours of a segment the same axes, so that they can be compared."""
    low, high = min(0.0, float(shown.low.min())), max(1.0, float(shown.high.max()))
    axes.set_ylim(low - 0.03 * (high - low), high + 0.03 * (high - low))
    axes.set_yticks([0, 1] if (low, high) == (0.0, 1.0) else [round(low, 1), 0, round(high, 1)])
    style.day_axis(axes)
