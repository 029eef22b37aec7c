"""NEM12: every example file is read as nemreader reads it, or refused in one line."""

import logging
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from nemreader import NEMFile

from crocs_cli.errors import CrocsError
from crocs_cli.readers import nem12
from crocs_cli.readers.archives import contents
from crocs_cli.readers.readings import Dialect, Writing
from tests.conftest import SHARED_DATA, data
from tests.readers.conftest import counts, profiles

EXAMPLES = SHARED_DATA / "nem12" / "examples"
FILES = sorted(path for path in EXAMPLES.rglob("*") if path.is_file())
REFUSED = {
    "invalid/Example_empty_file.csv": "empty; name a file with readings",
    "nem12/NEM12#Scenario10#ETSAMDP#NEMMCO.zip": ":28: '11' is no kind of NEM12 record",  # a wrapped day
}
MISREAD = {  # by nemreader: it passes over a day, takes the first values of one, or refuses one without dates
    "invalid/Example_NEM12_15min_200_30min_300.csv",
    "invalid/Example_NEM12_30min_200_15min_300.csv",
    "invalid/Example_NEM12_30min_200_15min_400.csv",
    "invalid/Example_NEM12_powercor_missing_fields.csv",
}


def dialect(minutes=30):
    return Dialect("id", "time", "kwh", None, Writing(), "start", 60 * minutes)


def read(path, minutes=30):
    """Return {(meter, start): [kWh of each channel]} of a file or zip, missing readings left out."""
    found = {}
    for readings in (part for member in contents([path]) for part in nem12.read(member, dialect(minutes))):
        names = readings.consumer.to_pylist()
        for name, start, kwh in zip(names, readings.time_s, readings.value, strict=True):
            if not np.isnan(kwh):
                found.setdefault((name, int(start)), []).append(kwh)
    return found


def expected(path, minutes):
    """Return the same from nemreader's own objects."""
    sums = {}
    factor = {"WH": 0.001, "KWH": 1.0, "MWH": 1000.0}
    for meter, channels in NEMFile(str(path)).nem_data().readings.items():
        for channel, readings in channels.items():
            if channel[0] not in "EB":
                continue
            occurrence = {}
            for r in readings:
                start = np.datetime64(r.t_start, "s").astype(int)
                start -= start % (60 * minutes)
                turn = occurrence.setdefault(r.t_start, 0)  # a day that is sent twice is read twice
                occurrence[r.t_start] += 1
                ok = r.read_value is not None and not r.quality_method.startswith("N")
                kwh = r.read_value * factor[r.uom.upper()] if ok else np.nan
                key = (meter, int(start), channel, turn)
                sums[key] = sums.get(key, 0.0) + (kwh if channel[0] == "E" else -kwh)
    found = {}
    for (meter, start, _, _), kwh in sums.items():
        if not np.isnan(kwh):
            found.setdefault((meter, start), []).append(kwh)
    return found


def written_kwh(path):
    """Return the sum of all values of a file's E1 channels, read in the plainest way."""
    total, channel, rows = 0.0, "", [line.split(",") for line in path.read_text().splitlines()]
    for row, after in zip(rows, [*rows[1:], [""]], strict=True):
        channel = row[4] if row[0] == "200" else channel
        if row[0] == "300" and channel == "E1":
            end = next(n for n, field in enumerate(row[2:], 2) if field[:1].isalpha())
            null = set()  # intervals without a value, counted from 1
            if after[0] == "400":
                events = rows[rows.index(after) :]
                for event in events[: next(n for n, one in enumerate(events) if one[0] != "400")]:
                    null |= set(range(int(event[1]), int(event[2]) + 1)) if event[3] == "N" else set()
            total += sum(float(text) for n, text in enumerate(row[2:end], 1) if text and n not in null)
    return total


@pytest.fixture(autouse=True)
def quiet():
    logging.getLogger("nemreader.nem_reader").setLevel(logging.CRITICAL)


