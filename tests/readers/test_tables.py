"""Tables as people have them: whose readings they are, what a row means, and what files are packed in."""

import datetime as dt
import io
import uuid
import zipfile
from pathlib import Path

import numpy as np
import openpyxl
import pyarrow as pa
import pyarrow.parquet as parquet
import pytest

from crocs_cli.readers import archives, workbook
from tests.readers.conftest import counts, long_csv, profiles

FORMS = ("--reader", "long")
ONE = long_csv(consumers=1)
WITHOUT_ID = "\n".join(line.split(",", 1)[1] for line in ONE.splitlines())


def with_column(name, values, text=ONE):
    """Return a long file with one column more, of values in turn."""
    header, *lines = text.splitlines()
    return "\n".join(
        [f"{header},{name}", *(f"{line},{values[i % len(values)]}" for i, line in enumerate(lines)), ""]
    )


def energies(run="run"):
    """Return {consumer: all energies in order} of a run."""
    found = {}
    for (name, _), energy in profiles(run).items():
        found.setdefault(name, []).extend(energy.tolist())
    return found


def test_a_file_without_ids_is_one_consumer_named_by_the_file(ingest, caplog):
    caplog.set_level("INFO")
    for name in ("north.csv", "south.csv"):
        Path(name).write_text(WITHOUT_ID)
    assert ingest(None, "north.csv", "south.csv").code == 0
    assert list(counts()) == ["north", "south"]
    assert caplog.text.count("each file without is one consumer, named by the file") == 1


def test_files_of_one_name_in_two_folders_are_two_consumers(ingest):
    for folder in ("a", "b", "b/c"):
        Path(folder).mkdir()
        Path(folder, "usage.csv").write_text(WITHOUT_ID)
    assert ingest(None, "a/usage.csv", "b/usage.csv").code == 0
    assert list(counts()) == ["a/usage", "b/usage"]
    Path("b/usage.txt").write_text(WITHOUT_ID)
    refused = ingest(None, "--run", "c", "b/usage.csv", "b/usage.txt")
    assert "another file would be consumer 'b/usage' too; rename one" in refused.err


def test_patterns_find_the_consumer_in_the_name_or_in_the_title(ingest):
    Path("meter_0815_may.csv").write_text("Report\nMeter: 4711 \n\n" + WITHOUT_ID)
    assert ingest(None, "--consumer-pattern", r"meter_(\d+)", "meter_0815_may.csv").code == 0
    assert list(counts()) == ["0815"]
    title = ("--consumer-pattern", r"title:^Meter: (.+)$")
    assert ingest(None, "--run", "b", *title, "meter_0815_may.csv").code == 0
    assert list(counts("b")) == ["4711"]
    refused = ingest(None, "--run", "c", "--consumer-pattern", "title:No (.+)", "meter_0815_may.csv")
    assert "--consumer-pattern finds no consumer in the 3 title lines; mend it" in refused.err
    refused = ingest(None, "--run", "d", "--consumer-pattern", "x(.)", "meter_0815_may.csv")
    assert "--consumer-pattern finds no consumer in the file's name; mend it" in refused.err


def test_one_name_by_pattern_is_one_consumer_over_several_files(ingest):
    for month in ("01", "02"):
        Path(f"m7_{month}.csv").write_text(WITHOUT_ID.replace("2013-01", f"2013-{month}"))
    assert ingest(None, "--consumer-pattern", r"^(\w+?)_", "m7_01.csv", "m7_02.csv").code == 0
    assert counts()["m7"]["days_used"] == "4"


def test_a_named_column_that_is_missing_is_not_replaced_by_the_file(ingest):
    for more in (("--columns-consumer", "meter"), ("--duplicates", "mean"), ("--consumer-from", "column")):
        refused = ingest(WITHOUT_ID, *more)
        assert refused.code == 1
        assert "name the right one with --columns-consumer" in refused.err


def test_several_meters_behind_another_column_are_refused_with_the_cure(ingest):
    text = long_csv().replace("id,", "meter,")
    refused = ingest(text)
    assert refused.code == 1
    assert "name a column that tells them apart with --columns-consumer" in refused.err
    assert ingest(text, "--columns-consumer", "meter").code == 0
    assert list(counts()) == ["C0", "C1"]


