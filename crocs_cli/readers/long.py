"""Generic long files: one row a reading, with columns for consumer, stamp (or date and time) and energy."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa

from crocs_cli.readers.readings import Dialect, Readings
from crocs_cli.readers.stamps import joined, seconds
from crocs_cli.readers.table import Kind
from crocs_cli.readers.tables import open_table


def read(path: Path, dialect: Dialect) -> Iterator[Readings]:
    """Yield the readings of a long file."""
    table = open_table(path, dialect.writing)
    consumer, time, energy = dialect.consumer, dialect.time, dialect.energy
    named = {
        consumer: "ingest.columns.consumer",
        time: "ingest.columns.time",
        energy: "ingest.columns.energy",
    }
    kinds: dict[str, Kind] = {consumer: "id", time: "stamp", energy: "number"}
    if dialect.date is not None:
        kinds[time] = kinds[dialect.date] = "text"
        named[dialect.date] = "ingest.columns.date"
    for part in table.read(kinds, named):
        stamps = part.columns[time]
        if dialect.date is not None:
            stamps = joined(part.columns[dialect.date], stamps, dialect.stamp_format, part.place)
        time_s, is_utc = seconds(stamps, time, part.place)
        yield Readings(part.columns[consumer], time_s, numbers(part.columns[energy]), is_utc=is_utc)


def numbers(column: pa.Array) -> np.ndarray:
    """Return a column of numbers as (n,) float64, NaN where a field is empty."""
    return column.to_numpy(zero_copy_only=False)
