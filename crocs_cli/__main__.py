"""Entry point: run the command line, and map every outcome to one line and an exit code."""

from __future__ import annotations

import errno
import gc
import logging
import os
import signal
import stat
import sys
import time
import traceback
import warnings
from contextlib import suppress
from io import TextIOWrapper
from pathlib import Path
from types import FrameType
from typing import TextIO

import click

from crocs_cli.cli import cli
from crocs_cli.errors import STOP_SIGNALS, CrocsError, Stopped, refusal
from crocs_cli.machine.compiled import keep_kernels_of_numba
from crocs_cli.machine.memory import give_back_large
from crocs_cli.machine.team import announced_ranks, world

MENDABLE, WRONG_CALL, STOPPED_EARLY = 1, 2, 75
SIGNALS: dict[type[BaseException], int] = {Stopped: signal.SIGTERM, KeyboardInterrupt: signal.SIGINT}
AGAIN_AFTER_S, HEARD_WITHIN_S = 0.05, 5.0


def main() -> None:
    """Run the command line and end the process with its exit code."""
    _open_closed_streams()
    for number in STOP_SIGNALS:
        signal.signal(number, _stop)  # until files are made; then `work.stopping` finishes the one in hand
    sys.unraisablehook = _send_again
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a name may hold what this terminal cannot show
    logging.basicConfig(
        stream=sys.stderr, level=logging.WARNING, format="%(asctime)s %(message)s", datefmt="%H:%M:%S"
    )
    logging.getLogger("crocs").setLevel(logging.INFO)  # not the libraries' own remarks
    warnings.showwarning = lambda message, *_, **__: logging.getLogger("crocs").warning("%s", message)
    give_back_large()
    code = run(sys.argv[1:])
    if code:
        _end_other_ranks(code)
    gc.freeze()  # or Python would look for cycles in all that it is about to leave: a third of a second
    raise SystemExit(code)


def _open_closed_streams() -> None:
    """Open the null device for every standard stream that is closed, as daemons start programs.

    The next file to be opened would else have its number, and hold whatever a library prints.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open(mode, encoding="utf-8"))  # noqa: SIM115 - stays open


def run(arguments: list[str]) -> int:
    """Run one command; say on stderr how it failed, if it did, and return the exit code."""
    output = sys.stdout
    try:
        keep_kernels_of_numba()
        cli.main(arguments, prog_name="crocs", standalone_mode=False)
        sys.stdout.flush()
    except BrokenPipeError:
        _silence(output)  # the reader of our output left: not our fault
    except click.ClickException as error:
        return _say(error.format_message().replace("\n", " "), WRONG_CALL)
    except (CrocsError, Stopped) as error:
        return _say(str(error), error.exit_code)
    except SystemExit as ended:
        if sys.stdout is output:
            return int(ended.code or 0)  # click answered a shell that asks for completions
        sys.stdout = output  # click wraps it when its reader left, and takes that for a failure
        _silence(output)
    except (KeyboardInterrupt, click.Abort):
        return _say("interrupted; all finished work is on disk, the same command goes on", STOPPED_EARLY)
    except OSError as error:  # where no line of ours knew the cure
        return _refused(error, arguments)
    except MemoryError:
        return _say("out of memory; see `crocs plan`, or give it a larger machine", MENDABLE)
    except BaseException:  # noqa: BLE001 - the last stop of our own mistakes
        return _our_mistake(arguments)
    return 0


def _refused(error: OSError, arguments: list[str]) -> int:
    """Report what the system refused."""
    if error.filename and error.strerror:
        return _say(f"{error.filename}: {error.strerror}; mend that and run again", MENDABLE)
    if error.errno in (errno.EMFILE, errno.ENFILE, errno.ENOMEM):  # of a pipe or a process, which has no name
        return _say(str(refusal(error)), MENDABLE)
    if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return _our_mistake(arguments)
    _silence(sys.stdout)  # of all that is written, only this has no name
    return _say(f"output: {error.strerror}; mend that and run again", MENDABLE)


def _our_mistake(arguments: list[str]) -> int:
    traceback.print_exc()
    call = " ".join(arguments)
    return _say(f"this is a mistake in crocs; please report it with the lines above and `{call}`", 1)


def _say(message: str, code: int) -> int:
    """Print one line on stderr; show as code what would steer a terminal in the names that it quotes."""
    plain = "".join(sign if sign.isprintable() else ascii(sign)[1:-1] for sign in message)
    try:
        click.echo(f"crocs: {plain}", err=True)
    except OSError:  # nobody hears it; the exit code must still be right
        _silence(sys.stderr)
    return code


def _silence(stream: TextIO) -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _stop(_: int, __: FrameType | None) -> None:
    raise Stopped


def _send_again(lost: sys.UnraisableHookArgs) -> None:
    """Send a signal once more whose exception fell where none passes, as in a call from LLVM to Python."""
    number = SIGNALS.get(lost.exc_type)
    if number is None:
        sys.__unraisablehook__(lost)
    else:
        signal.signal(signal.SIGALRM, lambda *_: signal.raise_signal(number))
        signal.setitimer(signal.ITIMER_REAL, AGAIN_AFTER_S)


def _end_other_ranks(code: int) -> None:
    """End all ranks of an MPI launch, so that none waits for this one for ever, not even for it to begin."""
    if announced_ranks() == 1:
        return
    wait_until_heard(sys.stderr)
    with suppress(CrocsError):  # where MPI cannot be loaded, no rank waits
        if world().Get_size() > 1:
            world().Abort(code)


def wait_until_heard(stream: TextIO) -> None:
    """Wait until the launcher has read what was said: of a launch that is aborted, it drops the rest."""
    stream.flush()
    try:
        import fcntl
        import termios
    except ImportError:  # Windows does not tell what is read
        return
    if not stat.S_ISFIFO(os.fstat(stream.fileno()).st_mode):
        return
    end = time.monotonic() + HEARD_WITHIN_S
    while any(fcntl.ioctl(stream.fileno(), termios.FIONREAD, bytes(4))) and time.monotonic() < end:
        time.sleep(0.005)


if __name__ == "__main__":
    main()
