"""One DTW kernel on one instruction set, timed in a process of its own: vectors in LLVM, or plain numba.

Usage: python -m tests.bench.plain; NUMBA_CPU_NAME and NUMBA_CPU_FEATURES choose the instruction set.
Prints {"bytes": of a vector, "vector": ns for a float32 DTW, "plain": ns, "difference": largest relative}.
"""

import json
import sys

import numpy as np
from numba import njit

from crocs_cli.maths.distances.lanes import FAR, across, band, dtw_sums, lanes, vector_bytes
from tests.bench.measure import in_turns, ours


@njit(nogil=True, error_model="numpy")
def plain_sums(queries, target, sums, band):
    """Do the work of dtw_sums with loops over lanes that are numba's to make vectors of."""
    number = across(target)
    size, middle = len(band) * number, (len(band) // 2 + 1) * number
    readings = target.reshape(target.size)
    cells, squares = np.empty(size + 2 * number, target.dtype), np.empty(size, target.dtype)
    for query in range(len(queries)):
        cells[:] = FAR * FAR
        cells[middle : middle + number] = 0.0
        for slot in range(queries.shape[1]):
            for here in range(size):
                difference = queries[query, slot] - readings[slot * number + here]
                diagonal, up = cells[here + number], cells[here + 2 * number]
                cells[here + number] = up if up < diagonal else diagonal
                squares[here] = difference * difference
            for here in range(size):
                best, left = cells[here + number], cells[here]
                cells[here + number] = squares[here] + (left if left < best else best)
        for lane in range(number):
            sums[query, lane] = cells[middle + lane]


def main():
    random, width = np.random.default_rng(0), lanes(np.float32)
    queries = random.random((400, 48), np.float32)
    target = np.full((52, width), FAR, np.float32)
    target[2:-2] = random.random((48, width))
    sums = np.empty((2, 400, width), np.float32)
    jobs = {
        "vector": ours(lambda: [dtw_sums(queries, target, sums[0], (0, 0), band(2, 48)) for _ in range(20)]),
        "plain": ours(lambda: [plain_sums(queries, target, sums[1], band(2, 48)) for _ in range(20)]),
    }
    taken = {name: seconds / (20 * 400 * width) * 1e9 for name, seconds in in_turns(jobs).items()}
    difference = float(np.abs(sums[0] / sums[1] - 1).max())
    json.dump({"bytes": vector_bytes(), "difference": difference, **taken}, sys.stdout)


if __name__ == "__main__":
    main()
