"""k-medoids over blocks of the triangle: a loss that no single swap lowers, as good as the package's."""

import numpy as np
import pytest
from kmedoids import fasterpam
from scipy.spatial.distance import pdist, squareform

from crocs_cli.maths.clustering import kmedoids_blocks
from crocs_cli.maths.clustering.kmedoids_blocks import kmedoids
from tests import naive


def points(count, groups, seed):
    random = np.random.default_rng(seed)
    return (
        random.normal(size=(count, 3))
        + 4 * random.normal(size=(groups, 3))[random.integers(0, groups, count)]
    )


@pytest.mark.parametrize(("count", "k"), [(90, 4), (64, 7), (150, 1), (2, 2), (40, 40)])
def test_no_single_swap_lowers_the_loss(count, k, monkeypatch):
    monkeypatch.setattr(kmedoids_blocks, "SAMPLE", 10)  # a poor start, so that the swaps have work to do
    monkeypatch.setattr(kmedoids_blocks, "SAMPLE_EACH", 1)
    condensed = pdist(points(count, 5, 1)).astype(np.float32)
    square = squareform(condensed).astype(np.float64)
    labels, medoids, loss = kmedoids(condensed, count, k, seed=1, starts=2, threads=1)
    assert loss == pytest.approx(naive.kmedoids_loss(square, medoids), rel=1e-6)
    np.testing.assert_array_equal(square[np.arange(count), medoids[labels]], square[:, medoids].min(axis=1))
    for position in range(k):
        others = np.delete(medoids, position)
        kept = square[:, others].min(axis=1, initial=np.inf)
        assert np.minimum(kept[:, None], square).sum(axis=0).min() >= loss * (1 - 1e-6)


def test_the_loss_is_as_low_as_the_packages_best_start():
    condensed = pdist(points(1200, 12, 2)).astype(np.float32)
    square = squareform(condensed)
    best = min(float(fasterpam(square, 10, random_state=start, n_cpu=1).loss) for start in range(5))
    assert kmedoids(condensed, 1200, 10, seed=3, starts=5, threads=2)[2] <= 1.005 * best


def test_threads_change_nothing():
    condensed = pdist(points(700, 6, 4)).astype(np.float32)
    alone, together = (kmedoids(condensed, 700, 8, seed=1, starts=2, threads=n) for n in (1, 3))
    np.testing.assert_array_equal(alone[0], together[0])
    np.testing.assert_array_equal(alone[1], together[1])
    assert alone[2] == together[2]


def test_duplicates_still_make_as_many_clusters_as_asked_for():
    condensed = pdist(np.repeat([[0.0], [5.0], [9.0]], 20, axis=0)).astype(np.float32)
    labels, medoids, loss = kmedoids(condensed, 60, 5, seed=1, starts=3, threads=1)
    assert loss == 0
    assert len(set(medoids.tolist())) == len(set(labels.tolist())) == 5


def test_groups_are_found_whatever_the_start(monkeypatch):
    monkeypatch.setattr(kmedoids_blocks, "SAMPLE", 3)
    monkeypatch.setattr(kmedoids_blocks, "SAMPLE_EACH", 0)
    group = np.random.default_rng(5).integers(0, 3, 300)
    condensed = pdist(10.0 * group[:, None] + np.random.default_rng(6).normal(size=(300, 2))).astype(
        np.float32
    )
    labels, _, _ = kmedoids(condensed, 300, 3, seed=1, starts=1, threads=2)
    assert len({*zip(labels.tolist(), group.tolist(), strict=True)}) == 3


def test_the_first_of_equally_good_starts_wins_whatever_the_rounding(monkeypatch):
    square = np.sqrt(2)
    condensed = np.array([1, 1, square, square, 1, 1], dtype=np.float32)  # any two corners are as good
    starts = [np.array([0, 1]), np.array([0, 2])]
    exact = kmedoids_blocks.Medoids.loss.fget
    rounded = property(lambda found: exact(found) * (1 - 1e-12 * found.medoid[1]))
    monkeypatch.setattr(kmedoids_blocks, "clara_start", lambda *arguments: starts[arguments[-1][1]])
    monkeypatch.setattr(kmedoids_blocks.Medoids, "loss", rounded)
    labels, medoids, _ = kmedoids(condensed, 4, 2, seed=0, starts=2, threads=1)
    assert medoids.tolist() == [0, 1]
    assert labels.tolist() == [0, 1, 0, 1]
