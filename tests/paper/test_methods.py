"""The compared methods against their definitions and against other libraries, to 1e-9."""

import sys

import numpy as np
import pytest
import pywt
from scipy.linalg import solve_toeplitz
from scipy.spatial.distance import pdist
from sklearn.linear_model import LinearRegression
from sklearn.metrics import adjusted_rand_score
from statsmodels.tsa.stattools import acf, pacf

from crocs_cli.errors import CrocsError
from crocs_cli.maths.distances.loadsets import LoadSets
from crocs_cli.maths.distances.wsmd import set_distances
from crocs_cli.paper.all_distances import all_distances
from crocs_cli.paper.experiments.set_distances import DISTANCES
from crocs_cli.paper.methods import clustering
from crocs_cli.paper.methods.autocorrelation import LAGS, autocorrelations, partial_autocorrelations
from crocs_cli.paper.methods.daily_ensemble import co_occurrence, consensus
from crocs_cli.paper.methods.delay_embedding import map_parameters
from crocs_cli.paper.methods.dominant_profile import dominant_profiles
from crocs_cli.paper.methods.long_series import long_series
from crocs_cli.paper.methods.pattern_frequencies import pattern_frequencies
from crocs_cli.paper.methods.representative_profile import representative_profiles
from crocs_cli.paper.methods.wavelets import wavelet_features

CLOSE = {"rtol": 0, "atol": 1e-9}


@pytest.fixture
def profiles():
    """Return days of five consumers: (5, 20, 48)."""
    return np.random.default_rng(1).random((5, 20, 48))


def test_a_mean_profile_and_a_long_series_are_what_their_names_say(profiles):
    by_hand = [[sum(day[slot] for day in one) / 20 for slot in range(48)] for one in profiles]
    np.testing.assert_allclose(representative_profiles(profiles), by_hand, **CLOSE)
    assert list(long_series(profiles)[3]) == [reading for day in profiles[3] for reading in day]


def test_autocorrelations_agree_with_statsmodels_and_the_definition(profiles):
    series = long_series(profiles)
    found = autocorrelations(series)
    assert found.shape == (5, LAGS)
    for one, row in zip(series, found, strict=True):
        centred = one - one.mean()
        by_hand = [(centred[lag:] * centred[:-lag]).sum() / (centred**2).sum() for lag in range(1, LAGS + 1)]
        np.testing.assert_allclose(row, by_hand, **CLOSE)
        np.testing.assert_allclose(row, acf(one, nlags=LAGS, fft=False)[1:], **CLOSE)


def test_partial_autocorrelations_agree_with_statsmodels_and_the_definition(profiles):
    series = long_series(profiles)
    found = partial_autocorrelations(series)
    correlation = np.hstack([np.ones((5, 1)), autocorrelations(series)])
    for one, row, known in zip(series, found, correlation, strict=True):
        by_hand = [solve_toeplitz(known[:lag], known[1 : lag + 1])[-1] for lag in range(1, LAGS + 1)]
        np.testing.assert_allclose(row, by_hand, **CLOSE)
        np.testing.assert_allclose(row, pacf(one, nlags=LAGS, method="ywm")[1:], **CLOSE)


@pytest.mark.parametrize(("dimension", "delay"), [(1, 1), (3, 1), (4, 5), (10, 2)])
def test_the_delay_embedding_map_is_the_least_squares_one(profiles, dimension, delay):
    series = long_series(profiles)
    for one, row in zip(series, map_parameters(series, dimension, delay), strict=True):
        span = (dimension - 1) * delay
        states = [[one[t - d * delay] for d in range(dimension)] for t in range(span, len(one) - 1)]
        model = LinearRegression().fit(states, one[span + 1 :])
        np.testing.assert_allclose(row, [model.intercept_, *model.coef_], **CLOSE)


def test_the_delay_embedding_map_of_a_known_recurrence_is_found():
    series = [0.3, -0.2]
    for _ in range(200):
        series.append(0.1 + 1.2 * series[-1] - 0.9 * series[-2])
    np.testing.assert_allclose(map_parameters(np.array([series]), 2, 1), [[0.1, 1.2, -0.9]], **CLOSE)


