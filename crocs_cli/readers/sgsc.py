"""Read Smart-Grid Smart-City (New South Wales): several supplies a row, standard time all year.

Stamps name the interval's end: the trial's gaps, which come in whole two-hour packets, all begin at 00:30 and
never at 00:00. On the day on which daylight saving starts, the readings of 02:00 and 02:30 are stamped 01:00
and 01:30; CALENDAR_KEY, which grows by 3 a half-hour in those hours, tells them from the true ones.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa

from crocs_cli.errors import CrocsError
from crocs_cli.readers.long import numbers
from crocs_cli.readers.readings import Dialect, Readings
from crocs_cli.readers.stamps import DAY_S, seconds
from crocs_cli.readers.table import Kind, Part
from crocs_cli.readers.tables import open_table

CONSUMER = ("CUSTOMER_ID", "CUSTOMER_KEY")
TIME, KEY = "READING_DATETIME", "CALENDAR_KEY"
SIGNS = {
    "GENERAL_SUPPLY_KWH": 1,
    "CONTROLLED_LOAD_KWH": 1,
    "OTHER_KWH": 1,
    "GROSS_GENERATION_KWH": -1,
    "NET_GENERATION_KWH": -1,
}
_HALF_HOUR_S, _KEY_STEP, _HOUR_S = 1800, 3, 3600
_DOUBLED_FROM_S, _DOUBLED_TO_S = 3600, 5400


def read(path: Path, dialect: Dialect) -> Iterator[Readings]:
    """Yield the net demand of the trial's customers: supplies less generation."""
    table = open_table(path, dialect.writing)
    consumer = next((name for name in CONSUMER if name in table.names), CONSUMER[0])
    kinds: dict[str, Kind] = {consumer: "id", TIME: "stamp", **dict.fromkeys(SIGNS, "number")}
    if KEY in table.names:
        kinds[KEY] = "number"
    doubles = _Doubles()
    for part in table.read(kinds):
        time_s, _ = seconds(part.columns[TIME], TIME, part.place)
        value = sum(sign * _empty_is_zero(part, name) for name, sign in SIGNS.items())
        value = np.where(np.isnan(numbers(part.columns["GENERAL_SUPPLY_KWH"])), np.nan, value)
        ids = part.columns[consumer]
        key = numbers(part.columns[KEY]) if KEY in kinds else np.full(len(time_s), np.nan)
        held = doubles.hold(ids, time_s, value, key)
        kept = pa.array(~held)
        yield Readings(ids.filter(kept), time_s[~held], value[~held])
    if doubles.rows:
        yield doubles.repaired(path)


class _Doubles:
    """The readings of the doubled hour, held back until the whole file has shown how keys and stamps go."""

    def __init__(self) -> None:
        self.rows: list[tuple[list[str], np.ndarray, np.ndarray, np.ndarray]] = []
        self._midnight_key: dict[int, float] = {}

    def hold(self, ids: pa.Array, time_s: np.ndarray, value: np.ndarray, key: np.ndarray) -> np.ndarray:
        """Note the readings that may be stamped an hour early; return which ones they are."""
        day = time_s // DAY_S
        changes = np.isin(day, [number for number in np.unique(day) if _daylight_saving_starts(int(number))])
        if not changes.any():
            return changes
        second = time_s % DAY_S
        midnight = key - second // _HALF_HOUR_S * _KEY_STEP
        for number in np.unique(day[changes]):
            early = (day == number) & (second <= _DOUBLED_TO_S)  # later in the day keys jump now and then
            least = np.nanmin(midnight[early], initial=np.inf)
            self._midnight_key[number] = min(least, self._midnight_key.get(number, np.inf))
        held = changes & (second >= _DOUBLED_FROM_S) & (second <= _DOUBLED_TO_S)
        self.rows.append((ids.filter(pa.array(held)).to_pylist(), time_s[held], value[held], key[held]))
        return held

    def repaired(self, path: Path) -> Readings:
        """Return the held readings with their stamps set right; without keys their values are unknown."""
        ids = [name for names, *_ in self.rows for name in names]
        time_s, value, key = (np.concatenate([row[i] for row in self.rows]) for i in (1, 2, 3))
        first = np.array([self._midnight_key[number] for number in time_s // DAY_S])
        late_s = (key - first) / _KEY_STEP * _HALF_HOUR_S - time_s % DAY_S
        if not np.isin(late_s[~np.isnan(late_s)], (0, _HOUR_S)).all():
            raise CrocsError(f"{path}: {KEY} does not grow by {_KEY_STEP} a half-hour; is the file whole?")
        moved = late_s == _HOUR_S
        return Readings(
            pa.array(ids, pa.string()).dictionary_encode(),
            time_s + np.where(moved, _HOUR_S, 0),
            np.where(np.isnan(late_s), np.nan, value),
            repaired=moved,
        )


def _empty_is_zero(part: Part, name: str) -> np.ndarray:
    return np.nan_to_num(numbers(part.columns[name]), nan=0.0)


@cache
def _daylight_saving_starts(day: int) -> bool:
    zone = ZoneInfo("Australia/Sydney")
    midnight = dt.datetime(1970, 1, 1) + dt.timedelta(days=day)
    before, after = (midnight.replace(hour=hour, tzinfo=zone).utcoffset() for hour in (0, 6))
    return before is not None and after is not None and before < after
