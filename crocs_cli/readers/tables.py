"""Open a file as a table, whatever kind of table it is."""

from __future__ import annotations

import csv
import re
from collections.abc import Collection, Sequence
from itertools import islice
from pathlib import Path

from crocs_cli.errors import CrocsError
from crocs_cli.readers import workbook
from crocs_cli.readers.csv_file import CsvFile
from crocs_cli.readers.parquet_file import open_parquet
from crocs_cli.readers.readings import Writing
from crocs_cli.readers.table import Table
from crocs_cli.readers.text import Block, blocks, is_workbook, opened

MOST_COLUMNS = 1_000_000
TITLE_LINES = 200  # among which the header is looked for
_VALUE = re.compile(r"[-+]?\d[\d.,:/T +-]*Z?")  # a number or a stamp
_READING = re.compile(r"[-+]?\d+[.,]\d+|\d{4}-\d\d-\d\d[ T]\d\d:\d\d.*")  # and no name of a column
_SEPARATORS = (",", ";", "\t", "|")


def open_table(
    path: Path,
    writing: Writing,
    title_lines: int | None = None,
    names: tuple[str, ...] = (),
    separator: str | None = None,
    keeps_ragged: bool = False,
    wanted: Collection[str] = (),
) -> Table:
    """Open a CSV or Parquet file or a workbook, told apart by its first bytes.

    The header is the line after the title lines; where their number is not known, the first line that has all
    the wanted columns. `names` stands in for a header where the file has none; the separator is the one of
    which the header has most. A line with too few or too many fields is an error, unless `keeps_ragged`: then
    it is kept without any of its numbers.
    """
    with opened(path) as file:
        start = file.read(4)
    if start == b"PAR1":
        return open_parquet(path, writing)
    first = next(blocks(path, writing, says=False))
    lines = _beginning(first)
    if title_lines is None:
        title_lines = writing.title_lines
    if is_workbook(path):
        separator = workbook.SEPARATOR
    if title_lines is None:
        title_lines = 0 if names or not writing.header else _header_place(lines, wanted, writing)
    if len(lines) <= title_lines or not lines[title_lines].strip():
        raise CrocsError(f"{path}: no header line; name a file with readings")
    header = lines[title_lines]
    _check_header(path, header, title_lines + 1)
    separator = separator or _separator(header, writing)
    if (columns := header.count(separator) + 1) > MOST_COLUMNS:
        raise CrocsError(f"{path}: a header of {columns:,} columns; is it all one line? mend the file")
    found = names or _fields(header, separator)
    if not writing.header and not names:
        found = tuple(f"c{number}" for number in range(1, len(found) + 1))
    skipped = title_lines + (writing.header and not names)
    style = CsvFile(path, found, separator, writing, skipped, keeps_ragged)
    sure = bool(names) or not writing.header or _is_header(lines[title_lines : title_lines + 2], separator)
    return Table(path, found, style.parts, tuple(lines[:title_lines]), sure)


def _beginning(first: Block) -> list[str]:
    """Return the first lines of a file; a sign that is not UTF-8 shows as the sign for that."""
    lines = first.content.split(b"\n", TITLE_LINES)[:TITLE_LINES]
    return [line.decode(errors="replace").rstrip("\r") for line in lines]


def _header_place(lines: Sequence[str], wanted: Collection[str], writing: Writing) -> int:
    """Return the number of the first line with the wanted columns, else of the first one with most fields."""
    if not wanted:
        return 0
    best, most = 0, 0
    for number, line in enumerate(lines):
        names = _fields(line, _separator(line, writing))
        if set(wanted) <= set(names):
            return number
        best, most = (number, len(names)) if len(names) > most else (best, most)
    return best


def _is_header(lines: Sequence[str], separator: str) -> bool:
    """Return whether a line surely names the columns of the next one, which holds numbers or stamps."""
    names, *others = (_fields(line, separator) for line in lines)
    values = [field for fields in others for field in fields]
    speaks = any(map(_VALUE.fullmatch, values)) and not any(map(_READING.fullmatch, names))
    return speaks and len(values) >= len(names) > 1


def _separator(line: str, writing: Writing) -> str:
    """Return the separator of which a line has most outside quotes; among readings, no sign of numbers."""
    bare = re.sub(r'"[^"]*"', "", line)
    signs = (writing.decimal, writing.thousands) if not writing.header else ()
    found = max(_SEPARATORS, key=lambda sign: bare.count(sign) if sign not in signs else 0)
    return found if found in bare else max(_SEPARATORS, key=bare.count)


def _fields(header: str, separator: str) -> tuple[str, ...]:
    """Return the names in a header without quotes and outer blanks."""
    if '"' not in header:
        return tuple(name.strip() for name in header.split(separator))
    try:
        names = next(csv.reader(islice([header], 1), delimiter=separator, skipinitialspace=True))
    except csv.Error:
        names = header.split(separator)
    return tuple(name.strip().strip('"').strip() for name in names)


def _check_header(path: Path, header: str, line: int) -> None:
    """Refuse what is no table, and a header that is not text of its encoding."""
    if "\ufffd" in header:
        raise CrocsError(f"{path}:{line}: not UTF-8 text; save the file as UTF-8, or set ingest.encoding")
    check_table(path, header)


def check_table(path: Path, line: str) -> None:
    """Raise CrocsError for a file that begins as JSON, XML or HTML do."""
    if re.match(r'\s*(\{|\[\s*([{["]|$))', line):
        raise CrocsError(f"{path}: JSON, which is not read; turn it into CSV with columns id, time and kwh")
    if line.lstrip().startswith("<"):
        raise CrocsError(
            f"{path}: XML or HTML, no table; for a Green Button feed set ingest.reader to greenbutton"
        )
