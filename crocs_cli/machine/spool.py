"""Set records aside by a key: in memory while they are few, else in a nameless file of the run."""

from __future__ import annotations

import os
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import IO

import numpy as np

from crocs_cli.errors import CrocsError

MEMORY_BYTES = 64 << 20  # and as much again while that is being written

Batch = tuple[np.ndarray, np.ndarray]  # records in the order of their keys, and where each key's begin


class Spool:
    """Records, added in batches under keys 0, 1, ... and read back key by key, in the order of adding.

    The file has no name (it is unlinked at once), so that a killed process leaves nothing behind.
    """

    def __init__(self, folder: Path, dtype: np.dtype, memory_bytes: int = MEMORY_BYTES) -> None:
        self._folder, self._dtype, self._limit = folder, dtype, memory_bytes
        self._held: list[Batch] = []
        self._bytes = 0
        self._file: IO[bytes] | None = None
        self._written: dict[int, list[tuple[int, int]]] = defaultdict(list)  # (place, records)
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

    def rows(self, key: int) -> np.ndarray:
        """Return all records of a key; for threads too, once `wait` is over."""
        written, held = self._written.get(key, []), list(_of(key, self._held))
        records = np.empty(sum(size for _, size in written) + sum(map(len, held)), self._dtype)
        end = 0
        for place, size in written:
            self._read(place, records[end : end + size])
            end += size
        for part in held:
            records[end : end + len(part)] = part
            end += len(part)
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