@pytest.mark.skipif(not FILES, reason="real meter data not here: nem12/examples")
@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(EXAMPLES)))
def test_every_example_is_read_as_nemreader_reads_it_or_refused_in_one_line(path):
    name = str(path.relative_to(EXAMPLES))
    if name in REFUSED or "nem13" in name.lower():
        with pytest.raises(CrocsError, match=REFUSED.get(name, "NEM13, accumulated readings")) as refused:
            read(path)
        assert "\n" not in str(refused.value)
        return
    if name in MISREAD:
        found = read(path, 15 if "200_15min" in name else 30)
        assert sum(sum(kwh) for kwh in found.values()) == pytest.approx(written_kwh(path))
        return
    found = read(path)
    wanted = expected(path, 30)
    assert found.keys() == wanted.keys()
    for key, kwh in wanted.items():
        assert sorted(found[key]) == pytest.approx(sorted(kwh), abs=1e-9), key


def test_a_month_of_solar_is_imports_less_exports(ingest):
    path = data("nem12/examples/unzipped/Example_NEM12_month_solar.csv")
    assert ingest(None, "--reader", "nem12", path).code == 0
    total = sum(sum(kwh) for kwh in expected(path, 30).values())
    assert sum(day.sum() for day in profiles().values()) == pytest.approx(total, rel=1e-6)
    assert len(profiles()) == 31
    assert counts()["NMI1234567"]["negative"] != "0"


def test_substituted_readings_leave_out_their_day_above_a_share(ingest):
    path = data("nem12/examples/unzipped/Example_NEM12_substituted_interval.csv")
    refused = ingest(None, "--reader", "nem12", path)
    assert "no consumer has a day that can be used (days left out: 1 estimated)" in refused.err
    assert ingest(None, "--run", "all", "--max-estimated", 1, "--reader", "nem12", path).code == 0
    assert len(profiles("all")) == 1


def test_intervals_are_not_split(tmp_path):
    path = data("nem12/examples/unzipped/Example_NEM12_actual_interval.csv")
    with pytest.raises(CrocsError, match="intervals of 30min; set ingest.interval to 30min"):
        read(path, 15)


def nem(*meters, values=48, days=4, end="900\n"):
    """Return a NEM12 file; meters are (name, minutes that it says, channel, fields of a day)."""
    lines = ["100,NEM12,202402010000,MDP1,RET1"]
    for name, minutes, channel, fields in meters:
        lines.append(f"200,{name},E1,1,{channel},N1,METER1,kWh,{minutes},")
        day = fields or ",".join(f"{0.1 + n / 100:.2f}" for n in range(values)) + ",A,,,20240201000000,"
        lines += [f"300,202401{number:02d},{day}" for number in range(1, days + 1)]
    return "\n".join([*lines, end])


def test_days_are_read_by_their_number_of_values_with_a_word(ingest, caplog):
    text = nem(("A", 30, "E1", ""), ("B", 5, "E1", ""), ("C", 30, "E1", ""))
    assert ingest(text, "--reader", "nem12").code == 0
    days = "4 days lack the 288 values of 5min that line 7 says"
    said = f"readings.csv:8: B E1: {days}; read as 30min by the number of their values"
    assert caplog.messages.count(said) == 1
    found = profiles()
    for day in range(1, 5):
        assert found["B", f"2024-01-0{day}"] == pytest.approx(found["A", f"2024-01-0{day}"])
    assert len(found) == 12


@pytest.mark.parametrize("fields", ["1,2,3", "1,2,3,A,,,,", ",".join(["1"] * 47) + ",A,,,,", "A"])
def test_a_day_of_odd_length_is_left_out_and_counted(ingest, caplog, fields):
    text = nem(("A", 30, "E1", "")).replace("900\n", f"300,20240105,{fields}\n400,47,48,E14,1,\n900\n")
    assert ingest(text, "--reader", "nem12").code == 0
    said = "A E1: 1 days lack the 48 values of 30min that line 2 says; left out"
    assert f"readings.csv:7: {said}" in caplog.messages
    assert counts()["A"]["invalid"] == "48"
    assert counts()["A"]["days_incomplete"] == "1"
    assert len(profiles()) == 4


