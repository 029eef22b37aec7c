"""Names of weeks and events: by the days, the time of day or the features that stand out."""

from __future__ import annotations

import numpy as np

from crocs_cli.machine.files import Arrays
from crocs_cli.maths.decisions import at_least
from crocs_cli.maths.distances.loadsets import LoadSets
from crocs_cli.maths.segments.traits import high_times, lesser_times, smoothed
from crocs_cli.report import describe, words
from crocs_cli.report.axis import Axis
from crocs_cli.rundir.meaning import WEEKDAYS, Meaning

TELLING = 0.35  # of the interquartile range, from which a feature is called high or low
TELLING_MOST = 3  # features that a name has
SURE = 0.6  # length of the mean on the circle, from which an event has a time of day
WEEKEND = 1.2  # times that the weekend uses of the other days, or they of it, from which it is said
WORKDAYS = 5


def name_of(mean: np.ndarray, axis: Axis, rest: np.ndarray | None = None) -> str:
    """Name a mean profile (slots,); an event by its difference from the rest, or else from the median."""
    if axis.meaning.is_event:
        return _event(mean, axis, np.zeros(len(mean)) if rest is None or np.isnan(rest).any() else rest)
    return _week(mean)


def segment_names(mean: np.ndarray, label: np.ndarray, clusters: int, meaning: Meaning) -> list[str]:
    """Return a name for each segment; mean: (n, slots) of its consumers, label: (n,)."""
    axis = Axis(meaning, mean.shape[1])
    inside = [label == number for number in range(clusters)]
    rests = [mean[~own].mean(axis=0) if not own.all() else np.full(mean.shape[1], np.nan) for own in inside]
    return [name_of(mean[own].mean(axis=0), axis, rest) for own, rest in zip(inside, rests, strict=True)]


def behaviour_names(behaviours: Arrays, members: LoadSets, meaning: Meaning) -> list[str]:
    """Return the names of a segment's behaviours, as its report has them; members: its load sets."""
    if meaning.period == "day":
        return describe.behaviour_names(behaviours, members)
    axis = Axis(meaning, behaviours["hyperprototype_mean"].shape[1])
    return [name_of(mean, axis) for mean in behaviours["hyperprototype_mean"]]


def _week(mean: np.ndarray) -> str:
    """Name a week by the shape of its mean day, and by which days use most."""
    days = mean.reshape(len(WEEKDAYS), -1)
    total = days.sum(axis=1)
    weekend, others = total[WORKDAYS:].mean(), total[:WORKDAYS].mean()
    if total.max() <= 0:
        return "no use"
    kind = "weekdays and weekends alike"
    if at_least(weekend, WEEKEND * others):
        kind = "more at weekends"
    elif at_least(others, WEEKEND * weekend):
        kind = "more on weekdays"
    if days.shape[1] == 1:
        return f"{kind}, most on {WEEKDAYS[int(total.argmax())]}"
    day = smoothed(days.mean(axis=0))
    shape = words.name_of(day, day, high_times(day), lesser_times(day))
    return f"{shape}, {kind}"


def _event(mean: np.ndarray, axis: Axis, rest: np.ndarray) -> str:
    """Name an event by its features that differ most, and by its time of day if it has one."""
    differ = mean - rest
    strongest = sorted(axis.shown.tolist(), key=lambda at: -abs(differ[at]))[:TELLING_MOST]
    said = [
        f"{'high' if differ[at] > 0 else 'low'} {axis.meaning.features[at]}"
        for at in strongest
        if at_least(abs(differ[at]), TELLING)
    ]
    for name in axis.clocks:
        hour, sure = axis.clock(name, mean)
        if at_least(sure, SURE):
            said.append(f"{name} about {words.clock(hour)}")
    return ", ".join(said) or "near the median"
