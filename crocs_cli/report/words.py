"""Words for numbers: the names of behaviours, and the sentences that explain a segment."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np

from crocs_cli.maths.clustering.prediction import STRONG, recommended
from crocs_cli.maths.decisions import at_least, at_most, first_greatest, rank
from crocs_cli.maths.segments.signs import FLAT_DAYS, SPIKE
from crocs_cli.report.facts import Behaviours, Segment, Times

LONGEST_PEAK_H = 5.0  # a longer high time is said with its ends
ALL_DAY_H = 18.0
LEAST_CONTRAST = 0.65  # a mean day that falls less far from its top towards the floor has no shape to name
MOST_PEAKS = 3  # more are counted, not named
PARTS_OF_DAY = (
    (5.0, "night"),
    (7.0, "early morning"),
    (10.0, "morning"),
    (12.0, "late morning"),
    (14.0, "midday"),
    (17.0, "afternoon"),
    (21.0, "evening"),
    (24.0, "late evening"),
)
WINDOW_H = 3.0  # of the sentence on when the segment differs
TELLING_SHARE = 0.02  # differences below are not worth a sentence
TELLING_WEEKEND = 0.15
TELLING_EXCESS = 0.05  # share of days that a segment has more of than another
NAMING_DAYS = 0.1  # share of a segment's days of the least common behaviour that is said to set it apart
STABLE, UNSTABLE = 0.85, 0.6  # mean Jaccard index from which a segment is stable, and under which it is not
SHARED = 0.5  # share of a segment's consumers that have a behaviour before the segment is named by it
SIGNS = {
    "export": "A reading below zero: something feeds in, as solar panels do",
    "hollow": "A hollow midday: from 11:00 to 14:00 under half of the night’s use, as behind solar panels, "
    "or with load that is switched on at night",
    "blocks": "Blocks of 3 kW for two hours or more, in the evening or at night, on a tenth of the days, as "
    "with cars, boilers or heaters",
}
DISTINCT = (  # mean silhouette from which it is said: Kaufman and Rousseeuw 1990, table 4
    (0.70, "the segments are clearly apart"),
    (0.50, "the segments are apart, with some consumers between them"),
    (0.25, "the segments are weakly apart, and could be an accident of the method"),
    (-1.0, "the segments shade into one another: parts of a whole rather than separate groups"),
)


def percent(share: float) -> str:
    """Format a share as a whole percentage; one that only rounds to 0 or 100 is marked as such."""
    if 0 < share < 0.005:
        return "under 1%"
    if 0.995 <= share < 1:
        return "over 99%"
    return f"{100 * share:.0f}%"


def clock(hour: float) -> str:
    """Format a time of day to the half hour, past midnight on the next day's clock."""
    halves = round(2 * hour)
    if halves == 48:
        return "24:00"
    return f"{halves // 2 % 24:02d}:{30 * (halves % 2):02d}"


def part_of_day(hour: float) -> str:
    """Name the part of the day."""
    return next((name for end, name in PARTS_OF_DAY if hour % 24 < end), PARTS_OF_DAY[-1][1])


