"""Convert text of any encoding to UTF-8, piece by piece."""

from __future__ import annotations

import codecs
import logging
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path

from crocs_cli.errors import CrocsError

AUTO, UTF_8 = "auto", "utf-8"
WESTERN = "cp1252"
_MARKS = {codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
_LEAST = 32  # bytes that may be told
_MANY = 0.3  # of the bytes at even or odd places are NUL: UTF-16 without a mark

log = logging.getLogger("crocs")


class Encoding:
    """Encoding of one file: given by the user, or detected from its content.

    UTF-16 is detected by its mark or its NUL bytes, and the encoding of old Windows (latin-1 and some signs
    more) by text that is not UTF-8 in a file that has no other sign of UTF-8.
    """

    def __init__(self, path: Path, encoding: str, says: bool) -> None:
        self._path, self._encoding, self._says = path, encoding, says
        self._is_utf8 = self._is_western = False

    def to_utf8(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        """Yield pieces of text of a known encoding as UTF-8, others as they are.

        Raises CrocsError for text that is not of the encoding.
        """
        rest = iter(pieces)
        start = next(rest, b"")
        name = self._told(start) if self._encoding == AUTO else self._encoding
        if name == UTF_8:
            yield from chain([start] if start else [], rest)
            return
        try:
            text = codecs.iterdecode(chain([start], rest), name)
            yield from (piece.removeprefix("\ufeff").encode() for piece in text)
        except UnicodeError as error:
            raise CrocsError(f"{self._path}: not {name} text; set ingest.encoding to its encoding") from error

    def mended(self, content: bytes) -> bytes:
        """Return whole lines as UTF-8.

        What is not UTF-8 stays as it is where UTF-8 was asked for, or is in the file beside it: whoever needs
        the damaged text refuses it.
        """
        if content.isascii():
            return content
        if not self._is_western:
            try:
                content.decode()
                self._is_utf8 = True
                return content
            except UnicodeDecodeError:
                mixed = self._is_utf8 or not content.decode(errors="ignore").isascii()
                if mixed or self._encoding != AUTO:
                    return content
                self._is_western = True
                self._warn(f"{WESTERN} (latin-1)")
        try:
            return content.decode(WESTERN).encode()
        except UnicodeDecodeError:  # cp1252 has no sign for five bytes
            return content.decode("latin-1").encode()

    def _told(self, piece: bytes) -> str:
        """Return the encoding that the beginning of a file shows."""
        if mark := _MARKS.get(piece[:2]):
            return mark
        if b"\0" in piece and len(piece) >= _LEAST:
            for name, nulls in (("utf-16-le", piece[1::2]), ("utf-16-be", piece[::2])):
                if nulls.count(0) > _MANY * len(nulls) and piece.count(0) == nulls.count(0):
                    self._warn(name)
                    return name
        return UTF_8

    def _warn(self, name: str) -> None:
        if self._says:
            log.warning("%s: not UTF-8; read as %s; see ingest.encoding", self._path, name)
