"""The vector forms of the two inner loops of the distances, in LLVM's vector language.

LLVM turns them into AVX-512, AVX2, SSE2 or arm64 code. They stand on internals of numba and llvmlite, so
that only `lanes.vector_form` imports them. `lanes` has the plain forms, which say what these do.
"""

import math
from typing import Any

from llvmlite import ir
from numba import extending, types
from numba.core import cgutils

from crocs_cli.maths.distances.processor import FAR, MIN, SUM, TOGETHER, fuses, lanes

#: a function that writes LLVM's code; to a kernel it is one of its arguments without the first
intrinsic: Any = extending.intrinsic


@intrinsic
def four_sums(typing: Any, queries: Any, first: Any, target: Any, sums: Any, place: Any, band: Any) -> Any:
    """Do `lanes.dtw_sums` for four queries in vectors; past the last query, write that one again."""

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
def fold_rows(typing: Any, how: Any, values: Any, step: Any, weights: Any, total: Any) -> Any:
    """Do `lanes.fold` in LLVM's vector code."""

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
        """Do the same as `square_plus`."""
        if self.size == 8:
            return self.builder.fadd(self.builder.fmul(value, value), addend)
        if fuses():
            kind = ir.FunctionType(self.vector, [self.vector] * 3)
            fused = cgutils.get_or_insert_function(self.builder.module, kind, f"llvm.fma.v{self.count}f32")
            return self.builder.call(fused, [value, value, addend])
        return self._rounded_once(value, addend)

    def _rounded_once(self, value: Any, addend: Any) -> Any:
        """Add in double, where the square is exact; round the sum to odd, so that rounding it again is exact.

        Source: Boldo and Melquiond 2008, "Emulation of FMA and correctly rounded sums".
        """
        build, count = self.builder, self.count
        reals, integers = ir.VectorType(ir.DoubleType(), count), ir.VectorType(ir.IntType(64), count)
        wide, other = build.fpext(value, reals), build.fpext(addend, reals)
        square = build.fmul(wide, wide)
        total = build.fadd(square, other)
        back = build.fsub(total, square)
        rest = build.fadd(build.fsub(square, build.fsub(total, back)), build.fsub(other, back))
        zero = ir.Constant(reals, [0.0] * count)
        below = build.sext(build.fcmp_ordered("<", rest, zero), integers)
        inexact = build.zext(build.fcmp_ordered("!=", rest, zero), integers)
        bits = build.or_(build.add(build.bitcast(total, integers), below), inexact)
        return build.fptrunc(build.bitcast(bits, reals), self.vector)
