"""Read generic long files: one row per reading, with consumer, stamp (or date and time) and energy."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa

from crocs_cli.readers import hours, meaning
from crocs_cli.readers.naming import consumers
from crocs_cli.readers.readings import Dialect, Readings
from crocs_cli.readers.stamps import joined, seconds
from crocs_cli.readers.table import Kind, Part
from crocs_cli.readers.tables import open_table


def read(path: Path, dialect: Dialect) -> Iterator[Readings]:
    """Yield the readings of a long file."""
    kinds, named = _columns(dialect)
    id_column = (dialect.consumer,) if dialect.consumer_from == "column" else ()
    table = open_table(path, dialect.writing, wanted=(*kinds, *id_column))
    owners = consumers(table, dialect)
    for part in table.read({**owners.kinds, **kinds}, {**owners.named, **named}):
        time_s, is_utc = _stamps(part, dialect)
        value = numbers(part.columns[dialect.energy])
        readings = Readings(owners.of(part, len(value)), time_s, value, is_utc=is_utc)
        yield meaning.meaning(part, dialect, path).applied(readings)


def numbers(column: pa.Array) -> np.ndarray:
    """Return a column of numbers as (n,) float64, NaN where a field is empty."""
    return column.to_numpy(zero_copy_only=False)


def _columns(dialect: Dialect) -> tuple[dict[str, Kind], dict[str, str]]:
    """Return ({column: kind}, {column: the setting that names it}) of all but the consumers."""
    kinds, named = meaning.columns(dialect)
    apart = dialect.date is not None or dialect.hour is not None
    columns: dict[str, tuple[str | None, Kind]] = {
        "time": (None if dialect.date and dialect.hour else dialect.time, "text" if apart else "stamp"),
        "date": (dialect.date, "text"),
        "hour": (dialect.hour, "text"),
        "energy": (dialect.energy, "number"),
    }
    for setting, (column, kind) in columns.items():
        if column is not None:
            kinds[column], named[column] = kind, f"ingest.columns.{setting}"
    return kinds, named


def _stamps(part: Part, dialect: Dialect) -> tuple[np.ndarray, bool | np.ndarray]:
    """Return (seconds (n,) int64, which are UTC) of rows."""
    if dialect.hour is not None:
        return hours.instants(part, dialect), True
    stamps = part.columns[dialect.time]
    if dialect.date is not None:
        stamps = joined(part.columns[dialect.date], stamps, dialect.stamp_format, part.place)
    return seconds(stamps, dialect.time, part.place)
