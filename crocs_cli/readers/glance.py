"""Look at the first part of a table: its rows, where its header is, and what its columns hold."""

from __future__ import annotations

import csv
import datetime as dt
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise, product
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as parquet

from crocs_cli.errors import CrocsError
from crocs_cli.readers.parquet_file import columns_of_long_fields
from crocs_cli.readers.text import blocks, on_disk, opened

FIRST_BYTES, MOST_BYTES = 1 << 16, 4 << 20
ENOUGH_ROWS, MOST_ROWS, MOST_TITLE_LINES = 50, 2000, 60
MOST_FIELDS = 200_000
_SEPARATORS = (";", "\t", "|", ",")  # of equally many fields, a comma may be a decimal sign
_NO_READING = {"", "null", "nan", "na", "n/a", "#n/a", "-", ".", "none"}
_NUMBER = re.compile(r"[+-]?(\d+([.,]\d*)?|[.,]\d+|\d{1,3}([., ]\d{3})+([.,]\d+)?)([eE][+-]?\d+)?")
_TIME = re.compile(r"\d{1,2}[:.]\d\d(:\d\d)?( ?[AP]M)?", re.IGNORECASE)
_ISO = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d([.,]\d+)?)?( ?(Z|[+-]\d\d(:?\d\d)?))?")
_DATE = r"\d{1,4}[-/.]\w{1,3}[-/.]\d{2,4}"
_LIKE_A_DATE, _LIKE_A_STAMP = re.compile(rf"{_DATE}|\d{{8}}"), re.compile(rf"{_DATE}[ T]+\d.*")
_DATES = ("%Y-%m-%d", "%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%d-%m-%Y", "%Y/%m/%d", "%d/%b/%Y", "%Y%m%d")
_TIMES = ("%H:%M", "%H:%M:%S", "%I:%M %p", "%I:%M%p", "%I:%M:%S %p", "%H.%M")
_ZONES = ("", " %z", "%z")
_FORMS = tuple(f"{date} {time}{zone}" for date, time, zone in product(_DATES[:-1], _TIMES, _ZONES))
_ALIKE = 3  # lines that hold the same, after which a table has begun
_EPOCHS = {10: "epoch-s", 13: "epoch-ms"}


@dataclass(frozen=True)
class Column:
    """A column of the first rows, and what it holds: stamp, date, time, number, text or empty."""

    name: str
    kind: str
    texts: tuple[str, ...]
    form: str | None = None


@dataclass(frozen=True)
class Glance:
    """The first lines of a table as fields; those of a Parquet file are its names and first rows."""

    path: Path
    text: str
    lines: tuple[tuple[str, ...], ...]

    def table(self, header: int | None) -> tuple[Column, ...]:
        """Return the columns below a header line; without one they are c1, c2 and so on."""
        first = 0 if header is None else header + 1
        rows = [row for row in self.lines[first:] if len(row) == self.width]
        names = self.lines[header] if header is not None else [f"c{n + 1}" for n in range(self.width)]
        texts = list(zip(*rows, strict=True)) or [()] * len(names)
        return tuple(_column(name, column) for name, column in zip(names, texts, strict=False))

    @property
    def width(self) -> int:
        """Number of fields that most lines have."""
        return Counter(map(len, self.lines[-MOST_ROWS:])).most_common(1)[0][0]

    def header(self) -> int | None:
        """Return which line is the header: the one before the first of several that hold the same.

        That is stamps or dates in one column, else numbers: a matrix may name consumers by numbers. None for
        a table without a header. Pairs of a name and a value, as title lines are, are none.
        """
        whole = [number for number, row in enumerate(self.lines) if len(row) == self.width]
        for is_data in (lambda field: bool(stamp_form([field]) or date_form([field])), _NUMBER.fullmatch):
            held: list[set[int]] = []
            for number in whole:
                held.append({i for i, field in enumerate(self.lines[number]) if is_data(field)})
                if len(held) >= _ALIKE and set.intersection(*held[-_ALIKE:]):
                    return self._before(whole, len(held) - _ALIKE)
            if held and self.width > 2 and held[-1]:
                return self._before(whole, next(i for i, columns in enumerate(held) if columns))
        return None

    def _before(self, whole: list[int], place: int) -> int | None:
        number = whole[place] - 1
        return number if number in whole else None


def glance(path: Path) -> Glance:
    """Look at the first part of a file; raise CrocsError for one that cannot be opened."""
    with opened(path) as file:
        start = file.read(4)
    if start == b"PAR1":
        return Glance(path, "", tuple(_of_parquet(path)))
    first = b""
    for block in blocks(path, size=FIRST_BYTES, says=False):
        first += block.content
        if first.count(b"\n") >= ENOUGH_ROWS or len(first) >= MOST_BYTES:
            break
    text = first.decode(errors="replace")
    lines = [line for line in text.splitlines()[:MOST_ROWS] if line.strip()]
    return Glance(path, text, tuple(_split(lines)))


