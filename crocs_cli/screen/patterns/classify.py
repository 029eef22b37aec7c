"""Classify periods under a frozen model, and compare classes (paper, 2.4)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from crocs_cli.screen.patterns import som
from crocs_cli.screen.patterns.features import restrict
from crocs_cli.screen.patterns.typical import PatternMap

Assign = Literal["bmu", "nearest_prototype"]
NONE = -1


@dataclass(frozen=True)
class Classes:
    """The classes of two periods under one model, each array (installation,).

    `class_before`, `class_after` from 0 (-1: not testable), `ratio` distance of the later period to its own
    prototype over that to the earlier class's (1: same class, NaN: not testable), `prototype_before`,
    `prototype_after` distance to the own prototype, `percentile` 0..1 of the later one among the members.
    """

    class_before: np.ndarray
    class_after: np.ndarray
    ratio: np.ndarray
    prototype_before: np.ndarray
    prototype_after: np.ndarray
    percentile: np.ndarray


def class_of(model: PatternMap, shares: np.ndarray, assign: Assign = "bmu") -> np.ndarray:
    """Return the class of every row, int64, -1 for a row without values.

    Rows may have NaN components (months not observed): nodes and prototypes are then compared on the same
    components, summing to 1 there. Source: screening specification 7.3.
    """
    found = np.full(len(shares), NONE, np.int64)
    reference = model.nodes if assign == "bmu" else model.prototypes
    for mask, rows in _by_mask(shares):
        nearest, _, _ = som.nearest_two(np.ascontiguousarray(shares[rows][:, mask]), _on(reference, mask))
        found[rows] = model.node_class[nearest] if assign == "bmu" else nearest
    return found


def compare(model: PatternMap, before: np.ndarray, after: np.ndarray, assign: Assign = "bmu") -> Classes:
    """Classify two periods of the same installations, float64 (installation, component), with one model."""
    first, second = class_of(model, before, assign), class_of(model, after, assign)
    own_before = distance_to(model, before, first)
    own_after = distance_to(model, after, second)
    other = distance_to(model, after, first)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(first == second, 1.0, own_after / other)
    ratio[(first < 0) | (second < 0)] = np.nan
    return Classes(first, second, ratio, own_before, own_after, _percentile(model, second, own_after))


def distance_to(model: PatternMap, shares: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """Return the Euclidean distance of every row to the prototype of a class, NaN for class -1."""
    distance = np.full(len(shares), np.nan)
    for mask, rows in _by_mask(shares):
        prototypes = _on(model.prototypes, mask)
        apart = np.sqrt(((shares[rows][:, mask] - prototypes[classes[rows]]) ** 2).sum(axis=1))
        distance[rows] = np.where(classes[rows] >= 0, apart, np.nan)
    return distance


def shape_distance(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """Return the fraction of energy that moved, 0..1; NaN where a period has no shares.

    Both float64 (installation, component). Source: screening specification 7.4 (total variation).
    """
    return 0.5 * np.where(
        np.isnan(before).all(axis=1) | np.isnan(after).all(axis=1),
        np.nan,
        np.nansum(np.abs(before - after), axis=1),
    )


def common_months(
    before: np.ndarray, after: np.ndarray, both: np.ndarray, least: int
) -> tuple[np.ndarray, np.ndarray]:
    """Restrict shares of two periods to the months observed in both; NaN with fewer than `least`."""
    enough = both.sum(axis=1, keepdims=True) >= least
    return restrict(before, both & enough), restrict(after, both & enough)


def transitions(before: np.ndarray, after: np.ndarray, classes: int) -> np.ndarray:
    """Count installations by earlier and later class, int64 (class, class); untestable ones are left out."""
    known = (before >= 0) & (after >= 0)
    return np.bincount(before[known] * classes + after[known], minlength=classes**2).reshape(classes, classes)


def _by_mask(shares: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """Group the rows by their known components; rows without any are left out."""
    known = ~np.isnan(shares)
    patterns, group = np.unique(known, axis=0, return_inverse=True)
    group = group.reshape(-1)
    return [(mask, np.nonzero(group == g)[0]) for g, mask in enumerate(patterns) if mask.any()]


def _on(reference: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Return reference rows on some components, with sum 1 there; whole rows stay as they are."""
    if mask.all():
        return np.ascontiguousarray(reference)
    return np.ascontiguousarray(restrict(reference, mask)[:, mask])


def _percentile(model: PatternMap, classes: np.ndarray, distance: np.ndarray) -> np.ndarray:
    found = np.full(len(classes), np.nan)
    for c, spread in enumerate(model.spread):
        rows = classes == c
        found[rows] = np.searchsorted(spread, distance[rows]) / len(spread)
    return np.minimum(found, 1.0)
