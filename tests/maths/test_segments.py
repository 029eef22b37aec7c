"""Numbers that set a cluster apart: high times, quantiles, peaks, weekends."""

import datetime as dt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from crocs_cli.maths.segments.traits import (
    consumer_means,
    high_times,
    is_weekend,
    lesser_times,
    peak_counts,
    weighted_quantiles,
)


def day(*bumps, slots=48):
    """A day at 0.1 with raised hours: (from, to, value)."""
    hours = np.arange(slots) * 24 / slots
    profile = np.full(slots, 0.1)
    for start, end, value in bumps:
        profile[(hours >= start) & (hours < end)] = value
    return profile


def test_high_times_come_highest_first():
    assert high_times(day((6, 8, 0.8), (18, 20.5, 1.0))) == [(18.0, 20.5, 18.25), (6.0, 8.0, 6.25)]


def test_a_high_time_across_midnight_is_one():
    assert high_times(day((22, 24, 1.0), (0, 2, 0.9))) == [(22.0, 26.0, 22.25)]


def test_a_short_gap_is_closed_and_an_hour_is_not():
    assert [t[:2] for t in high_times(day((6, 8, 1.0), (8.5, 10, 0.9)))] == [(6.0, 10.0)]
    assert [t[:2] for t in high_times(day((6, 8, 1.0), (9, 10, 0.9)))] == [(6.0, 8.0), (9.0, 10.0)]


def test_a_flat_day_is_never_high():
    assert high_times(np.full(24, 0.3)) == []
    assert lesser_times(np.full(24, 0.3)) == []


def test_lesser_times_are_apart_from_the_high_ones():
    assert [t[:2] for t in lesser_times(day((6, 8, 0.45), (18, 20, 1.0), (20, 21, 0.45)))] == [(6.0, 8.0)]


@given(arrays(float, st.sampled_from([24, 48, 96]), elements=st.floats(0, 1)), st.integers(0, 95))
def test_turning_the_day_turns_the_high_times(profile, turn):
    slots = len(profile)
    turned = high_times(np.roll(profile, turn))
    expected = sorted((start + 24 * turn / slots) % 24 for start, _, _ in high_times(profile))
    if [end - start for start, end, _ in turned] != [24.0]:
        assert sorted(start for start, _, _ in turned) == pytest.approx(expected)


@given(
    arrays(float, st.tuples(st.integers(1, 8), st.just(3)), elements=st.integers(-5, 5).map(float)),
    st.data(),
)
def test_a_weight_is_a_number_of_repeats(values, data):
    weights = np.array(data.draw(st.lists(st.integers(1, 4), min_size=len(values), max_size=len(values))))
    found = weighted_quantiles(values, weights.astype(float), (0.1, 0.5, 0.9))
    repeated = np.repeat(values, weights, axis=0)
    assert np.array_equal(found, np.quantile(repeated, (0.1, 0.5, 0.9), axis=0, method="inverted_cdf"))


def test_means_and_peaks_by_hand():
    energy = np.array([[1, 3], [3, 1], [2, 2], [0, 8]], dtype=np.float32)
    offset = np.array([0, 2, 2, 4])
    assert consumer_means(energy, offset).tolist() == [[2, 2], [0, 0], [1, 5]]
    assert peak_counts(energy, offset, np.array([1, 0, 0]), 3).tolist() == [[0, 1], [1, 1], [0, 0]]


def test_weekends_are_those_of_the_calendar():
    dates = np.arange(-400, 20_000)
    expected = [(dt.date(1970, 1, 1) + dt.timedelta(days=int(d))).weekday() >= 5 for d in dates]
    assert is_weekend(dates).tolist() == expected
