"""NEM12: the interval files of the Australian market (AEMO MDFF), read by the library nemreader.

Stamps are market time, UTC+10 all year. A meter's E channels are added and its B channels (export) are
subtracted; channels of reactive energy are left out. Intervals shorter than the wanted one are summed.
"""

from __future__ import annotations

import csv
import logging
import re
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from crocs_cli.errors import CrocsError, refusal
from crocs_cli.readers.readings import Dialect, Readings
from crocs_cli.readers.text import opened

SIGNS = {"E": 1.0, "B": -1.0}
TO_KWH = {"WH": 1e-3, "KWH": 1.0, "MWH": 1e3}
QUALITY = re.compile(r"[AEFNSV]\d{0,2}")
LARGEST_BYTES = 128 << 20  # some 800 meters and years of half-hours
_AFTER_VALUES = 5  # quality, reason and its text, two dates
_NULL, _ACTUAL = "N", "A"
_NOT_NEM = (ValueError, KeyError, IndexError, TypeError, AttributeError, AssertionError, NotImplementedError)

log = logging.getLogger("crocs")


def read(path: Path, dialect: Dialect) -> Iterator[Readings]:
    """Yield the readings of a NEM12 file, plain or zipped: each meter's channels one after another."""
    found = _parsed(path)
    for meter, channels in found.items():
        kept = [name for name in channels if name[:1] in SIGNS and channels[name]]
        if left := sorted(set(channels) - set(kept)):
            log.info(
                "%s: %s: channels %s hold no active energy and are left out", path, meter, ", ".join(left)
            )
        for number, name in enumerate(kept):
            yield _channel(path, meter, channels[name], SIGNS[name[0]], number, dialect.interval_s)


def _parsed(path: Path) -> dict[str, dict[str, list[Any]]]:
    """Return nemreader's readings {meter: {channel: [...]}}, or raise CrocsError in one line."""
    try:
        from nemreader import NEMFile
    except ImportError as error:
        raise CrocsError("nem12 files are read by nemreader; install crocs[nem12]") from error
    try:
        _check_lengths(path)
        nem = NEMFile(str(path))
        readings = nem.nem_data().readings
    except OSError as error:
        raise CrocsError(f"{path}: {refusal(error, 'name a readable file')}") from error
    except (*_NOT_NEM, zipfile.BadZipFile) as error:
        line = re.search(r"line (\d+)", str(error))
        place = f"{path}:{line[1]}" if line else str(path)
        reason = (
            str(error.__cause__ or error).splitlines()[0] if str(error.__cause__ or error) else "cut short"
        )
        raise CrocsError(
            f"{place}: not a whole NEM12 file ({reason}); ask the sender for it again"
        ) from error
    if nem.header.version_header != "NEM12":
        raise CrocsError(
            f"{path}: {nem.header.version_header}, accumulated readings; crocs needs NEM12 intervals"
        )
    return readings


def _check_lengths(path: Path) -> None:
    """Refuse days with more values than intervals, of which nemreader would take the first ones."""
    intervals = None
    for number, row in enumerate(csv.reader(_text(path).splitlines()), 1):
        if row[:1] == ["200"] and len(row) > 8 and row[8].isdigit() and int(row[8]):
            intervals = 1440 // int(row[8])
        values = len(",".join(row).rstrip(",").split(",")) - 2
        if row[:1] == ["300"] and intervals and values > intervals + _AFTER_VALUES:
            raise CrocsError(
                f"{path}:{number}: more values than the {intervals} intervals of a day; ask the sender"
            )


def _text(path: Path) -> str:
    """Return a file's text, unpacked; refuse one larger than nemreader can hold in a usual memory."""
    with ExitStack() as stack:
        file = stack.enter_context(opened(path))
        if not (start := file.read(4)):
            raise CrocsError(f"{path}: empty; name a file with readings")
        file.seek(0)
        if start.startswith(b"PK"):
            archive = stack.enter_context(zipfile.ZipFile(file))
            file = stack.enter_context(archive.open(archive.namelist()[0]))  # type: ignore[assignment]
        content = file.read(LARGEST_BYTES + 1)
    if len(content) > LARGEST_BYTES:
        raise CrocsError(f"{path}: more than {LARGEST_BYTES >> 20} MB of NEM12; divide it by meters")
    return content.decode()


def _channel(
    path: Path, meter: str, readings: Sequence[Any], sign: float, number: int, interval_s: int
) -> Readings:
    """Turn one channel's readings into intervals of the wanted length."""
    quality = [reading.quality_method or "" for reading in readings]
    wrong = next((text for text in quality if not QUALITY.fullmatch(text)), None)
    unit = str(readings[0].uom).upper()
    if wrong is not None:
        raise CrocsError(
            f"{path}: {meter}: quality {wrong!r}; a day has another number of intervals than said"
        )
    if unit not in TO_KWH:
        raise CrocsError(f"{path}: {meter}: unit {readings[0].uom!r} is none of Wh, kWh, MWh; mend the file")
    start_s = np.array([reading.t_start for reading in readings], "datetime64[s]").astype(np.int64)
    length_s = np.array([(r.t_end - r.t_start).total_seconds() for r in readings], dtype=np.int64)
    value = np.array([np.nan if r.read_value is None else r.read_value for r in readings])
    value[[text[0] == _NULL for text in quality]] = np.nan
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
        pa.DictionaryArray.from_arrays(pa.array(np.zeros(len(starts), np.int32)), pa.array([meter])),
        starts,
        sums * (sign * TO_KWH[unit]),
        np.full(len(starts), number, dtype=np.uint8),
        marks,
    )
