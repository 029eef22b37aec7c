"""Weeks are seven used days from Monday on; other quantities keep their unit, which must fit them."""

import csv
import datetime as dt

import numpy as np
import pytest

from crocs_cli.machine import files
from crocs_cli.maths.readings.assemble import Days
from crocs_cli.maths.readings.quality import COUNTS, COUNTS_OF
from crocs_cli.maths.readings.weeks import in_weeks
from crocs_cli.rundir.layouts import PROFILES
from crocs_cli.rundir.meaning import Meaning
from crocs_cli.rundir.run import Run

MONDAY = dt.date(2013, 3, 18)  # the clocks of Europe change on Sunday, 31 March


def write(path, days=21, first=MONDAY, skip=(), total=False, meters=("a", "b")):
    """Write hourly readings of some meters; reading = hours since the first, or the sum up to there."""
    lines, count = ["id,time,used"], 24 * days
    for meter in meters:
        values = np.arange(count) % 24 + 1.0
        values = np.append(0, np.cumsum(values))[:count] if total else values
        for hour in range(count):
            at = dt.datetime.combine(first, dt.time()) + dt.timedelta(hours=hour)
            if (meter, at.date()) not in skip:
                lines.append(f"{meter},{at:%Y-%m-%d %H:%M},{values[hour]:g}")
    path.write_text("\n".join(lines) + "\n")
    return path


COLUMNS = ("--columns-energy", "used", "--interval", "1h", "--period", "week")


def profiles(run):
    return files.read(run / "profiles" / "00000.h5", PROFILES)


def counted(run):
    rows = list(csv.DictReader((run / "quality.csv").open()))
    return {row["consumer_id"]: row for row in rows}


def test_a_week_is_its_seven_days_from_monday_on(crocs, tmp_path):
    skip = {("a", MONDAY + dt.timedelta(9))}
    path = write(tmp_path / "h.csv", first=MONDAY - dt.timedelta(2), days=25, skip=skip)
    ended = crocs("ingest", path, "--run", tmp_path / "run", *COLUMNS)
    assert ended.code == 0, ended.err
    assert "2 consumers, 5 weeks from 2013-03-18 to 2013-04-01" in ended.out
    read = profiles(tmp_path / "run")
    mondays = [MONDAY + dt.timedelta(7 * week) for week in (0, 2, 0, 1, 2)]
    assert read["date"].astype("datetime64[D]").tolist() == mondays
    assert read["energy_kwh"].shape == (5, 168)
    np.testing.assert_array_equal(read["energy_kwh"][0], np.tile(np.arange(1, 25), 7))
    counts = counted(tmp_path / "run")
    assert (counts["a"]["days_used"], counts["a"]["days_of_part_weeks"]) == ("14", "10")
    assert (counts["b"]["days_used"], counts["b"]["days_of_part_weeks"]) == ("21", "4")
    assert counts["b"]["mean_weekly_kwh"] == f"{7 * 300:.3f}"
    assert Run(tmp_path / "run").meaning() == Meaning("week")


@pytest.mark.parametrize(("clock_change", "weeks"), [("leave_out", 2), ("fold", 3)])
def test_the_week_of_a_day_of_23_hours_is_left_out_or_folded(crocs, tmp_path, clock_change, weeks):
    path = write(tmp_path / "h.csv")
    options = ("--timezone", "Europe/London", "--clock-change", clock_change)
    assert crocs("ingest", path, "--run", tmp_path / "run", *COLUMNS, *options).code == 0
    read = profiles(tmp_path / "run")
    assert np.diff(read["day_offset"]).tolist() == [weeks, weeks]
    assert np.isfinite(read["energy_kwh"]).all()
    assert counted(tmp_path / "run")["a"]["days_of_part_weeks"] == ("6" if weeks == 2 else "0")


def test_half_hours_make_336_slots_and_days_make_seven(crocs, tmp_path):
    lines = ["id,time,kwh"]
    for slot in range(14 * 48):
        at = dt.datetime.combine(MONDAY, dt.time()) + dt.timedelta(minutes=30 * slot)
        lines.append(f"a,{at:%Y-%m-%d %H:%M},{slot % 336 + 1}")
    (tmp_path / "h.csv").write_text("\n".join(lines) + "\n")
    for slot, slots in (("30min", 336), ("24h", 7)):
        run = tmp_path / slot
        assert crocs("ingest", tmp_path / "h.csv", "--run", run, "--period", "week", "--slot", slot).code == 0
        assert profiles(run)["energy_kwh"].shape == (2, slots)
        assert profiles(run)["energy_kwh"].sum() == pytest.approx(2 * 336 * 337 / 2)


def test_registers_of_water_become_litres_an_hour(crocs, tmp_path):
    used = write(tmp_path / "used.csv", days=14)
    total = write(tmp_path / "total.csv", days=15, total=True)
    water = ("--quantity", "water", "--unit", "L")
    for name, path, kind in (("used", used, "energy"), ("total", total, "register")):
        options = ("--kind", kind, "--days-to", "2013-03-31")
        ended = crocs("ingest", path, "--run", tmp_path / name, *COLUMNS, *water, *options)
        assert ended.code == 0, ended.err
        assert Run(tmp_path / name).meaning() == Meaning("week", "water", "L")
    one, other = profiles(tmp_path / "used"), profiles(tmp_path / "total")
    np.testing.assert_array_equal(one["energy_kwh"], other["energy_kwh"])
    assert "mean_weekly_l" in counted(tmp_path / "total")["a"]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--quantity", "water"), "water is not measured in kWh; name one of m3, L, gal"),
        (("--quantity", "water", "--unit", "kWh"), "water is not measured in kWh; use m3, L, gal"),
        (("--unit", "gal"), "electricity is not measured in gal; use kWh, Wh, MWh, kW, W"),
        (("--days-type", "weekdays"), "a week needs all of its days; leave out days.type and days.season"),
        (("--events-features", "kwh"), "period event and events.features (or events.clock) go together"),
    ],
)
def test_what_does_not_go_together_is_refused_in_one_line(crocs, tmp_path, options, told):
    path = write(tmp_path / "h.csv", days=7)
    ended = crocs("ingest", path, "--run", tmp_path / "run", *COLUMNS, *options)
    assert (ended.code, ended.err.count("\n")) == (2, 1)
    assert told in ended.err
    assert not (tmp_path / "run").exists()


def test_no_whole_week_says_why(crocs, tmp_path):
    path = write(tmp_path / "h.csv", days=6)
    ended = crocs("ingest", path, "--run", tmp_path / "run", *COLUMNS)
    assert (ended.code, ended.err.count("\n")) == (1, 1)
    assert "no consumer has a week that can be used (days left out: 12 of part weeks)" in ended.err


def test_gigajoules_of_heat_are_kilowatt_hours(crocs, tmp_path):
    path = write(tmp_path / "h.csv", days=7)
    heat = ("--quantity", "heat", "--unit", "GJ", "--period", "day")
    assert crocs("ingest", path, "--run", tmp_path / "run", *COLUMNS, *heat).code == 0
    assert profiles(tmp_path / "run")["energy_kwh"][0, 0] == pytest.approx(1 / 0.0036)
    assert Run(tmp_path / "run").meaning() == Meaning("day", "heat", "kWh")


def test_no_days_make_no_weeks_and_lose_no_count():
    empty = Days(*(np.zeros(0, np.int64),) * 2, np.zeros((0, 24)), np.ones((2, len(COUNTS)), np.int64), None)
    found = in_weeks(empty)
    assert found.energy_kwh.shape == (0, 168)
    assert found.quality.shape == (2, len(COUNTS_OF["week"]))
