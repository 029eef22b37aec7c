"""The one-stage methods with all their settings, each paired with the clustering algorithms."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from crocs_cli.paper.methods.autocorrelation import autocorrelations, partial_autocorrelations
from crocs_cli.paper.methods.clustering import by_points, by_profiles
from crocs_cli.paper.methods.delay_embedding import map_parameters
from crocs_cli.paper.methods.long_series import long_series
from crocs_cli.paper.methods.representative_profile import representative_profiles
from crocs_cli.paper.methods.wavelets import wavelet_features

NAMES = ("RLP", "LTS", "ACF", "PACF", "DCE", "DWT")
DIMENSIONS, DELAY = (2, 3, 4, 5, 8, 12, 24), 1


def partitions(
    profiles: np.ndarray, window: int, clusters: int, seed: int
) -> Iterator[tuple[str, np.ndarray]]:
    """Yield (method, setting and algorithm in words; labels (n,)) for profiles (n, p, slots).

    Source: paper section 5.4.1: every representation with k-means, Ward and k-medoids on Euclidean distance,
    RLP and LTS with DTW-2 too.
    """
    mean, series = representative_profiles(profiles), long_series(profiles)
    for name, profile in (("RLP", mean), ("LTS", series)):
        for algorithm, labels in by_profiles(profile, window, clusters, seed).items():
            yield f"{name} DTW {algorithm}", labels
    for name, points in _features(mean, series):
        for algorithm, labels in by_points(points, clusters, seed).items():
            yield f"{name} {algorithm}", labels


def _features(mean: np.ndarray, series: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
    yield "RLP", mean
    yield "LTS", series
    yield "ACF", autocorrelations(series)
    yield "PACF", partial_autocorrelations(series)
    for dimension in DIMENSIONS:
        yield f"DCE dimension {dimension}", map_parameters(series, dimension, DELAY)
    for setting, coefficients in wavelet_features(series):
        yield f"DWT {setting}", coefficients
