"""Distances between representative load sets: WSMD and the seven it is compared with (paper, section 5.3)."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np

from crocs_cli.errors import CrocsError
from crocs_cli.maths.compiled import kernel
from crocs_cli.maths.dtw import checked
from crocs_cli.maths.lanes import FAR, TOGETHER, band, dtw_sums, lanes
from crocs_cli.maths.loadsets import LoadSets

MIN, SUM, MAX = 0, 1, 2
MEAN, LARGER = 0, 1
START = (np.inf, 0.0, 0.0)


class SetDistance(NamedTuple):
    """How DTWs become a distance: for each prototype over the other set, then over the set, then of both."""

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
    """Load sets as the kernels read them, the consumers with the fewest prototypes first."""

    profiles: np.ndarray  # (P, slots)
    weights: np.ndarray  # (P,)
    offset: np.ndarray  # (n + 1,)
    consumer: np.ndarray  # (n,) where each stands among the caller's consumers


class Targets(NamedTuple):
    """Load sets laid across lanes: a block has a consumer in each lane, a target for each prototype."""

    profiles: np.ndarray  # (T, slots + 2 window, lanes)
    weights: np.ndarray  # (T, lanes), 0 where the consumer has no such prototype
    block: np.ndarray  # (blocks + 1,) the targets of each block
    consumer: np.ndarray  # (n,)


def set_distances(
    first: LoadSets,
    second: LoadSets,
    *,
    distance: str = "wsmd",
    window: int,
    dtype: type[np.floating] = np.float32,
    threads: int = 1,
) -> np.ndarray:
    """Compare every consumer of one list with every consumer of another, giving (n, m) `dtype`.

    `distance` is a name in SET_DISTANCES, `window` the half-width of the DTW band in slots. Where `second`
    is `first`, half the matrix is computed and mirrored. A pair's value is the same bits whatever else is
    in the lists, whichever comes first, and however many threads share the work.
    Raises CrocsError for readings that are not finite and for profiles of different lengths.
    """
    rule = SET_DISTANCES[distance]
    rows, targets, offsets = _lay_out(first, second, window, dtype, rule.weights)
    result = np.empty((len(first), len(second)), dtype)
    symmetric = first is second

    def compare(begin: int) -> None:
        _compare(rows, targets, rule[:3], symmetric, begin, offsets, result)

    _share(compare, range(0, len(first), TOGETHER), threads)
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
    begins = first.offset[rows.consumer]

    def find(begin: int) -> None:
        _nearest(rows, targets, begin, offsets, (begins, index, distance))

    _share(find, range(0, len(first), TOGETHER), threads)
    return index, distance


def _share(work: Callable[[int], None], parts: Iterable[int], threads: int) -> None:
    """Run the parts, each taken by the next free thread: the kernels hold no GIL."""
    with ThreadPoolExecutor(threads) as pool:
        for _ in pool.map(work, parts):
            pass


def _lay_out(
    first: LoadSets, second: LoadSets, window: int, dtype: type[np.floating], weights: str
) -> tuple[Rows, Targets, tuple[int, ...]]:
    if first.prototypes.shape[1] != second.prototypes.shape[1]:
        raise CrocsError(
            f"load sets of {first.prototypes.shape[1]} and {second.prototypes.shape[1]} slots a day "
            "cannot be compared; bring them to one interval"
        )
    offsets = band(window, first.prototypes.shape[1])
    rows = _rows(first, dtype, weights)
    others = rows if second is first else _rows(second, dtype, weights)
    return rows, Targets(*_targets(others, len(offsets) // 2, lanes(np.dtype(dtype)))), offsets


def _rows(sets: LoadSets, dtype: type[np.floating], weights: str) -> Rows:
    """Sort consumers by their number of prototypes, so that neighbours share a block without filling."""
    order = np.argsort(sets.sizes(), kind="stable")
    if np.any(np.diff(order) < 0):
        sets = sets.take(order)
    values = {
        "share": sets.weights(),
        "days": sets.days,
        "equal": 1.0 / sets.sizes().repeat(sets.sizes()),
    }[weights]
    return Rows(checked(sets.prototypes, dtype), values.astype(dtype), sets.offset.astype(np.int64), order)


@kernel
def _targets(rows, margin, lanes):  # type: ignore[no-untyped-def]
    consumers, slots = len(rows.consumer), rows.profiles.shape[1]
    block = np.zeros((consumers + lanes - 1) // lanes + 1, np.int64)
    for each in range(1, len(block)):
        last = min(each * lanes, consumers)  # the last of a block has the most prototypes
        block[each] = block[each - 1] + rows.offset[last] - rows.offset[last - 1]
    profiles = np.empty((block[-1], slots + 2 * margin, lanes), rows.profiles.dtype)
    weights = np.zeros((block[-1], lanes), rows.profiles.dtype)
    profiles[:] = FAR
    for consumer in range(consumers):
        each, lane = divmod(consumer, lanes)
        for row in range(rows.offset[consumer], rows.offset[consumer + 1]):
            target = block[each] + row - rows.offset[consumer]
            profiles[target, margin : margin + slots, lane] = rows.profiles[row]
            weights[target, lane] = rows.weights[row]
    return profiles, weights, block, rows.consumer


@kernel
def _tile(queries, targets, each, sums, band):  # type: ignore[no-untyped-def]
    """Compare prototypes (n, slots) with those of one block into sums (its targets, n, lanes)."""
    for target in range(targets.block[each], targets.block[each + 1]):
        dtw_sums(queries, targets.profiles[target], sums[target - targets.block[each]], band)


@kernel
def _compare(rows, targets, rule, symmetric, begin, band, result):  # type: ignore[no-untyped-def]
    """Fill the distances of TOGETHER consumers from `begin` on to all others, or to those that follow."""
    end = min(begin + TOGETHER, len(rows.consumer))
    base, lanes = rows.offset[begin], targets.profiles.shape[2]
    queries = rows.profiles[base : rows.offset[end]]
    most = np.max(np.diff(targets.block))
    sums = np.empty((most, len(queries), lanes), queries.dtype)
    scratch = np.empty((most + 3, lanes), queries.dtype)
    for each in range(begin // lanes if symmetric else 0, len(targets.block) - 1):
        _tile(queries, targets, each, sums, band)
        weights = targets.weights[targets.block[each] : targets.block[each + 1]]
        for consumer in range(begin, end):
            start, stop = rows.offset[consumer], rows.offset[consumer + 1]
            tile = sums[: len(weights), start - base : stop - base]
            values = _distances(tile, rows.weights[start:stop], weights, rule, scratch)
            for lane in range(min(lanes, len(targets.consumer) - each * lanes)):
                here, there = rows.consumer[consumer], targets.consumer[each * lanes + lane]
                result[here, there] = values[lane]
                if symmetric:
                    result[there, here] = values[lane]


@kernel
def _distances(tile, row_weights, weights, rule, scratch):  # type: ignore[no-untyped-def]
    """Reduce the squared DTWs of one consumer to those in the lanes, (targets, rows, lanes), to distances."""
    inner, outer, both = rule
    columns, (row, same, total) = scratch[3 : 3 + len(tile)], scratch[:3]
    columns[:] = START[inner]
    total[:] = START[outer]
    if inner == SUM:
        np.sqrt(tile, tile)
    for query in range(tile.shape[1]):
        row[:] = START[inner]
        same[:] = row_weights[query]
        for target in range(len(tile)):
            _fold(inner, row, tile[target, query], weights[target])
            _fold(inner, columns[target], tile[target, query], same)
        if inner != SUM:
            np.sqrt(row, row)  # roots last: they are monotone
        _fold(outer, total, row, same)
    row[:] = START[outer]
    if inner != SUM:
        np.sqrt(columns, columns)
    for target in range(len(tile)):
        _fold(outer, row, columns[target], weights[target])
    return (total + row) / 2 if both == MEAN else np.maximum(total, row)


@kernel
def _fold(how, total, values, weights):  # type: ignore[no-untyped-def]
    """Take values (lanes,) into a running minimum, weighted sum or maximum of those that weigh anything."""
    for lane in range(len(total)):
        if how == MIN:
            total[lane] = min(total[lane], values[lane])
        elif how == SUM:
            total[lane] += weights[lane] * values[lane]
        elif weights[lane] > 0:
            total[lane] = max(total[lane], values[lane])


@kernel
def _nearest(rows, targets, begin, band, found):  # type: ignore[no-untyped-def]
    """Find the nearest prototypes for those of TOGETHER consumers from `begin` on."""
    begins, index, distance = found
    end = min(begin + TOGETHER, len(rows.consumer))
    base, lanes = rows.offset[begin], targets.profiles.shape[2]
    queries = rows.profiles[base : rows.offset[end]]
    sums = np.empty((np.max(np.diff(targets.block)), len(queries), lanes), queries.dtype)
    for each in range(len(targets.block) - 1):
        _tile(queries, targets, each, sums, band)
        tile = sums[: targets.block[each + 1] - targets.block[each]]
        for consumer in range(begin, end):
            for row in range(rows.offset[consumer], rows.offset[consumer + 1]):
                out = begins[consumer] + row - rows.offset[consumer]
                for lane in range(min(lanes, len(targets.consumer) - each * lanes)):
                    there = targets.consumer[each * lanes + lane]
                    best = np.argmin(tile[:, row - base, lane])
                    index[out, there] = best
                    distance[out, there] = np.sqrt(tile[best, row - base, lane])
