"""Score and order installations: sum of tags times factors, lowered by missing days (paper, 2.6)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from crocs_cli.maths.portable import exp, log

Factors = Mapping[str, float]


@dataclass(frozen=True)
class Score:
    """Scores of all installations: `final`, `score` (installation,), `contributions` {tag: (installation,)}.

    The contributions of an installation add up to `score`; `final` = `score` x completeness ^ gamma where
    positive.
    """

    final: np.ndarray
    score: np.ndarray
    contributions: dict[str, np.ndarray]


def score(
    tags: Mapping[str, np.ndarray], factors: Factors, completeness: np.ndarray, gamma: float = 1.0
) -> Score:
    """Score installations; an untestable tag counts 0 (paper, 2.6; specification 9.2, 9.3)."""
    contributions = {name: factors[name] * np.nan_to_num(tag) for name, tag in tags.items()}
    total = np.sum(list(contributions.values()), axis=0)
    complete = np.nan_to_num(completeness)
    discount = complete**gamma if gamma in (0, 1) else exp(gamma * log(complete))
    return Score(np.where(total > 0, total * discount, total), total, contributions)


def order(key: np.ndarray, ranked: np.ndarray, ties: Sequence[np.ndarray], names: np.ndarray) -> np.ndarray:
    """Return the ranked installations, best first.

    `key` is rounded to 1e-9, so that ties are ties on every machine; they go by `ties` (each falling), then
    by name.
    """
    rows = np.nonzero(ranked)[0]
    falling = [-np.nan_to_num(values[rows]) for values in reversed(ties)]
    return rows[np.lexsort((names[rows], *falling, -np.round(key[rows], 9)))]


def ranks(ordered: np.ndarray, count: int, groups: np.ndarray | None = None) -> np.ndarray:
    """Return the rank of each installation from 1, 0 for the unranked; within its group when given."""
    rank = np.zeros(count, np.int64)
    if groups is None:
        rank[ordered] = np.arange(1, len(ordered) + 1)
        return rank
    for group in np.unique(groups):
        members = ordered[groups[ordered] == group]
        rank[members] = np.arange(1, len(members) + 1)
    return rank


def ceased(kwh: np.ndarray, mean_before: np.ndarray, end: np.ndarray, days: int = 91) -> np.ndarray:
    """Return which installations stopped: 9 of 10 valid days of the last 91 below a tenth of the mean.

    `kwh` (installation, day), `mean_before` and `end` (installation,). Source: specification 9.4.
    """
    day = np.arange(kwh.shape[1])
    last = (day >= end[:, None] - days) & (day < end[:, None]) & ~np.isnan(kwh)
    low = last & (kwh < 0.10 * mean_before[:, None])
    return (low.sum(axis=1) >= 0.9 * last.sum(axis=1)) & last.any(axis=1) & (mean_before > 0)


def placebo_p(scores: np.ndarray, null: np.ndarray, level: np.ndarray, null_level: np.ndarray) -> np.ndarray:
    """Return empirical p-values: (1 + scores of the null that are as high) / (1 + scores of the null).

    The null are scores of the same population at a date when nothing is suspected. Specification 14.2.
    """
    p = np.full(len(scores), np.nan)
    for group in np.unique(level):
        same = null[null_level == group]
        same = np.sort(same if len(same) >= LEAST_NULL else null)
        rows = level == group
        p[rows] = (1 + len(same) - np.searchsorted(same, scores[rows], side="left")) / (1 + len(same))
    return p


LEAST_NULL = 200


def false_discovery(p: np.ndarray) -> np.ndarray:
    """Return Benjamini-Hochberg q-values of p-values, NaN left out."""
    from scipy.stats import false_discovery_control

    q, known = np.full(len(p), np.nan), ~np.isnan(p)
    q[known] = false_discovery_control(p[known])
    return q