def test_directions_are_added_subtracted_and_dropped(ingest):
    text = with_column("way", ["in"]) + "".join(
        f"{line},{way}\n" for way in ("out", "max") for line in ONE.replace(",0.1", ",0.05").splitlines()[1:]
    )
    columns = ("--columns-direction", "way")
    assert ingest(text, *columns, "--direction", "in=add, out=subtract, max=drop").code == 0
    assert energies()["C0"] == pytest.approx(0.05 + np.arange(96) * 0.0009, abs=1e-6)
    refused = ingest(text, "--run", "b", *columns, "--direction", "in=add")
    assert "column 'way' holds 'max', 'out'; say with --direction what each means: add, " in refused.err
    wrong = ingest(text, "--run", "c", *columns, "--direction", "in=plus")
    assert wrong.code == 2
    assert "--direction: " in wrong.err
    assert ingest(text, "--run", "d", *columns, "--direction", "in").code == 2


def test_registers_of_tariffs_take_turns(ingest):
    text = with_column("register", ["day"] * 30 + ["night"] * 18)
    assert ingest(text, "--columns-direction", "register", "--direction", "day=add,night=add").code == 0
    assert energies()["C0"] == pytest.approx(np.arange(96) / 1000 + 0.1)


def test_qualities_are_measured_estimated_or_invalid(ingest):
    text = with_column("status", ["A"] * 40 + ["E"] * 7 + ["N"])
    columns = ("--columns-quality", "status")
    meaning = ("--quality", "A=measured,E=estimated,N=invalid", "--max-missing-slots", 1)
    assert ingest(text, *columns, *meaning).code == 1
    assert counts()["C0"]["days_estimated"] == "2"
    assert ingest(text, "--run", "b", *columns, *meaning, "--max-estimated", 0.2).code == 0
    row = counts("b")["C0"]
    assert (row["estimated"], row["invalid"], row["days_interpolated"]) == ("14", "2", "2")
    assert "holds 'A', 'E', 'N'; say with --quality" in ingest(text, "--run", "c", *columns).err


def test_wide_rows_have_directions_and_qualities(ingest):
    slots = [f"{hour:02d}:00 - {(hour + 1) % 24:02d}:00" for hour in range(24)]
    lines = ["NMI,DATE,WAY,EST," + ",".join(slots)]
    for day in (1, 2):
        lines += [
            f"A,2013-01-0{day},{way},{'Y' if day == 2 else 'N'}," + ",".join(["1.5"] * 24)
            for way in ("B", "E")
        ]
    columns = ["--columns-consumer", "NMI", "--columns-time", "DATE", "--interval", "60min"]
    meaning = ["--columns-direction", "WAY", "--direction", "E=add,B=subtract"]
    quality = ["--columns-quality", "EST", "--quality", "N=measured,Y=estimated"]
    assert ingest("\n".join([*lines, ""]), "--reader", "wide", *columns, *meaning, *quality).code == 0
    assert energies() == {"A": [0.0] * 24}
    assert counts()["A"]["days_estimated"] == "1"


def test_ids_are_the_same_with_and_without_blanks_and_quotes_of_spreadsheets(ingest, caplog):
    for name, written in (("a", "0815"), ("b", " 0815 "), ("c", '="0815"'), ("d", "'0815")):
        text = ONE.replace("C0", written.replace('"', '""') if '"' in written else written)
        Path(f"{name}.csv").write_text(text.replace("2013-01", f"2013-0{ord(name) - 96}").replace('""', '"'))
    assert ingest(None, *(f"{name}.csv" for name in "abcd")).code == 0
    assert list(counts()) == ["0815"]
    assert counts()["0815"]["days_used"] == "8"
    assert "blanks or a spreadsheet's quotes around ids are removed, of 3 in all" in caplog.text


def test_blank_ids_are_no_ids(ingest):
    assert ":2: id is empty; mend or remove the line" in ingest(ONE.replace("C0", "  ")).err


