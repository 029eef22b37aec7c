"""Read the tables of a screening with the readers of `ingest`: any separator, encoding, archive, number."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from crocs_cli.errors import CrocsError
from crocs_cli.maths.compiled import kernel
from crocs_cli.maths.readings.clock import DAY_S, wall_from_utc
from crocs_cli.maths.readings.days import EPOCH
from crocs_cli.readers import sgcc, stamps, wide
from crocs_cli.readers.archives import contents
from crocs_cli.readers.intake import bare
from crocs_cli.readers.long import numbers
from crocs_cli.readers.table import Kind, Part, Table
from crocs_cli.readers.table_settings import TableSettings
from crocs_cli.readers.tables import open_table
from crocs_cli.screen.daily.dates import Calendar
from crocs_cli.screen.settings import DaySettings, InputSettings

MOST_CONTRADICTIONS = 0.001  # of the readings
UNKNOWN = -1
NO_DATE = np.datetime64("NaT", "D")
CURES = {
    r"is this the right reader\?": "rename the right one",
    r", or set ingest\.header to false .*": "",
    r"name the right column with ingest\.columns(\.\w+)?": "rename the right column",
    r"for a Green Button feed set ingest\.reader .*": "feeds are read by `crocs ingest`",
    r"ingest\.": "input.",
}
ColumnKind = Literal["id", "date", "stamp", "number", "text"]


@dataclass
class Readings:
    """Energy by installation and day: `kwh` float32, NaN missing, and `intervals` int16, -1 unknown.

    `intervals` is None where the file does not say how many there were; `counts` go into the report.
    """

    ids: np.ndarray
    calendar: Calendar
    kwh: np.ndarray
    intervals: np.ndarray | None
    counts: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Rows:
    """Some rows of a table.

    `columns`: ids as a dictionary array, dates datetime64[D] (NaT empty), numbers float64 (NaN empty), texts
    as lists (None empty); stamps int64 (3, row): seconds since 1970-01-01 as given, those of the local clock,
    and whether the stamp had an offset. `place(row)` is the file and line.
    """

    columns: dict[str, Any]
    place: Callable[[int], str]

    def __len__(self) -> int:
        return len(next(iter(self.columns.values())))


def read(settings: InputSettings, day: DaySettings) -> Readings:
    """Read the daily or interval file of a screening.

    Raises CrocsError with the line of a row that cannot be read, and when more than one reading in a thousand
    contradicts another of the same installation and day.
    """
    path = Path(str(settings.daily))
    if settings.format == "intervals":
        return _summed(path, settings, day)
    days = _long_days if settings.format == "long" else _wide_days
    return _gathered(path, partial(days, path, settings))


def table_rows(
    path: Path,
    settings: TableSettings,
    kinds: Mapping[str, ColumnKind],
    optional: Collection[str] = (),
    timezone: str = "UTC",
) -> Iterator[Rows]:
    """Yield the rows of a file, or of every file of a zip archive; missing optional columns are left out."""
    wanted = [name for name in kinds if name not in optional]
    with _own_settings():
        for table in _tables(path, settings, wanted):
            there = {name: kind for name, kind in kinds.items() if name in wanted or name in table.names}
            read_as: dict[str, Kind] = {n: "text" if kind == "date" else kind for n, kind in there.items()}
            for part in table.read(read_as):
                columns = {
                    name: _converted(part, name, kind, settings.stamp_format, timezone)
                    for name, kind in there.items()
                }
                yield Rows(columns, part.place)


@contextmanager
def _own_settings() -> Iterator[None]:
    """Give the cures of a screening where a reader gives those of `ingest`."""
    try:
        yield
    except CrocsError as error:
        message = str(error)
        for of_ingest, own in CURES.items():
            message = re.sub(of_ingest, own, message)
        raise CrocsError(message) from error


def _tables(path: Path, settings: TableSettings, wanted: Collection[str]) -> Iterator[Table]:
    return (open_table(member, settings.writing(), wanted=wanted) for member in contents([path]))


def _converted(part: Part, name: str, kind: ColumnKind, stamp_format: str | None, timezone: str) -> Any:
    """Return a column of a part as `Rows` describes it."""
    column = part.columns[name]
    if kind == "id":
        names = pa.array([bare(text) for text in column.dictionary.to_pylist()], pa.string())
        return pa.DictionaryArray.from_arrays(column.indices, names)
    if kind == "number":
        return numbers(column)
    if kind == "text":
        return [text.strip() or None if text else None for text in column.to_pylist()]
    if kind == "stamp":
        time_s, is_utc = stamps.seconds(column, name, part.place)
        local = np.where(is_utc, wall_from_utc(time_s, timezone), time_s) if np.any(is_utc) else time_s
        return np.stack([time_s, local, np.broadcast_to(is_utc, len(local))])
    known = np.flatnonzero(pc.fill_null(pc.not_equal(pc.utf8_trim_whitespace(column), ""), False))
    dates = np.full(len(column), NO_DATE)
    time_s = stamps.dates(
        column.take(pa.array(known)), stamp_format, name, lambda row: part.place(int(known[row]))
    )
    dates[known] = time_s.astype("datetime64[s]")
    return dates


Days = tuple[pa.DictionaryArray, np.ndarray, np.ndarray, np.ndarray | None]


def _long_days(path: Path, settings: InputSettings) -> Iterator[Days]:
    """Yield ids, days since 1970-01-01, energy and number of intervals of rows id, date, kwh, n_intervals."""
    kinds: dict[str, ColumnKind] = {"id": "id", "date": "date", "kwh": "number", "n_intervals": "number"}
    for rows in table_rows(path, settings, kinds, ("n_intervals",)):
        dates, count = rows.columns["date"], rows.columns.get("n_intervals")
        if np.isnat(dates).any():
            raise CrocsError(f"{rows.place(int(np.isnat(dates).argmax()))}: date is empty; mend the line")
        if count is not None:
            wrong = np.nan_to_num(count) != np.clip(np.nan_to_num(count), 0, 1440).astype(int)
            if wrong.any():
                row = int(wrong.argmax())
                raise CrocsError(f"{rows.place(row)}: n_intervals {count[row]:g} is no count; mend the line")
            count = np.nan_to_num(count, nan=UNKNOWN).astype(np.int16)
        yield rows.columns["id"], dates.astype(np.int64), rows.columns["kwh"], count


def _wide_days(path: Path, settings: InputSettings) -> Iterator[Days]:
    """Yield ids, days since 1970-01-01 and energy of one row an installation and one column a date."""
    is_sgcc = settings.format == "sgcc"
    id_column, others = (sgcc.CONSUMER, (sgcc.CONSUMER, sgcc.FLAG)) if is_sgcc else ("id", ("id",))
    with _own_settings():
        for table in _tables(path, settings, (id_column,)):
            names = [name for name in table.names if name not in others]
            place = lambda _, of=table: f"{of.path}:1"  # noqa: E731
            midnights = stamps.dates(pa.array(names, pa.string()), settings.stamp_format, "column", place)
            slots = dict(zip(names, midnights.tolist(), strict=True))
            kinds: dict[str, Kind] = {id_column: "id", **dict.fromkeys(names, "number")}
            for part in table.read(kinds):
                ids = _converted(part, id_column, "id", None, "UTC")
                cells = wide.unrolled(part, ids, np.zeros(len(ids), np.int64), slots)
                yield cells.consumer, cells.time_s // DAY_S, cells.value, None


def _gathered(path: Path, blocks: Callable[[], Iterator[Days]]) -> Readings:
    """Return days in any order as one matrix; the file is read twice, so that it need not fit into memory."""
    names: set[str] = set()
    first, last, is_counted = np.iinfo(np.int64).max, UNKNOWN, False
    for ids, day, _, intervals in blocks():
        if len(day):
            names.update(ids.dictionary.take(pc.unique(ids.indices)).to_pylist())
            is_counted = is_counted or intervals is not None
            first, last = min(first, int(day.min())), max(last, int(day.max()))
    if not names:
        raise CrocsError(f"{path}: no rows; give daily energy as id,date,kwh")
    order = np.array(sorted(names))
    calendar = Calendar(EPOCH + dt.timedelta(first), last - first + 1)
    kwh = np.full((len(order), calendar.days), np.nan, np.float32)
    known = np.full(kwh.shape, UNKNOWN, np.int16) if is_counted else None
    same = other = rows = 0
    for ids, day, value, intervals in blocks():
        row = np.searchsorted(order, ids.dictionary.to_numpy(zero_copy_only=False).astype(str))
        row = row[ids.indices.to_numpy()]
        again = _fill(kwh, row, day - first, value.astype(np.float32))
        rows, same, other = rows + len(day), same + again[0], other + again[1]
        if known is not None and intervals is not None:
            known[row, day - first] = intervals
    if other > MOST_CONTRADICTIONS * rows:
        raise CrocsError(
            f"{path}: {other} of {rows} rows give another value for a day that is already there; "
            "keep one row for each installation and day"
        )
    counts = {"rows": rows, "doubled_days": same, "contradicting_days": other}
    return Readings(order, calendar, kwh, known, counts)


@kernel
def _fill(kwh: np.ndarray, row: np.ndarray, day: np.ndarray, value: np.ndarray) -> tuple[int, int]:
    """Set the known cells in order; return how many repeat a cell's value, and how many contradict it."""
    same = other = 0
    for i in range(len(row)):
        before = kwh[row[i], day[i]]
        if np.isnan(value[i]):
            continue
        if before == value[i]:
            same += 1
        elif not np.isnan(before):
            other += 1
        kwh[row[i], day[i]] = value[i]
    return same, other


