"""One DTW kernel on one instruction set, timed in a process of its own: vectors in LLVM, or plain numba.

Usage: python -m tests.bench.plain; NUMBA_CPU_NAME and NUMBA_CPU_FEATURES choose the instruction set.
Prints {"bytes": of a vector, "vector": ns for a float32 DTW, "plain": ns, "difference": largest relative}.
"""

import json
import sys

import numpy as np
from numba import njit

from crocs_cli.maths.distances.lanes import band, dtw_sums
from crocs_cli.maths.distances.processor import FAR, lanes, vector_bytes
from tests.bench.measure import in_turns, ours


@njit(nogil=True, error_model="numpy")
def vector_form(queries, target, sums, place, band):
    dtw_sums(queries, target, sums, place, band)


plain_form = njit(nogil=True, error_model="numpy")(dtw_sums)


def main():
    random, width, offsets = np.random.default_rng(0), lanes(np.float32), band(2, 48)
    queries = random.random((400, 48), np.float32)
    target = np.full((52, width), FAR, np.float32)
    target[2:-2] = random.random((48, width))
    sums = np.empty((2, 400, width), np.float32)
    jobs = {
        "vector": ours(
            lambda: [vector_form(queries, target, sums[0], (0, 0), band(2, 48)) for _ in range(20)]
        ),
        "plain": ours(lambda: [plain_form(queries, target, sums[1], (0, 0), offsets) for _ in range(20)]),
    }
    taken = {name: seconds / (20 * 400 * width) * 1e9 for name, seconds in in_turns(jobs).items()}
    difference = float(np.abs(sums[0] / sums[1] - 1).max())
    json.dump({"bytes": vector_bytes(), "difference": difference, **taken}, sys.stdout)


if __name__ == "__main__":
    main()