STAMPS = [dt.datetime(2013, 1, 1) + dt.timedelta(minutes=30 * step) for step in range(96)]


def stored(**columns):
    usual = {"id": ["A"] * 96, "time": STAMPS, "kwh": [0.1 + step / 1000 for step in range(96)]}
    parquet.write_table(pa.table(usual | columns), "a.parquet")
    return "a.parquet"


SINCE_1970 = [int(stamp.replace(tzinfo=dt.UTC).timestamp()) for stamp in STAMPS]
UUID = uuid.UUID("6af613b6-569c-5c22-9c37-2ed93f31d3af")
IDS = {
    "12345678901": pa.array([12345678901.0] * 96),
    "1.5": pa.array([1.5] * 96),
    "7": pa.array([7] * 96, pa.int8()),
    "C": pa.array(["C"] * 96).dictionary_encode(),
    "8": pa.array([8] * 96).dictionary_encode(),
    "2013-01-01": pa.array([dt.date(2013, 1, 1)] * 96),
    str(UUID): pa.ExtensionArray.from_storage(pa.uuid(), pa.array([UUID.bytes] * 96, pa.binary(16))),
    "bytes": pa.array([b"bytes"] * 96),
}


@pytest.mark.parametrize("name", IDS)
def test_ids_of_any_type_in_parquet_are_their_text(ingest, name):
    assert ingest(None, stored(id=IDS[name])).code == 0
    assert list(counts()) == [name]


@pytest.mark.parametrize(
    ("columns", "arguments"),
    [
        ({"time": [f"{stamp:%d/%m/%Y %H:%M}" for stamp in STAMPS]}, ["--stamp-format", "%d/%m/%Y %H:%M"]),
        ({"time": SINCE_1970}, ["--stamp-format", "epoch-s"]),
        ({"time": [1000.0 * second for second in SINCE_1970]}, ["--stamp-format", "epoch-ms"]),
        ({"time": pa.array([f"{stamp} " for stamp in STAMPS]).dictionary_encode()}, []),
        ({"kwh": [f"0,{100 + step}" for step in range(96)]}, ["--decimal", ","]),
        ({"kwh": pa.array(0.1 + np.arange(96) / 1000).dictionary_encode()}, []),
        (
            {"day": [stamp.date() for stamp in STAMPS], "time": [stamp.time() for stamp in STAMPS]},
            ["--columns-date", "day"],
        ),
        (
            {"day": [s.replace(hour=0, minute=0) for s in STAMPS], "time": [f"{s:%H:%M}" for s in STAMPS]},
            ["--columns-date", "day"],
        ),
    ],
)  # fmt: skip
def test_columns_of_any_type_in_parquet_are_what_they_mean(ingest, columns, arguments):
    ended = ingest(None, *arguments, stored(**columns))
    assert ended.code == 0, ended.err
    assert energies() == {"A": pytest.approx(0.1 + np.arange(96) / 1000)}


def test_dates_in_parquet_stamp_daily_readings(ingest):
    days = [dt.date(2013, 1, 1) + dt.timedelta(days=step) for step in range(96)]
    assert ingest(None, "--interval", "24h", stored(time=days)).code == 0
    assert counts()["A"]["days_used"] == "96"


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"id": [["A"]] * 96}, "a.parquet: column 'id' holds lists, no ids; name the right column with"),
        ({"id": [{"x": 1}] * 96}, "a.parquet: column 'id' holds structs, no ids; name the right column with"),
        ({"kwh": [[1.0]] * 96}, "'kwh' holds lists, no numbers; name the right column with --columns-energy"),
        ({"time": list(range(96))}, "no stamps; store timestamps, or set --stamp-format to epoch-s or"),
        ({"kwh": ["1"] * 70 + ["oops"] + ["1"] * 25}, "a.parquet: row 71: kwh 'oops' is not a number"),
        ({"time": [*map(str, STAMPS[:70]), "x", *map(str, STAMPS[71:])]}, "a.parquet: row 71: time 'x' is"),
        ({"id": [b"\xff\xfe"] * 96}, "column 'id' holds binary, no ids"),
    ],
)  # fmt: skip
def test_columns_that_cannot_be_meant_are_one_line_with_the_right_row(ingest, columns, said):
    ended = ingest(None, stored(**columns))
    assert ended.code == 1
    assert said in ended.err
    assert len(ended.err.strip().splitlines()) == 1 + ended.err.count("takes up")


