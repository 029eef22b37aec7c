"""Interval files as utilities make them for Oracle Opower: local date and time of the interval's end apart.

Columns: service_point_id, usage_value, date (yyyyMMdd), time (HHmm); is_estimate is E where a value was not
measured. Source: Oracle's Interval Data File Specifications.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow.compute as compute

from crocs_cli.readers.long import numbers
from crocs_cli.readers.readings import Dialect, Readings
from crocs_cli.readers.stamps import joined, seconds
from crocs_cli.readers.table import Kind
from crocs_cli.readers.tables import open_table

CONSUMER, VALUE, DATE, TIME, ESTIMATE = "service_point_id", "usage_value", "date", "time", "is_estimate"
FORMAT = "%Y%m%d %H%M"


def read(path: Path, dialect: Dialect) -> Iterator[Readings]:
    """Yield the readings of an interval file."""
    table = open_table(path, dialect.writing)
    kinds: dict[str, Kind] = {CONSUMER: "id", VALUE: "number", DATE: "text", TIME: "text"}
    if ESTIMATE in table.names:
        kinds[ESTIMATE] = "text"
    for part in table.read(kinds):
        stamps = joined(part.columns[DATE], part.columns[TIME], dialect.stamp_format or FORMAT, part.place)
        time_s, _ = seconds(stamps, DATE, part.place)
        estimated = None
        if ESTIMATE in kinds:
            estimated = compute.equal(part.columns[ESTIMATE], "E").to_numpy(zero_copy_only=False)
        yield Readings(part.columns[CONSUMER], time_s, numbers(part.columns[VALUE]), estimated=estimated)
