"""What the tests of ingest share: a call of crocs in a directory of its own, and the profiles it made."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from crocs_cli.machine import files
from crocs_cli.rundir.layouts import PROFILES
from tests.conftest import Crocs, Outcome

EPOCH = dt.date(1970, 1, 1)
Ingest = Callable[..., Outcome]


@pytest.fixture
def ingest(crocs: Crocs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Ingest:
    """Write a text as readings.csv and ingest it (or other files) into `run`, in an empty directory."""
    monkeypatch.chdir(tmp_path)

    def call(text: str | bytes | None, *arguments: object) -> Outcome:
        if text is not None:
            Path("readings.csv").write_bytes(text.encode() if isinstance(text, str) else text)
        named = [] if text is None else ["readings.csv"]
        return crocs("ingest", "--run", "run", *arguments, *named)

    return call


def profiles(run: Path | str = "run") -> dict[tuple[str, str], np.ndarray]:
    """Return {(consumer, ISO date): energy (slots,)} of a run."""
    found = {}
    for path in sorted(Path(run, "profiles").glob("*.h5")):
        read = files.read(path, PROFILES)
        owner = np.repeat(read["consumer_id"], np.diff(read["day_offset"]))
        for name, day, energy in zip(owner, read["date"], read["energy_kwh"], strict=True):
            found[str(name), str(EPOCH + dt.timedelta(int(day)))] = energy
    return found


def counts(run: Path | str = "run") -> dict[str, dict[str, str]]:
    """Return {consumer: {count: number}} of a run's quality.csv."""
    header, *lines = Path(run, "quality.csv").read_text().splitlines()
    names = header.split(",")
    return {line.split(",")[0]: dict(zip(names, line.split(","), strict=True)) for line in lines}


def long_csv(days: int = 2, consumers: int = 2, minutes: int = 30, first: str = "2013-01-01") -> str:
    """Return a long file whose readings are all different."""
    steps = np.arange(days * 1440 // minutes)
    stamps = np.datetime64(f"{first}T00:00") + steps * np.timedelta64(minutes, "m")
    lines = [
        f"C{c},{str(stamp).replace('T', ' ')},{0.1 + c + step / 1000:.3f}"
        for c in range(consumers)
        for step, stamp in zip(steps, stamps, strict=True)
    ]
    return "\n".join(["id,time,kwh", *lines, ""])
