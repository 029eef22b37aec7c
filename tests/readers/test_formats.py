"""The formats of utilities and trials, each from a file as it is written, and how a format is told."""

import datetime as dt
import gzip
import json
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest

from crocs_cli.machine import files
from crocs_cli.rundir.layouts import PROFILES
from tests.conftest import data
from tests.readers.conftest import counts, long_csv, profiles
from tests.readers.test_real_files import assert_same_days, days_of

GREEN = "greenbutton/Coastal_Single_Family_Jan_1_2011_to_Jan_1_2012.xml"


def test_greenbutton_has_the_local_days_and_energy_that_pandas_counts(ingest):
    path = data(GREEN)
    assert ingest(None, "--reader", "greenbutton", path).code == 0
    tag = "{http://naesb.org/espi}"
    rows = [
        (int(one.find(f".//{tag}start").text), int(one.find(f"{tag}value").text))
        for one in ElementTree.parse(path).iter(f"{tag}IntervalReading")
    ]
    start = pd.to_datetime([row[0] for row in rows], unit="s", utc=True).tz_convert("America/Los_Angeles")
    kwh = [row[1] / 1000 for row in rows]
    expected = days_of(pd.DataFrame({"consumer": "9b6c7063/01", "start": start, "kwh": kwh}), 24)
    assert len(expected) == 15
    assert_same_days(profiles(), expected)


def green(readings, kinds="", minutes=60):
    """Return a small feed; readings are (start, value, reading type)."""
    types = "".join(
        f"<entry><link rel='self' href='ReadingType/{n}'/><content><ReadingType><flowDirection>{flow}"
        f"</flowDirection><intervalLength>{60 * minutes}</intervalLength><powerOfTenMultiplier>{power}"
        f"</powerOfTenMultiplier><uom>{uom}</uom></ReadingType></content></entry>"
        f"<entry><link rel='self' href='User/u/UsagePoint/p/MeterReading/{n}'/>"
        f"<link rel='related' href='ReadingType/{n}'/><content><MeterReading/></content></entry>"
        for n, (flow, power, uom) in enumerate(kinds)
    )
    blocks = "".join(
        f"<entry><link rel='up' href='User/u/UsagePoint/p/MeterReading/{kind}/IntervalBlock'/><content>"
        f"<IntervalBlock><IntervalReading><timePeriod><duration>{60 * minutes}</duration>"
        f"<start>{start}</start></timePeriod><value>{value}</value></IntervalReading></IntervalBlock>"
        "</content></entry>"
        for start, value, kind in readings
    )
    return f"<feed xmlns='http://naesb.org/espi'>{types}{blocks}</feed>"


def test_greenbutton_subtracts_what_flows_back_and_leaves_out_what_is_no_energy(ingest):
    day = range(1357002000, 1357002000 + 86400, 3600)  # 2013-01-01 in UTC-01:00
    kinds = [(1, 0, 72), (19, 3, 72), (1, 0, 169)]
    readings = [(start, value, kind) for start in day for kind, value in ((0, 3000), (1, 1), (2, 9))]
    assert ingest(green(readings, kinds), "--reader", "greenbutton", "--timezone", "-01:00").code == 0
    assert profiles()["u/p", "2013-01-01"] == pytest.approx(np.full(24, 2.0))


def test_greenbutton_takes_the_interval_from_the_file_and_its_own_unit_only(ingest):
    day = range(1356998400, 1356998400 + 86400, 900)
    text = green([(start, 250, 0) for start in day], [(1, 0, 72)], 15)
    assert ingest(text, "--reader", "greenbutton", "--slot", "60min").code == 0
    assert profiles()["u/p", "2013-01-01"] == pytest.approx(np.full(24, 1.0))
    refused = ingest(text, "--run", "other", "--reader", "greenbutton", "--unit", "kW")
    assert refused.err.strip() == "crocs: --unit: files of greenbutton say their own unit; leave it out"


