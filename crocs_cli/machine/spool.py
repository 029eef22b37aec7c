"""Set arrays aside by a key: in memory while they are few, else in a nameless file of the run."""

from __future__ import annotations

import os
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import IO

import numpy as np

from crocs_cli.errors import CrocsError

MEMORY_BYTES = 64 << 20  # and as much again while that is being written

Columns = tuple[np.ndarray, ...]


class Spool:
    """Columns of rows, added piece by piece under whole-number keys and read back in the order of adding.

    The file has no name (it is unlinked at once), so that a killed process leaves nothing behind.
    """

    def __init__(self, folder: Path, memory_bytes: int = MEMORY_BYTES) -> None:
        self._folder, self._limit = folder, memory_bytes
        self._held: dict[int, list[Columns]] = defaultdict(list)
        self._bytes = 0
        self._file: IO[bytes] | None = None
        self._written: dict[int, list[tuple[int, int]]] = defaultdict(list)  # (place, rows)
        self._types: Sequence[np.dtype] = ()
        self._pool = ThreadPoolExecutor(1)
        self._writing: Future[None] | None = None

    def __enter__(self) -> Spool:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.shutdown()
        if self._file is not None:
            with suppress(OSError):  # what a full disk did not take; it has been said already
                self._file.close()

    def add(self, key: int, columns: Columns) -> None:
        """Set some rows aside; all calls give columns of the same types."""
        self._types = [column.dtype for column in columns]
        self._held[key].append(columns)
        self._bytes += sum(column.nbytes for column in columns)
        if self._bytes > self._limit:
            self.wait()
            self._writing = self._pool.submit(self._write, self._held)
            self._held, self._bytes = defaultdict(list), 0

    def wait(self) -> None:
        """Wait until what is being written is on disk; raise CrocsError when it could not be."""
        if self._writing is not None:
            writing, self._writing = self._writing, None
            writing.result()

    def rows(self, key: int) -> Columns:
        """Return all rows of a key, each column whole; for threads too, once `wait` is over."""
        pieces = [self._read(place, rows) for place, rows in self._written.get(key, ())]
        pieces += self._held.get(key, ())
        return tuple(np.concatenate(parts) for parts in zip(*pieces, strict=True))

    def _write(self, held: dict[int, list[Columns]]) -> None:
        try:
            if self._file is None:
                self._folder.mkdir(parents=True, exist_ok=True)
                self._file = tempfile.TemporaryFile(dir=self._folder)  # noqa: SIM115 - lives as long as we do
            for key, pieces in held.items():
                columns = [np.concatenate(parts) for parts in zip(*pieces, strict=True)]
                self._written[key].append((self._file.tell(), len(columns[0])))
                for column in columns:
                    self._file.write(column.data)
            self._file.flush()
        except OSError as error:
            raise CrocsError(
                f"{self._folder}: readings cannot be set aside ({error.strerror}); mend that and run again"
            ) from error

    def _read(self, place: int, rows: int) -> Columns:
        if self._file is None:
            raise ValueError("nothing was written")
        columns = []
        for dtype in self._types:
            columns.append(np.frombuffer(os.pread(self._file.fileno(), rows * dtype.itemsize, place), dtype))
            place += rows * dtype.itemsize
        return tuple(columns)
