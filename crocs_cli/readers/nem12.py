"""Read NEM12, the interval files of the Australian market (AEMO MDFF), with the library nemreader.

Stamps are market time, UTC+10 all year. A meter's E channels are added and its B channels (export) are
subtracted; channels of reactive energy are left out. Intervals shorter than the wanted one are summed. The
records are checked first, for the library passes over those that it does not understand.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from crocs_cli.errors import CrocsError
from crocs_cli.readers.naming import constant
from crocs_cli.readers.nem12_records import QUALITY, checked
from crocs_cli.readers.readings import Dialect, Readings
from crocs_cli.readers.text import opened

SIGNS = {"E": 1.0, "B": -1.0}
TO_KWH = {"WH": 1e-3, "KWH": 1.0, "MWH": 1e3}
LARGEST_BYTES = 128 << 20  # some 800 meters and years of half-hours
_NULL, _ACTUAL = "N", "A"
_NOT_NEM = (ValueError, LookupError, TypeError, AttributeError, AssertionError, NotImplementedError)

log = logging.getLogger("crocs")


def read(path: Path, dialect: Dialect) -> Iterator[Readings]:
    """Yield the readings of a NEM12 file: each meter's channels one after another."""
    for meter, channels in _parsed(path).items():
        kept = [name for name in channels if name[:1] in SIGNS and channels[name]]
        _log_left_out(path, meter, channels, kept)
        for number, name in enumerate(kept):
            yield _channel(path, meter, channels[name], SIGNS[name[0]], number, dialect.interval_s)


def _log_left_out(path: Path, meter: str, channels: dict[str, list[Any]], kept: Sequence[str]) -> None:
    """Log the channels of a meter that are left out, with a warning where none is kept."""
    empty = [name for name in channels if not channels[name]]
    others = [name for name in channels if name not in (*kept, *empty)]
    level = logging.INFO if kept else logging.WARNING
    for names, why in ((empty, "have no readings"), (others, "hold no active energy and are left out")):
        if names:
            log.log(level, "%s: %s: channels %s %s", path, meter, ", ".join(sorted(names)), why)


def _parsed(path: Path) -> dict[str, dict[str, list[Any]]]:
    """Return nemreader's readings {meter: {channel: [...]}}, or raise CrocsError in one line."""
    try:
        from nemreader.nem_reader import parse_nem12_rows
    except ImportError as error:
        raise CrocsError("nem12 files are read by nemreader; install crocs-cli[nem12]") from error
    logging.getLogger("nemreader").setLevel(logging.CRITICAL)  # what it passes over is said here
    records, numbers = checked(path, _text(path))
    try:
        return parse_nem12_rows(records).readings
    except _NOT_NEM as error:
        row = re.search(r"line (\d+)", str(error))
        place = f"{path}:{numbers[int(row[1]) - 1]}" if row else str(path)
        raise CrocsError(f"{place}: not a whole NEM12 file; ask the sender for it again") from error


def _text(path: Path) -> str:
    """Return a file's text, unpacked; refuse one larger than nemreader can hold in a usual memory."""
    try:
        with opened(path) as file:
            content = file.read(LARGEST_BYTES + 1)
        if not content:
            raise CrocsError(f"{path}: empty; name a file with readings")
        if len(content) > LARGEST_BYTES:
            raise CrocsError(f"{path}: more than {LARGEST_BYTES >> 20} MB of NEM12; divide it by meters")
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise CrocsError(f"{path}: not text in UTF-8; save it as UTF-8") from error


def _channel(
    path: Path, meter: str, readings: Sequence[Any], sign: float, number: int, interval_s: int
) -> Readings:
    """Turn one channel's readings into intervals of the wanted length."""
    quality = [reading.quality_method or "" for reading in readings]
    wrong = next((text for text in quality if not QUALITY.fullmatch(text)), None)
    units = [str(reading.uom).upper() for reading in readings]
    if wrong is not None:
        raise CrocsError(
            f"{path}: {meter}: quality {wrong!r}; a day has another number of intervals than said"
        )
    if other := next((unit for unit in units if unit not in TO_KWH), None):
        raise CrocsError(f"{path}: {meter}: unit {other[:9]!r} is none of Wh, kWh, MWh; mend the file")
    start_s = np.array([reading.t_start for reading in readings], "datetime64[s]").astype(np.int64)
    length_s = np.array([(r.t_end - r.t_start).total_seconds() for r in readings], dtype=np.int64)
    value = np.array([np.nan if r.read_value is None else r.read_value for r in readings], dtype=np.float64)
    value[[text[0] == _NULL for text in quality]] = np.nan
    value *= [sign * TO_KWH[unit] for unit in units]
    estimated = np.array([text[0] != _ACTUAL for text in quality])
    if (interval_s % length_s != 0).any():
        minutes = int(length_s[interval_s % length_s != 0][0]) // 60
        raise CrocsError(f"{path}: {meter}: intervals of {minutes}min; set ingest.interval to {minutes}min")
    pieces = []
    for length in np.unique(length_s):
        own, each = length_s == length, interval_s // length
        sums = value[own].reshape(-1, each).sum(axis=1)
        pieces.append((start_s[own][::each], sums, estimated[own].reshape(-1, each).any(axis=1)))
    starts, sums, marks = (np.concatenate(parts) for parts in zip(*pieces, strict=True))
    return Readings(
        constant(meter, len(starts)),
        starts,
        sums,
        np.full(len(starts), number, dtype=np.uint8),
        marks,
    )
