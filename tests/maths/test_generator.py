"""The synthetic generator draws what its naive twin draws, and the same for the same seed."""

import numpy as np
import pytest

from crocs_cli.maths.synthetic import generator
from crocs_cli.maths.synthetic.population import Population, cluster_behaviours
from tests import naive_generator

DAYS = 600
RARE = 5.0  # standard errors; 48 slots x 21 shapes x 2 moments exceed it once in a thousand seeds


@pytest.mark.parametrize("shape", range(-1, generator.SHAPES))
def test_days_have_the_mean_and_spread_of_the_naive_ones(shape):
    shapes = np.full(DAYS, shape)
    ours = generator.draw_days(shapes, np.random.default_rng(1))
    naive = naive_generator.draw_days(shapes, np.random.default_rng(2))
    for moment in (lambda days: days, lambda days: (days - naive.mean(axis=0)) ** 2):
        a, b = moment(ours), moment(naive)
        error = np.sqrt((a.var(axis=0) + b.var(axis=0)) / DAYS)
        assert (np.abs(a.mean(axis=0) - b.mean(axis=0)) / error).max() < RARE


@pytest.mark.parametrize("shape", range(generator.SHAPES))
def test_a_curve_is_one_the_naive_twin_may_draw(shape):
    """Of all the places, widths and scales that one curve may have, ours lies between the twin's extremes."""
    twins = [naive_generator.characteristic_curve(shape, np.random.default_rng(i)) for i in range(400)]
    low, high = np.min(twins, axis=0), np.max(twins, axis=0)
    for seed in range(50):
        curve = generator.characteristic_curve(shape, np.random.default_rng(seed))
        assert (curve >= low - 0.1).all()
        assert (curve <= high + 0.1).all()
        assert curve.max() == pytest.approx(1)


def test_days_reach_from_zero_to_one():
    days = generator.draw_days(np.arange(-1, generator.SHAPES), np.random.default_rng(3))
    np.testing.assert_array_equal(days.min(axis=1), 0)
    np.testing.assert_array_equal(days.max(axis=1), 1)


def test_a_shape_there_is_not_is_refused():
    with pytest.raises(ValueError, match="shape 20 is not one of 0..19"):
        generator.characteristic_curve(20, np.random.default_rng(0))


def test_a_consumer_depends_on_its_number_only():
    behaviours = cluster_behaviours(3, 4, True, seed=5)
    few, many = (Population(count, 30, 4, 0, True, 5, behaviours) for count in (10, 1000))
    np.testing.assert_array_equal(few.energy_kwh(7), many.energy_kwh(7))
    cluster, shape = few.plan(7)
    assert (shape == -1).sum() == 4
    assert set(shape.tolist()) <= {-1, *behaviours[cluster].shapes.tolist()}


def test_a_markov_sequence_follows_its_transitions():
    behaviour = cluster_behaviours(1, 3, True, seed=6)[0]
    shape = behaviour.draw(60_000, np.random.default_rng(7))
    place = np.searchsorted(behaviour.shapes, shape)
    seen = np.zeros((3, 3))
    np.add.at(seen, (place[:-1], place[1:]), 1)
    np.testing.assert_allclose(seen / seen.sum(axis=1, keepdims=True), behaviour.transition, atol=0.02)