def listed(words: list[str]) -> str:
    """Join words as in a sentence: a, b and c."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def behaviour_name(behaviours: Behaviours, index: int) -> str:
    """Return the name of a behaviour."""
    high, lesser = behaviours.high_times[index], behaviours.lesser_times[index]
    return name_of(behaviours.mean[index], behaviours.low[index], high, lesser)


def name_of(mean: np.ndarray, low: np.ndarray, times: Times, lesser_times: Times) -> str:
    """Name a behaviour by its high times, in the order of the day; mean, low: (slots,)."""
    floor = low.min()
    if not times:
        return "flat"
    if mean.max() - mean.min() < LEAST_CONTRAST * (mean.max() - floor):
        return "no regular shape"
    lesser = _unique([part_of_day(top) for _, _, top in sorted(lesser_times)])
    name = _high_name(times)
    return (
        f"{name}, a lesser one in the {listed(lesser)}" if 0 < len(lesser) <= 2 and "peak" in name else name
    )


def _high_name(times: Times) -> str:
    in_order = sorted(times)
    short = [bool(at_most(end - start, LONGEST_PEAK_H)) for start, end, _ in in_order]
    peaks = [part_of_day(top) for (_, _, top), peak in zip(in_order, short, strict=True) if peak]
    long = [(start, end) for (start, end, _), peak in zip(in_order, short, strict=True) if not peak]
    if any(end - start > ALL_DAY_H for start, end in long):
        return "high nearly all day"
    if len(peaks) > MOST_PEAKS:
        return f"{len(peaks)} peaks, the highest in the {part_of_day(times[0][2])}"
    several = "s" if len(peaks) > 1 else ""
    phrases = (
        [f"{listed([part.replace(' ', '-') for part in _unique(peaks)])} peak{several}"] if peaks else []
    )
    return ", ".join(phrases + [f"high from {clock(start)} to {clock(end)}" for start, end in long])


def _unique(words: list[str]) -> list[str]:
    return list(dict.fromkeys(words))


def behaviour_times(times: Times) -> str:
    """Format the times at which a behaviour is high."""
    return (
        listed([f"{clock(start)}–{clock(end)}" for start, end, _ in sorted(times)]) if times else "at no time"
    )


def segment_title(segment: Segment) -> str:
    """Return a heading for a segment: its number and its name."""
    if segment.merged:
        return f"Segments {listed(list(map(str, segment.merged)))}, shown together"
    return f"Segment {segment.number}: {segment.name}"


def window(times: tuple[float, float] | None) -> str:
    """Format the hours of a peak window."""
    if times is None:
        return "none"
    start, end = times
    return "all day" if end - start >= 24.0 else f"{clock(start)}–{clock(end)}"


def apart(segment: Segment) -> str:
    """Return one line on what sets a segment apart: a common behaviour that others lack, else its hours."""
    shown = segment.behaviours
    if shown is not None and (said := _apart_by_behaviour(segment, shown)):
        return said
    return next(iter(_energy(segment)), "It uses its energy at the same times as the others.")


def _apart_by_behaviour(segment: Segment, shown: Behaviours) -> str:
    number = int(_apart(segment, shown)[0])
    own, elsewhere = _shares_of_days(segment, shown, number)
    if shown.day_coverage[number] < NAMING_DAYS or not len(elsewhere):
        return ""
    if not at_least(own - elsewhere.max(), TELLING_EXCESS, scale=1.0):
        return ""
    return (
        f"More days with {_article(behaviour_name(shown, number))}: {percent(own)}, "
        f"{_at_most(elsewhere)} in others."
    )


def _at_most(shares: np.ndarray) -> str:
    said = percent(float(shares.max()))
    return said if said.startswith("under") or said == "0%" else f"at most {said}"


def _article(name: str) -> str:
    """Return the name of a behaviour as a part of a sentence: with a peak, with high use, with no shape."""
    if re.match(r"\d", name) or "peaks" in name.split(",")[0]:
        return name
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}" if "peak" in name else f"use that is {name}"


def sign(name: str) -> str:
    """Say what was measured for a sign, and what may leave such a trace."""
    return SIGNS.get(name) or f"Night use at least doubles in the {name}, as with electric heating or cooling"


def few_like_it(consumers: int) -> str:
    """Say that a consumer's segment is too small to be one."""
    return "alone: no other is like it" if consumers == 1 else f"in a group of {consumers} only"


def far_from_all(distance: float) -> str:
    """Say that a consumer is far from what its segment shares."""
    return f"far from the behaviours of its segment (distance {distance:.3f})"


def odd_readings(measured: Mapping[str, float]) -> list[str]:
    """Say what looks like an empty home or a faulty meter; measured: of `signs.odd_readings`."""
    said = []
    if at_least(measured["unused"], FLAT_DAYS):
        said.append(f"no use on {percent(measured['unused'])} of its days, as in an empty home")
    if at_least(measured["stuck"], FLAT_DAYS):
        said.append(f"all readings equal on {percent(measured['stuck'])} of its days, as of a stuck meter")
    if at_least(measured["spike"], SPIKE):
        said.append(f"one reading is {measured['spike']:.0f} times the greatest of all other days")
    return said


def explain(segment: Segment, others: list[Segment]) -> list[str]:
    """Return the sentences that explain a segment; others: all segments, itself among them."""
    sentences = [_size(segment)]
    if segment.consumers == 1:
        sentences.append(
            "One consumer alone: what is shown are its own habits, which it shares with no other."
        )
    if segment.behaviours is not None:
        sentences += _shared(segment.behaviours, segment.weekend_share)
        sentences += [segment.why_fewer] if segment.why_fewer else []
        sentences += _sets_apart(segment, segment.behaviours) + _nearest(segment, segment.behaviours, others)
    sentences += _peaks(segment) + _energy(segment)
    if segment.found_again is not None:
        sentences.append(
            f"Found again when some of all consumers are left out: {percent(segment.found_again)} of it "
            f"(above {percent(STABLE)} is stable, below {percent(UNSTABLE)} is not)."
        )
    return sentences


def segment_name(number: int) -> str:
    """Return what a segment is called, from its number from 0."""
    return f"segment {number + 1}"


