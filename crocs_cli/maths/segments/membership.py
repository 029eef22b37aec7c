"""Membership of behaviours: one rule for the days and prototypes of every consumer and period.

A prototype shows the behaviour of the nearest prototype that `rrls` saw in the segment, if it is as near to
that as the prototypes of different members are to one another. What `rrls` saw is nearest to itself, so the
rule gives it the community that it is in: coverage is the same whoever computes it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from crocs_cli.maths.compiled import parallel_for
from crocs_cli.maths.distances.dtw import dtw_between
from crocs_cli.maths.distances.loadsets import LoadSets
from crocs_cli.maths.segments.traits import weighted_quantiles

NONE = -1
WITHIN = 0.999  # share of a segment's days that have a day of another member as near as the limit
MOST = 4096  # prototypes of a segment that others are compared with; more are sampled
MOST_OTHERS = 50_000  # prototypes of all segments that are looked at for what they share
ROUNDED = 1.001  # of a squared distance: more than all that rounding may add
ROWS = 1024  # of one part of the work, at most, so that all threads have some
CELLS = 1 << 21  # distances that are held at once


class Membership(NamedTuple):
    """The known prototypes of a segment, with which the days of any consumer are compared.

    prototypes: (V, slots) float32 of the segment's members; behaviour: (V,) int, NONE for those of none;
    limit: the distance beyond which a day shows none; window: DTW half-width in slots.
    """

    prototypes: np.ndarray
    behaviour: np.ndarray
    limit: float
    window: int


def nearest_profile(
    days: np.ndarray, profiles: np.ndarray, window: int, threads: int = 1
) -> tuple[np.ndarray, np.ndarray]:
    """Return the nearest profile of each day, (n,) int64, the first on ties, and the DTW to it, (n,) float32.

    days: (n, slots); profiles: (V, slots), normalised alike.
    """
    label, distance = np.empty(len(days), dtype=np.int64), np.empty(len(days), dtype=np.float32)
    rows = max(1, min(ROWS, CELLS // max(1, len(profiles))))

    def find(start: int) -> None:
        here = slice(start, start + rows)
        found = dtw_between(days[here], profiles, window, np.float32)
        label[here], distance[here] = found.argmin(axis=1), found.min(axis=1)

    parallel_for(find, range(0, len(days), rows), threads)
    return label, distance


def membership(
    members: LoadSets, behaviour: np.ndarray, window: int, seed: int, threads: int = 1
) -> Membership:
    """Learn from a segment's members and the behaviour of each of their prototypes (P,), as `rrls` has it."""
    owner = np.repeat(np.arange(len(members)), members.sizes())
    chosen = np.arange(len(owner))
    if len(chosen) > MOST:
        chosen = np.sort(np.random.default_rng(seed).choice(len(owner), MOST, replace=False))
    prototypes, owner = members.prototypes[chosen].astype(np.float32), owner[chosen]
    limit = _limit(prototypes, members.days[chosen], owner, window, threads)
    return Membership(prototypes, behaviour[chosen], limit, window)


def shown(prototypes: np.ndarray, known: Membership, threads: int = 1) -> np.ndarray:
    """Return the behaviour that each prototype shows: (P,) int64, NONE for none; prototypes: (P, slots).

    Those of a behaviour are compared only with what may be within the limit. The first is nearest on ties.
    """
    nearest = np.zeros(len(prototypes), dtype=np.int64)
    distance = np.full(len(prototypes), np.inf, dtype=np.float32)
    for number in np.unique(known.behaviour):
        own = np.flatnonzero(known.behaviour == number)
        rows = np.flatnonzero(_may_be_near(prototypes, known.prototypes[own], known))
        if not len(rows):
            continue
        found, far = nearest_profile(prototypes[rows], known.prototypes[own], known.window, threads)
        first = own[found] < nearest[rows]
        nearer = (far < distance[rows]) | ((far == distance[rows]) & first)
        nearest[rows[nearer]], distance[rows[nearer]] = own[found[nearer]], far[nearer]
    return np.where(distance <= known.limit, known.behaviour[nearest], NONE)


