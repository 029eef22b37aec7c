"""Reach a number of communities by the resolution of the quality (paper section 6)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from crocs_cli.maths.behaviours.communities import Leiden

#: the paper's way: from 0.02 in steps of 0.01, here no further than a graph can sensibly need
FIRST, STEP, LAST = 0.02, 0.01, 20.0
#: the bracketing way: from where RBER asks of a community what the whole graph has, in factors
START, FACTOR, SPAN, CLOSE = 1.0, 2.0, 1e6, 1.02
#: share of the days that a good answer leaves in communities that count
LEAST_COVERED = 0.85


@dataclass(frozen=True)
class Trial:
    """What one resolution gave: communities (P,) int32, and how many of them are large enough to count.

    covered: the share of all days in those that count; split: whether nothing is left to split.
    """

    resolution: float
    communities: np.ndarray
    count: int
    covered: float
    split: bool

    @property
    def fell_apart(self) -> bool:
        """Whether most days are in communities too small to count: shared behaviours are broken up."""
        return self.covered < LEAST_COVERED


def attempt(leiden: Leiden, days: np.ndarray, min_coverage: float, resolution: float) -> Trial:
    """Try one resolution; a community counts that holds at least `min_coverage` of all days (P,)."""
    communities = leiden.communities(resolution)
    share = np.bincount(communities, days) / days.sum(dtype=np.int64)
    large = share[share >= min_coverage]
    return Trial(resolution, communities, len(large), float(large.sum()), len(share) == leiden.most)


def reach(trial: Callable[[float], Trial], wanted: int, search: str) -> list[Trial]:
    """Try resolutions until `wanted` communities count; return all trials, the best one last.

    trial: tries a resolution. search: `steps`, the paper's, or `bracket`, which needs about ten trials. The
    best is nearest to the wanted number, and of equally near ones that of the least resolution; but one that
    breaks shared behaviours up only to reach the number is no good, and fewer communities are the answer.
    """
    trials: list[Trial] = []

    def enough(resolution: float) -> bool:
        trials.append(trial(resolution))
        return trials[-1].count >= wanted or trials[-1].fell_apart or trials[-1].split

    if search == "steps":
        _by_steps(enough)
    else:
        _by_brackets(enough, trials, wanted)
    best = min(trials, key=lambda each: (each.fell_apart, abs(each.count - wanted), each.resolution))
    return [each for each in trials if each is not best] + [best]


def _by_steps(enough: Callable[[float], bool]) -> None:
    for number in range(round((LAST - FIRST) / STEP) + 1):
        if enough(FIRST + number * STEP):
            return


def _by_brackets(enough: Callable[[float], bool], trials: list[Trial], wanted: int) -> None:
    below = above = START
    if enough(START):
        while trials[-1].count != wanted and below > 1.0 / SPAN:
            below, above = below / FACTOR, below
            if not enough(below):
                break
    else:
        while above < SPAN:
            below, above = above, above * FACTOR
            if enough(above):
                break
    while trials[-1].count != wanted and above / below > CLOSE:
        middle = (below * above) ** 0.5
        if enough(middle):
            above = middle
        else:
            below = middle
