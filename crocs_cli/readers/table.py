"""Define tables of named columns, whose rows can be located in their file."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pyarrow as pa
import pyarrow.compute as compute

from crocs_cli.errors import CrocsError

Kind = Literal["id", "stamp", "number", "text"]

BLANKS = " \u00a0"  # that do not belong to an id
_ID = pa.dictionary(pa.int32(), pa.string())
_ISO_WITH_ZONE = re.compile(r"\d{4}-\d\d-\d\d[T ][\d:.]+\s*(Z|[+-]\d\d:?(\d\d)?)")


@dataclass(frozen=True)
class Part:
    """Some rows of a table: the wanted columns, and `place(row)` that names a row in a message."""

    columns: dict[str, pa.Array]
    place: Callable[[int], str]


@dataclass(frozen=True)
class Table:
    """A file as a table: its column names without outer blanks, how to read some, and the lines above.

    Where it is not sure that the names are names (`has_header`), no message shows them: they may be private.
    """

    path: Path
    names: tuple[str, ...]
    parts: Callable[[Mapping[str, Kind]], Iterator[Part]]
    title: tuple[str, ...] = ()
    has_header: bool = True

    def read(self, kinds: Mapping[str, Kind], setting: Mapping[str, str] | None = None) -> Iterator[Part]:
        """Yield the columns named in `kinds`; `setting` names the setting behind a column, for messages.

        Raises CrocsError for a column that is missing or there twice, and for a field that cannot be read.
        """
        for name in kinds:
            if self.names.count(name) != 1:
                raise CrocsError(f"{self.path}: {self._fault(name, (setting or {}).get(name))}")
        for part in self.parts(kinds):
            for name in (name for name, kind in kinds.items() if kind == "id"):
                _check_names(part, name)
            yield part

    def _fault(self, name: str, setting: str | None) -> str:
        if name in self.names:
            return f"column {name!r} is there {self.names.count(name)} times; rename or remove one"
        cure = f"name the right one with {setting}" if setting else "is this the right reader?"
        if not self.has_header:
            return (
                f"no column {name!r}, and no line that surely names columns; {cure}, or set ingest.header to "
                "false if no line does, and name columns c1, c2 ..."
            )
        return f"no column {name!r}; there are {', '.join(map(repr, self.names[:12]))}; {cure}"


def stamp_fault(name: str, text: str, stamp_format: str | None) -> str:
    """Return the message for a stamp that cannot be read, with the form that is expected."""
    if stamp_format is None and (count := re.fullmatch(r"\d{10}(\d{3})?(\.\d+)?", text)):
        form = "epoch-ms" if count[1] else "epoch-s"
        return f"{name} {text!r} looks like time since 1970; set ingest.stamp_format to {form}"
    form = f"the form {stamp_format}" if stamp_format else "a stamp such as 2013-01-31 00:30"
    return f"{name} {text!r} is not {form}; mend it, or set ingest.stamp_format (such as %d/%m/%Y %H:%M)"


def arrow_type(kind: Kind, first: str) -> pa.DataType:
    """Return Arrow's type for a kind of column; whether stamps have an offset is told by the first field."""
    if kind == "stamp":
        return pa.timestamp("ns", "UTC" if _ISO_WITH_ZONE.fullmatch(first) else None)
    return {"id": _ID, "number": pa.float64(), "text": pa.string()}[kind]


def _check_names(part: Part, name: str) -> None:
    """Refuse consumers without a name."""
    column = part.columns[name]
    blank = compute.index(compute.utf8_trim(column.dictionary, BLANKS), "").as_py()
    if column.null_count or blank >= 0:
        row = compute.index(compute.equal(column.indices, blank).fill_null(True), True).as_py()
        raise CrocsError(f"{part.place(row)}: {name} is empty; mend or remove the line")
