"""Read State Grid Corporation of China: one row per consumer, one column per day, daily kWh.

The flag of suspected theft is no reading; `crocs screen` has its own use for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa

from crocs_cli.errors import CrocsError
from crocs_cli.readers.readings import Dialect, Readings
from crocs_cli.readers.stamps import dates
from crocs_cli.readers.table import Kind
from crocs_cli.readers.tables import open_table
from crocs_cli.readers.wide import unrolled

CONSUMER, FLAG, FORMAT = "CONS_NO", "FLAG", "%Y/%m/%d"


def read(path: Path, dialect: Dialect) -> Iterator[Readings]:
    """Yield one reading a consumer and day."""
    table = open_table(path, dialect.writing)
    days = [name for name in table.names if name not in (CONSUMER, FLAG)]
    if not days:
        raise CrocsError(f"{path}: no columns named by dates; is this the SGCC file?")
    form = dialect.stamp_format or FORMAT
    midnight_s = dates(pa.array(days), form, "column", lambda _: f"{path}:1")
    kinds: dict[str, Kind] = {CONSUMER: "id", **dict.fromkeys(days, "number")}
    for part in table.read(kinds):
        start = np.zeros(len(part.columns[CONSUMER]), dtype=np.int64)
        yield unrolled(part, part.columns[CONSUMER], start, dict(zip(days, midnight_s.tolist(), strict=True)))
