"""Read files of daily or interval energy into one matrix; a bad row is named by its line."""

from __future__ import annotations

import csv
import datetime as dt
import gzip
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet

from crocs_cli.errors import CrocsError
from crocs_cli.maths.compiled import kernel
from crocs_cli.screen.daily.dates import Calendar

BLOCK_BYTES = 64 << 20
MOST_CONTRADICTIONS = 0.001  # of the rows
UNKNOWN = -1
DATE_FORMATS = ("%Y-%m-%d", "%Y/%m/%d", "%d/%m/%Y")
log = logging.getLogger("crocs")


@dataclass
class Readings:
    """Energy by installation and day: `kwh` float32, NaN missing, and `intervals` int16, -1 unknown.

    `labels` are flags that came with the file (SGCC), {id: 0 or 1}; `counts` what was noticed.
    """

    ids: np.ndarray
    calendar: Calendar
    kwh: np.ndarray
    intervals: np.ndarray | None
    labels: dict[str, int] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)


def read_long(path: Path) -> Readings:
    """Read rows id, date, kwh and, if there, n_intervals, in any order, in blocks of 64 MB.

    Raises CrocsError with the line of a row that is no such row, or when more than one row in a thousand
    contradicts another of the same installation and day.
    """
    types = {"id": pa.string(), "date": pa.date32(), "kwh": pa.float64(), "n_intervals": pa.int16()}
    needed = ("id", "date", "kwh")
    names: dict[str, int] = {}
    first, last = None, None
    for block in _blocks(path, types, needed):
        for name in pc.unique(block["id"]).to_pylist():
            names.setdefault(name, len(names))
        bounds = pc.min_max(block["date"]).as_py()
        first = min(filter(None, (first, bounds["min"])))
        last = max(filter(None, (last, bounds["max"])))
    if first is None or last is None:
        raise CrocsError(f"{path}: no rows; give daily energy as id,date,kwh")
    ids = np.array(sorted(names))
    grid = _Grid(ids, Calendar(first, (last - first).days + 1))
    for block in _blocks(path, types, needed):
        grid.add(block)
    return grid.readings(path)


class _Grid:
    """The matrix that blocks of long rows fill."""

    def __init__(self, ids: np.ndarray, calendar: Calendar) -> None:
        self.ids, self.calendar = ids, calendar
        self.kwh = np.full((len(ids), calendar.days), np.nan, np.float32)
        self.intervals: np.ndarray | None = None
        self.rows, self.same, self.other = 0, 0, 0

    def add(self, block: pa.Table) -> None:
        """Fill in one block; of contradicting rows the last counts."""
        row = np.searchsorted(self.ids, block["id"].to_numpy(zero_copy_only=False).astype(str))
        day = block["date"].cast(pa.int32()).to_numpy() - self.calendar.dates[0].astype(int)
        kwh = block["kwh"].to_numpy().astype(np.float32)
        same, other = _fill(self.kwh, row, day, kwh)
        self.rows, self.same, self.other = self.rows + len(row), self.same + same, self.other + other
        if "n_intervals" in block.column_names:
            if self.intervals is None:
                self.intervals = np.full(self.kwh.shape, UNKNOWN, np.int16)
            count = block["n_intervals"].fill_null(UNKNOWN).to_numpy()
            self.intervals[row, day] = count

    def readings(self, path: Path) -> Readings:
        """Return what was read, unless it contradicts itself too often."""
        counts = {"rows": self.rows, "doubled_days": self.same, "contradicting_days": self.other}
        check_contradictions(path, self.other, self.rows)
        return Readings(self.ids, self.calendar, self.kwh, self.intervals, counts=counts)


@kernel
def _fill(kwh: np.ndarray, row: np.ndarray, day: np.ndarray, value: np.ndarray) -> tuple[int, int]:
    """Set cells in order; return how many rows repeated a cell's value and how many contradicted it."""
    same = other = 0
    for i in range(len(row)):
        before = kwh[row[i], day[i]]
        if not np.isnan(before):
            if before == value[i]:
                same += 1
            else:
                other += 1
        kwh[row[i], day[i]] = value[i]
    return same, other


