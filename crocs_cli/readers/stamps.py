"""Convert stamps and dates of a file to seconds since 1970-01-01."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.compute as compute

from crocs_cli.errors import CrocsError
from crocs_cli.readers.table import stamp_fault

Place = Callable[[int], str]

EPOCHS = {"epoch-s": 1, "%s": 1, "epoch-ms": 1000}  # forms of time since 1970, in UTC
DAY_S = 86_400
_A_SECOND = {"s": 1, "ms": 1000, "us": 1_000_000, "ns": 1_000_000_000}
_DATE_FORMATS = ("%Y-%m-%d", "%Y%m%d", "%Y/%m/%d")
_ISO = r"^\d{4}-\d\d-\d\d([ T]\d\d(:\d\d(:\d\d([.,]\d+)?)?)?)?$"
_OFFSET = r"^(?P<stamp>.*?)\s*(?P<offset>Z|UTC|GMT|[+-]\d\d(?::?\d\d)?)$"
_OFFSET_OF_ISO = r"^(?P<stamp>.*[ T]\d\d:?\d\d.*?)\s*(?P<offset>Z|UTC|GMT|[+-]\d\d(?::?\d\d)?)$"
_MIDNIGHT = r"[ T]00:00(:00(\.0+)?)?$"
_AT_24 = r"24(:?)00(:?00)?\s*$"


def seconds(stamps: pa.Array, name: str, place: Place) -> tuple[np.ndarray, bool | np.ndarray]:
    """Return (seconds (n,) int64, whether they are UTC) of a column of stamps; a missing one is an error.

    Where only some stamps have an offset, which are UTC is (n,) bool.
    """
    if pa.types.is_struct(stamps.type):
        time_s, _ = seconds(stamps.field(0), name, place)
        return time_s, stamps.field(1).to_numpy(zero_copy_only=False)
    if stamps.null_count:
        row = int(np.flatnonzero(stamps.is_null())[0])
        raise CrocsError(f"{place(row)}: {name} is empty; mend or remove the line")
    count = stamps.cast(pa.int64()).to_numpy()
    a_second = _A_SECOND[stamps.type.unit]
    return count if a_second == 1 else count // a_second, stamps.type.tz is not None


def from_text(texts: pa.Array, form: str | None, name: str, place: Place) -> pa.Array:
    """Return the stamps (n,) of a column of text, as timestamps in seconds; see `seconds` for its types.

    Blanks around stamps do not count, and 24:00 is the next midnight. Raises CrocsError with the row that
    cannot be read.
    """
    encoded = texts.dictionary_encode()
    stamps = compute.utf8_trim_whitespace(encoded.dictionary)
    if form in EPOCHS:
        time_s, is_utc = _since_1970(stamps, EPOCHS[form]), np.ones(len(stamps), dtype=bool)
    else:
        time_s, is_utc = _read(stamps, form)
    where = encoded.indices
    if time_s.null_count:
        bad = int(np.flatnonzero(time_s.is_null())[0])
        row = int(np.flatnonzero(where.to_numpy() == bad)[0])
        text = str(stamps[bad])
        fault = stamp_fault(name, text, form) if text else f"{name} is empty; mend or remove the line"
        raise CrocsError(f"{place(row)}: {fault}")
    time = time_s.take(where).cast(pa.timestamp("s"))
    if is_utc.all() and len(is_utc):
        return time.cast(pa.timestamp("s", "UTC"))
    if not is_utc.any():
        return time
    mask = pa.array(is_utc[where.to_numpy()])
    return pa.StructArray.from_arrays([time, mask], ["time", "is_utc"])


def _since_1970(texts: pa.Array, a_second: int) -> pa.Array:
    """Return the seconds of texts of whole numbers, null where one is none."""
    is_number = compute.match_substring_regex(texts, r"^-?\d{1,15}(\.\d+)?$")
    numbers = compute.if_else(is_number, texts, None).cast(pa.float64())
    return compute.floor(compute.divide(numbers, float(a_second))).cast(pa.int64())


def _read(texts: pa.Array, form: str | None) -> tuple[pa.Array, np.ndarray]:
    """Return (seconds, null where a text has not the form; which stamps have an offset) of distinct texts."""
    shape = form
    offset_s = pa.nulls(len(texts), pa.int64())
    if form is None or form.lower().endswith("%z"):
        shape = form[:-2].rstrip() if form else None
        split = compute.extract_regex(texts, _OFFSET if form else _OFFSET_OF_ISO)
        offset_s = _offsets_s(compute.struct_field(split, "offset"))
        before = compute.struct_field(split, "stamp")
        texts = before if form else compute.coalesce(before, texts)
    parsed = _parsed_in(texts, shape)
    if parsed.null_count:
        at_24 = compute.and_(parsed.is_null(), compute.match_substring_regex(texts, _AT_24))
        within = compute.replace_substring_regex(texts, _AT_24, r"00\100\2")
        later = _parsed_in(compute.if_else(at_24, within, None), shape)
        parsed = compute.coalesce(parsed, compute.add(later, DAY_S))
    has_offset = offset_s.is_valid().to_numpy(zero_copy_only=False)
    return compute.subtract(parsed, compute.fill_null(offset_s, 0)), has_offset


def _parsed_in(texts: pa.Array, form: str | None) -> pa.Array:
    """Return seconds since 1970 of texts of a form, or of ISO 8601 as the cells of a workbook are.

    Null where a text is of neither, or of a day that does not exist.
    """
    if form is None:
        return _strptime(_whole_iso(texts), "%Y-%m-%d %H:%M:%S")
    parsed = _strptime(texts, form)
    return compute.coalesce(parsed, _parsed_in(texts, None)) if parsed.null_count else parsed


def _whole_iso(texts: pa.Array) -> pa.Array:
    """Return texts of ISO 8601 as date, blank and time to the second; null for another text."""
    is_iso = compute.fill_null(compute.match_substring_regex(texts, _ISO), False)
    texts = compute.utf8_slice_codeunits(compute.if_else(is_iso, texts, None), 0, 19)
    texts = compute.replace_substring(texts, "T", " ")
    for length, rest in ((10, " 00"), (13, ":00"), (16, ":00")):
        lacking = compute.fill_null(compute.equal(compute.utf8_length(texts), length), False)
        texts = compute.if_else(lacking, compute.binary_join_element_wise(texts, rest, ""), texts)
    return texts


def _strptime(texts: pa.Array, form: str) -> pa.Array:
    parsed = compute.strptime(texts, form, "s", error_is_null=True)
    if parsed.type.tz:
        parsed = parsed.cast(pa.timestamp("s"))
    return _without_overflow(texts, parsed, form).cast(pa.int64())


def _without_overflow(texts: pa.Array, parsed: pa.Array, form: str) -> pa.Array:
    """Set stamps to null that lie in another month than their text: 30 February is not 2 March."""
    early = compute.less_equal(compute.day(parsed), 3)
    wrong = np.zeros(len(texts), dtype=bool)
    for place in np.flatnonzero(compute.fill_null(early, False).to_numpy(zero_copy_only=False)):
        try:
            day = dt.datetime.strptime(str(texts[place]).strip(), form).day
        except ValueError:
            day = 0
        wrong[place] = day != parsed[place].as_py().day
    return compute.if_else(pa.array(wrong), None, parsed) if wrong.any() else parsed


def _offsets_s(texts: pa.Array) -> pa.Array:
    """Return the seconds of offsets such as Z, +01, +0100 and +01:00; null where there is none."""
    encoded = texts.dictionary_encode()
    known = [_offset_s(text) for text in encoded.dictionary.to_pylist()]
    return pa.array(known, pa.int64()).take(encoded.indices)


def _offset_s(text: str) -> int:
    if text[0] not in "+-":
        return 0
    digits = text[1:].replace(":", "").ljust(4, "0")
    return (int(digits[:2]) * 3600 + int(digits[2:]) * 60) * (-1 if text[0] == "-" else 1)


def dates(texts: pa.Array, stamp_format: str | None, name: str, place: Place) -> np.ndarray:
    """Return the midnights (n,) int64 of a column of dates in text, all in one form."""
    encoded = texts.dictionary_encode()
    days = compute.utf8_trim_whitespace(encoded.dictionary)
    days = compute.replace_substring_regex(days, _MIDNIGHT, "")
    forms = (stamp_format,) if stamp_format else _DATE_FORMATS
    parsed = _parsed(days, forms)
    if parsed.null_count:
        bad = int(np.flatnonzero(parsed.is_null())[0])
        row = int(np.flatnonzero(encoded.indices.to_numpy() == bad)[0])
        fault = stamp_fault(name, str(days[bad]), stamp_format or "2013-01-31 or 20130131")
        raise CrocsError(f"{place(row)}: {fault}")
    return parsed.to_numpy()[encoded.indices.to_numpy()]


def joined(date: pa.Array, time: pa.Array, form: str | None, place: Place) -> pa.Array:
    """Return the stamps (n,) of a column of dates and one of times, both text; 24:00 is the next midnight."""
    day, hour = map(compute.utf8_trim_whitespace, (date, time))
    texts = compute.binary_join_element_wise(compute.replace_substring_regex(day, _MIDNIGHT, ""), hour, " ")
    return from_text(texts, form or _stamp_form(texts), "stamp", place)


def _stamp_form(texts: pa.Array) -> str:
    """Return the form of stamps by the first one: dates of ISO 8601, times with or without seconds."""
    first = str(texts[0]) if len(texts) else ""
    date = "%Y-%m-%d" if "-" in first else "%Y%m%d"
    bare = "%H" if len(first.partition(" ")[2]) <= 2 else "%H%M"
    time = {0: bare, 1: "%H:%M"}.get(first.count(":"), "%H:%M:%S")
    return f"{date} {time}"


def time_of_day_s(label: str) -> int | None:
    """Return the seconds since midnight of a label such as 0:30, 00:30:00 or 24:00; None for another text."""
    match = re.fullmatch(r"(\d{1,2}):(\d\d)(?::00)?", label.strip())
    if not match:
        return None
    found = int(match[1]) * 3600 + int(match[2]) * 60
    return found if int(match[2]) < 60 and found <= DAY_S else None


def time_range_s(label: str) -> tuple[int, int] | None:
    """Return start and end, in seconds since midnight, of a label such as 00:00 - 00:30; None without two."""
    match = re.fullmatch(r"\s*([\d:]+)\s*(?:-|–|to|bis|a)\s*([\d:]+)\s*", label)
    start, end = (time_of_day_s(text) for text in match.groups()) if match else (None, None)
    if start is None or end is None:
        return None
    return start, end or DAY_S


def _parsed(texts: pa.Array, forms: tuple[str, ...]) -> pa.Array:
    """Read texts by the form that reads the first one: seconds since 1970."""
    parsed = pa.nulls(len(texts), pa.int64())
    for form in forms:
        parsed = _parsed_in(texts, form)
        if len(parsed) and parsed[0].is_valid:
            break
    return parsed
