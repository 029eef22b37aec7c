"""Messages between the ranks of an MPI launch that cluster together."""

from __future__ import annotations

from typing import Any

import numpy as np


class MpiRanks:
    """The ranks of a communicator, as `maths.ward.ranks` wants them."""

    def __init__(self, comm: Any) -> None:
        self._comm = comm
        self.rank: int = comm.Get_rank()
        self.size: int = comm.Get_size()

    def gather(self, part: np.ndarray) -> list[np.ndarray]:
        """Return every rank's array (length,) of one dtype, in the order of the ranks."""
        lengths = self._comm.allgather(len(part))
        whole = np.empty(sum(lengths), dtype=part.dtype)
        self._comm.Allgatherv(
            np.ascontiguousarray(part).view(np.uint8), [whole.view(np.uint8), _bytes(lengths, part.itemsize)]
        )
        return np.split(whole, np.cumsum(lengths)[:-1])

    def exchange(self, parts: list[np.ndarray]) -> list[np.ndarray]:
        """Send parts[r], (rows, columns) float32, to rank r; return what each rank has sent here."""
        width = parts[0].shape[1]
        coming = self._comm.alltoall([len(part) for part in parts])
        sent = np.concatenate(parts).reshape(-1)
        found = np.empty(sum(coming) * width, dtype=np.float32)
        self._comm.Alltoallv(
            [sent, [len(part) * width for part in parts]], [found, [rows * width for rows in coming]]
        )
        return np.split(found.reshape(-1, width), np.cumsum(coming)[:-1])


def _bytes(lengths: list[int], itemsize: int) -> list[int]:
    return [length * itemsize for length in lengths]
