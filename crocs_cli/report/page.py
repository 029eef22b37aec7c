"""The report as files: one page that needs nothing from elsewhere, and the data behind its pictures."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Iterable, Sequence
from typing import Any

import numpy as np
from markupsafe import Markup

from crocs_cli.report import html, overview, segment, words
from crocs_cli.report.facts import Facts, Indices, Segment, drawn
from crocs_cli.report.programmes import Section
from crocs_cli.report.style import slot_hours


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
        titles={one.number: words.segment_title(one) for one in facts.segments},
        sentences={one.number: words.explain(one, facts.segments) for one in facts.segments},
        major={one.number: drawn(one.behaviours.day_coverage) for one in facts.segments if one.behaviours},
        with_medoids=with_medoids,
        programmes=[section.html for section in programmes],
        distinct=words.distinct(float(facts.indices.silhouette[0])),
    )
    written = {"index.html": page}
    written |= {name: text for section in programmes for name, text in section.files.items()}
    written |= {f"{name}.csv": text for name, text in tables(facts, with_medoids).items()}
    return written | {f"figures/{name}.svg": svg for name, svg in figures.items()}


def draw(facts: Facts, with_medoids: bool) -> dict[str, str]:
    """Return all pictures as {name: SVG element}."""
    figures = {"days": overview.days_left_out(facts.quality), "sizes": overview.sizes(facts.segments)}
    for one in facts.segments:
        figures[f"segment-{one.number}-mean-day"] = segment.mean_day(one)
        figures[f"segment-{one.number}-peaks"] = segment.peak_times(one)
        if one.behaviours is not None:
            figures |= _behaviour_figures(one, with_medoids)
    return figures


def _behaviour_figures(one: Segment, with_medoids: bool) -> dict[str, str]:
    shown = one.behaviours
    assert shown is not None
    major = drawn(shown.day_coverage)
    figures = {
        f"segment-{one.number}-behaviour-{i + 1}": segment.behaviour(one, i, with_medoids)
        for i in range(major)
    }
    figures[f"segment-{one.number}-coverage"] = segment.coverage(one)
    if len(shown.mean) > major:
        figures[f"segment-{one.number}-minor"] = segment.minor_behaviours(one)
    return figures


def tables(facts: Facts, with_medoids: bool) -> dict[str, str]:
    """Return the data behind the pictures as {name: CSV text}."""
    return {
        "days": _csv(("count", "value"), facts.quality.counts.items()),
        "segments": _csv(
            ("cluster", "consumers", "consumer_share", "energy_share", "mean_daily_kwh", "days"),
            (
                (s.number, s.consumers, s.consumer_share, s.energy_share, s.mean_daily_kwh, s.days)
                for s in facts.segments
            ),
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


def numbers_files(indices: Indices, reports: Collection[int], consumers: int) -> dict[str, str]:
    """Return the page on all numbers of segments of a run, with its data and figures, as {file name: text}.

    reports: the numbers of segments that there are reports of.
    """
    figures = {
        name: overview.index_over_clusters(indices, name)
        for name in overview.INDICES
        if np.isfinite(getattr(indices, name)).any()
    }
    page = _template("numbers").render(
        indices=indices,
        recommendation=words.recommendation(indices.clusters.tolist(), indices.strength.tolist())
        if np.isfinite(indices.strength).all()
        else "",
        reports=reports,
        consumers=consumers,
        figures={name: Markup(svg) for name, svg in figures.items()},
    )
    written = {"index.html": page, "indices.csv": indices_csv(indices)}
    return written | {f"figures/{name}.svg": svg for name, svg in figures.items()}


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
        "behaviour_name": words.behaviour_name,
        "day_reasons": overview.DAYS,
        "index_names": overview.INDICES,
    }
    return environment.get_template(f"report/{name}.html")
