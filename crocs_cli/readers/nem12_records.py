"""Check the records of a NEM12 file: their kinds, and that a day has as many values as its meter says."""

from __future__ import annotations

import csv
import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from crocs_cli.errors import CrocsError

QUALITY = re.compile(r"[AEFNSV]\d{0,2}")
_HEADER, _METER, _DAY, _EVENT, _SERVICE, _END = "100", "200", "300", "400", "500", "900"
_LENGTH = 8  # the field of a meter record with the minutes between values
_MINUTES = (1, 5, 10, 15, 20, 30, 60)  # that crocs can read or add up
_AFTER_VALUES = 5  # fields of a day: quality, reason and its text, two dates
_SHOWN = 20  # characters of a field in a message

Record = list[str]

log = logging.getLogger("crocs")


@dataclass
class _Meter:
    """Meter record, and the lines of its days that have another number of values than it says.

    others: lines by the minutes that the number of values means, 0 where it means none.
    """

    record: Record
    line: int
    minutes: int
    last_minutes: int  # of the day before
    others: dict[int, list[int]] = field(default_factory=dict)


def checked(path: Path, text: str) -> tuple[list[Record], list[int]]:
    """Return records that nemreader takes as they are, and the line number of each.

    A day with more or fewer values than its meter says is read by their number where that fits an interval,
    else emptied; both with a warning. Raises CrocsError for what is not NEM12.
    """
    records, numbers = [], []
    for number, record in _agreeing(path, _records(path, text)):
        records.append(record)
        numbers.append(number)
    if not any(record[0] == _END for record in records):
        log.warning("%s: no end record (900), the file may be cut short", path)
    return records, numbers


def version_fault(version: str) -> str:
    """Return what is wrong with a file whose header names another version than NEM12."""
    what = "accumulated readings" if version == "NEM13" else "an unknown version"
    return f"{version[:_SHOWN]}, {what}; crocs needs NEM12 intervals"


def _records(path: Path, text: str) -> Iterator[tuple[int, Record]]:
    """Yield (line number, record) of the lines that are neither blank nor a header."""
    reader = csv.reader(text.splitlines())
    try:
        for record in reader:
            kind = record[0].strip() if record else ""
            if kind == _HEADER and record[1:2] != ["NEM12"]:
                raise CrocsError(f"{path}: {version_fault(''.join(record[1:2]))}")
            if kind != _HEADER and any(map(str.strip, record)):
                yield reader.line_num, [kind, *record[1:]]
    except csv.Error as error:
        place = f"{path}:{reader.line_num}"
        raise CrocsError(f"{place}: not a line of NEM12; ask the sender for it again") from error


def _agreeing(path: Path, records: Iterator[tuple[int, Record]]) -> Iterator[tuple[int, Record]]:
    """Yield records, of which days agree with the meter record before them."""
    meter: _Meter | None = None
    emptied = False
    for number, record in records:
        place, kind = f"{path}:{number}", record[0]
        if kind == _METER:
            _log_other_lengths(path, meter)
            meter = _meter(place, number, record)
            yield number, record
        elif kind == _DAY:
            if meter is None:
                raise CrocsError(f"{place}: a day before the first meter record (200); ask the sender")
            minutes = _minutes(record, meter.minutes)
            if minutes != meter.minutes:
                meter.others.setdefault(minutes, []).append(number)
            emptied = not minutes
            minutes = minutes or meter.minutes
            if minutes != meter.last_minutes:
                meter.last_minutes = minutes
                yield number, [*meter.record[:_LENGTH], str(minutes), *meter.record[_LENGTH + 1 :]]
            yield number, _filled(record, 1440 // minutes, emptied)
        elif kind not in (_EVENT, _SERVICE, _END):
            raise CrocsError(f"{place}: {kind[:_SHOWN]!r} is no kind of NEM12 record; ask the sender")
        elif kind != _EVENT or not emptied:
            yield number, record
    _log_other_lengths(path, meter)


def _meter(place: str, number: int, record: Record) -> _Meter:
    """Return what a meter record says; raise CrocsError where it lacks its meter, channel or interval."""
    fields = [field.strip() for field in record] + [""] * _LENGTH
    length = int(fields[_LENGTH]) if fields[_LENGTH].isdecimal() else 0
    if not fields[1] or not fields[4] or length not in _MINUTES:
        raise CrocsError(f"{place}: a meter record (200) without meter, channel or interval; ask the sender")
    return _Meter(record, number, length, length)


def _minutes(record: Record, said: int) -> int:
    """Return the minutes between the values of a day by their number; 0 where it fits no interval."""
    if len(record) > 2 + 1440 // said and QUALITY.fullmatch(record[2 + 1440 // said]):
        return said
    values = next((n for n, field in enumerate(record[2:]) if QUALITY.fullmatch(field.strip())), 0)
    return 1440 // values if values and 1440 % values == 0 and 1440 // values in _MINUTES else 0


def _filled(record: Record, values: int, emptied: bool) -> Record:
    """Return a day with all its fields, or one without values that says so."""
    if emptied:
        record = [*record[:2], *[""] * values, "N"]
    return record + [""] * (2 + values + _AFTER_VALUES - len(record))


def _log_other_lengths(path: Path, meter: _Meter | None) -> None:
    """Log the days of a meter that have another number of values than it says."""
    if meter is None:
        return
    due = f"{1440 // meter.minutes} values of {meter.minutes}min that line {meter.line} says"
    for minutes, lines in meter.others.items():
        place = f"{path}:{lines[0]}: {meter.record[1]} {meter.record[4]}"
        how = f"read as {minutes}min by the number of their values" if minutes else "left out"
        log.warning("%s: %d days lack the %s; %s", place, len(lines), due, how)
