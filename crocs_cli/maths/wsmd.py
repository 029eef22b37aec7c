"""Distances between representative load sets: WSMD and the seven it is compared with (paper, section 5.3)."""

import math
from typing import Any, NamedTuple

import numpy as np

from crocs_cli.errors import CrocsError
from crocs_cli.maths.compiled import kernel, share
from crocs_cli.maths.dtw import checked
from crocs_cli.maths.lanes import FAR, TOGETHER, across, band, dtw_sums, lanes, root
from crocs_cli.maths.loadsets import LoadSets

MIN, SUM, MAX = 0, 1, 2
MEAN, LARGER = 0, 1


class SetDistance(NamedTuple):
    """How DTWs become a distance: from each prototype to the other set, over its own set, out of both."""

    inner: int
    outer: int
    both: int
    weights: str


#: by name; formulas in the paper's Table 3
SET_DISTANCES = {
    "wsmd": SetDistance(MIN, SUM, MEAN, "share"),
    "wsmd-pooled": SetDistance(MIN, SUM, MEAN, "days"),
    "smd": SetDistance(MIN, SUM, MEAN, "equal"),
    "hd": SetDistance(MIN, MAX, LARGER, "equal"),
    "mhd": SetDistance(MIN, SUM, LARGER, "equal"),
    "sl": SetDistance(MIN, MIN, LARGER, "equal"),
    "cl": SetDistance(MAX, MAX, LARGER, "equal"),
    "al": SetDistance(SUM, SUM, MEAN, "equal"),
    "wal": SetDistance(SUM, SUM, MEAN, "share"),
}


class Rows(NamedTuple):
    """Load sets as queries: the prototypes one after another, consumers with the fewest first."""

    profiles: np.ndarray  # (P, slots)
    weights: np.ndarray  # (P,)
    offset: np.ndarray  # (n + 1,)
    consumer: np.ndarray  # (n,) the consumer's place in the caller's list


class Targets(NamedTuple):
    """Load sets laid across lanes: a block has a consumer in each lane and a target for each prototype."""

    profiles: np.ndarray  # (T, slots + 2 window, lanes)
    weights: np.ndarray  # (T, lanes), 0 where the consumer has no such prototype
    block: np.ndarray  # (blocks + 1,) each block's targets
    consumer: np.ndarray  # (n,) in order of block and lane


def set_distances(
    first: LoadSets,
    second: LoadSets,
    *,
    distance: str = "wsmd",
    window: int,
    dtype: Any = np.float32,
    threads: int = 1,
) -> np.ndarray:
    """Compare every consumer of one list with every consumer of another, giving (n, m) `dtype`.

    `distance` is a name in SET_DISTANCES, `window` the half-width of the DTW band in slots. Where `second`
    is `first`, half of the matrix is computed and mirrored. A pair's value is the same bits whatever else
    is in the lists, whichever comes first, and however many threads share the work.
    Raises CrocsError for readings that are not finite and for profiles of different lengths.
    """
    rule = SET_DISTANCES[distance]
    rows, targets, offsets = _lay_out(first, second, window, dtype, rule.weights)
    result = np.empty((len(first), len(second)), dtype)

    def compare(begin: int) -> None:
        _compare(rows, targets, rule[:3], first is second, begin, offsets, result)

    share(compare, range(0, len(first), TOGETHER), threads)
    if rule.weights == "days":
        totals = [part.sum_per_consumer(part.days.astype(np.float64)) for part in (first, second)]
        result *= (2.0 / np.add.outer(*totals)).astype(dtype)
    return result


def nearest_prototypes(
    first: LoadSets, second: LoadSets, window: int, threads: int = 1
) -> tuple[np.ndarray, np.ndarray]:
    """Find for every prototype of `first` (P,) the nearest prototype of every consumer of `second` (m).

    Gives its index among that consumer's prototypes, (P, m) int32, the lowest on ties, and the DTW to it,
    (P, m) float32. Source: the edges of the prototype graph (paper, section 3.3).
    """
    rows, targets, offsets = _lay_out(first, second, window, np.float32, "equal")
    shape = (len(first.prototypes), len(second))
    index, distance = np.empty(shape, np.int32), np.empty(shape, np.float32)
    places = first.offset[rows.consumer]

    def find(begin: int) -> None:
        _find_nearest(rows, targets, begin, offsets, (places, index, distance))

    share(find, range(0, len(first), TOGETHER), threads)
    return index, distance


def _lay_out(
    first: LoadSets, second: LoadSets, window: int, dtype: Any, weights: str
) -> tuple[Rows, Targets, tuple[int, ...]]:
    slots = first.prototypes.shape[1]
    if slots != second.prototypes.shape[1]:
        raise CrocsError(
            f"load sets of {slots} and {second.prototypes.shape[1]} slots a day cannot be compared; "
            "bring them to one interval"
        )
    rows, offsets = _rows(first, dtype, weights), band(window, slots)
    return rows, _targets(rows if second is first else _rows(second, dtype, weights), offsets), offsets


def _rows(sets: LoadSets, dtype: Any, weights: str) -> Rows:
    order = np.argsort(sets.sizes(), kind="stable")  # neighbours then fill a block together
    if np.any(np.diff(order) < 0):
        sets = sets.take(order)
    sizes = sets.sizes()
    of_prototypes = {"share": sets.weights(), "days": sets.days, "equal": (1.0 / sizes).repeat(sizes)}
    return Rows(
        checked(sets.prototypes, dtype),
        of_prototypes[weights].astype(dtype),
        sets.offset.astype(np.int64),
        order,
    )


