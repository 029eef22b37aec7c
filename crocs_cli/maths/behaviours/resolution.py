"""Reach a number of communities by the resolution of the quality (paper section 6).

A higher resolution gives more and smaller communities, in the main: neither their number nor what they cover
is monotone. All decisions here compare counts, or quotients of whole numbers of days, which round alike on
every processor.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import accumulate
from operator import mul

import numpy as np

from crocs_cli.maths.behaviours.communities import Leiden, counted

#: the paper's way: from 0.02 in steps of 0.01, here no further than a graph can sensibly need, nor past so
#: many trials that fell apart
FIRST, STEP, LAST, PAST_APART = 0.02, 0.01, 20.0, 32
#: the bracketing way: from where RBER asks of a community what the whole graph has, in factors
START, FACTOR, SPAN = 1.0, 2.0, 1e6
#: a bracket is halved until its ends are 1 % apart: six square roots of the factor
HALVINGS = 6
#: steps of 1 % to either side of a closed bracket, the coarse ones first: every fourth as far as the factor,
#: then every second and at last all, as far as 1.3.
AROUND = (*range(4, 65, 4), *range(2, 24, 4), *range(1, 24, 2))
#: resolutions whose ratio is nearer to 1 than this are the same
SAME = 0.005


@dataclass(frozen=True)
class Trial:
    """The result of one resolution: communities (P,) int32, and how many of them are large enough to count.

    covered: the fraction of all days in those that count; split: whether nothing is left to split.
    """

    resolution: float
    communities: np.ndarray
    count: int
    covered: float
    split: bool


def attempt(leiden: Leiden, days: np.ndarray, min_coverage: float, resolution: float) -> Trial:
    """Try one resolution; a community counts that holds at least `min_coverage` of all days (P,)."""
    communities = leiden.communities(resolution)
    held = np.bincount(communities, days)
    count = counted(held, min_coverage)
    covered = float(held[:count].sum() / held.sum())
    return Trial(resolution, communities, count, covered, len(held) == leiden.most)


def reach(
    trial: Callable[[float], Trial], wanted: int, search: str, min_total_coverage: float
) -> list[Trial]:
    """Try resolutions until `wanted` communities count; return all trials, the best one last.

    trial: tries a resolution. search: `steps`, the paper's, or `bracket`. The best is nearest to the wanted
    number, and of equally near ones that of the least resolution. A trial whose communities cover less than
    `min_total_coverage` of the days fell apart: it breaks shared behaviours up only to reach the number, so
    fewer communities are the answer. It bounds the search from above, and is the best only where all fell
    apart.

    `bracket` takes about six trials where some resolution gives the number; else 2 * len(AROUND) more, and
    never over 95.
    """
    tried = _Search(trial, wanted, min_total_coverage)
    if search == "steps":
        _by_steps(tried)
    else:
        _by_brackets(tried)
    best = min(tried.trials, key=tried.distance)
    return [each for each in tried.trials if each is not best] + [best]


@dataclass
class _Search:
    """The trials of one search, and what they have to reach."""

    trial: Callable[[float], Trial]
    wanted: int
    min_total_coverage: float
    trials: list[Trial] = field(default_factory=list)

    def fell_apart(self, trial: Trial) -> bool:
        """Return whether too many days are in communities too small to count."""
        return trial.covered < self.min_total_coverage

    def distance(self, trial: Trial) -> tuple[bool, int, float]:
        """Return how far a trial is from what is wanted: the least is the best."""
        return self.fell_apart(trial), abs(trial.count - self.wanted), trial.resolution

    def enough(self, resolution: float) -> bool:
        """Try a resolution; return whether no higher one is needed."""
        self.trials.append(self.trial(resolution))
        last = self.trials[-1]
        return last.count >= self.wanted or last.split or self.fell_apart(last)

    @property
    def reached(self) -> bool:
        """Whether the last trial is what is wanted."""
        last = self.trials[-1]
        return last.count == self.wanted and not self.fell_apart(last)


def _by_steps(search: _Search) -> None:
    """Step up to the first trial that has the number, past some trials that fell apart."""
    apart = 0
    for number in range(round((LAST - FIRST) / STEP) + 1):
        if search.enough(FIRST + number * STEP):
            last = search.trials[-1]
            apart += search.fell_apart(last)
            if not search.fell_apart(last) or last.split or apart > PAST_APART:
                return


def _by_brackets(search: _Search) -> None:
    bracket = _bracket(search)
    if bracket is None:
        return
    below, above = bracket
    for _ in range(HALVINGS):
        middle = math.sqrt(below * above)
        if search.enough(middle):
            above = middle
        else:
            below = middle
        if search.reached:
            return
    _look_around(search, below, above)


def _bracket(search: _Search) -> tuple[float, float] | None:
    """Return a resolution that is too low and the next one that is not; None where the search is over."""
    upward = not search.enough(START)
    factor, last = FACTOR if upward else 1.0 / FACTOR, START
    while not search.reached and 1.0 / SPAN < last < SPAN:
        before, last = last, last * factor
        if search.enough(last) == upward:
            return None if search.reached else (min(before, last), max(before, last))
    return None


def _look_around(search: _Search, below: float, above: float) -> None:
    """Try resolutions on both sides of a closed bracket, where it lies between the wrong two trials."""
    known = [each.resolution for each in search.trials]
    factor = list(accumulate([above / below] * max(AROUND), mul))
    for steps in AROUND:
        for resolution in (below / factor[steps - 1], above * factor[steps - 1]):
            if all(abs(resolution / each - 1.0) > SAME for each in known):
                search.enough(resolution)
                if search.reached:
                    return
