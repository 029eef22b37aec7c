"""DTW between daily load profiles inside a band of `window` slots (paper, section 3.1: DTW-2)."""

from typing import Any

import numpy as np

from crocs_cli.errors import CrocsError
from crocs_cli.maths.compiled import kernel
from crocs_cli.maths.distances.lanes import across, band, dtw_sums, lay

#: readings beyond this could pass for FAR
LARGEST = 1e9
#: rows of a result that are filled together: so few that the cache holds where they go on
FEW = 32


def dtw_between(first: np.ndarray, second: np.ndarray, window: int, dtype: Any = np.float64) -> np.ndarray:
    """Compare profiles (n, slots) with profiles (m, slots) by DTW, giving (n, m) `dtype`.

    `window` is the half-width of the band in slots; 0 is the Euclidean distance. A DTW is the square root of
    the least path sum of squared differences, in the units of the profiles. Where `second` is `first`, half
    of the matrix is computed and mirrored. Raises CrocsError where a reading is not finite or beyond 1e9,
    and for profiles of different lengths.
    """
    same = second is first
    first = checked(first, dtype)
    second = first if same else checked(second, dtype)
    squares = squares_between(first, second, same, band_of(first, second, window))
    return np.sqrt(squares, out=squares)


def band_of(first: np.ndarray, second: np.ndarray, window: int) -> tuple[int, ...]:
    """Return the band in which two lists of profiles (n, slots) are compared, or raise CrocsError."""
    one, other = first.shape[1], second.shape[1]
    if one != other:
        raise CrocsError(
            f"profiles of {one} and {other} slots a day cannot be compared; bring them to one interval"
        )
    return band(window, one)


def checked(profiles: np.ndarray, dtype: Any) -> np.ndarray:
    """Return profiles (n, slots) as the kernels want them, or raise CrocsError."""
    profiles = np.ascontiguousarray(profiles, dtype)
    if profiles.size and not max(-profiles.min(), profiles.max()) < LARGEST:  # NaN is not less than anything
        raise CrocsError(f"profiles: a reading is missing, infinite or beyond {LARGEST:g}; leave out its day")
    return profiles


@kernel
def squares_between(first: np.ndarray, second: np.ndarray, same: bool, band: tuple[int, ...]) -> np.ndarray:
    """Return the squared DTW of profiles (n, slots) with profiles (m, slots), (n, m).

    Where `first` and `second` are the `same`, half of the matrix is computed and mirrored.
    """
    lanes, columns = across(first), len(second)
    targets = lay(second, np.arange(columns), (columns + lanes - 1) // lanes, band)
    squares = np.empty(len(first) * columns + lanes, first.dtype)[:-lanes].reshape(len(first), columns)
    for begin in range(0, len(first), FEW):
        for block in range(len(targets) - 1, -1, -1):  # what passes the end of a row is then overwritten
            row = max(begin, block * lanes) if same else begin
            dtw_sums(first[row : begin + FEW], targets[block], squares, (row, block * lanes), band)
        for row in range(begin, min(begin + FEW, len(first)) if same else begin):
            for column in range(row):
                squares[column, row] = squares[row, column]
    return squares
