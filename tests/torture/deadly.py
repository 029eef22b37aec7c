"""Run crocs in a process that meets an end at a moment of its work: before or after a write to the disk.

`python -m tests.torture.deadly RANK END MOMENT ARGUMENT ...` is each rank of a launch; only RANK meets it.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from crocs_cli import __main__
from crocs_cli.machine import team

NEVER = 1 << 30
BEGIN_WITHIN_S = 20.0


def _raise() -> None:
    raise RuntimeError("a mistake, made on purpose")


ENDS: dict[str, Callable[[], None]] = {
    "killed": lambda: os.kill(os.getpid(), signal.SIGKILL),
    "raises": _raise,
    "exits": lambda: os._exit(0),
    "stops": lambda: os.kill(os.getpid(), signal.SIGUSR1),
    "sleeps": lambda: os.kill(os.getpid(), signal.SIGSTOP),
}


def run(arguments: list[str], end: str, moment: int) -> None:
    """Run crocs as from a shell; say on stderr at last how many moments there were."""
    count = 0
    read_or_write = Path.open

    def pass_a_moment() -> None:
        nonlocal count
        count += 1
        if count == moment:
            ENDS[end]()

    def watched(function: Callable[..., object]) -> Callable[..., object]:
        def touch(*given: object, **named: object) -> object:
            if function is read_or_write and "wb" not in given:
                return function(*given, **named)
            pass_a_moment()
            result = function(*given, **named)
            pass_a_moment()
            return result

        return touch

    for place, name in ((Path, "mkdir"), (Path, "open"), (Path, "replace"), (os, "fsync")):
        setattr(place, name, watched(getattr(place, name)))
    team.BEGIN_WITHIN_S = BEGIN_WITHIN_S
    sys.argv = ["crocs", *arguments]
    try:
        __main__.main()
    finally:
        with suppress(OSError):  # a full disk takes no word
            print(f"moments: {count}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    mine = os.environ.get("PMI_RANK") == sys.argv[1]
    run(sys.argv[4:], sys.argv[2], int(sys.argv[3]) if mine else NEVER)