def check_contradictions(path: Path, contradicting: int, rows: int) -> None:
    """Raise CrocsError when more than one row in a thousand contradicts another."""
    if contradicting > MOST_CONTRADICTIONS * rows:
        raise CrocsError(
            f"{path}: {contradicting} of {rows} rows give another value for a day that is already there; "
            "keep one row for each installation and day"
        )


def read_wide(path: Path, id_column: str = "id", label_column: str | None = None) -> Readings:
    """Read one row an installation and one column a date, in any order of columns.

    With a label column its 0 or 1 is kept apart (SGCC: CONS_NO, FLAG). Raises CrocsError for a column that is
    no date, and with the line of a value that is no number.
    """
    header = _header(path)
    taken = [id_column] + ([label_column] if label_column else [])
    for name in taken:
        if name not in header:
            raise CrocsError(f"{path}:1: no column {name}; found {', '.join(header[:5])} ...")
    columns = [name for name in header if name not in taken]
    dates = [_date(name, f"{path}:1: column") for name in columns]
    types = {id_column: pa.string()} | {name: pa.float64() for name in columns}
    table = pa.concat_tables(list(_blocks(path, types, (id_column,))))
    first = min(dates)
    calendar = Calendar(first, (max(dates) - first).days + 1)
    ids = table[id_column].to_numpy(zero_copy_only=False).astype(str)
    kwh = np.full((len(ids), calendar.days), np.nan, np.float32)
    for name, date in zip(columns, dates, strict=True):
        kwh[:, calendar.day_of(date)] = table[name].to_numpy()
    order = np.argsort(ids, kind="stable")
    _refuse_doubled(path, ids[order])
    labels = dict(zip(ids.tolist(), table[label_column].to_pylist(), strict=True)) if label_column else {}
    return Readings(ids[order], calendar, kwh[order], None, labels, {"rows": len(ids)})


def _refuse_doubled(path: Path, ids: np.ndarray) -> None:
    doubled = ids[1:][ids[1:] == ids[:-1]]
    if len(doubled):
        raise CrocsError(f"{path}: installation {doubled[0]} has two rows; keep one row an installation")


def read_intervals(path: Path, unit: str, minutes: int) -> Readings:
    """Read rows id, timestamp, kwh of local clock time into daily sums and counts.

    A stamp may come twice in an hour that the clock repeats; any further row of it is dropped and counted.
    The file is held in memory: for millions of meters use `crocs ingest` and the profile shards.
    """
    types = {"id": pa.string(), "timestamp": pa.timestamp("s"), "kwh": pa.float64()}
    table = pa.concat_tables(list(_blocks(path, types, ("id", "timestamp", "kwh"))))
    ids, row = np.unique(table["id"].to_numpy(zero_copy_only=False).astype(str), return_inverse=True)
    stamp = table["timestamp"].to_numpy().astype("datetime64[s]").astype(np.int64)
    energy = table["kwh"].to_numpy() * (minutes / 60 if unit == "kW" else 1.0)
    order = np.lexsort((stamp, row))
    row, stamp, energy = row[order], stamp[order], energy[order]
    repeat = np.append(False, (row[1:] == row[:-1]) & (stamp[1:] == stamp[:-1]))
    equal = repeat & np.append(False, energy[1:] == energy[:-1])
    third = repeat & np.append([False, False], repeat[1:-1] if len(repeat) > 2 else [])[: len(repeat)]
    kept = ~(equal | third) & ~np.isnan(energy)
    day = stamp // 86_400
    first = int(day.min())
    calendar = Calendar(dt.date(1970, 1, 1) + dt.timedelta(days=first), int(day.max()) - first + 1)
    cell = row[kept] * calendar.days + (day[kept] - first)
    size = len(ids) * calendar.days
    count = np.bincount(cell, minlength=size).reshape(len(ids), calendar.days)
    total = np.bincount(cell, energy[kept], minlength=size).reshape(count.shape)
    kwh = np.where(count > 0, total, np.nan).astype(np.float32)
    counts = {"rows": len(row), "doubled_intervals": int((equal | third).sum())}
    return Readings(ids, calendar, kwh, count.astype(np.int16), counts=counts)