def test_greenbutton_cut_short_is_named(ingest):
    refused = ingest(green([(0, 1, 0)])[:-20], "--reader", "greenbutton")
    assert refused.err.startswith("crocs: readings.csv: not a whole Green Button file")


def cer(first, last, skip=(), longer=()):
    """Return lines of the Irish trial for some days of 2009 and 2010."""
    lines = []
    for day in range(first, last + 1):
        for half_hour in range(1, 51 if day in longer else 49):
            if (day, half_hour) not in skip:
                lines.append(f"1392 {day:03d}{half_hour:02d} {day + half_hour / 100:.2f}")
    return "\n".join([*lines, ""])


def test_cer_counts_days_from_2009_and_leaves_out_the_days_of_the_clock_change(ingest):
    text = cer(296, 300, longer=(298,)) + cer(450, 454, skip={(452, 3), (452, 4)})
    assert ingest(text, "--reader", "cer").code == 0
    found = profiles()
    assert found["1392", "2009-10-23"][0] == pytest.approx(296.01)
    assert found["1392", "2010-03-29"][47] == pytest.approx(453.48)
    assert ("1392", "2009-10-25") not in found
    assert ("1392", "2010-03-28") not in found
    assert counts()["1392"]["days_clock_change"] == "2"
    assert len(found) == 8


def test_cer_folds_the_days_of_the_clock_change_if_asked(ingest):
    text = cer(297, 298, longer=(298,)) + cer(451, 452, skip={(452, 3), (452, 4)})
    assert ingest(text, "--reader", "cer", "--clock-change", "fold").code == 0
    longer = profiles()["1392", "2009-10-25"]
    assert longer[2] == pytest.approx(298 + (0.03 + 0.05) / 2)  # both hours after one
    assert longer[4] == pytest.approx(298.07)
    shorter = profiles()["1392", "2010-03-28"]
    assert shorter[2:4] == pytest.approx([452.03, 452.04])  # between its neighbours


def test_cer_codes_are_checked(ingest):
    refused = ingest("1392 19501 0.1\n1392 19560 0.1\n", "--reader", "cer")
    assert refused.err.strip() == (
        "crocs: readings.csv:2: code 19560 is not ddd and a half-hour from 01 to 50"
    )


def test_opower_has_local_dates_and_times_of_the_end_apart(ingest):
    lines = ["service_point_id\tusage_value\tdate\ttime\tis_estimate"]
    for hour in range(1, 25):
        date, time = ("20130701", f"{hour:02d}00") if hour < 24 else ("20130702", "0000")
        lines.append(f"0042\t{hour}.5\t{date}\t{time}\tA")
    text = "\n".join([*lines, ""])
    refused = ingest(text, "--reader", "opower")
    assert "--timezone: stamps of opower are local time; name their zone" in refused.err
    settings = ["--timezone", "America/New_York", "--interval", "60min"]
    assert ingest(text, "--reader", "opower", *settings).code == 0
    assert profiles()["0042", "2013-07-01"] == pytest.approx(np.arange(1, 25) + 0.5)
    guessed = ingest(text.replace("\tA", "\tE"), "--run", "b", "--reader", "opower", *settings)
    assert "days left out: 1 estimated" in guessed.err


def test_sgcc_columns_are_days_in_any_order(ingest):
    text = "CONS_NO,FLAG,2014/1/10,2014/1/2,2014/1/1\nA,1,10,2,1\nB,0,,0,5\n"
    assert ingest(text, "--reader", "sgcc").code == 0
    assert profiles()["A", "2014-01-10"] == pytest.approx([10])
    assert profiles()["A", "2014-01-02"] == pytest.approx([2])
    assert sorted(date for name, date in profiles() if name == "B") == ["2014-01-01", "2014-01-02"]
    assert counts()["B"]["invalid"] == "1"


