"""What readings may be: of hours that exist, energies rather than totals, and what a meter can measure."""

import datetime as dt
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crocs_cli.maths.readings.assemble import assemble
from crocs_cli.maths.readings.clock import DAY_S, lost_spans_s, utc_from_midnight
from crocs_cli.maths.readings.grid import ERROR_CODES, Grid
from crocs_cli.maths.readings.quality import COUNTS, of_today
from crocs_cli.maths.readings.rows import BESIDE, Calendar, Rows, Rule
from tests.readers.conftest import counts, long_csv, profiles
from tests.readers.test_clock import EPOCH, ZONES, naive_wall

PER_DAY = 48


def days_of(cells, rule_settings=None, lost=(), lengths=None):
    """Assemble one meter's cells (channels, days, intervals), NaN where there is no reading."""
    cells = np.asarray(cells, float)
    cells = cells.reshape(-1, *cells.shape[-2:])
    channel, day, slot = (axis.ravel() for axis in np.indices(cells.shape))
    there = ~np.isnan(cells.ravel())
    rows = Rows(
        np.zeros(there.sum(), np.int32),
        (day * cells.shape[2] + slot)[there].astype(np.int32),
        cells.ravel()[there],
        channel[there].astype(np.uint8),
        np.zeros(there.sum(), np.uint8),
    )
    lengths = np.full(cells.shape[1], DAY_S) if lengths is None else lengths
    calendar = Calendar(0, np.zeros(cells.shape[1], np.int8), lengths, lost)
    rule = Rule(cells.shape[2], cells.shape[2], calendar, **(rule_settings or {}))
    made = assemble(lambda: [rows], 1, rule)
    return made, dict(zip(COUNTS, made.quality[0].tolist(), strict=True))


def usual(days=10, scale=1.0, seed=0):
    return np.random.default_rng(seed).uniform(0.1, 1.0, (days, PER_DAY)) * scale


@pytest.mark.parametrize("code", ERROR_CODES)
def test_error_codes_of_a_home_are_left_out_and_counted(code):
    cells = usual()
    cells[3, 7] = code
    made, count = days_of(cells, {"codes_kwh": ERROR_CODES})
    assert count["implausible"] == count["days_incomplete"] == 1
    assert made.date.tolist() == [0, 1, 2, 4, 5, 6, 7, 8, 9]


@given(scale=st.floats(0.001, 5000), seed=st.integers(0, 99))
def test_no_usual_reading_is_implausible_however_large_the_meter(scale, seed):
    made, count = days_of(usual(scale=scale, seed=seed), {"codes_kwh": ERROR_CODES})
    assert count["implausible"] == 0
    assert len(made.date) == 10


