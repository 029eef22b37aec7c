"""Flat tables as CSV or Parquet files, or workbooks."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet

from crocs_cli.errors import CallError, CrocsError
from crocs_cli.machine.files import write_bytes

ENDINGS = (".csv", ".parquet", ".xlsx")
MOST_ROWS = 1_048_575  # of a workbook, below its header


def write_table(table: pa.Table, path: Path, for_excel: bool = False) -> None:
    """Write a table whole as CSV, Parquet or workbook, by the ending of the name; NaN and infinity as empty.

    For Excel, which takes 13-digit ids for numbers and drops leading zeros, text is written as ="text" and
    the file starts with a byte order mark. Raises CallError for any other ending.
    """
    check_ending(path)
    if path.suffix == ".xlsx":
        return write_bytes(path, _workbook(_empty_if_not_finite(table), path))
    content = io.BytesIO()
    if path.suffix == ".csv":
        content.write(csv_bytes(table, for_excel))
    else:
        pyarrow.parquet.write_table(_empty_if_not_finite(table), content)
    write_bytes(path, content.getvalue())


def csv_bytes(table: pa.Table, for_excel: bool = False) -> bytes:
    """Return a table as CSV, quoted where needed; NaN and infinity as empty cells. See `write_table`."""
    content = io.BytesIO()
    content.write("\ufeff".encode() if for_excel else b"")
    table = _as_formulas(table) if for_excel else table
    style = pyarrow.csv.WriteOptions(quoting_style="needed", quoting_header="none")
    pyarrow.csv.write_csv(_empty_if_not_finite(table), content, style)
    return content.getvalue()


def check_ending(path: Path) -> None:
    """Refuse a name from which the kind of table cannot be told."""
    if path.suffix not in ENDINGS:
        raise CallError(f"{path}: a table ends in .csv, .parquet or .xlsx; `-` is CSV to standard output")


def _workbook(table: pa.Table, path: Path) -> bytes:
    """Return a table as .xlsx, its text as text; the same table gives the same bytes.

    Raises CrocsError without openpyxl, for too many rows, and for text that a workbook cannot hold.
    """
    try:
        from openpyxl import Workbook
        from openpyxl.cell import WriteOnlyCell
        from openpyxl.utils.exceptions import IllegalCharacterError
    except ImportError as error:
        raise CrocsError(
            f"{path}: .xlsx is written by openpyxl; run `pip install 'crocs-cli[xlsx]'`, or name a .csv"
        ) from error
    if table.num_rows > MOST_ROWS:
        raise CrocsError(f"{path}: {table.num_rows} rows, a sheet has {MOST_ROWS}; name a .csv or .parquet")
    book = Workbook(write_only=True)
    sheet = book.create_sheet("crocs")
    sheet.append(table.column_names)
    try:
        for batch in table.to_batches(10_000):
            for row in batch.to_pylist():
                cells = [WriteOnlyCell(sheet, value) for value in row.values()]
                for cell in cells:
                    cell.data_type = "s" if cell.data_type == "f" else cell.data_type  # text is no formula
                sheet.append(cells)
    except IllegalCharacterError as error:
        raise CrocsError(f"{path}: an id has a control character; name a .csv or .parquet") from error
    content = io.BytesIO()
    book.save(content)
    return _without_times(content)


def _without_times(archive: io.BytesIO) -> bytes:
    """Return a workbook without the times at which it and its parts were made."""
    timeless = io.BytesIO()
    with zipfile.ZipFile(archive) as given, zipfile.ZipFile(timeless, "w", zipfile.ZIP_DEFLATED) as made:
        for name in given.namelist():
            if name != "docProps/core.xml":
                made.writestr(zipfile.ZipInfo(name), given.read(name), zipfile.ZIP_DEFLATED)
    return timeless.getvalue()


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
