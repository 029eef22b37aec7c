"""Bad input: one line that says what is wrong and what to do, and nothing lost."""

import errno
import gzip
import re
import resource
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as parquet
import pytest

from crocs_cli.readers import espi, nem12, tables
from tests.readers.conftest import counts, long_csv, profiles

GOOD = long_csv()
LINES = GOOD.splitlines()


def changed(line, text):
    """Return a good file with one line (counted from 1) set to another text."""
    return "\n".join([*LINES[: line - 1], text, *LINES[line:], ""])


@pytest.mark.parametrize(
    ("text", "arguments", "said"),
    [
        (None, ["nowhere.csv"], "nowhere.csv: no such file; name files with readings"),
        (None, ["*.nothing"], "*.nothing: no such file; name files with readings"),
        (None, [], "no files to read; name them after the command, or as ingest.files"),
        (None, ["."], ".: a directory; name its files, such as ./*.csv"),
        ("", [], "readings.csv: empty; name a file with readings"),
        ("id,time,kwh\n", [], "no readings in the files, only headers; name files with readings"),
        (b"\x00\x01\x02", [], "readings.csv: not text (it holds NUL bytes); name a CSV or Parquet file"),
        (
            GOOD.encode("utf-16"),
            ["--encoding", "utf-8"],
            "readings.csv: not text (it holds NUL bytes); name a CSV or Parquet file",
        ),
        (
            GOOD.replace("id,time,kwh", "id,time,wh"),
            [],
            "readings.csv: no column 'kwh'; there are 'id', 'time', 'wh'; "
            "name the right one with --columns-energy",
        ),
        (
            GOOD.replace("id,time,kwh", "id,kwh,kwh"),
            ["--columns-time", "kwh"],
            "readings.csv: column 'kwh' is there 2 times; rename or remove one",
        ),
        (
            changed(5, "C0,2013-01-01 1:30 am,0.1"),
            [],
            "readings.csv:5: time '2013-01-01 1:30 am' is not a stamp such as 2013-01-31 00:30; mend it, "
            "or set --stamp-format (such as %d/%m/%Y %H:%M)",
        ),
        (
            changed(5, "C0,,0.1"),
            [],
            "readings.csv:5: time is empty; mend or remove the line",
        ),
        (
            changed(7, "C0,2013-01-01 02:30,much"),
            [],
            "readings.csv:7: kwh 'much' is not a number; mend the line, or leave the field empty",
        ),
        (
            changed(7, "C0,2013-01-01 02:30"),
            [],
            "readings.csv:7: 2 fields where the header has 3; mend or remove the line",
        ),
        (
            changed(7, "C0,1913-01-01 02:30,1"),
            [],
            "readings.csv: stamp 1913-01-01T02:30:00 is not between 1970 and 2099; mend or remove the line",
        ),
        (
            GOOD,
            ["--interval", "60min"],
            "readings.csv: 96 of 192 stamps lie between intervals of 60min; "
            "set --interval to the time between readings",
        ),
        (
            GOOD,
            ["--interval", "15min"],
            "readings come every 30min, not every 15min; set --interval to the time between readings",
        ),
        (
            changed(2, "C0,2013-01-01 00:30,7"),
            [],
            "consumer C0: two readings of the interval from 2013-01-01T00:30:00, 7 and 0.101 kWh; "
            "name a column that tells them apart with --columns-consumer or --columns-direction, or "
            "set --duplicates to first, last, mean or leave_out",
        ),
        (
            "\n".join(LINES[:40]) + "\n",
            [],
            "run: no consumer has a day that can be used (days left out: 1 incomplete); "
            "see quality.csv, and --max-missing-slots",
        ),
        (
            GOOD,
            ["--days-from", "2014-01-01"],
            "run: no consumer has a day that can be used (days left out: 4 outside range); "
            "see quality.csv, and --days-from and --days-to",
        ),
        (
            GOOD,
            ["--interval", "30min", "--slot", "45min"],
            "--slot: 45min is no multiple of the interval of 30min; use one",
        ),
    ],
)
def test_bad_input_is_one_line(ingest, text, arguments, said):
    ended = ingest(text, *arguments)
    assert ended.code in (1, 2)
    assert ended.err.strip().splitlines()[-1] == f"crocs: {said}"
    assert "Traceback" not in ended.err


def test_workdays_need_a_place(ingest):
    ended = ingest(GOOD, "--days-type", "workdays")
    assert ended.code == 2
    assert "workdays need holidays: a country or country-state such as AU-NSW" in ended.err


def test_a_cut_gzip_is_named(ingest):
    Path("cut.csv.gz").write_bytes(gzip.compress(GOOD.encode())[:-40])
    ended = ingest(None, "cut.csv.gz")
    assert ended.err.strip() == "crocs: cut.csv.gz: cut short or damaged gzip; fetch it again"


