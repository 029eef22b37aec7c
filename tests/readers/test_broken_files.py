"""A folder of broken files: each gives a clear line or a right result, none a traceback, none a wrong one.

Every file holds (or should hold) the same two consumers and two days. `said` is what the last line must say;
`days` is how many of the four consumer days are used, every one of which must hold the true readings.
"""

import gzip
import io
import zipfile
from pathlib import Path

import numpy as np
import openpyxl
import pyarrow as pa
import pyarrow.parquet as parquet
import pytest

from tests.readers.conftest import long_csv, profiles

GOOD = long_csv()
LINES = GOOD.splitlines()
TRUE = {
    (f"C{c}", f"2013-01-0{d + 1}"): 0.1 + c + np.arange(48 * d, 48 * d + 48) / 1000
    for c in (0, 1)
    for d in (0, 1)
}


def line(number, text):
    """Return the good file with one line (counted from 1) set to another text."""
    return "\n".join([*LINES[: number - 1], text, *LINES[number:], ""])


def field(number, column, text):
    """Return the good file with one field of one line set to another text."""
    fields = LINES[number - 1].split(",")
    fields[column] = text
    return line(number, ",".join(fields))


def table(**changed):
    fields = [text.split(",") for text in LINES[1:]]
    columns = {
        "id": [f[0] for f in fields],
        "time": np.array([f[1].replace(" ", "T") for f in fields], "datetime64[s]"),
        "kwh": [float(f[2]) for f in fields],
    }
    return pa.table({name: column for name, column in (columns | changed).items() if column is not None})


def stored(columns):
    file = io.BytesIO()
    parquet.write_table(columns, file)
    return file.getvalue()


def zipped(text):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("readings.csv", text)
    return file.getvalue()


def workbook():
    book = openpyxl.Workbook()
    for text in LINES:
        book.active.append(text.split(","))
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


