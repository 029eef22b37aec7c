"""Who makes the peak, kinds of days, and signs: against plain sums, and on days that are made for them."""

import datetime as dt

import numpy as np
import pytest

from crocs_cli.maths.programmes.peak import joined, segment_loads, shares_of_peak
from crocs_cli.maths.segments import peak, seasons, signs

SLOTS = 48
HOURS = (np.arange(SLOTS) + 0.5) * 24 / SLOTS


def days_of(*first_and_count):
    """Return dates as days since 1970-01-01: (first day, how many) for each consumer."""
    return np.concatenate(
        [np.arange(count) + (first - dt.date(1970, 1, 1)).days for first, count in first_and_count]
    )


def between(start, end):
    return (start <= HOURS) & (end > HOURS)


def test_the_share_of_the_peak_is_a_plain_sum():
    random = np.random.default_rng(1)
    offset, date = (
        np.array([0, 20, 35, 60]),
        days_of(*[(dt.date(2020, 1, d), n) for d, n in ((1, 20), (5, 15), (1, 25))]),
    )
    energy = random.gamma(1.0, size=(60, SLOTS)).astype(np.float32)
    label = np.array([1, 0, 1])
    whole = segment_loads(energy, date, offset, label, 2)
    parts = [
        segment_loads(energy[:35], date[:35], offset[:3], label[:2], 2),
        segment_loads(energy[35:], date[35:], np.array([0, 25]), label[2:], 2),
    ]
    assert np.allclose(joined(parts).energy_kwh, whole.energy_kwh)
    owner = np.repeat(label, np.diff(offset))
    by_time = {}
    for day, of, values in zip(date, owner, energy, strict=True):
        for slot, value in enumerate(values):
            by_time.setdefault((day, slot), np.zeros(2))[of] += value
    highest = sorted(by_time.values(), key=lambda used: -used.sum())[:80]
    expected = np.sum(highest, axis=0) / np.sum(highest)
    assert shares_of_peak(whole.energy_kwh, 40) == pytest.approx(expected)
    assert shares_of_peak(whole.energy_kwh, 40).sum() == pytest.approx(1.0)


def test_nobody_has_a_share_of_no_peak():
    assert np.isnan(shares_of_peak(np.zeros((2, 3, 24)), 40)).all()


def test_the_second_window_is_apart_from_the_first():
    day = 0.1 + np.exp(-((HOURS - 19) ** 2)) + 0.7 * np.exp(-((HOURS - 7) ** 2))
    assert peak.peak_window(day) == (18.5, 19.5)
    start, end = peak.second_window(day)
    assert 6.0 <= start < 7.0 < end <= 8.0
    assert peak.second_window(np.exp(-((HOURS - 19) ** 2))) is None
    assert peak.peak_window(np.ones(SLOTS)) is None


@pytest.mark.parametrize(
    ("day", "quarter"),
    [("2020-12-01", 0), ("2021-02-28", 0), ("2020-03-01", 1), ("2020-08-31", 2), ("2020-11-30", 3)],
)
def test_quarters(day, quarter):
    assert seasons.quarter(np.array([(dt.date.fromisoformat(day) - dt.date(1970, 1, 1)).days])) == [quarter]


def test_mean_days_of_kinds_are_plain_means():
    offset = np.array([0, 30, 30, 110])
    date = days_of((dt.date(2020, 2, 20), 30), (dt.date(2020, 5, 1), 80))
    energy = np.random.default_rng(2).random((110, SLOTS)).astype(np.float32)
    label = np.array([0, 0, 0])
    found = seasons.on_kinds(*seasons.sums_by_cell(energy, date, offset), label, 1)
    at = [dt.date(1970, 1, 1) + dt.timedelta(days=int(day)) for day in date]
    of_kind = {
        "weekdays": [day.weekday() < 5 for day in at],
        "weekends": [day.weekday() >= 5 for day in at],
        **{name: [month(day) == q for day in at] for q, name in enumerate(seasons.QUARTERS)},
    }
    for kind, name in enumerate(seasons.KINDS):
        inside = np.array(of_kind[name])
        means = [energy[a:b][inside[a:b]].mean(axis=0) for a, b in ((0, 30), (30, 110)) if inside[a:b].any()]
        assert found.consumers[0, kind] == len(means)
        assert found.days[0, kind] == inside.sum()
        assert found.mean_sum[0, kind] == pytest.approx(np.sum(means, axis=0) if means else np.zeros(SLOTS))


def month(day):
    return (day.month % 12) // 3


def test_signs_are_of_those_who_have_them():
    base = np.full((10, SLOTS), 0.3, dtype=np.float32)
    export, hollow, car, oven = base.copy(), base.copy(), base.copy(), base.copy()
    export[3, between(12, 13)] = -0.1
    hollow[:, between(10, 15)] = 0.1
    car[4, between(22, 24)] += 2.0  # 4 kW for two hours, on one of ten days
    oven[:, between(18, 19)] += 2.0
    energy = np.concatenate([base, export, hollow, car, oven])
    offset = np.arange(0, 51, 10)
    means = energy.reshape(5, 10, SLOTS).mean(axis=1)
    assert signs.has_export(energy, offset).tolist() == [False, True, False, False, False]
    assert signs.has_hollow_midday(means).tolist() == [False, False, True, False, False]
    assert signs.has_blocks(energy, offset).tolist() == [False, False, False, True, False]


def test_nights_are_compared_where_two_seasons_are_known():
    night_kw = np.array([[0.2, np.nan, 1.0, np.nan], [0.3, np.nan, 0.4, np.nan], [0.05, np.nan, 0.2, np.nan]])
    assert signs.seasons_to_compare(night_kw) == (2, 0)
    assert signs.uses_more_in_nights_of(night_kw, 2, 0).tolist() == [True, False, False]
    assert signs.seasons_to_compare(night_kw[:, [1, 1, 2, 3]]) is None


def test_what_looks_odd():
    days = np.random.default_rng(3).random((4, 10, SLOTS)).astype(np.float32) + 0.1
    days[1, :6] = 0.0
    days[2, :5] = 0.7
    days[3, 2, 20] = 50.0
    found = signs.odd_readings(days.reshape(40, SLOTS), np.arange(0, 41, 10))
    assert found["unused"].tolist() == [0, 0.6, 0, 0]
    assert found["stuck"].tolist() == [0, 0, 0.5, 0]
    assert (found["spike"] > signs.SPIKE).tolist() == [False, False, False, True]


def test_far_is_far_from_the_own_segment():
    distance = np.concatenate([np.linspace(1.0, 2.0, 20), [9.0], np.linspace(8.0, 9.0, 20), [9.5], [99.0]])
    segment = np.repeat([0, 1, 2], [21, 21, 1])
    assert np.flatnonzero(signs.is_far(distance, segment)).tolist() == [20]
