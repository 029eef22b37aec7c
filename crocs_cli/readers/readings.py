"""Define the readings that every reader yields, and the settings that it reads by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np
import pyarrow as pa

Direction = Literal["add", "subtract", "drop"]
Quality = Literal["measured", "estimated", "invalid"]


@dataclass(frozen=True)
class Readings:
    """Some readings in the order of their file.

    consumer: (n,) dictionary of text; time_s: (n,) int64, seconds since 1970-01-01 as stamped, of UTC where
    `is_utc` (one for all, or (n,) bool), else of the wall clock; value: (n,) float64 in the file's unit,
    NaN where there is none; channel: (n,) uint8, readings of several channels add up, 0 when None; estimated:
    (n,) bool, not measured; repaired: (n,) bool, the reader set the stamp right; both False when None.
    """

    consumer: pa.DictionaryArray
    time_s: np.ndarray
    value: np.ndarray
    channel: np.ndarray | None = None
    estimated: np.ndarray | None = None
    repaired: np.ndarray | None = None
    is_utc: bool | np.ndarray = False


@dataclass(frozen=True)
class Writing:
    """Writing of a table: stamps, numbers, text, and what stands above the readings.

    stamp_format: strptime's form of a stamp, epoch-s or epoch-ms (None: ISO 8601); title_lines: lines above
    the header, None to look for the line with the wanted columns; header: False where no line names the
    columns, which are then c1, c2, c3 ...
    """

    stamp_format: str | None = None
    decimal: str = "."
    thousands: str = ""
    encoding: str = "auto"
    title_lines: int | None = None
    header: bool = True


@dataclass(frozen=True)
class Dialect:
    """Description of the files by the user: columns, how fields are written, how stamps are meant.

    `date` is the column of the date where `time` holds the time of day only; `hour` is one of the running
    number of the interval in the local day of `timezone`. `directions` and `qualities` are the meaning of the
    values in the columns `direction` and `quality`. `consumer_from` is column or file; None where the file's
    name stands in for a missing column. `file_names` are the consumers of files of one meter. `timezone` is
    taken for files that say none, which readers note in `clockless`; the user named it if `clock_is_given`.
    """

    consumer: str
    time: str
    energy: str
    date: str | None
    writing: Writing
    stamp: str
    interval_s: int
    hour: str | None = None
    direction: str | None = None
    quality: str | None = None
    directions: Mapping[str, Direction] = field(default_factory=dict)
    qualities: Mapping[str, Quality] = field(default_factory=dict)
    consumer_from: str | None = "column"
    consumer_pattern: str | None = None
    file_names: Mapping[Path, str] = field(default_factory=dict)
    timezone: str = "UTC"
    clock_is_given: bool = True
    clockless: list[Path] = field(default_factory=list)

    @property
    def stamp_format(self) -> str | None:
        """Form of a stamp, None for ISO 8601."""
        return self.writing.stamp_format
