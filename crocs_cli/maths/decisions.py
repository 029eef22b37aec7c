"""Decisions on computed reals that rounding cannot turn.

Processors round differently: BLAS, LAPACK and the vector forms of exp, log, power and sine give results that
differ in the last bits, and sums of the same values in another order do so on one processor. A comparison of
two such results must not depend on these bits. Hence one rule for every decision: values that differ by at
most TOLERANCE times the largest magnitude at hand are equal, among equals the first in the order given wins,
and a level is reached by what equals it. Results of crocs' own kernels (DTW, set distances, Ward, k-medoids)
and numpy's sums, means, variances and quantiles have the same bits on every processor and may be compared as
they are. Sort with a stable method: the default one orders equals by the width of the vectors.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

#: fraction of the largest magnitude by which equal values may differ
TOLERANCE = 1e-9


def slack(values: np.ndarray) -> float:
    """Return the largest difference of equal values: TOLERANCE times the largest finite magnitude."""
    magnitudes = np.abs(values)
    return TOLERANCE * float(np.max(magnitudes, initial=0.0, where=np.isfinite(magnitudes)))


def among_least(values: np.ndarray, axis: int = -1) -> np.ndarray:
    """Return which values equal the least one along an axis: bool of the same shape.

    values: real, any shape; NaN loses to every number. Each line along the axis has its own largest
    magnitude. Raises ValueError for an empty axis.
    """
    known = np.where(np.isnan(values), np.inf, values)
    magnitudes = np.abs(known)
    largest = np.max(magnitudes, axis, keepdims=True, initial=0.0, where=np.isfinite(magnitudes))
    return known <= known.min(axis, keepdims=True) + TOLERANCE * largest


def first_least(values: np.ndarray, axis: int = -1) -> np.ndarray:
    """Return the index of the least value along an axis, the first one of `among_least`.

    Returns intp of the shape without the axis; 0 where all are NaN.
    """
    return among_least(values, axis).argmax(axis)


def first_greatest(values: np.ndarray, axis: int = -1) -> np.ndarray:
    """Return the index of the greatest value along an axis; the first one among equals. See `first_least`."""
    return first_least(np.negative(values), axis)


def rank(values: np.ndarray) -> np.ndarray:
    """Return the rank of every value, (n,) intp, 0 for the least; equal values have the same rank.

    values: (n,) real; NaN comes last. A value has the rank of its predecessor in ascending order if the two
    are equal. Use the ranks as a key of np.lexsort, with what decides among equals before it.
    """
    order = np.argsort(values, kind="stable")
    ascending, unknown = values[order], np.isnan(values[order])
    with np.errstate(invalid="ignore"):  # infinities are equal to each other
        higher = (np.diff(ascending) > slack(values)) | (unknown[1:] & ~unknown[:-1])
    ranks = np.zeros(len(values), np.intp)
    ranks[order[1:]] = np.cumsum(higher)
    return ranks


def order(values: np.ndarray) -> np.ndarray:
    """Return the indices that sort some values, (n,) intp; equals keep their order, NaN comes last."""
    return np.argsort(rank(values), kind="stable")


def at_least(values: ArrayLike, level: ArrayLike, scale: float = 0.0) -> np.ndarray:
    """Return whether values reach a level, bool: they are greater than it, or equal. NaN is not.

    scale: the magnitude of what both were computed from, where theirs is smaller, as that of a difference is.
    A value is less than the level, and not equal to it, where this is false.
    """
    values, level = np.asarray(values), np.asarray(level)
    return values >= level - TOLERANCE * np.maximum(np.abs(level), scale)


def at_most(values: ArrayLike, level: ArrayLike, scale: float = 0.0) -> np.ndarray:
    """Return whether values do not exceed a level, bool: they are less than it, or equal. See `at_least`."""
    return at_least(np.negative(values), np.negative(level), scale)
