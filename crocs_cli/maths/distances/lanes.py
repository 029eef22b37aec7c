"""DTW of many pairs at once: one pair in each lane of the machine's vectors.

A *target* is a set of profiles side by side, laid out (slot, lane), as many lanes as a vector holds. Slots
of FAR before and after the day keep the whole band inside it, so that no kernel has an edge case. Query
profiles run four at a time against all lanes of a target. tests/naive.py says in six lines what it means.

Two kernels are written in LLVM's vector language, which LLVM turns into AVX-512, AVX2, SSE2 or arm64 code: on
each they beat the same loops left to numba (`make bench`), which keeps in memory what has been found so far,
so there are no second kernels to fall back on.
"""

import math
from functools import cache
from typing import Any

import numpy as np
from llvmlite import binding, ir
from numba import config, extending, types
from numba.core import cgutils

from crocs_cli.maths.compiled import kernel

#: a function that writes LLVM's code; to a kernel it is one of its arguments without the first
intrinsic: Any = extending.intrinsic
#: how rows of lanes are folded into one
MIN, SUM, MAX = 0, 1, 2
#: a reading that loses every comparison; the squares of a day of them still fit float32
FAR = 1e15
#: queries that share the loads of a target: best of 1, 2, 3 and 4 on AVX-512, AVX2 and SSE2 alike
TOGETHER = 4


@cache
def vector_bytes() -> int:
    """Give the size of this machine's widest vectors: 64 (AVX-512), 32 (AVX), 16 (SSE2, arm64)."""
    features = config.CPU_FEATURES  # type: ignore[attr-defined]
    if features is None:
        features = binding.get_host_cpu_features().flatten()
    present = features.split(",")
    return 64 if "+avx512f" in present else 32 if "+avx" in present else 16


@cache
def lanes(dtype: Any) -> int:
    """Give the number of values of `dtype` in one vector."""
    return vector_bytes() // np.dtype(dtype).itemsize


@cache
def band(window: int, slots: int) -> tuple[int, ...]:
    """Give the offsets j - i of the band; the tuple's type tells the compiler their number."""
    window = min(window, slots - 1)
    return tuple(range(-window, window + 1))


def across(array: np.ndarray) -> int:
    """Give the number of lanes of an array's dtype: in a kernel a constant, so that loops become vectors."""
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


@kernel
def dtw_sums(queries: Any, target: Any, sums: Any, place: tuple[int, int], band: tuple[int, ...]) -> None:
    """Write the squared DTW of every query (n, slots) to every lane of a target into sums (m, columns).

    place: (row, column) of the first; past the end of a row they go on into the next one.
    """
    for query in range(0, len(queries), TOGETHER):
        _four_sums(queries, query, target, sums, place, band)


@kernel
def root(values: np.ndarray) -> None:
    """Put the square root in the place of every value (n, lanes)."""
    for each in range(len(values)):
        for lane in range(across(values)):
            values[each, lane] = math.sqrt(values[each, lane])


