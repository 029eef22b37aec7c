"""Measure everything: a table on stdout, build/bench.md for the README, build/bench.json for programs.

Usage: python -m tests.bench [SUBJECT...]
"""

import json
import sys

from crocs_cli.machine.compiled import keep_kernels

keep_kernels()

from tests.bench import subjects  # noqa: E402 - kernels must know their place before numba is there
from tests.bench.measure import ROOT, Peers  # noqa: E402
from tests.bench.table import machine, table  # noqa: E402


def main():
    wanted = sys.argv[1:] or list(subjects.SUBJECTS)
    lines = []
    with Peers() as peers:
        for name in wanted:
            found = subjects.SUBJECTS[name](peers)
            print(table(found), flush=True)
            lines += found
    folder = ROOT / "build"
    folder.mkdir(exist_ok=True)
    (folder / "bench.json").write_text(json.dumps(lines, indent=1) + "\n")
    (folder / "bench.md").write_text(f"{machine()}\n\n{table(lines)}\n")


if __name__ == "__main__":
    main()
