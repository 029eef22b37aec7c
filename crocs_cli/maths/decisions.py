"""Decisions on computed reals that rounding cannot turn.

Processors round differently: BLAS, LAPACK and the vector forms of exp and log give results that differ in the
last bits. A comparison of two such results must not depend on these bits. Hence one rule for every decision:
values that differ by at most TOLERANCE times the largest magnitude at hand are equal, and among equals the
first in the order given wins. Results of crocs' own kernels (DTW, set distances, Ward, k-medoids) have the
same bits on every processor and may be compared as they are.
"""

from __future__ import annotations

import numpy as np

#: fraction of the largest magnitude by which equal values may differ
TOLERANCE = 1e-9


def slack(values: np.ndarray) -> float:
    """Return the largest difference of equal values: TOLERANCE times the largest finite magnitude."""
    magnitudes = np.abs(values)
    return TOLERANCE * float(np.max(magnitudes, initial=0.0, where=np.isfinite(magnitudes)))


def first_least(values: np.ndarray, axis: int = -1) -> np.ndarray:
    """Return the index of the least value along an axis; the first one among equals.

    values: real, any shape; NaN loses to every number. Each line along the axis has its own largest
    magnitude. Returns intp of the shape without the axis; 0 where all are NaN. Raises ValueError for an
    empty axis.
    """
    lines = np.moveaxis(np.where(np.isnan(values), np.inf, values), axis, -1)
    magnitudes = np.abs(lines)
    largest = np.max(magnitudes, axis=-1, keepdims=True, initial=0.0, where=np.isfinite(magnitudes))
    return (lines <= lines.min(axis=-1, keepdims=True) + TOLERANCE * largest).argmax(axis=-1)


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
