"""Clocks: no day is shifted, in zones of both hemispheres, and a fixed offset is never taken for a zone."""

import datetime as dt
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.parquet as parquet
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from crocs_cli.maths.readings.clock import DAY_S, checked_zone, day_lengths_s, wall_from_utc
from crocs_cli.maths.readings.grid import Grid
from tests.readers.conftest import counts, profiles

EPOCH = dt.datetime(1970, 1, 1)
ZONES = [
    "Europe/Brussels",
    "Europe/London",
    "America/New_York",
    "America/Havana",  # changes at midnight
    "America/Santiago",
    "America/Sao_Paulo",
    "America/St_Johns",
    "Africa/Cairo",
    "Asia/Tehran",
    "Asia/Kathmandu",
    "Australia/Sydney",
    "Australia/Lord_Howe",  # by half an hour
    "Pacific/Apia",  # skipped a day
    "Pacific/Chatham",
    "Antarctica/Troll",  # by two hours
    "UTC",
    "+10:00",
    "-09:30",
]


def naive_wall(utc_s, name):
    """Return the wall clock of one instant by the standard library alone."""
    if name[0] in "+-":
        sign = 1 if name[0] == "+" else -1
        zone = dt.timezone(sign * dt.timedelta(hours=int(name[1:3]), minutes=int(name[4:6])))
    else:
        zone = ZoneInfo(name)
    local = (EPOCH.replace(tzinfo=dt.UTC) + dt.timedelta(seconds=int(utc_s))).astimezone(zone)
    return int((local.replace(tzinfo=None) - EPOCH).total_seconds())


@settings(max_examples=150, deadline=None)
@given(
    name=st.sampled_from(ZONES),
    first=st.integers(0, 4_000_000_000),
    steps=st.lists(st.integers(0, 400 * 96), min_size=1, max_size=30),
)
def test_wall_clocks_are_those_of_the_standard_library(name, first, steps):
    utc_s = first - first % 900 + 900 * np.array(steps)
    assert wall_from_utc(utc_s, name).tolist() == [naive_wall(s, name) for s in utc_s]


@settings(max_examples=60, deadline=None)
@given(name=st.sampled_from(ZONES), first=st.integers(0, 44_000), days=st.integers(1, 500))
@example(name="America/St_Johns", first=6007, days=500)  # back from a minute past midnight to the day before
def test_day_lengths_are_how_many_instants_carry_a_date(name, first, days):
    lengths = day_lengths_s(first, days, name)
    assert lengths.sum() % 60 == 0
    for day in np.flatnonzero(lengths != DAY_S)[:3]:
        instants = np.arange((first + day - 2) * DAY_S, (first + day + 3) * DAY_S, 300)
        own = sum(naive_wall(s, name) // DAY_S == first + day for s in instants)
        assert abs(own * 300 - lengths[day]) <= 300  # a change at a minute past midnight cuts a step
    if name[0] in "+-":
        assert (lengths == DAY_S).all()


@pytest.mark.parametrize("stamp", ["start", "end"])
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    name=st.sampled_from(ZONES),
    first=st.integers(0, 44_000),
    minutes=st.sampled_from([15, 30, 60]),
)
def test_no_reading_is_shifted_to_another_interval(stamp, name, first, minutes):
    """Every instant's interval begins where the standard library says, whichever end its stamp names."""
    start_s = first * DAY_S + 60 * minutes * np.arange(400 * 1440 // minutes)[:: 37 if minutes < 60 else 11]
    grid = Grid(60 * minutes, stamp, name, "kWh")
    stamped = start_s + (60 * minutes if stamp == "end" else 0)
    found = grid.starts_s(stamped, is_utc=True)
    assert found.tolist() == [naive_wall(s, name) for s in start_s]


@pytest.mark.parametrize("name", ZONES)
@pytest.mark.parametrize("stamp", ["start", "end"])
def test_a_year_of_instants_gives_every_local_day_of_24_hours_whole(ingest, name, stamp):
    """A year of UTC stamps through the command: each full local day, with its own readings, and no other."""
    year = "2011" if name == "Pacific/Apia" else "2016"
    first, last = (np.datetime64(f"{y}-06-01T00:00:00") for y in (int(year), int(year) + 1))
    minutes = 15 if name in ("Asia/Kathmandu", "Pacific/Chatham") else 30  # 45 minutes off the hour
    start = np.arange(first, last, 60 * minutes)
    kwh = np.arange(len(start)) % 977 / 100
    stamps = start + np.timedelta64(60 * minutes if stamp == "end" else 0, "s")
    times = pa.array(stamps).cast(pa.timestamp("s", "UTC"))
    parquet.write_table(pa.table({"id": ["A"] * len(kwh), "time": times, "kwh": kwh}), "a.parquet")
    settings = ["--timezone", name, "--stamp", stamp, "--interval", f"{minutes}min"]
    assert ingest(None, *settings, "a.parquet").code == 0
    wall = [naive_wall(s, name) for s in start.astype(np.int64)]
    days = {}
    for second, value in zip(wall, kwh, strict=True):
        days.setdefault(second // DAY_S, []).append((second % DAY_S, value))
    whole = {
        str((EPOCH + dt.timedelta(days=day)).date()): [value for _, value in sorted(readings)]
        for day, readings in days.items()
        if len({second for second, _ in readings}) == len(readings) == 1440 // minutes
    }
    found = {date: energy for (_, date), energy in profiles().items()}
    assert found.keys() == whole.keys()
    assert all(found[date] == pytest.approx(energy) for date, energy in whole.items())
    assert counts()["A"]["conflicts"] == counts()["A"]["duplicates"] == "0"


def test_market_time_is_not_put_through_daylight_saving(ingest):
    """Fixed +10:00 over the Sydney changes keeps all days; the zone leaves out two."""
    stamps = np.arange(np.datetime64("2012-09-01T00:00"), np.datetime64("2013-05-01T00:00"), 30)
    lines = [f"A,{str(stamp).replace('T', ' ')},1.5" for stamp in stamps]
    text = "\n".join(["id,time,kwh", *lines, ""])
    assert ingest(text, "--timezone", "+10:00").code == 0
    assert len(profiles()) == len(stamps) // 48
    assert ingest(text, "--run", "zone", "--timezone", "Australia/Sydney").code == 0
    assert set(profiles()) - set(profiles("zone")) == {("A", "2012-10-07"), ("A", "2013-04-07")}


@pytest.mark.parametrize("name", ["UTC", "Europe/London", "+10:00", "-03:30", "+00:00"])
def test_a_zone_is_a_name_or_an_offset(name):
    assert checked_zone(name) == name


@pytest.mark.parametrize(
    "name", ["", "Europe/Lodnon", "Europe", "+10", "10:00", "+24:00", "+10:99", "../UTC", "\0"]
)
def test_what_is_no_zone_is_refused_with_examples(name):
    with pytest.raises(ValueError, match="no such time zone; use a name such as Europe/London, or "):
        checked_zone(name)
