"""How the kernels are compiled: without the GIL, without Python's division checks, kept on disk where asked.

numba keeps a kernel by the time stamp of its own file and does not see a change in another file that it
calls. So kernels are kept only in a directory that `machine.compiled` named after the digest of them all.
"""

from collections.abc import Callable
from typing import Any

import numba


def kernel(function: Callable[..., Any]) -> Any:
    """Compile a function of arrays for this machine when it is first called."""
    keep = bool(numba.config.CACHE_DIR)  # type: ignore[attr-defined]
    options: dict[str, Any] = {"nogil": True, "error_model": "numpy", "cache": keep}
    return numba.njit(**options)(function)
