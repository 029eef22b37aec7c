"""Name the consumer of a file of one meter by the file's name, or by a pattern in its name or title."""

from __future__ import annotations

import logging
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from crocs_cli.errors import CrocsError
from crocs_cli.readers.readings import Dialect
from crocs_cli.readers.table import Kind, Part, Table

TITLE = "title:"
_PACKED = (".gz", ".zip")

log = logging.getLogger("crocs")


def file_names(paths: Sequence[Path], pattern: str | None) -> Mapping[Path, str]:
    """Return the consumer that each file stands for: its name without endings, with its folder if need be.

    With a pattern, only files whose names match it have one; titles are looked at when a file is open.
    """
    if pattern:
        found = {} if pattern.startswith(TITLE) else {path: re.search(pattern, path.name) for path in paths}
        return {path: match[1] for path, match in found.items() if match and match[1]}
    stems = {path: stem(path) for path in paths}
    times = Counter(stems.values())
    return {path: stem if times[stem] == 1 else f"{_folder(path)}/{stem}" for path, stem in stems.items()}


@dataclass(frozen=True)
class Consumers:
    """Source of the names of a file's consumers: a column, or one name for all rows."""

    column: str | None
    name: str = ""

    @property
    def kinds(self) -> dict[str, Kind]:
        """Column to read, if there is one."""
        return {self.column: "id"} if self.column is not None else {}

    @property
    def named(self) -> dict[str, str]:
        """Setting that names the column."""
        return {self.column: "ingest.columns.consumer"} if self.column is not None else {}

    def of(self, part: Part, rows: int) -> pa.DictionaryArray:
        """Return the consumers of a part's rows."""
        return part.columns[self.column] if self.column is not None else constant(self.name, rows)


def constant(name: str, rows: int) -> pa.DictionaryArray:
    """Return one consumer for so many rows."""
    return pa.DictionaryArray.from_arrays(pa.array(np.zeros(rows, np.int32)), pa.array([name]))


def consumers(table: Table, dialect: Dialect) -> Consumers:
    """Return where a table's consumers have their names: its file's name stands in for a missing column."""
    asked = dialect.consumer_from
    if asked == "column" or (asked is None and dialect.consumer in table.names):
        return Consumers(dialect.consumer)
    if asked is None and table.path == next(iter(dialect.file_names), None):
        said = "%s: no column %r; each file without is one consumer, named by the file"
        log.info(said, table.path, dialect.consumer)
    return Consumers(None, file_consumer(table, dialect))


def file_consumer(table: Table, dialect: Dialect) -> str:
    """Return the consumer of a file of one meter.

    Raises CrocsError when the pattern finds none, or when two files would be one consumer.
    """
    pattern, names, path = dialect.consumer_pattern, dialect.file_names, table.path
    if pattern and pattern.startswith(TITLE):
        matches = (re.search(pattern.removeprefix(TITLE), line) for line in table.title)
        found = next((match[1].strip() for match in matches if match and match[1]), "")
        if not found:
            lines = f"the {len(table.title)} title lines"
            raise CrocsError(f"{path}: ingest.consumer_pattern finds no consumer in {lines}; mend it")
        return found
    if pattern and path not in names:
        raise CrocsError(f"{path}: ingest.consumer_pattern finds no consumer in the file's name; mend it")
    name = names.get(path, stem(path))
    if not pattern and list(names.values()).count(name) > 1:
        raise CrocsError(
            f"{path}: another file would be consumer {name!r} too; rename one, or set ingest.consumer_pattern"
        )
    return name


def _folder(path: Path) -> str:
    folder = path.absolute().parent
    return folder.stem if folder.suffix in _PACKED else folder.name


def stem(path: Path) -> str:
    """Return a file's name without the endings of its format."""
    name = Path(path.name.removesuffix(path.suffix)) if path.suffix.lower() in _PACKED else Path(path.name)
    return name.stem or path.name
