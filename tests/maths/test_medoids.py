"""k-medoids: as good as the reference, and exactly k."""

from types import SimpleNamespace

import kmedoids
import numpy as np
import pytest
from scipy.spatial.distance import cdist

from crocs_cli.maths.clustering.medoids import kmedoids_of_days, kmedoids_partition
from tests import naive


def distances_of(points, seed):
    places = np.random.default_rng(seed).random((points, 5))
    return np.sqrt(((places[:, None] - places) ** 2).sum(axis=2))


def loss_of(distances, labels):
    medoids = [
        naive.medoid(distances, np.flatnonzero(labels == label).tolist()) for label in np.unique(labels)
    ]
    return naive.kmedoids_loss(distances, medoids)


@pytest.mark.parametrize("clusters", [1, 2, 7, 19])
def test_days_are_clustered_as_well_as_by_the_reference(clusters):
    for seed in range(5):
        distances = distances_of(60, seed)
        draws = np.random.default_rng(seed).random((30, 20))
        labels = kmedoids_of_days(distances, clusters, draws, 200)
        assert len(np.unique(labels)) == clusters
        reference = min(
            kmedoids.fasterpam(distances, clusters, random_state=s, n_cpu=1).loss for s in range(30)
        )
        assert loss_of(distances, labels) <= reference * 1.005


def test_the_best_pair_of_medoids_is_found():
    distances = distances_of(15, 1)
    labels = kmedoids_of_days(distances, 2, np.random.default_rng(0).random((30, 2)), 200)
    best = min(naive.kmedoids_loss(distances, (i, j)) for i in range(15) for j in range(i))
    np.testing.assert_allclose(loss_of(distances, labels), best)


def test_planted_groups_of_consumers_are_recovered():
    truth = np.repeat([0, 1, 2], [30, 20, 10])
    places = np.random.default_rng(2).normal(0, 0.1, (60, 2)) + 3.0 * np.eye(3)[truth][:, :2]
    square = np.sqrt(((places[:, None] - places) ** 2).sum(axis=2)).astype(np.float32)
    labels = kmedoids_partition(square, 3, seed=1)
    assert np.array_equal(labels, truth)
    assert np.array_equal(labels, kmedoids_partition(square, 3, seed=1))


SQUARE = np.array([[0, 0], [1, 0], [0, 1], [1, 1]], dtype=float)  # any two corners serve all equally well


def with_noise(values, seed):
    return values * (1 + np.random.default_rng(seed).uniform(-1e-11, 1e-11, values.shape))


@pytest.mark.parametrize("seed", range(5))
def test_the_first_of_equally_good_starts_wins_whatever_the_rounding(seed):
    distances = cdist(SQUARE, SQUARE)
    draws = np.random.default_rng(1).random((30, 2))
    noisy = with_noise(distances, seed)
    labels = kmedoids_of_days((noisy + noisy.T) / 2, 2, draws, 200)
    assert np.array_equal(labels, kmedoids_of_days(distances, 2, draws, 200))


@pytest.mark.parametrize("seed", range(5))
def test_so_does_the_first_start_of_the_library(seed, monkeypatch):
    found = [([0, 1], [0, 1, 0, 1]), ([0, 2], [0, 0, 1, 1])]

    def start(square, k, random_state, **_):
        medoids, labels = found[random_state % 2]
        return SimpleNamespace(medoids=np.array(medoids), labels=np.array(labels), loss=2 - random_state)

    monkeypatch.setattr(kmedoids, "fasterpam", start)
    square = with_noise(cdist(SQUARE, SQUARE), seed)
    assert kmedoids_partition(square, 2, seed=0, starts=2).tolist() == [0, 1, 0, 1]
