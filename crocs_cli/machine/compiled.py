"""Where compiled kernels are kept between runs."""

import hashlib
import os
import stat
import tempfile
from pathlib import Path

SOURCES = Path(__file__).parent.parent / "maths"


def keep_kernels() -> Path:
    """Have numba keep compiled kernels in a directory of their own; call it before numba is imported.

    A directory named in NUMBA_CACHE_DIR comes first; then, in a Slurm job, the node's own disk (TMPDIR), so
    that many ranks do not meet on one network disk; else the user's cache. The last part of the path is the
    digest of all kernel sources, so that changed code never meets the kernels of the code before. numba
    itself makes concurrent writes safe. Gives the directory.
    """
    directory = Path(os.environ.get("NUMBA_CACHE_DIR") or _own_place())
    if directory.name != _digest():
        directory /= _digest()
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.environ["NUMBA_CACHE_DIR"] = str(directory)
    return directory


def must_compile(room: str) -> bool:
    """Say whether the kernels of a module of maths (`dtw`, `wsmd`, `represent`) have not been kept yet."""
    kept = os.environ.get("NUMBA_CACHE_DIR")
    return not kept or not any(Path(kept).rglob(f"{room}.*.nbi"))


def _digest() -> str:
    digest = hashlib.sha256()
    for source in sorted(SOURCES.rglob("*.py")):
        digest.update(source.read_bytes())
    return f"kernels-{digest.hexdigest()[:16]}"


def _own_place() -> Path:
    """Find a directory that is ours alone to write: kernels are code that will run as us."""
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser()) / "crocs"
    node = Path(tempfile.gettempdir()) / f"crocs-{os.getuid()}"
    for place in (node, home) if "SLURM_JOB_ID" in os.environ else (home, node):
        try:
            place.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError:  # no home, or a disk that is read-only or full: the next place may do
            continue
        status = place.stat()
        if status.st_uid == os.getuid() and not status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            return place
    return Path(tempfile.mkdtemp(prefix="crocs-"))
