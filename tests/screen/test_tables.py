"""Tables in: good ones round-trip, bad ones are handled as specified, each with its line."""

import csv
import datetime as dt
import gzip
import json
import zipfile
from pathlib import Path

import numpy as np
import pytest

from crocs_cli.errors import CrocsError
from crocs_cli.machine import files
from crocs_cli.machine.team import Team
from crocs_cli.machine.work import Product
from crocs_cli.screen import ingest
from crocs_cli.screen.daily import contracts, filters, reading
from crocs_cli.screen.daily.dates import Calendar
from crocs_cli.screen.daily.inspections import read_inspections
from crocs_cli.screen.daily.series import Series, windows_of
from crocs_cli.screen.fit import labels, level_arrays, make_features
from crocs_cli.screen.layouts import DAILY, FEATURES
from crocs_cli.screen.settings import DaySettings, FilterSettings, FitSettings, InputSettings

CALENDAR = Calendar(dt.date(2020, 1, 1), 800)


def write(path, rows):
    with path.open("w", newline="") as file:
        csv.writer(file).writerows(rows)
    return str(path)


def long_rows(kwh, ids, calendar=CALENDAR):
    return [
        (name, date, value)
        for name, row in zip(ids, kwh, strict=True)
        for date, value in zip(calendar.dates.astype(str), row, strict=True)
        if not np.isnan(value)
    ]


def energies(count=6, seed=0, days=800):
    return np.random.default_rng(seed).gamma(9, 1.5, (count, days)).astype(np.float32).round(3)


def names(count):
    return [f"i{n:02d}" for n in range(count)]


def read(path, layout="long", **options):
    """Read a daily file; options are settings of the table."""
    return reading.read(InputSettings(daily=str(path), format=layout, **options), DaySettings(timezone="UTC"))


def fitted(tmp_path, **tables):
    settings = FitSettings(input=InputSettings(**tables), day={"timezone": "UTC"}, installations_per_shard=4)
    ingest.run(tmp_path / "run", settings, Team())
    return settings, [files.read(p, DAILY) for p in sorted((tmp_path / "run/screen/daily").glob("0*.h5"))]


def test_a_thousand_installations_come_back_exactly(tmp_path):
    kwh, ids = energies(1000, days=730), [f"i{n:04d}" for n in range(1000)]
    calendar = Calendar(dt.date(2020, 1, 1), 730)
    kwh[5, 100:140] = np.nan
    order = np.random.default_rng(1).permutation(730)
    dates = calendar.dates.astype(str)[order]  # columns in any order, as in the public SGCC file
    rows = [
        ["id", *dates],
        *(
            [name, *("" if np.isnan(v) else repr(float(v)) for v in row[order])]
            for name, row in zip(ids, kwh, strict=True)
        ),
    ]
    found = read(write(tmp_path / "wide.csv", rows), "wide")
    assert found.calendar == calendar
    np.testing.assert_array_equal(found.kwh, kwh)


def test_long_rows_in_any_order_make_the_same_shards(tmp_path):
    kwh, ids = energies(), names(6)
    kwh[2, 50:60] = np.nan
    rows = long_rows(kwh, ids)
    shuffled = [rows[i] for i in np.random.default_rng(2).permutation(len(rows))]
    path = write(tmp_path / "daily.csv", [("id", "date", "kwh"), *shuffled])
    _, shards = fitted(tmp_path, daily=path)
    assert [len(shard["installation_id"]) for shard in shards] == [4, 2]
    np.testing.assert_array_equal(np.concatenate([shard["energy_kwh"] for shard in shards]), kwh)
    assert Series.of(shards[0]).calendar == CALENDAR


