"""Footprints: the formulas of the naive twin, the same bits however the work is divided, the truth found."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import cdist
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from threadpoolctl import threadpool_limits

from crocs_cli.errors import CrocsError
from crocs_cli.maths.clustering.scores import adjusted_rand
from crocs_cli.maths.footprints import fit as fitting
from crocs_cli.maths.footprints import segments as segmenting
from crocs_cli.maths.footprints.fit import Fitting, fit
from crocs_cli.maths.footprints.linear import eigen, product
from crocs_cli.maths.footprints.segments import distances, segments
from crocs_cli.maths.footprints.vectors import kernel_means, projected, vectors
from crocs_cli.paper.days import Synthetic
from tests import naive

HOW = Fitting(landmarks=24, components=6)


def population(outliers=15, consumers=60, clusters=4, seed=1):
    days, truth = Synthetic(consumers, 30, clusters, 4, outliers).draw(seed)
    return days.profiles, days.offset, truth


@pytest.fixture(scope="module")
def fitted():
    profiles, offset, _ = population()
    return profiles, offset, fit(profiles, offset, HOW, seed=3)


def same_up_to_turning(ours, theirs):
    """Vectors whose distances are the same, which is all that segments rest on."""
    np.testing.assert_allclose(cdist(ours, ours), cdist(theirs, theirs), rtol=2e-3, atol=2e-3)


def test_vectors_are_those_of_the_formulas(fitted):
    profiles, offset, maps = fitted
    found = vectors(maps, profiles, offset)
    own = [profiles[offset[i] : offset[i + 1]] for i in range(len(offset) - 1)]
    expected = naive.footprints(own, maps.landmarks.astype(float), 0.1, 0.9, HOW.components)
    same_up_to_turning(found, expected)
    np.testing.assert_allclose(np.abs(found), np.abs(expected), atol=2e-3)


def test_the_components_are_those_of_principal_component_analysis(fitted):
    profiles, offset, maps = fitted
    white = product(kernel_means(profiles, offset, maps.landmarks, maps.centre), maps.whitening.T.copy())
    white -= white.mean(axis=0)
    norms = np.linalg.norm(white, axis=1)
    white *= np.minimum(1, np.quantile(norms, HOW.clip) / norms)[:, None]
    expected = PCA(HOW.components).fit_transform(white)
    np.testing.assert_allclose(np.abs(vectors(maps, profiles, offset)), np.abs(expected), atol=1e-4)


@given(st.integers(1, 30), st.integers(0, 1000), st.booleans())
@settings(max_examples=30, deadline=None)
def test_eigenvectors_are_lapacks_up_to_their_sign(count, seed, lacking):
    rows = np.random.default_rng(seed).normal(size=(count, max(1, count // 2) if lacking else 2 * count))
    values, axes = eigen(rows @ rows.T)
    expected = np.linalg.eigvalsh(rows @ rows.T)[::-1]
    np.testing.assert_allclose(values, expected, atol=1e-12 * expected[0])
    np.testing.assert_allclose(axes @ axes.T, np.eye(count), atol=1e-12)
    np.testing.assert_allclose(axes.T @ np.diag(values) @ axes, rows @ rows.T, atol=1e-11 * expected[0])
    assert (np.take_along_axis(axes, np.abs(axes).argmax(axis=1)[:, None], axis=1) > 0).all()


def test_a_consumers_vector_depends_on_its_own_days_only(fitted):
    profiles, offset, maps = fitted
    whole = vectors(maps, profiles, offset, threads=3)
    for first, last in ((0, 1), (1, 40), (40, 60)):
        rows = slice(offset[first], offset[last])
        part = vectors(maps, profiles[rows], offset[first : last + 1] - offset[first])
        np.testing.assert_array_equal(part, whole[first:last])


def test_days_in_another_order_make_nearly_the_same_vector(fitted):
    profiles, offset, maps = fitted
    order = np.concatenate([np.arange(offset[i + 1] - 1, offset[i] - 1, -1) for i in range(60)])
    np.testing.assert_allclose(
        vectors(maps, profiles[order], offset), vectors(maps, profiles, offset), atol=1e-5
    )


def test_threads_change_no_bit_of_a_fit(fitted, monkeypatch):
    profiles, offset, maps = fitted
    for ours, theirs in zip(fit(profiles, offset, HOW, seed=3, threads=3), maps, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_the_covariance_is_that_of_the_days_within_consumers(fitted):
    profiles, offset, maps = fitted
    found = fitting._within(profiles.astype(np.float32), offset, maps.landmarks, maps.centre, 2)
    days = kernel_means(profiles, np.arange(len(profiles) + 1), maps.landmarks, maps.centre)
    own = [np.cov(days[offset[i] : offset[i + 1]].T, bias=True) for i in range(60)]
    np.testing.assert_allclose(found, np.mean(own, axis=0), atol=1e-9)


def test_no_vector_is_longer_than_the_radius_allows(fitted):
    profiles, offset, maps = fitted
    strange = np.vstack([profiles, 50 * np.ones((3, profiles.shape[1]))])
    far = vectors(maps, strange, np.append(offset, len(strange)))[-1]
    assert np.linalg.norm(far + maps.origin) <= maps.radius * (1 + 1e-6)


def test_consumers_with_one_day_and_days_without_any_range_are_placed():
    profiles = np.zeros((6, 8))
    profiles[3:, 2] = 1
    maps = fit(profiles, np.arange(7), Fitting(4, 3))
    found = vectors(maps, profiles, np.arange(7))
    assert np.isfinite(found).all()
    assert segments(found, (1, 2), 1).labels[1].tolist() == [0, 0, 0, 1, 1, 1]


def test_profiles_of_other_slots_are_refused(fitted):
    with pytest.raises(CrocsError, match="24 slots a day do not fit footprints of 48"):
        vectors(fitted[2], np.ones((2, 24)), np.array([0, 2]))


@pytest.mark.parametrize("outliers", [0, 15, 22])
def test_segments_are_the_truth_among_outlier_days(outliers):
    profiles, offset, truth = population(outliers, 120)
    found = vectors(fit(profiles, offset, Fitting(64, 10)), profiles, offset)
    assert adjusted_rand(truth, segments(found, (4,), 1).labels[0]) >= 0.95


def test_k_means_of_the_library_is_not_better():
    points = np.random.default_rng(1).normal(size=(500, 6))
    found = segments(points, (2, 5, 9), 1)
    with threadpool_limits(1):
        for loss, k in zip(found.loss, (2, 5, 9), strict=True):
            assert loss <= KMeans(k, n_init=20, random_state=1).fit(points).inertia_ * 1.003


def test_what_is_clustered_is_placed_where_it_is(monkeypatch):
    points = np.random.default_rng(2).normal(size=(400, 4))
    for sample in (100, 4096):
        monkeypatch.setattr(segmenting, "SAMPLE", sample)
        found = segments(points, (2, 5), 1, threads=2)
        for label, centres, loss in zip(found.labels, found.centres, found.loss, strict=True):
            np.testing.assert_array_equal(distances(points, centres).argmin(axis=1), label)
            assert loss == pytest.approx((distances(points, centres).min(axis=1).astype(float) ** 2).sum())
            assert np.bincount(label).tolist() == sorted(np.bincount(label), reverse=True)


def test_threads_change_no_segment(monkeypatch):
    monkeypatch.setattr(segmenting, "SAMPLE", 100)
    points = np.random.default_rng(2).normal(size=(400, 4))
    one, three = (segments(points, (2, 5), 1, threads=n) for n in (1, 3))
    np.testing.assert_array_equal(one.labels, three.labels)
    np.testing.assert_array_equal(one.loss, three.loss)


def test_projecting_means_is_what_vectors_do(fitted):
    profiles, offset, maps = fitted
    means = kernel_means(profiles, offset, maps.landmarks, maps.centre)
    np.testing.assert_array_equal(projected(maps, means), vectors(maps, profiles, offset))