def _may_be_near(prototypes: np.ndarray, others: np.ndarray, known: Membership) -> np.ndarray:
    """Return which prototypes (P, slots) may be within the limit of any of the others: (P,) bool.

    A DTW is no less than what lies outside the others' envelope, widened by the window (Keogh and
    Ratanamahatana, 2005: LB_Keogh).
    """
    around = np.pad((others.min(axis=0), others.max(axis=0)), ((0, 0), (known.window, known.window)), "edge")
    low, high = sliding_window_view(around, 2 * known.window + 1, axis=1)
    outside = prototypes - np.clip(prototypes, low.min(axis=1), high.max(axis=1))
    near: np.ndarray = np.einsum("ij,ij->i", outside, outside) <= ROUNDED * known.limit**2
    return near


def counts(sets: LoadSets, behaviour: np.ndarray, behaviours: int) -> np.ndarray:
    """Count the days of each consumer by behaviour: (n, behaviours + 1) int64, the last for those of none."""
    owner = np.repeat(np.arange(len(sets)), sets.sizes())
    place = owner * (behaviours + 1) + np.where(behaviour == NONE, behaviours, behaviour)
    total = np.bincount(place, sets.days, len(sets) * (behaviours + 1))
    return total.astype(np.int64).reshape(len(sets), behaviours + 1)


def of_days(read: Mapping[str, np.ndarray], known: Mapping[str, np.ndarray]) -> np.ndarray:
    """Return the behaviour of each day, that of the prototype which stands for it: (D,), NONE for none.

    read: consumer_id, prototype_offset, day_offset and day_prototype, as an RLS file has them; known:
    {consumer id: the behaviour of each of its prototypes}.
    """
    sizes = np.diff(read["prototype_offset"])
    own = [known.get(name, ()) for name in read["consumer_id"].tolist()]
    rows = [part if len(part) == size else np.full(size, NONE) for part, size in zip(own, sizes, strict=True)]
    prototypes = np.concatenate([np.empty(0, dtype=np.int64), *rows])
    first = np.repeat(read["prototype_offset"][:-1], np.diff(read["day_offset"]))
    days: np.ndarray = prototypes[first + read["day_prototype"]]
    return days


def _limit(prototypes: np.ndarray, days: np.ndarray, owner: np.ndarray, window: int, threads: int) -> float:
    """Return how near WITHIN of all days have a day of another member; of one member, of its own others."""
    own = owner if len(np.unique(owner)) > 1 else np.arange(len(owner))
    if len(own) < 2:
        return 0.0
    nearest = np.empty(len(own), dtype=np.float32)
    rows = max(1, CELLS // len(own))

    def find(start: int) -> None:
        here = slice(start, start + rows)
        found = dtw_between(prototypes[here], prototypes, window, np.float32)
        found[own[here, None] == own] = np.inf
        nearest[here] = found.min(axis=1)

    parallel_for(find, range(0, len(own), rows), threads)
    return float(weighted_quantiles(nearest[:, None], days.astype(np.float64), (WITHIN,))[0, 0])


def alike(
    sets: LoadSets, label: np.ndarray, known: Membership, behaviours: int, seed: int, threads: int = 1
) -> np.ndarray:
    """Return the share of each segment's days that show each behaviour: (behaviours, K) float64.

    sets: the load sets of all consumers; label: (n,) their segments, 0..K-1. From at most MOST_OTHERS
    prototypes, drawn at random.
    """
    segment = np.repeat(label, sets.sizes())
    chosen = np.arange(len(segment))
    if len(chosen) > MOST_OTHERS:
        chosen = np.sort(np.random.default_rng(seed).choice(len(segment), MOST_OTHERS, replace=False))
    days = sets.days[chosen].astype(np.float64)
    behaviour = shown(sets.prototypes[chosen], known, threads)
    segments = int(label.max()) + 1
    total = np.bincount(segment[chosen], days, segments)
    place = np.where(behaviour == NONE, behaviours, behaviour) * segments + segment[chosen]
    held = np.bincount(place, days, (behaviours + 1) * segments).reshape(behaviours + 1, segments)
    return held[:behaviours] / np.maximum(total, 1.0)
