"""Exchange: Ward's loss never rises, whatever holds the matrix, and however many share the work."""

import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import pdist, squareform
from sklearn.cluster import KMeans
from threadpoolctl import threadpool_limits

from crocs_cli.maths.clustering import exchange_rows
from crocs_cli.maths.clustering.cuts import canonical, cut
from crocs_cli.maths.clustering.exchange import loss_of, refined
from crocs_cli.maths.clustering.exchange_rows import exchange
from crocs_cli.maths.clustering.rows import Condensed, Spread
from crocs_cli.maths.clustering.scores import adjusted_rand
from crocs_cli.maths.ward.linkage import ward
from crocs_cli.maths.ward.ranks import own_rows
from tests import naive
from tests.maths.test_ward_ranks import ThreadRanks

CUTS = (1, 2, 5, 8)


def points(count=300, axes=6, seed=1):
    """Points of a continuum in which six places are denser."""
    random = np.random.default_rng(seed)
    return random.normal(size=(count, axes)) + random.normal(size=(6, axes))[random.integers(0, 6, count)]


def distances(**how):
    return pdist(points(**how)).astype(np.float32)


def cuts(condensed, clusters=CUTS):
    return np.array([cut(ward(condensed), k) for k in clusters])


@pytest.fixture
def small_sample(monkeypatch):
    """Let the search go from a sample to everybody, in several parts."""
    monkeypatch.setattr(exchange_rows, "SAMPLE", 40)
    monkeypatch.setattr(exchange_rows, "ROWS", 32)
    monkeypatch.setattr(exchange_rows, "COLUMNS", 50)
    monkeypatch.setattr(exchange_rows, "HELD_BYTES", 2 * 8 * 300 * 8)


@given(st.integers(5, 14), st.integers(1, 4), st.integers(0, 1000))
@settings(max_examples=40, deadline=None)
def test_from_one_start_it_ends_where_the_naive_one_ends(count, clusters, seed):
    square = squareform(pdist(np.random.default_rng(seed).normal(size=(count, 3)))).astype(np.float32)
    begun = np.arange(count) % clusters
    label, loss = refined(square, begun, clusters, 0, [seed])
    expected = naive.exchange(square.astype(float), begun)
    np.testing.assert_array_equal(label, expected)
    assert loss == pytest.approx(naive.ward_loss(square.astype(float), expected), rel=1e-9)


@given(st.integers(0, 10_000), st.integers(1, 6), st.booleans())
@settings(max_examples=40, deadline=None)
def test_the_loss_is_never_above_the_trees_for_any_dissimilarity(seed, clusters, tied):
    random = np.random.default_rng(seed)
    condensed = random.random(190).astype(np.float32)
    if tied:
        condensed = np.round(2 * condensed)
    begun = cuts(condensed, (clusters,))
    found = exchange(Condensed(condensed, 20), begun, 3, seed)
    square = squareform(condensed)
    assert loss_of(square, found.labels[0]) <= loss_of(square, begun[0]) * (1 + 1e-9)
    assert found.labels.max() + 1 == clusters, "no segment is lost"


@given(st.integers(0, 1000), st.floats(0.1, 10))
@settings(max_examples=20, deadline=None)
def test_a_constant_off_the_diagonal_changes_nothing(seed, constant):
    squares, begun = np.random.default_rng(seed).integers(1, 100, 190) / 4, np.arange(20) % 3
    plain, raised = (
        refined(squareform(np.sqrt(values)), begun, 3, 0, [seed])[0]
        for values in (squares, squares + constant)
    )
    np.testing.assert_array_equal(plain, raised)


def test_the_order_of_the_consumers_does_not_matter_for_clear_segments():
    random = np.random.default_rng(3)
    place = 20 * random.normal(size=(5, 4))[np.arange(100) % 5] + random.normal(size=(100, 4))
    order = random.permutation(100)
    plain, shuffled = (
        exchange(Condensed(pdist(some).astype(np.float32), 100), np.array([np.arange(100) % 5]), 10, 1)
        for some in (place, place[order])
    )
    assert adjusted_rand(plain.labels[0][order], shuffled.labels[0]) == 1.0
    assert plain.loss[0] == pytest.approx(shuffled.loss[0], rel=1e-6)


