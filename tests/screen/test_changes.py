"""The three tests around the reference date: section 15, rows on Dref and Tests 1 to 3."""

import datetime as dt

import numpy as np
import pytest

from crocs_cli.screen.changes import average, homologous, trend
from crocs_cli.screen.daily import onset
from crocs_cli.screen.daily.aggregates import (
    log_ratio,
    month_means,
    variation_percent,
    week_means,
    weeks_after,
    weeks_before,
    weeks_unchanged,
)
from crocs_cli.screen.daily.dates import MONTH_DAYS, Calendar, whole_windows
from crocs_cli.screen.patterns.classify import shape_distance
from crocs_cli.screen.patterns.features import summarise, week_shares
from crocs_cli.screen.ranking import tags
from crocs_cli.screen.settings import RankSettings
from tests.screen import naive

CALENDAR = Calendar(dt.date(2019, 1, 1), 1096)
SPLIT = 731
FLAT_MONTHS = (MONTH_DAYS / MONTH_DAYS.sum())[None]


def all_tests(kwh, split=SPLIT, calendar=CALENDAR, peers=None, roll=13):
    """All three tests of some series, as a run makes them."""
    kwh = np.atleast_2d(np.asarray(kwh, np.float32))
    windows = whole_windows(calendar, len(kwh), split, 730)
    before = summarise(kwh, calendar, windows.begin, windows.split)
    after = summarise(kwh, calendar, windows.split, windows.end)
    weeks = week_means(kwh, calendar)
    early, late = weeks_before(calendar, windows), weeks_after(calendar, windows)
    parted = np.where(early, weeks, np.nan), np.where(late, weeks, np.nan)
    found = average.average_change(before, after, parted)
    season = trend.seasonal_index(before, FLAT_MONTHS, np.zeros(len(kwh), int))
    y = trend.deseasonalise(weeks, before.mean_kwh, season @ calendar.months_in_weeks())
    found |= trend.trend_change(y, early, late)
    unchanged = weeks_unchanged(calendar, windows)
    change = homologous.year_on_year(weeks, before.mean_kwh, late, unchanged)
    if peers is not None:
        numbers, medians = homologous.peer_change(change, peers)
        change = change - homologous.expected_change(peers, numbers, medians)
    months = [
        month_means(kwh, calendar, a, b)
        for a, b in ((windows.begin, windows.split), (windows.split, windows.end))
    ]
    found |= homologous.yearly_change(change, early, late, roll)
    found |= homologous.yearly_month_change(months[1], months[0], before.mean_kwh)
    return found | {
        "week_distance": shape_distance(week_shares(before), week_shares(after)),
        "change": change,
        "late": late,
    }


def seasonal(calendar=CALENDAR, size=0.6):
    day = calendar.dates.astype("datetime64[D]")
    turn = (day - day.astype("datetime64[Y]")).astype(float) / 365.25
    return 20 * (1 + size * np.cos(2 * np.pi * turn))


def noisy(rows, seed, size=0.2, calendar=CALENDAR):
    return 20 * np.exp(np.random.default_rng(seed).normal(0, size, (rows, calendar.days)))


def test_a_drop_by_70_percent_is_shown_as_such_and_tags_use_the_bounded_ratio():
    kwh = np.full(1096, 20.0)
    kwh[SPLIT:] *= 0.3
    found = all_tests(kwh)
    bounded = np.log(0.35 / 1.05)
    assert found["t1_percent"][0] == pytest.approx(-70, abs=0.1)
    for name in ("t1_ratio", "t3_ratio", "t3_last", "t3_worst"):
        assert found[name][0] == pytest.approx(bounded, abs=1e-6)
    rule = RankSettings()
    both = 0.7 * tags.drop_intensity(found["t3_last"], rule) + 0.3 * tags.drop_intensity(
        found["t3_worst"], rule
    )
    assert both[0] == pytest.approx(0.944, abs=0.001)
    ratio, source = tags.main_ratio(found, rule)
    assert tags.TYPES[tags.change_type(ratio, rule)[0]] == "decrease"
    assert tags.SOURCES[source[0]] == "test 3"
    assert found["t3_months"][0] == pytest.approx(bounded, abs=1e-6)
    assert found["t3_months_down"][0] == 12


def test_season_alone_moves_no_average_of_full_years():
    found = all_tests(seasonal())
    assert abs(np.expm1(found["t1_ratio"][0])) < 0.02
    assert abs(found["t1_z"][0]) < 3


