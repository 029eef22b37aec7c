"""From a consumer's days to its footprint, by maps that are fitted once.

A day x becomes its kernel with some landmarks z, K(x, z) = (|x - c| + |z - c| - |x - z|) / 2: that of the
energy distance, whose mean over days holds all of a distribution of days. The mean of a consumer's days is
whitened, so that what varies from day to day counts little; a vector longer than most is shortened; and its
principal components are kept. A consumer's vector depends on its own days and the maps only.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from crocs_cli.errors import CrocsError
from crocs_cli.maths.compiled import kernel, parallel_for
from crocs_cli.maths.distances.dtw import checked
from crocs_cli.maths.footprints.linear import product

#: consumers that a thread takes at a time
TOGETHER = 64


class FootprintMaps(NamedTuple):
    """The maps that turn days into vectors; all that has to be kept of a fit.

    landmarks: (L, slots) float32; centre: (slots,) float32; whitening: (r, L) float64; mean: (r,) float64;
    radius: () float64; components: (d, r) float64; origin: (d,) float64.
    """

    landmarks: np.ndarray
    centre: np.ndarray
    whitening: np.ndarray
    mean: np.ndarray
    radius: np.ndarray
    components: np.ndarray
    origin: np.ndarray


def vectors(maps: FootprintMaps, profiles: np.ndarray, offset: np.ndarray, threads: int = 1) -> np.ndarray:
    """Return the footprints of n consumers, (n, d) float32.

    profiles: (days, slots), normalised; offset: (n + 1,) int, consumer i owns rows offset[i]:offset[i + 1].
    Raises CrocsError for a reading that is not finite and for other slots than the maps have.
    """
    means = kernel_means(profiles, offset, maps.landmarks, maps.centre, threads)
    return projected(maps, means, threads)


def projected(maps: FootprintMaps, means: np.ndarray, threads: int = 1) -> np.ndarray:
    """Return the footprints (n, d) float32 of consumers whose mean kernels (n, L) are known."""
    found = np.empty((len(means), len(maps.components)), np.float32)
    whitening, components = (np.ascontiguousarray(part.T) for part in (maps.whitening, maps.components))

    def project(first: int) -> None:
        some = slice(first, first + TOGETHER)
        white = product(means[some], whitening) - maps.mean
        shorten(white, float(maps.radius))
        found[some] = product(white, components) - maps.origin

    parallel_for(project, range(0, len(means), TOGETHER), threads)
    return found


def kernel_means(
    profiles: np.ndarray, offset: np.ndarray, landmarks: np.ndarray, centre: np.ndarray, threads: int = 1
) -> np.ndarray:
    """Return the mean kernel of each consumer's days with each landmark: (n, L) float64."""
    profiles = checked(profiles, np.float32)
    if profiles.shape[1] != landmarks.shape[1]:
        raise CrocsError(
            f"profiles of {profiles.shape[1]} slots a day do not fit footprints of {landmarks.shape[1]}; "
            "bring them to one interval"
        )
    offset = np.asarray(offset, np.int64)
    across = np.ascontiguousarray(landmarks.T)
    reach = kernel_reach(across, centre)
    found = np.zeros((len(offset) - 1, len(landmarks)))

    def average(first: int) -> None:
        last = min(first + TOGETHER, len(found))
        _means(profiles, offset[first : last + 1], across, centre, reach, found[first:last])

    parallel_for(average, range(0, len(found), TOGETHER), threads)
    return found


@kernel
def kernel_reach(across, centre):
    """Return |z - c| of every landmark, (L,) float32; across: (slots, L)."""
    reach = np.zeros(across.shape[1], np.float32)
    _distances(centre, across, reach)
    return reach


@kernel
def _means(profiles, offset, across, centre, reach, found):
    """Add up and divide the kernels of the days of some consumers."""
    day = np.empty(len(reach), np.float32)
    for consumer in range(len(offset) - 1):
        mine, days = found[consumer], offset[consumer + 1] - offset[consumer]
        for row in range(offset[consumer], offset[consumer + 1]):
            kernel_of(profiles[row], across, centre, reach, day)
            for landmark in range(len(day)):
                mine[landmark] += np.float64(day[landmark])
        for landmark in range(len(day)):
            mine[landmark] /= days


@kernel
def kernel_of(profile, across, centre, reach, day):
    """Write the kernel of a day with every landmark, (L,) float32."""
    _distances(profile, across, day)
    own = np.float32(0.0)
    for slot in range(len(profile)):
        own += (profile[slot] - centre[slot]) * (profile[slot] - centre[slot])
    own = np.sqrt(own)
    for landmark in range(len(day)):
        day[landmark] = (own + reach[landmark] - day[landmark]) * np.float32(0.5)


@kernel
def _distances(profile, across, found):
    """Write the Euclidean distances of a day to every landmark, one in each lane."""
    found[:] = np.float32(0.0)
    for slot in range(len(profile)):
        value, row = profile[slot], across[slot]
        for landmark in range(len(row)):
            difference = value - row[landmark]
            found[landmark] += difference * difference
    for landmark in range(len(found)):
        found[landmark] = np.sqrt(found[landmark])


@kernel
def shorten(rows, radius):
    """Scale rows that are longer than the radius down to it."""
    for row in range(len(rows)):
        square = 0.0
        for axis in range(rows.shape[1]):
            square += rows[row, axis] * rows[row, axis]
        norm = math.sqrt(square)
        if norm > radius:
            for axis in range(rows.shape[1]):
                rows[row, axis] *= radius / norm
