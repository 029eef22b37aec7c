"""The kinds of error that a user can mend, with the exit code of each, and what the system refuses."""

import errno
import os
import re
import signal

#: signals that ask to stop; Windows has only the first
STOP_SIGNALS = [getattr(signal, name) for name in ("SIGTERM", "SIGUSR1") if hasattr(signal, name)]


class CrocsError(Exception):
    """An error that a user can mend: one line with the place, the fault and the cure."""

    exit_code = 1


class CallError(CrocsError):
    """A wrong call or unusable settings."""

    exit_code = 2


class Stopped(BaseException):
    """A signal asked to stop; all finished work is on disk. No `except Exception` of a library keeps it."""

    exit_code = 75

    def __init__(self) -> None:
        super().__init__("stopped by a signal; all finished work is on disk, the same command goes on")


_IN_USE = (
    "in use by another program; close it there and run again "
    "(if nothing writes to it, HDF5_USE_FILE_LOCKING=FALSE passes over its lock)"
)
_HELD = (errno.EAGAIN, errno.EDEADLK, errno.EACCES)  # numbers of a lock that another program holds
_CURES = {
    errno.EAGAIN: _IN_USE,
    errno.EDEADLK: _IN_USE,
    errno.EBUSY: _IN_USE,
    errno.ENOLCK: (
        "its file system gives no locks; if nothing writes to it, run again with HDF5_USE_FILE_LOCKING=FALSE"
    ),
    errno.EIO: "its disk did not give its bytes (input/output error); look after the disk and run again",
    errno.ESTALE: "another machine moved or replaced it meanwhile; run again",
    errno.EMFILE: "this process may not open more files; raise `ulimit -n` and run again",
    errno.ENFILE: "this machine may not open more files; end other programs and run again",
    errno.ENOMEM: "no memory is left; end other programs and run again",
    errno.EACCES: "no permission to read it; change its rights",
    errno.EPERM: "no permission to read it; change its rights",
}


def refusal(error: BaseException, cure: str = "mend that and run again") -> str | None:
    """Return what the system refused a reader, and the cure; None where it refused nothing.

    `cure` is for refusals that have no cure of their own here. Some errors of HDF5 name the number of the
    system's error in their text alone.
    """
    text = str(error)
    named = re.search(r"\berrno = (\d+)", text)
    number = getattr(error, "errno", None) or (int(named[1]) if named else None)
    if "unable to lock file" in text:
        number = errno.EAGAIN if number in _HELD else errno.ENOLCK
    if number is None and re.search(r"allocation failed|can't allocate", text):
        number = errno.ENOMEM
    return None if number is None else _CURES.get(number, f"{os.strerror(number).lower()}; {cure}")
