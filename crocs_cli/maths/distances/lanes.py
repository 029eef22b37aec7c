"""DTW of many pairs at once: one pair in each lane of the machine's vectors.

A *target* is a set of profiles side by side, laid out (slot, lane), as many lanes as a vector holds. Slots
of FAR before and after the day keep the whole band inside it, so that no kernel has an edge case. Query
profiles run four at a time against all lanes of a target. tests/naive.py says in six lines what it means.

`dtw_sums` and `fold` have two forms. The body of each is the plain form. The vector form (`vectors`) is much
faster (`make bench`), for it keeps its cells in registers. The plain form is compiled where numba and
llvmlite cannot build the vector form.

All forms give the same bits on every processor. In float32 the square and the sum are fused (rounded once);
where a processor cannot do this, double precision does it exactly. In float64 each operation is rounded.
"""

import math
import warnings
from functools import cache
from importlib import metadata
from types import ModuleType
from typing import Any

import numpy as np
from numba import extending, njit, types

from crocs_cli.maths.compiled import kernel
from crocs_cli.maths.distances.processor import FAR, MIN, SUM, TOGETHER, lanes


@cache
def band(window: int, slots: int) -> tuple[int, ...]:
    """Return the offsets j - i of the band; the tuple's type tells the compiler their number."""
    window = min(window, slots - 1)
    return tuple(range(-window, window + 1))


def across(array: np.ndarray) -> int:
    """Return the number of lanes of an array's dtype; a constant in kernels, so that loops become vectors."""
    return lanes(array.dtype)


@extending.overload(across, strict=False)
def _across(array: Any) -> Any:
    number = lanes(str(array.dtype))
    return lambda array: number


@kernel
def lay(profiles: np.ndarray, places: np.ndarray, number: int, band: tuple[int, ...]) -> np.ndarray:
    """Lay profiles (n, slots) into targets (number, slots + width - 1, lanes), FAR where there is none.

    places (n,): target * lanes + lane of each.
    """
    targets = np.full((number, profiles.shape[1] + len(band) - 1, across(profiles)), FAR, profiles.dtype)
    for each in range(len(places)):
        target, lane = places[each] // across(profiles), places[each] % across(profiles)
        for slot in range(profiles.shape[1]):
            targets[target, len(band) // 2 + slot, lane] = profiles[each, slot]
    return targets


def dtw_sums(queries: Any, target: Any, sums: Any, place: tuple[int, int], band: tuple[int, ...]) -> None:
    """Write the squared DTW of every query (n, slots) to every lane of a target into sums (m, columns).

    Call it from kernels. place: (row, column) of the first; past the end of a row they go on into the next.
    """
    lanes, slots, columns = across(target), queries.shape[1], sums.shape[1]
    readings, out = target.reshape(target.size), sums.reshape(sums.size)
    cells = np.empty((len(band) + 2) * lanes, target.dtype)  # one cell beyond each edge of the band
    for query in range(len(queries)):
        cells[:] = math.inf
        cells[(len(band) // 2 + 1) * lanes : (len(band) // 2 + 2) * lanes] = 0.0
        for slot in range(slots):
            for here in range(len(band) * lanes):
                difference = queries[query, slot] - readings[slot * lanes + here]
                best = min(cells[here], cells[here + lanes], cells[here + 2 * lanes])
                cells[here + lanes] = square_plus(difference, best)
        first = (place[0] + query) * columns + place[1]
        for lane in range(lanes):
            out[first + lane] = cells[(len(band) // 2 + 1) * lanes + lane]


def fold(how: int, values: Any, step: int, weights: Any, total: Any) -> None:
    """Write every step-th row of values (n, lanes) as one: the least, weighted sum, or greatest of weight.

    Call it from kernels. how: MIN, SUM or MAX; weights: (rows, lanes), 0 where there is no row; the result
    goes to total (lanes,).
    """
    for lane in range(across(values)):
        total[lane] = math.inf if how == MIN else 0.0
        for row in range(len(weights)):
            value, weight = values[row * step, lane], weights[row, lane]
            if how == SUM:
                total[lane] += weight * value
            elif how == MIN:
                total[lane] = min(total[lane], value)
            elif weight > 0:
                total[lane] = max(total[lane], value)


def square_plus(value: Any, addend: Any) -> Any:
    """Return value * value + addend, rounded once in float32 and twice in float64. Call it from kernels."""
    return value * value + addend


@extending.overload(square_plus, strict=False)
def _square_plus(value: Any, addend: Any) -> Any:
    def rounded_once(value: Any, addend: Any) -> Any:  # as _Vectors._rounded_once
        wide, other = np.float64(value), np.float64(addend)
        square = wide * wide
        total = square + other
        back = total - square
        rest = (square - (total - back)) + (other - back)
        below, inexact = np.int64(rest < 0), np.int64(rest < 0 or rest > 0)  # NaN where the sum is infinite
        bits = np.float64(total).view(np.int64) - below | inexact
        return np.float32(np.int64(bits).view(np.float64))

    return rounded_once if value == types.float32 else square_plus


@kernel
def root(values: np.ndarray) -> None:
    """Replace every value (n, lanes) by its square root."""
    for each in range(len(values)):
        for lane in range(across(values)):
            values[each, lane] = math.sqrt(values[each, lane])


@extending.overload(dtw_sums, strict=False)
def _dtw_sums(queries: Any, target: Any, sums: Any, place: Any, band: Any) -> Any:
    if (form := vector_form()) is None:
        return dtw_sums
    four_sums = form.four_sums

    def in_vectors(queries: Any, target: Any, sums: Any, place: Any, band: Any) -> None:
        for query in range(0, len(queries), TOGETHER):
            four_sums(queries, query, target, sums, place, band)

    return in_vectors


@extending.overload(fold, strict=False)
def _fold(how: Any, values: Any, step: Any, weights: Any, total: Any) -> Any:
    if (form := vector_form()) is None:
        return fold
    fold_rows = form.fold_rows
    return lambda how, values, step, weights, total: fold_rows(how, values, step, weights, total)


@cache
def vector_form() -> ModuleType | None:
    """Return the module of the vector form; warn once, and return None, where it cannot be built."""
    rows = types.float32[:, ::1]
    try:
        from crocs_cli.maths.distances import vectors

        four_sums, fold_rows = vectors.four_sums, vectors.fold_rows

        def build(rows: Any, total: Any) -> None:
            four_sums(rows, 0, rows, rows, (0, 0), (0,))
            fold_rows(MIN, rows, 1, rows, total)

        njit(types.void(rows, types.float32[::1]))(build)
    except Exception as error:  # noqa: BLE001 - whatever another numba or llvmlite makes of its internals
        versions = " and ".join(f"{name} {metadata.version(name)}" for name in ("numba", "llvmlite"))
        warnings.warn(
            f"the fast form of the distances cannot be built with {versions} ({type(error).__name__}); "
            "the plain form gives the same results, but takes ten times as long",
            RuntimeWarning,
            stacklevel=2,
        )
        return None
    return vectors
