"""Detect the format of a file from its first part."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from crocs_cli.errors import CrocsError
from crocs_cli.readers import described
from crocs_cli.readers.archives import ZIP
from crocs_cli.readers.glance import MOST_TITLE_LINES, Glance, glance
from crocs_cli.readers.nem12_records import version_fault
from crocs_cli.readers.propose import Proposal, columns_of, propose
from crocs_cli.readers.readings import Dialect
from crocs_cli.readers.stamps import time_of_day_s
from crocs_cli.readers.tables import check_table
from crocs_cli.readers.text import opened

_START_BYTES = 1 << 16
_SIGNS = {"sgsc": {"READING_DATETIME"}, "sgcc": {"CONS_NO"}}  # columns that only files of one format have


def detect(path: Path, dialect: Dialect) -> Proposal:
    """Return the format of a file; raise CrocsError when it is of none that crocs knows for sure.

    `dialect` has the names of the columns that generic files use.
    """
    found, look = known_format(path)
    if found is not None:
        return found
    names = {name for line in look.lines[:1] for name in line}
    said = {dialect.consumer, dialect.time, dialect.energy}
    try:
        proposal = propose(look)
    except CrocsError:
        proposal = Proposal("", sure=False)
    if said <= names:
        why = f"it has columns {dialect.consumer}, {dialect.time} and {dialect.energy}"
        return Proposal("long", proposal.certain() if proposal.reader == "long" else {}, why=why)
    slots = [name for name in names if time_of_day_s(name) is not None]
    if {dialect.consumer, dialect.time} <= names and slots:
        why = f"it has columns {dialect.consumer}, {dialect.time} and {len(slots)} times of day"
        return Proposal("wide", why=why)
    if proposal.sure:
        return Proposal(proposal.reader, proposal.certain(), why=proposal.why)
    raise CrocsError(
        f"{path}: of no format that is known for sure ({columns_of(look)}); run `crocs init {path}` for "
        "settings that may fit, or name the format with ingest.reader"
    )


def known_format(path: Path) -> tuple[Proposal | None, Glance]:
    """Return (the format of a file that has the signs of one that crocs knows, its first lines).

    The format is None for another file; the lines are none where they were not needed to tell it.
    """
    found = _by_text(path)
    look = Glance(path, "", ()) if found else glance(path)
    return found or _by_columns(look), look


def _by_text(path: Path) -> Proposal | None:
    """Detect formats that are no tables with a header, from the beginning of their text."""
    with opened(path) as file:
        start = file.read(_START_BYTES)
    if start.startswith((b"PAR1", ZIP)):
        return None
    text = start.decode("utf-8-sig", errors="replace")
    lines = [line for line in text.splitlines() if line.strip()]
    first, second = (*lines[:2], "", "")[:2]
    if re.match(r"(100,NEM12|200),", first):
        return Proposal("nem12", why=f"its first line begins with {first[:9]}")
    if re.match(r"100,NEM\d+,", first):
        raise CrocsError(f"{path}: {version_fault(first[4:9])}")
    if re.match(r"\s*<", first) and "espi" in text:
        return Proposal("greenbutton", why="it is XML in the name space of ESPI")
    if re.fullmatch(r"\d+ \d{5} [\d.]+", first.strip()):
        return Proposal("cer", why="its lines are meter, five digits and kWh")
    if second.startswith("Customer,Generator Capacity"):
        return Proposal("ausgrid", why="its second line begins with Customer,Generator Capacity")
    check_table(path, first)
    return None


def _by_columns(look: Glance) -> Proposal | None:
    """Detect a table's format by its column names, which may stand below title lines."""
    for line in look.lines[: MOST_TITLE_LINES if look.text else 1]:
        names = set(line)
        for form, columns in _SIGNS.items():
            if columns <= names:
                return Proposal(form, why=_has(sorted(columns)))
        for form, description in described.known().items():
            if description.fits(names, look.text):
                return Proposal(form, why=_has(description.signs_in(names)))
    return None


def _has(columns: Sequence[str]) -> str:
    """Return the words that name the columns by which a format was detected."""
    if not columns:
        return "it has the first lines of such files"
    *others, last = columns
    return f"it has columns {', '.join(others)} and {last}" if others else f"it has a column {last}"
