"""Read CSV files: pyarrow parses blocks of whole lines in threads, and faults name their line."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as csv

from crocs_cli.errors import CrocsError
from crocs_cli.readers import numerals, stamps
from crocs_cli.readers.ahead import ahead
from crocs_cli.readers.numerals import NOT_A_NUMBER, number_fault
from crocs_cli.readers.readings import Writing
from crocs_cli.readers.table import Kind, Part, arrow_type, stamp_fault
from crocs_cli.readers.text import Block, blocks

log = logging.getLogger("crocs")


@dataclass(frozen=True)
class CsvFile:
    """Layout of one CSV file."""

    path: Path
    names: tuple[str, ...]
    separator: str
    writing: Writing
    skipped: int
    keeps_ragged: bool

    def parts(self, kinds: Mapping[str, Kind]) -> Iterator[Part]:
        """Yield the rows of each block in the order of the file."""
        types: dict[str, pa.DataType] = {}

        def ready() -> Iterator[Block]:
            for number, block in enumerate(blocks(self.path, self.writing)):
                block = _without_lines(block, self.skipped) if number == 0 else block
                if block.content.strip():
                    if not types:
                        types.update(self._types(kinds, block))
                    yield block

        yield from ahead(lambda block: self._part(block, kinds, types), ready())

    def _part(self, block: Block, kinds: Mapping[str, Kind], types: Mapping[str, pa.DataType]) -> Part:
        """Return the wanted columns of a block; stamps that Arrow cannot read are read as text."""
        try:
            columns = self._columns(block, types)
        except pa.ArrowInvalid:
            try:
                texts = dict.fromkeys((n for n, kind in kinds.items() if kind == "stamp"), pa.string())
                columns = self._columns(block, {**types, **texts})
            except pa.ArrowInvalid as error:
                raise CrocsError(self._fault(block, list(types), str(error))) from error
        for name, kind in kinds.items():
            text = columns[name] if pa.types.is_string(columns[name].type) else None
            if text is not None and kind == "stamp":
                columns[name] = stamps.from_text(text, self.writing.stamp_format, name, block.place)
            elif text is not None and kind == "number":
                columns[name] = numerals.from_text(text, self.writing, name, block.place)
        return Part(columns, block.place)

    def _columns(self, block: Block, types: Mapping[str, pa.DataType]) -> dict[str, pa.Array]:
        """Parse a block; lines with a wrong number of fields come last where they are kept."""
        ragged: list[csv.InvalidRow] = []
        table = self._parsed(block.content, types, ragged)
        if ragged:
            table = pa.concat_tables([table, self._parsed(self._blanked(block, types, ragged), types, [])])
        return {name: _whole(table.unify_dictionaries()[name]) for name in types}

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
        is_text = {
            "stamp": self.writing.stamp_format is not None,  # Arrow would take 30 February for 2 March
            "number": self.writing.thousands != "",
        }
        types = {}
        for name, kind in kinds.items():
            first = row[self.names.index(name)].strip(' "') if len(row) == len(self.names) else ""
            types[name] = pa.string() if is_text.get(kind) else arrow_type(kind, first)
        return types

    def _fault(self, block: Block, wanted: list[str], message: str) -> str:
        """Return the message for an error of Arrow, with the place of its row."""
        row = re.search(r"Row #(\d+)", message)
        place = block.place(int(row[1]) - 1) if row else str(self.path)
        if count := re.search(r"Expected (\d+) columns, got (\d+)", message):
            return f"{place}: {count[2]} fields where the header has {count[1]}; mend or remove the line"
        if "UTF8" in message:
            return f"{place}: not UTF-8 text; save the file as UTF-8, or set ingest.encoding"
        column = re.search(r"CSV column #(\d+)", message)
        value = re.search(r"(?:invalid value|in) '(.*)'", message, re.DOTALL)
        if not column or not value:
            return f"{place}: not CSV; is there a quote that is never closed? Mend the file"
        name, text = self.names[int(column[1])], value[1][:40]
        if "timestamp" in message:
            return f"{place}: {stamp_fault(name, text, self.writing.stamp_format)}"
        return f"{place}: {number_fault(name, text, self.writing)}"


def _whole(column: pa.ChunkedArray) -> pa.Array:
    combined = column.combine_chunks()
    return combined.chunk(0) if isinstance(combined, pa.ChunkedArray) else combined


def _without_lines(block: Block, count: int) -> Block:
    """Drop title and header lines from a file's first block."""
    content = block.content
    for _ in range(count):
        content = content.partition(b"\n")[2]
    return Block(block.path, block.line + count, content)
