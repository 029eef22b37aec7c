"""Files of consumer ids."""

from __future__ import annotations

import csv
import datetime as dt
from pathlib import Path

from crocs_cli.errors import CrocsError, refusal

EPOCH = dt.date(1970, 1, 1)


def read_ids(path: Path | None) -> frozenset[str]:
    """Read a file of consumer ids, one a line; none when there is no file."""
    if path is None:
        return frozenset()
    try:
        return frozenset(path.read_text(encoding="utf-8").split())
    except (OSError, UnicodeDecodeError) as error:
        cure = "name a text file of consumer ids, one a line"
        raise CrocsError(f"{path}: {refusal(error, cure) or f'not UTF-8 text; {cure}'}") from error


def read_starts(path: Path) -> dict[str, int | None]:
    """Read who took part and when each began: {consumer id: days since 1970-01-01, None where not said}.

    Each line has an id and, after a comma, a date. A first line that names a column consumer_id, and perhaps
    start, says where they stand; so the list of `crocs target` is such a file. Raises CrocsError with file
    and line for a date that is none, and for one id with two dates.
    """
    cure = "write a consumer id on each line, and after a comma the date on which it began"
    try:
        rows = list(csv.reader(path.read_text(encoding="utf-8-sig").splitlines()))
    except (OSError, UnicodeDecodeError) as error:
        raise CrocsError(f"{path}: {refusal(error, cure) or f'not UTF-8 text; {cure}'}") from error
    head = [cell.strip() for cell in rows[0]] if rows else []
    named = "consumer_id" in head
    who = head.index("consumer_id") if named else 0
    when = head.index("start") if "start" in head else len(head) if named else 1
    found: dict[str, int | None] = {}
    for line, row in enumerate(rows[named:], 1 + named):
        cells = [cell.strip() for cell in row] + [""] * (1 + max(who, when))
        if not (name := cells[who]):
            continue
        try:
            start = (dt.date.fromisoformat(cells[when]) - EPOCH).days if cells[when] else None
        except ValueError as error:
            raise CrocsError(f"{path}:{line}: {cells[when]!r} is no date; write it as 2013-01-31") from error
        if found.setdefault(name, start) != start:
            raise CrocsError(f"{path}:{line}: {name} has two dates; leave one of its lines")
    return found
