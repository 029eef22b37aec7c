"""DTW between daily load profiles under a band of `window` slots (paper, section 3.1: DTW-2)."""

import numpy as np

from crocs_cli.errors import CrocsError
from crocs_cli.maths.compiled import kernel
from crocs_cli.maths.lanes import band, dtw_sums, lanes, lay

#: readings beyond this could pass for the filling between profiles
LARGEST = 1e9


def dtw_within(profiles: np.ndarray, window: int) -> np.ndarray:
    """Compare every two profiles (p, slots) by DTW.

    `window` is the half-width of the band in slots; 0 is the Euclidean distance. Gives (p, p) float64,
    the square root of the least path sum of squared differences, in the units of the profiles.
    Raises CrocsError where a reading is not finite or beyond 1e9.
    """
    profiles = checked(profiles, np.float64)
    if len(profiles) == 0:
        return np.empty((0, 0))
    squares = within(profiles, band(window, profiles.shape[1]), lanes(profiles.dtype))
    return np.sqrt(squares, out=squares)


def dtw_between(
    first: np.ndarray, second: np.ndarray, window: int, dtype: type[np.floating] = np.float64
) -> np.ndarray:
    """Compare profiles (n, slots) with profiles (m, slots) by DTW, giving (n, m) `dtype`; see dtw_within."""
    first, second = checked(first, dtype), checked(second, dtype)
    if first.shape[1] != second.shape[1]:
        raise CrocsError(
            f"profiles of {first.shape[1]} and {second.shape[1]} slots cannot be compared; "
            "bring them to one interval"
        )
    squares = np.empty((len(first), len(second)), dtype)
    if squares.size:
        _between(first, second, squares, band(window, first.shape[1]), lanes(first.dtype))
    return np.sqrt(squares, out=squares)


def checked(profiles: np.ndarray, dtype: type[np.floating]) -> np.ndarray:
    """Give profiles (n, slots) as the kernels want them, or raise CrocsError."""
    profiles = np.ascontiguousarray(profiles, dtype)
    if profiles.size and not np.abs(profiles).max() < LARGEST:  # NaN is not less than anything
        raise CrocsError(f"profiles: a reading is missing, infinite or beyond {LARGEST:g}; leave out its day")
    return profiles


@kernel
def within(profiles, band, lanes):  # type: ignore[no-untyped-def]
    """Give the squared DTW of every two profiles (p, slots), (p, p)."""
    number, slots = profiles.shape
    squares = np.empty((number, number), profiles.dtype)
    target = np.empty((slots + len(band) - 1, lanes), profiles.dtype)
    sums = np.empty((number, lanes), profiles.dtype)
    for first in range(0, number, lanes):
        last = min(first + lanes, number)
        lay(profiles, first, target, len(band) // 2)
        dtw_sums(profiles[:last], target, sums, band)
        for row in range(last):
            for column in range(first, last):
                squares[row, column] = sums[row, column - first]
                squares[column, row] = sums[row, column - first]
    return squares


@kernel
def _between(first, second, squares, band, lanes):  # type: ignore[no-untyped-def]
    target = np.empty((first.shape[1] + len(band) - 1, lanes), first.dtype)
    sums = np.empty((len(first), lanes), first.dtype)
    for column in range(0, len(second), lanes):
        last = min(column + lanes, len(second))
        lay(second, column, target, len(band) // 2)
        dtw_sums(first, target, sums, band)
        squares[:, column:last] = sums[:, : last - column]