def recommendation(clusters: Sequence[int], strength: Sequence[float]) -> str:
    """Return which number of segments is recommended, and why, from the prediction strength of each."""
    strengths = dict(zip(clusters, strength, strict=True))
    chosen = recommended(list(clusters), np.array(strength)[:, None])
    if chosen is not None:
        return (
            f"Recommended: {chosen} segments, the largest number that is found again among other consumers "
            f"(prediction strength {strengths[chosen]:.2f}; {STRONG:g} or more counts)."
        )
    known = {k: value for k, value in strengths.items() if k > 1 and np.isfinite(value)}
    best = max(known, key=lambda k: known[k], default=None)
    highest = "" if best is None else f"; the highest is {known[best]:.2f}, of {best} segments"
    return (
        "No number is clearly better: none is found again among other consumers (prediction strength "
        f"{STRONG:g} or more{highest}). The segments are slices of a continuum. Keep the model and place "
        "consumers with crocs assign; a new fit gives other segments."
    )


def distinct(silhouette: float) -> str:
    """Interpret a mean silhouette."""
    if np.isnan(silhouette):
        return "The mean silhouette is not defined, as there are no two segments."
    meaning = next(said for least, said in DISTINCT if at_least(silhouette, least))
    return f"The mean silhouette is {silhouette:.2f}: as a rule, {meaning}."


def _apart(segment: Segment, behaviours: Behaviours) -> np.ndarray:
    """Return the behaviours in the order in which they set the segment apart from all others.

    What most of its consumers never show, and what is seldom, comes last: one consumer's oddity says little
    of a segment.
    """
    rare = (behaviours.consumer_coverage < SHARED) | (behaviours.day_coverage < NAMING_DAYS)
    return np.lexsort((rank(-_excess(segment, behaviours)), rare))


def _excess(segment: Segment, behaviours: Behaviours) -> np.ndarray:
    elsewhere = np.delete(behaviours.alike, segment.number - 1, axis=1)
    own = behaviours.alike[:, segment.number - 1]
    return own - elsewhere.max(axis=1) if elsewhere.shape[1] else behaviours.day_coverage


def _sets_apart(segment: Segment, behaviours: Behaviours) -> list[str]:
    """Return a sentence on the behaviour that is rarest elsewhere."""
    number = int(_apart(segment, behaviours)[0])
    own, elsewhere = _shares_of_days(segment, behaviours, number)
    if not len(elsewhere) or not at_least(own - elsewhere.max(), TELLING_EXCESS, scale=1.0):
        return ["No behaviour is its alone: it is the mixture that sets it apart."] if len(elsewhere) else []
    return [
        f"Days like behaviour {number + 1}, {behaviour_name(behaviours, number)}, set it apart: "
        f"{percent(own)} of its days, {_at_most(elsewhere)} in any other segment."
    ]


def _shares_of_days(segment: Segment, behaviours: Behaviours, number: int) -> tuple[float, np.ndarray]:
    """Return the share of days like a behaviour in its own segment, and in each other one."""
    shares = behaviours.alike[number]
    return float(shares[segment.number - 1]), np.delete(shares, segment.number - 1)


def _nearest(segment: Segment, behaviours: Behaviours, others: list[Segment]) -> list[str]:
    """Return a sentence on how it differs from its nearest segment."""
    near = next((one for one in others if one.number == segment.nearest), None)
    if near is None or near.behaviours is None:
        return []
    clauses = [
        clause
        for word, shown, owner, other in (
            ("fewer", behaviours, segment, near),
            ("more", near.behaviours, near, segment),
        )
        if (clause := _difference(word, shown, owner.number - 1, other.number - 1))
    ]
    return [f"Its nearest is segment {near.number}, which has {listed(clauses)}."] if clauses else []


def _difference(word: str, shown: Behaviours, owner: int, other: int) -> str:
    """Return a clause on the behaviour of its owner that the other segment has the fewest days of."""
    excess = shown.alike[:, owner] - shown.alike[:, other]
    if (shared := shown.consumer_coverage >= SHARED).any():
        excess = np.where(shared, excess, -1.0)
    most = int(first_greatest(excess))
    if not at_least(excess[most], TELLING_EXCESS, scale=1.0):
        return ""
    shares = sorted(shown.alike[most, [owner, other]], reverse=word == "more")
    there, here = (percent(share) for share in shares)
    return f"{word} days of the kind {behaviour_name(shown, most)} ({there}, here {here})"


