"""Trust in segments: places by centres, prediction strength, and the number of segments it recommends."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import cdist
from sklearn.metrics import cohen_kappa_score

from crocs_cli.maths.clustering import prediction
from crocs_cli.maths.clustering.cuts import cut
from crocs_cli.maths.clustering.exchange import refined
from crocs_cli.maths.clustering.prediction import (
    disjoint_halves,
    placed,
    prediction_strength,
    recommended,
    strengths,
    to_centres,
)
from crocs_cli.maths.clustering.scores import kappa
from crocs_cli.maths.ward.linkage import ward
from tests import naive

LABELS = st.lists(st.integers(0, 3), min_size=1, max_size=30)


def by_exchange(square, clusters):
    merges = ward(square)
    return np.array([refined(square, cut(merges, k), k, 5, [k])[0] for k in clusters])


def strength_of(points, clusters, draws=3):
    def among(items):
        return cdist(points[items], points[items]).astype(np.float32)

    return strengths(among, len(points), clusters, by_exchange, seed=1, draws=draws)


def blobs(groups, count=200, seed=1):
    random = np.random.default_rng(seed)
    return 12 * random.normal(size=(groups, 3))[np.arange(count) % groups] + random.normal(size=(count, 3))


def test_the_squared_distance_to_a_centre_is_that_to_the_mean_of_the_members():
    random = np.random.default_rng(1)
    members, others, label = random.normal(size=(40, 5)), random.normal(size=(9, 5)), np.arange(40) % 3
    means = np.array([members[label == segment].mean(axis=0) for segment in range(3)])
    found = to_centres(cdist(others, members), cdist(members, members), label)
    np.testing.assert_allclose(found, cdist(others, means) ** 2, rtol=1e-9)
    np.testing.assert_array_equal(
        placed(cdist(others, members), cdist(members, members), label), cdist(others, means).argmin(axis=1)
    )


def test_where_exchange_has_ended_everybody_is_placed_where_it_is():
    points = np.random.default_rng(2).normal(size=(120, 4))
    square = cdist(points, points).astype(np.float32)
    label = by_exchange(square, (5,))[0]
    np.testing.assert_array_equal(placed(square, square, label), label)


@given(LABELS, st.integers(0, 1000))
@settings(max_examples=60, deadline=None)
def test_prediction_strength_counts_the_pairs_of_the_worst_segment(label, seed):
    places = np.random.default_rng(seed).integers(0, 3, len(label))
    expected = naive.prediction_strength(label, places.tolist())
    assert prediction_strength(np.array(label), places) == pytest.approx(expected)


def test_groups_are_found_again_and_more_groups_than_there_are_not():
    clusters = (2, 3, 4, 5, 7)
    strength = strength_of(blobs(4), clusters)
    assert strength[clusters.index(4)].tolist() == [1.0] * 3
    assert recommended(clusters, strength) == 4


def test_a_continuum_of_many_dimensions_has_no_recommended_number():
    points = np.random.default_rng(1).normal(size=(200, 12))
    assert recommended((2, 3, 5, 8), strength_of(points, (2, 3, 5, 8))) is None


def test_one_segment_is_always_found_again_but_never_advice():
    strength = strength_of(np.random.default_rng(1).normal(size=(60, 12)), (1,))
    assert strength.tolist() == [[1.0] * 3]
    assert recommended((1,), strength) is None


def test_more_segments_than_a_half_has_consumers_have_no_strength():
    strength = strength_of(blobs(2, count=15), (2, 7, 8))
    assert np.isnan(strength[2]).all()
    assert not np.isnan(strength[:2]).any()
    assert recommended((2, 7, 8), strength) == 2


@pytest.mark.parametrize("count", [0, 1, 2, 9, 100])
def test_halves_are_disjoint_and_equally_large(count, monkeypatch):
    monkeypatch.setattr(prediction, "HALF", 40)
    first, second = disjoint_halves(count, [1])
    assert len(first) == len(second) == min(count // 2, 40)
    assert len(np.unique(np.concatenate([first, second]))) == 2 * len(first)
    assert (np.diff(first) > 0).all()


@given(LABELS, st.integers(0, 1000))
@settings(max_examples=30, deadline=None)
def test_kappa_is_the_librarys_and_1_where_nothing_differs(label, seed):
    first, second = np.array(label), np.random.default_rng(seed).integers(0, 4, len(label))
    assert kappa(first, first) == 1.0
    if not np.array_equal(first, second):
        assert kappa(first, second) == pytest.approx(cohen_kappa_score(first, second))
