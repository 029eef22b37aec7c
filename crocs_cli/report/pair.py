"""Two segments side by side on one sheet: their mean days on one scale, their figures, their behaviours."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
from markupsafe import Markup

from crocs_cli.machine.plain import json_bytes
from crocs_cli.machine.tables import csv_bytes
from crocs_cli.maths.decisions import at_least, first_greatest
from crocs_cli.report import html, segment, words
from crocs_cli.report.days import Line, Picture, of_segment, scale_of
from crocs_cli.report.facts import Behaviours, Facts, Segment, drawn
from crocs_cli.report.segment import kwh_in

DAY = (420, 290)  # width and height of the picture of both mean days
MOST = 4  # behaviours of a segment
LEVEL = 1.05  # ratio of kWh a day from which one is said to use more


def files(facts: Facts, numbers: tuple[int, int]) -> dict[str, bytes]:
    """Return the sheet with its data and figures as {file name: content}."""
    by_number = {one.number: one for one in facts.segments}
    both = [by_number[number] for number in numbers]
    figures = {"mean-days": mean_days(both)}
    for one in both:
        count = 0 if one.behaviours is None else shown_of(one.behaviours)
        figures |= {
            f"segment-{one.number}-behaviour-{i + 1}": segment.behaviour(one, i, with_medoid=True)
            for i in range(count)
        }
    differences = said(both[0], both[1])
    environment = html.environment()
    environment.filters["percent"] = words.percent
    environment.globals |= {
        "behaviour_name": words.behaviour_name,
        "shown_of": shown_of,
        "look": of_segment,
        "window": words.window,
    }
    page = environment.get_template("report/pair.html").render(
        both=both,
        quality=facts.quality,
        clusters=int(facts.indices.clusters[0]),
        differences=differences,
        figures={name: Markup(svg) for name, svg in figures.items()},
    )
    return {
        "index.html": page.encode(),
        "summary.json": json_bytes({"segments": [_plain(one) for one in both], "differences": differences}),
        "day.csv": csv_bytes(_days(both)),
        **{f"figures/{name}.svg": svg.encode() for name, svg in figures.items()},
    }


def shown_of(behaviours: Behaviours) -> int:
    """Return how many behaviours of a segment are on the sheet: the most common."""
    return min(MOST, drawn(behaviours.day_coverage))


def mean_days(both: list[Segment]) -> str:
    """Draw the mean days of both segments on one scale."""
    scale = scale_of([one.mean_kwh for one in both], 5)
    picture = Picture(DAY, scale, kwh_in(len(both[0].mean_kwh)), right=30)
    for place, one in enumerate(both):
        colour, dash = of_segment(place)
        picture.line(Line(one.mean_kwh, colour, dash, 2.0, str(one.number)))
    highest = [f"segment {one.number} is highest {words.window(one.window)}" for one in both]
    return picture.svg(f"Mean days of both segments on one scale: {words.listed(highest)}.")


def said(one: Segment, other: Segment) -> list[str]:
    """Return sentences on how two segments differ: in level, hours and behaviours."""
    names = [f"segment {each.number}" for each in (one, other)]
    sentences = _level(one, other)
    sentences += words.energy_differences(one.mean_kwh, other.mean_kwh, names[0].capitalize())
    sentences += words.peak_differences(
        one.peak_share, other.peak_share, f"The days of {names[0]}", f"those of {names[1]}"
    )
    sentences += _behaviours(one, other) + _behaviours(other, one)
    return sentences or ["They differ little in how much they use, and in when."]


def _level(one: Segment, other: Segment) -> list[str]:
    """Return a sentence on who uses more a day."""
    high, low = (one, other) if one.mean_daily_kwh >= other.mean_daily_kwh else (other, one)
    if low.mean_daily_kwh <= 0 or not at_least(high.mean_daily_kwh / low.mean_daily_kwh, LEVEL):
        return []
    ratio = high.mean_daily_kwh / low.mean_daily_kwh
    return [
        f"A consumer of segment {high.number} uses {ratio:.1f} times as much as one of segment {low.number}: "
        f"{high.mean_daily_kwh:.1f} kWh a day against {low.mean_daily_kwh:.1f}."
    ]


def _behaviours(one: Segment, other: Segment) -> list[str]:
    """Return a sentence on the behaviour of one segment that the other has the fewest days of."""
    shown = one.behaviours
    if shown is None:
        return []
    own, there = shown.alike[:, one.number - 1], shown.alike[:, other.number - 1]
    most = int(first_greatest(own - there))
    if not at_least(own[most] - there[most], words.TELLING_EXCESS, scale=1.0):
        return []
    return [
        f"Days like behaviour {most + 1} of segment {one.number}, {words.behaviour_name(shown, most)}: "
        f"{words.percent(own[most])} of its days, {words.percent(there[most])} of those of segment "
        f"{other.number}."
    ]


def _plain(one: Segment) -> dict[str, Any]:
    names = ("number", "name", "consumers", "consumer_share", "energy_share", "peak_part", "mean_daily_kwh")
    return {name: getattr(one, name) for name in names} | {
        "window": one.window,
        "found_again": one.found_again,
        "mean_kwh": one.mean_kwh,
    }


def _days(both: list[Segment]) -> pa.Table:
    slots = len(both[0].mean_kwh)
    return pa.table(
        {
            "cluster": np.repeat([one.number for one in both], slots),
            "hour": np.tile(24.0 * np.arange(slots) / slots, 2),
            "mean_kwh": np.concatenate([one.mean_kwh for one in both]),
        }
    )
