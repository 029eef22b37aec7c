"""The report as files: one page that needs nothing from elsewhere, and the data behind its pictures."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from markupsafe import Markup

from crocs_cli.report import html, overview, segment, words
from crocs_cli.report.days import of_segment, scale_of
from crocs_cli.report.facts import Facts, Indices, Segment, drawn
from crocs_cli.report.programmes import Section
from crocs_cli.report.style import slot_hours

ODD = ("consumer_id", "cluster", "mean_daily_kwh", "reason")
MOST_ODD = 20  # consumers that are listed on the page as typical of no segment; the table has all


def files(facts: Facts, programmes: Sequence[Section] = ()) -> dict[str, str]:
    """Return the report as {file name: text}: index.html, the CSV files and figures/*.svg.

    programmes: sections that follow those on the segments.
    A safe report has no medoids: each is a day that a real household lived.
    """
    with_medoids = not facts.safe
    figures = draw(facts, with_medoids)
    page = _template("page").render(
        facts=facts,
        figures={name: Markup(svg) for name, svg in figures.items()},
        segments=shown_as_segments(facts),
        titles={one.number: words.segment_title(one) for one in facts.segments},
        sentences={one.number: words.explain(one, facts.segments) for one in facts.segments},
        major={one.number: drawn(one.behaviours.day_coverage) for one in facts.segments if one.behaviours},
        measured=any(one.found_again is not None for one in facts.segments),
        with_medoids=with_medoids,
        programmes=[section.html for section in programmes],
        distinct=words.distinct(float(facts.indices.silhouette[0])),
    )
    written = {"index.html": page}
    written |= {name: text for section in programmes for name, text in section.files.items()}
    written |= {f"{name}.csv": text for name, text in tables(facts, with_medoids).items()}
    return written | {f"figures/{name}.svg": svg for name, svg in figures.items()}


def shown_as_segments(facts: Facts) -> list[Segment]:
    """Return the segments with consumers enough to be called so; all where none has."""
    return [one for one in facts.segments if not one.few] or facts.segments


def draw(facts: Facts, with_medoids: bool) -> dict[str, str]:
    """Return all pictures as {name: SVG element}."""
    shown = shown_as_segments(facts)
    scale = scale_of([one.mean_kwh for one in shown], 3)
    figures = {"overlay": segment.all_on_one_scale(shown)}
    figures |= {
        f"segment-{one.number}-day": segment.small_day(one, place, scale) for place, one in enumerate(shown)
    }
    for one in facts.segments:
        figures[f"segment-{one.number}-mean-day"] = segment.mean_day(one)
        figures[f"segment-{one.number}-peaks"] = segment.peak_times(one)
        figures[f"segment-{one.number}-week"] = segment.week(one)
        figures[f"segment-{one.number}-seasons"] = segment.seasons(one)
        if one.behaviours is not None:
            figures |= _behaviour_figures(one, with_medoids)
    return {name: svg for name, svg in figures.items() if svg}


def _behaviour_figures(one: Segment, with_medoids: bool) -> dict[str, str]:
    shown = one.behaviours
    assert shown is not None
    major = drawn(shown.day_coverage)
    figures = {
        f"segment-{one.number}-behaviour-{i + 1}": segment.behaviour(one, i, with_medoids)
        for i in range(major)
    }
    if len(shown.mean) > major:
        figures[f"segment-{one.number}-minor"] = segment.minor_behaviours(one)
    return figures


def tables(facts: Facts, with_medoids: bool) -> dict[str, str]:
    """Return the data behind the pictures as {name: CSV text}."""
    odd = (
        {}
        if facts.odd is None
        else {"not-typical": _csv(ODD, (tuple(vars(one).values()) for one in facts.odd))}
    )
    return odd | {
        "days": _csv(("count", "value"), facts.quality.counts.items()),
        "segments": _csv(
            (
                "cluster",
                "segment_name",
                "consumers",
                "consumer_share",
                "energy_share",
                "peak_part",
                "mean_daily_kwh",
                "days",
                "found_again",
            ),
            (
                (
                    s.number,
                    words.segment_title(s) if s.merged else s.name,
                    s.consumers,
                    s.consumer_share,
                    s.energy_share,
                    s.peak_part,
                    s.mean_daily_kwh,
                    s.days,
                    "" if s.found_again is None else s.found_again,
                )
                for s in facts.segments
            ),
        ),
        "kinds": _csv(
            ("cluster", "day_kind", "consumers", "days", "hour", "mean_kwh"),
            (row for one in facts.segments for row in _kind_rows(one)),
        ),
        "signs": _csv(
            ("cluster", "sign", "consumer_share"),
            ((s.number, sign, share) for s in facts.segments for sign, share in s.signs.items()),
        ),
        "indices": indices_csv(facts.indices),
        "day": _csv(
            ("cluster", "hour", "mean_kwh", "others_mean_kwh", "peak_share", "others_peak_share"),
            (row for one in facts.segments for row in _day_rows(one)),
        ),
        "coverage": _csv(
            ("cluster", "behaviour", "consumer_coverage", "day_coverage", "weekend_share"),
            (
                (one.number, i + 1, *shares)
                for one in facts.segments
                if (shown := one.behaviours) is not None
                for i, shares in enumerate(
                    zip(shown.consumer_coverage, shown.day_coverage, shown.weekend_share, strict=True)
                )
            ),
        ),
        "typical": _csv(
            ("cluster", "rank", "consumer_id", "distance", "mean_daily_kwh"),
            (
                (one.number, rank, member.consumer_id, member.distance, member.mean_daily_kwh)
                for one in facts.segments
                for rank, member in enumerate(one.typical, 1)
            ),
        ),
        "hyperprototypes": _csv(
            ("cluster", "behaviour", "kind", "hour", "value"),
            (row for one in facts.segments for row in _hyperprototype_rows(one, with_medoids)),
        ),
    }


def indices_csv(indices: Indices) -> str:
    """Return the indices of each number of segments as CSV text."""
    columns = (getattr(indices, name) for name in overview.INDICES)
    return _csv(("clusters", *overview.INDICES), zip(indices.clusters, *columns, strict=True))


def _kind_rows(one: Segment) -> Iterable[Sequence[Any]]:
    slots = len(one.mean_kwh)
    for kind in one.kinds:
        for slot, value in enumerate(kind.mean_kwh):
            yield (one.number, kind.kind, kind.consumers, kind.days, 24 * slot / slots, value)


def _day_rows(one: Segment) -> Iterable[Sequence[Any]]:
    hours = slot_hours(len(one.mean_kwh)) - 12 / len(one.mean_kwh)
    columns = (one.mean_kwh, one.rest_kwh, one.peak_share, one.rest_peak_share)
    return ((one.number, *row) for row in zip(hours, *columns, strict=True))


def _hyperprototype_rows(one: Segment, with_medoids: bool) -> Iterable[Sequence[Any]]:
    if one.behaviours is None:
        return
    kinds = ("mean", "low", "high", "medoid") if with_medoids else ("mean", "low", "high")
    slots = one.behaviours.mean.shape[1]
    for i in range(len(one.behaviours.mean)):
        for kind in kinds:
            values = getattr(one.behaviours, kind)[i]
            yield from ((one.number, i + 1, kind, 24 * t / slots, value) for t, value in enumerate(values))


def _csv(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """Return a table as CSV text, numbers to six places, NaN as an empty cell."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows([_cell(value) for value in row] for row in rows)
    return text.getvalue()


def _cell(value: Any) -> Any:
    if isinstance(value, float | np.floating):
        return "" if np.isnan(value) else f"{value:.6g}"
    return value


def _template(name: str) -> Any:
    environment = html.environment()
    environment.filters["percent"] = words.percent
    environment.globals |= {
        "apart": words.apart,
        "behaviour_name": words.behaviour_name,
        "look": of_segment,
        "most_odd": MOST_ODD,
        "stable": words.STABLE,
        "unstable": words.UNSTABLE,
        "sign_words": words.sign,
        "window": words.window,
        "day_reasons": overview.DAYS,
        "index_names": overview.INDICES,
    }
    return environment.get_template(f"report/{name}.html")
