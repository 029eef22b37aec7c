"""How typical each member of a cluster is of the behaviours that the cluster shares (paper section 6)."""

from __future__ import annotations

import numpy as np

from crocs_cli.maths.distances.loadsets import LoadSets
from crocs_cli.maths.distances.wsmd import set_distances


def distances_to_rrls(
    members: LoadSets, hyperprototypes: np.ndarray, days: np.ndarray, window: int, threads: int
) -> np.ndarray:
    """Return the WSMD of each member to its cluster's refined load set: (members,) float32.

    hyperprototypes: (C, slots); days: (C,), the cluster's days that each covers, which is its weight.
    """
    refined = LoadSets(
        hyperprototypes.astype(np.float32), days, np.array([0, len(hyperprototypes)], dtype=np.int64)
    )
    return set_distances(members, refined, distance="wsmd", window=window, threads=threads)[:, 0]
