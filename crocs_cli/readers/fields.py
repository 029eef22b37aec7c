"""Read stamps and numbers from text where Arrow's own parsers do not know their form."""

from __future__ import annotations

from collections.abc import Callable

import pyarrow as pa

from crocs_cli.readers import numerals, stamps
from crocs_cli.readers.readings import Writing
from crocs_cli.readers.table import Kind

READ_FROM_TEXT = ("stamp", "number")


def is_text(kind: Kind, writing: Writing) -> bool:
    """Return whether all fields of a kind are read from text."""
    if kind == "stamp":
        return writing.stamp_format is not None  # Arrow would take 30 February for 2 March
    return kind == "number" and writing.thousands != ""


def from_text(
    texts: pa.Array, kind: Kind, writing: Writing, name: str, place: Callable[[int], str]
) -> pa.Array:
    """Return stamps or numbers (n,) of a column of text; raise CrocsError with the first row at fault."""
    if kind == "stamp":
        return stamps.from_text(texts, writing.stamp_format, name, place)
    return numerals.from_text(texts, writing, name, place)
