"""How things are timed: by CPU, in turns, so that another job on the machine hits all alike."""

import json
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parent.parent.parent
PEERS = ROOT / ".venv-peers" / "bin" / "python"


@contextmanager
def folder_for_runs(kept: Path | None) -> Iterator[Path]:
    """Give the folder that is to be kept, or one that is removed in the end."""
    if kept is not None:
        yield kept
    else:
        with tempfile.TemporaryDirectory(prefix="crocs-bench-") as folder:
            yield Path(folder)


def cpu_seconds(work):
    started = time.process_time()
    work()
    return time.process_time() - started


def in_turns(jobs, rounds=5):
    """Run all jobs (name -> function giving CPU seconds) in turns; give the medians by name."""
    taken = {name: [] for name in jobs}
    for _ in range(rounds):
        for name, job in jobs.items():
            taken[name].append(job())
    return {name: float(np.median(seconds)) for name, seconds in taken.items()}


def ours(work):
    """Make a job of our own work, compiled before it is timed."""
    work()
    return lambda: cpu_seconds(work)


class Peers:
    """The independent programs, in an environment and a process of their own."""

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="crocs-bench-")
        self.process = subprocess.Popen(
            [PEERS, "-W", "ignore", ROOT / "tests" / "peers" / "timings.py"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait()
        self.folder.cleanup()

    def data(self, name, **arrays):
        path = Path(self.folder.name) / f"{name}.npz"
        np.savez(path, **arrays)
        return str(path)

    def call(self, job, data):
        """Give the CPU seconds and the results of one job."""
        self.process.stdin.write(json.dumps({"job": job, "data": data}) + "\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        return answer["seconds"], dict(np.load(answer["result"]))

    def job(self, job, data):
        return lambda: self.call(job, data)[0]