def _summed(path: Path, settings: InputSettings, day: DaySettings) -> Readings:
    """Sum rows id, timestamp, kwh to days of the local clock, and count them; the file is held in memory.

    A stamp without an offset may come twice, in an hour that the clock repeats; any further row of it is
    dropped and counted.
    """
    kinds: dict[str, ColumnKind] = {"id": "id", "timestamp": "stamp", "kwh": "number"}
    parts = [rows.columns for rows in table_rows(path, settings, kinds, timezone=day.timezone)]
    if not any(len(part["kwh"]) for part in parts):
        raise CrocsError(f"{path}: no rows; give interval energy as id,timestamp,kwh")
    names = pa.chunked_array([part["id"].dictionary_decode() for part in parts])
    ids, row = np.unique(names.to_numpy().astype(str), return_inverse=True)
    stamp = np.concatenate([part["timestamp"] for part in parts], axis=1)
    energy = np.concatenate([part["kwh"] for part in parts])
    energy = energy * (day.interval_minutes / 60 if day.unit == "kW" else 1.0)
    order = np.lexsort((stamp[0], row))
    row, energy, (stamp, local, is_utc) = row[order], energy[order], stamp[:, order]
    repeat = np.append(False, (row[1:] == row[:-1]) & (stamp[1:] == stamp[:-1]))
    equal = repeat & np.append(False, energy[1:] == energy[:-1])
    third = repeat & np.append(False, repeat[:-1])
    doubled = equal | third | (repeat & (is_utc > 0))
    kept = ~doubled & ~np.isnan(energy)
    days = local // DAY_S
    first = int(days.min())
    calendar = Calendar(EPOCH + dt.timedelta(first), int(days.max()) - first + 1)
    shape = len(ids), calendar.days
    cell = row[kept] * calendar.days + (days[kept] - first)
    count = np.bincount(cell, minlength=shape[0] * shape[1]).reshape(shape)
    total = np.bincount(cell, energy[kept], minlength=count.size).reshape(shape)
    kwh = np.where(count > 0, total, np.nan).astype(np.float32)
    counts = {"rows": len(row), "doubled_intervals": int(doubled.sum())}
    return Readings(ids, calendar, kwh, count.astype(np.int16), counts)
