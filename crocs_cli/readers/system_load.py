"""Read the load of a system: a CSV file with two columns, time and load."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from crocs_cli.errors import CrocsError
from crocs_cli.maths.readings.clock import wall_from_utc
from crocs_cli.readers.stamps import from_text, seconds
from crocs_cli.readers.text import opened

HOUR_S = 3600


class SystemLoad(NamedTuple):
    """A system's load (n,) float64 in any unit, when each interval starts on the wall clock (n,), its length.

    Times are in seconds since 1970-01-01, the length in seconds.
    """

    time_s: np.ndarray
    load: np.ndarray
    interval_s: int


def read(path: Path, timezone: str | None) -> SystemLoad:
    """Read a system's load; a first line without a number is a header.

    Stamps with an offset become times of the run's zone. Raises CrocsError with the line of what is no stamp
    or no number, and for intervals above an hour.
    """
    rows = _rows(path)
    texts = pa.array([stamp for _, stamp, _ in rows])
    time_s, is_utc = seconds(
        from_text(texts, None, "the time", lambda row: f"{path}:{rows[row][0]}"), "time", str
    )
    if np.any(is_utc):
        if timezone is None or not np.all(is_utc):
            raise CrocsError(f"{path}: stamps with an offset, and no zone to read them in; write local times")
        time_s = wall_from_utc(time_s, timezone)
    steps = np.diff(np.unique(time_s))
    if not len(steps):
        raise CrocsError(f"{path}: one time only; give the load of all hours of the run's days")
    interval = int(np.bincount(steps[steps <= HOUR_S]).argmax()) if (steps <= HOUR_S).any() else 0
    if not interval or HOUR_S % interval:
        raise CrocsError(f"{path}: intervals that do not divide an hour; give the load of each hour or less")
    return SystemLoad(time_s, np.array([load for *_, load in rows]), interval)


def _rows(path: Path) -> list[tuple[int, str, float]]:
    """Return (line, stamp, load) of each row."""
    with opened(path) as file:
        content = file.read()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise CrocsError(f"{path}: not UTF-8 text; name a CSV file of time and load") from error
    found = []
    for number, row in enumerate(csv.reader(io.StringIO(text)), 1):
        if not any(cell.strip() for cell in row):
            continue
        try:
            stamp, value = row[0], float(row[1])
            if not np.isfinite(value):
                raise ValueError("no number")
        except (IndexError, ValueError) as error:
            if number == 1:
                continue  # the header
            raise CrocsError(
                f"{path}:{number}: {','.join(row)[:60]!r} is not a time and a load; mend the line"
            ) from error
        found.append((number, stamp, value))
    if not found:
        raise CrocsError(f"{path}: no rows of time and load; give the load of all hours of the run's days")
    return found


def on_slots(system: SystemLoad, date: np.ndarray, slots: int) -> np.ndarray:
    """Return the mean load in each slot of some dates: (D, slots) float64, NaN where a part of it is missing.

    date: (D,) days since 1970-01-01, rising. A slot shorter than an interval has the load of the interval. An
    hour that the clock repeats has the mean of both.
    """
    slot_s = 24 * HOUR_S // slots
    step = min(system.interval_s, slot_s)
    wanted = date[:, None].astype(np.int64) * 24 * HOUR_S + np.arange(0, 24 * HOUR_S, step)
    times, where, count = np.unique(
        system.time_s // system.interval_s, return_inverse=True, return_counts=True
    )
    mean = np.bincount(where, system.load) / count
    at = np.minimum(np.searchsorted(times, wanted // system.interval_s), len(times) - 1)
    found = np.where(times[at] == wanted // system.interval_s, mean[at], np.nan)
    return found.reshape(len(date), slots, -1).mean(axis=2)
