"""Read Excel workbooks (.xlsx) row by row as text, with the library openpyxl."""

from __future__ import annotations

import csv
import datetime as dt
import io
import logging
import warnings
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, BinaryIO

from crocs_cli.errors import CrocsError
from crocs_cli.readers.readings import Writing

SEPARATOR = "\t"
PIECE_ROWS = 10_000
LARGEST_TEXTS = 64 << 20  # of all texts of the workbook together, which openpyxl holds
MOST_PACKED = 50  # times that rows of readings are smaller when packed
MOST_ROWS = 1 << 20  # of a sheet of Excel
_TEXTS = ("xl/sharedStrings.xml", "xl/styles.xml", "xl/workbook.xml")
_NOT_EXCEL = (
    *(zipfile.BadZipFile, zlib.error, SyntaxError, OSError, EOFError, NotImplementedError, RuntimeError),
    *(KeyError, ValueError, TypeError, AttributeError, IndexError),
)

log = logging.getLogger("crocs")


def pieces(path: Path, source: Path | BinaryIO, writing: Writing, says: bool) -> Iterator[bytes]:
    """Yield the first sheet that has rows as lines of text with tabs, row n as line n.

    `source` is where the workbook lies, and `path` its name in messages.

    Raises CrocsError without openpyxl, and for a workbook that is damaged, locked or a bomb.
    """
    try:
        import openpyxl
    except ImportError as error:
        raise CrocsError(
            f"{path}: .xlsx is read by openpyxl; install crocs-cli[xlsx], or save the sheet as CSV"
        ) from error
    try:
        _check_size(path, source)
        with closing(_opened(source, openpyxl.load_workbook)) as book:
            yield from _first_sheet(path, book, writing, says)
    except _NOT_EXCEL as error:
        raise CrocsError(f"{path}: damaged .xlsx, or none; save the sheet as CSV") from error


def _opened(file: Path | BinaryIO, load: Callable[..., Any]) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of styles, which nobody reads
        return load(file, read_only=True, data_only=True)


def _first_sheet(path: Path, book: Any, writing: Writing, says: bool) -> Iterator[bytes]:
    """Yield the lines of the first sheet that has some."""
    for sheet in book.worksheets:
        sheet.reset_dimensions()
        found = False
        for piece in _lines(sheet.iter_rows(values_only=True), writing):
            if says and not found and len(book.worksheets) > 1:
                log.info("%s: sheet %r is read, of %d", path, sheet.title, len(book.worksheets))
            found = True
            yield piece
        if found:
            return


def _lines(rows: Iterator[tuple[Any, ...]], writing: Writing) -> Iterator[bytes]:
    """Yield rows in pieces; all have as many fields as the widest of the first piece."""
    text = io.StringIO()
    out = csv.writer(text, delimiter=SEPARATOR, lineterminator="\n")
    held: list[list[str]] = []
    width = 0

    def written() -> bytes:
        out.writerows([(row + [""] * (width - len(row)))[:width] if any(row) else () for row in held])
        held.clear()
        done = text.getvalue().encode()
        text.seek(0)
        text.truncate()
        return done

    for number, row in enumerate(rows):
        if number == MOST_ROWS:
            raise ValueError("more rows than Excel has")
        held.append([_field(value, writing) for value in row])
        if len(held) == PIECE_ROWS:
            width = width or max(map(_width, held))
            yield written()
    width = width or max(map(_width, held), default=0)
    if held and (width or any(map(any, held))):
        yield written()


def _width(row: list[str]) -> int:
    return next((number for number in range(len(row), 0, -1) if row[number - 1]), 0)


def _field(value: Any, writing: Writing) -> str:
    """Return a cell as a text: stamps as ISO 8601, numbers with the decimal sign of the sheet's texts."""
    if value is None:
        return ""
    if isinstance(value, float):
        return _number(value, writing)
    if isinstance(value, dt.datetime):
        return (value + dt.timedelta(milliseconds=500)).replace(microsecond=0).isoformat(" ")
    if isinstance(value, dt.timedelta):  # a time of day of 24:00 or more
        hours, rest = divmod(round(value.total_seconds()), 3600)
        return f"{hours:02d}:{rest // 60:02d}:{rest % 60:02d}"
    return " ".join(str(value).split("\n")).replace("\t", " ").replace("\r", "")


def _number(value: float, writing: Writing) -> str:
    whole = value.is_integer() and abs(value) < 1e15
    return str(int(value)) if whole else repr(value).replace(".", writing.decimal)


def _check_size(path: Path, source: Path | BinaryIO) -> None:
    """Refuse a workbook whose texts would fill the memory."""
    with zipfile.ZipFile(source) as archive:
        members = archive.infolist()
    size = sum(member.file_size for member in members if member.filename in _TEXTS)
    dense = max(
        (part.file_size for part in members if part.file_size > MOST_PACKED * part.compress_size), default=0
    )
    if max(size, dense) > LARGEST_TEXTS:
        raise CrocsError(f"{path}: more than {LARGEST_TEXTS >> 20} MB of texts; save the sheet as CSV")