def _of_parquet(path: Path) -> Iterator[tuple[str, ...]]:
    """Yield the names of a Parquet file's columns, and its first rows but for columns of long fields."""
    try:
        with on_disk(path) as source:
            file = parquet.ParquetFile(source)
            names = file.schema_arrow.names
            yield tuple(name.strip() for name in names)
            long = columns_of_long_fields(file.metadata)
            slim = [name for name in names if name not in long]
            rows = max(ENOUGH_ROWS, MOST_FIELDS // max(1, len(slim)))
            batch = next(file.iter_batches(min(rows, MOST_ROWS), columns=slim), None)
    except (pa.ArrowInvalid, OSError) as error:
        raise CrocsError(
            f"{path}: not a whole Parquet file (cut short or damaged); fetch it again"
        ) from error
    if batch is None:
        return
    blank = [""] * batch.num_rows
    columns = [blank if name in long else _texts(batch[name]) for name in names]
    yield from zip(*columns, strict=True)


def _texts(column: pa.Array) -> list[str]:
    return ["" if value is None else str(value) for value in column.to_pylist()]


def _split(lines: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """Split lines by the separator that gives most of them the most fields."""

    def width(separator: str) -> int:
        some = lines[-ENOUGH_ROWS:]
        return Counter(map(len, csv.reader(some, delimiter=separator))).most_common(1)[0][0]

    separator = max(_SEPARATORS, key=width)
    for row in csv.reader(lines, delimiter=separator, skipinitialspace=True):
        yield tuple(field.strip() for field in row)


def _column(name: str, texts: Sequence[str]) -> Column:
    """Classify a column by its first rows, and by its name where digits may be several things."""
    there = tuple(text for text in texts if text.lower() not in _NO_READING)
    if not there:
        return Column(name, "empty", there)
    some = there[:200]
    named_time = re.search(r"date|time|stamp|day|datum|dato|fecha|data|unix|epoch", name, re.IGNORECASE)
    if all(text.isdigit() for text in some):
        length = len(some[0])
        if named_time and length in _EPOCHS:
            return Column(name, "stamp", there, _EPOCHS[length])
        if named_time and length == 8 and all(_parsed(text, "%Y%m%d") for text in some):
            return Column(name, "date", there, "%Y%m%d")
    if all(map(_NUMBER.fullmatch, some)):
        return Column(name, "number", there)
    if (form := stamp_form(some)) is not None:
        return Column(name, "stamp", there, form)
    if (form := date_form(some)) is not None:
        return Column(name, "date", there, form)
    return Column(name, "time" if all(map(_TIME.fullmatch, some)) else "text", there)


def stamp_form(texts: Sequence[str]) -> str | None:
    """Return the form of stamps (iso for ISO 8601), None for other texts; in doubt the day is first."""
    if not all(map(_LIKE_A_STAMP.fullmatch, texts)):
        return None
    if all(map(_ISO.fullmatch, texts)):
        return "iso"
    forms = [form for form in _FORMS if texts and _parsed(texts[0], form)]
    return next((form for form in forms if all(_parsed(text, form) for text in texts)), None)


def date_form(texts: Sequence[str]) -> str | None:
    """Return the form of dates, None when they are none."""
    if not all(map(_LIKE_A_DATE.fullmatch, texts)):
        return None
    return next((form for form in _DATES if all(_parsed(text, form) for text in texts)), None)


def parsed(text: str, form: str) -> dt.datetime | None:
    """Return a stamp or date in one of the forms that are told apart here, None for another text."""
    if form in _EPOCHS.values():
        return dt.datetime.fromtimestamp(int(text) / (1000 if form == "epoch-ms" else 1), dt.UTC)
    return _parsed(text, form)


def _parsed(text: str, form: str) -> dt.datetime | None:
    try:
        return dt.datetime.fromisoformat(text) if form == "iso" else dt.datetime.strptime(text, form)
    except ValueError:
        return None


def minutes_between(stamps: Sequence[dt.datetime]) -> int | None:
    """Return the most frequent step between stamps in minutes, None where there is no such step."""
    ordered = sorted(set(stamps))
    steps = Counter((later - one).total_seconds() / 60 for one, later in pairwise(ordered))
    if len(ordered) < 3:
        return None
    step, times = steps.most_common(1)[0]
    return int(step) if step == int(step) and times * 2 > len(ordered) else None
