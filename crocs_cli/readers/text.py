"""Read text files as blocks of whole lines in UTF-8, whatever their packing and encoding."""

from __future__ import annotations

import errno
import gzip
import io
import shutil
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO, BinaryIO

from crocs_cli.errors import CrocsError, refusal
from crocs_cli.readers import archives, workbook
from crocs_cli.readers.encodings import UTF_8, Encoding
from crocs_cli.readers.readings import Writing

BLOCK_BYTES = 8 << 20
LONGEST_LINE = 16 << 20  # a header of a million consumers is shorter
_GZIP = b"\x1f\x8b"
_BOM = b"\xef\xbb\xbf"
_OLD_EXCEL = b"\xd0\xcf\x11\xe0"


@dataclass(frozen=True)
class Block:
    """Whole lines of a file; `line` is the number of the first one, counted from 1."""

    path: Path
    line: int
    content: bytes

    def place(self, row: int) -> str:
        """Return file and line of a row, counted from 0 over the lines that are not blank."""
        for number, text in enumerate(self.content.splitlines()):
            row -= bool(text.strip())
            if row < 0:
                return f"{self.path}:{self.line + number}"
        return str(self.path)


def blocks(
    path: Path, writing: Writing | None = None, size: int = BLOCK_BYTES, says: bool = True
) -> Iterator[Block]:
    """Yield a text file or workbook as blocks of about `size` bytes that end with a line's end.

    `says`: an encoding or a sheet that was not told is said.

    Raises CrocsError for a file that is missing, empty, cut short, or not text of its encoding.
    """
    writing = writing or Writing()
    if is_workbook(path):
        with on_disk(path) as source:
            pieces = workbook.pieces(path, source, writing, says)
            yield from _whole_lines(path, pieces, Encoding(path, UTF_8, says))
        return
    with opened(path) as file:
        encoding = Encoding(path, writing.encoding, says)
        yield from _whole_lines(path, encoding.to_utf8(iter(partial(file.read, size), b"")), encoding)


def _whole_lines(path: Path, pieces: Iterator[bytes], encoding: Encoding) -> Iterator[Block]:
    """Yield pieces of text as blocks of whole lines."""
    line, rest, old_mac = 1, b"", False
    for piece in pieces:
        _check_text(path, piece)
        old_mac = old_mac or (line == 1 and not rest and b"\n" not in piece and b"\r" in piece)
        piece = piece.replace(b"\r", b"\n") if old_mac else piece
        whole, newline, tail = (rest + piece).rpartition(b"\n")
        if newline:
            content = whole.removeprefix(_BOM) + newline if line == 1 else whole + newline
            yield Block(path, line, encoding.mended(content))
            line += whole.count(b"\n") + 1
        rest = tail
        if len(rest) > LONGEST_LINE:
            raise CrocsError(f"{path}:{line}: a line of more than {LONGEST_LINE >> 20} MB; mend the file")
    if rest:
        content = (rest.removeprefix(_BOM) if line == 1 else rest) + b"\n"
        yield Block(path, line, encoding.mended(content))
    elif line == 1:
        raise CrocsError(f"{path}: empty; name a file with readings")


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """Open a file or a member of a zip, unpacked if its first bytes are gzip's; translate faults."""
    try:
        with ExitStack() as stack:
            file: IO[bytes]
            try:
                file = stack.enter_context(path.open("rb"))
            except NotADirectoryError:
                file = stack.enter_context(archives.open_member(path))
            start = file.read(len(_GZIP))
            file.seek(0)
            yield gzip.GzipFile(fileobj=file) if start == _GZIP else file  # type: ignore[misc]
    except IsADirectoryError as error:
        raise CrocsError(f"{path}: a directory; name its files, such as {path}/*.csv") from error
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise CrocsError(f"{path}: cut short or damaged gzip; fetch it again") from error
    except archives.BadZip as error:
        raise CrocsError(f"{path}: damaged zip; fetch it again") from error
    except OSError as error:
        raise CrocsError(f"{path}: {refusal(error, 'name a readable file')}") from error


@contextmanager
def on_disk(path: Path) -> Iterator[Path | BinaryIO]:
    """Yield a file that can be read at any place: itself, or a copy unpacked from a zip or gzip.

    Raises CrocsError where the directory of temporary files has no room for the copy.
    """
    with ExitStack() as stack:
        with opened(path) as packed:
            if isinstance(packed, io.BufferedReader):
                source: Path | BinaryIO = path
            else:
                source = stack.enter_context(tempfile.TemporaryFile())
                _copy(path, packed, source)
        yield source


def _copy(path: Path, packed: BinaryIO, copy: BinaryIO) -> None:
    try:
        shutil.copyfileobj(packed, copy, BLOCK_BYTES)
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise
        room = f"no room to unpack it in {tempfile.gettempdir()}"
        raise CrocsError(f"{path}: {room}; set TMPDIR to a larger directory") from error
    copy.seek(0)


def is_workbook(path: Path) -> bool:
    """Return whether a file is a workbook of Excel (.xlsx)."""
    with opened(path) as file:
        if file.read(len(archives.ZIP)) != archives.ZIP:
            return False
    with on_disk(path) as source:
        return archives.holds_workbook(path, source)


def _check_text(path: Path, piece: bytes) -> None:
    if piece.startswith(_OLD_EXCEL):
        raise CrocsError(f"{path}: an old (.xls) or locked workbook of Excel; save it as .xlsx or CSV")
    if piece.startswith(archives.ZIP):
        raise CrocsError(f"{path}: a zip within a zip; unpack it and name its files")
    if b"\0" in piece:
        raise CrocsError(f"{path}: not text (it holds NUL bytes); name a CSV or Parquet file")