def _size(segment: Segment) -> str:
    count, one = segment.consumers, segment.consumers == 1
    other, rest = "", segment.rest_kwh.sum()
    if rest > 0:
        ratio = segment.mean_daily_kwh / rest
        if not at_least(abs(ratio - 1), 0.05, scale=1.0):
            other = ", as much as the other consumers"
        elif at_least(ratio, 2):
            other = f", {ratio:.1f} times as much as the other consumers"
        else:
            other = f", {percent(abs(ratio - 1))} {'more' if ratio > 1 else 'less'} than the other consumers"
    who = "1 consumer" if one else f"{count:,} consumers"
    uses, each = ("uses", "") if one else ("use", " each")
    return (
        f"{who} ({percent(segment.consumer_share)} of all) {uses} {percent(segment.energy_share)} of the "
        f"energy: {segment.mean_daily_kwh:.1f} kWh a day{each}{other}."
    )


def _shared(behaviours: Behaviours, weekend_share: float) -> list[str]:
    """Return sentences on the main behaviours, their coverage, and which belong to weekends or weekdays."""
    count = min(3, len(behaviours.day_coverage))
    main = [
        f"{behaviour_name(behaviours, i)} ({percent(behaviours.day_coverage[i])} of days, "
        f"{percent(behaviours.consumer_coverage[i])} of consumers)"
        for i in range(count)
    ]
    sentences = [f"Its most common days: {'; '.join(main)}."]
    covered = behaviours.day_coverage.cumsum()
    needed = int((~at_least(covered, 0.8 * covered[-1])).sum()) + 1
    if needed > count:
        sentences.append(f"It takes {needed} behaviours to cover four fifths of its days.")
    for i in range(count):
        excess = behaviours.weekend_share[i] - weekend_share
        if not at_most(abs(excess), TELLING_WEEKEND, scale=1.0):
            kind = "weekend" if excess > 0 else "weekday"
            sentences.append(
                f"Behaviour {i + 1} is more of a {kind} one: {percent(behaviours.weekend_share[i])} "
                f"of its days are weekends ({percent(weekend_share)} of all the segment's days)."
            )
    return sentences


def _peaks(segment: Segment) -> list[str]:
    """Return a sentence on the window in which its days peak more often than those of the others."""
    said = peak_differences(segment.peak_share, segment.rest_peak_share, "Its days", "others’")
    known = np.isfinite(segment.rest_peak_share).all()
    return said if said or not known else ["Its days peak at the same times as those of the other consumers."]


def peak_differences(own: np.ndarray, rest: np.ndarray, days: str, others: str) -> list[str]:
    """Return a sentence on the window in which some days peak more often than others; none where none does.

    own, rest: (slots,) share of days whose maximum is there; days, others: what they are called.
    """
    excess = own - rest
    if not np.isfinite(excess).all():
        return []
    start, gain = _best_window(excess)
    if not at_least(gain, TELLING_SHARE, scale=1.0):
        return []
    inside = _window(len(excess), start)
    return [
        f"{days} peak between {_span(start, len(excess))} more often than {others}: "
        f"{percent(own[inside].sum())} against {percent(rest[inside].sum())}."
    ]


def _energy(segment: Segment) -> list[str]:
    """Return sentences on the windows in which it uses more, and less, of its energy than the others."""
    return energy_differences(segment.mean_kwh, segment.rest_kwh, "It")


def energy_differences(own_kwh: np.ndarray, rest_kwh: np.ndarray, who: str) -> list[str]:
    """Return sentences on the windows in which one uses more, and less, of its energy than the other.

    own_kwh, rest_kwh: (slots,) mean days; who: what the one is called.
    """
    if not (rest_kwh.sum() > 0 and own_kwh.sum() > 0):
        return []
    own, rest = own_kwh / own_kwh.sum(), rest_kwh / rest_kwh.sum()
    sentences = []
    for sign, word in ((1, "more"), (-1, "less")):
        start, gain = _best_window(sign * (own - rest))
        if at_least(gain, TELLING_SHARE, scale=1.0):
            inside = _window(len(own), start)
            sentences.append(
                f"{who} uses {word} of its energy between {_span(start, len(own))}: "
                f"{percent(own[inside].sum())} against {percent(rest[inside].sum())}."
            )
    return sentences


def _window(slots: int, start: int) -> np.ndarray:
    return (start + np.arange(round(WINDOW_H * slots / 24))) % slots


def _best_window(excess: np.ndarray) -> tuple[int, float]:
    """Return the first slot of the window with the greatest sum, the first one of equals, and that sum."""
    sums = np.array([excess[_window(len(excess), start)].sum() for start in range(len(excess))])
    start = int(first_greatest(sums))
    return start, float(sums[start])


def _span(start: int, slots: int) -> str:
    begin = start * 24 / slots
    return f"{clock(begin)} and {clock((begin + WINDOW_H) % 24 or 24.0)}"
