"""DTW of many pairs at once: one pair in each lane of the machine's vectors.

A *target* is a set of profiles side by side, laid out (slot, lane), as many lanes as a vector holds. Slots
of FAR before and after the day keep the whole band inside it, so that no kernel has an edge case. Query
profiles run four at a time against all lanes of a target. tests/naive.py says in six lines what it means.

The kernel is written in LLVM's vector language, which LLVM turns into AVX-512, AVX2, SSE2 or arm64 code: on
each it beats the same loops left to numba (`make bench`), so there is no second kernel to fall back on.
"""

from functools import cache
from typing import Any

import numpy as np
from llvmlite import binding, ir
from numba import config, types
from numba.core import cgutils
from numba.extending import intrinsic, overload

from crocs_cli.maths.compiled import kernel

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


@overload(across, strict=False)
def _across(array: Any) -> Any:
    number = lanes(str(array.dtype))
    return lambda array: number


@kernel
def dtw_sums(queries: np.ndarray, target: np.ndarray, sums: np.ndarray, band: tuple[int, ...]) -> None:
    """Write the squared DTW of every query (n, slots) to every lane of a target into sums (n, lanes)."""
    for query in range(0, len(queries), TOGETHER):
        _four_sums(queries, query, target, sums, band)  # type: ignore[call-arg]


@intrinsic
def _four_sums(typing: Any, queries: Any, first: Any, target: Any, sums: Any, band: Any) -> Any:
    """Write sums[first : first + 4] in LLVM's vector code; past the last query, write that one again."""

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        size, width, count = queries.dtype.bitwidth // 8, band.count, lanes(str(queries.dtype))
        real = context.get_data_type(queries.dtype)
        vector = ir.VectorType(real, count)
        arrays = [context.make_array(signature.args[i])(context, builder, values[i]) for i in (0, 2, 3)]
        number, slots = (builder.extract_value(arrays[0].shape, i) for i in (0, 1))
        index = slots.type
        targets, out = (builder.bitcast(array.data, vector.as_pointer()) for array in arrays[1:])
        name = f"llvm.fmuladd.v{count}f{8 * size}"  # fused where the machine can
        square_plus = cgutils.get_or_insert_function(
            builder.module, ir.FunctionType(vector, [vector] * 3), name
        )

        def constant(value: float) -> Any:
            return ir.Constant(vector, [ir.Constant(real, value)] * count)

        def everywhere(value: Any) -> Any:
            single = builder.insert_element(constant(0.0), value, index(0))
            return builder.shuffle_vector(
                single, single, ir.Constant(ir.VectorType(ir.IntType(32), count), None)
            )

        def least(*choices: Any) -> Any:
            best = choices[0]
            for other in choices[1:]:
                best = builder.select(builder.fcmp_ordered("<", best, other), best, other)
            return best

        def cells_at(start: Any) -> list[Any]:
            return [cgutils.alloca_once_value(builder, constant(start(cell))) for cell in range(width)]

        last = builder.sub(number, index(1))
        rows = [builder.add(values[1], index(each)) for each in range(TOGETHER)]
        rows = [builder.select(builder.icmp_signed("<", row, last), row, last) for row in rows]
        bands = [cells_at(lambda cell: 0.0 if cell == width // 2 else FAR * FAR) for _ in rows]
        with cgutils.for_range(builder, slots) as loop:
            places = [builder.gep(targets, [builder.add(loop.index, index(cell))]) for cell in range(width)]
            opposite = [builder.load(place, align=size) for place in places]
            for row, cells in zip(rows, bands, strict=True):
                place = builder.gep(arrays[0].data, [builder.add(builder.mul(row, slots), loop.index)])
                reading = everywhere(builder.load(place))
                before = [builder.load(cell) for cell in cells]
                left: list[Any] = []  # the cell just made: the step along the target
                for cell in range(width):
                    best = least(*before[cell : cell + 2], *left)
                    difference = builder.fsub(reading, opposite[cell])
                    left = [builder.call(square_plus, [difference, difference, best])]
                    builder.store(left[0], cells[cell])
        for row, cells in zip(rows, bands, strict=True):
            builder.store(builder.load(cells[width // 2]), builder.gep(out, [row]), align=size)
        return context.get_dummy_value()

    return types.void(queries, first, target, sums, band), generate
