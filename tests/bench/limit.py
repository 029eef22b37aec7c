"""What the machine could do at most: vector operations that wait for nothing, in registers only."""

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

from crocs_cli.maths.distances.processor import lanes
from tests.bench.measure import cpu_seconds

CHAINS = 24  # enough that none waits for its own last result


def operations(slots, window):
    """Count the vector operations of one DTW in every lane: difference, square and add, and the minima."""
    count = 0
    for i in range(slots):
        for j in range(max(0, i - window), min(slots, i + window + 1)):
            steps = [(i - 1, j - 1), (i - 1, j), (i, j - 1)]
            inside = sum(a >= 0 and b >= 0 and abs(a - b) <= window for a, b in steps)
            count += 2 + max(inside - 1, 0)
    return count


def operations_per_ns(dtype, turns=2_000_000):
    """Measure how many vector operations (half multiply-add, half minimum) are done in a nanosecond."""
    burn = _burner(np.dtype(dtype))
    burn(10)
    return 2 * CHAINS * turns / cpu_seconds(lambda: burn(turns)) / 1e9


def _burner(dtype):
    @intrinsic
    def chains(typing, turns):
        def generate(context, builder, signature, values):
            real = ir.FloatType() if dtype == np.float32 else ir.DoubleType()
            vector = ir.VectorType(real, lanes(dtype))
            name = f"llvm.fmuladd.v{vector.count}f{8 * dtype.itemsize}"
            fused = cgutils.get_or_insert_function(
                builder.module, ir.FunctionType(vector, [vector] * 3), name
            )

            def unknown(value):  # to the compiler, so that nothing is worked out beforehand
                same = ir.Constant(vector, [ir.Constant(real, value)] * vector.count)
                return builder.insert_element(same, builder.sitofp(values[0], real), ir.IntType(32)(0))

            factor, addend = unknown(0.5), unknown(1.0)
            cells = [cgutils.alloca_once_value(builder, unknown(float(each))) for each in range(CHAINS)]
            with cgutils.for_range(builder, values[0]):
                for cell in cells:
                    value = builder.call(fused, [builder.load(cell), factor, addend])
                    less = builder.fcmp_ordered("<", value, factor)
                    builder.store(builder.select(less, value, factor), cell)
            total = builder.load(cells[0])
            for cell in cells[1:]:
                total = builder.fadd(total, builder.load(cell))
            first = builder.extract_element(total, ir.IntType(32)(0))
            return first if dtype == np.float64 else builder.fpext(first, ir.DoubleType())

        return types.float64(types.int64), generate

    return njit(lambda turns: chains(turns))
