"""What every reader hands over, and what it is told about the files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa


@dataclass(frozen=True)
class Readings:
    """Some readings in the order of their file.

    consumer: (n,) dictionary of text; time_s: (n,) int64, seconds since 1970-01-01 as stamped, of UTC where
    `is_utc`, else of the wall clock; value: (n,) float64 in the file's unit, NaN where there is none;
    channel: (n,) uint8, readings of several channels add up, 0 when None; estimated: (n,) bool, not measured;
    repaired: (n,) bool, the reader set the stamp right; both False when None.
    """

    consumer: pa.DictionaryArray
    time_s: np.ndarray
    value: np.ndarray
    channel: np.ndarray | None = None
    estimated: np.ndarray | None = None
    repaired: np.ndarray | None = None
    is_utc: bool = False


@dataclass(frozen=True)
class Writing:
    """How stamps and numbers are written: strptime's form of a stamp (None: ISO 8601), the decimal sign."""

    stamp_format: str | None = None
    decimal: str = "."


@dataclass(frozen=True)
class Dialect:
    """What the user says of the files: names of columns, how fields are written, how stamps are meant.

    `date` is the column of the date where `time` holds the time of day only. `file_names` are the consumers
    of files of one meter.
    """

    consumer: str
    time: str
    energy: str
    date: str | None
    writing: Writing
    stamp: str
    interval_s: int
    file_names: Mapping[Path, str] = field(default_factory=dict)
    timezone: str = "UTC"

    @property
    def stamp_format(self) -> str | None:
        """The form of a stamp, None for ISO 8601."""
        return self.writing.stamp_format