HALF = len(GOOD) // 2
PARQUET = stored(table())
NUMBER = "is not a number; mend the line, or leave the field empty"
STAMP = "is not a stamp such as 2013-01-31 00:30; mend it"
CASES = {
    # cut files
    "cut in a line": (GOOD[: HALF + 7], "fields where the header has 3; mend or remove the line"),
    "cut in a number": (GOOD[: GOOD.index("0.150") + 3], 1),
    "cut after a line": ("\n".join(LINES[:97]), 2),
    "cut in the header": ("id,ti", "no column 'time'"),
    "cut gzip": (gzip.compress(GOOD.encode())[:-30], "cut short or damaged gzip; fetch it again"),
    "gzip with rubbish in it": (
        gzip.compress(GOOD.encode())[:200] + b"\xff" * 50 + gzip.compress(GOOD.encode())[250:],
        "cut short or damaged gzip; fetch it again",
    ),
    "cut parquet": (PARQUET[:-30], "not a whole Parquet file (cut short or damaged); fetch it again"),
    "damaged parquet": (PARQUET[:40] + b"\0" * 60 + PARQUET[100:], "damaged"),
    "parquet by its first bytes only": (b"PAR1", "not a whole Parquet file"),
    # empty and foreign
    "empty": (b"", "empty; name a file with readings"),
    "one blank line": ("\n", "no header line"),
    "header only": ("id,time,kwh\n", "no readings in the files, only headers"),
    "empty gzip": (gzip.compress(b""), "empty; name a file with readings"),
    "binary": (bytes(range(256)) * 20, "not text (it holds NUL bytes)"),
    "zip": (zipped(GOOD), 4),
    "zip of a zip": (zipped(zipped(GOOD)), "a zip within a zip; unpack it and name its files"),
    "zip of Parquet": (zipped(PARQUET), 4),
    "gzip of Parquet": (gzip.compress(PARQUET), 4),
    "zip of a workbook": (zipped(workbook()), 4),
    "zip of a cut Parquet file": (zipped(PARQUET[:-30]), "not a whole Parquet file (cut short or damaged)"),
    "zip of a cut workbook": (zipped(workbook()[:-30]), "cut short or damaged zip; fetch it again"),
    "cut zip": (zipped(GOOD)[:-30], "cut short or damaged zip; fetch it again"),
    "damaged zip": (zipped(GOOD)[:90] + b"\xff" * 9 + zipped(GOOD)[99:], "damaged"),
    "old Excel": (
        b"\xd0\xcf\x11\xe0" + bytes(600),
        "an old (.xls) or locked workbook of Excel; save it",
    ),
    "html": (
        "<html><body>Sign in</body></html>\n",
        "XML or HTML, no table; for a Green Button feed set --reader",
    ),
    "json": ('{"id": "C0", "time": "2013-01-01", "kwh": 1}\n', "JSON, which is not read; turn it into CSV"),
    "json list": ('[\n{"id": "C0"}]\n', "JSON, which is not read; turn it into CSV"),
    "no header": ("\n".join(LINES[1:]) + "\n", "and no line that surely names columns"),
    "a letter": ("Jane Doe\n1 Main St, Town\n\nDear Jane,\n", "and no line that surely names columns"),
    # encodings
    "byte-order mark": ("\ufeff" + GOOD, 4),
    "UTF-16": (GOOD.encode("utf-16"), 4),
    "UTF-16 without a mark": (GOOD.encode("utf-16-be"), 4),
    "UTF-16, cut": (GOOD.encode("utf-16")[:-501], "not utf-16 text; set --encoding to its encoding"),
    "latin-1 in another column": (
        "\n".join(f"{text},Zo\u00eb" for text in LINES).encode("latin-1"),
        4,
    ),
    "latin-1 header": (
        GOOD.replace("kwh", "\u00e9nergie", 1).encode("latin-1"),
        "there are 'id', 'time', '\u00e9",
    ),
    "latin-1 in one late line": (GOOD.encode() + "Zo\u00eb,2013-01-01 00:00,1\n".encode("latin-1"), 4),
    "latin-1 beside UTF-8": (
        f"{GOOD}Zo\u00eb,2013-01-01 00:00,1\n".encode() + "Zo\u00eb,2013-01-01 00:00,1\n".encode("latin-1"),
        "readings.csv:195: not UTF-8 text",
    ),
    "NUL in a line": (GOOD.replace("0.105", "0.1\x0005"), "not text (it holds NUL bytes)"),
    # lines and fields
    "CRLF": (GOOD.replace("\n", "\r\n"), 4),
    "old Mac line ends": (GOOD.replace("\n", "\r"), 4),
    "mixed line ends": (GOOD.replace("\n", "\r\n", 50), 4),
    "blank lines": (GOOD.replace("\n", "\n\n"), 4),
    "no last line end": (GOOD.rstrip("\n"), 4),
    "all fields quoted": ("\n".join(",".join(f'"{f}"' for f in t.split(",")) for t in LINES) + "\n", 4),
    "a quote that never closes": (line(9, '"C0,2013-01-01 03:30,0.107'), "readings.csv"),
    "a quote within a field": (field(9, 0, 'C"0'), 3),
    "blanks around fields": (GOOD.replace(",", " , "), 4),
    "blanks around numbers": ("\n".join([LINES[0], *(f"{t[:-5]} {t[-5:]} " for t in LINES[1:]), ""]), 4),
    "semicolons": (GOOD.replace(",", ";"), 4),
    "tabs": (GOOD.replace(",", "\t"), 4),
    "bars": (GOOD.replace(",", "|"), 4),
    "colons": (GOOD.replace(",", ":"), "no column 'time'"),
    "semicolons in some lines": (line(9, LINES[8].replace(",", ";")), ":9: 1 fields where the header has 3"),
    "a field too many": (line(9, LINES[8] + ",1"), ":9: 4 fields where the header has 3"),
    "a comma at every end": ("\n".join(f"{text}," for text in LINES) + "\n", 4),
    "a remark in the middle": (line(9, "# meter exchanged"), ":9: 1 fields where the header has 3"),
    "a second header in the middle": (line(9, "id,time,kwh"), f":9: kwh 'kwh' {NUMBER}"),
    "a column twice": (GOOD.replace("id,time,kwh", "id,time,id"), "column 'id' is there 2 times"),
    "the energy column twice": ("\n".join(f"{t},{t[-3:]}" for t in LINES) + "\n", "'kwh' is there 2 times"),
    # numbers
    "text for a number": (field(9, 2, "n/k"), f":9: kwh 'n/k' {NUMBER}"),
    "decimal commas": (
        GOOD.replace(",", ";").replace(".", ","),
        ":2: kwh '0,100' is not a number; for decimal commas set --decimal to ','",
    ),
    "thousands": (field(9, 2, '"1,107.0"'), ":9: kwh '1,107.0' is not a number"),
    "a unit behind the number": (field(9, 2, "0.107 kWh"), f":9: kwh '0.107 kWh' {NUMBER}"),
    "hexadecimal": (field(9, 2, "0x1F"), f":9: kwh '0x1F' {NUMBER}"),
    "an Excel error": (field(9, 2, "#VALUE!"), f":9: kwh '#VALUE!' {NUMBER}"),
    "empty number": (field(9, 2, ""), 3),
    "NaN": (field(9, 2, "NaN"), 3),
    "infinity": (field(9, 2, "inf"), 3),
    "1e308": (field(9, 2, "1e308"), 3),
    "1e400": (field(9, 2, "1e400"), 3),
    "exponents": (field(9, 2, "1.07e-1"), 4),
    "a plus sign": (field(9, 2, "+0.107"), 4),
    # stamps
    "day and month exchanged": (GOOD.replace("2013-01-", "2013-").replace("2013-0", "2013-13-0"), STAMP),
    "slashes": (GOOD.replace("-", "/"), STAMP),
    "the 30th of February": (field(9, 1, "2013-02-30 03:30"), f":9: time '2013-02-30 03:30' {STAMP}"),
    "24:00": (field(9, 1, "2013-01-01 24:00"), "two readings of the interval from 2013-01-02T00:00:00"),
    "25:00": (field(9, 1, "2013-01-01 25:00"), f":9: time '2013-01-01 25:00' {STAMP}"),
    "seconds since 1970": (
        field(9, 1, "1357011000"),
        "looks like time since 1970; set --stamp-format to",
    ),
    "empty stamp": (field(9, 1, ""), ":9: time is empty; mend or remove the line"),
    "1899": (field(9, 1, "1899-12-30 03:30"), "stamp 1899-12-30T03:30:00 is not between 1970 and 2099"),
    "2913": (field(9, 1, "2913-01-01 03:30"), "stamp 2913-01-01T03:30:00 is not between 1970 and 2099"),
    "2098": (field(9, 1, "2098-01-01 03:30"), 3),
    "one with an offset": (field(9, 1, "2013-01-01 04:30+01:00"), 4),
    "one without seconds among others": (field(9, 1, "2013-01-01T03:30:00"), 4),
    "a few seconds off": (field(9, 1, "2013-01-01 03:30:07"), 3),
    # consumers
    "empty id": (field(9, 0, ""), ":9: id is empty; mend or remove the line"),
    "parquet with an empty id": (stored(table(id=["C0"] * 191 + [None])), "row 192: id is empty"),
    "parquet without a column": (stored(table(kwh=None)), "no column 'kwh'"),
    "parquet with texts for numbers": (stored(table(kwh=["x"] * 192)), "row 1: kwh 'x' is not a number"),
    "parquet with numbers for stamps": (stored(table(time=list(range(192)))), "column 'time' holds int64"),
    "parquet with lists for ids": (stored(table(id=[["C0"]] * 192)), "column 'id' holds lists, no ids"),
    "parquet with an empty stamp": (
        stored(table(time=[None] * 192)),
        "row 1: time is empty; mend or remove the line",
    ),
    "parquet with number ids": (stored(table(id=[0] * 96 + [1] * 96)), "2 consumers"),
}


@pytest.mark.parametrize("name", CASES)
def test_a_broken_file_is_a_clear_line_or_a_right_result(ingest, name):
    content, promised = CASES[name]
    ended = ingest(content)
    assert "Traceback" not in ended.err
    assert "mistake in crocs" not in ended.err
    if isinstance(promised, str) and promised != "2 consumers":
        assert ended.code == 1
        last = ended.err.strip().splitlines()[-1]
        assert last.startswith("crocs: ")
        assert promised in last
        assert not list(Path("run").glob("profiles/*.h5")) or "no consumer has a day" in last
        return
    assert ended.code == 0, ended.err
    found = {(key if key in TRUE else (f"C{key[0]}", key[1])): kwh for key, kwh in profiles().items()}
    assert len(found) == (4 if promised == "2 consumers" else promised)
    for key, kwh in found.items():
        np.testing.assert_allclose(kwh, TRUE[key], rtol=1e-6, err_msg=str(key))


def test_there_are_sixty_broken_files():
    assert len(CASES) >= 60
