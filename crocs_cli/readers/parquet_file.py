"""Parquet files: their columns brought to the types that the same columns of a CSV file would have."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as compute
import pyarrow.parquet as parquet

from crocs_cli.errors import CrocsError, refusal
from crocs_cli.readers.table import Kind, Part, Table, arrow_type, stamp_fault

BATCH_ROWS = 1 << 18
FIELD_BYTES, BESIDE_BYTES = 256, 1 << 20


def open_parquet(path: Path, stamp_format: str | None) -> Table:
    """Open a Parquet file; raise CrocsError for one that is cut short or damaged."""
    try:
        schema = parquet.read_schema(path)
    except (pa.ArrowInvalid, OSError) as error:
        raise _fault(path, error) from error
    stored = {name.strip(): name for name in schema.names}

    def parts(kinds: Mapping[str, Kind]) -> Iterator[Part]:
        texts = [stored[n] for n, kind in kinds.items() if kind == "id" and _is_text(schema.field(stored[n]))]
        start = 0
        try:
            file = parquet.ParquetFile(
                path, read_dictionary=texts, pre_buffer=False, page_checksum_verification=True
            )
            _check_sizes(path, file.metadata, {stored[name] for name in kinds})
            for batch in file.iter_batches(BATCH_ROWS, columns=[stored[name] for name in kinds]):
                place = _row_place(path, start)
                yield Part(
                    {
                        name: _converted(batch[stored[name]], kind, name, place, stamp_format)
                        for name, kind in kinds.items()
                    },
                    place,
                )
                start += batch.num_rows
        except (pa.ArrowInvalid, OSError) as error:
            raise _fault(path, error) from error

    return Table(path, tuple(name.strip() for name in schema.names), parts)


def _fault(path: Path, error: Exception) -> CrocsError:
    damaged = "not a whole Parquet file (cut short or damaged); fetch it again"
    return CrocsError(f"{path}: {refusal(error, 'name a readable file') or damaged}")


def _check_sizes(path: Path, metadata: parquet.FileMetaData, wanted: set[str]) -> None:
    """Refuse columns whose fields would fill the memory once unpacked."""
    for group in map(metadata.row_group, range(metadata.num_row_groups)):
        most = FIELD_BYTES * group.num_rows + BESIDE_BYTES
        for column in map(group.column, range(group.num_columns)):
            if column.path_in_schema in wanted and column.total_uncompressed_size > most:
                raise CrocsError(
                    f"{path}: column {column.path_in_schema!r} holds more than {FIELD_BYTES} bytes a row; "
                    "name the right column, or mend the file"
                )


def _row_place(path: Path, start: int) -> Callable[[int], str]:
    return lambda row: f"{path}: row {start + row + 1}"


def _converted(
    array: pa.Array, kind: Kind, name: str, place: Callable[[int], str], stamp_format: str | None
) -> pa.Array:
    """Bring a Parquet column to the type that the same column of a CSV file would have."""
    if kind == "id":
        if pa.types.is_dictionary(array.type):
            return array.cast(pa.dictionary(pa.int32(), pa.string()))
        return array.cast(pa.string()).dictionary_encode()
    if kind == "stamp" and pa.types.is_timestamp(array.type):
        return array
    if kind == "stamp" and not (_is_text(array) or pa.types.is_null(array.type)):
        raise CrocsError(f"{place(0)}: column {name!r} holds {array.type}, not a stamp; store timestamps")
    target = arrow_type(kind, next((str(v) for v in array[:1].to_pylist()), ""))
    try:
        if kind == "stamp" and stamp_format and _is_text(array):
            return compute.strptime(array, stamp_format, "ns")
        return array.cast(target)
    except pa.ArrowInvalid as error:
        row, text = _first_unreadable(array, target)
        fault = (
            stamp_fault(name, text, stamp_format) if kind == "stamp" else f"{name} {text!r} is not a number"
        )
        raise CrocsError(f"{place(row)}: {fault}") from error
    except pa.ArrowNotImplementedError as error:
        raise CrocsError(f"{place(0)}: column {name!r} holds {array.type}, not a {kind}") from error


def _first_unreadable(array: pa.Array, target: pa.DataType) -> tuple[int, str]:
    for row, value in enumerate(array):
        try:
            value.cast(target)
        except pa.ArrowInvalid:
            return row, str(value)[:40]
    return 0, str(array[0])[:40]


def _is_text(field: pa.Field | pa.Array) -> bool:
    return pa.types.is_string(field.type) or pa.types.is_large_string(field.type)
