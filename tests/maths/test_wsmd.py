"""Set distances: the paper's Table 3, in both directions and in any cut into tiles."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crocs_cli.errors import CrocsError
from crocs_cli.maths.distances.loadsets import LoadSets
from crocs_cli.maths.distances.wsmd import SET_DISTANCES, nearest_prototypes, set_distances
from tests import naive

NAMES = sorted(SET_DISTANCES)


def load_sets(consumers, fewest, most, seed=0, slots=24):
    random = np.random.default_rng(seed)
    sizes = random.integers(fewest, most + 1, consumers)
    offset = np.concatenate([[0], np.cumsum(sizes)])
    profiles = random.random((offset[-1], slots)).astype(np.float32)
    return LoadSets(profiles, random.integers(1, 40, offset[-1]).astype(np.int32), offset)


def pair(sets, consumer):
    rows = slice(*sets.offset[consumer : consumer + 2])
    return sets.prototypes[rows].astype(float), sets.days[rows].astype(float)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float32, 1e-5), (np.float64, 1e-12)])
def test_every_set_distance_equals_its_formula(name, dtype, tolerance):
    first, second = load_sets(6, 1, 5, seed=1), load_sets(19, 2, 4, seed=2)
    found = set_distances(first, second, distance=name, window=1, dtype=dtype)
    expected = [
        [naive.set_distance(name, pair(first, i), pair(second, j), 1) for j in range(19)] for i in range(6)
    ]
    assert found.dtype == dtype
    np.testing.assert_allclose(found, expected, rtol=tolerance)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_tiles_threads_and_direction_do_not_change_a_bit(name, dtype):
    sets = load_sets(61, 1, 6, seed=3)
    whole = set_distances(sets, sets, distance=name, window=2, dtype=dtype)
    assert np.array_equal(whole, whole.T)
    assert np.array_equal(whole, set_distances(sets, sets, distance=name, window=2, dtype=dtype, threads=2))
    a, b = slice(0, 23), slice(23, 61)
    for rows, columns in ((a, b), (b, a), (a, a), (slice(5, 6), slice(40, 41))):
        tile = set_distances(sets.select(rows), sets.select(columns), distance=name, window=2, dtype=dtype)
        assert np.array_equal(tile, whole[rows, columns])


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 9), st.integers(1, 6), st.integers(0, 2**32))
def test_laws_of_wsmd(consumers, most, seed):
    sets = load_sets(consumers, 1, most, seed)
    distances = set_distances(sets, sets, distance="wsmd", window=1)
    assert np.all(np.diag(distances) == 0)
    assert np.all(distances >= 0)
    equal = LoadSets(sets.prototypes, np.ones_like(sets.days), sets.offset)
    np.testing.assert_allclose(
        set_distances(equal, equal, distance="wsmd", window=1),
        set_distances(sets, sets, distance="smd", window=1),
        rtol=1e-6,
    )
    every_day = LoadSets(sets.prototypes.repeat(2, axis=0), sets.days.repeat(2), 2 * sets.offset)
    np.testing.assert_allclose(  # a prototype split in two with its days shared out
        set_distances(every_day, sets, distance="wsmd", window=1), distances, rtol=1e-5, atol=1e-6
    )


def test_order_of_prototypes_and_consumers_does_not_matter():
    sets = load_sets(20, 4, 4, seed=5)
    distances = set_distances(sets, sets, distance="wsmd", window=2)
    order = np.random.default_rng(0).permutation(20)
    shuffled = sets.take(order)
    assert np.array_equal(set_distances(shuffled, sets, distance="wsmd", window=2), distances[order])
    backwards = LoadSets(sets.prototypes[::-1], sets.days[::-1], sets.offset)
    turned = set_distances(backwards, backwards, distance="wsmd", window=2)[::-1, ::-1]
    np.testing.assert_allclose(turned, distances, rtol=1e-6)


def test_pooled_equals_balanced_for_equally_long_histories():
    sets = load_sets(12, 3, 3, seed=6)
    days = np.tile(np.array([10, 20, 60], np.int32), 12)
    sets = LoadSets(sets.prototypes, days, sets.offset)
    balanced = set_distances(sets, sets, distance="wsmd", window=1)
    np.testing.assert_allclose(
        set_distances(sets, sets, distance="wsmd-pooled", window=1), balanced, rtol=1e-6
    )


def test_nearest_prototypes_are_those_of_the_naive_search():
    first, second = load_sets(7, 1, 5, seed=7), load_sets(21, 1, 6, seed=8)
    index, distance = nearest_prototypes(first, second, window=1, threads=2)
    assert (index.dtype, distance.dtype) == (np.int32, np.float32)
    for column in range(21):
        expected = naive.dtw_matrix(first.prototypes.astype(float), pair(second, column)[0], 1)
        assert np.array_equal(index[:, column], expected.argmin(axis=1))
        np.testing.assert_allclose(distance[:, column], expected.min(axis=1), rtol=1e-5)


def test_the_lowest_of_equally_near_prototypes_is_taken():
    sets = load_sets(5, 3, 3, seed=9)
    double = LoadSets(sets.prototypes.repeat(2, axis=0), sets.days.repeat(2), 2 * sets.offset)
    index, distance = nearest_prototypes(sets, double, window=2)
    own = index.reshape(5, 3, 5)[np.arange(5), :, np.arange(5)]
    assert np.array_equal(own, np.tile([0, 2, 4], (5, 1)))
    assert np.all(distance.reshape(5, 3, 5)[np.arange(5), :, np.arange(5)] == 0)


def test_load_sets_are_selected_taken_and_joined():
    sets = load_sets(9, 1, 4)
    joined = LoadSets.concatenate([sets.select(slice(0, 4)), sets.select(slice(4, 9))])
    for before, after in zip(vars(sets).values(), vars(joined).values(), strict=True):
        assert np.array_equal(before, after)
    taken = sets.take(np.array([7, 2]))
    assert np.array_equal(taken.prototypes, np.concatenate([pair(sets, 7)[0], pair(sets, 2)[0]]))
    np.testing.assert_allclose(sets.sum_per_consumer(sets.weights()), 1.0)


def test_load_sets_of_different_intervals_are_refused():
    with pytest.raises(CrocsError, match="24 and 48 slots a day"):
        set_distances(load_sets(2, 1, 1), load_sets(2, 1, 1, slots=48), distance="wsmd", window=1)
