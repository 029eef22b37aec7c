"""Synthetic populations: which shapes a consumer has on which days, and what cluster it belongs to.

Source: paper section 5.1. A population is a pure function of its settings and seed; a consumer depends on its
own number only, so that any division of the work draws the same one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from crocs_cli.maths.compiled import kernel
from crocs_cli.maths.synthetic import generator, periods

_DESIGN, _PLAN, _DAYS = 0, 1, 2  # what a random stream is for
FLOOR = 0.05  # standby consumption, as a share of the day's range
MEDIAN_DAILY_KWH, LEVEL_SPREAD, DAY_SPREAD = 12.0, 0.5, 0.15


@dataclass(frozen=True)
class Behaviour:
    """The shapes of a cluster (or of an outlier consumer), and how one day's shape follows another's.

    shapes: (k,) int; transition: (k, k) float64, rows sum to 1; all rows equal where days are independent.
    """

    shapes: np.ndarray
    transition: np.ndarray

    def draw(self, days: int, random: np.random.Generator) -> np.ndarray:
        """Draw the shape of each day: (days,) int32."""
        start = int(random.integers(len(self.shapes)))
        return self.shapes[_follow(self.transition.cumsum(axis=1), start, random.random(days))].astype(
            np.int32
        )


@dataclass(frozen=True)
class Population:
    """Parameters of a synthetic population; `SynthSettings` describes them."""

    consumers: int
    days: int
    outliers: int
    outlier_consumers: int
    markov: bool
    seed: int
    behaviours: list[Behaviour]
    period: str = "day"

    def plan(self, number: int) -> tuple[int, np.ndarray]:
        """Return a consumer's cluster (-1: none) and the shape of each of its days (-1: outlier day)."""
        random = np.random.default_rng([self.seed, _PLAN, number])
        if number >= self.consumers - self.outlier_consumers:
            size = len(self.behaviours[0].shapes)
            own = random.choice(generator.SHAPES, size, replace=False)
            cluster, behaviour = -1, _behaviour(own, self.markov, random)
        else:
            cluster = int(random.integers(len(self.behaviours)))
            behaviour = self.behaviours[cluster]
        shape = behaviour.draw(self.days, random)
        shape[random.choice(self.days, self.outliers, replace=False)] = -1
        return cluster, shape

    def energy_kwh(self, number: int) -> np.ndarray:
        """Return a consumer's readings: (days, 48) float64; (weeks, 168), or (events, 6) scaled features."""
        random = np.random.default_rng([self.seed, _DAYS, number])
        kinds = self.plan(number)[1]
        if self.period == "event":
            return periods.draw_events(kinds, random)
        draw, days = (periods.draw_weeks, 7) if self.period == "week" else (generator.draw_days, 1)
        profile = FLOOR + draw(kinds, random)
        level = np.exp(random.normal(0.0, LEVEL_SPREAD) + random.normal(0.0, DAY_SPREAD, self.days))
        return profile * (days * MEDIAN_DAILY_KWH * level / profile.sum(axis=1))[:, None]


def cluster_behaviours(clusters: int, shapes: int, markov: bool, seed: int) -> list[Behaviour]:
    """Draw a set of shapes for each cluster, no two sets equal.

    The caller sees to it that there are that many different sets.
    """
    random = np.random.default_rng([seed, _DESIGN])
    sets: dict[tuple[int, ...], None] = {}
    while len(sets) < clusters:
        sets[tuple(sorted(random.choice(generator.SHAPES, shapes, replace=False).tolist()))] = None
    return [_behaviour(np.array(chosen), markov, random) for chosen in sets]


def _behaviour(shapes: np.ndarray, markov: bool, random: np.random.Generator) -> Behaviour:
    """Return a set of shapes its transitions: drawn at random for a Markov chain, else all alike."""
    size = len(shapes)
    transition = random.dirichlet(np.ones(size), size) if markov else np.full((size, size), 1.0 / size)
    return Behaviour(shapes, transition)


@kernel
def _follow(steps, state, chances):
    """Return the state of each day of a Markov chain; steps: cumulated transition chances."""
    states = np.empty(len(chances), np.int64)
    for day in range(len(chances)):
        state = min(np.searchsorted(steps[state], chances[day], side="right"), len(steps) - 1)
        states[day] = state
    return states