def test_a_day_that_does_not_exist_is_no_other_day(ingest):
    text = "id,time,kwh\nA,28/02/2013 00:00,1\nA,30/02/2013 00:00,1\n"
    refused = ingest(text, "--stamp-format", "%d/%m/%Y %H:%M")
    assert ":3: time '30/02/2013 00:00' is not the form %d/%m/%Y %H:%M" in refused.err


@pytest.mark.parametrize("form", [None, "%d/%m/%Y %H:%M"])
def test_the_row_at_fault_is_named_in_parquet_and_csv(ingest, form):
    texts = [stamp.strftime(form or "%Y-%m-%d %H:%M") for stamp in STAMPS]
    texts[70] = "oops"
    arguments = ["--stamp-format", form] if form else []
    assert "a.parquet: row 71: time 'oops'" in ingest(None, *arguments, stored(time=texts)).err
    text = "\n".join(["id,time,kwh", *(f"A,{text},1" for text in texts), ""])
    assert "readings.csv:72: time 'oops'" in ingest(text, *arguments).err


def test_the_members_of_a_zip_are_files(ingest):
    with zipfile.ZipFile("all.zip", "w") as archive:
        for name in ("north.csv", "sub/south.csv"):
            archive.writestr(name, WITHOUT_ID)
        archive.writestr("__MACOSX/north.csv", "rubbish")
        archive.writestr("sub/.DS_Store", "rubbish")
    assert ingest(None, "all.zip").code == 0
    assert list(counts()) == ["north", "south"]
    with zipfile.ZipFile("all.zip", "a") as archive:
        archive.writestr("third.csv", WITHOUT_ID.replace("0.120", "much"))
    refused = ingest(None, "--run", "b", "all.zip")
    assert "crocs: all.zip/third.csv:22: kwh 'much' is not a number" in refused.err


def test_no_member_of_a_zip_reaches_a_file_outside(ingest):
    Path("secret.csv").write_text(ONE)
    outside = str(Path("secret.csv").absolute())
    with zipfile.ZipFile("a.zip", "w") as archive:
        for name in (outside, "../secret.csv"):
            archive.writestr(name, ONE.replace("C0", "inside"))
    assert ingest(None, "--duplicates", "first", "a.zip").code == 0
    assert list(counts()) == ["inside"]


def test_a_zip_of_nothing_and_a_locked_one_are_one_line(ingest, monkeypatch):
    with zipfile.ZipFile("empty.zip", "w"):
        pass
    assert "empty.zip: a zip without files; name files with readings" in ingest(None, "empty.zip").err
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("a.csv", ONE)
    locked = bytearray(content.getvalue())
    for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        locked[locked.index(mark) + at] |= 1  # the flag of a password
    Path("locked.zip").write_bytes(locked)
    assert "a.csv: locked by a password; unpack the zip" in ingest(None, "locked.zip").err
    monkeypatch.setattr(archives, "MOST_MEMBERS", 0)
    Path("many.zip").write_bytes(content.getvalue())
    assert "many.zip: a zip of 1 files; unpack it and name some" in ingest(None, "many.zip").err


def sheet(rows, name="a.xlsx", others=()):
    book = openpyxl.Workbook()
    for title in others:
        book.create_sheet(title, 0)
    for row in rows:
        book.worksheets[-1].append(row)
    book.save(name)
    return name


