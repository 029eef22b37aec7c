"""Days, gaps and cleaning: section 15, rows on intervals and gaps."""

import datetime as dt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crocs_cli.screen.daily import cleaning, gaps
from crocs_cli.screen.daily.dates import Calendar, default_split, intervals_of_days
from tests.screen import naive

YEAR_2022 = Calendar(dt.date(2022, 1, 1), 365)


def test_a_day_has_96_intervals_but_when_the_clock_changes():
    counts = intervals_of_days(YEAR_2022, "Europe/Lisbon")
    spring, autumn = YEAR_2022.day_of(dt.date(2022, 3, 27)), YEAR_2022.day_of(dt.date(2022, 10, 30))
    assert counts[spring] == 92
    assert counts[autumn] == 100
    assert (np.delete(counts, [spring, autumn]) == 96).all()
    for clock in ("UTC", "+10:00"):
        assert (intervals_of_days(YEAR_2022, clock) == 96).all()
    assert intervals_of_days(YEAR_2022, "Europe/Lisbon", 60)[spring] == 23


def test_a_short_spring_day_is_no_failure_and_planted_short_days_are_found():
    expected = intervals_of_days(YEAR_2022, "Europe/Lisbon")
    intervals = np.tile(expected, (3, 1)).astype(np.int16)
    intervals[1, [10, 20, 30]] = 95
    intervals[2] = -1
    whole = np.zeros(3, np.int64), np.full(3, 365)
    assert gaps.short_days(intervals, expected, *whole).tolist() == [0, 3, -1]


def test_93_of_96_is_scaled_and_80_of_96_is_missing():
    kwh = np.full((1, 4), 9.3, np.float32)
    intervals = np.array([[93, 80, 96, -1]])
    energy, quality = cleaning.mend_short_days(kwh, intervals, np.full(4, 96), 0.95)
    assert energy[0, [0, 2, 3]] == pytest.approx([9.6, 9.3, 9.3])
    assert np.isnan(energy[0, 1])
    assert quality[0].tolist() == [cleaning.SHORT | cleaning.SCALED, cleaning.SHORT | cleaning.MISSING, 0, 0]
    kept, _ = cleaning.mend_short_days(kwh, intervals, np.full(4, 96), 0.95, "keep")
    assert (kept == kwh).all()
    dropped, _ = cleaning.mend_short_days(kwh, intervals, np.full(4, 96), 0.95, "drop")
    assert np.isnan(dropped[0]).tolist() == [True, True, False, False]


def test_negative_days_and_catch_up_spikes_are_removed_and_marked():
    kwh = np.full((3, 100), 20, np.float32) + np.arange(100, dtype=np.float32) % 7
    kwh[0, 5], kwh[1, 7], kwh[2, 9] = 92_713.9, -3.0, 500.0
    blank = np.zeros(kwh.shape, np.uint8)
    energy, quality = cleaning.clean(kwh, blank)
    assert np.isnan(energy[[0, 1, 2], [5, 7, 9]]).all()
    assert quality[0, 5] == cleaning.SPIKE | cleaning.MISSING
    assert quality[1, 7] == cleaning.NEGATIVE | cleaning.MISSING
    assert (np.isnan(energy).sum(axis=1) == 1).all()
    assert cleaning.clean(kwh, blank, "keep")[0][1, 7] == -3
    assert cleaning.clean(kwh, blank, "zero")[0][1, 7] == 0
    possible, _ = cleaning.clean(kwh, blank, contracted_kva=np.array([5_000.0, np.nan, 20.0]))
    assert possible[0, 5] == np.float32(92_713.9)
    assert possible[2, 9] == 500
    zeros, _ = cleaning.clean(np.zeros((1, 50), np.float32), blank[:1, :50])
    assert (zeros == 0).all()


@settings(deadline=None, max_examples=50)
@given(st.lists(st.lists(st.booleans(), min_size=12, max_size=12), min_size=1, max_size=4))
def test_gap_runs_are_those_of_the_naive_twin(missing):
    missing = np.array(missing)
    rows = np.where(missing, np.nan, 1.0)
    installation, first, length = gaps.gap_runs(missing)
    for i, row in enumerate(rows):
        own = installation == i
        assert list(zip(first[own], length[own], strict=True)) == naive.gap_runs(row)


def test_planted_gaps_are_recovered_with_their_edges_and_add_up():
    kwh = np.ones((3, 400), np.float32)
    kwh[0, :7] = kwh[0, 100:105] = kwh[0, 390:] = np.nan
    kwh[1, 50:150] = np.nan
    found = gaps.gap_statistics(kwh, np.array([0, 0, 10]), np.array([400, 400, 10]))
    assert found["missing_days"].tolist() == [22, 100, 0]
    assert found["gaps"].tolist() == [3, 1, 0]
    assert found["longest_gap"].tolist() == [10, 100, 0]
    assert found["gap_share"] == pytest.approx([0.055, 0.25, 1.0])
    _, _, length = gaps.gap_runs(np.isnan(kwh))
    counts = gaps.gap_lengths(np.isnan(kwh)).sum(axis=0)
    assert dict(zip(gaps.BINS.tolist(), counts.tolist(), strict=True))[6] == 2
    assert counts.sum() == 4
    assert length.sum() == np.isnan(kwh).sum()
    assert gaps.BINS[:12].tolist() == [1, 6, 11, 16, 21, 26, 31, 36, 41, 46, 51, 101]


def test_days_before_a_contract_are_not_expected():
    kwh = np.ones((1, 100), np.float32)
    kwh[0, :60] = np.nan
    assert gaps.gap_statistics(kwh, np.array([60]), np.array([100]))["gap_share"][0] == 0


def test_the_reference_date_leaves_a_year_on_each_side_where_it_can():
    assert default_split(1096) == 731
    assert default_split(730) == 365
    assert default_split(487) == 365


def test_weeks_count_back_from_the_last_day():
    calendar = Calendar(dt.date(2022, 1, 1), 17)
    assert calendar.week_start().tolist() == [3, 10]
    assert calendar.weekday[:3].tolist() == [5, 6, 0]
    assert calendar.months_in_weeks().sum(axis=0) == pytest.approx([1, 1])
