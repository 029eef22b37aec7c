"""Fit the maps of footprints to the days of some consumers: landmarks, whitening, clipping, components."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from crocs_cli.maths.clustering.kmeans import kmeans
from crocs_cli.maths.compiled import kernel, parallel_for
from crocs_cli.maths.decisions import at_least
from crocs_cli.maths.distances.dtw import checked
from crocs_cli.maths.footprints.linear import add_squares, eigen, product, symmetric
from crocs_cli.maths.footprints.vectors import FootprintMaps, kernel_means, kernel_of, kernel_reach, shorten

#: consumers to which the maps are fitted, and days among which the landmarks are sought
CONSUMERS, DAYS = 10_000, 20_000
#: days whose covariance within consumers is taken, and consumers whose sums are added up apart
COVARIANCE_DAYS, TOGETHER = 200_000, 128
#: landmarks at least and at most; axes of the vectors at least
FEWEST, MOST, COMPONENTS = 32, 256, 10
#: eigenvalues of the landmarks' kernel below this part of the largest are rounding
LEAST = 1e-6


class Fitting(NamedTuple):
    """Settings of the fit of the maps.

    landmarks, components: how many at most; shrink: how far the covariance of days is drawn to the unit
    matrix; clip: the quantile of the lengths to which longer vectors are shortened.
    """

    landmarks: int
    components: int
    shrink: float = 0.1
    clip: float = 0.9


def suited(consumers: int, most: int) -> Fitting:
    """Return how maps are fitted to so many consumers, for at most so many segments.

    Few homes need few landmarks. Odd against even days of real homes, mean ARI for K = 2, 3, 5, 8, 12 with
    16, 32, 64, 128, 256 landmarks: 0.53, 0.60, 0.60, 0.54, 0.44 of 23 and 40 homes (mean of 6 periods each);
    at 622 homes 256 are the best.
    """
    return Fitting(int(np.clip(consumers // 2, FEWEST, MOST)), max(COMPONENTS, most - 1))


def fit(
    profiles: np.ndarray, offset: np.ndarray, how: Fitting, seed: int = 0, threads: int = 1
) -> FootprintMaps:
    """Fit the maps; the same bytes for any number of threads and on every processor.

    profiles: (days, slots), normalised; offset: (n + 1,) int, whose days are whose. Of a population larger
    than CONSUMERS draw as many: that is enough. Raises CrocsError for a reading that is not finite.
    """
    profiles, offset = checked(profiles, np.float32), np.asarray(offset, np.int64)
    marks = _landmarks(profiles, how.landmarks, seed)
    centre = marks.mean(axis=0, dtype=np.float64).astype(np.float32)
    features = _features(marks, centre)
    spread = product(product(features, _within(profiles, offset, marks, centre, threads)), features.T.copy())
    whitening = product(_inverse_root(spread, how.shrink), features)
    means = kernel_means(profiles, offset, marks, centre, threads)
    white = product(means, whitening.T.copy())
    mean = white.mean(axis=0)
    white -= mean
    radius = np.quantile(np.sqrt((white * white).sum(axis=1)), how.clip)
    shorten(white, float(radius))
    again = white.mean(axis=0)
    axes = _components(white - again, how.components)
    origin = product(again[None], axes.T.copy())[0]
    return FootprintMaps(marks, centre, whitening, mean, np.array(radius), axes, origin)


def _landmarks(profiles: np.ndarray, landmarks: int, seed: int) -> np.ndarray:
    """Return the centres of k-means of some of the days: (L, slots) float32."""
    random = np.random.default_rng(seed)
    chosen = np.sort(random.choice(len(profiles), min(len(profiles), DAYS), replace=False))
    return kmeans(profiles[chosen], landmarks, [seed, landmarks], starts=1).centres.astype(np.float32)


def _features(marks: np.ndarray, centre: np.ndarray) -> np.ndarray:
    """Return what turns kernels with the landmarks into coordinates: Lambda^-1/2 V', (r, L) float64."""
    kernels = kernel_means(marks, np.arange(len(marks) + 1), marks, centre)
    values, axes = eigen((kernels + kernels.T) / 2)
    kept = at_least(values, LEAST * values[0])
    return axes[kept] / np.sqrt(values[kept])[:, None]


def _within(
    profiles: np.ndarray, offset: np.ndarray, marks: np.ndarray, centre: np.ndarray, threads: int
) -> np.ndarray:
    """Return the mean covariance of a consumer's kernels: (L, L) float64."""
    consumers = max(1, int(np.searchsorted(offset, COVARIANCE_DAYS, side="right")) - 1)
    across, firsts = np.ascontiguousarray(marks.T), range(0, consumers, TOGETHER)
    parts = np.zeros((len(firsts), len(marks), len(marks)))

    def add(part: int) -> None:
        own = offset[firsts[part] : min(firsts[part] + TOGETHER, consumers) + 1]
        _add_covariances(profiles, own, across, centre, kernel_reach(across, centre), parts[part])

    parallel_for(add, range(len(firsts)), threads)
    return symmetric(parts.sum(axis=0) / consumers)


def _inverse_root(spread: np.ndarray, shrink: float) -> np.ndarray:
    """Return the inverse square root of a covariance that is drawn to the unit matrix."""
    count = len(spread)
    shrunk = (1.0 - shrink) * spread + shrink * np.trace(spread) / count * np.eye(count)
    values, axes = eigen(shrunk)
    if not values[-1] > 0.0:  # all days of everybody are alike
        return np.eye(count)
    return product(axes.T / np.sqrt(values), axes)


def _components(white: np.ndarray, components: int) -> np.ndarray:
    """Return the principal axes as rows: (d, r)."""
    total = np.zeros((white.shape[1], white.shape[1]))
    add_squares(white, total)
    return eigen(symmetric(total))[1][:components]


@kernel
def _add_covariances(profiles, offset, across, centre, reach, total):
    """Add the covariances of the kernels of each consumer's days to the upper triangle of `total`."""
    most = 0
    for consumer in range(len(offset) - 1):
        most = max(most, offset[consumer + 1] - offset[consumer])
    days, day = np.empty((most, len(reach))), np.empty(len(reach), np.float32)
    for consumer in range(len(offset) - 1):
        count = offset[consumer + 1] - offset[consumer]
        mean = np.zeros(len(reach))
        for row in range(count):
            kernel_of(profiles[offset[consumer] + row], across, centre, reach, day)
            for landmark in range(len(day)):
                days[row, landmark] = day[landmark]
                mean[landmark] += days[row, landmark] / count
        for row in range(count):
            for landmark in range(len(day)):
                days[row, landmark] = (days[row, landmark] - mean[landmark]) / math.sqrt(count)
        add_squares(days[:count], total)
