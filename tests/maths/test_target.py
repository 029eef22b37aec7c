"""Whom to ask: the fewest that reach a goal, as surely as it says, on days that were not used."""

import itertools
import math

import numpy as np
import pytest
from scipy import stats

from crocs_cli.maths.programmes import target
from crocs_cli.maths.programmes.target import Curve, Use


def fewest_of_all(mean, variance, goal, quantile):
    """Try every set of independent consumers; return the least number that reaches a goal."""
    for count in range(1, len(mean) + 1):
        for chosen in itertools.combinations(range(len(mean)), count):
            some = list(chosen)
            if mean[some].sum() - quantile * math.sqrt(variance[some].sum()) >= goal:
                return count
    return None


def test_no_set_is_smaller_than_the_one_that_is_found():
    random = np.random.default_rng(0)
    tried = []
    for _ in range(200):
        count = int(random.integers(3, 11))
        mean, variance = random.gamma(2.0, 0.5, count), random.gamma(1.0, 0.5, count)
        probability = float(random.choice([0.6, 0.8, 0.9, 0.99]))
        quantile = stats.norm.ppf(probability)
        goal = random.uniform(0.05, 1.1) * max(0.05, mean.sum() - quantile * math.sqrt(variance.sum()))
        orders = [target.ranked(mean, variance, slope) for slope in target.slopes(variance, probability)]
        curves = [
            Curve(order, mean[order].cumsum(), np.sqrt(variance[order].cumsum()), np.zeros(count), 10**9)
            for order in orders
        ]
        found = target.fewest(curves, goal, probability)
        tried.append(fewest_of_all(mean, variance, goal, quantile))
        assert (found and found[1]) == tried[-1]
    assert None in tried
    assert max(number for number in tried if number) > 5


class People:
    """A population whose flexibility is known: behaviours with kW of their own, and shared weather."""

    def __init__(self, seed, consumers=150, days=60, later=40, weather=0.1):
        self.random = random = np.random.default_rng(seed)
        level = np.exp(random.normal(0.0, 0.5, consumers))
        self.mean = level[:, None] * random.gamma(2.0, 0.5, (consumers, 4))
        often = random.dirichlet(np.full(4, 4.0), consumers)
        hot = random.normal(size=days + later)
        chance = often.cumsum(axis=1)[:, None, :]
        own = random.normal(size=(consumers, days + later))
        drawn = stats.norm.cdf(0.3 * hot + math.sqrt(0.91) * own)
        self.behaviour = (drawn[:, :, None] > chance[:, :, :3]).sum(axis=2)
        self.common = np.exp(weather * hot)
        self.kw = self.draw(self.behaviour, self.common)
        self.days = days

    def draw(self, behaviour, weather):
        """Draw the kW of each day that shows a behaviour: (n, D)."""
        mean = np.take_along_axis(self.mean, behaviour, axis=1)
        return mean * np.exp(self.random.normal(-0.045, 0.3, mean.shape)) * weather

    def known(self):
        """Return the use on the days before."""
        kw, behaviour = self.kw[:, : self.days], self.behaviour[:, : self.days]
        return Use(kw.astype(np.float32), behaviour.astype(np.int16), np.ones(len(kw)))

    def given(self, low):
        """Return what each gives on each later day, when it has any one of its low days instead: (n, D)."""
        weather = self.random.permuted(np.broadcast_to(self.common, self.kw.shape), axis=1)
        without = self.draw(np.broadcast_to(low[:, None], self.behaviour.shape), weather)
        return np.where(self.behaviour == low[:, None], 0.0, self.kw - without)[:, self.days :]


@pytest.mark.parametrize("weather", [0.0, 0.1, 0.2])
def test_the_goal_is_met_on_later_days_as_often_as_it_says(weather):
    met, asked, expected, actual = [], [], [], []
    for seed in range(60):
        people = People(seed, weather=weather)
        use = people.known()
        by_kw = np.argsort(-use.kw.mean(axis=1), kind="stable")
        *curves, rival = target.curves(use, 0.9, [by_kw])
        curve, count = target.fewest(curves, 15.0, 0.9)
        chosen = curve.order[:count]
        given = people.given(people.mean.argmin(axis=1))[chosen].sum(axis=0)
        met.append((given >= 15.0).mean())
        asked.append((count, target.fewest([rival], 15.0, 0.9)[1]))
        expected.append(curve.mean[count - 1])
        actual.append(given.mean())
    print(weather, np.mean(met), np.mean(asked, axis=0), np.mean(expected), np.mean(actual))
    assert 0.87 <= np.mean(met) <= 0.93
    assert np.mean(expected) == pytest.approx(np.mean(actual), rel=0.03)
    fewer, by_kw = np.mean(asked, axis=0)
    assert fewer < 0.95 * by_kw


def test_the_chance_of_what_is_sure_is_the_probability():
    for skew in (-1.0, -0.3, 0.0, 0.5, 1.0):
        curve = Curve(np.arange(3), np.arange(3.0), np.array([0.5, 1.0, 2.0]), np.full(3, skew), 30)
        for probability in (0.5, 0.8, 0.9, 0.99):
            chance = [curve.chance(kw)[at] for at, kw in enumerate(curve.sure(probability))]
            np.testing.assert_allclose(chance, probability, rtol=1e-9)
