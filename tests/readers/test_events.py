"""Tables of events become profiles of scaled features; what cannot be used is counted, or refused."""

import csv
import itertools

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import csv as arrow_csv
from pyarrow import parquet

from crocs_cli.machine import files
from crocs_cli.rundir.layouts import PROFILES
from crocs_cli.rundir.meaning import Meaning
from crocs_cli.rundir.run import Run
from tests.conftest import digests

HEADER = "user,begin,end,kwh,speed"
MARCH = "2020-03-"
GOOD = [
    f"u{n % 4},{MARCH}{1 + n // 3:02d} {n % 24:02d}:{n:02d},{MARCH}{2 + n // 3:02d} 0{n % 9}:30,{n}.5,{n % 7}"
    for n in range(60)
]
OPTIONS = (
    *("--period", "event", "--columns-consumer", "user", "--columns-time", "begin", "--events-end", "end"),
    *("--events-features", "kwh,duration_h", "--events-clock", "begin", "--events-amount", "kwh"),
)
SPEED = ("--events-features", "speed")


@pytest.fixture
def table(tmp_path):
    def write(*more, lines=GOOD, header=HEADER):
        path = tmp_path / "events.csv"
        path.write_text("\n".join([header, *lines, *more]) + "\n")
        return path

    return write


def profiles(run):
    return files.read(run / "profiles" / "00000.h5", PROFILES)


def counts(run):
    rows = list(csv.DictReader((run / "quality.csv").open()))
    assert "days" not in ",".join(rows[0])
    return {name: sum(int(row[name]) for row in rows) for name in rows[0] if name.startswith(("ev", "dup"))}


def test_features_are_scaled_by_median_and_interquartile_range(crocs, table, tmp_path):
    ended = crocs("ingest", table(), "--run", tmp_path / "run", *OPTIONS, *SPEED)
    assert ended.code == 0, ended.err
    assert "4 consumers, 60 events from 2020-03-01 to 2020-03-20" in ended.out
    read, meaning = profiles(tmp_path / "run"), Run(tmp_path / "run").meaning()
    assert meaning.features == ("kwh", "duration_h", "speed", "begin_sin", "begin_cos")
    kwh, speed = np.arange(60) + 0.5, np.arange(60) % 7
    for at, values in ((0, kwh), (2, speed)):
        low, middle, high = np.quantile(values, (0.25, 0.5, 0.75))
        assert (meaning.centre[at], meaning.spread[at]) == (middle, high - low)
        of_u0 = np.sort(read["energy_kwh"][: read["day_offset"][1], at])
        np.testing.assert_allclose(of_u0, np.sort((values[::4] - middle) / (high - low)), rtol=1e-6)
    np.testing.assert_allclose((read["energy_kwh"][:, 3:] ** 2).sum(axis=1), 1, rtol=1e-6)
    np.testing.assert_allclose(np.sort(meaning.amounts(read["energy_kwh"])), kwh, rtol=1e-5)
    for first, last in itertools.pairwise(read["day_offset"]):
        assert np.diff(read["date"][first:last]).min() >= 0


def test_midnight_is_beside_one_minute_before_it(crocs, table, tmp_path):
    lines = [
        f"u,2020-03-01 {time},2020-03-02 09:00,{n},{n}" for n, time in enumerate(("00:00", "23:59", "12:00"))
    ]
    assert crocs("ingest", table(lines=lines), "--run", tmp_path / "run", *OPTIONS, *SPEED).code == 0
    near, noon, late = profiles(tmp_path / "run")["energy_kwh"][:, 3:]
    assert np.abs(near - late).max() < 0.01
    np.testing.assert_allclose(near, -noon, atol=1e-6)


BAD = [
    "u1,2020-03-01 10:00,2020-03-01 09:00,1,1",  # ends before it begins
    "u1,2020-03-01 10:00,2020-03-09 09:00,1,1",  # lasts 8 days
    "u1,2020-03-01 10:00,,1,1",  # has no end
    "u1,2020-03-01 10:00,2020-03-01 11:00,,1",  # has no energy
    "u1,2020-03-01 10:01,2020-03-01 11:00,nan,1",
    "u1,2020-04-01 10:00,2020-04-01 11:00,1,1",  # outside the dates asked for
    GOOD[0],  # is there twice
]


