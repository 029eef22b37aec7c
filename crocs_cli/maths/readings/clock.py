"""Wall clocks: from UTC to local time, and which local days are shorter or longer than 24 hours.

A zone is an IANA name or a fixed offset such as +10:00; a fixed offset never has daylight saving.
"""

from __future__ import annotations

import datetime as dt
import re
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np

DAY_S = 86_400
_EPOCH_UTC = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


def zone(name: str) -> dt.tzinfo:
    """Return the zone of an IANA name or of an offset such as +10:00."""
    if name[0] not in "+-":
        return ZoneInfo(name)
    hours, minutes = name[1:].split(":")
    offset = dt.timedelta(hours=int(hours), minutes=int(minutes))
    return dt.timezone(-offset if name[0] == "-" else offset)


def checked_zone(name: str) -> str:
    """Return the name of a zone as it is; raise ValueError where it is that of none."""
    try:
        if name[:1] in ("+", "-") and not re.fullmatch(r"[+-]([01]\d|2[0-3]):[0-5]\d", name):
            raise ValueError("no offset")
        zone(name or "none")
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError("no such time zone; use a name such as Europe/London, or +10:00") from error
    return name


def same_clock(one: str, other: str) -> bool:
    """Return whether two zones show the same time in every month from 2000 to 2030."""
    months = [dt.datetime(2000 + m // 12, m % 12 + 1, 1, tzinfo=dt.UTC) for m in range(12 * 31)]
    return all(m.astimezone(zone(one)).utcoffset() == m.astimezone(zone(other)).utcoffset() for m in months)


def wall_from_utc(utc_s: np.ndarray, name: str) -> np.ndarray:
    """Return the wall clock (n,) int64 of instants (n,) int64, both in seconds since 1970-01-01."""
    if not len(utc_s):
        return utc_s
    starts, offsets = offset_table(int(utc_s.min()), int(utc_s.max()), name)
    return utc_s + offsets[np.searchsorted(starts, utc_s, side="right") - 1]


def offset_table(first_s: int, last_s: int, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Return (instants from which an offset holds, offsets in seconds) that cover a span of UTC seconds."""
    where = zone(name)
    starts, offsets = [first_s], [_offset_s(first_s, where)]
    for day_s in range(first_s, last_s + DAY_S, DAY_S):
        low, high = max(starts[-1], day_s), day_s + DAY_S
        if _offset_s(high, where) != offsets[-1]:
            while high - low > 1:
                middle = (low + high) // 2
                low, high = (middle, high) if _offset_s(middle, where) == offsets[-1] else (low, middle)
            starts.append(high)
            offsets.append(_offset_s(high, where))
    return np.array(starts, dtype=np.int64), np.array(offsets, dtype=np.int64)


def day_lengths_s(first_day: int, days: int, name: str) -> np.ndarray:
    """Return how long each local day is: (days,) int64 seconds, 86,400 but for changes of the clock.

    Days count from 1970-01-01. A day that a zone skipped altogether has length 0; one that the clock leaves
    and comes back to, as in Newfoundland at a minute past midnight, has all its parts.
    """
    first_s, last_s = (first_day - 2) * DAY_S, (first_day + days + 2) * DAY_S
    starts, offsets = offset_table(first_s, last_s, name)
    midnights = np.arange(first_day, first_day + days + 1) * DAY_S
    lengths = np.zeros(days, dtype=np.int64)
    for begin, end in zip(starts + offsets, np.append(starts[1:], last_s) + offsets, strict=True):
        within = np.clip(midnights, begin, end)
        lengths += within[1:] - within[:-1]
    return lengths


def lost_spans_s(first_day: int, days: int, name: str) -> tuple[tuple[int, int], ...]:
    """Return the spans (start, end) of the wall clock, in seconds since 1970-01-01, that a zone skips."""
    starts, offsets = offset_table((first_day - 2) * DAY_S, (first_day + days + 2) * DAY_S, name)
    skipped = zip(starts[1:].tolist(), offsets[:-1].tolist(), offsets[1:].tolist(), strict=True)
    return tuple((start + before, start + after) for start, before, after in skipped if after > before)


def utc_from_midnight(day: np.ndarray, name: str) -> np.ndarray:
    """Return the instants (n,) int64, in UTC seconds, at which local days (n,) since 1970-01-01 begin."""
    days, where = np.unique(day, return_inverse=True)
    return utc_from_wall(days * DAY_S, name)[where] if len(days) else day


def utc_from_wall(wall_s: np.ndarray, name: str) -> np.ndarray:
    """Return the instants (n,) int64 of times on the wall clock (n,) int64, both in seconds since 1970-01-01.

    Of a time that comes twice, the first; a time that the clock skips is the instant of the change.
    """
    if not len(wall_s):
        return wall_s
    starts, offsets = offset_table(int(wall_s.min()) - 2 * DAY_S, int(wall_s.max()) + 2 * DAY_S, name)
    begins = np.append(starts[1:], np.iinfo(np.int64).max)
    found = np.full(len(wall_s), np.iinfo(np.int64).max)
    skipped = found.copy()
    for start, end, offset in zip(starts.tolist(), begins.tolist(), offsets.tolist(), strict=True):
        instant = wall_s - offset  # right where the offset holds
        np.minimum(found, np.where((instant >= start) & (instant < end), instant, found), out=found)
        np.minimum(skipped, np.where(instant < end, np.maximum(instant, start), skipped), out=skipped)
    return np.where(found < np.iinfo(np.int64).max, found, skipped)


def _offset_s(utc_s: int, where: dt.tzinfo) -> int:
    offset = (_EPOCH_UTC + dt.timedelta(seconds=utc_s)).astimezone(where).utcoffset()
    if offset is None:
        raise ValueError("a zone without an offset")
    return round(offset.total_seconds())
