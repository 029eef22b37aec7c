"""CROCS: segment electricity consumers by how they use energy, from their smart-meter readings.

The names below are the Python API, described in the guide `crocs guide python`. They are loaded when they are
first used, so that `import crocs_cli` costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from crocs_cli.api import Crocs as Crocs
    from crocs_cli.api import dtw_distances as dtw_distances
    from crocs_cli.api import open_run as open_run
    from crocs_cli.api import wsmd as wsmd
    from crocs_cli.errors import CrocsError as CrocsError

__version__ = "0.1.0"
__all__ = ["Crocs", "CrocsError", "__version__", "dtw_distances", "open_run", "wsmd"]


def __getattr__(name: str) -> object:
    """Load the API when one of its names is first used."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from crocs_cli.machine.compiled import keep_kernels_of_numba

    keep_kernels_of_numba()  # before numba is loaded
    from crocs_cli import api

    return getattr(api, name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
