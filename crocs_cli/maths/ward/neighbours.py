"""A cluster's nearest neighbour as one whole number, whose order is the order of nearness.

The upper half holds the bits of the squared distance, float32 and not negative, which are in the order of the
numbers. The lower half holds cluster XOR neighbour, which tells who it is and breaks ties: it is the same
seen from both ends, so that no circle of nearest neighbours can arise, and it pairs heaps of duplicates in
bulk. One whole number for both is what lets the machine's vectors find the least.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from crocs_cli.maths.compiled import kernel

UNKNOWN = np.uint64(0xFFFFFFFFFFFFFFFF)  # farther than anybody
_HALF, _LOWER = np.uint64(32), np.uint64(0xFFFFFFFF)


class Pairs(NamedTuple):
    """Clusters that merge: first < second, int64, and their squared distance, float64."""

    first: np.ndarray
    second: np.ndarray
    square: np.ndarray


NO_PAIRS = Pairs(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0))


@kernel
def neighbour(bits, cluster, other):
    """Return what two clusters are to each other; bits: their squared distance viewed as uint32."""
    return (np.uint64(bits) << _HALF) | np.uint64(cluster ^ other)


@kernel
def nearest_to(cluster, near):
    """Return the number of a cluster's neighbour."""
    return np.int64(near & _LOWER) ^ cluster


@kernel
def square_of(near):
    """Return the squared distance to a neighbour as float64."""
    bits = np.empty(1, np.uint32)
    bits[0] = np.uint32(near >> _HALF)
    return np.float64(bits.view(np.float32)[0])


@kernel
def note(pairs, row, near):
    """Update the neighbours at both ends of the pairs of one row with the rows after it.

    pairs: (rows after,) float32 squared distances; near: (rows,) uint64, changed in place.
    """
    bits = pairs.view(np.uint32)
    after = near[row + 1 :]
    for place in range(len(bits)):
        after[place] = min(after[place], neighbour(bits[place], row, row + 1 + place))
    nearest = near[row]
    for place in range(len(bits)):
        nearest = min(nearest, neighbour(bits[place], row, row + 1 + place))
    near[row] = nearest


def reciprocal_pairs(near: np.ndarray) -> Pairs:
    """Return the clusters that are each other's nearest; near: (clusters,) uint64."""
    cluster = np.arange(len(near))
    nearest = (near & _LOWER).astype(np.int64) ^ cluster
    first = np.flatnonzero((nearest[nearest] == cluster) & (cluster < nearest))
    square = (near[first] >> _HALF).astype(np.uint32).view(np.float32)
    return Pairs(first, nearest[first], square.astype(np.float64))