def read_columns(path: Path, needed: tuple[str, ...]) -> dict[str, list[Any]]:
    """Read a small table as text columns, empty fields as None."""
    blocks = list(_blocks(path, dict.fromkeys(_header(path), pa.string()), needed))
    table = pa.concat_tables(blocks)
    return {name: [value or None for value in table[name].to_pylist()] for name in table.column_names}


def _blocks(path: Path, types: dict[str, pa.DataType], needed: tuple[str, ...]) -> Iterator[pa.Table]:
    """Yield a table in blocks, with the columns as these types."""
    header = _header(path)
    for name in needed:
        if name not in header:
            raise CrocsError(f"{path}:1: no column {name}; found {', '.join(header[:8])}")
    wanted = {name: kind for name, kind in types.items() if name in header}
    try:
        if path.suffix == ".parquet":
            for batch in pyarrow.parquet.ParquetFile(path).iter_batches(columns=list(wanted)):
                yield pa.Table.from_batches([batch]).cast(pa.schema(wanted.items()))
            return
        options = pyarrow.csv.ConvertOptions(column_types=wanted, strings_can_be_null=True)
        if all(pa.types.is_string(kind) for kind in wanted.values()):
            options.null_values = [""]  # the text NA is a result of inspections, not a missing one
        reading = pyarrow.csv.ReadOptions(block_size=BLOCK_BYTES)
        with pyarrow.csv.open_csv(path, read_options=reading, convert_options=options) as batches:
            for batch in batches:
                yield pa.Table.from_batches([batch])
    except pa.ArrowInvalid as error:
        raise CrocsError(_bad_line(path, wanted) or f"{path}: {str(error).splitlines()[0]}") from error


def _open(path: Path) -> TextIO:
    return gzip.open(path, "rt", newline="") if path.suffix == ".gz" else path.open(newline="")


def _header(path: Path) -> list[str]:
    try:
        if path.suffix == ".parquet":
            return list(pyarrow.parquet.read_schema(path).names)
        with _open(path) as file:
            header = next(csv.reader(file), [])
    except (OSError, UnicodeDecodeError, pa.ArrowInvalid) as error:
        raise CrocsError(
            f"{path}: cannot be read ({error}); give a .csv, .csv.gz or .parquet file"
        ) from error
    if not header:
        raise CrocsError(f"{path}: empty; give a table with a header")
    return header


def _bad_line(path: Path, types: dict[str, pa.DataType]) -> str | None:
    """Find the first line that is no row of this table, the slow way, and say what is wrong with it."""
    with _open(path) as file:
        rows = csv.reader(file)
        header = next(rows)
        for cells in rows:
            if len(cells) != len(header):
                return (
                    f"{path}:{rows.line_num}: {len(cells)} fields, not {len(header)}; mend or remove the line"
                )
            for name, cell in zip(header, cells, strict=True):
                check = CHECKS.get(types.get(name))
                if cell and check and not _passes(check, cell):
                    kind = KINDS[types[name]]
                    return f"{path}:{rows.line_num}: {name}: {cell!r} is no {kind}; mend or remove the line"
    return None


CHECKS: dict[Any, Callable[[str], object]] = {
    pa.float64(): float,
    pa.int16(): int,
    pa.date32(): dt.date.fromisoformat,
    pa.timestamp("s"): dt.datetime.fromisoformat,
}
KINDS = {
    pa.float64(): "number",
    pa.int16(): "whole number",
    pa.date32(): "date such as 2022-03-27",
    pa.timestamp("s"): "time such as 2022-03-27 01:15:00",
}


def _passes(check: Callable[[str], object], cell: str) -> bool:
    try:
        check(cell)
    except ValueError:
        return False
    return True


def _date(text: str, place: str) -> dt.date:
    for pattern in DATE_FORMATS:
        try:
            return dt.datetime.strptime(text, pattern).date()
        except ValueError:
            continue
    raise CrocsError(f"{place} {text!r} is no date such as 2022-03-27; name the column by a date")