def test_doubled_days_are_dropped_and_the_last_of_contradicting_ones_counts(tmp_path):
    kwh = energies(2)
    rows = long_rows(kwh, names(2))
    path = tmp_path / "daily.csv"
    write(path, [("id", "date", "kwh"), *rows, rows[10], ("i01", "2020-01-05", 99.0)])
    found = read(path)
    assert found.counts == {"rows": 1602, "doubled_days": 1, "contradicting_days": 1}
    assert found.kwh[1, 4] == 99
    write(path, [("id", "date", "kwh"), *rows, ("i01", "2020-01-05", 98.0), ("i01", "2020-01-05", 99.0)])
    with pytest.raises(
        CrocsError, match=r"2 of 1602 rows give another value for a day that is already there"
    ):
        read(path)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("i00,2020-13-01,5", r"daily.csv:4: date '2020-13-01' is not the form .*set input.stamp_format"),
        ("i00,,5", r"daily.csv:4: date is empty; mend the line"),
        (",2020-01-03,5", r"daily.csv:4: id is empty; mend or remove the line"),
        ("i00,2020-01-03,five", r"daily.csv:4: kwh 'five' is not a number; mend the line"),
        ("i00,2020-01-03,'5,5'", r"daily.csv:4: 4 fields where the header has 3"),
        ("i00,2020-01-03", r"daily.csv:4: 2 fields where the header has 3"),
    ],
)
def test_a_bad_row_is_named_by_its_line(tmp_path, line, said):
    path = tmp_path / "daily.csv"
    path.write_text(f"id,date,kwh\ni00,2020-01-01,1\ni00,2020-01-02,2\n{line}\ni00,2020-01-04,3\n")
    with pytest.raises(CrocsError, match=said):
        read(path)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "id,day,kwh\ni,2020-01-01,1\n",
            r"daily.csv: no column 'date'; there are 'id', 'day', 'kwh'; rename the right one$",
        ),
        (
            "a,2020-01-01,1.5\nb,2020-01-01,2.5\n",
            r"daily.csv: no column 'id', and no line that surely names columns; rename the right one$",
        ),
        ("<feed></feed>", r"daily.csv: XML or HTML, no table; .* are read by `crocs ingest`$"),
        (
            "id;date;kwh\na;2020-01-01;1,5\n",
            r"daily.csv:2: kwh '1,5' is not a number; for decimal commas set input.decimal to ','",
        ),
        ("", r"daily.csv: empty; name a file with readings"),
        ("id,date,kwh\n", r"daily.csv: no rows"),
    ],
)
def test_a_table_that_is_none_is_said_in_one_line(tmp_path, text, said):
    path = tmp_path / "daily.csv"
    path.write_text(text)
    with pytest.raises(CrocsError, match=said):
        read(path)
    with pytest.raises(CrocsError, match="no such file; name a table that is there"):
        fitted(tmp_path, daily=str(tmp_path / "none.csv"))


def test_spikes_negative_days_and_unknown_levels_are_counted_in_the_report(tmp_path, caplog):
    kwh = energies()
    kwh[0, 100], kwh[1, 200] = 92_713.9, -4
    daily = write(tmp_path / "daily.csv", [("id", "date", "kwh"), *long_rows(kwh, names(6))])
    levels = [
        ("id", "voltage_level"),
        ("i00", "MV"),
        ("i01", "LV"),
        ("i02", "??"),
        ("i03", "HV"),
        ("i04", "LVS"),
    ]
    table = write(tmp_path / "installations.csv", levels)
    with caplog.at_level("INFO", "crocs"):
        _, shards = fitted(tmp_path, daily=daily, installations=table)
    assert np.concatenate([shard["level"] for shard in shards]).tolist() == [1, 3, 3, 0, 2, 3]
    assert np.isnan(shards[0]["energy_kwh"][[0, 1], [100, 200]]).all()
    report = json.loads((tmp_path / "run/screen/daily/ingest_report.json").read_text())
    assert (report["spike_removed"], report["negative"], report["unknown_level"]) == (1, 1, 2)
    assert {"spike removed: 1", "negative: 1", "unknown level: 2"} <= set(caplog.messages)
    with pytest.raises(CrocsError, match=r"2 installations have no voltage level .*first: i02"):
        contracts.levels_of(np.array(names(6)), InputSettings(installations=table, strict=True))


def test_two_missing_years_are_large_gaps_and_nothing_more(tmp_path):
    kwh = energies(5, days=1096)
    kwh[3, 100:830] = np.nan
    calendar = Calendar(dt.date(2019, 1, 1), 1096)
    daily = write(tmp_path / "daily.csv", [("id", "date", "kwh"), *long_rows(kwh, names(5), calendar)])
    settings, _ = fitted(tmp_path, daily=daily)
    product = Product(tmp_path / "run/screen/daily/00000.h5", FEATURES, {})
    columns = make_features(product, tmp_path / "run", settings)
    quartile = level_arrays(columns, settings)["first_quartile"]
    bits = labels(columns, quartile, settings)
    assert [filters.names(b) for b in bits] == ["", "", "", "LARGE_GAPS"]
    assert columns["missing_days"][3] == 631  # of DS0: days 1 to 730
    assert columns["longest_gap"][3] == 631


