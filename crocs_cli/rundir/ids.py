"""Files of consumer ids."""

from __future__ import annotations

from pathlib import Path

from crocs_cli.errors import CrocsError, refusal


def read_ids(path: Path | None) -> frozenset[str]:
    """Read a file of consumer ids, one a line; none when there is no file."""
    if path is None:
        return frozenset()
    try:
        return frozenset(path.read_text(encoding="utf-8").split())
    except (OSError, UnicodeDecodeError) as error:
        cure = "name a text file of consumer ids, one a line"
        raise CrocsError(f"{path}: {refusal(error, cure) or f'not UTF-8 text; {cure}'}") from error
