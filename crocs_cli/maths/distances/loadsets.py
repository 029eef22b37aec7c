"""Representative load sets: what is kept of every consumer after stage 1."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from crocs_cli.maths.distances.profiles import normalise


@dataclass(frozen=True)
class LoadSets:
    """Hold the RLSs of n consumers, one after another (paper, section 3.1).

    prototypes: (P, slots) float, in the units of the profiles; days: (P,) int32, the daily load profiles
    that each prototype stands for; offset: (n + 1,) int64, consumer i owns rows offset[i]:offset[i + 1].
    """

    prototypes: np.ndarray
    days: np.ndarray
    offset: np.ndarray

    def __len__(self) -> int:
        return len(self.offset) - 1

    def sizes(self) -> np.ndarray:
        """Return the number of prototypes of every consumer, (n,) int64."""
        return np.diff(self.offset)

    def weights(self) -> np.ndarray:
        """Return each prototype's share of its consumer's days, (P,) float64, summing to 1 per consumer."""
        return self.days / self.sum_per_consumer(self.days).repeat(self.sizes())

    def sum_per_consumer(self, values: np.ndarray) -> np.ndarray:
        """Add up values (P,) over the prototypes of every consumer, (n,)."""
        return np.add.reduceat(values, self.offset[:-1]) if len(self) else values[:0]

    def normalised(self, how: str) -> LoadSets:
        """Return the same sets with every prototype normalised as `profiles.normalise` does, as float32."""
        prototypes = self.prototypes if how == "none" else normalise(self.prototypes, how)
        return replace(self, prototypes=prototypes.astype(np.float32, copy=False))

    def select(self, consumers: slice) -> LoadSets:
        """Return a run of consumers, sharing memory."""
        first, last, step = consumers.indices(len(self))
        if step != 1:
            raise ValueError(f"select: the step must be 1, not {step}")
        offset = self.offset[first : max(first, last) + 1]
        rows = slice(offset[0], offset[-1])
        return LoadSets(self.prototypes[rows], self.days[rows], offset - offset[0])

    def take(self, consumers: np.ndarray) -> LoadSets:
        """Return the consumers of an index array, in its order, copied."""
        offset = np.concatenate([[0], np.cumsum(self.sizes()[consumers])])
        rows = take_rows(self.offset, consumers)
        return LoadSets(self.prototypes[rows], self.days[rows], offset)

    @staticmethod
    def concatenate(parts: Sequence[LoadSets]) -> LoadSets:
        """Join the load sets of several shards into one, in their order."""
        sizes = np.concatenate([part.sizes() for part in parts])
        return LoadSets(
            np.concatenate([part.prototypes for part in parts]),
            np.concatenate([part.days for part in parts]),
            np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64),
        )


def take_rows(offset: np.ndarray, owners: np.ndarray) -> np.ndarray:
    """Return which rows belong to some owners, one owner after another; offset: (n + 1,), as in LoadSets."""
    sizes = np.diff(offset)[owners]
    ends = np.cumsum(sizes)
    return np.arange(ends[-1] if len(ends) else 0) + (offset[:-1][owners] - ends + sizes).repeat(sizes)