def test_dates_of_the_public_sgcc_file_are_sorted_and_its_flags_are_inspections(tmp_path):
    dates = ["2014/1/1", "2014/1/10", "2014/1/2"]
    rows = [["CONS_NO", "FLAG", *dates], ["b", 1, 1, 10, 2], ["a", 0, 4, "", 5]]
    path = write(tmp_path / "s.csv", rows)
    found = read(path, "sgcc")
    assert found.ids.tolist() == ["a", "b"]
    np.testing.assert_array_equal(found.kwh[1, [0, 1, 9]], [1, 2, 10])
    assert np.isnan(found.kwh[0, 9])
    flags = read_inspections(Path(path), InputSettings())
    assert dict(zip(flags.id, flags.found, strict=True)) == {"b": 1, "a": 0}
    assert np.isnat(flags.date).all()


def test_quarter_hours_become_days_with_their_count(tmp_path):
    path = tmp_path / "q.csv"
    stamps = [dt.datetime(2022, 10, 30) + dt.timedelta(minutes=15 * n) for n in range(96)]
    hour = [stamp for stamp in stamps if stamp.hour == 1]  # the clock repeats this hour in Lisbon
    rows = [("a", stamp, 0.25) for stamp in stamps] + [("a", stamp, 0.5) for stamp in hour]
    rows += [("a", stamp + dt.timedelta(days=1), 0.25) for stamp in stamps[:80]] + [("a", stamps[5], 0.25)]
    write(path, [("id", "timestamp", "kwh"), *rows])
    found = read(path, "intervals")
    assert found.intervals[0].tolist() == [100, 80]
    assert found.kwh[0].tolist() == [24 + 2, 20]
    assert found.counts["doubled_intervals"] == 1
    power = reading.read(InputSettings(daily=str(path), format="intervals"), DaySettings(unit="kW"))
    assert power.kwh[0, 1] == 5


def test_short_days_of_a_daily_file_are_mended(tmp_path):
    path = tmp_path / "daily.csv"
    write(
        path,
        [
            ("id", "date", "kwh", "n_intervals"),
            ("a", "2022-05-01", 9.3, 93),
            ("a", "2022-05-02", 8, 80),
            ("a", "2022-05-03", 9.6, ""),
        ],
    )
    found = read(path)
    arrays, report = ingest.prepared(found, FitSettings(day={"timezone": "UTC"}))
    np.testing.assert_allclose(arrays["energy_kwh"], [[9.6, np.nan, 9.6]], rtol=1e-6)
    assert (report["short"], report["scaled"]) == (2, 1)
    assert arrays["intervals"].tolist() == [[93, 80, -1]]


def test_a_new_holder_cuts_the_series_and_other_changes_are_events(tmp_path):
    kwh = energies(3, days=1096)
    calendar = Calendar(dt.date(2019, 1, 1), 1096)
    daily = write(tmp_path / "daily.csv", [("id", "date", "kwh"), *long_rows(kwh, names(3), calendar)])
    holders = [
        ("id", "start", "end", "holder"),
        ("i00", "2018-01-01", "2019-06-30", "x"),
        ("i00", "2019-07-01", "", "y"),
    ]
    holders += [
        ("i01", "2018-01-01", "2021-03-01", "x"),
        ("i01", "2021-03-02", "", "z"),
        ("i02", "2019-02-01", "", "q"),
    ]
    meters = [
        ("id", "start", "end", "meter_id"),
        ("i02", "2018-01-01", "2021-05-04", "m1"),
        ("i02", "2021-05-05", "", "m2"),
    ]
    _, shards = fitted(
        tmp_path,
        daily=daily,
        contracts=write(tmp_path / "c.csv", holders),
        equipment=write(tmp_path / "e.csv", meters),
    )
    series = Series.of(shards[0])
    windows = windows_of(series, "last_year", FilterSettings())
    assert windows.begin.tolist() == [calendar.day_of(dt.date(2019, 7, 1)), 1, 31]
    assert windows.end.tolist() == [1096, calendar.day_of(dt.date(2021, 3, 2)), 1096]
    assert shards[0]["event_kind"].tolist() == [0, 0, contracts.EVENTS.index("meter")]
    assert shards[0]["event_offset"].tolist() == [0, 1, 2, 3]


def test_tariff_changes_of_five_customers_are_counted(tmp_path):
    rows = [("id", "start", "end", "tariff"), ("a", "2019-01-01", "", "T1")]
    rows += [("b", "2019-01-01", "", "T1"), ("b", "2019-05-01", "", "T2")]
    rows += [("c", f"2019-0{m}-01", "", t) for m, t in ((1, "T1"), (3, "T2"), (6, "T1"))]
    rows += [("d", f"2019-0{m}-01", "", t) for m, t in ((1, "T1"), (2, "T2"), (3, "T3"), (4, "T1"))]
    rows += [("e", "2019-01-01", "", "T1"), ("e", "2019-07-01", "", "T1")]
    counts, pairs = contracts.tariff_changes(InputSettings(tariffs=write(tmp_path / "t.csv", rows)))
    assert counts == {"0": 2, "1": 1, "2": 1, "3+": 1}
    assert pairs == {("T1", "T2"): 3, ("T2", "T1"): 1, ("T2", "T3"): 1, ("T3", "T1"): 1}