def test_each_kind_of_bad_event_is_counted_and_left_out(crocs, table, tmp_path):
    options = ("--events-at-most", "duration_h=72", "--days-to", "2020-03-31")
    assert crocs("ingest", table(), "--run", tmp_path / "good", *OPTIONS, *SPEED, *options).code == 0
    assert crocs("ingest", table(*BAD), "--run", tmp_path / "bad", *OPTIONS, *SPEED, *options).code == 0
    good, bad = profiles(tmp_path / "good"), profiles(tmp_path / "bad")
    np.testing.assert_array_equal(good["energy_kwh"], bad["energy_kwh"])
    found = counts(tmp_path / "bad")
    overlapping = found.pop("events_overlapping")
    assert overlapping == counts(tmp_path / "good")["events_overlapping"] > 0
    assert found == {
        "events_read": 67,
        "duplicates": 1,
        "events_different": 66,
        "events_outside_range": 1,
        "events_of_other_type": 0,
        "events_without_number": 3,
        "events_reversed": 1,
        "events_too_large": 1,
        "events_left_overlapping": 0,
        "events_used": 60,
    }


def test_events_that_overlap_are_left_out_if_asked(crocs, table, tmp_path):
    lines = [
        "a,2020-03-01 10:00,2020-03-01 12:00,1,1",
        "a,2020-03-01 11:00,2020-03-01 11:30,2,3",  # within the first
        "a,2020-03-01 11:45,2020-03-01 13:00,3,2",  # which still lasts
        "a,2020-03-01 13:00,2020-03-01 14:00,4,4",  # begins as the last one ends
        "b,2020-03-01 11:00,2020-03-01 12:00,5,1",  # of another consumer
    ]
    for action, used in (("keep", 5), ("leave_out", 3)):
        run = tmp_path / action
        options = ("--events-overlapping", action, "--events-scale", "duration_h=1,speed=1")
        assert crocs("ingest", table(lines=lines), "--run", run, *OPTIONS, *SPEED, *options).code == 0
        found = counts(run)
        assert (found["events_used"], found["events_overlapping"]) == (used, 2)


def test_a_session_over_the_change_of_the_clock_has_its_true_duration(crocs, table, tmp_path):
    lines = [
        "a,2020-03-28 20:00,2020-03-29 08:00,1,1",  # 11 hours: the clock skips one
        "a,2020-10-24 20:00,2020-10-25 08:00,2,2",  # 13 hours
        "a,2020-06-01 20:00+02:00,2020-06-02 06:00Z,3,3",  # 12 hours
    ]
    options = ("--timezone", "Europe/Oslo")
    assert (
        crocs("ingest", table(lines=lines), "--run", tmp_path / "run", *OPTIONS, *SPEED, *options).code == 0
    )
    read, meaning = profiles(tmp_path / "run"), Run(tmp_path / "run").meaning()
    hours = read["energy_kwh"][:, 1] * meaning.spread[1] + meaning.centre[1]
    np.testing.assert_allclose(hours, [11, 12, 13])  # in the order of time


