"""Keep compiled kernels on disk between runs."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from importlib.abc import MetaPathFinder
from pathlib import Path
from types import ModuleType

SOURCES = Path(__file__).parent.parent / "maths"


def keep_kernels_of_numba() -> None:
    """Call `keep_kernels` when numba is first imported: a command without kernels needs no directory."""
    if "numba" not in sys.modules and not any(isinstance(finder, _BeforeNumba) for finder in sys.meta_path):
        sys.meta_path.insert(0, _BeforeNumba())


class _BeforeNumba(MetaPathFinder):
    """Finds no module, but is asked first."""

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> None:
        if name == "numba":
            keep_kernels()
            sys.meta_path.remove(self)


def keep_kernels() -> Path | None:
    """Have numba keep compiled kernels in a directory of their own; call it before numba is imported.

    A directory named in NUMBA_CACHE_DIR comes first; then, in a Slurm job, the node's own disk (TMPDIR), so
    that many ranks do not meet on one network disk; else the user's cache. The last part of the path is the
    digest of all kernel sources and of the compilers' versions: changed code meets no kernels of other code.
    numba itself makes concurrent writes safe. Gives the directory; None where none can be written, and then
    nothing is kept. Raises OSError where the user's own choice cannot be written.
    """
    if chosen := os.environ.get("NUMBA_CACHE_DIR"):
        directory = _made(Path(chosen) if Path(chosen).name == _digest() else Path(chosen) / _digest())
    elif place := _own_place():
        directory = _made(place / _digest())
    else:
        return None
    os.environ["NUMBA_CACHE_DIR"] = str(directory)
    return directory


def must_compile(room: str) -> bool:
    """Return whether the kernels of a module of maths (`dtw`, `wsmd`, `represent`) have not been kept yet."""
    kept = os.environ.get("NUMBA_CACHE_DIR")
    return not kept or not any(Path(kept).rglob(f"{room}.*.nbi"))


def _digest() -> str:
    """Return a name for all kernels as these versions of the compilers make them."""
    from importlib import metadata  # slow to load, and needed with kernels only

    digest = hashlib.sha256("".join(map(metadata.version, ("numba", "llvmlite"))).encode())
    for source in sorted(SOURCES.rglob("*.py")):
        digest.update(source.read_bytes())
    return f"kernels-{digest.hexdigest()[:16]}"


def _made(directory: Path) -> Path:
    """Make a directory for us alone, if it is not there; raise OSError where we may not write in it."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not os.access(directory, os.W_OK | os.X_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(directory))
    return directory


def _own_place() -> Path | None:
    """Find a directory that is ours alone to write: kernels are code that will run as us."""
    places: Sequence[Callable[[], Path]] = (_at_home, _on_node)
    for place in reversed(places) if "SLURM_JOB_ID" in os.environ else places:
        with suppress(OSError, RuntimeError):  # no home, or a disk that is read-only or full
            status = _made(place()).stat()
            if status.st_uid == _user() and not status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
                return place()
    with suppress(OSError):
        return Path(tempfile.mkdtemp(prefix="crocs-"))
    return None


def _at_home() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser()) / "crocs"


def _on_node() -> Path:
    return Path(tempfile.gettempdir()) / f"crocs-{_user()}"


def _user() -> int:
    """Return the number of the user; Windows has none, and says 0 of every file."""
    return os.getuid() if hasattr(os, "getuid") else 0
