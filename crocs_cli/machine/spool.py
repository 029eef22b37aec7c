"""Set records aside by a key: in memory while they are few, else in a nameless file of the run."""

from __future__ import annotations

import os
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import IO

import numpy as np

from crocs_cli.errors import CrocsError

MEMORY_BYTES = 64 << 20  # and as much again while that is being written

Batch = tuple[np.ndarray, np.ndarray]  # records in the order of their keys, and where each key's begin
Part = np.ndarray | tuple[int, int]  # records of a key: held, or their place in the file and their number


class Spool:
    """Records, added in batches under keys 0, 1, ... and read back key by key, in the order of adding.

    The file has no name (it is unlinked at once), so that a killed process leaves nothing behind.
    """

    def __init__(self, folder: Path, dtype: np.dtype, memory_bytes: int = MEMORY_BYTES) -> None:
        self._folder, self._dtype, self._limit = folder, dtype, memory_bytes
        self._held: list[Batch] = []
        self._bytes = 0
        self._file: IO[bytes] | None = None
        self._written: dict[int, list[Part]] = defaultdict(list)
        self._pool = ThreadPoolExecutor(1)
        self._writing: Future[None] | None = None

    def __enter__(self) -> Spool:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.submit(self._close)  # which takes the system a while: nobody waits for it
        self._pool.shutdown(wait=False)

    def add(self, records: np.ndarray, first: np.ndarray) -> None:
        """Set records aside, those of key k from first[k] to first[k + 1]; all calls give the same type."""
        self._held.append((records, first))
        self._bytes += records.nbytes
        if self._bytes > self._limit:
            self.wait()
            self._writing = self._pool.submit(self._write, self._held)
            self._held, self._bytes = [], 0

    def wait(self) -> None:
        """Wait until what is being written is on disk; raise CrocsError when it could not be."""
        if self._writing is not None:
            writing, self._writing = self._writing, None
            writing.result()

    def rows(self, key: int) -> Callable[[], Iterable[np.ndarray]]:
        """Return what gives all records of a key in pieces, as often as it is called.

        One piece is kept; several, of more than `memory_bytes` together, are read each time. For threads too,
        once `wait` is over.
        """
        pieces: list[list[Part]] = [[]]
        for part in (*self._written.get(key, ()), *_of(key, self._held)):
            if sum(map(_count, pieces[-1])) * self._dtype.itemsize > self._limit:
                pieces.append([])
            pieces[-1].append(part)
        if len(pieces) > 1:
            return lambda: map(self._joined, pieces)
        whole = self._joined(pieces[0])
        return lambda: [whole]

    def _joined(self, parts: Sequence[Part]) -> np.ndarray:
        records = np.empty(sum(map(_count, parts)), self._dtype)
        end = 0
        for part in parts:
            piece = records[end : end + _count(part)]
            if isinstance(part, np.ndarray):
                piece[:] = part
            else:
                self._read(part[0], piece)
            end += len(piece)
        return records

    def _close(self) -> None:
        if self._file is not None:
            with suppress(OSError):  # what a full disk did not take; it has been said already
                self._file.close()

    def _write(self, held: list[Batch]) -> None:
        try:
            if self._file is None:
                self._folder.mkdir(parents=True, exist_ok=True)
                self._file = tempfile.TemporaryFile(dir=self._folder)  # noqa: SIM115 - lives as long as we do
            for key in range(max(len(first) for _, first in held) - 1):
                place = self._file.tell()
                self._file.writelines(records.data for records in _of(key, held))
                if self._file.tell() > place:
                    self._written[key].append((place, (self._file.tell() - place) // self._dtype.itemsize))
            self._file.flush()
        except OSError as error:
            raise CrocsError(
                f"{self._folder}: readings cannot be set aside ({error.strerror}); mend that and run again"
            ) from error

    def _read(self, place: int, records: np.ndarray) -> None:
        if self._file is None:
            raise ValueError("nothing was written")
        os.preadv(self._file.fileno(), [records.data], place)


def _of(key: int, batches: list[Batch]) -> Iterator[np.ndarray]:
    """Yield the records of a key, batch by batch."""
    for records, first in batches:
        if key + 1 < len(first) and first[key] < first[key + 1]:
            yield records[first[key] : first[key + 1]]


def _count(part: Part) -> int:
    return len(part) if isinstance(part, np.ndarray) else part[1]
