"""Hold a shard of daily series in memory, with its windows around the reference date."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from crocs_cli.errors import CrocsError
from crocs_cli.machine import files
from crocs_cli.machine.layout import Layout
from crocs_cli.machine.shards import shards
from crocs_cli.maths.portable import log
from crocs_cli.maths.readings.days import EPOCH
from crocs_cli.screen.daily import onset
from crocs_cli.screen.daily.aggregates import week_means
from crocs_cli.screen.daily.dates import Calendar, Windows, default_split, whole_windows
from crocs_cli.screen.settings import LONGEST_BEFORE, FilterSettings

HOLDER = 0  # the kind of event that cuts a series


def together(folder: Path, layout: Layout, names: tuple[str, ...] = ()) -> dict[str, np.ndarray]:
    """Return the arrays of all shards of a directory, one shard after another."""
    parts = [files.read(folder / f"{key}.h5", layout, names) for key in shards(folder, layout)]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


@dataclass(frozen=True)
class Series:
    """Daily energy of some installations: the arrays of the layout DAILY, and their calendar."""

    calendar: Calendar
    arrays: dict[str, np.ndarray]

    @classmethod
    def of(cls, arrays: dict[str, np.ndarray]) -> Series:
        """Wrap the arrays of one daily shard."""
        return cls(calendar_from(arrays["first_date"], arrays["energy_kwh"].shape[1]), arrays)

    @property
    def kwh(self) -> np.ndarray:
        """Daily energy, float32 (installation, day)."""
        return self.arrays["energy_kwh"]

    def __len__(self) -> int:
        return len(self.arrays["installation_id"])


def calendar_from(first_date: np.ndarray, days: int) -> Calendar:
    """Return the calendar of a daily shard from its array `first_date` and its number of days."""
    return Calendar(EPOCH + dt.timedelta(days=int(first_date[0])), days)


def split_day(calendar: Calendar, dref: dt.date | str) -> int:
    """Return the day of a reference date; the default day for `last_year` and `auto`."""
    return calendar.day_of(dref) if isinstance(dref, dt.date) else default_split(calendar.days)


def arrays_of(
    ids: np.ndarray, level: np.ndarray, calendar: Calendar, kwh: np.ndarray, quality: np.ndarray
) -> dict[str, np.ndarray]:
    """Return the arrays of a daily shard without contracts and intervals."""
    count = len(ids)
    return {
        "installation_id": ids,
        "level": level,
        "first_date": np.array([(calendar.start - EPOCH).days]),
        "energy_kwh": kwh,
        "quality": quality,
        "intervals": np.empty((0, calendar.days), np.int16),
        "expected_intervals": np.zeros(calendar.days, np.int16),
        "begin_day": np.zeros(count, np.int64),
        "end_day": np.full(count, calendar.days),
        "event_offset": np.zeros(count + 1, np.int64),
        "event_day": np.empty(0, np.int32),
        "event_kind": np.empty(0, np.int8),
        "latitude": np.full(count, np.nan),
        "longitude": np.full(count, np.nan),
    }


def windows_of(series: Series, dref: dt.date | str, limits: FilterSettings) -> Windows:
    """Return DS0 and DS1 of every installation.

    `dref` is a date, `last_year`, or `auto`: the best split of each installation's own weekly logs. A change
    of holder cuts the series (specification 8.1). Raises CrocsError when the date leaves fewer days on a side
    than the filters ask for.
    """
    calendar = series.calendar
    split, latest = split_day(calendar, dref), calendar.days - limits.min_days_after
    if dref == "auto":
        split = max(min(split, latest), limits.min_days_before)
    if not limits.min_days_before <= split <= latest:
        raise CrocsError(
            f"reference date {calendar.date_of(split)}: the data run from {calendar.start} to "
            f"{calendar.date_of(calendar.days - 1)}; at least {limits.min_days_before} days must lie "
            f"before it and {limits.min_days_after} from it on; set `dref`, give more days, or lower "
            "`filter.min_days_before` or `filter.min_days_after`"
        )
    windows = whole_windows(calendar, len(series), split, calendar.days)
    if dref == "auto":
        windows = Windows(windows.begin, _own_splits(series, split, limits), windows.end)
    return _cut_by_contract(series, windows).limited(LONGEST_BEFORE)


def _own_splits(series: Series, fallback: int, limits: FilterSettings) -> np.ndarray:
    """Split each installation where its weekly logarithms differ most."""
    calendar = series.calendar
    weeks = week_means(series.kwh, calendar).astype(np.float64)
    middle = np.nanmean(np.where(np.isnan(weeks), np.nan, weeks), axis=1, keepdims=True)
    y = log(weeks + 0.05 * np.nan_to_num(middle) + 1e-9)
    first = calendar.week_start()
    allowed = (first >= limits.min_days_before) & (first <= calendar.days - limits.min_days_after)
    week = onset.best_split(y, np.broadcast_to(allowed, y.shape).copy())[:, 0]
    return np.where(np.isnan(week), fallback, first[np.nan_to_num(week).astype(int)])


def _cut_by_contract(series: Series, windows: Windows) -> Windows:
    """Limit each series to one holder of the contract.

    A new holder within DS0 starts it; one that comes later ends DS1.
    """
    begin = np.maximum(windows.begin, series.arrays["begin_day"])
    end = np.minimum(windows.end, series.arrays["end_day"])
    offset, day, kind = (series.arrays[name] for name in ("event_offset", "event_day", "event_kind"))
    for row in np.nonzero(np.diff(offset))[0]:
        own = slice(offset[row], offset[row + 1])
        changes = day[own][kind[own] == HOLDER]
        before = changes[(changes > begin[row]) & (changes < windows.split[row])]
        after = changes[(changes >= windows.split[row]) & (changes < end[row])]
        begin[row] = before.max(initial=begin[row])
        end[row] = after.min(initial=end[row])
    split = np.clip(windows.split, begin, np.maximum(begin, end))
    return Windows(begin.astype(np.int64), split.astype(np.int64), np.maximum(end, split).astype(np.int64))


def testable(windows: Windows, limits: FilterSettings) -> np.ndarray:
    """Return where both periods are long enough after the cut by contracts, bool (installation,)."""
    before, after = windows.split - windows.begin, windows.end - windows.split
    return (before >= limits.min_days_before) & (after >= limits.min_days_after)
