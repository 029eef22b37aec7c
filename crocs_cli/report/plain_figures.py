"""Pictures and tables of the report of weeks and events."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pyarrow as pa
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from crocs_cli.machine.tables import csv_bytes
from crocs_cli.report import style, words
from crocs_cli.report.axis import Axis
from crocs_cli.report.facts import drawn
from crocs_cli.report.plain_facts import Behaviour, Segment

WIDE_IN, SMALL_IN, FEATURE_IN = 5.6, 3.6, 0.95
SMALL_FEATURE_IN = 0.72
COLUMNS = {  # of the tables of events; those of weeks have `week` in place of `event`, and `week_hour`
    "segments.csv": {
        "cluster": "the segment; 1 is the largest",
        "name": "what it is called",
        "consumers": "how many consumers it has",
        "consumer_share": "their share of all consumers, 0 to 1",
        "amount_share": "their share of what all use, 0 to 1",
        "mean_event_kwh": "mean over its consumers of what they use an event; the name has the unit",
        "events": "how many events of theirs were used",
    },
    "means.csv": {
        "cluster": "the segment",
        "feature": "the feature; of weeks the hour",
        "mean": "mean over its consumers; of events on the scale of the feature",
        "others_mean": "the same of all other consumers",
    },
    "coverage.csv": {
        "cluster": "the segment",
        "behaviour": "the behaviour; 1 covers most",
        "name": "what it is called",
        "consumer_coverage": "share of its consumers that have such events, 0 to 1",
        "event_coverage": "share of its events that are such, 0 to 1",
    },
    "hyperprototypes.csv": {
        "cluster": "the segment",
        "behaviour": "the behaviour",
        "kind": "mean, medoid, or low and high, between which four fifths lie",
        "feature": "the feature",
        "value": "scaled",
    },
    "typical.csv": {
        "cluster": "the segment",
        "rank": "1 is the most typical",
        "consumer_id": "the consumer's id, as text",
        "distance": "distance to what the segment shares",
        "mean_event_kwh": "what it uses an event in the mean",
    },
    "counts.csv": {"count": "the count, as in quality.csv", "value": "over all consumers"},
}
SPREAD = 3.0  # interquartile ranges from the median that a picture of events shows


def draw(segments: Sequence[Segment], axis: Axis) -> dict[str, str]:
    """Return all pictures as {name: SVG element}."""
    figures = {}
    for one in segments:
        figures[f"segment-{one.number}-mean"] = _mean(one, axis)
        for at, each in enumerate(one.behaviours[: drawn(_coverages(one))]):
            figures[f"segment-{one.number}-behaviour-{at + 1}"] = _behaviour(one, at, each, axis)
    return figures


def _coverages(one: Segment) -> np.ndarray:
    return np.array([each.coverage for each in one.behaviours])


def _canvas(axis: Axis, width_in: float) -> tuple[Figure, Axes]:
    if axis.meaning.is_event:
        width_in = 0.7 + (FEATURE_IN if width_in == WIDE_IN else SMALL_FEATURE_IN) * len(axis.shown)
    return style.canvas(width_in, 1.9, (0.6, 0.3, 0.1, 0.3))


def _mean(one: Segment, axis: Axis) -> str:
    """Draw the mean profile of a segment against that of the other consumers."""
    what = f"Mean {axis.meaning.period} of segment {one.number} and of the other consumers"
    with style.styled():
        figure, axes = _canvas(axis, WIDE_IN)
        mark = "o" if axis.meaning.is_event else ""
        lines = axes.plot(axis.places, one.mean[axis.shown], mark + "-", color=style.ACCENT, label="segment")
        if np.isfinite(one.rest).all():
            lines += axes.plot(
                axis.places, one.rest[axis.shown], mark + "--", color=style.CONTRAST, lw=1.2, label="others"
            )
        axis.dress(axes)
        axes.set_ylabel(axis.unit)
        style.legend_above(axes, lines)
        return style.svg(figure, f"segment-{one.number}-mean", f"{what}: {one.name}.")


def _behaviour(one: Segment, at: int, shown: Behaviour, axis: Axis) -> str:
    """Draw a behaviour: mean, spread, and the medoid unless it must not be shown."""
    with style.styled():
        figure, axes = _canvas(axis, SMALL_IN)
        low, high, mean = (values[axis.shown] for values in (shown.low, shown.high, shown.mean))
        if axis.meaning.is_event:
            axes.vlines(axis.places, low, high, color=style.ACCENT, alpha=0.35, lw=5)
            axes.plot(axis.places, mean, "o", color=style.ACCENT)
            axes.axhline(0, color=style.MUTED, lw=0.8)
            axes.set_ylim(-SPREAD, SPREAD)
        else:
            axes.fill_between(axis.places, low, high, color=style.ACCENT, alpha=0.18, lw=0)
            axes.plot(axis.places, mean, color=style.ACCENT, lw=1.3)
        if shown.medoid is not None:
            medoid, look = shown.medoid[axis.shown], "_" if axis.meaning.is_event else (0, (3, 1.5))
            if axis.meaning.is_event:
                axes.plot(axis.places, medoid, look, color=style.INK, ms=11)
            else:
                axes.plot(axis.places, medoid, color=style.INK, lw=0.7, ls=look)
        axis.dress(axes)
        name = f"segment-{one.number}-behaviour-{at + 1}"
        alt = f"Behaviour {at + 1} of segment {one.number}: {shown.name}."
        return style.svg(figure, name, alt)


def values_of(profile: np.ndarray, axis: Axis) -> list[tuple[str, str]]:
    """Return the features of a mean event (slots,) in their own units, as (name, text)."""
    meaning = axis.meaning
    found = [
        (meaning.features[at], f"{profile[at] * meaning.spread[at] + meaning.centre[at]:.3g}")
        for at in axis.shown.tolist()
    ]
    return found + [(name, words.clock(axis.clock(name, profile)[0])) for name in axis.clocks]


def tables(segments: Sequence[Segment], axis: Axis, counts: Mapping[str, int]) -> dict[str, bytes]:
    """Return the data behind the pictures as {file name: CSV}."""
    meaning = axis.meaning
    place, several = meaning.column("hour"), meaning.plural
    rows = [
        (
            one.number,
            one.name,
            one.consumers,
            one.consumer_share,
            one.amount_share,
            one.mean_amount,
            one.profiles,
        )
        for one in segments
    ]
    names = (
        "cluster",
        "name",
        "consumers",
        "consumer_share",
        "amount_share",
        meaning.column("mean_daily_kwh"),
    )
    found = {
        "segments.csv": _table((*names, several), rows),
        "counts.csv": _table(("count", "value"), counts.items()),
    }
    places = meaning.places(axis.slots)
    found["means.csv"] = _table(
        ("cluster", place, "mean", "others_mean"),
        ((one.number, *row) for one in segments for row in zip(places, one.mean, one.rest, strict=True)),
    )
    found["coverage.csv"] = _table(
        ("cluster", "behaviour", "name", "consumer_coverage", meaning.column("day_coverage")),
        (
            (one.number, at, each.name, each.consumer_coverage, each.coverage)
            for one in segments
            for at, each in enumerate(one.behaviours, 1)
        ),
    )
    found["hyperprototypes.csv"] = _table(
        ("cluster", "behaviour", "kind", place, "value"),
        (
            row
            for one in segments
            for at, each in enumerate(one.behaviours, 1)
            for row in _rows(one, at, each, places)
        ),
    )
    if any(one.typical for one in segments):
        found["typical.csv"] = _table(
            ("cluster", "rank", "consumer_id", "distance", meaning.column("mean_daily_kwh")),
            (
                (one.number, rank, each.consumer_id, each.distance, each.mean_daily_kwh)
                for one in segments
                for rank, each in enumerate(one.typical, 1)
            ),
        )
    return found


def _rows(one: Segment, at: int, shown: Behaviour, places: Sequence[object]) -> Iterable[tuple[object, ...]]:
    for kind in ("mean", "low", "high", "medoid"):
        values = getattr(shown, kind)
        if values is not None:
            yield from ((one.number, at, kind, *row) for row in zip(places, values.tolist(), strict=True))


def _table(names: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    columns = list(zip(*rows, strict=True)) or [() for _ in names]
    return csv_bytes(
        pa.table({name: pa.array(list(column)) for name, column in zip(names, columns, strict=True)})
    )
