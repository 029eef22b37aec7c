"""Compile kernels, and share their work among threads.

Without the GIL, and without Python's division checks. numba keeps a kernel by the time stamp of its own
file and does not see a change in another file that it calls; so kernels are kept on disk only in a
directory that `machine.compiled` named after the digest of them all. Kernels say in loops what numpy says
in expressions: that compiles several times faster.
"""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numba


def kernel(function: Callable[..., Any], parallel: bool = False) -> Any:
    """Compile a function of arrays for this machine when it is first called."""
    keep = bool(numba.config.CACHE_DIR)  # type: ignore[attr-defined]
    options: dict[str, Any] = {"nogil": True, "error_model": "numpy", "cache": keep, "parallel": parallel}
    return numba.njit(**options)(function)


def parallel_kernel(function: Callable[..., Any]) -> Any:
    """Compile a function whose `numba.prange` loops run on the threads that numba may use."""
    return kernel(function, parallel=True)


def parallel_for(work: Callable[[int], None], parts: Iterable[int], threads: int) -> None:
    """Do all parts of some work, each by the next free thread, so that uneven parts end together."""
    pool = ThreadPoolExecutor(threads)
    try:
        for _ in pool.map(work, parts):
            pass
    finally:  # an interrupt waits for the parts begun, not for all
        pool.shutdown(cancel_futures=True)