def test_cells_of_a_workbook_are_what_they_mean(ingest, caplog):
    caplog.set_level("INFO")
    rows = [["Report", None, None], [], ["id", "time", "kwh", None]]
    rows += [
        [4711.0, stamp, "0,105" if step == 5 else 0.1 + step / 1000] for step, stamp in enumerate(STAMPS)
    ]
    path = sheet(rows, others=["empty"])
    assert ingest(None, "--decimal", ",", path).code == 0
    assert energies() == {"4711": pytest.approx(0.1 + np.arange(96) / 1000)}
    assert "a.xlsx: sheet 'Sheet' is read, of 2" in caplog.text
    form = ("--stamp-format", "%d.%m.%Y %H:%M", "--decimal", ",")
    assert ingest(None, "--run", "b", *form, path).code == 0
    assert energies("b") == energies()
    rows[10][2] = "much"
    sheet(rows)
    assert "crocs: a.xlsx:11: kwh 'much' is not a number" in ingest(None, "--run", "c", *form, path).err


def test_times_of_a_workbook_may_be_24_hours(ingest):
    rows = [["id", "day", "time", "kwh"]]
    for step, stamp in enumerate(STAMPS):
        end = dt.timedelta(minutes=30 * (step % 48 + 1))
        rows.append(["A", stamp.date(), end, 0.1 + step / 1000])
    assert ingest(None, "--columns-date", "day", "--stamp", "end", sheet(rows)).code == 0
    assert energies() == {"A": pytest.approx(0.1 + np.arange(96) / 1000)}


def test_a_workbook_that_cannot_be_read_is_one_line(ingest, monkeypatch):
    path = sheet([["id", "time", "kwh"], ["A", STAMPS[0], 1]])
    with monkeypatch.context() as patched:
        patched.setattr(workbook, "LARGEST_TEXTS", 100)
        assert "a.xlsx: more than 0 MB of texts; save the sheet as CSV" in ingest(None, path).err
    content = Path(path).read_bytes()
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile("broken.xlsx", "w") as archive:
        for name, part in parts.items():
            archive.writestr(name, part[:-60] if "sheet1" in name else part)
    for name, broken in (("cut.xlsx", content[:-50]), ("broken.xlsx", None)):
        if broken:
            Path(name).write_bytes(broken)
        ended = ingest(None, name)
        assert ended.code == 1
        assert "save the sheet as CSV" in ended.err or "damaged zip; fetch it again" in ended.err
    monkeypatch.setitem(__import__("sys").modules, "openpyxl", None)
    said = "a.xlsx: .xlsx is read by openpyxl; install crocs-cli[xlsx], or save the sheet as CSV"
    assert said in ingest(None, path).err


def test_what_is_told_of_an_encoding_is_said_once(ingest, caplog):
    text = ONE.replace("C0", "Zoë")
    assert ingest(text.encode("latin-1")).code == 0
    assert list(counts()) == ["Zoë"]
    assert caplog.messages.count("readings.csv: not UTF-8; read as cp1252 (latin-1); see --encoding") == 1
    caplog.clear()
    assert ingest(text.encode("latin-1"), "--run", "b", "--encoding", "latin-1").code == 0
    assert "encoding" not in caplog.text
    assert "not ascii text; set --encoding" in ingest(text, "--run", "c", "--encoding", "ascii").err
    assert ingest(text, "--run", "d", "--encoding", "morse").code == 2


@pytest.mark.parametrize("hour", [0, 24, 26])
def test_numbers_of_hours_that_a_day_lacks_are_refused(ingest, hour):
    text = f"id,time,no,kwh\nA,2024-03-31,{hour},1\n"
    refused = ingest(text, "--columns-hour", "no", "--timezone", "Europe/Madrid")
    assert f":2: no {hour} of a day of 23 in Europe/Madrid; set --timezone" in refused.err
    refused = ingest(text.replace(f",{hour},", ",H1,"), "--columns-hour", "no")
    assert ":2: no 'H1' is not the number of an hour, 1 to 25" in refused.err


def test_minutes_are_summed_to_slots(ingest):
    text = long_csv(days=2, consumers=1, minutes=1)
    assert ingest(text, "--interval", "1min").code == 0
    raw = np.array([float(line.split(",")[2]) for line in text.splitlines()[1:]])
    assert energies()["C0"] == pytest.approx(raw.reshape(-1, 30).sum(axis=1))
    assert ingest(text, "--run", "b", "--interval", "1min", "--slot", "5min").code == 0
    assert len(energies("b")["C0"]) == 2 * 288
    assert ingest(text, "--run", "c", "--interval", "2min").code == 2


