"""Flat tables as CSV or Parquet files."""

from __future__ import annotations

import io
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet

from crocs_cli.errors import CallError
from crocs_cli.machine.files import write_bytes

ENDINGS = (".csv", ".parquet")


def write_table(table: pa.Table, path: Path, for_excel: bool = False) -> None:
    """Write a table whole as CSV or Parquet, by the ending of the name; NaN and infinity as empty.

    For Excel, which takes 13-digit ids for numbers and drops leading zeros, text is written as ="text" and
    the file starts with a byte order mark. Raises CallError for any other ending.
    """
    check_ending(path)
    content = io.BytesIO()
    if path.suffix == ".csv":
        content.write("\ufeff".encode() if for_excel else b"")
        content.write(csv_bytes(_as_formulas(table) if for_excel else table))
    else:
        pyarrow.parquet.write_table(_empty_if_not_finite(table), content)
    write_bytes(path, content.getvalue())


def csv_bytes(table: pa.Table) -> bytes:
    """Return a table as CSV, quoted where needed; NaN and infinity as empty cells."""
    content = io.BytesIO()
    style = pyarrow.csv.WriteOptions(quoting_style="needed", quoting_header="none")
    pyarrow.csv.write_csv(_empty_if_not_finite(table), content, style)
    return content.getvalue()


def check_ending(path: Path) -> None:
    """Refuse a name from which the kind of table cannot be told."""
    if path.suffix not in ENDINGS:
        raise CallError(f"{path}: a table ends in .csv or .parquet")


def _empty_if_not_finite(table: pa.Table) -> pa.Table:
    for at, field in enumerate(table.schema):
        if pa.types.is_floating(field.type):
            column = table.column(at)
            table = table.set_column(at, field, pc.if_else(pc.is_finite(column), column, None))
    return table


def _as_formulas(table: pa.Table) -> pa.Table:
    """Turn text into formulas that give that very text, quotes in it doubled."""
    for at, field in enumerate(table.schema):
        if pa.types.is_string(field.type) or pa.types.is_dictionary(field.type):
            doubled = pc.replace_substring(table.column(at).cast(pa.string()), '"', '""')
            table = table.set_column(at, field.name, pc.binary_join_element_wise('="', doubled, '"', ""))
    return table
