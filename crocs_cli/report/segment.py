"""Pictures of segments: all on one scale, and of each its mean day, its peak times and its behaviours."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from crocs_cli.maths.segments.seasons import QUARTERS
from crocs_cli.report.days import Line, Picture, Scale, beside, of_segment, scale_of
from crocs_cli.report.facts import Behaviours, OnKind, Segment, drawn
from crocs_cli.report.style import CONTRAST, INK, NAVY
from crocs_cli.report.words import behaviour_name, behaviour_times, listed, window

TINY, SMALL, MIDDLE = (172, 108), (214, 132), (262, 168)  # width and height


def kwh_in(slots: int) -> str:
    """Return the unit of a mean day."""
    return f"kWh in {1440 // slots} min"


def all_on_one_scale(segments: Sequence[Segment]) -> str:
    """Draw the mean days of all segments in one picture."""
    slots = len(segments[0].mean_kwh)
    picture = Picture((368, 280), scale_of([one.mean_kwh for one in segments], 5), kwh_in(slots), right=26)
    for place, one in enumerate(segments):
        colour, dash = of_segment(place)
        picture.line(Line(one.mean_kwh, colour, dash, 2.0, str(one.number)))
    tops = [f"segment {one.number} is highest {window(one.window)}" for one in segments]
    return picture.svg(f"Mean days of all segments on one scale: {listed(tops)}.")


def small_day(segment: Segment, place: int, scale: Scale) -> str:
    """Draw the mean day of one segment on the scale of all of them, its peak window shaded."""
    colour, dash = of_segment(place)
    picture = Picture(TINY, scale)
    picture.window(segment.window)
    picture.line(Line(segment.mean_kwh, colour, dash, 2.0))
    return picture.svg(
        f"Mean day of segment {segment.number}, {segment.name}, on the scale of all segments; highest "
        f"{window(segment.window)}."
    )


def mean_day(segment: Segment) -> str:
    """Draw the segment's mean day against the other consumers'."""
    scale = scale_of([segment.mean_kwh, segment.rest_kwh])
    picture = Picture(MIDDLE, scale, kwh_in(len(segment.mean_kwh)), right=beside("others"))
    picture.window(segment.window)
    picture.line(Line(segment.rest_kwh, CONTRAST, "5 3", 1.3, "others"))
    picture.line(Line(segment.mean_kwh, label="own"))
    return picture.svg(
        f"Mean day of segment {segment.number} and of the other consumers; highest {window(segment.window)}."
    )


def peak_times(segment: Segment) -> str:
    """Draw when the segment's days have their maximum, against the other consumers' days."""
    scale = scale_of([segment.peak_share, segment.rest_peak_share], percent=True)
    picture = Picture(MIDDLE, scale, "days", right=beside("others"))
    picture.bars(segment.peak_share)
    picture.line(Line(segment.rest_peak_share, CONTRAST, "5 3", 1.3, "others"))
    top = 24.0 * (int(segment.peak_share.argmax()) + 0.5) / len(segment.peak_share)
    return picture.svg(
        f"Times at which the days of segment {segment.number} peak, most often near {top:.0f}h."
    )


def week(segment: Segment) -> str:
    """Draw the mean weekday and the mean weekend day; empty where the run does not hold both."""
    return _on_kinds(segment, [kind for kind in segment.kinds if kind.kind not in QUARTERS], "week")


def seasons(segment: Segment) -> str:
    """Draw the mean day in each quarter of the year; empty where the run does not hold two."""
    return _on_kinds(segment, [kind for kind in segment.kinds if kind.kind in QUARTERS], "year")


def _on_kinds(segment: Segment, kinds: list[OnKind], over: str) -> str:
    if len(kinds) < 2:
        return ""
    scale = scale_of([kind.mean_kwh for kind in segment.kinds])
    picture = Picture(
        MIDDLE, scale, kwh_in(len(segment.mean_kwh)), right=beside(*(kind.kind for kind in kinds))
    )
    for place, kind in enumerate(kinds):
        colour, dash = of_segment(place)
        picture.line(Line(kind.mean_kwh, colour, dash, 1.6, kind.kind))
    said = listed([f"{kind.mean_kwh.sum():.1f} kWh on {kind.kind}" for kind in kinds])
    return picture.svg(f"Mean days of segment {segment.number} over the {over}: {said}.")


def behaviour(segment: Segment, index: int, with_medoid: bool) -> str:
    """Draw one hyperprototype: mean, spread, and the medoid unless it must not be shown."""
    shown = segment.behaviours
    assert shown is not None
    name, times = behaviour_name(shown, index), behaviour_times(shown.high_times[index])
    picture = Picture(SMALL, _normalised(shown))
    picture.band(shown.low[index], shown.high[index])
    if with_medoid:
        picture.line(Line(shown.medoid[index], INK, "3 1.5", 0.9))
    picture.line(Line(shown.mean[index]))
    return picture.svg(
        f"Behaviour {index + 1} of segment {segment.number}, {name}: a normalised day, high {times}."
    )


def minor_behaviours(segment: Segment) -> str:
    """Draw the means of all the behaviours without a picture of their own, in navy."""
    shown = segment.behaviours
    assert shown is not None
    minor = shown.mean[drawn(shown.day_coverage) :]
    picture = Picture(SMALL, _normalised(shown))
    for mean in minor:
        picture.line(Line(mean, NAVY, "", 0.8))
    return picture.svg(f"{len(minor)} minor behaviours of segment {segment.number}, one line each.")


def _normalised(shown: Behaviours) -> Scale:
    """Return the scale of all the behaviours of a segment, so that they can be compared."""
    low, high = min(0.0, float(shown.low.min())), max(1.0, float(shown.high.max()))
    ticks = (0.0, 1.0) if (low, high) == (0.0, 1.0) else (round(low, 1), 0.0, round(high, 1))
    return Scale(low, high, tuple(np.unique(ticks).tolist()))
