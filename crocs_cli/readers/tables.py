"""Tables of named columns, CSV or Parquet, as record batches whose rows can be found in the file again."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pyarrow as pa
import pyarrow.compute as compute
import pyarrow.csv as csv
import pyarrow.parquet as parquet

from crocs_cli.errors import CrocsError
from crocs_cli.readers.ahead import ahead
from crocs_cli.readers.readings import Writing
from crocs_cli.readers.text import Block, blocks, opened

log = logging.getLogger("crocs")

Kind = Literal["id", "stamp", "number", "text"]

BATCH_ROWS = 1 << 19
_NO_READING = ("", "Null", "NULL", "null", "NaN", "nan", "NA", "N/A", "#N/A", "-", ".")
NOT_A_NUMBER = [
    f"{before}{word}{after}" for word in _NO_READING for before in ("", " ") for after in ("", " ")
]
_SEPARATORS = (",", ";", "\t", "|")
_ID = pa.dictionary(pa.int32(), pa.string())
_ISO_WITH_ZONE = re.compile(r"\d{4}-\d\d-\d\d[T ][\d:.]+\s*(Z|[+-]\d\d:?(\d\d)?)")


@dataclass(frozen=True)
class Part:
    """Some rows of a table: the wanted columns, and `place(row)` that names a row in a message."""

    columns: dict[str, pa.Array]
    place: Callable[[int], str]


@dataclass(frozen=True)
class Table:
    """A file as a table: its column names without outer blanks, and how to read some of them."""

    path: Path
    names: tuple[str, ...]
    parts: Callable[[Mapping[str, Kind]], Iterator[Part]]

    def read(self, kinds: Mapping[str, Kind], setting: Mapping[str, str] | None = None) -> Iterator[Part]:
        """Yield the columns named in `kinds`; `setting` names the setting behind a column, for messages.

        Raises CrocsError for a column that is missing or there twice, and for a field that cannot be read.
        """
        for name in kinds:
            if self.names.count(name) != 1:
                raise CrocsError(f"{self.path}: {self._fault(name, (setting or {}).get(name))}")
        for part in self.parts(kinds):
            for name in (name for name, kind in kinds.items() if kind == "id"):
                _check_names(part, name)
            yield part

    def _fault(self, name: str, setting: str | None) -> str:
        if name in self.names:
            return f"column {name!r} is there {self.names.count(name)} times; rename or remove one"
        cure = f"name the right one with {setting}" if setting else "is this the right reader?"
        return f"no column {name!r}; there are {', '.join(map(repr, self.names[:12]))}; {cure}"


def _check_names(part: Part, name: str) -> None:
    """Refuse consumers without a name."""
    column = part.columns[name]
    blank = compute.index(column.dictionary, "").as_py()
    nameless = column.is_null() if blank < 0 else compute.equal(column.indices, blank).fill_null(True)
    if column.null_count or blank >= 0:
        row = compute.index(nameless, True).as_py()
        raise CrocsError(f"{part.place(row)}: {name} is empty; mend or remove the line")


def open_table(
    path: Path,
    writing: Writing,
    title_lines: int = 0,
    names: tuple[str, ...] = (),
    separator: str | None = None,
    keeps_ragged: bool = False,
) -> Table:
    """Open a CSV (perhaps gzipped) or Parquet file, told apart by its first bytes.

    `names` stands in for a header line where the file has none; the separator is the one of which the header
    has most. A line with too few or too many fields is an error, unless `keeps_ragged`: then it is kept
    without any of its numbers.
    """
    with opened(path) as file:
        start = file.read(4)
    if start == b"PAR1":
        return _open_parquet(path, writing.stamp_format)
    first = next(blocks(path))
    lines = first.content.splitlines()
    if len(lines) <= title_lines or not lines[title_lines].strip():
        raise CrocsError(f"{path}: no header line; name a file with readings")
    header = _decoded(first, lines[title_lines])
    separator = separator or max(_SEPARATORS, key=header.count)
    found = names or tuple(name.strip().strip('"').strip() for name in header.split(separator))
    skipped = 0 if names else title_lines + 1
    style = _Style(path, found, separator, writing, skipped, keeps_ragged)
    return Table(path, found, style.parts)


@dataclass(frozen=True)
class _Style:
    """How one CSV file is written."""

    path: Path
    names: tuple[str, ...]
    separator: str
    writing: Writing
    skipped: int
    keeps_ragged: bool

    def parts(self, kinds: Mapping[str, Kind]) -> Iterator[Part]:
        types: dict[str, pa.DataType] = {}

        def ready() -> Iterator[Block]:
            for number, block in enumerate(blocks(self.path)):
                block = _without_lines(block, self.skipped) if number == 0 else block
                if block.content.strip():
                    if not types:
                        types.update(self._types(kinds, block))
                    yield block

        yield from ahead(lambda block: self._part(block, types), ready())

    def _part(self, block: Block, types: Mapping[str, pa.DataType]) -> Part:
        ragged: list[csv.InvalidRow] = []
        try:
            table = self._parsed(block.content, types, ragged)
            if ragged:
                table = pa.concat_tables(
                    [table, self._parsed(self._blanked(block, types, ragged), types, [])]
                )
        except pa.ArrowInvalid as error:
            raise CrocsError(self._fault(block, list(types), str(error))) from error
        columns = {name: _whole(table.unify_dictionaries()[name]) for name in types}
        return Part(columns, block.place)

    def _parsed(
        self, content: bytes, types: Mapping[str, pa.DataType], ragged: list[csv.InvalidRow]
    ) -> pa.Table:
        """Parse whole lines; lines with a wrong number of fields go to `ragged` where they are kept."""

        def keep(row: csv.InvalidRow) -> str:
            ragged.append(row)
            return "skip" if self.keeps_ragged else "error"

        return csv.read_csv(
            pa.py_buffer(content),
            csv.ReadOptions(column_names=self.names, use_threads=False, block_size=len(content) + 1),
            csv.ParseOptions(delimiter=self.separator, invalid_row_handler=keep),
            csv.ConvertOptions(
                include_columns=list(types),
                column_types=dict(types),
                decimal_point=self.writing.decimal,
                null_values=NOT_A_NUMBER,
                strings_can_be_null=False,
                timestamp_parsers=[self.writing.stamp_format] if self.writing.stamp_format else [],
            ),
        )

    def _blanked(
        self, block: Block, types: Mapping[str, pa.DataType], ragged: Sequence[csv.InvalidRow]
    ) -> bytes:
        """Return ragged lines as whole ones without numbers, for nobody knows which one lacks."""
        lines = []
        for row in ragged:
            found = f"{row.actual_columns} fields where the header has {row.expected_columns}"
            log.warning("%s: %s; its numbers are not used", block.place(row.number - 1), found)
            fields = dict(zip(self.names, row.text.split(self.separator), strict=False))
            kept = ["" if types.get(name) == pa.float64() else fields.get(name, "") for name in self.names]
            lines.append(self.separator.join(kept))
        return "\n".join([*lines, ""]).encode()

    def _types(self, kinds: Mapping[str, Kind], block: Block) -> dict[str, pa.DataType]:
        """Choose Arrow's type for each kind; stamps with an offset are told by the first one."""
        row = block.content.split(b"\n", 1)[0].decode(errors="replace").split(self.separator)
        types = {}
        for name, kind in kinds.items():
            first = row[self.names.index(name)].strip(' "') if len(row) == len(self.names) else ""
            types[name] = _arrow_type(kind, first)
        return types

    def _fault(self, block: Block, wanted: list[str], message: str) -> str:
        """Say in our words what Arrow says of a row."""
        row = re.search(r"Row #(\d+)", message)
        place = block.place(int(row[1]) - 1) if row else str(self.path)
        if count := re.search(r"Expected (\d+) columns, got (\d+)", message):
            return f"{place}: {count[2]} fields where the header has {count[1]}; mend or remove the line"
        if "UTF8" in message:
            return f"{place}: not UTF-8 text; save the file as UTF-8"
        column = re.search(r"CSV column #(\d+)", message)
        value = re.search(r"(?:invalid value|in) '(.*)'", message, re.DOTALL)
        if not column or not value:
            return f"{place}: not CSV ({message.splitlines()[0]})"
        name, text = self.names[int(column[1])], value[1][:40]
        if "timestamp" in message:
            return f"{place}: {stamp_fault(name, text, self.writing.stamp_format)}"
        comma = "; for decimal commas set ingest.decimal to ','" if "," in text else ""
        return f"{place}: {name} {text!r} is not a number{comma}; mend the line, or leave the field empty"


