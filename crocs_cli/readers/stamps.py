"""Stamps and dates of a file as seconds since 1970-01-01."""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.compute as compute

from crocs_cli.errors import CrocsError
from crocs_cli.readers.table import stamp_fault

_A_SECOND = {"s": 1, "ms": 1000, "us": 1_000_000, "ns": 1_000_000_000}
DAY_S = 86_400
_DATE_FORMATS = ("%Y-%m-%d", "%Y%m%d", "%Y/%m/%d")


def seconds(stamps: pa.Array, name: str, place: Callable[[int], str]) -> tuple[np.ndarray, bool]:
    """Return (seconds (n,) int64, whether they are UTC) of a column of stamps; a missing one is an error."""
    if stamps.null_count:
        row = int(np.flatnonzero(stamps.is_null())[0])
        raise CrocsError(f"{place(row)}: {name} is empty; mend or remove the line")
    count = stamps.cast(pa.int64()).to_numpy()
    a_second = _A_SECOND[stamps.type.unit]
    return count if a_second == 1 else count // a_second, stamps.type.tz is not None


def dates(texts: pa.Array, stamp_format: str | None, name: str, place: Callable[[int], str]) -> np.ndarray:
    """Return the midnights (n,) int64 of a column of dates in text, all in one form."""
    encoded = texts.dictionary_encode()
    forms = (stamp_format,) if stamp_format else _DATE_FORMATS
    parsed = _parsed(encoded.dictionary, forms)
    if parsed.null_count:
        bad = int(np.flatnonzero(parsed.is_null())[0])
        row = int(np.flatnonzero(encoded.indices.to_numpy() == bad)[0])
        fault = stamp_fault(name, str(encoded.dictionary[bad]), stamp_format or "2013-01-31 or 20130131")
        raise CrocsError(f"{place(row)}: {fault}")
    return parsed.cast(pa.int64()).to_numpy()[encoded.indices.to_numpy()]


def joined(date: pa.Array, time: pa.Array, form: str | None, place: Callable[[int], str]) -> pa.Array:
    """Return the stamps (n,) of a column of dates and one of times, both text; 24:00 is the next midnight."""
    ends = compute.match_substring_regex(time, "^24:?00(:00)?$")
    within = compute.if_else(ends, compute.replace_substring(time, "24", "00", max_replacements=1), time)
    texts = compute.binary_join_element_wise(date, within, " ")
    parsed = compute.strptime(texts, form or _stamp_form(texts), "s", error_is_null=True)
    if parsed.null_count:
        row = int(np.flatnonzero(parsed.is_null())[0])
        raise CrocsError(f"{place(row)}: {stamp_fault('stamp', str(texts[row]), form)}")
    later = compute.if_else(ends, DAY_S, 0).cast(pa.int64())
    return compute.add(parsed.cast(pa.int64()), later).cast(pa.timestamp("s"))


def _stamp_form(texts: pa.Array) -> str:
    """Return the form of stamps by the first one: dates of ISO 8601, times with or without seconds."""
    first = str(texts[0]) if len(texts) else ""
    date = "%Y-%m-%d" if "-" in first else "%Y%m%d"
    time = {0: "%H%M", 1: "%H:%M"}.get(first.count(":"), "%H:%M:%S")
    return f"{date} {time}"


def time_of_day_s(label: str) -> int | None:
    """Return the seconds since midnight of a label such as 0:30, 00:30:00 or 24:00; None for another text."""
    match = re.fullmatch(r"(\d{1,2}):(\d\d)(?::00)?", label.strip())
    if not match:
        return None
    found = int(match[1]) * 3600 + int(match[2]) * 60
    return found if int(match[2]) < 60 and found <= DAY_S else None


def _parsed(texts: pa.Array, forms: tuple[str, ...]) -> pa.Array:
    """Read texts by the form that reads the first one."""
    parsed = pa.nulls(len(texts), pa.timestamp("s"))
    for form in forms:
        parsed = compute.strptime(texts, form, "s", error_is_null=True)
        if len(parsed) and parsed[0].is_valid:
            break
    return parsed