def test_inspections_are_counted_by_result_and_impact(tmp_path):
    rows = [("id", "date", "result", "impact")]
    rows += [("a", "2017-01-01", "A", 1), ("b", "2017-01-01", "A", 0), ("c", "2017-01-01", "A", 0)]
    rows += [("d", "2017-01-01", "NA", ""), ("e", "2017-01-01", "X", ""), ("f", "2017-01-01", "A", "")]
    table = Path(write(tmp_path / "i.csv", rows))
    read = read_inspections(table, InputSettings())
    assert read.counts() == {
        ("A", "1"): 1,
        ("A", "0"): 2,
        ("A", "NA"): 1,
        ("NA", "NA"): 1,
        ("X", "NA"): 1,
    }
    assert read.found.tolist() == [1, 0, 0, 0, -1, -1]
    assert set(read.date) == {np.datetime64("2017-01-01")}
    write(table, [*rows, ("g", "2017-01-01", "B", "")])
    with pytest.raises(CrocsError, match=r"i.csv:8: result 'B' is none of A, NA, X"):
        read_inspections(table, InputSettings())
    write(table, [("id", "day"), ("a", "2017-01-01")])
    with pytest.raises(CrocsError, match=r"i.csv: no column id, or no column found \(yes or no\) or result"):
        read_inspections(table, InputSettings())


def test_inspections_can_say_found_or_not(tmp_path):
    words = ["yes", "No", "TRUE", "0", "", "A"]
    rows = [("id", "date", "found"), *((f"i{n}", "", word) for n, word in enumerate(words))]
    read = read_inspections(Path(write(tmp_path / "i.csv", rows)), InputSettings())
    assert read.found.tolist() == [1, 0, 1, 0, -1, 1]


KWH = [[1.5, 2.25, 1234.5], [0.5, 3.0, 4.0]]
DATES = ["2020-03-01", "2020-03-02", "2020-03-03"]


def written(separator=",", decimal=".", date="{2}-{1}-{0}", thousands=""):
    """Return the same six days, written in another way."""
    lines = [separator.join(("id", "date", "kwh"))]
    for name, row in zip(("Zoë", "b"), KWH, strict=True):
        for day, value in zip(DATES, row, strict=True):
            text = f"{value:,.2f}".replace(",", "#").replace(".", decimal).replace("#", thousands)
            lines.append(separator.join((name, date.format(*reversed(day.split("-"))), text)))
    return "\n".join(lines) + "\n"


def gzipped(path, text):
    path.write_bytes(gzip.compress(text.encode()))


def zipped(path, text):
    header, *lines = text.splitlines(keepends=True)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("2020/first.csv", header + "".join(lines[:3]))
        archive.writestr("2020/second.csv", header + "".join(lines[3:]))


def parquet(path, text):
    import pyarrow.csv
    import pyarrow.parquet

    pyarrow.parquet.write_table(pyarrow.csv.read_csv(pyarrow.py_buffer(text.encode())), path)


@pytest.mark.parametrize(
    ("name", "save", "written_as", "options"),
    [
        ("a.csv", "utf-8", {}, {}),
        ("a.csv", "utf-8-sig", {"separator": ";"}, {}),
        ("a.txt", "cp1252", {"separator": "\t"}, {}),
        ("a.csv", "utf-16", {"separator": "|"}, {}),
        ("a.csv", "utf-8", {"separator": ";", "decimal": ","}, {"decimal": ","}),
        (
            "a.csv",
            "utf-8",
            {"separator": ";", "decimal": ",", "thousands": ".", "date": "{0}/{1}/{2}"},
            {"decimal": ",", "thousands": ".", "stamp_format": "%d/%m/%Y"},
        ),
        ("a.csv", "utf-8", {"date": "{2}{1}{0}"}, {}),
        ("a.csv.gz", gzipped, {}, {}),
        ("a.zip", zipped, {}, {}),
        ("a.parquet", parquet, {}, {}),
    ],
)
def test_a_daily_table_reads_the_same_however_it_is_written(tmp_path, name, save, written_as, options):
    path, text = tmp_path / name, written(**written_as)
    if isinstance(save, str):
        path.write_bytes(text.encode(save))
    else:
        save(path, text)
    found = read(path, **options)
    assert found.ids.tolist() == ["Zoë", "b"]
    assert found.calendar == Calendar(dt.date(2020, 3, 1), 3)
    np.testing.assert_array_equal(found.kwh, np.array(KWH, np.float32))