def test_a_cut_parquet_is_named(ingest):
    parquet.write_table(pa.table({"id": ["a"], "time": ["b"], "kwh": [1.0]}), "whole.parquet")
    Path("cut.parquet").write_bytes(Path("whole.parquet").read_bytes()[:-20])
    ended = ingest(None, "cut.parquet")
    assert ended.err.strip() == (
        "crocs: cut.parquet: not a whole Parquet file (cut short or damaged); fetch it again"
    )


def test_identical_duplicates_are_dropped_and_counted(ingest):
    assert ingest(GOOD + LINES[3] + "\n" + LINES[3] + "\n").code == 0
    assert counts()["C0"]["duplicates"] == "2"
    assert counts()["C0"]["days_used"] == "2"
    assert counts()["C1"]["duplicates"] == "0"


@pytest.mark.parametrize(
    ("choice", "slot"), [("first", 0.101), ("last", 8.0), ("mean", (0.101 + 7 + 8) / 3), ("leave_out", None)]
)
def test_conflicting_duplicates_are_settled_as_asked(ingest, choice, slot):
    text = GOOD + "C0,2013-01-01 00:30,7\nC0,2013-01-01 00:30,8\n"
    assert ingest(text, "--duplicates", choice).code == 0
    assert counts()["C0"]["conflicts"] == "1"
    assert counts()["C0"]["days_conflicting"] == str(int(slot is None))
    day = profiles().get(("C0", "2013-01-01"))
    assert (day is None) if slot is None else day[1] == pytest.approx(slot)


def test_a_missing_reading_leaves_out_its_day_only(ingest):
    assert ingest(changed(5, "")).code == 0
    assert ("C0", "2013-01-01") not in profiles()
    assert len(profiles()) == 3
    assert counts()["C0"]["days_incomplete"] == "1"
    assert counts()["C0"]["gaps"] == "1"


@pytest.mark.parametrize("word", ["", "Null", "NaN", "nan", "inf", "-inf", "1e308", "1e309", "NA", " "])
def test_what_is_no_usable_number_is_counted_and_never_zero(ingest, word):
    assert ingest(changed(5, f"C0,2013-01-01 01:30,{word}")).code == 0
    assert counts()["C0"]["implausible" if word == "1e308" else "invalid"] == "1"
    assert ("C0", "2013-01-01") not in profiles()


def test_a_few_missing_slots_are_interpolated_if_asked(ingest):
    assert ingest(changed(5, "C0,2013-01-01 01:30,"), "--max-missing-slots", 1).code == 0
    assert profiles()["C0", "2013-01-01"][3] == pytest.approx(0.103)
    assert counts()["C0"]["days_interpolated"] == "1"


def test_other_settings_in_the_same_run_are_refused(ingest):
    assert ingest(GOOD).code == 0
    before = Path("run/profiles/00000.h5").read_bytes()
    ended = ingest(GOOD, "--unit", "Wh")
    assert ended.code == 1
    assert "made with unit kWh (now Wh); use the same settings, another --run" in ended.err
    ended = ingest(GOOD + LINES[3] + "\n")
    assert "made from other inputs; move it elsewhere and run `crocs ingest` again" in ended.err
    assert Path("run/profiles/00000.h5").read_bytes() == before


def test_a_read_only_directory_is_one_line(ingest, monkeypatch):
    Path("run").write_text("a file where the directory should be")
    ended = ingest(GOOD)
    assert ended.code == 1
    assert re.search("run/profiles.*Not a directory", ended.err)
    assert len(ended.err.strip().splitlines()) == 1


def test_ids_stay_text(ingest):
    text = GOOD.replace("C0,", "0012345678901,").replace("C1,", '"1e5",')
    assert ingest(text).code == 0
    assert list(counts()) == ["0012345678901", "1e5"]


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        (GOOD.replace("\n", "\r\n"), []),
        ("\ufeff" + GOOD, []),
        (GOOD.replace(",", ";"), []),
        (GOOD.replace(",", "\t"), []),
        (GOOD.replace(",", ";").replace(".", ","), ["--decimal", ","]),
        (GOOD.replace("\n", "\n\n"), []),
        (GOOD.rstrip("\n"), []),
        (GOOD.replace("id,time,kwh", " id , time , kwh "), []),
        (GOOD.replace("C0", '"C0"'), []),
        (GOOD.replace("2013-01-0", "0").replace(" ", "/01/2013 "), ["--stamp-format", "%d/%m/%Y %H:%M"]),
    ],
    ids=["crlf", "bom", "semicolon", "tab", "decimal-comma", "blank", "no-end", "padded", "quoted", "stamps"],
)
def test_other_ways_to_write_the_same_readings_give_the_same_profiles(ingest, wrong, right):
    assert ingest(GOOD).code == 0
    expected = profiles()
    Path("other.csv").write_text(wrong, newline="")
    assert ingest(None, *right, "--run", "other", "other.csv").code == 0
    found = profiles("other")
    assert found.keys() == expected.keys()
    assert all(np.array_equal(found[key], expected[key]) for key in expected)