def test_both_layouts_of_lcl_and_its_off_grid_stamps(ingest):
    steps = pd.date_range("2013-01-01 00:30", periods=96, freq="30min")
    stamps = steps.strftime("%Y-%m-%d %H:%M:%S")
    old = ["LCLid,tstp,energy(kWh/hh)", *(f"MAC1,{s}.0000000, {i}.5 " for i, s in enumerate(stamps))]
    new = ["LCLid,stdorToU,DateTime,KWH/hh (per half hour) ,Acorn,Acorn_grouped"]
    new += [f"MAC1,Std,{s}.0000000, {i}.5 ,ACORN-A,Affluent" for i, s in enumerate(stamps)]
    new.append("MAC1,Std,2013-01-01 15:13:41.0000000,Null,ACORN-A,Affluent")
    assert ingest("\n".join([*old, ""]), "--reader", "lcl").code == 0
    assert ingest("\n".join([*new, ""]), "--run", "new", "--reader", "lcl", "--shard-size", 9).code == 0
    assert_same_days(profiles("new"), profiles())
    assert counts("new")["MAC1"]["off_grid"] == "1"
    assert len(profiles()) == 2


def test_a_meter_with_another_interval_than_the_others_is_left_out_and_said(ingest):
    text = long_csv(consumers=4) + long_csv(consumers=5, minutes=15).partition("C4")[2].join(["C4", ""])
    assert ingest(text).code == 0
    assert counts()["C4"]["days_off_grid"] == counts()["C4"]["days_present"] == "2"
    assert len(profiles()) == 8


@pytest.mark.parametrize("ends", [False, True])
def test_wide_slots_are_named_by_times_or_by_numbers(ingest, ends):
    labels = [f"{m // 60}:{m % 60:02d}" for m in range(0, 1440, 30)]
    labels = [*labels[1:], labels[0]] if ends else labels
    row = ",".join(str(i / 2) for i in range(48))
    stamp = ["--stamp", "end"] if ends else []
    assert ingest(f"id,time,{','.join(labels)}\nA,2013-05-01,{row}\n", "--reader", "wide", *stamp).code == 0
    numbered = ",".join(f"v{i:02d}" for i in range(1, 49))
    text = f"id,time,{numbered}\nA,20130501,{row}\n"
    assert ingest(text, "--run", "n", "--reader", "wide", *stamp).code == 0
    assert profiles()["A", "2013-05-01"] == pytest.approx(np.arange(48) / 2)
    assert_same_days(profiles("n"), profiles())


def test_wide_with_too_few_columns_is_refused(ingest):
    refused = ingest("id,time,0:00,1:00\nA,2013-05-01,1,2\n", "--reader", "wide")
    assert refused.err.strip() == (
        "crocs: readings.csv: 2 slot columns; 48 of 30min (stamped at the start) make a day; "
        "set --interval or --stamp"
    )


def test_date_and_time_may_stand_apart(ingest):
    together = long_csv()
    assert ingest(together).code == 0
    apart = together.replace("id,time", "id,day,time").replace(" ", ",")
    assert ingest(apart, "--run", "b", "--columns-date", "day").code == 0
    assert_same_days(profiles("b"), profiles())
    compact = apart.replace("-", "").replace(":", "")
    assert ingest(compact, "--run", "c", "--columns-date", "day").code == 0
    assert_same_days(profiles("c"), profiles())


@pytest.mark.parametrize(
    ("unit", "minutes", "factor"),
    [("kWh", 30, 1), ("Wh", 30, 0.001), ("kW", 30, 0.5), ("W", 15, 0.00025), ("kW", 60, 1)],
)
def test_units_become_kwh(ingest, unit, minutes, factor):
    text = long_csv(days=1, consumers=1, minutes=minutes)
    assert ingest(text, "--unit", unit, "--interval", f"{minutes}min").code == 0
    raw = [float(line.split(",")[2]) for line in text.splitlines()[1:]]
    assert profiles()["C0", "2013-01-01"] == pytest.approx(np.array(raw) * factor, rel=1e-6)