def test_a_swap_of_weekdays_moves_the_shape_and_not_the_average():
    kwh = np.where(CALENDAR.weekday >= 5, 10.0, 20.0)
    swapped = np.where(CALENDAR.weekday <= 1, 10.0, 20.0)
    found = all_tests(np.where(np.arange(1096) < SPLIT, kwh, swapped))
    assert abs(np.expm1(found["t1_ratio"][0])) < 1e-6
    assert found["week_distance"][0] == pytest.approx(20 / 120, abs=1e-6)
    assert found["t1_weekday"][0] in (0, 1, 5, 6)


def test_welch_holds_its_level_under_autocorrelation():
    from crocs_cli.screen.simulated.population import _remembered

    shocks = np.random.default_rng(5).normal(size=(2000, 150))
    series = _remembered(shocks, np.full(2000, 0.5))
    early, late = series.copy(), series.copy()
    early[:, 100:], late[:, :100] = np.nan, np.nan
    assert np.mean(np.abs(average.welch(early, late)) > 1.96) == pytest.approx(0.05, abs=0.03)


def test_trends_are_those_of_the_naive_twin():
    blocks = np.random.default_rng(0).normal(size=(20, 26)).round(1)
    blocks[:, ::9] = np.nan
    found = trend.trends(blocks, 6)
    for row, (slope, z) in zip(blocks, found, strict=True):
        assert slope == pytest.approx(naive.theil_sen(row, trend.BLOCK_YEARS), abs=1e-9)
        assert z == pytest.approx(naive.mann_kendall(row), abs=1e-9)
    assert np.isnan(trend.trends(blocks[:, :6], 6)).all()


def test_a_drift_of_20_percent_a_year_is_seen_in_slope_and_rank_test():
    day = np.arange(1096)
    drift = np.where(day < SPLIT, 1.0, 0.8 ** ((day - SPLIT) / 365.25))
    found = all_tests(noisy(1, 1, 0.05) * drift)
    assert np.expm1(found["t2_slope_after"][0]) == pytest.approx(-0.20, abs=0.03)
    assert found["t2_mk_after"][0] < -3
    assert abs(found["t2_slope_before"][0]) < 0.03


def test_white_noise_is_rejected_at_its_level():
    blocks = np.random.default_rng(3).normal(size=(4000, 26))
    assert np.mean(np.abs(trend.trends(blocks, 12)[:, 1]) > 1.96) == pytest.approx(0.05, abs=0.02)


def test_deseasonalised_weeks_of_a_seasonal_series_see_no_change():
    found = all_tests(seasonal(size=0.4) * noisy(1, 2, 0.03)[0] / 20)
    assert abs(found["t2_ratio"][0]) < 0.05
    assert abs(found["t2_gap"][0]) < 0.10


def test_the_trend_of_before_is_drawn_on():
    kwh = noisy(1, 4, 0.02) * 0.9 ** (np.arange(1096) / 365.25)
    found = all_tests(kwh)
    assert found["t2_ratio"][0] < -0.10
    assert abs(found["t2_gap"][0]) < 0.05


def test_homologous_weeks_see_no_season_where_plain_averages_do():
    calendar = Calendar(dt.date(2019, 1, 1), 730 + 120)
    found = all_tests(seasonal(calendar), 730, calendar)
    assert abs(found["t1_ratio"][0]) > 0.2
    assert abs(found["t3_ratio"][0]) < 0.05
    assert abs(found["t3_last"][0]) < 0.05


def test_a_common_shock_is_removed_by_peers():
    kwh = noisy(300, 6, 0.1)
    kwh[:, SPLIT + 100 :] *= 0.85
    alone, among = all_tests(kwh), all_tests(kwh, peers=np.zeros(300, int))
    assert np.median(alone["t3_last"]) == pytest.approx(np.log(0.9 / 1.05), abs=0.02)
    assert abs(np.median(among["t3_last"])) < 0.02
    assert np.abs(among["t3_last"]).mean() < 0.05


def test_peers_are_the_median_of_their_own_group():
    change = np.random.default_rng(0).normal(size=(90, 60))
    change[:, :5] = np.nan
    change[3, 30] = np.nan
    groups = np.repeat([0, 1, -1], 30)
    numbers, medians = homologous.peer_change(change, groups)
    for number, row in zip(numbers, medians, strict=True):
        rows = change if number < 0 else change[groups == number]
        np.testing.assert_allclose(row[5:], np.nanmedian(rows[:, 5:], axis=0))
    expected = homologous.expected_change(groups, numbers, medians)
    assert (expected[:, :5] == 0).all()
    np.testing.assert_allclose(expected[0, 5:], np.nanmedian(change[:30, 5:], axis=0))