def test_on_euclidean_distances_it_is_as_good_as_k_means_with_as_many_starts():
    place = points()
    condensed = pdist(place).astype(np.float32)
    found = exchange(Condensed(condensed, 300), cuts(condensed), 20, 1)
    with threadpool_limits(1):
        for loss, clusters in zip(found.loss, CUTS, strict=True):
            assert loss <= KMeans(clusters, n_init=20, random_state=1).fit(place).inertia_ * 1.005


def test_no_move_of_any_consumer_lowers_the_loss_further(small_sample, monkeypatch):
    monkeypatch.setattr(exchange_rows, "GAIN", 0.0)
    condensed = distances()
    label = exchange(Condensed(condensed, 300), cuts(condensed, (5,)), 5, 1).labels[0]
    again, _ = refined(squareform(condensed), label, 5, 0, [1])
    np.testing.assert_array_equal(again, label)


def test_from_a_sample_on_the_loss_is_as_low_as_from_all(monkeypatch):
    condensed = distances(count=600)
    begun = cuts(condensed)
    whole = exchange(Condensed(condensed, 600), begun, 20, 1)
    monkeypatch.setattr(exchange_rows, "SAMPLE", 150)
    sampled = exchange(Condensed(condensed, 600), begun, 20, 1)
    assert (sampled.loss <= 1.03 * whole.loss).all()
    assert (sampled.loss <= sampled.begun).all()
    np.testing.assert_allclose(sampled.begun, whole.begun, rtol=1e-12)


def test_where_the_sample_leads_astray_the_trees_cut_is_taken_further(small_sample, monkeypatch):
    condensed = distances()
    begun = cuts(condensed)
    astray = np.array([np.arange(300) % k for k in CUTS])
    monkeypatch.setattr(exchange_rows, "HELD_BYTES", 1 << 20)
    monkeypatch.setattr(exchange_rows, "_joined", lambda *given: astray)
    monkeypatch.setattr(exchange_rows, "polish", lambda *given: None)
    found = exchange(Condensed(condensed, 300), begun, 2, 1)
    np.testing.assert_array_equal(found.labels, begun)
    np.testing.assert_array_equal(found.loss, found.begun)


def test_threads_change_no_bit(small_sample):
    condensed = distances()
    one, three = (exchange(Condensed(condensed, 300), cuts(condensed), 5, 1, n) for n in (1, 3))
    for alone, together in zip(one, three, strict=True):
        np.testing.assert_array_equal(alone, together)


@pytest.mark.parametrize("size", [1, 2, 3])
@pytest.mark.parametrize("sample", [40, 1000])
def test_ranks_find_the_bits_of_one_machine(size, sample, small_sample, monkeypatch):
    monkeypatch.setattr(exchange_rows, "SAMPLE", sample)
    condensed = distances()
    begun = cuts(condensed)
    alone = exchange(Condensed(condensed, 300), begun, 3, 1)
    square, barrier, desk, found = squareform(condensed), threading.Barrier(size), [None] * size, {}

    def work(rank):
        own = own_rows(300, rank, size)
        ranks = ThreadRanks(rank, size, barrier, desk)
        found[rank] = exchange(Spread(square[list(own)], own), begun, 3, 1, 1, ranks)

    threads = [threading.Thread(target=work, args=(rank,)) for rank in range(size)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for rank in range(size):
        for mine, expected in zip(found[rank], alone, strict=True):
            np.testing.assert_array_equal(mine, expected)


def test_the_matrix_stays_as_it_is(small_sample):
    condensed = distances()
    exchange(Condensed(condensed, 300), cuts(condensed), 3, 1)
    np.testing.assert_array_equal(condensed, distances())


def test_copies_still_make_as_many_segments_as_asked_for():
    condensed = pdist(np.repeat([[0.0], [5.0], [9.0]], 20, axis=0)).astype(np.float32)
    found = exchange(Condensed(condensed, 60), cuts(condensed, (3, 5)), 5, 1)
    np.testing.assert_array_equal(found.labels.max(axis=1) + 1, (3, 5))
    np.testing.assert_array_equal(found.labels[0], canonical(np.arange(60) // 20))
    np.testing.assert_array_equal(found.loss, (0, 0))
