"""Explain the rank of each installation in a sentence."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from crocs_cli.screen.daily.dates import Calendar
from crocs_cli.screen.ranking.tags import SOURCES, size_in_words

Row = Mapping[str, float]
MOST_REASONS = 3
AGAINST = {
    "test 3": "the same weeks a year ago",
    "test 2": "its own trend and season",
    "test 1": "its average before",
}
WEEK_WORDS = ("weekdays only", "less at weekends", "regular", "more at weekends")
MONTH_WORDS = ("winter", "regular, less in summer", "regular, more in winter", "summer")


def sentence(row: Row, contributions: Mapping[str, float], calendar: Calendar) -> str:
    """Return the reasons of one installation, largest first, and the completeness of its data.

    `row` holds one installation's columns of a verdict; `contributions` factor x tag.
    """
    largest = sorted(
        (name for name, value in contributions.items() if value), key=lambda n: -abs(contributions[n])
    )
    parts: list[str] = []
    for name in largest:
        text = _reason(name, row, calendar)
        if text and text not in parts and len(parts) < MOST_REASONS:
            parts.append(text)
    if not parts:
        parts = ["no change that counts"]
    if row["consistent_high"] and contributions.get("scale_decrease", 0) > 0:
        parts[0] += ", after high and steady use"
    parts.append(f"data {100 * row['completeness']:.0f} % complete")
    text = "; ".join(parts)
    return text[0].upper() + text[1:] + "."


def _reason(name: str, row: Row, calendar: Calendar) -> str:
    if name in ("scale_decrease", "scale_increase"):
        return _scale(row, calendar)
    if name.startswith("week"):
        return _pattern("weekday", WEEK_WORDS, row, "week")
    if name.startswith("month"):
        return _pattern("month", MONTH_WORDS, row, "month")
    if name == "ceased":
        return (
            f"almost nothing used since {calendar.date_of(int(row['ceased_day']))}: empty, or bypassed whole"
        )
    if name == "gap_increase":
        before, after = 100 * row["gap_share_before"], 100 * row["gap_share_after"]
        return f"missing days rose from {before:.0f} to {after:.0f} %"
    if name == "zero_day_increase":
        return (
            f"low days rose from {100 * row['low_share_before']:.0f} to {100 * row['low_share_after']:.0f} %"
        )
    return "a contract changed near the onset"


def _scale(row: Row, calendar: Calendar) -> str:
    source = SOURCES[int(row["source"])]
    now = _shown_percent(row, source)
    if np.isnan(now):
        return ""
    side = "below" if now < 0 else "above"
    text = f"now {abs(now):.0f} % {side} {AGAINST[source]}"
    if source == "test 3":
        text += f" (peers {round(row['peer_percent']):+d} %)"
    if now > -10 and row["worst_percent"] < -10 and source == "test 3":
        text += f", at worst {-row['worst_percent']:.0f} % below"
    if row["onset_day"] >= 0:
        text += f", since about {calendar.date_of(int(row['onset_day']))}"
    return f"{text} ({size_in_words(now / 100)})"


def _shown_percent(row: Row, source: str) -> float:
    """Return the change in % without shrinking where there is one (specification 8.2)."""
    if source == "test 3":
        return row["now_percent"]
    return row["t1_percent"] if source == "test 1" else row["trend_percent"]


def _pattern(word: str, classes: tuple[str, ...], row: Row, feature: str) -> str:
    before, after = int(row[f"{feature}_class_before"]), int(row[f"{feature}_class_after"])
    moved = row[f"{feature}_distance"]
    share = "" if np.isnan(moved) else f"{100 * moved:.0f} % of energy moved between {word}s"
    if before == after or min(before, after) < 0 or max(before, after) >= len(classes):
        return share
    names = (f"{classes[c]} ({c + 1})" for c in (before, after))
    return f"{word} pattern changed from {' to '.join(names)}: {share}"
