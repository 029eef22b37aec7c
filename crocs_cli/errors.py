"""The kinds of error that a user can mend, with the exit code of each."""


class CrocsError(Exception):
    """What is wrong and what to do, in one line that names the place."""

    exit_code = 1


class CallError(CrocsError):
    """A wrong call or unusable settings."""

    exit_code = 2


class Stopped(BaseException):
    """A signal asked to stop; all finished work is on disk. No `except Exception` of a library keeps it."""

    exit_code = 75

    def __init__(self) -> None:
        super().__init__("stopped by a signal; all finished work is on disk, the same command goes on")
