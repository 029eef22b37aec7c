"""How the shared behaviours of a cluster moved between two periods (paper section 6, implications).

Communities are found once, in the prototype graph of both periods together, so that a behaviour is the same
one before and after; what moves is its share of the days and its shape.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from crocs_cli.maths.behaviours.hyperprototypes import Hyperprototypes, days_in, hyperprototypes
from crocs_cli.maths.distances.dtw import dtw_between
from crocs_cli.maths.distances.loadsets import LoadSets
from crocs_cli.maths.segments.traits import weighted_quantiles

#: share of a behaviour's days that is near enough to its medoid to know the behaviour by, in other clusters
TYPICAL_SHARE = 0.95
#: half-widths of the normal distribution's 95 % interval
WIDTHS = 1.96


@dataclass(frozen=True)
class Movement:
    """Behaviours of a cluster in two periods; the axis of length 2 is before, after.

    community: (P,) int32 of the vertices before, then after; medoid: (modes, slots) of both periods; mean:
    (2, modes, slots), NaN where no day is; day_coverage, consumer_coverage: (2, modes); error: (modes,)
    half-width of the 95 % interval of the change of day coverage; shape_change: (modes,) DTW between the two
    means; radius: (modes,) distance to the medoid within which most of the days are.
    """

    community: np.ndarray
    medoid: np.ndarray
    mean: np.ndarray
    day_coverage: np.ndarray
    consumer_coverage: np.ndarray
    error: np.ndarray
    shape_change: np.ndarray
    radius: np.ndarray


def movement(
    before: LoadSets, after: LoadSets, communities: np.ndarray, min_coverage: float, window: int, seed: int
) -> Movement:
    """Compare two periods of the same consumers, in the same order.

    communities: (P,) of the prototypes before and then after, numbered by falling days of both.
    """
    both = hyperprototypes(LoadSets.concatenate([before, after]), communities, min_coverage, window, seed)
    modes, split = len(both.medoid), len(before.days)
    parts = ((before, both.community[:split]), (after, both.community[split:]))
    days = [days_in(sets, community, modes) for sets, community in parts]
    total = [sets.sum_per_consumer(sets.days.astype(np.float64)) for sets, _ in parts]
    mean = np.stack([_means(sets, community, modes) for sets, community in parts])
    change = [
        float(dtw_between(mean[0, mode, None], mean[1, mode, None], window)[0, 0])
        if np.isfinite(mean[:, mode]).all()
        else np.nan
        for mode in range(modes)
    ]
    return Movement(
        both.community,
        both.medoid,
        mean,
        np.stack([held.sum(axis=0) / all_days.sum() for held, all_days in zip(days, total, strict=True)]),
        np.stack([(held > 0).mean(axis=0) for held in days]),
        _error(days, total),
        np.array(change),
        _radii(LoadSets.concatenate([before, after]), both, window),
    )


def known_days(prototypes: np.ndarray, days: np.ndarray, moved: Movement, window: int) -> np.ndarray:
    """Return how many of some days look like each behaviour: (modes,) float64.

    prototypes: (P, slots) of any consumers, with their days (P,). A prototype counts for the behaviour with
    the nearest medoid, if it lies within that one's radius.
    """
    modes = len(moved.medoid)
    if not modes or not len(days):
        return np.zeros(modes)
    distance = dtw_between(prototypes, moved.medoid, window, np.float32)
    nearest = distance.argmin(axis=1)
    known = distance[np.arange(len(days)), nearest] <= moved.radius[nearest]
    return np.bincount(nearest[known], days[known], modes)


def _means(sets: LoadSets, community: np.ndarray, modes: int) -> np.ndarray:
    means = np.full((modes, sets.prototypes.shape[1]), np.nan)
    for mode in range(modes):
        inside = community == mode
        if inside.any():
            means[mode] = np.average(sets.prototypes[inside], axis=0, weights=sets.days[inside])
    return means


def _error(days: list[np.ndarray], total: list[np.ndarray]) -> np.ndarray:
    """Return the half-width of the interval of each change, from how much each consumer moves it.

    The share is a ratio of sums over consumers, of which each consumer's influence is the linear part.
    """
    members, modes = days[0].shape
    influence = np.zeros((members, modes))
    for sign, held, all_days in zip((-1.0, 1.0), days, total, strict=True):
        share = held.sum(axis=0) / all_days.sum()
        influence += sign * (held - share * all_days[:, None]) / all_days.mean()
    if members < 2:
        return np.full(modes, np.nan)
    return WIDTHS * influence.std(axis=0, ddof=1) / np.sqrt(members)


def _radii(both: LoadSets, found: Hyperprototypes, window: int) -> np.ndarray:
    radii = np.zeros(len(found.medoid))
    for mode, medoid in enumerate(found.medoid):
        inside = found.community == mode
        distance = dtw_between(both.prototypes[inside], medoid[None], window, np.float32)
        radii[mode] = weighted_quantiles(distance, both.days[inside], (TYPICAL_SHARE,))[0, 0]
    return radii
