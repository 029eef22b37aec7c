"""The formats that crocs reads, and what is known of each before a file is opened."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from crocs_cli.readers import ausgrid, lcl, long, matrix, sgsc, wide
from crocs_cli.readers.readings import Dialect, Readings


@dataclass(frozen=True)
class Format:
    """A reader and its presets, which the user's settings override."""

    read: Callable[[Path, Dialect], Iterator[Readings]]
    unit: str = "kWh"
    stamp: str = "start"
    timezone: str = "UTC"
    interval_min: int = 30


FORMATS = {
    "long": Format(long.read),
    "wide": Format(wide.read),
    "matrix": Format(matrix.read),
    "sgsc": Format(sgsc.read, stamp="end", timezone="+10:00"),
    "lcl": Format(lcl.read, stamp="end"),
    "ausgrid": Format(ausgrid.read, stamp="end", timezone="+10:00"),
}
