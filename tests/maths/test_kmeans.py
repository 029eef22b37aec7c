"""k-means: as good as scikit-learn's, and the same where rounding could choose."""

import numpy as np
import pytest
from sklearn.cluster import KMeans

from crocs_cli.maths.clustering.kmeans import kmeans


def loss_of(points, labels):
    return sum(((own - own.mean(axis=0)) ** 2).sum() for own in (points[labels == c] for c in set(labels)))


@pytest.mark.parametrize("clusters", [1, 4, 12])
def test_points_are_clustered_as_well_as_by_the_reference(clusters):
    for seed in range(5):
        points = np.random.default_rng(seed).random((60, 8))
        labels, centres, _ = kmeans(points, clusters, seed)
        assert np.array_equal(np.unique(labels), np.arange(clusters))
        for cluster, centre in enumerate(centres):
            np.testing.assert_allclose(centre, points[labels == cluster].mean(axis=0))
        reference = KMeans(clusters, n_init=30, random_state=seed).fit(points).inertia_
        assert loss_of(points, labels) <= 1.03 * reference


@pytest.mark.parametrize("seed", range(5))
def test_the_first_of_equally_good_starts_wins_whatever_the_rounding(seed):
    corners = np.repeat([[0.0, 0], [1, 0], [0, 1], [1, 1]], 3, axis=0)  # two rows, or two columns
    noise = np.random.default_rng(seed).uniform(-1e-12, 1e-12, corners.shape)
    assert np.array_equal(kmeans(corners + noise, 2, 1).labels, kmeans(corners, 2, 1).labels)


def test_points_that_are_equal_make_no_more_clusters_than_differ():
    labels, centres, _ = kmeans(np.repeat([[1.0], [2.0]], 4, axis=0), 5, seed=0)
    assert len(set(labels[:4])) == len(set(labels[4:])) == 1
    assert sorted(centres.ravel()) == [1, 2]


def test_points_that_are_not_finite_are_refused():
    with pytest.raises(ValueError, match="not finite"):
        kmeans(np.array([[1.0], [np.nan]]), 2, seed=0)


def test_weights_count_as_repeated_points_do_and_the_loss_never_rises_with_the_clusters():
    random = np.random.default_rng(1)
    points, weights = random.random((60, 3)), 1.0 + np.arange(60) % 5
    centres, losses = None, []
    for clusters in range(1, 7):
        labels, centres, loss = kmeans(points, clusters, 1, weights=weights, fewer=centres)
        reference = KMeans(clusters, n_init=50, random_state=1).fit(points, sample_weight=weights)
        assert loss <= 1.01 * reference.inertia_
        for cluster, centre in enumerate(centres):
            own = labels == cluster
            np.testing.assert_allclose(centre, np.average(points[own], axis=0, weights=weights[own]))
        losses.append(loss)
    assert (np.diff(losses) < 0).all()
