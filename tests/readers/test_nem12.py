"""NEM12: every example file is read as nemreader reads it, or refused in one line."""

import logging
from pathlib import Path

import numpy as np
import pytest
from nemreader import NEMFile

from crocs_cli.errors import CrocsError
from crocs_cli.readers import nem12
from crocs_cli.readers.readings import Dialect, Writing
from tests.conftest import SHARED_DATA, data
from tests.readers.conftest import counts, profiles

EXAMPLES = SHARED_DATA / "nem12" / "examples"
FILES = sorted(path for path in EXAMPLES.rglob("*") if path.is_file())
REFUSED = {
    "invalid/Example_NEM12_15min_200_30min_300.csv": ":3: not a whole NEM12 file",
    "invalid/Example_NEM12_30min_200_15min_300.csv": ":3: more values than the 48 intervals of a day",
    "invalid/Example_NEM12_30min_200_15min_400.csv": ":3: more values than the 48 intervals of a day",
    "invalid/Example_NEM12_powercor_missing_fields.csv": ":2: not a whole NEM12 file",
    "invalid/Example_empty_file.csv": "empty; name a file with readings",
}


def dialect(minutes=30):
    return Dialect("id", "time", "kwh", None, Writing(), "start", 60 * minutes)


def read(path, minutes=30):
    """Return {(meter, start): [kWh of each channel]} of a file, missing readings left out."""
    found = {}
    for readings in nem12.read(path, dialect(minutes)):
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


def test_a_file_is_read_without_its_library_only_in_words(monkeypatch, tmp_path):
    monkeypatch.setitem(__import__("sys").modules, "nemreader", None)
    path = Path(tmp_path / "a.csv")
    path.write_text("100,NEM12,200301011534,MDP1,Retailer1\n")
    with pytest.raises(CrocsError, match=r"read by nemreader; install crocs\[nem12\]"):
        read(path)
