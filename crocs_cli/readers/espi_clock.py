"""Find the time zone that the local time parameters of an ESPI feed mean."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from zoneinfo import ZoneInfo

_ZONES = (  # with daylight saving, one for each offset and rule
    *(f"America/{city}" for city in ("St_Johns", "Miquelon", "Halifax", "New_York", "Chicago", "Denver")),
    *(f"America/{city}" for city in ("Los_Angeles", "Anchorage", "Adak")),
    *("Europe/London", "Europe/Berlin", "Europe/Athens"),
    *("Australia/Sydney", "Australia/Adelaide", "Pacific/Auckland"),
)
_YEARS = (2015, 2022)  # in which rules must agree with a zone
_FARTHEST_S = 14 * 3600  # of a local clock from UTC


def zone(clock: Mapping[str, str]) -> str | None:
    """Return the zone of a clock: an IANA name, or an offset such as -07:00 without daylight saving.

    Returns None where the fields are no numbers, the offset is none, or no known zone changes by the rules.
    """
    try:
        offset_s, saving_s = int(clock["tzOffset"]), int(clock.get("dstOffset") or 0)
        rules = [int(clock.get(name) or "0", 16) for name in ("dstStartRule", "dstEndRule")]
        if offset_s % 60 or abs(offset_s) > _FARTHEST_S or abs(saving_s) > _FARTHEST_S:
            return None
        if not saving_s or rules[0] == rules[1]:
            minutes = abs(offset_s) // 60
            return f"{'-' if offset_s < 0 else '+'}{minutes // 60:02d}:{minutes % 60:02d}"
        offset, saving = dt.timedelta(seconds=offset_s), dt.timedelta(seconds=saving_s)
        sides = ((offset, offset + saving), (offset + saving, offset))
        changes = [
            (_day(rule, year), *side) for rule, side in zip(rules, sides, strict=True) for year in _YEARS
        ]
    except (ValueError, OverflowError):
        return None
    return next((name for name in _ZONES if _follows(ZoneInfo(name), changes)), None)


def _follows(place: ZoneInfo, changes: list[tuple[dt.datetime, dt.timedelta, dt.timedelta]]) -> bool:
    """Return whether the clock of a place changes on these days, at any hour before noon."""
    for day, before, after in changes:
        noon = day.replace(hour=12, tzinfo=place)
        if ((noon - dt.timedelta(days=1)).utcoffset(), noon.utcoffset()) != (before, after):
            return False
    return True


def _day(rule: int, year: int) -> dt.datetime:
    """Return the day of a year that a rule of 32 bits names; raise ValueError where it names none.

    Bits from the highest: month (4), operator (3), day of the month (5), weekday (3, Monday is 1), hour (5),
    seconds (12). Operator 0: the day of the month; 1: the weekday on or after it; 2 to 6: the first to fifth
    weekday of the month; 7: the last one.
    """
    month, operator, day, weekday = rule >> 28, rule >> 25 & 7, rule >> 20 & 31, rule >> 17 & 7
    if operator == 0:
        return dt.datetime(year, month, day)
    if operator == 7:  # the first such weekday of the last seven days
        first = dt.datetime(year + month // 12, month % 12 + 1, 1) - dt.timedelta(days=7)
    else:
        first = dt.datetime(year, month, day if operator == 1 else 7 * (operator - 2) + 1)
    return first + dt.timedelta(days=(weekday - first.isoweekday()) % 7)