def test_wavelet_coefficients_agree_with_pywavelets_and_the_definition(profiles):
    series = long_series(profiles)
    found = dict(wavelet_features(series))
    levels = {wavelet: pywt.dwt_max_level(960, wavelet) for wavelet in ("haar", "coif8")}
    assert len(found) == 3 * sum(levels.values())
    pair_sums = series[:, ::2] + series[:, 1::2]
    np.testing.assert_allclose(found["haar level 1 approximation"], pair_sums / np.sqrt(2), **CLOSE)
    np.testing.assert_allclose(
        found["haar level 2 approximation"], (pair_sums[:, ::2] + pair_sums[:, 1::2]) / 2, **CLOSE
    )
    for wavelet, most in levels.items():
        for level in range(1, most + 1):
            for one, row in zip(series, found[f"{wavelet} level {level} last-pair"], strict=True):
                rest = one
                for _ in range(level):
                    rest, detail = pywt.dwt(rest, wavelet)
                np.testing.assert_allclose(row, np.concatenate([rest, detail]), **CLOSE)
    np.testing.assert_allclose(
        (found["haar level 3 all"] ** 2).sum(axis=1), (series**2).sum(axis=1), **CLOSE
    )  # an orthonormal transform keeps lengths


def test_pattern_frequencies_are_shares_of_days():
    labels = np.array([[0, 0, 2, 1], [2, 2, 2, 2]])
    assert pattern_frequencies(labels, 4).tolist() == [[0.5, 0.25, 0.25, 0], [0, 0, 1, 0]]


def test_the_dominant_profile_has_the_most_days_and_is_the_first_of_equals():
    prototypes = np.arange(10.0).reshape(5, 2)
    sets = LoadSets(prototypes, np.array([2, 5, 4, 3, 4]), np.array([0, 2, 5]))
    assert dominant_profiles(sets).tolist() == [[2, 3], [4, 5]]


def test_the_daily_ensemble_finds_who_is_together_every_day():
    random = np.random.default_rng(3)
    truth = np.repeat([0, 1, 2], 6)
    days = random.random((3, 15, 48))[truth] + random.normal(0, 0.01, (18, 15, 48))
    together = co_occurrence(days, 3, seed=1)
    np.testing.assert_array_equal(together, (truth[:, None] == truth).astype(float))
    assert adjusted_rand_score(truth, consensus(together, 3, seed=1)) == 1.0


def test_co_occurrence_is_the_share_of_days():
    days = np.zeros((3, 4, 2))
    days[1, 1:], days[2] = 5.0, 5.0  # the second is with the first on one day, with the third on three
    found = co_occurrence(days, 2, seed=0)
    np.testing.assert_allclose(found, [[1, 0.25, 0], [0.25, 1, 0.75], [0, 0.75, 1]], **CLOSE)


def test_fewer_axes_keep_all_distances():
    points = np.random.default_rng(2).random((12, 400))
    few = clustering.fewer_axes(points)
    assert few.shape == (12, 12)
    np.testing.assert_allclose(pdist(few), pdist(points), **CLOSE)


@pytest.mark.parametrize("algorithm", ["kmeans", "ward", "kmedoids"])
def test_every_algorithm_finds_planted_groups(algorithm):
    random = np.random.default_rng(5)
    truth = np.repeat(np.arange(4), 10)
    points = random.normal(0, 1, (4, 60))[truth] + random.normal(0, 0.1, (40, 60))
    assert adjusted_rand_score(truth, clustering.by_points(points, 4, seed=1)[algorithm]) == 1.0


def test_all_distances_at_once_are_those_one_by_one():
    random = np.random.default_rng(4)
    sizes = np.array([3, 1, 7, 4])
    sets = LoadSets(
        random.random((15, 48)), random.integers(1, 9, 15), np.concatenate([[0], np.cumsum(sizes)])
    )
    found = all_distances(sets, 2)
    assert tuple(found) == DISTANCES
    for name, distances in found.items():
        expected = set_distances(sets, sets, distance=name, window=2, dtype=np.float64)
        np.testing.assert_allclose(distances, expected, **CLOSE)


@pytest.mark.parametrize("package", ["pywt", "statsmodels"])
def test_a_missing_library_is_one_line_with_its_cure(package, monkeypatch, profiles):
    for module in [name for name in sys.modules if name.split(".")[0] == package]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, package, None)
    use = {"pywt": lambda x: list(wavelet_features(x)), "statsmodels": autocorrelations}[package]
    said = rf"{package} is not installed; run `pip install 'crocs-cli\[paper\]'`"
    with pytest.raises(CrocsError, match=said):
        use(long_series(profiles))
