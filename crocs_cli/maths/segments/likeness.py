"""How common the days of one segment's behaviours are elsewhere: what sets the segment apart."""

from __future__ import annotations

import numpy as np

from crocs_cli.maths.distances.dtw import dtw_between
from crocs_cli.maths.distances.loadsets import LoadSets
from crocs_cli.maths.segments.traits import weighted_quantiles

REACH = 0.9  # share of a behaviour's own days that count as like it
CHUNK = 1 << 16


def days_alike(
    sets: LoadSets, label: np.ndarray, behaviours: np.ndarray, community: np.ndarray, window: int
) -> np.ndarray:
    """Return the share of each segment's days that are like each behaviour: (B, K) float64.

    label: (n,) the consumers' segments, 0..K-1; behaviours: (B, slots); community: (P,) which behaviour each
    prototype belongs to, -1 for those of other segments and of none. A day is like a behaviour when its
    prototype has none nearer, and is as near to it as nine tenths of the behaviour's own days.
    """
    clusters, days = int(label.max()) + 1, sets.days.astype(np.float64)
    distance = np.concatenate(
        [
            dtw_between(sets.prototypes[start : start + CHUNK], behaviours, window, np.float32)
            for start in range(0, len(days), CHUNK)
        ]
    )
    segment, nearest = label.repeat(sets.sizes()), distance.argmin(axis=1)
    total = np.bincount(segment, days, clusters)
    shares = np.zeros((len(behaviours), clusters))
    for number in range(len(behaviours)):
        own = community == number
        if own.any():
            reach = weighted_quantiles(distance[own, number : number + 1], days[own], (REACH,))[0, 0]
            alike = (nearest == number) & (distance[:, number] <= reach)
            shares[number] = np.bincount(segment[alike], days[alike], clusters) / total
    return shares