@intrinsic
def _four_sums(typing: Any, queries: Any, first: Any, target: Any, sums: Any, place: Any, band: Any) -> Any:
    """Do dtw_sums for four queries in LLVM's vector code; past the last query, write that one again."""

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        code, width = _Vectors(context, builder, queries.dtype), band.count
        arrays = [context.make_array(signature.args[i])(context, builder, values[i]) for i in (0, 2, 3)]
        sides = ((arrays[0], 0), (arrays[0], 1), (arrays[2], 1))
        number, slots, columns = (builder.extract_value(array.shape, axis) for array, axis in sides)
        targets = code.rows(arrays[1])
        index = slots.type
        last = builder.sub(number, index(1))
        rows = [builder.add(values[1], index(each)) for each in range(TOGETHER)]
        rows = [builder.select(builder.icmp_signed("<", row, last), row, last) for row in rows]
        start = [code.constant(0.0 if cell == width // 2 else FAR * FAR) for cell in range(width)]
        bands = [[cgutils.alloca_once_value(builder, value) for value in start] for _ in rows]
        with cgutils.for_range(builder, slots) as loop:
            opposite = [code.load(targets, builder.add(loop.index, index(cell))) for cell in range(width)]
            for row, cells in zip(rows, bands, strict=True):
                slot = builder.gep(arrays[0].data, [builder.add(builder.mul(row, slots), loop.index)])
                reading = code.everywhere(builder.load(slot))
                before = [builder.load(cell) for cell in cells]
                left: list[Any] = []  # the cell just made: the step along the target
                for cell in range(width):
                    best = code.least(*before[cell : cell + 2], *left)
                    left = [code.square_plus(builder.fsub(reading, opposite[cell]), best)]
                    builder.store(left[0], cells[cell])
        begin, shift = (builder.extract_value(values[4], axis) for axis in (0, 1))
        for row, cells in zip(rows, bands, strict=True):
            cell = builder.add(builder.mul(builder.add(begin, row), columns), shift)
            out = builder.bitcast(builder.gep(arrays[2].data, [cell]), code.vector.as_pointer())
            builder.store(builder.load(cells[width // 2]), out, align=code.size)
        return context.get_dummy_value()

    return types.void(queries, first, target, sums, place, band), generate


@intrinsic
def fold(typing: Any, how: Any, values: Any, step: Any, weights: Any, total: Any) -> Any:
    """Write every step-th row of values (n, lanes) as one: the least, weighted sum, or greatest of weight."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        code, (asked, _, step, *_) = _Vectors(context, builder, values.dtype), arguments
        arrays = [context.make_array(signature.args[i])(context, builder, arguments[i]) for i in (1, 3, 4)]
        rows, shares, out = map(code.rows, arrays)
        is_min, is_sum = (builder.icmp_signed("==", asked, asked.type(each)) for each in (MIN, SUM))
        zero, farthest = code.constant(0.0), code.constant(math.inf)
        total = cgutils.alloca_once_value(builder, builder.select(is_min, farthest, zero))
        with cgutils.for_range(builder, builder.extract_value(arrays[1].shape, 0)) as loop:
            value, weight = code.load(rows, builder.mul(loop.index, step)), code.load(shares, loop.index)
            before = builder.load(total)
            counts = builder.select(builder.fcmp_ordered(">", weight, zero), value, before)
            most = builder.select(builder.fcmp_ordered(">", counts, before), counts, before)
            other = builder.select(is_sum, builder.fadd(before, builder.fmul(weight, value)), most)
            builder.store(builder.select(is_min, code.least(before, value), other), total)
        builder.store(builder.load(total), out, align=code.size)
        return context.get_dummy_value()

    return types.void(types.intp, values, types.intp, weights, total), generate


class _Vectors:
    """The few operations on vectors of reals that DTW and the set distances are made of, in LLVM's words."""

    def __init__(self, context: Any, builder: Any, dtype: Any) -> None:
        self.builder, self.real = builder, context.get_data_type(dtype)
        self.size, self.count = dtype.bitwidth // 8, lanes(str(dtype))
        self.vector = ir.VectorType(self.real, self.count)
        kind = ir.FunctionType(self.vector, [self.vector] * 3)
        name = f"llvm.fmuladd.v{self.count}f{8 * self.size}"  # fused where the machine can
        self.multiply_add = cgutils.get_or_insert_function(builder.module, kind, name)

    def rows(self, array: Any) -> Any:
        return self.builder.bitcast(array.data, self.vector.as_pointer())

    def load(self, rows: Any, row: Any) -> Any:
        return self.builder.load(self.builder.gep(rows, [row]), align=self.size)

    def constant(self, value: float) -> Any:
        return ir.Constant(self.vector, [ir.Constant(self.real, value)] * self.count)

    def everywhere(self, value: Any) -> Any:
        single = self.builder.insert_element(self.constant(0.0), value, ir.IntType(32)(0))
        first = ir.VectorType(ir.IntType(32), self.count)
        return self.builder.shuffle_vector(single, single, ir.Constant(first, None))

    def least(self, best: Any, *others: Any) -> Any:
        for other in others:
            best = self.builder.select(self.builder.fcmp_ordered("<", best, other), best, other)
        return best

    def square_plus(self, value: Any, addend: Any) -> Any:
        return self.builder.call(self.multiply_add, [value, value, addend])