def test_stamps_some_seconds_beside_are_said(ingest, caplog):
    late = ONE.replace(":30,", ":30:02,")
    assert ingest(late).code == 0
    assert counts()["C0"]["repaired"] == "48"
    assert "48 of 96 stamps lie some seconds beside their interval and are set right" in caplog.text
    refused = ingest(late, "--run", "b", "--stamp-tolerance", 0)
    assert "48 of 96 stamps lie between intervals of 30min" in refused.err


def test_megawatt_hours_and_kinds_of_readings(ingest):
    assert ingest(ONE, "--unit", "MWh").code == 0
    assert energies()["C0"] == pytest.approx(100 + np.arange(96.0))
    assert ingest(ONE, "--run", "b", "--kind", "power").code == 0
    assert energies("b")["C0"] == pytest.approx(0.05 + np.arange(96) / 2000)
    refused = ingest(ONE, "--run", "c", "--kind", "power", "--unit", "kWh")
    assert refused.code == 2
    assert "a reading of kind power is not in kWh; a power is in kW or W" in refused.err


def test_a_wide_file_with_zeros_in_the_lost_hour_is_as_one_without(ingest):
    slots = ",".join(f"{step // 2:02d}:{step % 2 * 30:02d}" for step in range(48))
    for run, lost in (("zero", "0"), ("empty", "")):
        lines = [f"id,time,{slots}"]
        for day in range(28, 32):
            values = [f"{0.1 + step / 100:.2f}" for step in range(48)]
            values[2:4] = [lost] * 2 if day == 31 else values[2:4]
            lines.append(f"A,2024-03-{day}," + ",".join(values))
        zone = ("--timezone", "Europe/London", "--clock-change", "fold")
        assert ingest("\n".join([*lines, ""]), "--run", run, "--reader", "wide", *zone).code == 0
    assert energies("zero") == energies("empty")
    assert counts("zero") == counts("empty")


def test_thousands_are_groups_of_three(ingest):
    text = "id;time;kwh\n" + "".join(
        f"A;{stamp:%Y-%m-%d %H:%M};1.{step:03d},5\n" for step, stamp in enumerate(STAMPS)
    )
    signs = ("--decimal", ",", "--thousands", ".")
    assert ingest(text, *signs).code == 0
    assert energies() == {"A": pytest.approx(1000.5 + np.arange(96))}
    refused = ingest(text.replace("1.005,5", "1.05,5"), "--run", "b", *signs)
    assert ":7: kwh '1.05,5' is not a number" in refused.err
    cure = "for thousands set --thousands to '.' and --decimal to ','; mend"
    assert cure in ingest(text, "--run", "c").err
    wrong = ingest(text, "--run", "d", "--thousands", ".")
    assert wrong.code == 2
    assert "thousands and decimal are both '.'" in wrong.err


def test_a_matrix_of_one_column_in_several_files_asks_whose_it_is(ingest):
    for name, month in (("a", "01"), ("b", "02")):
        Path(f"{name}.csv").write_text(WITHOUT_ID.replace("2013-01", f"2013-{month}"))
    call = ("--reader", "matrix", "a.csv", "b.csv")
    refused = ingest(None, *call)
    assert "'kwh' is the only column of several files; set --consumer-from to file" in refused.err
    assert ingest(None, "--run", "b", "--consumer-from", "file", *call).code == 0
    assert list(counts("b")) == ["a", "b"]
    assert ingest(None, "--run", "c", "--consumer-from", "column", *call).code == 0
    assert list(counts("c")) == ["kwh"]


def test_no_line_of_a_title_is_shown(ingest):
    title = 'Name,JANE DOE\nAddress,"1 MAIN ST, TOWN"\nAccount,0000000000\n'
    for text in (
        title,
        title + "\nday,hour,usage\n2013-01-01,0,1\n",
        title + "JANE DOE;2013-01-01 00:00;1,0\n",
    ):
        ended = ingest(text)
        assert ended.code == 1
        assert not any(word in ended.err for word in ("JANE", "MAIN", "0000000000"))
