"""Read tables of events: one row an event, with its consumer, stamps and columns of numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as compute

from crocs_cli.errors import CrocsError
from crocs_cli.maths.readings.clock import utc_from_wall, wall_from_utc
from crocs_cli.maths.readings.grid import LAST_DAY
from crocs_cli.readers import long, naming, stamps
from crocs_cli.readers.intake import LONGEST_ID, bare
from crocs_cli.readers.numerals import NO_READING
from crocs_cli.readers.readings import Dialect
from crocs_cli.readers.table import Kind, Part
from crocs_cli.readers.tables import open_table

MISSING_S = np.iinfo(np.int64).min  # of a stamp that is not there
DAY_S = 86_400


@dataclass(frozen=True)
class Stamps:
    """A column of stamps, (n,) int64 each in seconds since 1970-01-01, MISSING_S where there is none.

    wall_s: on the wall clock; utc_s: the instants.
    """

    wall_s: np.ndarray
    utc_s: np.ndarray


@dataclass(frozen=True)
class Rows:
    """Some rows of a table: consumer (n,) int64, numbers by first appearance; its columns by their names."""

    consumer: np.ndarray
    stamps: dict[str, Stamps]
    numbers: dict[str, np.ndarray]


class EventTables:
    """Reads tables of events, one after another, and numbers the consumers by their first appearance."""

    def __init__(self, dialect: Dialect, stamp_names: Sequence[str], number_names: Sequence[str]) -> None:
        self._dialect, self._stamps, self._numbers = dialect, tuple(stamp_names), tuple(number_names)
        self._known: dict[str, int] = {}

    @property
    def ids(self) -> list[str]:
        """Names of the consumers, in the order of their numbers."""
        return list(self._known)

    def rows(self, path: Path) -> Iterator[Rows]:
        """Yield the rows of a file in pieces.

        Raises CrocsError for a column that is missing, and with the row of a field that cannot be read.
        """
        wanted = {self._dialect.consumer, *self._stamps, *self._numbers}
        table = open_table(path, self._dialect.writing, wanted=wanted)
        consumers = naming.consumers(table, self._dialect)
        kinds: dict[str, Kind] = {**consumers.kinds}
        kinds.update(dict.fromkeys(self._stamps, "text"))
        kinds.update(dict.fromkeys(self._numbers, "number"))
        settings = {**consumers.named, **dict.fromkeys(self._numbers, "ingest.events.features")}
        settings |= dict.fromkeys(self._stamps[1:], "ingest.events.end or ingest.events.clock")
        settings |= {self._stamps[0]: "ingest.columns.time"}
        for part in table.read(kinds, settings):
            numbers = {name: long.numbers(part.columns[name]) for name in self._numbers}
            found = {name: self._read_stamps(part, name) for name in self._stamps}
            count = len(found[self._stamps[0]].wall_s)
            yield Rows(self._number(consumers.of(part, count)), found, numbers)

    def _read_stamps(self, part: Part, name: str) -> Stamps:
        """Return a column of stamps; one may be missing, but for that of the event's begin."""
        texts = part.columns[name]
        none = compute.is_in(compute.utf8_trim_whitespace(texts), pa.array([*NO_READING, None], pa.string()))
        there = np.flatnonzero(~none.to_numpy(zero_copy_only=False))
        if name == self._stamps[0] and len(there) < len(texts):
            row = int(np.setdiff1d(np.arange(len(texts)), there)[0])
            raise CrocsError(f"{part.place(row)}: {name} is empty; mend or remove the line")

        def place(row: int) -> str:
            return part.place(int(there[row]))

        read = stamps.from_text(texts.take(pa.array(there)), self._dialect.stamp_format, name, place)
        time_s, is_utc = stamps.seconds(read, name, place)
        if outside := np.flatnonzero((time_s < 0) | (time_s >= (LAST_DAY + 1) * DAY_S)).tolist():
            raise CrocsError(
                f"{place(outside[0])}: {name} is not between 1970 and 2099; mend or remove the line"
            )
        zone = self._dialect.timezone
        found = Stamps(np.full(len(texts), MISSING_S), np.full(len(texts), MISSING_S))
        found.wall_s[there] = np.where(is_utc, wall_from_utc(time_s, zone), time_s)
        found.utc_s[there] = np.where(is_utc, time_s, utc_from_wall(time_s, zone))
        return found

    def _number(self, consumer: pa.DictionaryArray) -> np.ndarray:
        """Return the number of each row's consumer: (n,) int64."""
        codes = consumer.indices.to_numpy(zero_copy_only=False)
        names = consumer.dictionary.to_pylist()
        _, first = np.unique(codes, return_index=True)
        table = np.zeros(len(names), dtype=np.int64)
        for code in codes[np.sort(first)].tolist():  # a dictionary's order is that of the reader's threads
            if len(name := bare(names[code])) > LONGEST_ID:
                raise CrocsError(
                    f"consumer {name[:20]}...: an id of more than {LONGEST_ID} characters; "
                    "name the right column with ingest.columns.consumer"
                )
            table[code] = self._known.setdefault(name, len(self._known))
        return table[codes]
