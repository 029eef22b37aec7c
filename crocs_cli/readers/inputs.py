"""List the files to read, and read dates and keys from small files."""

from __future__ import annotations

import datetime as dt
import glob
import hmac
from collections.abc import Sequence
from pathlib import Path

from crocs_cli.errors import CallError, CrocsError
from crocs_cli.maths.readings.days import day_number
from crocs_cli.readers.text import blocks, opened


def input_files(patterns: Sequence[str]) -> list[Path]:
    """Return the files of names and globs, in the order given, those of a glob sorted.

    Raises CrocsError when a pattern finds nothing or a directory, and CallError when there is none.
    """
    if not patterns:
        raise CallError("no files to read; name them after the command, or as ingest.files")
    found: dict[Path, None] = {}
    for pattern in patterns:
        there = [pattern] if Path(pattern).exists() else sorted(glob.glob(pattern, recursive=True))  # noqa: PTH207 - may be absolute
        if not there:
            raise CrocsError(f"{pattern}: no such file; name files with readings")
        found.update(dict.fromkeys(map(Path, there)))
    for path in found:
        if path.is_dir():
            raise CrocsError(f"{path}: a directory; name its files, such as {path}/*.csv")
    return list(found)


def listed_days(path: Path) -> frozenset[int]:
    """Return the days, since 1970-01-01, of a text file with one date a line; `#` begins a remark."""
    days: set[int] = set()
    for block in blocks(path):
        for number, line in enumerate(block.content.decode().splitlines()):
            text = line.partition("#")[0].strip()
            try:
                days.update({day_number(dt.date.fromisoformat(text))} if text else ())
            except ValueError as error:
                place = f"{path}:{block.line + number}"
                raise CrocsError(
                    f"{place}: {text!r} is not a date such as 2013-01-31; mend the line"
                ) from error
    if not days:
        raise CrocsError(f"{path}: no dates; write one a line, such as 2013-01-31")
    return frozenset(days)


class Pseudonyms:
    """Names from a keyed hash (HMAC-SHA256): the same for the same key, unknowable without it."""

    def __init__(self, path: Path) -> None:
        with opened(path) as file:
            self._key = file.read().strip()
        if len(self._key) < 16:
            raise CrocsError(
                f"{path}: a key of {len(self._key)} bytes; use 16 or more, from `openssl rand -hex 32`"
            )

    def of(self, name: str) -> str:
        """Return the pseudonym of a consumer."""
        return hmac.digest(self._key, name.encode(), "sha256").hex()[:20]
