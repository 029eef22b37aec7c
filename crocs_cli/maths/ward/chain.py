"""Ward by the chain of nearest neighbours, in place, for data that has few reciprocal pairs at a time."""

from __future__ import annotations

import numpy as np

from crocs_cli.maths.compiled import kernel
from crocs_cli.maths.distances.condensed import row_start
from crocs_cli.maths.ward.lance_williams import union_square
from crocs_cli.maths.ward.neighbours import UNKNOWN, nearest_to, neighbour, square_of


@kernel
def merge_by_chain(matrix, members, near, merges):
    """Merge `merges` times; return the first clusters, the second ones, and their squared heights float64.

    matrix: condensed squared distances, float32, changed in place; members: int64, how many each cluster
    has, changed in place: the larger number of a merged pair gets 0; near: uint64, each cluster's nearest
    (see `neighbours`), changed in place. Most of them stay right all along: a union is nearer to none than
    its parts were (Ward is reducible), so only who was nearest to a part must look again.
    Source: Murtagh 1983.
    """
    first, second, square = np.empty(merges, np.int64), np.empty(merges, np.int64), np.empty(merges)
    chain = np.empty(len(members), np.int64)
    length, start = 0, 0
    for merged in range(merges):
        if length == 0:
            while members[start] == 0:
                start += 1
            chain[0], length = start, 1
        while True:
            top = chain[length - 1]
            if near[top] == UNKNOWN:
                near[top] = look(matrix, members, top)
            nearest = nearest_to(top, near[top])
            if length > 1 and nearest == chain[length - 2]:
                break
            chain[length] = nearest
            length += 1
        length -= 2
        first[merged], second[merged] = min(top, nearest), max(top, nearest)
        square[merged] = square_of(near[top])
        merge(matrix, members, near, (first[merged], second[merged], square[merged]))
    return first, second, square


@kernel
def look(matrix, members, cluster):
    """Return the nearest of a cluster."""
    count, nearest = len(members), UNKNOWN
    bits = matrix.view(np.uint32)
    place = cluster - 1
    for other in range(cluster):
        if members[other]:
            nearest = min(nearest, neighbour(bits[place], cluster, other))
        place += count - other - 2
    place = row_start(cluster, count)
    for other in range(cluster + 1, count):
        if members[other]:
            nearest = min(nearest, neighbour(bits[place], cluster, other))
        place += 1
    return nearest


@kernel
def merge(matrix, members, near, pair):
    """Replace the first of two clusters by their union; given are both and their squared distance."""
    first, second, between = pair
    count, bits = len(members), matrix.view(np.uint32)
    in_first, in_second = members[first], members[second]
    members[second], near[first] = 0, UNKNOWN
    to_first, to_second = first - 1, second - 1
    for other in range(count):
        if other == first:
            to_first = row_start(first, count) - 1
        if other == second:
            to_second = row_start(second, count) - 1
        if members[other] and other != first:
            here, there = np.float64(matrix[to_first]), np.float64(matrix[to_second])
            matrix[to_first] = union_square(here, there, between, in_first, in_second, members[other])
            meet(near, other, neighbour(bits[to_first], first, other), first, second)
        to_first += count - other - 2 if other < first else 1
        to_second += count - other - 2 if other < second else 1
    members[first] = in_first + in_second


@kernel
def meet(near, other, key, first, second):
    """Let a union, in the place of its first cluster, and another cluster know each other by their key."""
    near[first] = min(near[first], key)
    if near[other] != UNKNOWN:
        forgets = nearest_to(other, near[other]) in (first, second)
        near[other] = UNKNOWN if forgets else min(near[other], key)