@given(seed=st.integers(0, 99), scale=st.floats(0.1, 100), days=st.integers(1, 12))
def test_what_is_hundreds_of_times_the_usual_is_implausible(seed, scale, days):
    cells = usual(days, scale, seed)
    cells[days // 2, 5] = -400 * max(scale, 0.25)
    _, count = days_of(cells, {"codes_kwh": ERROR_CODES})
    assert count["implausible"] == 1


def test_a_code_that_a_large_meter_measures_is_a_reading():
    cells = usual(scale=80.0)
    cells[3, 7] = 65.535
    assert days_of(cells, {"codes_kwh": ERROR_CODES})[1]["implausible"] == 0


def test_a_meter_that_runs_in_season_only_keeps_its_season():
    cells = usual(60, 0.4)
    cells[40:50] *= 2000
    assert days_of(cells, {"codes_kwh": ERROR_CODES})[1]["implausible"] == 0


def test_a_ceiling_of_the_user_bounds_every_reading(ingest):
    text = long_csv(days=2, consumers=1)
    assert ingest(text, "--implausible", 0.19).code == 0
    assert counts()["C0"]["implausible"] == "5"
    assert list(profiles()) == [("C0", "2013-01-01")]
    assert ingest(text, "--run", "off", "--implausible", "off").code == 0
    assert counts("off")["C0"]["implausible"] == "0"
    refused = ingest(text, "--run", "no", "--implausible", 0)
    assert refused.code == 2
    assert "--implausible" in refused.err


def test_totals_become_energies_and_a_rollover_is_left_out():
    energies = usual(6)
    total = 99_990.0 + np.append(0, np.cumsum(energies))[:-1].reshape(energies.shape)
    total[total >= 100_000] -= 100_000  # rolls over once
    made, count = days_of(total, {"kind": "register"})
    assert count["implausible"] == 1
    assert count["days_incomplete"] == 2  # the day of the rollover, and the last one, which has no end
    for day, energy in zip(made.date, made.energy_kwh, strict=True):
        np.testing.assert_allclose(energy, energies[day], atol=1e-8)


def test_totals_over_a_gap_are_no_energy():
    total = np.cumsum(usual(4)).reshape(4, PER_DAY)
    total[1, 10:20] = np.nan
    made, _ = days_of(total, {"kind": "register"})
    assert made.date.tolist() == [0, 2]


def test_totals_that_nobody_announced_are_not_used_and_said(ingest, caplog):
    kwh = usual(4).ravel()
    stamps = np.datetime64("2013-01-01T00:00") + np.arange(len(kwh)) * np.timedelta64(30, "m")
    lines = [f"A,{stamp},{total:.3f}" for stamp, total in zip(stamps, 7000 + np.cumsum(kwh), strict=True)]
    text = "\n".join(["id,time,kwh", *lines, ""])
    refused = ingest(text)
    assert refused.code == 1
    assert "days left out: 4 of registers" in refused.err
    assert "the readings of 1 of 1 consumers only rise, as the total of a register does" in caplog.text
    assert ingest(text, "--run", "said", "--kind", "register").code == 0
    assert profiles("said")["A", "2013-01-02"] == pytest.approx(kwh[49:97], abs=0.002)
    assert ingest(text, "--run", "energies", "--kind", "energy").code == 0
    assert len(profiles("energies")) == 4


@given(seed=st.integers(0, 999), days=st.integers(2, 5))
def test_energies_are_never_taken_for_totals(seed, days):
    assert days_of(usual(days, seed=seed), {"kind": None})[1]["days_of_registers"] == 0


def test_a_ramp_is_no_register():
    ramp = np.arange(4 * PER_DAY).reshape(4, PER_DAY) / 1000
    assert days_of(ramp, {"kind": None})[1]["days_of_registers"] == 0


LOST = ((DAY_S + 7200, DAY_S + 10_800),)  # 02:00 to 03:00 of the second day
SHORT = np.array([DAY_S, DAY_S - 3600, DAY_S])


def test_readings_of_an_hour_that_does_not_exist_are_as_if_empty():
    whole = usual(3)
    empty = whole.copy()
    empty[1, 4:6] = np.nan
    folded = {"folds": True, "kind": "energy"}
    with_zeros, zeros = days_of(whole, folded, LOST, SHORT)
    without, none = days_of(empty, folded, LOST, SHORT)
    np.testing.assert_array_equal(with_zeros.energy_kwh, without.energy_kwh)
    assert (zeros["invalid"], none["invalid"]) == (2, 0)
    assert zeros["days_interpolated"] == 1


@pytest.mark.parametrize("hourly", [False, True])
def test_an_end_after_the_lost_hour_names_the_interval_before_it(hourly):
    """On a local clock the interval that ends as the hour is skipped is stamped with the hour's end."""
    per_day = 24 if hourly else 48
    cells = np.random.default_rng(1).uniform(0.1, 1, (3, per_day))
    low, high = (2, 3) if hourly else (4, 6)
    stamped = cells.copy()
    stamped[1, low - 1 : high] = np.nan
    stamped[1, high - 1] = cells[1, low - 1]
    made, count = days_of(stamped, {"folds": True, "stamps_end": True}, LOST, SHORT)
    assert count["invalid"] == 0
    assert made.energy_kwh[1, low - 1] == cells[1, low - 1]


@pytest.mark.parametrize("name", ZONES)
def test_lost_spans_are_the_jumps_of_the_clock(name):
    first = (dt.date(2011 if name == "Pacific/Apia" else 2016, 1, 1) - EPOCH.date()).days
    instants = np.arange(first * DAY_S, (first + 366) * DAY_S, 1800).tolist()
    walls = [naive_wall(instant, name) for instant in instants]
    jumps = [(a + 1800, b) for a, b in pairwise(walls) if b - a > 1800]
    found = [span for span in lost_spans_s(first, 366, name) if first * DAY_S < span[0] <= walls[-1]]
    assert [span[1] - span[0] for span in found] == [end - start for start, end in jumps]
    assert all(abs(span[0] - jump[0]) < 1800 for span, jump in zip(found, jumps, strict=True))


@pytest.mark.parametrize("name", ZONES)
def test_local_days_begin_at_their_first_instant(name):
    days = np.arange(15_200, 15_200 + 366)
    for day, instant in zip(days.tolist(), utc_from_midnight(days, name).tolist(), strict=True):
        if name == "Pacific/Apia" and day == 15_338:  # 2011-12-30 was skipped
            continue
        assert naive_wall(instant, name) // DAY_S == day
        assert naive_wall(instant - 1, name) // DAY_S < day


tariffs = st.lists(st.booleans(), min_size=PER_DAY, max_size=PER_DAY)


@given(night=tariffs)
def test_registers_that_take_turns_fill_in_for_each_other(night):
    cells = usual(3)
    turns = np.array(night)
    two = np.array([np.where(turns, cells, np.nan), np.where(turns, np.nan, cells)])
    made, _ = days_of(two, {"groups": (0, 0)})
    np.testing.assert_array_equal(made.energy_kwh, cells)


def test_registers_of_the_same_time_add_up_and_one_that_lacks_a_reading_costs_the_day():
    two = np.array([usual(3, seed=1), usual(3, seed=2)])
    two[1, 1, 9] = np.nan
    made, count = days_of(two, {"groups": (0, 0)})
    assert made.date.tolist() == [0, 2]
    assert count["days_incomplete"] == 1
    np.testing.assert_allclose(made.energy_kwh, two.sum(axis=0)[[0, 2]])


@given(beside=st.integers(-1800, 1799), tolerance=st.integers(0, 59), stamp=st.sampled_from(["start", "end"]))
def test_stamps_within_the_tolerance_are_of_their_interval(beside, tolerance, stamp):
    grid = Grid(3600, stamp, "UTC", "kWh", tolerance)
    right = 48 * 3600
    start_s = grid.starts_s(np.array([right + beside + (3600 if stamp == "end" else 0)]), False)
    rows = grid.rows(np.zeros(1, np.int32), start_s, np.ones(1))
    early = 60 if stamp == "end" and tolerance else tolerance
    fits = -early <= beside <= tolerance
    assert bool(np.isnan(rows.energy_kwh[0])) != fits
    assert bool(rows.flags[0] & BESIDE) == (fits and beside != 0)
    if fits:
        assert rows.interval[0] == 48


def test_counts_of_an_older_run_are_read_as_those_of_today():
    before = np.arange(len(COUNTS) - 2)[None]
    now = dict(zip(COUNTS, of_today(before)[0].tolist(), strict=True))
    assert (now["implausible"], now["days_of_registers"]) == (0, 0)
    assert (now["negative"], now["duplicates"], now["suspect_stamp"]) == (5, 6, len(COUNTS) - 3)
    assert of_today(np.zeros((2, len(COUNTS)))).shape == (2, len(COUNTS))
