"""Distances between representative load sets: WSMD and the seven it is compared with (paper, section 5.3)."""

import math
from typing import Any, NamedTuple

import numpy as np

from crocs_cli.maths.compiled import kernel, parallel_for
from crocs_cli.maths.distances.dtw import band_of, checked
from crocs_cli.maths.distances.lanes import across, dtw_sums, fold, lay, root
from crocs_cli.maths.distances.loadsets import LoadSets
from crocs_cli.maths.distances.processor import MAX, MIN, SUM, TOGETHER, lanes

MEAN, LARGER = 0, 1


class SetDistance(NamedTuple):
    """Steps from DTWs to a distance: from each prototype to the other set, over its own set, out of both."""

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
    """Load sets as queries: the prototypes one after another."""

    profiles: np.ndarray  # (P, slots)
    weights: np.ndarray  # (P, lanes), the same in every lane
    offset: np.ndarray  # (n + 1,)
    consumer: np.ndarray  # (n,) the consumer's place in the caller's list


class Targets(NamedTuple):
    """Load sets laid across lanes: a block has a consumer in each lane and a target for each prototype."""

    profiles: np.ndarray  # (T, slots + 2 window, lanes)
    weights: np.ndarray  # (T, lanes), 0 where the consumer has no such prototype
    block: np.ndarray  # (blocks + 1,) each block's targets
    consumer: np.ndarray  # (n,) in order of block and lane
    mirrored: bool  # these consumers are the rows', and each pair is compared once


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
    result = np.empty((len(first), len(second)), dtype)
    _compare(first, second, window, rule, (result,), threads)
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
    shape = (len(first.prototypes), len(second))
    found = np.empty(shape, np.int32), np.empty(shape, np.float32)
    _compare(first, second, window, None, found, threads)
    return found


def _compare(
    first: LoadSets, second: LoadSets, window: int, rule: SetDistance | None, found: tuple, threads: int
) -> None:
    """Fill in what was found by a rule, the nearest prototypes without one, a few consumers at a time."""
    offsets = band_of(first.prototypes, second.prototypes, window)
    mirrored = rule is not None and second is first
    weights, dtype = rule.weights if rule else "equal", found[-1].dtype
    columns = _rows(second, np.argsort(second.sizes(), kind="stable"), weights, dtype)
    rows = columns if mirrored else _rows(first, np.arange(len(first)), weights, dtype)
    targets, folds = _targets(columns, mirrored, offsets), rule and rule[:3]

    def compare(begin: int) -> None:
        _compare_some(rows, targets, folds, begin, offsets, found)

    parallel_for(compare, range(0, len(first), TOGETHER), threads)


def _rows(sets: LoadSets, order: np.ndarray, weights: str, dtype: Any) -> Rows:
    sets = sets.take(order)
    sizes = sets.sizes()
    of_prototypes = {"share": sets.weights(), "days": sets.days, "equal": (1.0 / sizes).repeat(sizes)}[
        weights
    ]
    across_lanes = np.repeat(of_prototypes.astype(dtype)[:, None], lanes(dtype), axis=1)
    return Rows(checked(sets.prototypes, dtype), across_lanes, sets.offset, order)


def _targets(rows: Rows, mirrored: bool, offsets: tuple[int, ...]) -> Targets:
    """Lay rows across lanes, the consumers with the fewest prototypes first, so that a block is full."""
    (prototypes, width), number = rows.weights.shape, len(rows.consumer)
    sizes, blocks = np.diff(rows.offset), -(-number // width)
    last = np.minimum(width * np.arange(1, blocks + 1), number) - 1  # has the most prototypes of its block
    block = np.concatenate([[0], np.cumsum(sizes[last])])
    consumer = np.arange(number).repeat(sizes)
    target, lane = block[consumer // width] + np.arange(prototypes) - rows.offset[consumer], consumer % width
    weights = np.zeros((block[-1], width), rows.weights.dtype)
    weights[target, lane] = rows.weights[:, 0]
    profiles = lay(rows.profiles, target * width + lane, block[-1], offsets)
    return Targets(profiles, weights, block, rows.consumer, mirrored)


@kernel
def _compare_some(
    rows: Rows, targets: Targets, rule: Any, begin: int, band: tuple[int, ...], found: tuple
) -> None:
    """Compare TOGETHER consumers from `begin` on with all others, or with those that follow."""
    end, lanes = min(begin + TOGETHER, len(rows.consumer)), across(rows.profiles)
    base = rows.offset[begin]
    queries = rows.profiles[base : rows.offset[end]]
    most = targets.block[-1] - targets.block[-2]  # prototypes of the last block, which has the most
    tile = np.empty((most, len(queries), lanes), queries.dtype)
    folded = np.empty((2, max(most, len(queries)) + 1, lanes), queries.dtype)
    for block in range(begin // lanes if targets.mirrored else 0, len(targets.block) - 1):
        first, last = targets.block[block], targets.block[block + 1]
        for target in range(first, last):
            dtw_sums(queries, targets.profiles[target], tile[target - first], (0, 0), band)
        squares = tile[: last - first].reshape((last - first) * len(queries), lanes)
        others, columns = targets.weights[first:last], targets.consumer[block * lanes : (block + 1) * lanes]
        if rule is None:
            _find_nearest(squares, len(queries), base, columns, found)
        else:
            if rule[0] == SUM:
                root(squares)
            for each in range(begin, end):
                own = rows.weights[rows.offset[each] : rows.offset[each + 1]]
                mine = squares[rows.offset[each] - base :]
                to_others = _fold_twice(mine, (1, len(queries)), own, others, rule, folded[0])
                to_own = _fold_twice(mine, (len(queries), 1), others, own, rule, folded[1])
                for lane in range(len(columns)):
                    mean, larger = (to_others[lane] + to_own[lane]) / 2, max(to_others[lane], to_own[lane])
                    value = mean if rule[2] == MEAN else larger
                    found[0][rows.consumer[each], columns[lane]] = value
                    if targets.mirrored:
                        found[0][columns[lane], rows.consumer[each]] = value


@kernel
def _fold_twice(squares: Any, steps: Any, own: Any, others: Any, rule: Any, folded: Any) -> Any:
    """Fold what each prototype has with those of the other set, then the results, (lanes,).

    steps: rows of `squares` from a prototype to the next, and from one of the other set to the next.
    folded: room for a row of lanes for each prototype, and one for what is given.
    """
    for each in range(len(own)):
        fold(rule[0], squares[each * steps[0] :], steps[1], others, folded[each])
    if rule[0] != SUM:  # roots last: they are monotone
        root(folded[: len(own)])
    fold(rule[1], folded, 1, own, folded[len(own)])
    return folded[len(own)]


@kernel
def _find_nearest(squares: np.ndarray, number: int, base: int, columns: np.ndarray, found: tuple) -> None:
    """Find the nearest target in each lane for `number` prototypes from `base` on, the first on ties."""
    for row in range(number):
        for lane in range(len(columns)):
            best = row
            for place in range(row + number, len(squares), number):
                if squares[place, lane] < squares[best, lane]:
                    best = place
            found[0][base + row, columns[lane]] = best // number
            found[-1][base + row, columns[lane]] = math.sqrt(squares[best, lane])