def test_each_record_counts_in_its_own_unit(ingest):
    text = (
        nem(("A", 30, "E1", ""), ("A", 30, "E1", ""))
        .replace("kWh", "Wh", 1)
        .replace("300,2024", "300,2023", 4)
    )
    assert ingest(text, "--reader", "nem12").code == 0
    assert 1000 * profiles()["A", "2023-01-01"] == pytest.approx(profiles()["A", "2024-01-01"])


def test_a_meter_of_which_nothing_is_kept_is_named(ingest, caplog):
    text = nem(("A", 30, "E1", ""), ("B", 30, "Q1", "")).replace("900", "200,C,E1,1,E1,N1,M,kWh,30,\n900")
    assert ingest(text, "--reader", "nem12").code == 0
    warned = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert "readings.csv: B: channels Q1 hold no active energy and are left out" in warned
    assert "readings.csv: C: channels E1 have no readings" in warned


def test_a_file_without_its_end_is_said(ingest, caplog):
    assert ingest(nem(("A", 30, "E1", ""), end=""), "--reader", "nem12").code == 0
    assert "readings.csv: no end record (900), the file may be cut short" in caplog.messages


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("200,A", "250,A", ":2: '250' is no kind of NEM12 record; ask the sender"),
        ("300,20240102", "ABC", ":4: 'ABC' is no kind of NEM12 record; ask the sender"),
        ("300,20240102", "300,", ":4: not a whole NEM12 file; ask the sender for it again"),
        ("900", "400,49,50,E14,1,\n900", ":7: not a whole NEM12 file; ask the sender for it again"),
        ("kWh,30", "kWh,7", ":2: a meter record (200) without meter, channel or interval; ask the sender"),
        ("200,A,", "200, ,", ":2: a meter record (200) without meter, channel or interval; ask the sender"),
        (
            "200,A",
            "500,A",
            ":3: a day before the first meter record (200); ask the sender",
        ),
        ("NEM12", "NEM14", ": NEM14, an unknown version; crocs needs NEM12 intervals"),
        ("kWh", "MJ", ": A: unit 'MJ' is none of Wh, kWh, MWh; mend the file"),
        ("METER1", "M" * 200_000, ":2: not a line of NEM12; ask the sender for it again"),
    ],
)
def test_what_is_not_nem12_is_refused_with_its_line(ingest, old, new, said):
    refused = ingest(nem(("A", 30, "E1", "")).replace(old, new), "--reader", "nem12")
    assert refused.code == 1
    assert refused.err.splitlines()[-1] == f"crocs: readings.csv{said}"


def test_a_zip_of_several_files_is_read_whole(ingest):
    with zipfile.ZipFile("a.zip", "w") as archive:
        archive.writestr("a.csv", nem(("A", 30, "E1", "")))
        archive.writestr("b.csv", nem(("B", 30, "E1", "")))
    assert ingest(None, "--reader", "nem12", "a.zip").code == 0
    assert {consumer for consumer, _ in profiles()} == {"A", "B"}


def test_text_in_another_encoding_is_refused_in_words(ingest):
    refused = ingest(nem(("A\u00e9", 30, "E1", "")).encode("latin-1"), "--reader", "nem12")
    assert refused.err.splitlines()[-1] == "crocs: readings.csv: not text in UTF-8; save it as UTF-8"


def test_a_file_is_read_without_its_library_only_in_words(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "nemreader.nem_reader", None)
    path = Path(tmp_path / "a.csv")
    path.write_text("100,NEM12,200301011534,MDP1,Retailer1\n")
    with pytest.raises(CrocsError, match=r"read by nemreader; install crocs-cli\[nem12\]"):
        read(path)
