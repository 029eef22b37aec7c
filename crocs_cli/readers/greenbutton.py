"""Read Green Button feeds (NAESB ESPI): every usage point is a consumer.

A usage point may have several meter readings: directions, registers, phases, lengths. Those that together say
its net consumption once are used; the others are left out with a warning. Readings start at seconds of UTC.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from crocs_cli.errors import CrocsError
from crocs_cli.maths.readings.clock import DAY_S, offset_table, wall_from_utc
from crocs_cli.readers import espi_clock, espi_energy
from crocs_cli.readers.espi import Feed, Fields, parsed
from crocs_cli.readers.espi_energy import DAYS_S, Remarks, Series
from crocs_cli.readers.espi_links import MeterReading, joined
from crocs_cli.readers.naming import constant, stem
from crocs_cli.readers.readings import Dialect, Readings

_LEAST_S, _MOST_S = 300, 3600  # intervals of less than a day
_MOST_HOURS = 0.9  # share of the hours with readings that an interval must read
_LAST_S = 4_102_444_800  # 2100-01-01

log = logging.getLogger("crocs")


def read(path: Path, dialect: Dialect) -> Iterator[Readings]:
    """Yield the readings of a feed, one channel of a usage point after another."""
    feed = parsed(path)
    consumers, silent = _consumers(path, feed, dialect)
    if silent:
        log.warning("%s: no readings of usage point %s", path, espi_energy.some(silent))
    starts = [reading.rows[:, 0] for readings in consumers.values() for reading in readings]
    if not feed.clocks:
        dialect.clockless.append(path)
    _check_clock(path, feed.clocks, starts, dialect.timezone)
    remarks = Remarks()
    for name, readings in consumers.items():
        series = espi_energy.fitting(_energies(readings, remarks), dialect.interval_s, remarks)
        channels = espi_energy.chosen(series, remarks)
        for channel, rows in channels.items():
            yield _readings(name, channel, _on_grid(rows, dialect))
        if not channels and (rest := [one.rows for one in readings if espi_energy.is_electric(one)]):
            yield _readings(name, 0, _on_grid(np.concatenate(rest), dialect, usable=False))
    remarks.write_log(path)


def clock(path: Path) -> str | None:
    """Return the time zone that a feed's local time parameters mean, None where it has none.

    Raises CrocsError for a clock of no known zone.
    """
    clocks = parsed(path, only_clock=True).clocks
    if not clocks:
        return None
    zone = espi_clock.zone(clocks[0])
    if zone is None:
        raise CrocsError(f"{path}: its clock is that of no known zone; name the zone with ingest.timezone")
    return zone


def interval_min(path: Path) -> int:
    """Return the minutes between readings that suit all usage points of a feed, 60 where it has no readings.

    That is the longest of what suits each; a day only where nothing shorter suits any.
    """
    consumers, _ = _consumers(path, parsed(path))
    shortest, lengths = [], set()
    for readings in consumers.values():
        series = _energies(readings, Remarks())
        form = min((one.form for one in series), default=0)
        rows = np.concatenate([np.empty((0, 4)), *(one.rows for one in series if one.form == form)])
        shortest += _shortest(rows)
        lengths |= set(rows[:, 1].tolist())
    if shortest:
        if min(shortest) < max(shortest):
            log.info("%s: some usage points have shorter readings than the interval of all", path)
        return max(shortest) // 60
    if lengths & set(DAYS_S):
        return DAY_S // 60
    if lengths:
        found = espi_energy.duration(min(lengths))
        raise CrocsError(f"{path}: readings of {found}; crocs takes 5min to 60min, or 24h")
    return 60


def _shortest(rows: np.ndarray) -> list[int]:
    """Return the shortest interval of up to an hour that reads most hours with readings, if any: [seconds].

    Readings of less than five minutes are added up to five.
    """
    start_s, length = rows[:, 0], rows[:, 1]
    length = np.where((length > 0) & (np.fmod(_LEAST_S, np.maximum(length, 1)) == 0), _LEAST_S, length)
    usable = (length >= _LEAST_S) & (length <= _MOST_S) & (length % 60 == 0)
    usable &= DAY_S % np.where(usable, length, 1) == 0
    hours, length = start_s[usable] // _MOST_S, length[usable]
    most = _MOST_HOURS * len(np.unique(hours))
    sizes = np.unique(length).astype(int).tolist()
    return [size for size in sizes if len(np.unique(hours[size % length == 0])) >= most][:1]


def _consumers(
    path: Path, feed: Feed, dialect: Dialect | None = None
) -> tuple[dict[str, list[MeterReading]], list[str]]:
    """Return the meter readings of each usage point of a feed, and the usage points without any."""
    names = dialect.file_names if dialect else {}
    found, silent = joined(feed, names.get(path, stem(path)))
    consumers: dict[str, list[MeterReading]] = {}
    for reading in found:
        consumers.setdefault(reading.consumer, []).append(reading)
    return consumers, silent


def _energies(readings: Sequence[MeterReading], remarks: Remarks) -> list[Series]:
    found = (espi_energy.energy_of(reading, remarks) for reading in readings)
    return [series for series in found if series is not None]


def _on_grid(rows: np.ndarray, dialect: Dialect, usable: bool = True) -> np.ndarray:
    """Return rows of readings that last an interval each; shorter ones are added up to the local interval.

    A sum that lacks a part, or has one too many, is NaN, as all are that are not usable.
    """
    size = dialect.interval_s
    whole = np.isin(rows[:, 1], DAYS_S if size == DAY_S else size) & usable
    short = np.unique(rows[~whole], axis=0)
    if not len(short):
        return rows
    start_s = short[:, 0].astype(np.int64)
    begin_s, place = np.unique(start_s - wall_from_utc(start_s, dialect.timezone) % size, return_inverse=True)
    length, value, marks = (np.bincount(place, short[:, column]) for column in (1, 2, 3))
    value[(length != size) | (not usable)] = np.nan
    sums = np.column_stack([begin_s, np.full(len(begin_s), size), value, marks > 0])
    return np.concatenate([rows[whole], sums[~np.isin(begin_s, rows[whole, 0])]])


def _check_clock(path: Path, clocks: Sequence[Fields], starts: Sequence[np.ndarray], used: str) -> None:
    """Warn of a clock of a feed that is not the one used for all files."""
    first, last = int(min(map(np.min, starts), default=0)), int(max(map(np.max, starts), default=0))
    if not 0 <= first <= last < _LAST_S:
        return  # the stamps are refused a little later
    ours = [part.tolist() for part in offset_table(first, last, used)]
    for zone in filter(None, map(espi_clock.zone, clocks)):
        if [part.tolist() for part in offset_table(first, last, zone)] != ours:
            log.warning("%s: its clock is %s, but %s is used; ingest the file apart", path, zone, used)


def _readings(consumer: str, channel: int, rows: np.ndarray) -> Readings:
    start_s, _, value, estimated = rows.T
    return Readings(
        constant(consumer, len(rows)),
        start_s.astype(np.int64),
        value.copy(),
        np.full(len(rows), channel, dtype=np.uint8),
        estimated.astype(bool),
        is_utc=True,
    )
