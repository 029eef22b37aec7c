"""Transitions between days, and the test whether the day before matters."""

import numpy as np
import pytest
from scipy.stats import chi2_contingency

from crocs_cli.maths.sequences.markov import (
    order_test,
    shuffled_order_test,
    transition_counts,
    transition_matrix,
)


def chain(transition, days, random):
    state, states = 0, []
    for _ in range(days):
        state = random.choice(len(transition), p=transition[state])
        states.append(state)
    return np.array(states)


def naive_counts(labels, dates, states):
    counts = np.zeros((states, states), int)
    for here in range(len(labels)):
        for there in range(len(labels)):
            if dates[there] == dates[here] + 1:
                counts[labels[here], labels[there]] += 1
    return counts


def test_counts_leave_gaps_out():
    random = np.random.default_rng(1)
    dates = np.sort(random.choice(200, 120, replace=False))
    labels = random.integers(0, 5, 120)
    counts = transition_counts(labels, dates, 6)
    np.testing.assert_array_equal(counts, naive_counts(labels, dates, 6))
    assert 0 < counts.sum() < 119
    many = np.array([labels, labels[::-1]])
    np.testing.assert_array_equal(transition_counts(many, dates, 6)[0], counts)
    np.testing.assert_array_equal(transition_counts(many, dates, 6)[1], naive_counts(labels[::-1], dates, 6))


@pytest.mark.parametrize(("power", "name"), [(1, "pearson"), (0, "log-likelihood"), (2 / 3, "cressie-read")])
@pytest.mark.parametrize("states", [2, 5, 12])
def test_the_order_test_agrees_with_scipy(states, power, name):
    random = np.random.default_rng(states)
    labels = chain(random.dirichlet(np.ones(states), states), 400, random)
    counts = transition_counts(labels, np.arange(400), states + 3)  # three states that never occur
    seen = counts[: labels.max() + 1, : labels.max() + 1]
    expected = chi2_contingency(seen, correction=False, lambda_=name).pvalue
    assert order_test(counts, power) == pytest.approx(expected, rel=1e-9)


def test_independent_days_are_called_markov_as_often_as_the_level_says():
    random = np.random.default_rng(10)
    p = [order_test(transition_counts(random.integers(0, 4, 300), np.arange(300), 4)) for _ in range(5000)]
    assert 0.04 < np.mean(np.array(p) < 0.05) < 0.06


def test_a_chain_with_a_memory_is_found():
    random = np.random.default_rng(3)
    transition = np.full((4, 4), 0.15) + 0.4 * np.eye(4)
    p = [order_test(transition_counts(chain(transition, 300, random), np.arange(300), 4)) for _ in range(50)]
    assert np.mean(np.array(p) < 0.05) > 0.95


@pytest.mark.parametrize("states", [3, 50])
def test_shuffling_keeps_its_level_where_states_are_many_and_days_few(states):
    random = np.random.default_rng(states)
    often = 1 / np.arange(1, states + 1)
    drawn = random.choice(states, (250, 480), p=often / often.sum())
    p = np.array([shuffled_order_test(labels, np.arange(480), states, random) for labels in drawn])
    assert 0.02 < np.mean(p < 0.05) < 0.09
    assert p.min() > 1e-5


def test_shuffling_agrees_with_the_plain_test_where_days_are_many():
    random = np.random.default_rng(5)
    labels = chain(np.full((3, 3), 0.32) + 0.04 * np.eye(3), 4000, random)
    dates = np.delete(np.arange(4001), 1000)  # one gap
    plain = order_test(transition_counts(labels, dates, 3))
    assert shuffled_order_test(labels, dates, 3, random) == pytest.approx(plain, rel=0.3)


def test_shuffling_finds_a_memory_that_is_lost_among_many_states():
    random = np.random.default_rng(6)
    transition, dates = np.full((40, 40), 0.85 / 40) + 0.15 * np.eye(40), np.arange(480)
    lives = [chain(transition, 480, random) for _ in range(20)]
    plain = [order_test(transition_counts(labels, dates, 40)) for labels in lives]
    shuffled = [shuffled_order_test(labels, dates, 40, random) for labels in lives]
    assert np.mean(np.array(plain) < 0.05) < 0.5
    assert np.mean(np.array(shuffled) < 0.05) > 0.9


def test_the_transition_matrix_is_found_from_a_long_chain():
    random = np.random.default_rng(4)
    truth = random.dirichlet(np.ones(4), 4)
    counts = transition_counts(chain(truth, 40_000, random), np.arange(40_000), 4)
    np.testing.assert_allclose(transition_matrix(counts), truth, atol=0.02)


def test_a_state_that_is_never_left_goes_on_as_all_arrive():
    counts = transition_counts(np.array([0, 1, 0, 1, 2]), np.arange(5), 3)
    assert transition_matrix(counts)[2].tolist() == [0.25, 0.5, 0.25]
    with pytest.raises(ValueError, match="no two days follow each other"):
        transition_matrix(np.zeros((3, 3), int))


@pytest.mark.parametrize("labels", [[0, 0, 0, 0], [0], [0, 1]])
def test_nothing_can_be_told_of_a_sequence_without_change(labels):
    labels, dates = np.array(labels), np.arange(len(labels))
    assert order_test(transition_counts(labels, dates, 2)) == 1.0
    assert shuffled_order_test(labels, dates, 2, np.random.default_rng(1)) == 1.0
