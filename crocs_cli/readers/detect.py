"""Which format a file has, by what stands at its beginning."""

from __future__ import annotations

import re
import zipfile
import zlib
from pathlib import Path

import pyarrow.parquet as parquet

from crocs_cli.errors import CrocsError
from crocs_cli.readers.readings import Dialect
from crocs_cli.readers.stamps import time_of_day_s
from crocs_cli.readers.text import opened

_GLANCE_BYTES = 1 << 16
_SIGNS = {  # columns that only files of one format have
    "lcl": {"LCLid"},
    "sgsc": {"READING_DATETIME"},
    "sgcc": {"CONS_NO"},
    "opower": {"service_point_id", "usage_value"},
}


def detect(path: Path, dialect: Dialect) -> tuple[str, str]:
    """Return (format, why) of a file; raise CrocsError when it is of none that crocs knows for sure."""
    with opened(path) as file:
        start = file.read(_GLANCE_BYTES)
    if start.startswith(b"PK\x03\x04"):
        start = _zipped(path)
    if start.startswith(b"PAR1"):
        return _by_names(path, [name.strip() for name in parquet.read_schema(path).names], "", dialect)
    lines = [line for line in start.decode("utf-8-sig", errors="replace").splitlines() if line.strip()]
    first, second = (*lines[:2], "", "")[:2]
    if re.match(r"(100,NEM1[23]|200),", first):
        return "nem12", f"its first line begins with {first[:9]}"
    if re.match(r"\s*<", first) and "espi" in start.decode(errors="replace"):
        return "greenbutton", "it is XML in the name space of ESPI"
    if re.fullmatch(r"\d+ \d{5} [\d.]+", first.strip()):
        return "cer", "its lines are meter, five digits and kWh"
    if second.startswith("Customer,Generator Capacity"):
        return "ausgrid", "its second line begins with Customer,Generator Capacity"
    return _by_names(path, _fields(first), second, dialect)


def _zipped(path: Path) -> bytes:
    """Return the beginning of the first file of a zip."""
    try:
        with zipfile.ZipFile(path) as archive, archive.open(archive.namelist()[0]) as member:
            return member.read(_GLANCE_BYTES)
    except (zipfile.BadZipFile, zlib.error, EOFError, IndexError, RuntimeError) as error:
        raise CrocsError(f"{path}: cut short or damaged zip, or a locked one; fetch it again") from error


def _by_names(path: Path, names: list[str], second: str, dialect: Dialect) -> tuple[str, str]:
    """Tell a table's format by its column names, and a matrix by its first row."""
    for form, columns in _SIGNS.items():
        if columns <= set(names):
            return form, f"it has a column {' and '.join(sorted(columns))}"
    if {dialect.consumer, dialect.time, dialect.energy} <= set(names):
        return "long", f"it has columns {dialect.consumer}, {dialect.time} and {dialect.energy}"
    slots = [name for name in names if time_of_day_s(name) is not None]
    if {dialect.consumer, dialect.time} <= set(names) and slots:
        return "wide", f"it has columns {dialect.consumer}, {dialect.time} and {len(slots)} times of day"
    if re.match(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d", second) and names[0] in ("", dialect.time):
        return "matrix", "its first column holds stamps and has no other name"
    shown = ", ".join(map(repr, names[:8]))
    raise CrocsError(
        f"{path}: of no format that is known for sure (it begins {shown}); name it with ingest.reader"
    )


def _fields(line: str) -> list[str]:
    separator = max(",;\t|", key=line.count)
    return [name.strip().strip('"').strip() for name in line.split(separator)]
