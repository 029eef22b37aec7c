"""Results as flat tables for other programs."""

from __future__ import annotations

import io
from pathlib import Path

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from crocs_cli.errors import CallError
from crocs_cli.machine.files import write_bytes
from crocs_cli.machine.run import partition_labels

ENDINGS = (".csv", ".parquet")


def consumers(run: Path, clusters: int) -> pa.Table:
    """Return the table consumer_id (text), cluster (int32, 1 is the largest)."""
    consumer_id, label = partition_labels(run, clusters)
    return pa.table(
        {"consumer_id": pa.array(consumer_id, pa.string()), "cluster": pa.array(label + 1, pa.int32())}
    )


def write_table(table: pa.Table, path: Path) -> None:
    """Write a table whole as CSV or Parquet, by the ending of the name.

    Raises CallError for any other ending.
    """
    check_ending(path)
    content = io.BytesIO()
    if path.suffix == ".csv":
        pyarrow.csv.write_csv(
            table, content, pyarrow.csv.WriteOptions(quoting_style="needed", quoting_header="needed")
        )
    else:
        pyarrow.parquet.write_table(table, content)
    write_bytes(path, content.getvalue())


def check_ending(path: Path) -> None:
    """Refuse a name from which the kind of table cannot be told."""
    if path.suffix not in ENDINGS:
        raise CallError(f"{path}: a table ends in .csv or .parquet")
