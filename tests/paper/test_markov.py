"""Transitions between days, and the test whether the day before matters."""

import numpy as np
import pytest
from scipy.stats import chi2_contingency

from crocs_cli.maths.markov import order_test, transition_counts, transition_matrix


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
    assert order_test(transition_counts(np.array(labels), np.arange(len(labels)), 2)) == 1.0
