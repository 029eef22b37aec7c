"""Ward's clustering: merges as in scipy, cuts by number of merges."""

import numpy as np
import pytest
from scipy.cluster.hierarchy import linkage
from scipy.spatial.distance import squareform

from crocs_cli.maths.clustering.cuts import canonical, cut, cut_days
from crocs_cli.maths.ward.linkage import ward, ward_of_days
from tests import naive
from tests.maths.test_medoids import distances_of


@pytest.mark.parametrize("points", [1, 2, 3, 20, 41])
def test_cuts_equal_the_naive_clustering_for_every_number(points):
    distances = distances_of(points, points)
    merges, days = ward(distances), ward_of_days(distances**2)
    for clusters in range(1, points + 1):
        expected = naive.ward_labels(distances, clusters)
        assert np.array_equal(cut(merges, clusters), expected)
        assert np.array_equal(canonical(cut_days(days, clusters)), expected)


def test_merges_follow_scipy_from_a_square_or_a_condensed_matrix():
    distances = distances_of(30, 0)
    condensed = squareform(distances)
    np.testing.assert_allclose(ward(distances), linkage(condensed, "ward"))
    np.testing.assert_allclose(
        ward(condensed.astype(np.float32))[:, 2], linkage(condensed, "ward")[:, 2], rtol=1e-5
    )


def test_ties_still_cut_to_exactly_as_many_clusters():
    distances = 1.0 - np.eye(12)
    merges, days = ward(distances), ward_of_days(distances**2)
    for clusters in range(1, 13):
        assert len(np.unique(cut(merges, clusters))) == clusters
        assert len(np.unique(cut_days(days, clusters))) == clusters


def test_clusters_are_numbered_by_falling_size_then_first_member():
    assert canonical(np.array([7, 3, 3, 9, 7, 3, 1])).tolist() == [1, 0, 0, 2, 1, 0, 3]


@pytest.mark.parametrize("clusters", [0, 6])
def test_an_impossible_number_of_clusters_is_refused(clusters):
    with pytest.raises(ValueError, match="5 points cannot make"):
        cut(ward(distances_of(5, 0)), clusters)
