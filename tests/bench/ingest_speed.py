"""How many readings a second ingest takes in, and in how much memory, from files in either order.

    python -m tests.bench.ingest_speed --readings 100e6 --folder /tmp/readings

Makes the files if they are not there: Parquet and CSV, ordered by time and by consumer. Each ingest is a
process of its own; with --limit-mb its data is limited by the kernel (RLIMIT_DATA), and pyarrow is told to
use the system's allocator, for its own reserves a gigabyte that it does not touch. Prints a table.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import sys
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as csv
import pyarrow.parquet as parquet

DAYS, SLOTS = 365, 48
PER_CONSUMER = DAYS * SLOTS
FIRST = np.datetime64("2013-01-01T00:00:00")
ROWS = 1 << 20
SCHEMA = pa.schema([("id", pa.string()), ("time", pa.timestamp("s")), ("kwh", pa.float64())])


def table(first: int, end: int, consumers: int, order: str) -> pa.Table:
    """Return some rows of the file: reading number n is the same in either order of rows."""
    row = np.arange(first, end)
    consumer, interval = divmod(row, PER_CONSUMER) if order == "consumer" else divmod(row, consumers)[::-1]
    kwh = ((consumer * 7919 + interval * 104_729) % 4001) / 1000
    names = pa.array([f"MAC{i:06d}" for i in range(consumers)])
    ids = pa.DictionaryArray.from_arrays(pa.array(consumer.astype(np.int32)), names)
    stamps = FIRST + interval * np.timedelta64(1800, "s")
    return pa.table([ids.cast(pa.string()), stamps, kwh], schema=SCHEMA)


def make(path: Path, consumers: int, order: str) -> None:
    """Write one file of readings, piece by piece."""
    rows = consumers * PER_CONSUMER
    beside = path.with_suffix(".part")
    kind = parquet.ParquetWriter if path.suffix == ".parquet" else csv.CSVWriter
    with kind(beside, SCHEMA) as writer:
        for first in range(0, rows, ROWS):
            writer.write_table(table(first, min(first + ROWS, rows), consumers, order))
    beside.rename(path)


def measured(path: Path, run: Path, limit_mb: int | None) -> dict[str, float]:
    """Ingest one file in a process of its own; return seconds, CPU seconds and peak memory."""
    start = time.monotonic()
    child = os.fork()
    if not child:
        if limit_mb:
            os.environ |= {"ARROW_DEFAULT_MEMORY_POOL": "system", "MALLOC_ARENA_MAX": "2"}
            resource.setrlimit(resource.RLIMIT_DATA, (limit_mb << 20, limit_mb << 20))
        os.execv(sys.executable, [sys.executable, "-m", "crocs_cli", "ingest", "--run", str(run), str(path)])
    _, status, usage = os.wait4(child, 0)
    if status:
        raise SystemExit(f"{path}: ingest ended with {status}")
    return {
        "seconds": time.monotonic() - start,
        "cpu_seconds": usage.ru_utime + usage.ru_stime,
        "peak_gb": usage.ru_maxrss / (1 << 20),
    }


def main() -> None:
    """Make the files, ingest each, print the figures, and leave them as JSON beside the files."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--readings", type=float, default=10e6)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--limit-mb", type=int)
    parser.add_argument("--only", default="")
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    consumers = round(given.readings / PER_CONSUMER)
    figures = []
    for name in (f"{order}.{kind}" for kind in ("parquet", "csv") for order in ("time", "consumer")):
        if given.only not in name:
            continue
        path, run = given.folder / f"{consumers}-by-{name}", given.folder / "run"
        if not path.exists():
            make(path, consumers, name.split(".")[0])
        shutil.rmtree(run, ignore_errors=True)
        found = measured(path, run, given.limit_mb)
        rate = consumers * PER_CONSUMER / found["seconds"] / 1e6
        figures.append({"name": name, "limit_mb": given.limit_mb, "million_a_second": rate, **found})
        print(f"{name:17} {rate:6.2f} M/s", *(f"{key} {value:.2f}" for key, value in found.items()))
    (given.folder / "ingest_speed.json").write_text(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
