"""Measure everything: a table on stdout, build/bench.md for the guide `speed`, build/bench.json for programs.

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
    kept = folder / "bench.json"
    lines = (
        [each for each in json.loads(kept.read_text()) if each["machine"] == machine()]
        if kept.exists()
        else []
    )
    with Peers() as peers:
        for name in sys.argv[1:] or subjects.SUBJECTS:
            found = subjects.SUBJECTS[name](peers)
            print(table(found), flush=True)
            lines = [each for each in lines if each["subject"] != name]
            lines += [{**each, "subject": name, "machine": machine()} for each in found]
            lines.sort(key=lambda each: list(subjects.SUBJECTS).index(each["subject"]))
            kept.write_text(json.dumps(lines, indent=1) + "\n")
            (folder / "bench.md").write_text(f"{table(lines)}\n\n{machine()}\n")


if __name__ == "__main__":
    main()
