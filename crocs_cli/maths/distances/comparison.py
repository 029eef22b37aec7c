"""The comparison of load sets that a run uses."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from crocs_cli.maths.distances.loadsets import LoadSets
from crocs_cli.maths.distances.wsmd import set_distances


@dataclass(frozen=True)
class Comparison:
    """Settings of a comparison: the set distance, its DTW half-width in slots, and the normalisation.

    The normalisation is that of each prototype before comparing; `prepared` applies it.
    """

    distance: str
    window: int
    normalise: str = "none"
    threads: int = 1

    def prepared(self, sets: LoadSets) -> LoadSets:
        """Return load sets in the form in which they are compared."""
        return sets.normalised(self.normalise)

    def between(self, first: LoadSets, second: LoadSets) -> np.ndarray:
        """Return the distances of prepared load sets: (n, m) float32."""
        return set_distances(first, second, distance=self.distance, window=self.window, threads=self.threads)