@pytest.mark.parametrize("minutes", [5, 10, 15, 30])
def test_shorter_intervals_are_summed_to_slots(ingest, minutes):
    text = long_csv(days=2, consumers=1, minutes=minutes)
    assert ingest(text, "--interval", f"{minutes}min", "--slot", "60min").code == 0
    raw = np.array([float(line.split(",")[2]) for line in text.splitlines()[1:]])
    sums = raw.reshape(48, -1).sum(axis=1)
    assert np.concatenate(list(profiles().values())) == pytest.approx(sums, rel=1e-6)


def test_implausible_units_and_stamps_are_warned_of(ingest, caplog):
    ends = long_csv(days=3).replace("2013-01-01 00:00", "2013-01-04 00:00")
    assert ingest(ends).code == 0
    assert (
        "the stamps of 2 of 2 consumers begin and end as if they named the other end of their intervals; "
        in (caplog.text)
    )
    caplog.clear()
    assert ingest(ends, "--run", "b", "--stamp", "end").code == 0
    assert "begin and end" not in caplog.text
    assert ingest(long_csv().replace(",0.", ",100.").replace(",1.", ",100."), "--run", "c").code == 0
    assert "kWh a day; are the readings Wh? See --unit" in caplog.text


AUTO = {
    "long": (long_csv, "it has columns id, time and kwh"),
    "sgcc": (lambda: "CONS_NO,FLAG,2014/1/1\nA,1,10\n", "it has a column CONS_NO"),
    "cer": (lambda: cer(195, 196), "its lines are meter, five digits and kWh"),
    "greenbutton": (lambda: green([(0, 1, 0)]), "it is XML in the name space of ESPI"),
    "wide": (lambda: "id,time,0:00,0:30\nA,2013-01-01,1,2\n", "it has columns id, time and 2 times of day"),
    "matrix": (lambda: ",A,B\n2013-01-01 00:00,1,2\n", "it has one column of stamps and 2 of numbers"),
    "nem12": (lambda: "100,NEM12,2004,A,B\n900\n", "its first line begins with 100,NEM12"),
    "opower": (
        lambda: "service_point_id,usage_value,date,time\nA,1,20130101,0030\n",
        "it has columns service_point_id and usage_value",
    ),
}


@pytest.mark.parametrize("form", AUTO)
@pytest.mark.parametrize("packed", [False, True])
def test_auto_says_which_format_it_saw_and_why(ingest, caplog, form, packed):
    caplog.set_level("INFO")
    text, why = AUTO[form][0](), AUTO[form][1]
    ingest(gzip.compress(text.encode()) if packed else text, "--reader", "auto")
    assert f"readings.csv: read as {form}, for {why}" in caplog.messages


@pytest.mark.parametrize(
    ("name", "form"),
    [("sgsc/sgsc_23x16months.csv.gz", "sgsc"), ("lcl/lcl_12x60d.csv.gz", "lcl"), (GREEN, "greenbutton")],
)
def test_auto_makes_the_same_bytes_as_the_named_reader(ingest, name, form):
    path = data(name)
    assert ingest(None, "--run", "a", "--reader", "auto", path).code == 0
    assert ingest(None, "--run", "b", "--reader", form, path).code == 0
    assert Path("a/profiles/00000.h5").read_bytes() == Path("b/profiles/00000.h5").read_bytes()


def test_auto_never_guesses(ingest):
    refused = ingest("a,b,c\n1,2,3\n", "--reader", "auto")
    assert refused.err.strip() == (
        "crocs: readings.csv: of no format that is known for sure ('a' number, 'b' number, 'c' number); "
        "run `crocs init readings.csv` for settings that may fit, or name the format with --reader"
    )


