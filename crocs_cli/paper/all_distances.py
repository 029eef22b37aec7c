"""The eight set distances from one comparison of the prototypes (paper section 5.3, Table 3)."""

from __future__ import annotations

import numpy as np

from crocs_cli.maths.distances.dtw import dtw_between
from crocs_cli.maths.distances.loadsets import LoadSets


def all_distances(sets: LoadSets, window: int) -> dict[str, np.ndarray]:
    """Compare n consumers by WSMD and by the seven others, each (n, n) float64 by its name.

    The same as `set_distances` with each name, which compares all prototypes anew every time.
    """
    between = dtw_between(sets.prototypes, sets.prototypes, window)
    share, equal = sets.weights(), (1.0 / sets.sizes()).repeat(sets.sizes())
    first = sets.offset[:-1]
    nearest = np.minimum.reduceat(between, first, axis=1)  # (P, n): each prototype to each consumer
    farthest = np.maximum.reduceat(between, first, axis=1)

    def averaged(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
        return np.add.reduceat(values * weights[:, None], first, axis=0)

    def both(values: np.ndarray) -> np.ndarray:
        return (values + values.T) / 2

    def larger(values: np.ndarray) -> np.ndarray:
        return np.maximum(values, values.T)

    return {
        "wsmd": both(averaged(nearest, share)),
        "smd": both(averaged(nearest, equal)),
        "hd": larger(np.maximum.reduceat(nearest, first, axis=0)),
        "mhd": larger(averaged(nearest, equal)),
        "sl": np.minimum.reduceat(nearest, first, axis=0),
        "cl": np.maximum.reduceat(farthest, first, axis=0),
        "al": averaged(np.add.reduceat(between * equal, first, axis=1), equal),
        "wal": averaged(np.add.reduceat(between * share, first, axis=1), share),
    }