def _targets(rows: Rows, offsets: tuple[int, ...]) -> Targets:
    number, (prototypes, slots), margin = len(rows.consumer), rows.profiles.shape, len(offsets) // 2
    width = lanes(rows.profiles.dtype)
    sizes, blocks = np.diff(rows.offset), -(-number // width)
    last = np.minimum(width * np.arange(1, blocks + 1), number) - 1  # has the most prototypes of its block
    block = np.concatenate([[0], np.cumsum(sizes[last])])
    consumer = np.arange(number).repeat(sizes)
    target = block[consumer // width] + np.arange(prototypes) - rows.offset[consumer]
    profiles = np.full((block[-1], slots + 2 * margin, width), FAR, rows.profiles.dtype)
    profiles[target, margin : margin + slots, consumer % width] = rows.profiles
    weights = np.zeros((block[-1], width), rows.profiles.dtype)
    weights[target, consumer % width] = rows.weights
    return Targets(profiles, weights, block, rows.consumer)


@kernel
def _fill(queries: np.ndarray, targets: Targets, block: int, tile: np.ndarray, band: tuple) -> int:
    """Compare queries (n, slots) with a block, into tile (targets, n, lanes); give its number of targets."""
    first, last = targets.block[block], targets.block[block + 1]
    for target in range(first, last):
        dtw_sums(queries, targets.profiles[target], tile[target - first], band)
    return last - first


@kernel
def _compare(
    rows: Rows, targets: Targets, rule: tuple, symmetric: bool, begin: int, band: tuple, result: np.ndarray
) -> None:
    """Fill the distances of TOGETHER consumers from `begin` on to all others, or to those that follow."""
    end, lanes = min(begin + TOGETHER, len(rows.consumer)), across(rows.profiles)
    base = rows.offset[begin]
    queries = rows.profiles[base : rows.offset[end]]
    own = np.empty((len(queries), lanes), queries.dtype)
    for query in range(len(queries)):
        own[query] = rows.weights[base + query]
    most = targets.block[-1] - targets.block[-2]  # prototypes of the last block, which has the most
    tile = np.empty((most, len(queries), lanes), queries.dtype)
    scratch = np.empty((len(queries) + most + 2, lanes), queries.dtype)
    for block in range(begin // lanes if symmetric else 0, len(targets.block) - 1):
        _fill(queries, targets, block, tile, band)
        weights = targets.weights[targets.block[block] : targets.block[block + 1]]
        for here in range(begin, end):
            mine = slice(rows.offset[here] - base, rows.offset[here + 1] - base)
            values = _reduce(tile[: len(weights), mine], own[mine], weights, rule, scratch)
            for lane in range(min(lanes, len(targets.consumer) - block * lanes)):
                row, column = rows.consumer[here], targets.consumer[block * lanes + lane]
                result[row, column] = values[lane]
                if symmetric:
                    result[column, row] = values[lane]


@kernel
def _reduce(
    tile: np.ndarray, own: np.ndarray, weights: np.ndarray, rule: tuple, scratch: np.ndarray
) -> np.ndarray:
    """Reduce squared DTWs (targets, rows, lanes) of one consumer to its distances to those in the lanes."""
    inner, outer, both = rule
    totals, columns = scratch[:2], scratch[2 : 2 + len(weights)]
    rows = scratch[2 + len(weights) : 2 + len(weights) + len(own)]
    if inner == SUM:
        for target in range(len(tile)):
            root(tile[target])
    for query in range(len(own)):
        _fold(inner, tile[:, query], weights, rows[query])
    for target in range(len(weights)):
        _fold(inner, tile[target], own, columns[target])
    if inner != SUM:  # roots last: they are monotone
        root(rows)
        root(columns)
    _fold(outer, rows, own, totals[0])
    _fold(outer, columns, weights, totals[1])
    for lane in range(across(totals)):
        mean = (totals[0, lane] + totals[1, lane]) / 2
        totals[0, lane] = mean if both == MEAN else max(totals[0, lane], totals[1, lane])
    return totals[0]


@kernel
def _fold(how: int, values: np.ndarray, weights: np.ndarray, total: np.ndarray) -> None:
    """Reduce values (n, lanes) to their least, weighted sum, or greatest of those that weigh anything."""
    for lane in range(across(total)):
        total[lane] = np.inf if how == MIN else 0.0
    for each in range(len(values)):
        for lane in range(across(total)):
            if how == MIN:
                total[lane] = min(total[lane], values[each, lane])
            elif how == SUM:
                total[lane] += weights[each, lane] * values[each, lane]
            elif weights[each, lane] > 0:
                total[lane] = max(total[lane], values[each, lane])


@kernel
def _find_nearest(rows: Rows, targets: Targets, begin: int, band: tuple, found: tuple) -> None:
    """Find the nearest prototypes for those of TOGETHER consumers from `begin` on."""
    places, index, distance = found
    end, lanes = min(begin + TOGETHER, len(rows.consumer)), across(rows.profiles)
    base = rows.offset[begin]
    queries = rows.profiles[base : rows.offset[end]]
    tile = np.empty((targets.block[-1] - targets.block[-2], len(queries), lanes), queries.dtype)
    for block in range(len(targets.block) - 1):
        number = _fill(queries, targets, block, tile, band)
        for here in range(begin, end):
            for row in range(rows.offset[here], rows.offset[here + 1]):
                place = places[here] + row - rows.offset[here]
                for lane in range(min(lanes, len(targets.consumer) - block * lanes)):
                    best = 0
                    for target in range(1, number):
                        if tile[target, row - base, lane] < tile[best, row - base, lane]:
                            best = target
                    column = targets.consumer[block * lanes + lane]
                    index[place, column] = best
                    distance[place, column] = math.sqrt(tile[best, row - base, lane])
