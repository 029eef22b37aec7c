"""Text files as blocks of whole lines, plain or gzipped, each fault named by its file and line."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from crocs_cli.errors import CrocsError, refusal

BLOCK_BYTES = 8 << 20
LONGEST_LINE = 16 << 20  # a header of a million consumers is shorter
_GZIP = b"\x1f\x8b"
_BOM = b"\xef\xbb\xbf"


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


def blocks(path: Path, size: int = BLOCK_BYTES) -> Iterator[Block]:
    """Yield a text file as blocks of about `size` bytes that end with a line's end.

    Raises CrocsError for a file that is missing, empty, cut short, or not UTF-8 text.
    """
    line, rest = 1, b""
    with opened(path) as file:
        old_mac = False
        while piece := file.read(size):
            _check_text(path, piece)
            old_mac = old_mac or (line == 1 and not rest and b"\n" not in piece and b"\r" in piece)
            piece = piece.replace(b"\r", b"\n") if old_mac else piece
            whole, newline, tail = (rest + piece).rpartition(b"\n")
            if newline:
                yield Block(path, line, whole.removeprefix(_BOM) + newline if line == 1 else whole + newline)
                line += whole.count(b"\n") + 1
            rest = tail
            if len(rest) > LONGEST_LINE:
                raise CrocsError(f"{path}:{line}: a line of more than {LONGEST_LINE >> 20} MB; mend the file")
    if rest:
        yield Block(path, line, (rest.removeprefix(_BOM) if line == 1 else rest) + b"\n")
    elif line == 1:
        raise CrocsError(f"{path}: empty; name a file with readings")


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """Open a file, unpacked if its first bytes are gzip's, and translate what can go wrong on the way."""
    try:
        with path.open("rb") as file:
            start = file.read(len(_GZIP))
            file.seek(0)
            yield gzip.GzipFile(fileobj=file) if start == _GZIP else file  # type: ignore[misc]
    except IsADirectoryError as error:
        raise CrocsError(f"{path}: a directory; name its files, such as {path}/*.csv") from error
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise CrocsError(f"{path}: cut short or damaged gzip; fetch it again") from error
    except OSError as error:
        raise CrocsError(f"{path}: {refusal(error, 'name a readable file')}") from error


def _check_text(path: Path, piece: bytes) -> None:
    if piece[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise CrocsError(f"{path}: UTF-16 text; save it as UTF-8")
    if b"\0" in piece:
        raise CrocsError(f"{path}: not text (it holds NUL bytes); name a CSV or Parquet file")
