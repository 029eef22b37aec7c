"""Load the libraries that only the paper's compared methods need."""

from __future__ import annotations

import importlib
from types import ModuleType

from crocs_cli.errors import CrocsError


def load(module: str) -> ModuleType:
    """Import a module of the `paper` extra; raise CrocsError that says how to install it."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        package = module.split(".")[0]
        raise CrocsError(
            f"crocs paper: {package} is not installed; run `pip install 'crocs-cli[paper]'`"
        ) from error
