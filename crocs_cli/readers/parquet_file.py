"""Read Parquet files; columns get the types that the same columns of a CSV file would have."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as compute
import pyarrow.parquet as parquet

from crocs_cli.errors import CrocsError, refusal
from crocs_cli.readers import numerals, stamps
from crocs_cli.readers.readings import Writing
from crocs_cli.readers.table import Kind, Part, Table, arrow_type
from crocs_cli.readers.text import on_disk

BATCH_ROWS = 1 << 18
_SETTINGS = {
    "id": "ingest.columns.consumer",
    "stamp": "ingest.columns.time",
    "number": "ingest.columns.energy",
    "text": "a setting of ingest.columns",
}
FIELD_BYTES, BESIDE_BYTES = 256, 1 << 20


def open_parquet(path: Path, writing: Writing) -> Table:
    """Open a Parquet file; raise CrocsError for one that is cut short or damaged."""
    try:
        with on_disk(path) as source:
            schema = parquet.read_schema(source)
    except (pa.ArrowInvalid, OSError) as error:
        raise _fault(path, error) from error
    stored = {name.strip(): name for name in schema.names}

    def parts(kinds: Mapping[str, Kind]) -> Iterator[Part]:
        names = [stored[name] for name in kinds]
        texts = [name for name in names if _is_text(schema.field(name).type)]
        ids = [name for name, kind in zip(names, kinds.values(), strict=True) if kind == "id"]
        start = 0
        for batch in _batches(path, names, [name for name in ids if name in texts]):
            place = _row_place(path, start)
            fields = {n: _Field(batch[stored[n]], kind, n, place, writing) for n, kind in kinds.items()}
            yield Part({name: _converted(field) for name, field in fields.items()}, place)
            start += batch.num_rows

    return Table(path, tuple(name.strip() for name in schema.names), parts)


def _batches(path: Path, names: list[str], as_dictionaries: list[str]) -> Iterator[pa.RecordBatch]:
    """Yield the rows of some columns of a Parquet file; raise CrocsError where it is damaged."""
    try:
        with on_disk(path) as source:
            file = parquet.ParquetFile(
                source, read_dictionary=as_dictionaries, pre_buffer=False, page_checksum_verification=True
            )
            _check_sizes(path, file.metadata, set(names))
            yield from file.iter_batches(BATCH_ROWS, columns=names)
    except (pa.ArrowInvalid, OSError) as error:
        raise _fault(path, error) from error


def _fault(path: Path, error: Exception) -> CrocsError:
    damaged = "not a whole Parquet file (cut short or damaged); fetch it again"
    return CrocsError(f"{path}: {refusal(error, 'name a readable file') or damaged}")


def _check_sizes(path: Path, metadata: parquet.FileMetaData, wanted: set[str]) -> None:
    """Refuse columns whose fields would fill the memory once unpacked."""
    for name in columns_of_long_fields(metadata):
        if name in wanted:
            raise CrocsError(
                f"{path}: column {name!r} holds more than {FIELD_BYTES} bytes a row; "
                "name the right column, or mend the file"
            )


def columns_of_long_fields(metadata: parquet.FileMetaData) -> set[str]:
    """Return the columns whose fields are longer than those of readings."""
    found: set[str] = set()
    for group in map(metadata.row_group, range(metadata.num_row_groups)):
        most = FIELD_BYTES * group.num_rows + BESIDE_BYTES
        columns = map(group.column, range(group.num_columns))
        found |= {column.path_in_schema for column in columns if column.total_uncompressed_size > most}
    return found


def _row_place(path: Path, start: int) -> Callable[[int], str]:
    return lambda row: f"{path}: row {start + row + 1}"


@dataclass(frozen=True)
class _Field:
    """Column of a batch, the kind it is to have, and how texts in it are written."""

    array: pa.Array
    kind: Kind
    name: str
    place: Callable[[int], str]
    writing: Writing

    def refuse(self, cure: str) -> CrocsError:
        """Return the error of a column of a wrong type."""
        path = self.place(0).rpartition(":")[0]
        holds = {"id": "no ids", "stamp": "no stamps", "number": "no numbers", "text": "no texts"}[self.kind]
        return CrocsError(f"{path}: column {self.name!r} holds {_words(self.array.type)}, {holds}; {cure}")


def _words(kind: pa.DataType) -> str:
    """Return the name of a type for messages; nested ones without what is in them."""
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return "lists"
    return "structs" if pa.types.is_nested(kind) else str(kind)


def _converted(field: _Field) -> pa.Array:
    """Bring a Parquet column to the type that the same column of a CSV file would have."""
    array = field.array
    if isinstance(array.type, pa.UuidType):
        array = _uuid_texts(array)
    elif isinstance(array, pa.ExtensionArray):
        array = array.storage
    if pa.types.is_dictionary(array.type) and not (field.kind == "id" and _is_text(array.type.value_type)):
        array = array.dictionary_decode()
    field = replace(field, array=array)
    cure = f"name the right column with {_SETTINGS[field.kind]}"
    if pa.types.is_nested(array.type):
        raise field.refuse(cure)
    try:
        return {"id": _ids, "stamp": _stamps, "number": _numbers, "text": _texts}[field.kind](field)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise field.refuse(cure) from error


def _ids(field: _Field) -> pa.Array:
    if pa.types.is_dictionary(field.array.type):
        return field.array.cast(pa.dictionary(pa.int32(), pa.string()))
    return _texts(field).dictionary_encode()


def _texts(field: _Field) -> pa.Array:
    """Return a column as text: whole floats without a point, midnights as dates, times without fractions."""
    array = field.array
    if pa.types.is_floating(array.type):
        values = array.cast(pa.float64()).to_numpy(zero_copy_only=False)
        known = values[~np.isnan(values)]
        if (known == np.floor(known)).all() and (np.abs(known) < 2**53).all():
            array = pa.array(np.nan_to_num(values).astype(np.int64), mask=np.isnan(values))
    elif pa.types.is_timestamp(array.type):
        days = array.cast(pa.date32(), safe=False)
        midnights = compute.all(compute.equal(days.cast(array.type), array), min_count=0).as_py()
        array = days if midnights else array
    elif pa.types.is_time(array.type):
        array = array.cast(pa.time32("s"), safe=False)
    return array.cast(pa.string())


def _stamps(field: _Field) -> pa.Array:
    array, form = field.array, field.writing.stamp_format
    if pa.types.is_timestamp(array.type):
        return array
    if pa.types.is_date(array.type) or pa.types.is_null(array.type):
        return array.cast(pa.timestamp("s"))
    if not _is_text(array.type):
        if form not in stamps.EPOCHS:
            raise field.refuse("store timestamps, or set ingest.stamp_format to epoch-s or epoch-ms")
        array = _texts(field)
    if form is None:
        first = next((str(value) for value in array[:1].to_pylist()), "")
        try:
            return array.cast(arrow_type("stamp", first))
        except pa.ArrowInvalid:
            pass  # the text reader knows more forms, and which row is at fault
    return stamps.from_text(array, form, field.name, field.place)


def _numbers(field: _Field) -> pa.Array:
    if _is_text(field.array.type):
        return numerals.from_text(field.array, field.writing, field.name, field.place)
    return field.array.cast(pa.float64())


def _uuid_texts(array: pa.Array) -> pa.Array:
    """Return UUIDs as text, each distinct one made once."""
    encoded = array.storage.dictionary_encode()
    names = [str(uuid.UUID(bytes=value)) for value in encoded.dictionary.to_pylist()]
    return pa.DictionaryArray.from_arrays(encoded.indices, pa.array(names, pa.string()))


def _is_text(kind: pa.DataType) -> bool:
    return pa.types.is_string(kind) or pa.types.is_large_string(kind)