def test_small_peer_groups_take_everybody_and_large_ones_their_level():
    groups = np.array([0] * 500 + [1] * 10 + [-1] * 5)
    levels = np.array([3] * 300 + [1] * 200 + [3] * 15)
    found = homologous.peer_groups(groups, levels)
    assert len(np.unique(found[:500])) == 2
    assert (found[500:] == homologous.ALL).all()


def test_rolling_means_are_those_of_the_naive_twin():
    rng = np.random.default_rng(1)
    change = rng.normal(size=(6, 40))
    change[rng.random(change.shape) < 0.2] = np.nan
    inside = np.zeros(change.shape, bool)
    inside[:, 10:38] = True
    found = homologous.rolling_means(change, inside, 13)
    for row, own, mask in zip(found, change, inside, strict=True):
        np.testing.assert_allclose(row, naive.rolling_mean(own, mask, 13, 8))


def test_with_fewer_than_eight_matched_weeks_test_three_is_silent():
    calendar = Calendar(dt.date(2019, 1, 1), 730)
    kwh = noisy(1, 1, 0.1, calendar)
    kwh[:, 365 + 49 :] = np.nan
    found = all_tests(kwh, 365, calendar)
    assert found["t3_weeks"][0] < 8
    assert np.isnan(found["t3_last"][0])
    ratio, source = tags.main_ratio(found, RankSettings())
    assert tags.SOURCES[source[0]] != "test 3"
    assert not np.isnan(ratio[0])


def test_weeks_of_a_long_ds1_are_compared_with_two_years_before():
    kwh = np.full(1096, 20.0)
    kwh[500:] = 10
    found = all_tests(kwh, 500)
    assert found["t3_last"][0] == pytest.approx(np.log(0.55 / 1.05), abs=0.01)


def test_the_split_is_that_of_the_naive_twin_and_finds_a_step():
    rng = np.random.default_rng(4)
    y = rng.normal(size=(12, 50))
    y[rng.random(y.shape) < 0.1] = np.nan
    allowed = np.zeros(y.shape, bool)
    allowed[:, 15:45] = True
    found = onset.best_split(y, allowed)
    for row, mask, split in zip(y, allowed, found[:, 0], strict=True):
        assert split == naive.best_split(row, mask, onset.LEAST_SIDE)
    step = rng.normal(0, 0.1, (200, 100))
    step[:, 70:] -= 0.5
    found = onset.best_split(step, np.ones(step.shape, bool))
    assert np.abs(found[:, 0] - 70).max() <= 1
    inside = (found[:, 1] <= 70) & (found[:, 2] >= 70)
    assert inside.mean() > 0.9
    assert found[:, 3] == pytest.approx(np.full(200, -0.5), abs=0.1)


def test_the_loss_is_what_is_missing_against_a_year_before():
    weeks = np.full((2, 120), 10.0)
    weeks[0, 110:] = 4.0
    after = np.zeros((2, 120), bool)
    after[:, 104:] = True
    peers = np.full((2, 120), np.log(1.1))
    expected = onset.expected_weeks(weeks, peers)
    lost = onset.lost_kwh(weeks, expected, np.array([110, -1]), after)
    assert lost == pytest.approx([7 * 10 * (11 - 4), 0])


def test_the_onset_run_starts_where_the_weeks_fall():
    kwh = noisy(1, 9, 0.05)
    kwh[:, SPLIT + 140 :] *= 0.5
    found = all_tests(kwh)
    assert CALENDAR.week_start()[found["t3_onset_run"][0]] == pytest.approx(SPLIT + 140, abs=7)


def test_ratios_are_bounded_and_percentages_are_not():
    assert log_ratio(np.zeros(1), np.ones(1), np.full(1, 0.05))[0] == pytest.approx(np.log(0.05 / 1.05))
    assert np.isnan(log_ratio(np.zeros(1), np.zeros(1), np.zeros(1)))[0]
    assert variation_percent(np.zeros(1), np.ones(1))[0] == -100
    assert np.isnan(variation_percent(np.ones(1), np.zeros(1)))[0]
