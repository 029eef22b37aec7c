"""Load descriptions of formats of plain tables: those of `formats.yaml`, and those of users."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from crocs_cli.errors import CallError
from crocs_cli.machine.settings import Document, Settings, load, nearest, settle

FILL_IN = "?"  # stands for a setting that only the user knows
KNOWN = Path(__file__).with_name("formats.yaml")
ENDINGS = (".yaml", ".yml")
IN_CODE = ("long", "wide", "matrix", "sgsc", "ausgrid", "nem12", "greenbutton", "cer", "sgcc")
OPTIONAL_ROLES = ("direction", "quality")  # columns that some files of a format lack
SETTINGS = (  # keys of `ingest` that a description may have as they are
    "unit", "kind", "stamp", "timezone", "interval", "thousands", "encoding", "header", "title_lines",
    "consumer_from", "consumer_pattern", "direction", "quality",
)  # fmt: skip


def _listed(value: object) -> object:
    return tuple(value) if isinstance(value, list) else (value,)


Alternatives = Annotated[tuple[str, ...], BeforeValidator(_listed)]


class Columns(Settings):
    """Columns of a format; where one has several names, the first that a file has is used."""

    consumer: Alternatives = ()
    date: Alternatives = ()
    time: Alternatives = ()
    hour: Alternatives = ()
    energy: Alternatives = ()
    direction: Alternatives = ()
    quality: Alternatives = ()


class Description(Settings):
    """Description of a format. Keys that `ingest` has too are checked there once they are used."""

    about: str
    source: str
    like: str | None = None
    layout: Literal["long", "wide", "matrix"]
    signs: tuple[Alternatives, ...] = ()
    text: str | None = None
    columns: Columns = Columns()
    assumed: tuple[str, ...] = ()
    unit: str | None = None
    kind: str | None = None
    stamp: Literal["start", "end"] | None = None
    timezone: str | None = None
    interval: str | int | None = None
    stamp_format: Alternatives = ()
    decimal: Alternatives = ()
    thousands: str | None = None
    encoding: str | None = None
    header: bool | None = None
    title_lines: int | Literal["auto"] | None = None
    consumer_from: Literal["file"] | None = None
    consumer_pattern: str | None = None
    direction: Mapping[str, str] | None = Field(None)
    quality: Mapping[str, str] | None = Field(None)

    def fits(self, names: Collection[str], text: str) -> bool:
        """Return whether a table with these columns, in a file that begins so, is of the format.

        A format whose files name no columns is told by its text alone.
        """
        if not self.signs and not (self.text and self.header is False):
            return False
        signs = all(first_of(group, names) is not None for group in self.signs)
        return signs and (not self.text or re.search(self.text, text, re.MULTILINE) is not None)

    def signs_in(self, names: Collection[str]) -> list[str]:
        """Return those of the columns by which the format is told that are among `names`."""
        return [found for group in self.signs if (found := first_of(group, names)) is not None]


def first_of(alternatives: Sequence[str], names: Collection[str]) -> str | None:
    """Return the first of several names of a column that a table has; a regular expression stands after ~."""
    for wanted in alternatives:
        if wanted in names:
            return wanted
        if wanted.startswith("~"):
            found = next((name for name in names if re.fullmatch(wanted[1:], name)), None)
            if found is not None:
                return found
    return None


def known_names() -> list[str]:
    """Return the names of the formats that ship with crocs, without reading what they say."""
    return re.findall(r"^([a-z][\w-]*):", KNOWN.read_text(encoding="utf-8"), re.MULTILINE)


def reader_names() -> list[str]:
    """Return what `reader` may be, besides a user's file."""
    return ["auto", *IN_CODE, *known_names()]


def checked(reader: str) -> str:
    """Return the name of a format or file; raise ValueError, with the nearest names, for another text."""
    names = reader_names()
    if reader in names or reader.endswith(ENDINGS):
        return reader
    own = "(a format of your own is a file such as my-format.yaml)"
    raise ValueError(f"no such format{nearest(reader, names, most=3)} {own}")


@cache
def _known_document() -> Document:
    return load(KNOWN)


@cache
def known() -> dict[str, Description]:
    """Return the formats that ship with crocs, by their names."""
    document = _known_document()
    return {name: _described(name, document, document) for name in document.values}


def of_user(path: Path) -> tuple[str, Description]:
    """Return the name and the description of the one format that a user's file describes.

    Raises CallError, with file and line, for what is no description.
    """
    document = load(path)
    if len(document.values) != 1:
        there = ", ".join(document.values) or "none"
        raise CallError(f"{path}: describe one format in a file (there: {there}), under its name")
    name = next(iter(document.values))
    return name, _described(name, document, _known_document())


def _described(name: str, document: Document, base: Document) -> Description:
    """Read one description; `like` takes over what the format of that name says."""
    given = document.values[name]
    like = given.get("like") if isinstance(given, dict) else None
    if like is not None and not isinstance(base.values.get(str(like)), dict):
        raise CallError(f"{document.place((name, 'like'))}: {name}.like: no such format {str(like)[:40]!r}")
    values: dict[str, Any] = {**base.values[str(like)], **given} if like is not None else given
    return settle(name, Description, Document(document.path, {name: values}, document.lines), {}, {})
