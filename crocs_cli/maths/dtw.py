"""DTW between daily load profiles inside a band of `window` slots (paper, section 3.1: DTW-2)."""

from typing import Any

import numpy as np

from crocs_cli.errors import CrocsError
from crocs_cli.maths.compiled import kernel
from crocs_cli.maths.lanes import FAR, across, band, dtw_sums, root

#: readings beyond this could pass for FAR
LARGEST = 1e9
#: rows of a result that are filled together: so few that the cache holds where they go on
FEW = 32


def dtw_within(profiles: np.ndarray, window: int) -> np.ndarray:
    """Compare every two profiles (p, slots) by DTW.

    `window` is the half-width of the band in slots; 0 is the Euclidean distance. Gives (p, p) float64,
    the square root of the least path sum of squared differences, in the units of the profiles.
    Raises CrocsError where a reading is not finite or beyond 1e9.
    """
    profiles = checked(profiles, np.float64)
    squares = squares_within(profiles, band(window, profiles.shape[1]))
    return np.sqrt(squares, out=squares)


def dtw_between(first: np.ndarray, second: np.ndarray, window: int, dtype: Any = np.float64) -> np.ndarray:
    """Compare profiles (n, slots) with profiles (m, slots) by DTW, giving (n, m) `dtype`; see dtw_within."""
    first, second = checked(first, dtype), checked(second, dtype)
    if first.shape[1] != second.shape[1]:
        raise CrocsError(
            f"profiles of {first.shape[1]} and {second.shape[1]} slots cannot be compared; "
            "bring them to one interval"
        )
    return _roots_between(first, second, band(window, first.shape[1]))


def checked(profiles: np.ndarray, dtype: Any) -> np.ndarray:
    """Give profiles (n, slots) as the kernels want them, or raise CrocsError."""
    profiles = np.ascontiguousarray(profiles, dtype)
    if profiles.size and not max(-profiles.min(), profiles.max()) < LARGEST:  # NaN is not less than anything
        raise CrocsError(f"profiles: a reading is missing, infinite or beyond {LARGEST:g}; leave out its day")
    return profiles


@kernel
def squares_within(profiles: np.ndarray, band: tuple[int, ...]) -> np.ndarray:
    """Give the squared DTW of every two profiles (p, slots), (p, p)."""
    number, lanes = len(profiles), across(profiles)
    squares = np.empty((number, number), profiles.dtype)
    target = np.empty((profiles.shape[1] + len(band) - 1, lanes), profiles.dtype)
    sums = np.empty((number, lanes), profiles.dtype)
    for last in range(number, 0, -lanes):  # downwards, so that a block not full has the fewest queries
        first = max(last - lanes, 0)
        _lay(profiles[first:last], target, band)
        dtw_sums(profiles[:last], target, sums, band)
        for row in range(last):
            for column in range(first, last):
                squares[row, column] = sums[row, column - first]
                squares[column, row] = sums[row, column - first]
    return squares


@kernel
def _roots_between(first: np.ndarray, second: np.ndarray, band: tuple[int, ...]) -> np.ndarray:
    lanes, slots = across(first), first.shape[1]
    targets = np.empty(((len(second) + lanes - 1) // lanes, slots + len(band) - 1, lanes), first.dtype)
    roots = np.empty((len(first), len(second)), first.dtype)
    for each in range(len(targets)):
        _lay(second[each * lanes : (each + 1) * lanes], targets[each], band)
    sums = np.empty((FEW, lanes), first.dtype)
    for begin in range(0, len(first), FEW):
        queries = first[begin : begin + FEW]
        for each in range(len(targets)):
            dtw_sums(queries, targets[each], sums, band)
            root(sums)
            for row in range(len(queries)):
                for column in range(each * lanes, min((each + 1) * lanes, len(second))):
                    roots[begin + row, column] = sums[row, column - each * lanes]
    return roots


@kernel
def _lay(profiles: np.ndarray, target: np.ndarray, band: tuple[int, ...]) -> None:
    """Lay profiles (n, slots) side by side into a target (slots + width - 1, lanes)."""
    target[:] = FAR
    for lane in range(len(profiles)):
        for slot in range(profiles.shape[1]):
            target[len(band) // 2 + slot, lane] = profiles[lane, slot]
