"""Run the tortures and print the guide's table: `python -m tests.torture [--short] [NAME ...]`."""

from __future__ import annotations

import argparse
import importlib
import sys
import tempfile
import time
from pathlib import Path

from crocs_cli.machine.compiled import keep_kernels

SUBJECTS = (
    "settings",
    "damage",
    "kill",
    "disk",
    "together",
    "launchers",
    "numbers",
    "inputs",
    "offline",
    "memory",
    "versions",
)


def main() -> int:
    """Run the named tortures, or all; return 1 if any promise was broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.torture", description=__doc__)
    parser.add_argument("subjects", nargs="*", metavar="NAME", help=f"of {', '.join(SUBJECTS)}; all without")
    parser.add_argument("--short", action="store_true", help="as few cases as pytest runs")
    parser.add_argument("--cases", type=int, help="how many cases of each, in place of the long number")
    chosen = parser.parse_args()
    keep_kernels()
    rows, broken = [], False
    for name in chosen.subjects or SUBJECTS:
        subject = importlib.import_module(f"tests.torture.{name}")
        start = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="crocs-torture-") as folder:
            cases = chosen.cases or (subject.SHORT if chosen.short else subject.LONG)
            tally = subject.torture(cases, Path(folder))
        minutes = (time.monotonic() - start) / 60
        print(
            f"{name}: {tally.cases} cases, {len(tally.failures)} failures, {minutes:.1f} min", file=sys.stderr
        )
        rows.append(f"| {subject.PROMISE} | {subject.HOW} | {tally.cases:,} | {len(tally.failures)} |")
        broken = broken or bool(tally.failures)
    print("| promise | how tested | cases | failures |\n|---|---|---|---|", *rows, sep="\n")
    return int(broken)


if __name__ == "__main__":
    raise SystemExit(main())
