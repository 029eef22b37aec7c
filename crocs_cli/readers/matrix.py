"""Read matrix files: one row per stamp, one column per consumer."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa

from crocs_cli.errors import CrocsError
from crocs_cli.readers.long import numbers
from crocs_cli.readers.naming import file_consumer
from crocs_cli.readers.readings import Dialect, Readings
from crocs_cli.readers.stamps import seconds
from crocs_cli.readers.table import Kind, Table
from crocs_cli.readers.tables import open_table


def read(path: Path, dialect: Dialect) -> Iterator[Readings]:
    """Yield the readings of a matrix file; its stamps stand in the named column, else in the first one."""
    table = open_table(path, dialect.writing, wanted=(dialect.time,))
    time = dialect.time if dialect.time in table.names else table.names[0]
    ids = [name for name in table.names if name != time]
    if not ids:
        raise CrocsError(f"{path}: a matrix has a column of stamps and one for each consumer; is it long?")
    names = _names(table, dialect, ids)
    kinds: dict[str, Kind] = {time: "stamp", **dict.fromkeys(ids, "number")}
    for part in table.read(kinds):
        time_s, is_utc = seconds(part.columns[time], time, part.place)
        index = pa.array(np.repeat(np.arange(len(ids), dtype=np.int32), len(time_s)))
        value = np.concatenate([numbers(part.columns[name]) for name in ids])
        consumer = pa.DictionaryArray.from_arrays(index, pa.array(names))
        absolute = np.tile(is_utc, len(ids)) if isinstance(is_utc, np.ndarray) else is_utc
        yield Readings(consumer, np.tile(time_s, len(ids)), value, is_utc=absolute)


def _names(table: Table, dialect: Dialect, ids: list[str]) -> list[str]:
    """Return the consumers of the columns: their own names, or the name of the file."""
    if dialect.consumer_from == "file" or dialect.consumer_pattern:
        name = file_consumer(table, dialect)
        return [name] if len(ids) == 1 else [f"{name}/{column}" for column in ids]
    if len(ids) == 1 and dialect.consumer_from is None and len(dialect.file_names) > 1:
        raise CrocsError(
            f"{table.path}: {ids[0]!r} is the only column of several files; set ingest.consumer_from to file "
            "for a consumer each, or to column for one in all"
        )
    return ids
