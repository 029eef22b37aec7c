"""Open a file as a table, whatever kind of table it is."""

from __future__ import annotations

from pathlib import Path

from crocs_cli.errors import CrocsError
from crocs_cli.readers.csv_file import CsvFile
from crocs_cli.readers.parquet_file import open_parquet
from crocs_cli.readers.readings import Writing
from crocs_cli.readers.table import Table
from crocs_cli.readers.text import Block, blocks, opened

MOST_COLUMNS = 1_000_000
_SEPARATORS = (",", ";", "\t", "|")


def open_table(
    path: Path,
    writing: Writing,
    title_lines: int = 0,
    names: tuple[str, ...] = (),
    separator: str | None = None,
    keeps_ragged: bool = False,
) -> Table:
    """Open a CSV (perhaps gzipped) or Parquet file, told apart by its first bytes.

    `names` stands in for a header line where the file has none; the separator is the one of which the header
    has most. A line with too few or too many fields is an error, unless `keeps_ragged`: then it is kept
    without any of its numbers.
    """
    with opened(path) as file:
        start = file.read(4)
    if start == b"PAR1":
        return open_parquet(path, writing.stamp_format)
    first = next(blocks(path))
    lines = first.content.splitlines()
    if len(lines) <= title_lines or not lines[title_lines].strip():
        raise CrocsError(f"{path}: no header line; name a file with readings")
    header = _decoded(first, lines[title_lines])
    separator = separator or max(_SEPARATORS, key=header.count)
    if (columns := header.count(separator) + 1) > MOST_COLUMNS:
        raise CrocsError(f"{path}: a header of {columns:,} columns; is it all one line? mend the file")
    found = names or tuple(name.strip().strip('"').strip() for name in header.split(separator))
    skipped = 0 if names else title_lines + 1
    style = CsvFile(path, found, separator, writing, skipped, keeps_ragged)
    return Table(path, found, style.parts)


def _decoded(block: Block, line: bytes) -> str:
    try:
        return line.decode()
    except UnicodeDecodeError as error:
        raise CrocsError(f"{block.path}:1: not UTF-8 text; save the file as UTF-8") from error
