"""Features: section 15, rows on P_week, P_month and Log_E."""

import datetime as dt

import numpy as np
import pytest

from crocs_cli.screen.daily.dates import MONTH_DAYS, Calendar
from crocs_cli.screen.patterns import features
from tests.screen import naive

LEAP, PLAIN = Calendar(dt.date(2020, 1, 1), 366), Calendar(dt.date(2021, 1, 1), 365)


def vectors(kwh, calendar, begin=0, end=None):
    kwh = np.atleast_2d(np.asarray(kwh, np.float32))
    first = np.full(len(kwh), begin)
    period = features.summarise(kwh, calendar, first, np.full(len(kwh), end or calendar.days))
    observed = features.observed_months(period)
    return features.week_shares(period), features.month_shares(period, observed), period, observed


def noisy(calendar, seed=0, rows=5):
    kwh = np.random.default_rng(seed).gamma(2, 5, (rows, calendar.days)).astype(np.float32)
    kwh[:, ::29] = np.nan
    return kwh


def test_sums_are_those_of_the_naive_twin():
    kwh = noisy(PLAIN)
    kwh[0, 3] = -4
    period = features.summarise(kwh, PLAIN, np.arange(5), np.full(5, 350))
    for i, row in enumerate(kwh):
        week = naive.sums_by(row, PLAIN.weekday, 7, i, 350)
        month = naive.sums_by(row, PLAIN.month, 12, i, 350)
        np.testing.assert_allclose(period.weekday_kwh[i], week[0], rtol=1e-12)
        np.testing.assert_allclose(period.month_kwh[i], month[0], rtol=1e-12)
        assert period.weekday_days[i].tolist() == week[1]
        assert period.month_days[i].tolist() == month[1]
        valid = np.maximum(row[i:350][~np.isnan(row[i:350])].astype(float), 0)
        assert period.mean_kwh[i] == pytest.approx(valid.mean(), rel=1e-12)
        assert period.cv[i] == pytest.approx(valid.std() / valid.mean(), rel=1e-9)
        assert period.low_share[i] == pytest.approx((valid < 0.1 * valid.mean()).mean())


def test_shares_add_up_and_do_not_depend_on_the_scale():
    for calendar in (LEAP, PLAIN):
        kwh = noisy(calendar)
        week, month, *_ = vectors(kwh, calendar)
        np.testing.assert_allclose(week.sum(axis=1), 1, atol=1e-12)
        np.testing.assert_allclose(month.sum(axis=1), 1, atol=1e-12)
        larger = vectors(8 * kwh, calendar)
        np.testing.assert_allclose(larger[0], week, atol=1e-12)
        np.testing.assert_allclose(larger[1], month, atol=1e-12)


def test_a_constant_series_has_equal_days_in_leap_years_and_others():
    found = [vectors(np.ones(calendar.days), calendar) for calendar in (LEAP, PLAIN)]
    for week, month, *_ in found:
        np.testing.assert_allclose(week[0], 1 / 7, atol=1e-12)
        np.testing.assert_allclose(month[0], MONTH_DAYS / MONTH_DAYS.sum(), atol=1e-12)
    assert found[0][1][0] == pytest.approx(found[1][1][0], abs=1e-15)


def test_a_full_year_differs_little_from_raw_percentages():
    kwh = np.random.default_rng(1).gamma(9, 1, (20, 365)).astype(np.float32)
    _, month, *_ = vectors(kwh, PLAIN)
    raw = np.stack([kwh[:, PLAIN.month == m].sum(axis=1) for m in range(12)], axis=1) / kwh.sum(
        axis=1, keepdims=True
    )
    assert np.abs(month - raw).max() <= 0.0025


def test_a_pooled_period_of_13_or_20_months_gives_the_same_months():
    season = np.linspace(1, 3, 12)
    calendar = Calendar(dt.date(2020, 6, 1), 610)
    kwh = season[calendar.month]
    whole = vectors(kwh, calendar)[1]
    expected = season * MONTH_DAYS / (season * MONTH_DAYS).sum()
    np.testing.assert_allclose(whole[0], expected, atol=1e-7)
    np.testing.assert_allclose(vectors(kwh, calendar, 10, 405)[1][0], expected, atol=1e-7)


def test_unobserved_months_are_missing_and_the_rest_adds_up():
    week, month, _, observed = vectors(np.ones(120), Calendar(dt.date(2021, 1, 1), 120))
    assert observed[0].tolist() == [True] * 4 + [False] * 8
    assert np.isnan(month[0, 4:]).all()
    assert np.nansum(month) == pytest.approx(1)
    assert np.isnan(vectors(np.ones(50), Calendar(dt.date(2021, 1, 1), 50))[0]).all()
    np.testing.assert_allclose(week.sum(), 1)


def test_ten_times_the_energy_is_one_more_in_the_logarithm():
    kwh = noisy(PLAIN)
    found = [vectors(factor * kwh, PLAIN) for factor in (1, 10)]
    year = [features.year_kwh(period, observed) for *_, period, observed in found]
    np.testing.assert_allclose(features.log_energy(year[1]) - features.log_energy(year[0]), 1, atol=1e-6)
    assert features.log_energy(np.array([0.0]))[0] == 0


def test_the_papers_examples_add_up():
    table_1 = np.array(
        [
            [0.123, 0.119, 0.118, 0.121, 0.127, 0.189, 0.203],
            [0.143, 0.144, 0.144, 0.144, 0.144, 0.142, 0.139],
            [0.159, 0.166, 0.168, 0.165, 0.159, 0.103, 0.079],
        ]
    )
    np.testing.assert_allclose(table_1.sum(axis=1), 1, atol=0.015)
    np.testing.assert_allclose(table_1[:, 5:].sum(axis=1), [0.392, 0.281, 0.182], atol=1e-9)


def test_holidays_can_count_as_sundays_or_not_at_all():
    from crocs_cli.screen.ranking.assess import weekdays

    christmas = PLAIN.day_of(dt.date(2021, 12, 24)) + 1  # a Saturday
    revolution = PLAIN.day_of(dt.date(2021, 4, 25))  # a Sunday
    workers = PLAIN.day_of(dt.date(2021, 10, 5))  # a Tuesday
    assert (weekdays(PLAIN, "ignore", "PT") == PLAIN.weekday).all()
    assert weekdays(PLAIN, "as_sunday", "PT")[[christmas, revolution, workers]].tolist() == [6, 6, 6]
    assert weekdays(PLAIN, "drop", "PT")[workers] == -1
