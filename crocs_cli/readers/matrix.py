"""Matrix files: one row a stamp, one column a consumer."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa

from crocs_cli.errors import CrocsError
from crocs_cli.readers.long import numbers
from crocs_cli.readers.readings import Dialect, Readings
from crocs_cli.readers.stamps import seconds
from crocs_cli.readers.table import Kind
from crocs_cli.readers.tables import open_table


def read(path: Path, dialect: Dialect) -> Iterator[Readings]:
    """Yield the readings of a matrix file; its stamps stand in the named column, else in the first one."""
    table = open_table(path, dialect.writing)
    time = dialect.time if dialect.time in table.names else table.names[0]
    ids = [name for name in table.names if name != time]
    if not ids:
        raise CrocsError(f"{path}: a matrix has a column of stamps and one for each consumer; is it long?")
    kinds: dict[str, Kind] = {time: "stamp", **dict.fromkeys(ids, "number")}
    for part in table.read(kinds):
        time_s, is_utc = seconds(part.columns[time], time, part.place)
        index = pa.array(np.repeat(np.arange(len(ids), dtype=np.int32), len(time_s)))
        value = np.concatenate([numbers(part.columns[name]) for name in ids])
        consumer = pa.DictionaryArray.from_arrays(index, pa.array(ids))
        yield Readings(consumer, np.tile(time_s, len(ids)), value, is_utc=is_utc)
