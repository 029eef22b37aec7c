"""Read generic wide files: one row per consumer and day, one column per slot."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from crocs_cli.errors import CrocsError
from crocs_cli.readers import meaning
from crocs_cli.readers.long import numbers
from crocs_cli.readers.naming import consumers
from crocs_cli.readers.readings import Dialect, Readings
from crocs_cli.readers.stamps import DAY_S, dates, time_of_day_s, time_range_s
from crocs_cli.readers.table import Part, Table
from crocs_cli.readers.tables import open_table


def read(path: Path, dialect: Dialect) -> Iterator[Readings]:
    """Yield the readings of a wide file."""
    date = dialect.date or dialect.time
    kinds, named = meaning.columns(dialect)
    id_column = (dialect.consumer,) if dialect.consumer_from == "column" else ()
    table = open_table(path, dialect.writing, wanted=(date, *kinds, *id_column))
    owners = consumers(table, dialect)
    slots = slot_columns(table, dialect)
    kinds |= {**owners.kinds, date: "text", **dict.fromkeys(slots, "number")}
    for part in table.read(kinds, {**owners.named, **named, date: "ingest.columns.time"}):
        midnight_s = dates(part.columns[date], dialect.stamp_format, date, part.place)
        rolled = unrolled(part, owners.of(part, len(midnight_s)), midnight_s, slots)
        yield meaning.meaning(part, dialect, path).repeated(len(slots)).applied(rolled)


def unrolled(
    part: Part, consumer: pa.DictionaryArray, midnight_s: np.ndarray, slots: dict[str, int]
) -> Readings:
    """Turn rows of slots into readings, row by row; slots are {column: seconds since midnight}."""
    seconds = np.fromiter(slots.values(), np.int64, len(slots))
    value = np.stack([numbers(part.columns[name]) for name in slots], axis=1)
    return Readings(repeated(consumer, len(slots)), (midnight_s[:, None] + seconds).ravel(), value.ravel())


def repeated(consumer: pa.DictionaryArray, times: int) -> pa.DictionaryArray:
    """Repeat each entry of a dictionary column."""
    indices = np.repeat(consumer.indices.to_numpy(), times)
    return pa.DictionaryArray.from_arrays(pa.array(indices), consumer.dictionary)


def slot_columns(table: Table, dialect: Dialect) -> dict[str, int]:
    """Return {column: seconds since midnight of its stamp} of the slot columns, which must make up a day.

    Columns are named by the time of day (0:30, 00:30, 24:00), by both ends of the interval (0:00 - 0:30), or
    by running numbers (1 2 3, h0 h1, V01 V02).
    """
    count = DAY_S // dialect.interval_s
    ends = dialect.stamp == "end"
    ranges = {name: span[ends] for name in table.names if (span := time_range_s(name)) is not None}
    timed = {name: time_of_day_s(name) for name in table.names}
    slots = {
        name: DAY_S if ends and second == 0 else second
        for name, second in timed.items()
        if second is not None
    }
    slots = ranges or slots or _numbered(table.names, count, dialect)
    wanted = (np.arange(count) + ends) * dialect.interval_s
    if sorted(slots.values()) != wanted.tolist():
        raise CrocsError(
            f"{table.path}: {len(slots)} slot columns; {count} of {dialect.interval_s // 60}min "
            f"(stamped at the {dialect.stamp}) make a day; set ingest.interval or ingest.stamp"
        )
    return slots


def _numbered(names: Sequence[str], count: int, dialect: Dialect) -> dict[str, int]:
    """Find `count` columns that share a name up to a running number, first of which comes first."""
    groups: dict[str, dict[int, str]] = {}
    for name in names:
        if match := re.fullmatch(r"(.*?)(\d+)", name):
            groups.setdefault(match[1], {})[int(match[2])] = name
    first_s = dialect.interval_s if dialect.stamp == "end" else 0
    for group in groups.values():
        numbers_there = sorted(group)
        if len(group) == count and numbers_there[-1] - numbers_there[0] == count - 1:
            return {group[n]: first_s + i * dialect.interval_s for i, n in enumerate(numbers_there)}
    return {}
