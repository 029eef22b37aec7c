"""The comparison of load sets that a run uses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from crocs_cli.maths.distances.loadsets import LoadSets
from crocs_cli.maths.distances.wsmd import set_distances


@dataclass(frozen=True)
class Comparison:
    """Settings of a comparison: the set distance, its DTW half-width in slots, and the normalisation.

    The normalisation is that of each prototype before comparing; `prepared` applies it. `prototype` says
    what stands for some of a consumer's days: their medoid or their mean.
    """

    def sets_of(self, read: Mapping[str, np.ndarray]) -> LoadSets:
        """Return the load sets of an RLS file in the form in which they are compared."""
        return self.prepared(LoadSets(read[self.prototype], read["days"], read["prototype_offset"]))

    distance: str
    window: int
    normalise: str = "none"
    threads: int = 1
    prototype: str = "medoid"

    def prepared(self, sets: LoadSets) -> LoadSets:
        """Return load sets in the form in which they are compared."""
        return sets.normalised(self.normalise)

    def between(self, first: LoadSets, second: LoadSets) -> np.ndarray:
        """Return the distances of prepared load sets: (n, m) float32."""
        return set_distances(first, second, distance=self.distance, window=self.window, threads=self.threads)
