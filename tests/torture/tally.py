"""Count cases and failures; call crocs and say whether it told a fault as it should."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from crocs_cli import __main__
from tests.conftest import Outcome

RIGHT, MENDABLE, WRONG_CALL = 0, 1, 2


@dataclass
class Tally:
    """How many cases were tried, and what went wrong in which."""

    cases: int = 0
    failures: list[str] = field(default_factory=list)

    def case(self, name: str, fault: str = "") -> None:
        """Count one case; a fault that is not empty is a failure."""
        self.cases += 1
        if fault:
            self.failures.append(f"{name}: {fault}")
            print(self.failures[-1], file=sys.__stderr__, flush=True)  # as soon as it is known


def call(*arguments: object) -> Outcome:
    """Call crocs in this process."""
    out = io.TextIOWrapper(io.BytesIO(), "utf-8", "backslashreplace", write_through=True)  # as main has it
    err = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = __main__.run([str(argument) for argument in arguments])
    return Outcome(code, out.buffer.getvalue().decode(), err.getvalue())


def untold(ended: Outcome, codes: tuple[int, ...] = (MENDABLE,), names: str = "") -> str:
    """Say how an end breaks the promise of one line and the right code; empty when it keeps it.

    `names` is what the line must name.
    """
    said = [line for line in ended.err.splitlines() if line.startswith("crocs: ")]
    if "Traceback" in ended.err or "mistake in crocs" in ended.err:
        return f"a traceback: {ended.err.splitlines()[-2:]}"
    if ended.code not in codes:
        return f"code {ended.code}, not {codes}: {ended.err[-300:]!r}"
    if ended.code == RIGHT:
        return ""
    if len(said) != 1 or said[0] != ended.err.splitlines()[-1]:
        return f"not one line at the end: {ended.err[-300:]!r}"
    if names not in said[0]:
        return f"does not name {names}: {said[0][:300]!r}"
    return ""


@contextlib.contextmanager
def inside(folder: Path) -> Iterator[None]:
    """Work in a directory for a while."""
    before = Path.cwd()
    folder.mkdir(parents=True, exist_ok=True)
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)