@pytest.mark.parametrize(
    ("lines", "options", "code", "told"),
    [
        ([f"{line.rpartition(',')[0]},3" for line in GOOD], (), 1, "speed is 3 in all events; leave it out"),
        ([f"{line.rpartition(',')[0]},{n // 50}" for n, line in enumerate(GOOD)], (), 1,
         "speed is 0 in half of all events; give its scale with --events-scale speed=NUMBER"),
        (GOOD, ("--events-features", "flow"), 1, "no column 'flow'"),
        (GOOD, ("--events-scale", "flow=2"), 2, "scale names flow, which is not"),
        (GOOD, ("--events-at-most", "duration_h"), 2, "write NAME=NUMBER"),
        (GOOD, ("--events-scale", "kwh=0"), 2, "greater than 0"),
        (GOOD, ("--reader", "lcl"), 2, "events are read from tables with named columns, not by lcl"),
        ([*GOOD, "u1,,2020-03-01 09:00,1,1"], (), 1, "events.csv:62: begin is empty"),
        ([*GOOD, "u1,yesterday,2020-03-01 09:00,1,1"], (), 1, "csv:62: begin 'yesterday' is not a stamp"),
        ([*GOOD, "u1,2020-03-01 09:00,soon,1,1"], (), 1, "events.csv:62: end 'soon' is not a stamp"),
        ([*GOOD, "u1,2020-03-01 09:00,2020-03-01 10:00,many,1"], (), 1, "events.csv:62: kwh 'many' is not"),
        ([], (), 1, "no events in the files"),
        (["a,2020-03-01 10:00,2020-03-01 09:00,1,1"], (), 1,
         "no consumer has an event that can be used (events left out: 1 reversed); see quality.csv"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_refused_in_one_line(crocs, table, tmp_path, lines, options, code, told):
    ended = crocs("ingest", table(lines=lines), "--run", tmp_path / "run", *OPTIONS, *SPEED, *options)
    assert (ended.code, ended.err.count("\n")) == (code, 1), ended.err
    assert told in ended.err


def test_shares_and_formats_make_the_same_profiles(crocs, table, tmp_path):
    path = table(*BAD)
    options = (*OPTIONS, *SPEED, "--shard-size", 1, "--events-at-most", "duration_h=72")
    assert crocs("ingest", path, "--run", tmp_path / "alone", *options).code == 0
    for share in (2, 1, 3):
        assert (
            crocs("ingest", path, "--run", tmp_path / "shares", *options, "--share", f"{share}/3").code == 0
        )
    assert digests(tmp_path / "alone") == digests(tmp_path / "shares")
    read = arrow_csv.read_csv(path)
    assert pa.types.is_timestamp(read.schema.field("begin").type)
    parquet.write_table(read, tmp_path / "events.parquet")
    assert crocs("ingest", tmp_path / "events.parquet", "--run", tmp_path / "parquet", *options).code == 0
    assert (tmp_path / "parquet" / "quality.csv").read_bytes() == (
        tmp_path / "alone" / "quality.csv"
    ).read_bytes()
    for own in sorted((tmp_path / "parquet" / "profiles").iterdir()):
        one, other = (
            files.read(own, PROFILES),
            files.read(tmp_path / "alone" / "profiles" / own.name, PROFILES),
        )
        assert all(np.array_equal(one[name], other[name]) for name in one)


def test_scales_by_hand_and_of_another_run(crocs, table, tmp_path):
    by_hand = ("--events-scale", "kwh=2,begin=0.5")
    assert crocs("ingest", table(), "--run", tmp_path / "first", *OPTIONS, *SPEED, *by_hand).code == 0
    first = Run(tmp_path / "first").meaning()
    assert (first.spread[0], first.spread[3:]) == (2, (0.5, 0.5))
    fewer = table(lines=GOOD[:20])
    assert crocs("ingest", fewer, "--run", tmp_path / "own", *OPTIONS, *SPEED).code == 0
    assert Run(tmp_path / "own").meaning() != first
    as_first = ("--events-scale-from", tmp_path / "first")
    assert crocs("ingest", fewer, "--run", tmp_path / "later", *OPTIONS, *SPEED, *as_first).code == 0
    assert Run(tmp_path / "later").meaning() == first
    ended = crocs("ingest", fewer, "--run", tmp_path / "x", *OPTIONS, *as_first)
    assert (ended.code, ended.err.count("\n")) == (2, 1)
    assert "name a run of the same features" in ended.err


def test_an_event_without_an_amount_counts_as_one():
    meaning = Meaning("event", features=("a", "b"), centre=(0.0, 0.0), spread=(1.0, 1.0))
    np.testing.assert_array_equal(meaning.amounts(np.zeros((3, 2))), np.ones(3))
    assert meaning.mean_name == ""
