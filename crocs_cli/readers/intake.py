"""Read all files of a run as one stream of numbered readings."""

from __future__ import annotations

import logging
import re
from collections.abc import Generator
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa

from crocs_cli.errors import CrocsError
from crocs_cli.maths.readings.clock import DAY_S
from crocs_cli.maths.readings.grid import LAST_DAY, Grid, Seen, flagged
from crocs_cli.maths.readings.rows import Rows
from crocs_cli.readers.ahead import ahead
from crocs_cli.readers.formats import Format
from crocs_cli.readers.readings import Dialect, Readings
from crocs_cli.readers.table import BLANKS

LONGEST_ID = 200  # files hold ids at the length of the longest one
_GUARDED = re.compile(r'^="([^"]+)"$|^\'(\d+)$')
_GLANCE = 10_000  # rows after which a wrong interval shows

log = logging.getLogger("crocs")


class Intake:
    """Numbers the consumers of a list of files by their first appearance, and checks stamps as they pass.

    ids: the consumers' names, in the order of their numbers; seen: what all stamps showed.
    """

    def __init__(self, form: Format, dialect: Dialect, grid: Grid) -> None:
        self._form, self._dialect, self._grid = form, dialect, grid
        self._numbers: dict[str, int] = {}
        self._ids: dict[str, int] = {}
        self._last = pa.nulls(0, pa.string()), np.empty(0, np.int32)  # names, and their numbers
        self.seen = Seen(grid)

    @property
    def ids(self) -> list[str]:
        """Names of the consumers, in the order of their numbers."""
        return list(self._ids)

    def rows(self, path: Path) -> Generator[tuple[Rows, np.ndarray]]:
        """Yield a file's readings in pieces, each with the consumer's number of every code in `meter`.

        Numbers are (codes,) int32, -1 of a code without a reading so far.

        Raises CrocsError for what the files' reader refuses, for stamps before 1970 or after 2099, and when
        stamps do not fit the interval.
        """
        convert = partial(self._converted, path)
        for readings, rows in ahead(convert, self._form.read(path, self._dialect)):
            numbers = self._number(readings.consumer, rows.meter)
            self.seen.note(rows)
            if not 0 <= self.seen.first <= self.seen.last < (LAST_DAY + 1) * self._grid.intervals_per_day:
                raise _out_of_range(path, readings.time_s)
            if self.seen.rows > _GLANCE:
                self._check_grid(path)
            yield rows, numbers
        self._check_grid(path)

    def _converted(self, path: Path, readings: Readings) -> tuple[Readings, Rows]:
        """Return readings as rows whose meters are still the codes of their own dictionary."""
        time_s = readings.time_s
        if len(time_s) and not -DAY_S <= time_s.min() <= time_s.max() < (LAST_DAY + 2) * DAY_S:
            raise _out_of_range(path, time_s)  # before any clock is asked about it
        codes = readings.consumer.indices.to_numpy(zero_copy_only=False)
        start_s = self._grid.starts_s(readings.time_s, readings.is_utc)
        rows = self._grid.rows(codes, start_s, readings.value)
        if readings.channel is not None:
            rows = replace(rows, channel=readings.channel)
        return readings, flagged(rows, readings.estimated, readings.repaired)

    def _number(self, consumer: pa.DictionaryArray, codes: np.ndarray) -> np.ndarray:
        """Return each dictionary entry's consumer number: (entries,) int32; new names get the next ones."""
        names, table = self._last
        if not consumer.dictionary.equals(names):  # most pieces of a file have the dictionary of the last one
            names = consumer.dictionary
            table = np.array([self._numbers.get(name, -1) for name in names.to_pylist()], np.int32)
        new = table < 0
        if new.any():
            new &= np.bincount(codes, minlength=len(names)) > 0
            table = table.copy()  # the last one may be in use
        for code in np.flatnonzero(new).tolist():
            name = names[code].as_py()
            if len(name) > LONGEST_ID:
                raise CrocsError(
                    f"consumer {name[:20]}...: an id of more than {LONGEST_ID} characters; "
                    "name the right column with ingest.columns.consumer"
                )
            table[code] = self._numbers[name] = self._ids.setdefault(bare(name), len(self._ids))
        self._last = names, table
        return table

    @property
    def renamed(self) -> int:
        """Number of spellings of ids that had blanks or a spreadsheet's marks around them."""
        return sum(name not in self._ids for name in self._numbers)

    def _check_grid(self, path: Path) -> None:
        if self.seen.misfit:
            minutes = self._grid.interval_s // 60
            raise CrocsError(
                f"{path}: {self.seen.off_grid} of {self.seen.rows} stamps lie between intervals of "
                f"{minutes}min; set ingest.interval to the time between readings"
            )

    def check(self) -> None:
        """Raise CrocsError when all files hold nothing, or readings too far apart; say what was set right."""
        if not self.seen.rows:
            raise CrocsError("no readings in the files, only headers; name files with readings")
        if (sparser := self.seen.sparser_min) is not None:
            found = f"{sparser}min" if sparser <= 60 else f"{sparser / 60:g}h"
            raise CrocsError(
                f"readings come every {found}, not every {self._grid.interval_s // 60}min; "
                "set ingest.interval to the time between readings"
            )
        if (clockless := self._dialect.clockless) and not self._dialect.clock_is_given:
            more = f" and {len(clockless) - 1} more files" if len(clockless) > 1 else ""
            said = "%s%s: no clock in the feed, %s is taken; name its zone with ingest.timezone"
            log.warning(said, clockless[0], more, self._dialect.timezone)
        if self.renamed:
            log.warning("blanks or a spreadsheet's quotes around ids are removed, of %d in all", self.renamed)
        if self.seen.beside:
            log.warning(
                "%d of %d stamps lie some seconds beside their interval and are set right; "
                "see ingest.stamp_tolerance",
                self.seen.beside,
                self.seen.rows,
            )


def bare(name: str) -> str:
    """Return an id without outer blanks, and without the marks that keep a spreadsheet from changing it."""
    bare = name.strip(BLANKS)
    return _GUARDED.sub(r"\1\2", bare)


def _out_of_range(path: Path, time_s: np.ndarray) -> CrocsError:
    """Name the stamp that is farthest from 1970."""
    stamp = time_s[np.argmax(np.abs(time_s.astype(np.float64)))].astype("datetime64[s]")
    return CrocsError(f"{path}: stamp {stamp} is not between 1970 and 2099; mend or remove the line")
