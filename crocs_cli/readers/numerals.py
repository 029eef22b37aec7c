"""Read numbers with decimal signs and thousands separators."""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.compute as compute

from crocs_cli.errors import CrocsError
from crocs_cli.readers.readings import Writing

NO_READING = ("", "Null", "NULL", "null", "NaN", "nan", "NA", "N/A", "#N/A", "-", ".")
NOT_A_NUMBER = [
    f"{before}{word}{after}" for word in NO_READING for before in ("", " ") for after in ("", " ")
]
_ALIKE = {" ": "[ \u00a0\u202f]", "'": "['\u2019]"}  # signs that are written for a separator


def from_text(texts: pa.Array, writing: Writing, name: str, place: Callable[[int], str]) -> pa.Array:
    """Return numbers (n,) float64 of a column of text, null where a field is empty.

    Raises CrocsError with the row of a text that is no number in this writing.
    """
    trimmed = compute.utf8_trim_whitespace(texts)
    none = compute.or_kleene(trimmed.is_null(), compute.is_in(trimmed, pa.array(NO_READING)))
    grouped = _ALIKE.get(writing.thousands, re.escape(writing.thousands))
    decimal = re.escape(writing.decimal)
    groups = rf"\d{{1,3}}(?:{grouped}\d{{3}})+(?:{decimal}\d*)?|" if grouped else ""
    plain = rf"\d+(?:{decimal}\d*)?|{decimal}\d+"
    fits = compute.match_substring_regex(trimmed, rf"^[+-]?(?:{groups}(?:{plain})(?:[eE][+-]?\d+)?)$")
    wrong = np.flatnonzero(~compute.or_kleene(none, fits).fill_null(False).to_numpy(zero_copy_only=False))
    if len(wrong):
        row = int(wrong[0])
        raise CrocsError(f"{place(row)}: {number_fault(name, str(texts[row]), writing)}")
    bare = compute.replace_substring_regex(trimmed, grouped, "") if grouped else trimmed
    bare = compute.utf8_ltrim(compute.replace_substring(bare, writing.decimal, "."), "+")
    return compute.if_else(none, None, bare).cast(pa.float64())


def number_fault(name: str, text: str, writing: Writing) -> str:
    """Return the message for a text that is no number, with the setting that may mend it."""
    cure = _cure(text.strip(), writing)
    return f"{name} {text[:40]!r} is not a number{cure}; mend the line, or leave the field empty"


def _cure(text: str, writing: Writing) -> str:
    """Return the settings that would read a number, if there are such."""
    other = "." if writing.decimal == "," else ","
    if re.fullmatch(rf"[+-]?\d+{re.escape(other)}\d+", text):
        kind = "commas" if other == "," else "points"
        return f"; for decimal {kind} set ingest.decimal to {other!r}"
    for thousands, decimal in ((".", ","), (",", "."), (" ", ","), (" ", "."), ("'", ".")):
        sign = _ALIKE.get(thousands, re.escape(thousands))
        if re.fullmatch(rf"[+-]?\d{{1,3}}(?:{sign}\d{{3}})+(?:{re.escape(decimal)}\d*)?", text):
            also = f" and ingest.decimal to {decimal!r}" if decimal != writing.decimal else ""
            return f"; for thousands set ingest.thousands to {thousands!r}{also}"
    return ""
