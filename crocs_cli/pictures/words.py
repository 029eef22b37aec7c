"""Words for numbers: the names of behaviours, and the sentences that explain a segment."""

from __future__ import annotations

import numpy as np

from crocs_cli.pictures.facts import Behaviours, Segment, Times

LONGEST_PEAK_H = 5.0  # a longer high time is said with its ends
ALL_DAY_H = 18.0
LEAST_RANGE = 0.35  # a mean day that moves less than this share of the spread has no shape to name
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


def percent(share: float) -> str:
    """Say a share as a whole percentage, and what rounds to 0 or 100 without being it as such."""
    if 0 < share < 0.005:
        return "under 1%"
    if 0.995 <= share < 1:
        return "over 99%"
    return f"{100 * share:.0f}%"


def clock(hour: float) -> str:
    """Say a time of day to the half hour, past midnight on the next day's clock."""
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
    """Name a behaviour by its high times, in the order of the day."""
    mean, low, high = behaviours.mean[index], behaviours.low[index], behaviours.high[index]
    times = behaviours.high_times[index]
    if not times:
        return "flat"
    if mean.max() - mean.min() < LEAST_RANGE * (high.max() - low.min()):
        return "no regular shape"
    lesser = [part_of_day(top) for _, _, top in sorted(behaviours.lesser_times[index])]
    return _high_name(times) + (f", a lesser one in the {listed(_unique(lesser))}" if lesser else "")


def _high_name(times: Times) -> str:
    in_order = sorted(times)
    peaks = [part_of_day(top) for start, end, top in in_order if end - start <= LONGEST_PEAK_H]
    long = [(start, end) for start, end, _ in in_order if end - start > LONGEST_PEAK_H]
    if any(end - start > ALL_DAY_H for start, end in long):
        return "high nearly all day"
    several = "s" if len(peaks) > 1 else ""
    phrases = (
        [f"{listed([part.replace(' ', '-') for part in _unique(peaks)])} peak{several}"] if peaks else []
    )
    return ", ".join(phrases + [f"high from {clock(start)} to {clock(end)}" for start, end in long])


def _unique(words: list[str]) -> list[str]:
    return list(dict.fromkeys(words))


def behaviour_times(times: Times) -> str:
    """Say when a behaviour is high."""
    return (
        listed([f"{clock(start)}–{clock(end)}" for start, end, _ in sorted(times)]) if times else "at no time"
    )


def segment_title(segment: Segment) -> str:
    """Return a heading for a segment."""
    if segment.behaviours is None or not len(segment.behaviours.day_coverage):
        return f"Segment {segment.number}"
    often = "mostly" if segment.behaviours.day_coverage[0] >= 0.5 else "often"
    return f"Segment {segment.number}: {often} {behaviour_name(segment.behaviours, 0)}"


def explain(segment: Segment) -> list[str]:
    """Return the sentences that explain a segment."""
    sentences = [_size(segment)]
    if segment.behaviours is not None:
        sentences += _shared(segment.behaviours, segment.weekend_share)
    return sentences + _peaks(segment) + _energy(segment)


def _size(segment: Segment) -> str:
    other = ""
    rest = segment.rest_kwh.sum()
    if rest > 0:
        ratio = segment.mean_daily_kwh / rest
        other = (
            ", as much as the other consumers"
            if abs(ratio - 1) < 0.05
            else f", {percent(abs(ratio - 1))} {'more' if ratio > 1 else 'less'} than the other consumers"
        )
    return (
        f"{segment.consumers} consumers ({percent(segment.consumer_share)} of all) use "
        f"{percent(segment.energy_share)} of the energy: {segment.mean_daily_kwh:.1f} kWh a day each{other}."
    )


def _shared(behaviours: Behaviours, weekend_share: float) -> list[str]:
    """Say the main behaviours, how many days they cover, and which belong to weekends or weekdays."""
    count = min(3, len(behaviours.day_coverage))
    main = [
        f"{behaviour_name(behaviours, i)} ({percent(behaviours.day_coverage[i])} of days, "
        f"{percent(behaviours.consumer_coverage[i])} of consumers)"
        for i in range(count)
    ]
    sentences = [f"Its most common days: {'; '.join(main)}."]
    covered = behaviours.day_coverage.cumsum()
    needed = int(np.searchsorted(covered, 0.8 * covered[-1])) + 1
    if needed > count:
        sentences.append(f"It takes {needed} behaviours to cover four fifths of its days.")
    for i in range(count):
        excess = behaviours.weekend_share[i] - weekend_share
        if abs(excess) > TELLING_WEEKEND:
            kind = "weekend" if excess > 0 else "weekday"
            sentences.append(
                f"Behaviour {i + 1} is more of a {kind} one: {percent(behaviours.weekend_share[i])} "
                f"of its days are weekends ({percent(weekend_share)} of all the segment's days)."
            )
    return sentences


def _peaks(segment: Segment) -> list[str]:
    """Say the window in which its days peak more often than those of the others."""
    excess = segment.peak_share - segment.rest_peak_share
    if not np.isfinite(excess).all():
        return []
    start, gain = _best_window(excess)
    if gain < TELLING_SHARE:
        return ["Its days peak at the same times as those of the other consumers."]
    inside = _window(len(excess), start)
    own, rest = segment.peak_share[inside].sum(), segment.rest_peak_share[inside].sum()
    return [
        f"Its days peak between {_span(start, len(excess))} more often than others': "
        f"{percent(own)} against {percent(rest)}."
    ]


def _energy(segment: Segment) -> list[str]:
    """Say the windows in which it uses more, and less, of its energy than the others do of theirs."""
    if not (segment.rest_kwh.sum() > 0 and segment.mean_kwh.sum() > 0):
        return []
    own, rest = segment.mean_kwh / segment.mean_kwh.sum(), segment.rest_kwh / segment.rest_kwh.sum()
    sentences = []
    for sign, word in ((1, "more"), (-1, "less")):
        start, gain = _best_window(sign * (own - rest))
        if gain >= TELLING_SHARE:
            inside = _window(len(own), start)
            sentences.append(
                f"It uses {word} of its energy between {_span(start, len(own))}: "
                f"{percent(own[inside].sum())} against {percent(rest[inside].sum())}."
            )
    return sentences


def _window(slots: int, start: int) -> np.ndarray:
    return (start + np.arange(round(WINDOW_H * slots / 24))) % slots


def _best_window(excess: np.ndarray) -> tuple[int, float]:
    """Return the first slot of the window with the greatest sum, and that sum."""
    sums = np.array([excess[_window(len(excess), start)].sum() for start in range(len(excess))])
    start = int(sums.argmax())
    return start, float(sums[start])


def _span(start: int, slots: int) -> str:
    begin = start * 24 / slots
    return f"{clock(begin)} and {clock((begin + WINDOW_H) % 24 or 24.0)}"
