"""Who makes the peak: the figures are those of plain pandas, sums are kept, and every fault is one line."""

from __future__ import annotations

import csv
import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crocs_cli.machine import files
from crocs_cli.maths.programmes import peak, windows
from crocs_cli.rundir.layouts import PROFILES
from tests import made_run
from tests.conftest import data, digests
from tests.stages.test_report import Page


@pytest.fixture
def run(tmp_path):
    """Return a run of 60 consumers, of whom some lack days."""
    path = made_run.make(tmp_path / "run", with_rrls=False)
    for shard in sorted((path / "profiles").iterdir()):
        without_some_days(shard)
    return path


def without_some_days(shard):
    """Take some days from a file of profiles, and all but a few from its first consumer."""
    read, made_by = files.read(shard, PROFILES), files.read_recipe(shard, PROFILES)
    keep = np.random.default_rng(int(shard.stem)).random(len(read["date"])) < 0.9
    keep[1 : read["day_offset"][1]] = False
    owner = np.repeat(np.arange(len(read["consumer_id"])), np.diff(read["day_offset"]))
    read |= {
        "date": read["date"][keep],
        "energy_kwh": read["energy_kwh"][keep],
        "day_offset": np.concatenate([[0], np.bincount(owner[keep]).cumsum()]),
    }
    shard.unlink()
    files.write(shard, PROFILES, read, made_by)


