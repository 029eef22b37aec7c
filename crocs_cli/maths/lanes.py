"""DTW of many pairs at once, one pair in each lane of the machine's vectors.

A *target* is a set of profiles side by side, laid out (slot, lane) with as many lanes as a vector holds;
`window` slots of FAR before and after keep every band inside it, so that no kernel has an edge case.
Four query profiles at a time run against all lanes of a target.
"""

from functools import cache
from typing import Any

import numpy as np
from llvmlite import binding, ir
from numba import config, types
from numba.core import cgutils
from numba.extending import intrinsic, overload

from crocs_cli.maths.compiled import kernel

#: stands for a reading that is not there: its squared difference loses every comparison, and a day of them
#: still fits float32
FAR = 1e15
#: queries that share the loads of a target; four keep 20 band cells in the 32 registers of AVX-512 and arm64
TOGETHER = 4
#: wider bands do not fit the registers and take the plain kernel
WIDEST = 17


@cache
def vector_bytes() -> int:
    """Give the size of this machine's widest float vectors: 64 (AVX-512), 32 (AVX), 16 (SSE2, arm64)."""
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
    """Give the offsets j - i of the band: their number is known to the compiler by the tuple's type."""
    window = min(window, slots - 1)
    return tuple(range(-window, window + 1))


def dtw_sums(queries, target, sums, band):  # type: ignore[no-untyped-def]
    """Write the squared DTW of every query (n, slots) to every lane of one target into `sums` (n, lanes)."""
    raise NotImplementedError("compiled only")


@overload(dtw_sums, jit_options={"nogil": True, "error_model": "numpy"})
def _choose(queries, target, sums, band):  # type: ignore[no-untyped-def]
    if band.count > WIDEST:
        return _plain_sums.py_func
    return _vector_sums.py_func


@kernel
def _plain_sums(queries, target, sums, band):  # type: ignore[no-untyped-def]
    width, lanes = len(band), target.shape[1]
    cells = np.empty((width + 2, lanes), target.dtype)  # one row of the band, with a wall on each side
    for query in range(len(queries)):
        cells[:] = FAR * FAR
        cells[width // 2 + 1] = 0.0
        for slot in range(queries.shape[1]):
            reading = queries[query, slot]
            for cell in range(width):
                for lane in range(lanes):
                    difference = reading - target[slot + cell, lane]
                    best = min(min(cells[cell + 1, lane], cells[cell + 2, lane]), cells[cell, lane])
                    cells[cell + 1, lane] = difference * difference + best
        sums[query] = cells[width // 2 + 1]


@kernel
def _vector_sums(queries, target, sums, band):  # type: ignore[no-untyped-def]
    number = len(queries)
    if number < TOGETHER:
        for query in range(number):
            _one(queries, query, target, sums, band)
    else:
        for query in range(0, number, TOGETHER):  # the last four overlap those before
            _four(queries, min(query, number - TOGETHER), target, sums, band)


def _registers(together: int) -> Any:  # noqa: C901
    """Make the kernel that holds the band cells of some queries in vector registers, as LLVM code."""

    @intrinsic
    def advance(typing, queries, query, target, sums, band):  # type: ignore[no-untyped-def]
        signature = types.void(queries, query, target, sums, band)
        size = queries.dtype.bitwidth // 8
        number = vector_bytes() // size
        width = band.count

        def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
            real = context.get_data_type(queries.dtype)
            vector = ir.VectorType(real, number)
            arrays = [
                context.make_array(kind)(context, builder, arguments[position])
                for position, kind in ((0, queries), (2, target), (3, sums))
            ]
            slots = builder.extract_value(arrays[0].shape, 1)
            index = slots.type
            readings, targets, out = (
                builder.bitcast(a.data, t.as_pointer())
                for a, t in zip(arrays, (real, vector, vector), strict=True)
            )
            multiply_add = cgutils.get_or_insert_function(
                builder.module, ir.FunctionType(vector, [vector] * 3), f"llvm.fmuladd.v{number}f{8 * size}"
            )
            first = [builder.add(arguments[1], index(each)) for each in range(together)]

            def constant(value):  # type: ignore[no-untyped-def]
                return ir.Constant(vector, [ir.Constant(real, value)] * number)

            def least(a, b):  # type: ignore[no-untyped-def]
                return builder.select(builder.fcmp_ordered("<", a, b), a, b)

            def everywhere(value):  # type: ignore[no-untyped-def]
                single = builder.insert_element(constant(ir.Undefined), value, index(0))
                same = ir.Constant(ir.VectorType(ir.IntType(32), number), [0] * number)
                return builder.shuffle_vector(single, single, same)

            cells = [
                [
                    cgutils.alloca_once_value(builder, constant(0.0 if cell == width // 2 else FAR * FAR))
                    for cell in range(width)
                ]
                for _ in range(together)
            ]
            with cgutils.for_range(builder, slots) as loop:
                opposite = [
                    builder.load(builder.gep(targets, [builder.add(loop.index, index(cell))]), align=size)
                    for cell in range(width)
                ]
                for each in range(together):
                    here = builder.add(builder.mul(first[each], slots), loop.index)
                    reading = everywhere(builder.load(builder.gep(readings, [here])))
                    before = [builder.load(cell) for cell in cells[each]]
                    now = None
                    for cell in range(width):
                        best = before[cell]
                        if cell + 1 < width:
                            best = least(best, before[cell + 1])
                        if now is not None:
                            best = least(best, now)
                        difference = builder.fsub(reading, opposite[cell])
                        now = builder.call(multiply_add, [difference, difference, best])
                        builder.store(now, cells[each][cell])
            for each in range(together):
                end = builder.load(cells[each][width // 2])
                builder.store(end, builder.gep(out, [first[each]]), align=size)
            return context.get_dummy_value()

        return signature, generate

    return advance


_four = _registers(TOGETHER)
_one = _registers(1)


@kernel
def lay(profiles, first, target, margin):  # type: ignore[no-untyped-def]
    """Lay profiles (n, slots) from row `first` side by side into one target (slots + 2 margin, lanes)."""
    target[:] = FAR
    for lane in range(min(target.shape[1], len(profiles) - first)):
        for slot in range(profiles.shape[1]):
            target[margin + slot, lane] = profiles[first + lane, slot]
