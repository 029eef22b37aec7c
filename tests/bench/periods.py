"""Weeks against days: what a cell of the DTW band costs at 168 and 336 slots, as a multiple of that at 48."""

import numpy as np

from crocs_cli.maths.clustering.represent import DayClustering, represent
from crocs_cli.maths.distances.dtw import dtw_between
from crocs_cli.maths.distances.loadsets import LoadSets
from crocs_cli.maths.distances.wsmd import set_distances
from tests.bench.measure import in_turns, ours
from tests.bench.table import line

DAY, WEEKS, WINDOW = 48, (168, 336), 2
MOST = 1.3


def cells(slots, window=WINDOW):
    """Return how many cells the band of a DTW has."""
    return slots * (2 * window + 1) - window * (window + 1)


def rows(count, slots):
    return np.random.default_rng(slots).random((count, slots))


def bulk(slots):
    """Compare 300 profiles with 300 others."""
    first, second = rows(300, slots).astype(np.float32), rows(300, slots)[::-1].astype(np.float32).copy()
    return ours(lambda: [dtw_between(first, second, WINDOW, np.float32) for _ in range(20)])


def sets(slots):
    """Compare the load sets of 120 consumers, 15 prototypes each."""
    days, offset = np.ones(1800, np.int32), 15 * np.arange(121)
    own = LoadSets(rows(1800, slots).astype(np.float32), days, offset)
    return ours(lambda: set_distances(own, own, window=WINDOW))


def consumers(slots):
    """Make the load sets of 30 consumers of 120 days each."""
    days, offset = rows(3600, slots), 120 * np.arange(31)
    return ours(lambda: represent(days, offset, DayClustering("ward", 15, WINDOW)))


def periods(_peers=None):
    """Give the lines of all kernels."""
    found = []
    for name, job in (("DTW-2, float32", bulk), ("WSMD", sets), ("stage 1, Ward", consumers)):
        taken = in_turns({slots: job(slots) for slots in (DAY, *WEEKS)}, rounds=9)
        for slots in WEEKS:
            ratio = taken[slots] / cells(slots) / (taken[DAY] / cells(DAY))
            found.append(
                line(f"{name}, a cell at {slots} slots", "at 48 slots", ratio, f"<= {MOST:g}", s=taken[slots])
            )
    return found
