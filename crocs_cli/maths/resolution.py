"""Reach a number of communities by the resolution of the quality (paper section 6)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from crocs_cli.maths.communities import Leiden

#: the paper's way: from 0.02 in steps of 0.01, here no further than a graph can sensibly need
FIRST, STEP, LAST = 0.02, 0.01, 20.0
#: the bracketing way: from where RBER asks of a community what the whole graph has, in factors
START, FACTOR, SPAN, CLOSE = 1.0, 2.0, 1e6, 1.005


@dataclass(frozen=True)
class Trial:
    """What one resolution gave: communities (P,) int32, and how many of them are large enough to count.

    `fell_apart` says that nothing is left to split: none counts, or there are as many as there can be.
    """

    resolution: float
    communities: np.ndarray
    count: int
    fell_apart: bool


def attempt(leiden: Leiden, days: np.ndarray, min_coverage: float, resolution: float) -> Trial:
    """Try one resolution; a community counts that holds at least `min_coverage` of all days (P,)."""
    communities = leiden.communities(resolution)
    held = np.bincount(communities, days)
    count = int((held >= min_coverage * days.sum(dtype=np.int64)).sum())
    return Trial(resolution, communities, count, count == 0 or len(held) == leiden.most)


def reach(trial: Callable[[float], Trial], wanted: int, search: str) -> list[Trial]:
    """Try resolutions until `wanted` communities count; return all trials, the best one last.

    trial: tries a resolution. search: `steps`, the paper's, or `bracket`, which needs about ten
    trials. The best is nearest to the wanted number, and of equally near ones that of the least resolution.
    Once communities fall apart below what counts, no resolution gives more; the best is what there was.
    """
    trials: list[Trial] = []

    def count(resolution: float) -> int:
        trials.append(trial(resolution))
        return trials[-1].count

    if search == "steps":
        _by_steps(count, trials, wanted)
    else:
        _by_brackets(count, trials, wanted)
    best = min(trials, key=lambda each: (abs(each.count - wanted), each.resolution))
    return [each for each in trials if each is not best] + [best]


def _by_steps(count: Callable[[float], int], trials: list[Trial], wanted: int) -> None:
    for number in range(round((LAST - FIRST) / STEP) + 1):
        if count(FIRST + number * STEP) >= wanted or trials[-1].fell_apart:
            return


def _by_brackets(count: Callable[[float], int], trials: list[Trial], wanted: int) -> None:
    below = above = START
    if count(START) < wanted:
        while trials[-1].count < wanted and not trials[-1].fell_apart and above < SPAN:
            below, above = above, above * FACTOR
            count(above)
    else:
        while trials[-1].count > wanted and below > 1.0 / SPAN:
            below, above = below / FACTOR, below
            count(below)
    while trials[-1].count != wanted and above / below > CLOSE:
        middle = (below * above) ** 0.5
        if count(middle) < wanted and not trials[-1].fell_apart:
            below = middle
        else:
            above = middle