def test_pseudonyms_hide_ids_and_file_names_and_follow_the_key(ingest):
    Path("key").write_text("0123456789abcdef")
    Path("key2").write_text("0123456789abcdeX")
    for run, key in (("a", "key"), ("b", "key"), ("c", "key2")):
        assert ingest(long_csv(), "--run", run, "--pseudonym-key", key).code == 0
    everything = b"".join(path.read_bytes() for path in Path("a").rglob("*") if path.is_file())
    for secret in (b"C0", b"C1", b"readings.csv", b"0123456789abcdef"):
        assert secret not in everything
    assert list(counts("a")) == list(counts("b")) != list(counts("c"))
    assert all(len(name) == 20 for name in counts("a"))
    refused = ingest(long_csv(), "--run", "a", "--pseudonym-key", "key2")
    assert "made from other inputs" in refused.err
    Path("key").write_text("short")
    assert "a key of 5 bytes; use 16 or more" in ingest(long_csv(), "--pseudonym-key", "key").err


def test_new_south_wales_has_65_winter_and_60_summer_workdays(ingest):
    text = long_csv(days=460, consumers=1, first="2012-01-01")
    days = ["--days-type", "workdays", "--holidays", "AU-NSW"]
    winter = ["--days-from", "2012-06-01", "--days-to", "2012-08-31"]
    summer = ["--days-from", "2012-12-01", "--days-to", "2013-02-28"]
    assert ingest(text, "--run", "winter", *days, *winter).code == 0
    assert ingest(text, "--run", "summer", *days, *summer).code == 0
    assert (len(profiles("winter")), len(profiles("summer"))) == (65, 60)


@pytest.mark.parametrize(
    ("season", "hemisphere", "months"),
    [
        ("winter", "south", {6, 7, 8}),
        ("winter", "north", {12, 1, 2}),
        ("spring", "south", {9, 10, 11}),
        ("autumn", "north", {9, 10, 11}),
    ],
)
def test_seasons_of_either_hemisphere(ingest, season, hemisphere, months):
    text = long_csv(days=366, consumers=1, first="2012-01-01")
    assert ingest(text, "--days-season", season, "--days-hemisphere", hemisphere).code == 0
    assert {int(date[5:7]) for _, date in profiles()} == months
    assert len(profiles()) in (90, 91, 92)


def test_only_the_days_of_a_list_are_used(ingest):
    Path("events.txt").write_text("2013-01-02  # very hot\n\n2013-01-04\n2019-01-01\n")
    assert ingest(long_csv(days=5, consumers=1), "--days-dates", "events.txt").code == 0
    assert [date for _, date in profiles()] == ["2013-01-02", "2013-01-04"]
    assert counts()["C0"]["days_outside_range"] == "3"
    Path("events.txt").write_text("2013-01-02\n2013-02-30\n")
    refused = ingest(long_csv(), "--run", "b", "--days-dates", "events.txt")
    assert "events.txt:2: '2013-02-30' is not a date such as 2013-01-31; mend the line" in refused.err


def test_weekends_and_weekdays_share_the_week(ingest):
    text = long_csv(days=14, consumers=1)
    for kind, count in (("weekdays", 10), ("weekends", 4), ("all", 14)):
        assert ingest(text, "--run", kind, "--days-type", kind).code == 0
        assert len(profiles(kind)) == count
    assert all(dt.date.fromisoformat(date).weekday() >= 5 for _, date in profiles("weekends"))


def test_the_recipe_says_what_the_reader_knew(ingest):
    assert ingest(None, "--reader", "lcl", data("lcl/lcl_12x60d.csv.gz")).code == 0
    settings = files.read_recipe(Path("run/profiles/00000.h5"), PROFILES)["settings"]
    known = {"stamp": "end", "timezone": "UTC", "interval": 30, "slot": 30, "unit": "kWh"}
    assert known.items() <= settings.items()
    assert str(Path.cwd()) not in json.dumps(settings)
