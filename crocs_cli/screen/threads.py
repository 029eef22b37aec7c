"""Keep the screening within the threads that its process may use."""

from __future__ import annotations

import numba
import pyarrow

from crocs_cli.machine.threads import available_threads


def use_given_threads() -> None:
    """Limit kernels and readers of tables to the threads that this process was given.

    Each row is one thread's, so the bytes do not depend on the number of threads.
    """
    threads = available_threads()
    numba.set_num_threads(min(threads, numba.config.NUMBA_NUM_THREADS))  # type: ignore[attr-defined]
    pyarrow.set_cpu_count(threads)