def test_parquet_and_gzip_give_the_same_profiles(ingest):
    assert ingest(GOOD).code == 0
    expected = profiles()
    Path("a.csv.gz").write_bytes(gzip.compress(GOOD.encode()))
    fields = [line.split(",") for line in LINES[1:]]
    stamps = np.array([f[1].replace(" ", "T") for f in fields], "datetime64[s]")
    columns = {"id": [f[0] for f in fields], "time": stamps, "kwh": [float(f[2]) for f in fields]}
    parquet.write_table(pa.table(columns), "a.parquet")
    for name in ("a.csv.gz", "a.parquet"):
        assert ingest(None, "--run", name + ".run", name).code == 0
        found = profiles(name + ".run")
        assert found.keys() == expected.keys()
        assert all(np.array_equal(found[key], expected[key]) for key in expected)


@pytest.mark.parametrize("where", ["profiles/00000.h5", "profiles"])
def test_a_full_disk_is_one_line_and_leaves_nothing_half_done(ingest, monkeypatch, where):
    if where == "profiles":  # readings are set aside on disk at once
        monkeypatch.setattr("crocs_cli.machine.spool.Spool.__init__.__defaults__", (1,))
    Path("readings.csv").write_text(GOOD)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    try:
        ended = ingest(None, "readings.csv")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert ended.code == 1
    assert ended.err.startswith(f"crocs: run/{where}: ")
    assert "(File too large); mend that and run again" in ended.err
    assert len(ended.err.strip().splitlines()) == 1
    assert [path for path in Path("run").rglob("*") if path.is_file()] == []
    assert ingest(GOOD).code == 0


FEED = "<feed>" + 30 * "<entry><a/><b/></entry>" + "</feed>"


@pytest.mark.parametrize(
    ("name", "content", "reader", "limit", "said"),
    [
        (
            "a.zip",
            b"PK\x03\x04" + bytes(99),
            "auto",
            None,
            "cut short or damaged zip; fetch it again",
        ),
        ("a.csv", b"id,time,kwh" + 8 * b",x", "long", (tables, "MOST_COLUMNS", 10), "a header of 11 columns"),
        (
            "a.csv",
            99 * b"100,NEM12\n",
            "nem12",
            (nem12, "LARGEST_BYTES", 500),
            "more than 0 MB of NEM12; divide",
        ),
        (
            "a.xml",
            FEED.replace("<entry>", "").replace("</entry>", "").encode(),
            "greenbutton",
            (espi, "_ENTRY_ELEMENTS", 50),
            "more in one entry than a feed of readings holds; fetch it again",
        ),
        (
            "a.xml",
            b"<feed><entry><a>" + 99 * b"x",
            "greenbutton",
            (espi, "_ENTRY_BYTES", 50),
            "more in one entry than a feed of readings holds; fetch it again",
        ),
    ],
)
def test_what_unpacks_without_end_is_refused(ingest, monkeypatch, name, content, reader, limit, said):
    if limit:
        monkeypatch.setattr(*limit)
    Path(name).write_bytes(content)
    ended = ingest(None, "--reader", reader, name)
    assert ended.code == 1
    assert ended.err.splitlines()[-1].startswith(f"crocs: {name}: {said}")


def test_a_feed_of_many_entries_is_no_large_entry(ingest, monkeypatch):
    monkeypatch.setattr(espi, "_ENTRY_ELEMENTS", 50)
    Path("a.xml").write_text(FEED)
    assert "no readings in the files" in ingest(None, "--reader", "greenbutton", "a.xml").err


def test_a_file_within_a_zip_that_does_not_fit_beside_it_is_refused_with_the_cure(ingest, monkeypatch):
    table = pa.table({"id": ["A"], "time": ["2013-01-01 00:00"], "kwh": [1.0]})
    parquet.write_table(table, "a.parquet")
    with zipfile.ZipFile("a.zip", "w") as archive:
        archive.write("a.parquet")

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(shutil, "copyfileobj", full)
    refused = ingest(None, "a.zip")
    assert refused.code == 1
    assert re.fullmatch(
        r"crocs: a.zip/a.parquet: no room to unpack it in .*; set TMPDIR to a larger directory\n", refused.err
    )
