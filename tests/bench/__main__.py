"""Measure everything: a table on stdout, build/bench.md for the README, build/bench.json for programs.

Usage: python -m tests.bench [SUBJECT...]
Subjects that are left out keep what was measured before on this machine with these versions.
"""

import json
import sys

from crocs_cli.machine.compiled import keep_kernels

keep_kernels()

from tests.bench import subjects  # noqa: E402 - kernels must know their place before numba is there
from tests.bench.measure import ROOT, Peers  # noqa: E402
from tests.bench.table import machine, table  # noqa: E402


def main():
    folder = ROOT / "build"
    folder.mkdir(exist_ok=True)
    known = folder / "bench.json"
    before = json.loads(known.read_text()) if known.exists() else {}
    found = (
        before if isinstance(before, dict) and before.get("machine") == machine() else {"machine": machine()}
    )
    with Peers() as peers:
        for name in sys.argv[1:] or subjects.SUBJECTS:
            found[name] = subjects.SUBJECTS[name](peers)
            print(table(found[name]), flush=True)
            known.write_text(json.dumps(found, indent=1) + "\n")
            lines = [line for subject in subjects.SUBJECTS for line in found.get(subject, [])]
            (folder / "bench.md").write_text(f"{table(lines)}\n\n{machine()}\n")


if __name__ == "__main__":
    main()