def test_small_tables_are_written_in_any_way_too(tmp_path):
    path = tmp_path / "installations.csv"
    path.write_bytes("id;voltage_level;lat;lon\r\n a ;MV;38,7;-9,1\r\nb;;;\r\n".encode("utf-16"))
    settings = InputSettings(installations=str(path), decimal=",")
    arrays, unknown = contracts.levels_of(np.array(["a", "b", "c"]), settings)
    assert arrays["level"].tolist() == [1, 3, 3]
    assert unknown == 2
    np.testing.assert_array_equal(arrays["latitude"], [38.7, np.nan, np.nan])
    path.write_text("id\tstart\tend\tcontracted_kva\na\t01/02/2019\t\t6.9\na\t01/03/2020\t\t10.35\n")
    settings = InputSettings(powers=str(path), stamp_format="%d/%m/%Y")
    assert contracts.contracted_kva(np.array(["a", "b"]), settings).tolist() == pytest.approx(
        [10.35, np.nan], nan_ok=True
    )
    events = contracts.contract_arrays(np.array(["a", "b"]), CALENDAR, settings)
    assert events["event_day"].tolist() == [CALENDAR.day_of(dt.date(2020, 3, 1))]
    path.write_text("id,start,contracted_kva\na,2019-02-30,6.9\n")
    with pytest.raises(CrocsError, match=r"installations.csv:2: start '2019-02-30' is not the form"):
        contracts.contract_arrays(np.array(["a"]), CALENDAR, InputSettings(powers=str(path)))


def test_stamps_with_an_offset_are_put_on_the_local_clock(tmp_path):
    path = tmp_path / "q.csv"
    stamps = [f"2022-10-{29 + hour // 24:02d}T{hour % 24:02d}:00:00+00:00" for hour in range(71)]
    write(path, [("id", "timestamp", "kwh"), *(("a", stamp, 1) for stamp in stamps)])
    settings = InputSettings(daily=str(path), format="intervals")
    found = reading.read(settings, DaySettings(timezone="Europe/Lisbon", interval_minutes=60))
    assert found.calendar.start == dt.date(2022, 10, 29)
    assert found.intervals[0].tolist() == [23, 25, 23]


def test_a_parquet_column_of_another_kind_is_to_be_renamed(tmp_path):
    import pyarrow.parquet

    path = tmp_path / "daily.parquet"
    columns = {"id": ["a"], "date": ["2020-01-01"], "kwh": [[1.0]]}
    pyarrow.parquet.write_table(pyarrow.table(columns), path)
    with pytest.raises(CrocsError, match=r"column 'kwh' holds lists, no numbers; rename the right column$"):
        read(path)


def test_a_damaged_archive_is_refused_in_one_line(tmp_path):
    path = tmp_path / "daily.zip"
    zipped(path, written())
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(CrocsError, match=r"daily.zip: cut short or damaged zip; fetch it again$"):
        read(path)


def test_the_reference_date_must_leave_days_on_both_sides(tmp_path):
    daily = write(tmp_path / "daily.csv", [("id", "date", "kwh"), *long_rows(energies(2), names(2))])
    _, shards = fitted(tmp_path, daily=daily)
    with pytest.raises(
        CrocsError, match=r"reference date 2020-03-01: the data run from 2020-01-01 to 2022-03-10"
    ):
        windows_of(Series.of(shards[0]), dt.date(2020, 3, 1), FilterSettings())
    own = windows_of(Series.of(shards[0]), "auto", FilterSettings())
    assert ((own.split >= 300) & (own.split <= 740)).all()


def test_a_daily_file_that_changed_is_not_mixed_with_old_shards(tmp_path):
    kwh = energies(2)
    daily = write(tmp_path / "daily.csv", [("id", "date", "kwh"), *long_rows(kwh, names(2))])
    fitted(tmp_path, daily=daily)
    fitted(tmp_path, daily=daily)
    write(tmp_path / "daily.csv", [("id", "date", "kwh"), *long_rows(kwh + 1, names(2))])
    with pytest.raises(CrocsError, match=r"daily/00000.h5: made from other inputs; move it elsewhere"):
        fitted(tmp_path, daily=daily)
