"""What a programme did: matches, intervals that hold what they say, and fake starts."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from crocs_cli.maths.programmes import impact
from crocs_cli.maths.programmes.impact import Days, Group


@given(st.integers(1, 8), st.integers(1, 3), st.integers(0, 5), st.integers(0, 2**32 - 1))
def test_everybody_is_matched_and_nobody_twice(treated, count, more, seed):
    cost = np.random.default_rng(seed).integers(0, 6, (treated, treated * count + more)).astype(float)
    found = impact.matches(cost, count)
    assert found.shape == (treated, count)
    assert len(np.unique(found)) == treated * count
    unmatched = np.setdiff1d(np.arange(cost.shape[1]), found)
    for row, own in zip(cost, found, strict=True):
        assert not len(unmatched) or row[own].max() <= row[unmatched].min(), "a nearer one stayed free"


def test_the_interval_is_that_of_students_and_of_welchs_test():
    random = np.random.default_rng(4)
    own, rest = random.normal(size=(20, 3)), random.normal(0.3, 2.0, (12, 3))
    alone = impact.interval(Group(own, np.zeros(20, dtype=int)), [])
    plain = stats.ttest_1samp(own, 0.0).confidence_interval()
    np.testing.assert_allclose([alone.low, alone.high], [plain.low, plain.high])
    beside = impact.interval(Group(own, np.full(20, 2)), [rest])
    welch = stats.ttest_ind(own, rest, equal_var=False).confidence_interval()
    np.testing.assert_allclose([beside.low, beside.high], [welch.low, welch.high])


def test_segments_count_by_their_treated():
    own, segment = np.arange(12.0)[:, None], np.repeat([1, 4], [9, 3])
    rest = [np.full((6, 1), 2.0), np.full((7, 1), -5.0)]
    found = impact.interval(Group(own, segment), rest)
    assert found.estimate[0] == pytest.approx(own.mean() - (9 * 2.0 - 3 * 5.0) / 12)


@pytest.mark.parametrize(("blocks", "skew"), [(6, 0.0), (12, 0.0), (12, 1.0), (40, 1.0)])
def test_the_interval_holds_0_as_often_as_it_says(blocks, skew):
    random = np.random.default_rng(blocks)
    held = []
    for _ in range(500):
        own = random.normal(size=(blocks, 8)) if not skew else np.exp(random.normal(0.0, skew, (blocks, 8)))
        rest = random.normal(size=(blocks, 8)) if not skew else np.exp(random.normal(0.0, skew, (blocks, 8)))
        found = impact.interval(Group(own - rest, np.zeros(blocks, dtype=int)), [])
        held.append(~found.excludes_none())
    assert 0.93 <= np.mean(held) <= 0.97


def test_too_few_blocks_have_no_interval_and_no_difference_has_none_either():
    few = impact.interval(Group(np.ones((4, 2)), np.zeros(4, dtype=int)), [])
    assert few.estimate.tolist() == [1.0, 1.0]
    assert np.isnan([few.low, few.high]).all()
    assert not few.excludes_none().any()
    same = impact.interval(Group(np.zeros((20, 1)), np.zeros(20, dtype=int)), [])
    assert (same.low, same.high) == (0.0, 0.0)


def test_a_block_is_compared_on_the_days_that_both_have():
    date = np.arange(100)
    own, other = (np.random.default_rng(seed).random((100, 3)) for seed in (1, 2))
    missing = np.delete(date, [3, 50, 70])
    found = impact.block(Days(date, own), [Days(missing, other[missing])], 60)
    before, after = missing[missing < 60], missing[missing >= 60]
    np.testing.assert_allclose(
        found, [[own[before].mean(0), own[after].mean(0)], [other[before].mean(0), other[after].mean(0)]]
    )
    fake = impact.block(Days(date, own), [Days(date, other)], 60, 20)
    np.testing.assert_allclose(fake[0], [own[:40].mean(0), own[40:60].mean(0)])
    assert impact.block(Days(date, own), [Days(date[:65], other[:65])], 60) is None, "five days are too few"


@given(st.sets(st.integers(0, 200), min_size=1).map(lambda days: np.array(sorted(days))), st.integers(0, 12))
def test_fake_starts_leave_days_enough_on_both_sides(date, count):
    lags = impact.fake_lags(date, 150, count)
    assert len(lags) <= count
    assert sorted(set(lags), reverse=True) == lags
    for lag in lags:
        assert (date < 150 - lag).sum() >= impact.FEWEST_DAYS
        assert ((date >= 150 - lag) & (date < 150)).sum() >= impact.FEWEST_DAYS
