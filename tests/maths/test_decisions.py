"""Decisions on computed reals: equal but for rounding is equal, and the first among equals wins."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crocs_cli.maths.decisions import TOLERANCE, at_least, at_most, first_greatest, first_least, order, rank

REALS = st.floats(-1e6, 1e6) | st.sampled_from([0.0, 1.0, np.inf, -np.inf, np.nan])
ROUNDED = st.floats(-1e-3, 1e-3)


@given(st.lists(st.integers(-50, 50), min_size=1, max_size=20), st.data())
def test_noise_of_rounding_changes_no_decision(values: list[int], data: st.DataObject) -> None:
    exact = np.array(values, float)
    parts = data.draw(st.lists(ROUNDED, min_size=len(values), max_size=len(values)))
    noisy = exact + np.array(parts) * TOLERANCE * np.abs(exact).max()
    assert first_least(noisy) == np.argmin(exact)
    assert first_greatest(noisy) == np.argmax(exact)
    assert rank(noisy).tolist() == np.unique(exact, return_inverse=True)[1].tolist()
    assert order(noisy).tolist() == np.argsort(exact, kind="stable").tolist()


@given(st.lists(REALS, min_size=1, max_size=20))
def test_ranks_follow_the_values_and_unknown_values_come_last(values: list[float]) -> None:
    given_values, ranks = np.array(values), rank(np.array(values))
    in_order = given_values[order(given_values)]
    known = in_order[~np.isnan(in_order)]
    assert np.isnan(in_order[len(known) :]).all()
    assert (known[1:] >= known[:-1] - TOLERANCE * 1e6).all()
    assert (ranks[np.isnan(given_values)] >= ranks.max()).all()


@pytest.mark.parametrize(
    ("values", "least", "greatest"),
    [([np.nan, 2, 1], 2, 1), ([np.inf, np.inf], 0, 0), ([np.nan, np.nan], 0, 0), ([0, -0.0, 1e-30], 0, 2)],
)
def test_values_that_are_no_numbers_lose(values: list[float], least: int, greatest: int) -> None:
    assert (first_least(np.array(values)), first_greatest(np.array(values))) == (least, greatest)


def test_each_line_along_an_axis_has_its_own_magnitude() -> None:
    values = np.array([[1e12, 1e12 - 1], [2e-9, 1e-9]])
    assert first_least(values).tolist() == [0, 1]
    assert first_least(values.T, axis=0).tolist() == [0, 1]


@given(st.integers(1, 99), st.integers(1, 10**6), ROUNDED)
def test_a_level_is_reached_by_what_equals_it_but_for_rounding(percent: int, whole: int, part: float) -> None:
    level = percent / 100 * whole * (1 + part * TOLERANCE)
    assert at_least(percent * whole / 100, level)
    assert at_most(percent * whole / 100, level)
    assert not at_least(percent * whole / 100 * (1 - 1e-8), level)
    assert not at_most(percent * whole / 100 * (1 + 1e-8), level)


def test_a_difference_has_the_magnitude_of_what_it_was_made_of() -> None:
    assert 0.31 - 0.3 > 0.01  # by its last bits
    assert at_most(0.31 - 0.3, 0.01, scale=1.0)
    assert at_most(1e-16, 0.0, scale=1.0)
    assert not at_most(1e-16, 0.0)


def test_what_is_no_number_reaches_no_level() -> None:
    assert at_least([np.nan, np.inf, -np.inf], 0.0).tolist() == [False, True, False]
    assert at_most([np.nan, np.inf, -np.inf], 0.0).tolist() == [False, False, True]
