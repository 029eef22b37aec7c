"""The primary filters: section 15, a truth table of hand-made series."""

import datetime as dt

import numpy as np
import pytest

from crocs_cli.screen.daily import filters
from crocs_cli.screen.daily.dates import MONTH_DAYS, Calendar
from crocs_cli.screen.daily.filters import (
    CC_M,
    CC_W,
    LARGE_GAPS,
    LOW_CONSUMPTION,
    LOW_FREQUENCY,
    NO_CONSUMPTION,
)
from crocs_cli.screen.daily.series import Series, arrays_of
from crocs_cli.screen.ranking.assess import look
from crocs_cli.screen.settings import FilterSettings

CALENDAR = Calendar(dt.date(2021, 1, 4), 364)  # 52 whole weeks
LIMITS = FilterSettings()


def labels(kwh, quartile=10.0, calendar=CALENDAR):
    kwh = np.atleast_2d(np.asarray(kwh, np.float32))
    ids = np.array([f"i{n}" for n in range(len(kwh))])
    arrays = arrays_of(ids, np.zeros(len(kwh), np.int8), calendar, kwh, np.zeros(kwh.shape, np.uint8))
    begin = np.zeros(len(kwh), np.int64)
    view = look(Series.of(arrays), begin, begin + calendar.days, LIMITS, calendar.weekday)
    quartiles = np.full(len(kwh), quartile)
    return filters.label(view.columns, quartiles, LIMITS)


def week_series(top, day=2):
    kwh = np.full(7, 5.0)  # whole numbers, so that a half is a half in float32 too
    kwh[day] = 30 * top / (1 - top)
    return kwh[CALENDAR.weekday]


def month_series(top, month=8, days=730):
    calendar = Calendar(dt.date(2021, 1, 1), days)
    shares = np.full(12, (1 - top) / 11)
    shares[month] = top
    return 3650 * (shares / MONTH_DAYS)[calendar.month], calendar


def gappy(length, scattered=0):
    kwh = np.full(364, 10.0)
    kwh[50 : 50 + length] = np.nan
    kwh[150 : 150 + 2 * scattered : 2] = np.nan
    return kwh


@pytest.mark.parametrize(
    ("kwh", "expected"),
    [
        (np.full(364, 10.0), 0),
        (gappy(50), 0),
        (gappy(51), LARGE_GAPS),
        (gappy(40, 14), 0),  # 54 of 364 are 14.8 %
        (gappy(40, 15), LARGE_GAPS),
        (np.full(364, 1.0), 0),  # a tenth of the quartile, not less
        (np.full(364, 0.99), LOW_CONSUMPTION),
        (np.zeros(364), LOW_CONSUMPTION | NO_CONSUMPTION),
        (np.where(np.arange(364) % 2 == 0, 40, 0.0), 0),  # half of the days are low, not more
        (np.where(np.arange(364) % 3 == 0, 40, 0.0), LOW_FREQUENCY),
        (week_series(0.5), CC_W),
        (week_series(0.49), 0),
    ],
)
def test_each_hand_made_series_gets_its_labels(kwh, expected):
    bits = labels(kwh)[0] & ~np.int16(filters.MONTH_NOT_TESTABLE)
    assert filters.names(bits) == filters.names(expected)


@pytest.mark.parametrize(("top", "bits"), [(0.401, CC_M), (0.40, CC_M), (0.395, 0)])
def test_a_month_of_40_percent_is_concentrated(top, bits):
    kwh, calendar = month_series(top)
    found = labels(
        np.nextafter(kwh.astype(np.float32), np.float32(1e9)) if top == 0.40 else kwh, 1.0, calendar
    )
    exact = np.array([[top, *np.full(11, (1 - top) / 11)]])
    columns = {
        "gap_share": np.zeros(1),
        "longest_gap": np.zeros(1),
        "days": np.full(1, 365),
        "mean_kwh": np.full(1, 9.0),
        "low_share": np.zeros(1),
        "zero_share": np.zeros(1),
        "week_share": np.full((1, 7), 1 / 7),
        "month_share": exact,
    }
    assert filters.label(columns, np.ones(1), FilterSettings())[0] == bits
    if top != 0.40:  # float32 days cannot hold the boundary itself
        assert found[0] == bits


def test_without_twelve_observed_months_a_month_cannot_be_concentrated():
    kwh, calendar = month_series(0.6, days=330)
    assert labels(kwh, 1.0, calendar)[0] == filters.MONTH_NOT_TESTABLE


def test_the_quartile_is_that_of_the_own_level():
    mean = np.concatenate([np.full(8, 1000.0), np.full(8, 10.0), [20.0, 20.0]])
    level = np.array([1] * 8 + [3] * 8 + [1, 3])
    quartile = filters.first_quartiles(mean, level, np.ones(18, bool), 4)
    assert quartile[[1, 3]] == pytest.approx([1000, 10])
    assert np.isnan(quartile[[0, 2]]).all()
    same = np.full(364, 20.0)
    assert labels(same, quartile[1])[0] & LOW_CONSUMPTION
    assert not labels(same, quartile[3])[0] & LOW_CONSUMPTION


def test_each_label_removes_its_own_clusterings_only():
    bits = np.array([0, LARGE_GAPS, LOW_CONSUMPTION, LOW_FREQUENCY, CC_W, CC_M])
    assert filters.clusterable(bits, "week").tolist() == [True, False, False, False, False, True]
    assert filters.clusterable(bits, "month").tolist() == [True, False, False, False, True, False]
    assert filters.clusterable(bits, "scale").tolist() == [True, False, False, False, True, True]


def test_the_first_label_in_the_papers_order_is_primary():
    assert filters.primary(CC_W | LOW_FREQUENCY) == "LOW_FREQUENCY"
    assert filters.primary(0) == ""