def frame_of(run, clusters):
    """Return every reading of a run as a row: consumer, cluster, time, kWh."""
    partition = files.h5py.File(run / "partitions" / f"{clusters}.h5")
    cluster = dict(zip(partition["consumer_id"][()].astype(str), partition["label"][()] + 1, strict=True))
    parts = []
    for shard in sorted((run / "profiles").iterdir()):
        read = files.read(shard, PROFILES)
        days, slots = read["energy_kwh"].shape
        owner = np.repeat(read["consumer_id"], np.diff(read["day_offset"]) * slots)
        minutes = np.tile(np.arange(slots) * (1440 // slots), days).astype("timedelta64[m]")
        time = np.repeat(read["date"].astype("datetime64[D]"), slots) + minutes
        kwh = read["energy_kwh"].ravel().astype(float)
        parts.append(pd.DataFrame({"consumer": owner, "time": time, "kwh": kwh}))
    frame = pd.concat(parts, ignore_index=True)
    return frame.assign(cluster=frame.consumer.map(cluster))


def by_pandas(frame, hours, load=None):
    """Return (segments, consumers) at the peak by plain pandas, from rows of readings of half-hours."""
    times = pd.Index(sorted(frame.time.unique()))
    load = frame.groupby("time").kwh.sum() if load is None else load
    peak_times = load.reindex(times).sort_values(ascending=False, kind="stable").index[: 2 * hours]
    at_peak = frame[frame.time.isin(peak_times)]
    own = frame.groupby("consumer")
    people = pd.DataFrame({"cluster": own.cluster.first(), "daily_kwh": own.kwh.sum() / (own.size() / 48)})
    people["peak_kw"] = at_peak.groupby("consumer").kwh.mean() * 2
    people["peak_hours"] = (at_peak.groupby("consumer").size() / 2).reindex(people.index).fillna(0)
    people["load_factor"] = own.kwh.mean() / own.kwh.max()
    highest = {name: group.kwh.nlargest(int(2 * people.peak_hours[name])).mean() * 2 for name, group in own}
    people["coincidence_factor"] = people.peak_kw / pd.Series(highest)
    rows = {}
    dates = frame.time.dt.normalize().nunique()
    for cluster, members in frame.groupby("cluster"):
        together = members.groupby("time").kwh.sum().reindex(times, fill_value=0.0)
        kw = people[people.cluster == cluster].peak_kw.dropna()
        peak_kw = at_peak[at_peak.cluster == cluster].kwh.sum() / hours
        mean_day = members.groupby([members.time.dt.hour, members.time.dt.minute]).kwh.sum() / dates * 2
        rows[cluster] = {
            "peak_kw": peak_kw,
            "peak_share": at_peak[at_peak.cluster == cluster].kwh.sum() / at_peak.kwh.sum(),
            "coincidence_factor": peak_kw / (2 * together.nlargest(2 * hours).mean()),
            "peak_to_mean_day": peak_kw / mean_day.max(),
            "load_factor": together.mean() / together.max(),
            "kw_mean": kw.mean(),
            **{f"kw_p{q}": kw.quantile(q / 100) for q in (10, 50, 90)},
            "daily_kwh_p50": people[people.cluster == cluster].daily_kwh.quantile(0.5),
        }
    return rows, people


def assert_as_by_pandas(run, question, clusters, hours, load=None):
    folder = run / "peak" / str(clusters) / question
    summary = json.loads((folder / "summary.json").read_text())
    rows, people = by_pandas(frame_of(run, clusters), hours, load)
    assert len(summary["segments"]) == len(rows) == clusters
    for row in summary["segments"]:
        for name, value in rows[row["cluster"]].items():
            assert row[name] == pytest.approx(value, rel=1e-6), (row["cluster"], name)
    with (folder / "peak-consumers.csv").open() as file:
        found = pd.DataFrame(csv.DictReader(file)).set_index("consumer_id").replace("", "nan").astype(float)
    for name in ("daily_kwh", "peak_hours", "peak_kw", "load_factor", "coincidence_factor"):
        expected = people[name].reindex(found.index)
        np.testing.assert_allclose(found[name], expected, rtol=1e-5, err_msg=name)
    return summary


def test_the_figures_are_those_of_plain_pandas(crocs, run):
    for hours in (3, 25):
        ended = crocs("peak", "--run", run, "--clusters", 3, "--hours", hours)
        assert ended.code == 0, ended.err
        summary = assert_as_by_pandas(run, f"{hours}h", 3, hours)
        assert summary["known"] < 1
        assert "nothing is scaled up" in ended.out
        assert (summary["consumers_without_peak"] > 0) == (hours == 3)


def test_sums_over_segments_and_over_consumers_are_the_whole(crocs, run):
    for asked in (("--hours", 40), ("--window", "22:30-01:00", "--days", "peak:7")):
        found = json.loads(crocs("peak", "--run", run, "--clusters", 3, *asked, "--json").out)
        segments, whole = found["segments"], found["whole"]
        assert sum(row["peak_kw"] for row in segments) == pytest.approx(whole["peak_kw"], rel=1e-9)
        assert sum(row["peak_share"] for row in segments) == pytest.approx(1, abs=1e-9)
        assert sum(row["consumers"] for row in segments) == whole["consumers"] == 60
        with (run / "peak" / "3" / found["question"] / "peak-consumers.csv").open() as file:
            rows = list(csv.DictReader(file))
        kwh = sum(float(row["peak_kw"]) * float(row["peak_hours"]) for row in rows if row["peak_kw"])
        assert kwh / found["peak_hours"] == pytest.approx(whole["peak_kw"], rel=1e-6)
        assert sum(float(row["peak_share"]) for row in rows) == pytest.approx(1, abs=1e-6)
        assert all(0 < row["coincidence_factor"] <= 1 + 1e-12 for row in [*segments, whole])
    assert found["peak_hours"] == 7 * 2.5
    assert len(found["peak_dates"]) == 7


def test_the_mean_days_are_those_of_the_consumers(crocs, run):
    assert crocs("peak", "--run", run, "--clusters", 3, "--window", "17:00-20:00").code == 0
    folder = run / "peak" / "3" / "1700-2000-peak10"
    summary = json.loads((folder / "summary.json").read_text())
    frame = frame_of(run, 3)
    at_peak = frame.time.dt.strftime("%Y-%m-%d").isin(summary["peak_dates"])
    hour = frame.time.dt.hour + frame.time.dt.minute / 60
    expected = frame.groupby(["cluster", np.where(at_peak, "peak", "other"), hour]).kwh.mean() * 2
    with (folder / "peak-days.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len(expected) == 3 * 2 * 48
    for row in rows:
        key = int(row["cluster"]), row["days"], float(row["hour"])
        assert float(row["kw"]) == pytest.approx(expected[key], rel=1e-6)


def test_sgsc_is_what_plain_pandas_makes_of_the_raw_file(crocs, tmp_path):
    path = data("sgsc/sgsc_23x16months.csv.gz")
    run = tmp_path / "run"
    assert crocs("ingest", "--run", run, "--reader", "sgsc", "--shard-size", 10, path).code == 0
    ids = np.concatenate(
        [files.read(p, PROFILES)["consumer_id"] for p in sorted((run / "profiles").iterdir())]
    )
    made_run.partition(run, ids, np.arange(len(ids)) % 3)
    assert crocs("peak", "--run", run, "--clusters", 3).code == 0
    summary = json.loads((run / "peak" / "3" / "40h" / "summary.json").read_text())
    raw = pd.read_csv(path, dtype={"CUSTOMER_ID": str})
    kwh = raw.filter(like="_KWH").fillna(0)
    net = kwh.GENERAL_SUPPLY_KWH + kwh.CONTROLLED_LOAD_KWH + kwh.OTHER_KWH
    raw["kwh"] = net - kwh.GROSS_GENERATION_KWH - kwh.NET_GENERATION_KWH
    raw["end"] = pd.to_datetime(raw.READING_DATETIME)
    ordered = raw.sort_values("CALENDAR_KEY")  # the second of two equal stamps is an hour later
    raw["end"] += ordered.duplicated(["CUSTOMER_ID", "end"]).sort_index().astype(int) * pd.Timedelta("1h")
    raw["time"] = raw.end - pd.Timedelta("30min")
    size = raw.groupby(["CUSTOMER_ID", raw.time.dt.date]).time.transform("nunique")
    whole = raw[(size == 48) & raw.GENERAL_SUPPLY_KWH.notna()]
    frame = whole.rename(columns={"CUSTOMER_ID": "consumer"})[["consumer", "time", "kwh"]]
    cluster = frame_of(run, 3).groupby("consumer").cluster.first()
    rows, _ = by_pandas(frame.assign(cluster=frame.consumer.map(cluster)), 40)
    assert summary["whole"]["consumers"] == frame.consumer.nunique() == 23
    for row in summary["segments"]:
        for name, value in rows[row["cluster"]].items():
            assert row[name] == pytest.approx(value, rel=1e-5), (row["cluster"], name)


def test_shares_make_the_same_bytes(crocs, run, tmp_path):
    call = ("peak", "--clusters", 3, "--hours", 30)
    assert crocs(*call, "--run", run).code == 0
    whole = digests(run / "peak")
    (run / "peak").rename(tmp_path / "before")
    for share in ("2/2", "1/2"):
        ended = crocs(*call, "--run", run, "--share", share)
        assert ended.code == 0, ended.err
    assert "call it again when the others are" in crocs(*call, "--run", run, "--share", "1/2").out
    status = crocs("status", "--run", run).out
    assert "peak 3 30h       partly" in status
    assert crocs(*call, "--run", run, "--share", "2/2").code == 0
    assert crocs(*call, "--run", run).code == 0
    assert digests(run / "peak") == whole
    assert crocs(*call, "--run", run).code == 0
    assert digests(run / "peak") == whole
    assert "peak 3 30h       made" in crocs("status", "--run", run).out


def test_another_partition_makes_a_peak_stale_and_status_says_what_to_do(crocs, run):
    assert crocs("peak", "--run", run, "--clusters", 2).code == 0
    made_run.partition_again(run, 2)
    step = next(line for line in crocs("status", "--run", run).out.splitlines() if line.startswith("peak 2"))
    assert "stale" in step
    assert f"{run}/peak/2: made from another partition" in step
    ended = crocs("peak", "--run", run, "--clusters", 2)
    assert (ended.code, ended.err.count("\n")) == (1, 1)
    assert "made from other inputs; move it elsewhere and run `crocs peak` again" in ended.err


def load_file(path, run, minutes, scale=1.0, header="time,load", days=slice(None), offset=""):
    """Write the load of a system: the run's own, weighted by the hour, in intervals of some minutes."""
    frame = frame_of(run, 3)
    load = frame.groupby("time").kwh.sum()
    load *= 1 + (load.index.hour == 3) * 9  # the system peaks at night
    load = load.resample(f"{minutes}min").mean() if minutes >= 30 else load
    if minutes < 30:
        load = load.repeat(30 // minutes)
        load.index += pd.to_timedelta(
            np.tile(np.arange(30 // minutes) * minutes, len(load) * minutes // 30), "min"
        )
    load = load[load.index.normalize().isin(load.index.normalize().unique()[days])]
    lines = [header] if header else []
    lines += [f"{time}{offset},{value * scale}" for time, value in load.items()]
    path.write_text("\n".join(lines))
    return load


@pytest.mark.parametrize(("minutes", "header"), [(60, "time,load"), (30, ""), (15, "when,MW")])
def test_the_load_of_a_file_says_which_hours_are_the_peak(crocs, run, tmp_path, minutes, header):
    load = load_file(tmp_path / "load.csv", run, minutes, header=header)
    ended = crocs("peak", "--run", run, "--clusters", 3, "--hours", 10, "--load", tmp_path / "load.csv")
    assert ended.code == 0, ended.err
    assert "the load is load.csv" in ended.out
    halves = load.resample("30min").mean() if minutes < 60 else load.resample("30min").ffill()
    halves = halves.reindex(sorted(frame_of(run, 3).time.unique()), method="ffill")
    assert_as_by_pandas(run, "10h-load", 3, 10, halves)


def test_a_load_of_more_days_says_how_much_of_its_peak_the_run_has(crocs, run, tmp_path):
    load_file(tmp_path / "load.csv", run, 60)
    with (tmp_path / "load.csv").open("a") as file:
        file.writelines(f"\n2014-07-01 {hour:02d}:00,1e9" for hour in range(24))
    call = ("peak", "--run", run, "--clusters", 3, "--hours", 32, "--load", tmp_path / "load.csv")
    found = json.loads(crocs(*call, "--json").out)
    assert found["system_peak_here"] == pytest.approx(8 / 32)
    assert "only 25.0 % of the peak of all days of that load lies on days of the run" in crocs(*call).out


BAD_LOADS = {
    "no number": (
        "time,load\n2013-01-01 00:00,1\n2013-01-01 01:00,x\n",
        ":3: '2013-01-01 01:00,x' is not a time",
    ),
    "no stamp": ("time,load\n2013-01-01 00:00,1\nyesterday,2\n", ":3: the time 'yesterday'"),
    "empty": ("time,load\n", ": no rows of time and load"),
    "one time": ("time,load\n2013-01-01 00:00,1\n", ": one time only"),
    "two-hourly": ("2013-01-01 00:00,1\n2013-01-01 02:00,1\n", ": intervals that do not divide an hour"),
    "no zone": ("2013-01-01 00:00Z,1\n2013-01-01 01:00Z,1\n", ": stamps with an offset, and no zone"),
    "not all days": (
        "2013-01-01 00:00,1\n2013-01-01 01:00,1\n",
        ": no load at 2013-01-01 02:00, nor in 1435 ",
    ),
    "no text": ("2013-01-01 00:00,\xff", ": not UTF-8 text"),
}


@pytest.mark.parametrize("name", BAD_LOADS)
def test_a_load_that_cannot_be_used_is_one_line(crocs, run, tmp_path, name):
    content, said = BAD_LOADS[name]
    (tmp_path / "load.csv").write_bytes(content.encode("latin-1"))
    ended = crocs("peak", "--run", run, "--clusters", 3, "--load", tmp_path / "load.csv")
    assert (ended.code, ended.err.count("\n")) == (1, 1), ended.err
    assert f"{tmp_path / 'load.csv'}{said}" in ended.err


@pytest.mark.parametrize(
    ("asked", "code", "said"),
    [
        (("--hours", 721), 2, "--hours: 721 are more than the 720 hours of the run's days"),
        (("--window", "17:15-20:00"), 2, "--window: 17:15-20:00 begins or ends within a slot of 30 min"),
        (("--window", "17-20"), 2, "--window: write a window as 17:00-20:00"),
        (("--window", "17:00-17:00"), 2, "--window: a window begins and ends within a day"),
        (("--window", "17:00-20:00", "--days", "peak:31"), 2, "--days: 31 are more than the run's 30 days"),
        (("--window", "17:00-20:00", "--days", "peak"), 2, "--days: days are all or peak:N"),
        (("--window", "17:00-20:00", "--hours", 3), 2, "hours and window are two questions"),
        (("--days", "all"), 2, "days are those of a window; give window too"),
        (("--load", "none.csv"), 2, "--load: none.csv: No such file"),
        (("--clusters", 9), 1, "no partition into 9 segments"),
    ],
    ids=str,
)
def test_a_wrong_question_is_one_line(crocs, run, asked, code, said):
    call = asked if "--clusters" in asked else ("--clusters", 3, *asked)
    ended = crocs("peak", "--run", run, *call)
    assert (ended.code, ended.err.count("\n")) == (code, 1), ended.err
    assert said in ended.err


def test_an_hour_that_the_clock_skips_needs_no_load(crocs, tmp_path):
    start = pd.Timestamp("2024-03-29")
    local = pd.date_range(start, periods=5 * 48, freq="30min")
    rows = [f"c{c},{time},{0.1 + (c + time.hour) % 7 / 10}" for c in range(6) for time in local]
    (tmp_path / "r.csv").write_text("id,time,kwh\n" + "\n".join(rows))
    run = tmp_path / "run"
    asked = ("--timezone", "Europe/Lisbon", "--clock-change", "fold", "--unit", "kWh", "--stamp", "start")
    assert crocs("ingest", "--run", run, *asked, tmp_path / "r.csv").code == 0
    ids = files.read(run / "profiles" / "00000.h5", PROFILES)["consumer_id"]
    made_run.partition(run, ids, np.arange(6) % 2)
    assert pd.Timestamp("2024-03-31") in frame_of(run, 2).time.dt.normalize().unique()
    utc = pd.date_range(start, periods=5 * 24, freq="1h", tz="UTC")
    found = []
    for times in (utc.tz_convert("Europe/Lisbon").tz_localize(None), utc.strftime("%Y-%m-%d %H:%M+00:00")):
        loads = utc.tz_convert("Europe/Lisbon").hour
        rows = [f"{time},{load}" for time, load in zip(times, loads, strict=True)]
        (tmp_path / f"{len(found)}.csv").write_text("\n".join(rows))
        call = ("peak", "--run", run, "--clusters", 2, "--hours", 4, "--load", tmp_path / f"{len(found)}.csv")
        ended = crocs(*call, "--json")
        assert ended.code == 0, ended.err
        found.append(json.loads(ended.out) | {"system_load": ""})
        (run / "peak").rename(tmp_path / f"made-{len(found)}")
    assert found[0] == found[1]
    assert len(found[0]["peak_dates"]) == 4
    short = [row for row in rows if "2024-03-31 02" not in row]  # 03:00 local, which the clock does not skip
    (tmp_path / "short.csv").write_text("\n".join(short))
    ended = crocs("peak", "--run", run, "--clusters", 2, "--load", tmp_path / "short.csv")
    assert (ended.code, ended.err.count("\n")) == (1, 1)
    assert "no load at 2024-03-31 03:00, nor in 1 other slots" in ended.err


@pytest.mark.parametrize("period", ["week", "event"])
def test_weeks_and_events_have_no_peak_and_no_bills(crocs, tmp_path, period):
    made = crocs("synth", "--run", tmp_path / "run", "--period", period, "--consumers", 5, "--clusters", 1)
    assert made.code == 0, made.err
    (tmp_path / "now.yaml").write_text("currency: EUR\nenergy:\n  - price: 0.2\n")
    for call in (("peak",), ("bills", "--tariff", tmp_path / "now.yaml")):
        ended = crocs(call[0], "--run", tmp_path / "run", "--clusters", 1, *call[1:])
        assert (ended.code, ended.err.count("\n")) == (1, 1), ended.err
        assert f"{call[0]}: is for days in kWh, and these profiles are {period}s" in ended.err


@given(
    st.lists(st.sampled_from([0.0, 1.0, 1.0 + 1e-12, 2.5, np.nan]), min_size=8, max_size=8),
    st.integers(1, 4),
)
def test_the_highest_slots_are_the_earliest_of_equals(values, count):
    load = np.array(values).reshape(2, 4)
    chosen = peak.highest_slots(load, count)
    assert chosen.sum() == count
    flat = [-np.inf if np.isnan(value) else round(value, 6) for value in values]
    expected = sorted(range(8), key=lambda i: (-flat[i], i))[:count]
    assert np.flatnonzero(chosen.ravel()).tolist() == sorted(expected)


@pytest.mark.parametrize(
    ("text", "slots"),
    [("17:00-20:00", range(34, 40)), ("00:00-24:00", range(48)), ("23:00-00:30", [46, 47, 0])],
)
def test_a_window_has_the_slots_between_its_times(text, slots):
    assert np.flatnonzero(windows.slots_of(text, 48)).tolist() == sorted(slots)


def test_the_report_and_the_command_say_the_same_of_the_peak(crocs, tmp_path):
    run = made_run.make(tmp_path / "run")
    for call in (("peak", "--hours", 40), ("report",)):
        assert crocs(call[0], "--run", run, "--clusters", 3, *call[1:]).code == 0
    rows = list(csv.DictReader((run / "report" / "3" / "segments.csv").open()))
    by_peak = list(csv.DictReader((run / "peak" / "3" / "40h" / "peak-segments.csv").open()))
    assert len(rows) == len(by_peak) == 3
    for of_report, of_peak in zip(rows, by_peak, strict=True):
        assert float(of_report["peak_part"]) == pytest.approx(float(of_peak["peak_share"]), rel=1e-5)


def test_the_report_has_a_folded_section_where_a_peak_was_asked_for(crocs, tmp_path):
    run = made_run.make(tmp_path / "run")
    assert crocs("report", "--run", run, "--clusters", 3).code == 0
    page = run / "report" / "3" / "index.html"
    assert "Who makes the peak" not in page.read_text()
    assert crocs("peak", "--run", run, "--clusters", 3).code == 0
    assert "stale" in crocs("status", "--run", run).out
    assert crocs("report", "--run", run, "--clusters", 3).code == 0
    text = page.read_text()
    found = Page(text)
    assert {"peak-40h", "peak-40h-title"} <= {each.get("id") for _, each in found.elements}
    for row in json.loads((run / "peak" / "3" / "40h" / "summary.json").read_text())["segments"]:
        assert f"{row['peak_kw']:,.1f}</td>" in text
    for name in ("peak-40h-segments.csv", "peak-40h-days.csv", "figures/peak-40h.svg"):
        assert (page.parent / name).stat().st_size > 100
    assert crocs("report", "--run", run, "--clusters", 3, "--rule", "minimum:2").code == 0
    assert "Who makes the peak" not in (run / "report-share-safe" / "3" / "index.html").read_text()
