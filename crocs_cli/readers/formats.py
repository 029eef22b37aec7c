"""List the formats that crocs reads, with what is known of each before its readings are read."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from crocs_cli.readers import ausgrid, cer, described, greenbutton, long, matrix, nem12, sgcc, sgsc, wide
from crocs_cli.readers.described import ENDINGS, OPTIONAL_ROLES, SETTINGS, Description, first_of
from crocs_cli.readers.glance import (
    Column,
    Glance,
    date_form,
    glance,
    minutes_between,
    parsed,
    stamp_form,
)
from crocs_cli.readers.readings import Dialect, Readings

Read = Callable[[Path, Dialect], Iterator[Readings]]
PRESETS = ("unit", "stamp", "timezone", "interval")


@dataclass(frozen=True)
class Format:
    """A reader and its presets, which the user's settings override.

    A preset may depend on a file: a function of its path. A time zone of None must be said by the user, but
    for formats with a zone that is taken `without_clock` in the first file. Where `generic`, only the user
    knows what stamps and numbers mean; where `own_unit`, the files say their unit.
    """

    name: str
    read: Read
    stamp: str | None = "start"
    timezone: str | Callable[[Path], str | None] | None = "UTC"
    without_clock: str | None = None
    interval_min: int | Callable[[Path], int] = 30
    generic: bool = False
    own_unit: bool = False
    description: Description | None = None

    def presets(self, path: Path, wanted: Collection[str] = PRESETS) -> dict[str, Any]:
        """Return the presets for files like this one, by the names of their settings; None: not known.

        A file whose format is code is asked for the wanted ones only: what the user has named need not stand
        in it.
        """
        if self.description is not None:
            return shown_by(self.description, glance(path))
        known = dict(zip(PRESETS, ("kWh", self.stamp, self.timezone, self.interval_min), strict=True))
        found = {name: known[name] for name in wanted}
        return {name: value(path) if callable(value) else value for name, value in found.items()}

    def fixed(self) -> dict[str, str]:
        """Return what is so in every file of the format, which a user may not contradict unawares."""
        if self.generic:
            return {}
        source = self.description or self
        said = {key: getattr(source, key, None) for key in ("unit", "kind", "stamp", "timezone")}
        assumed = self.description.assumed if self.description else ()
        return {key: value for key, value in said.items() if isinstance(value, str) and key not in assumed}


_CODE = (
    Format("long", long.read, generic=True),
    Format("wide", wide.read, generic=True),
    Format("matrix", matrix.read, generic=True),
    Format("sgsc", sgsc.read, stamp="end", timezone="+10:00"),
    Format("ausgrid", ausgrid.read, stamp="end", timezone="+10:00"),
    Format("nem12", nem12.read, timezone="+10:00", own_unit=True),
    Format(
        "greenbutton",
        greenbutton.read,
        timezone=greenbutton.clock,
        without_clock="UTC",
        interval_min=greenbutton.interval_min,
        own_unit=True,
    ),
    Format("cer", cer.read, timezone=cer.TIMEZONE),
    Format("sgcc", sgcc.read, timezone="+08:00", interval_min=1440),
)
_IN_CODE = {form.name: form for form in _CODE}
_LAYOUTS = {"long": long.read, "wide": wide.read, "matrix": matrix.read}


def format_of(reader: str) -> Format:
    """Return the format that a user names, or whose description is a file of the user's.

    Raises CallError for a file that describes no format.
    """
    if reader in _IN_CODE:
        return _IN_CODE[reader]
    if reader.endswith(ENDINGS):
        name, description = described.of_user(Path(reader))
    else:
        name, description = reader, described.known()[reader]
    return Format(name, _reading(description), description=description)


def _reading(description: Description) -> Read:
    """Return a reader that decides the alternatives of a description for each file by itself."""

    def read(path: Path, dialect: Dialect) -> Iterator[Readings]:
        yield from _LAYOUTS[description.layout](path, for_file(description, dialect, glance(path)))

    return read


def for_file(description: Description, dialect: Dialect, look: Glance) -> Dialect:
    """Return a dialect with what this file has of the alternatives, where the user did not choose another."""
    shown = shown_by(description, look)
    changed: dict[str, Any] = {}
    for role, alternatives in description.columns:
        if first_of(alternatives, [getattr(dialect, role) or ""]) is not None:
            changed[role] = shown["columns"].get(role)
    writing = dialect.writing
    if (writing.stamp_format or "iso") in description.stamp_format:
        writing = replace(writing, stamp_format=shown.get("stamp_format"))
    if len(description.decimal) > 1 and writing.decimal in description.decimal:
        writing = replace(writing, decimal=shown["decimal"])
    return replace(dialect, **changed, writing=writing)


def shown_by(description: Description, look: Glance) -> dict[str, Any]:
    """Return a description as settings of `ingest`, its alternatives decided by the first part of a file."""
    table = _table(description, look)
    columns: dict[str, str] = {}
    for role, alternatives in description.columns.model_dump().items():
        found = first_of(alternatives, table)
        if found is not None or (alternatives and role not in OPTIONAL_ROLES):
            columns[role] = found if found is not None else alternatives[0]
    settings = {key: getattr(description, key) for key in SETTINGS}
    for role in OPTIONAL_ROLES:
        settings[role] = settings[role] if role in columns else None
    settings["columns"] = columns
    stamps = _stamps(columns, table)
    form = _form(description.stamp_format, stamps)
    settings["stamp_format"] = None if form in (None, "iso") else form
    settings["decimal"] = _decimal(description, columns, table)
    if description.interval is None:
        found_form = form or stamp_form(stamps[:200])
        times = [time for text in stamps if found_form and (time := parsed(text, found_form)) is not None]
        settings["interval"] = minutes_between(times)
    return {key: value for key, value in settings.items() if value is not None or key in _UNSAID}


def dates_in(description: Description, look: Glance) -> tuple[dt.date, dt.date] | None:
    """Return the first and last date in the first part of a file, None where they are not read here."""
    shown = shown_by(description, look)
    table = _table(description, look)
    stamps = _stamps(shown["columns"], table)
    form = shown.get("stamp_format") or stamp_form(stamps[:200]) or date_form(stamps[:200])
    days = [found.date() for text in stamps if form and (found := parsed(text, form)) is not None]
    return (min(days), max(days)) if days else None


_UNSAID = ("stamp", "timezone", "interval")  # what the user must say where the description does not


def names_in(description: Description, look: Glance) -> tuple[str, ...]:
    """Return the names of the columns of a file of a format, none for another file."""
    return tuple(_table(description, look))


def _table(description: Description, look: Glance) -> dict[str, Column]:
    """Return the columns of a file of a format by their names, none for another file."""
    header = header_of(description, look)
    there = look.table(header) if header is not None or description.header is False else ()
    return {column.name: column for column in there}


def header_of(description: Description, look: Glance) -> int | None:
    """Return the first line that has all signs of a format; without signs, what looks like a header."""
    if not description.signs:
        return look.header() if description.header is not False else None
    for number, line in enumerate(look.lines):
        if len(description.signs_in(line)) == len(description.signs):
            return number
    return None


def _stamps(columns: dict[str, str], table: dict[str, Column]) -> list[str]:
    """Return the texts of the first stamps, date and time joined by a blank."""
    there = [table[columns[role]].texts for role in ("date", "time") if columns.get(role) in table]
    return [" ".join(parts) for parts in zip(*there, strict=False)]


def _form(forms: tuple[str, ...], stamps: list[str]) -> str | None:
    """Return the form that reads the first stamps, the first of all when none does."""
    fits = (form for form in forms if stamps and all(parsed(text, form) for text in stamps[:50]))
    return next(fits, forms[0] if forms else None)


def _decimal(description: Description, columns: dict[str, str], table: dict[str, Column]) -> str | None:
    """Return the decimal sign of the first numbers."""
    if len(description.decimal) < 2:
        return description.decimal[0] if description.decimal else None
    texts = table[columns["energy"]].texts if columns.get("energy") in table else ()
    return "," if any("," in text for text in texts) else "."