def stamp_fault(name: str, text: str, stamp_format: str | None) -> str:
    """Say that a stamp cannot be read, and what form is expected."""
    form = f"the form {stamp_format}" if stamp_format else "a stamp such as 2013-01-31 00:30"
    return f"{name} {text!r} is not {form}; mend it, or set ingest.stamp_format (such as %d/%m/%Y %H:%M)"


def _open_parquet(path: Path, stamp_format: str | None) -> Table:
    try:
        schema = parquet.read_schema(path)
    except (pa.ArrowInvalid, OSError) as error:
        raise CrocsError(
            f"{path}: not a whole Parquet file (cut short or damaged); fetch it again"
        ) from error
    stored = {name.strip(): name for name in schema.names}

    def parts(kinds: Mapping[str, Kind]) -> Iterator[Part]:
        texts = [stored[n] for n, kind in kinds.items() if kind == "id" and _is_text(schema.field(stored[n]))]
        start = 0
        try:
            file = parquet.ParquetFile(
                path, read_dictionary=texts, pre_buffer=False, page_checksum_verification=True
            )
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
            raise CrocsError(f"{path}: damaged Parquet file; fetch it again") from error

    return Table(path, tuple(name.strip() for name in schema.names), parts)


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
    target = _arrow_type(kind, next((str(v) for v in array[:1].to_pylist()), ""))
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


def _arrow_type(kind: Kind, first: str) -> pa.DataType:
    if kind == "stamp":
        return pa.timestamp("ns", "UTC" if _ISO_WITH_ZONE.fullmatch(first) else None)
    return {"id": _ID, "number": pa.float64(), "text": pa.string()}[kind]


def _is_text(field: pa.Field | pa.Array) -> bool:
    return pa.types.is_string(field.type) or pa.types.is_large_string(field.type)


def _whole(column: pa.ChunkedArray) -> pa.Array:
    combined = column.combine_chunks()
    return combined.chunk(0) if isinstance(combined, pa.ChunkedArray) else combined


def _without_lines(block: Block, count: int) -> Block:
    """Drop title and header lines from a file's first block."""
    content = block.content
    for _ in range(count):
        content = content.partition(b"\n")[2]
    return Block(block.path, block.line + count, content)


def _decoded(block: Block, line: bytes) -> str:
    try:
        return line.decode()
    except UnicodeDecodeError as error:
        raise CrocsError(f"{block.path}:1: not UTF-8 text; save the file as UTF-8") from error
