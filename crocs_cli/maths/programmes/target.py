"""Choose the fewest consumers whose flexible use together reaches a goal with a wanted probability.

A consumer's flexible kW on a day is what it uses in the window above the mean of its own low days: those of
the behaviour with the least kW there. On its low days it has none. So its mean is the difference between its
own behaviours' kW, weighted by how often each occurs, and never more than what it uses.

Which set has the fewest consumers is a stochastic knapsack: for each number asked the best set is the first
of an order by mean less slope times variance, for some slope (Kwac and Rajagopal 2014, arXiv 1409.4119). What
a set gives is measured on days that were used neither to find its low days nor to choose it, all consumers
together, so that neither the choice nor the weather that they share makes the goal seem surer than it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from crocs_cli.maths.decisions import at_least, first_least, order, slack

COMMON = 0.1  # share of a consumer's days from which a behaviour may be its low one
FOLDS = 5  # parts of the days, each measured by what the others show
SLOPES = 16  # prices of variance that are tried, beside none
MOST_SKEW = 1.0  # beyond which the correction for skewness does not hold
ROWS = 4096  # consumers that are looked at together


class Use(NamedTuple):
    """Use of consumers in the window.

    kw: (n, D) float32, mean kW of each day, NaN where a consumer has no such day; behaviour: (n, D) int16,
    which of its segment's behaviours the day shows, -1 for none; response: (n,) float64, the chance that a
    consumer who is asked does it.
    """

    kw: np.ndarray
    behaviour: np.ndarray
    response: np.ndarray

    def rows(self, some: slice) -> Use:
        """Return some of the consumers."""
        return Use(self.kw[some], self.behaviour[some], self.response[some])

    def days(self, some: np.ndarray) -> Use:
        """Return some of the days, for all consumers; some: (D,) bool."""
        return Use(self.kw[:, some], self.behaviour[:, some], self.response)


class Flexible(NamedTuple):
    """The flexibility of each consumer, as some days show it.

    low_kw: (n,) mean kW of its low days; high: (n, B + 1) bool, which behaviours (none comes last) use more
    than that on average; mean, variance: (n,) of what it gives on a day when asked; own: (n,) the part of
    the variance that is never common to consumers: whether it responds, and how low its low day is.
    """

    low_kw: np.ndarray
    high: np.ndarray
    mean: np.ndarray
    variance: np.ndarray
    own: np.ndarray

    def on(self, use: Use) -> np.ndarray:
        """Return what each consumer is expected to give on each day: (n, D), NaN where it has no such day."""
        high = np.take_along_axis(self.high, _index(use, self.high.shape[1]), axis=1)
        given = np.where(high, use.kw - self.low_kw[:, None], 0.0) * use.response[:, None]
        return np.where(np.isnan(use.kw), np.nan, given)


class Curve(NamedTuple):
    """The kW of the first consumers of an order together, by how many are asked.

    order: (n,) their numbers; mean, error, skew: (n,) kW on a new day, its standard error, and its skewness;
    freedom: the degrees of freedom of the error.
    """

    order: np.ndarray
    mean: np.ndarray
    error: np.ndarray
    skew: np.ndarray
    freedom: int

    def sure(self, probability: float) -> np.ndarray:
        """Return the kW that are reached with a probability, (n,): by Student's t, corrected for skewness."""
        from scipy import stats

        step = float(stats.t.ppf(probability, self.freedom))
        sure: np.ndarray = self.mean - (step - self.skew * (step**2 - 1.0) / 6.0) * self.error
        return sure

    def chance(self, goal: float) -> np.ndarray:
        """Return the probability that a goal in kW is reached, (n,): that of which it is the `sure`."""
        from scipy import stats

        with np.errstate(divide="ignore", invalid="ignore"):
            way = (self.mean - goal) / self.error - self.skew / 6.0
        step = 2.0 * way / (1.0 + np.sqrt(np.maximum(1.0 - self.skew * way / 1.5, 0.0)))
        certain = np.where(at_least(self.mean, goal), 1.0, 0.0)
        return np.where(self.error > 0, stats.t.cdf(step, self.freedom), certain)


def measure(use: Use) -> Flexible:
    """Measure how flexible each consumer is, from all days of its use."""
    behaviours = int(use.behaviour.max(initial=-1)) + 1
    starts = range(0, max(1, len(use.kw)), ROWS)
    parts = [_measure(use.rows(slice(start, start + ROWS)), behaviours) for start in starts]
    return Flexible(*(np.concatenate([part[at] for part in parts]) for at in range(len(Flexible._fields))))


def slopes(variance: np.ndarray, probability: float) -> np.ndarray:
    """Return prices of variance, per kW, under which the best sets are found: (SLOPES + 1,).

    The best set's own price is the normal quantile over twice the deviation of its sum, which lies between
    that of the steadiest consumer and that of all.
    """
    from scipy import stats

    some = variance[variance > 0]
    if not len(some):
        return np.zeros(1)
    quantile = abs(float(stats.norm.ppf(probability))) + 1e-3
    ends = quantile / 2.0 / np.sqrt([some.sum(), some.min()])
    return np.concatenate([[0.0], np.geomspace(ends[0], ends[1], SLOPES)])


def ranked(mean: np.ndarray, variance: np.ndarray, slope: float) -> np.ndarray:
    """Return the consumers by falling mean less slope times variance: (n,)."""
    return order(slope * variance - mean)


def curves(use: Use, probability: float, rivals: Sequence[np.ndarray] = ()) -> Iterator[Curve]:
    """Yield what the first consumers of each order give, for each slope, then for each rival order.

    use: of n consumers on D days, at least 2 * FOLDS; rivals: orders (n,). Each fold of the days is measured
    with the low days and the order that the other folds give. The order of a curve is that of all days.
    """
    everything = measure(use)
    prices = slopes(everything.variance, probability)
    fold = np.arange(use.kw.shape[1]) % FOLDS
    known = [measure(use.days(fold != number)) for number in range(FOLDS)]
    given = np.empty(use.kw.shape, dtype=np.float32)
    for number, flexible in enumerate(known):
        given[:, fold == number] = flexible.on(use.days(fold == number))
    given = _filled(given)
    for price in prices:
        orders = [ranked(one.mean, one.variance, price) for one in known]
        yield _curve(given, fold, orders, known, ranked(everything.mean, everything.variance, price))
    for rival in rivals:
        yield _curve(given, fold, [rival] * FOLDS, known, rival)


def fewest(found: list[Curve], goal: float, probability: float) -> tuple[Curve, int] | None:
    """Return the curve that reaches a goal in kW with the fewest consumers, and how many; None if none does.

    Of those with equally few, the one that is surest of the most kW.
    """
    best: tuple[Curve, int] | None = None
    known = (0, 0.0)
    for curve in found:
        sure = curve.sure(probability)
        reached = np.flatnonzero(at_least(sure, goal))
        if len(reached) and (best is None or (reached[0] + 1, -sure[reached[0]]) < known):
            best, known = (curve, int(reached[0]) + 1), (int(reached[0]) + 1, -float(sure[reached[0]]))
    return best


def _measure(use: Use, behaviours: int) -> Flexible:
    """Measure some consumers; the days of no behaviour are the last column of all tables."""
    groups = behaviours + 1
    there = ~np.isnan(use.kw)
    place = _index(use, groups) + groups * np.arange(len(use.kw))[:, None]
    kw = np.where(there, use.kw, 0.0).astype(np.float64)
    shape = (len(use.kw), groups)
    count, total, squares = (
        np.bincount(place.ravel(), values.ravel(), shape[0] * groups).reshape(shape)
        for values in (there.astype(np.float64), kw, kw * kw)
    )
    days = np.maximum(count.sum(axis=1), 1.0)
    mean = total / np.maximum(count, 1.0)
    common = at_least(count, COMMON * days[:, None]) & (count > 0)
    common[:, -1] = False
    low = first_least(np.where(common, mean, np.inf))
    row, some = np.arange(len(low)), common.any(axis=1)
    low_kw = np.where(some, np.maximum(mean[row, low], 0.0), np.inf)
    high = (mean > low_kw[:, None] + slack(use.kw)) & (count > 0)
    spread = np.maximum(squares - count * mean**2, 0.0)[row, low] / np.maximum(count[row, low] - 1.0, 1.0)
    low_kw = np.where(some, low_kw, 0.0)
    often = (count * high).sum(axis=1) / days
    first = ((total - count * low_kw[:, None]) * high).sum(axis=1) / days
    second = (squares - 2.0 * low_kw[:, None] * total + count * low_kw[:, None] ** 2) * high
    second = np.maximum(second.sum(axis=1) / days, first**2)
    rate = use.response
    own = rate * often * spread + rate * (1.0 - rate) * second
    return Flexible(low_kw, high, rate * first, rate**2 * (second - first**2) + own, own)


def _index(use: Use, groups: int) -> np.ndarray:
    """Return the group of each day, the last one for days of no behaviour: (n, D)."""
    return np.where(use.behaviour < 0, groups - 1, use.behaviour).astype(np.int64)


def _filled(given: np.ndarray) -> np.ndarray:
    """Put each consumer's mean where it has no day; stretch the other days to the variance that it has."""
    there = ~np.isnan(given)
    days = np.maximum(there.sum(axis=1, keepdims=True), 1)
    mean = np.where(there, given, 0.0).sum(axis=1, keepdims=True) / days
    stretched = mean + (given - mean) * np.sqrt(given.shape[1] / days)
    return np.where(there, stretched, mean).astype(np.float32)


def _curve(
    given: np.ndarray, fold: np.ndarray, orders: list[np.ndarray], known: list[Flexible], of_all: np.ndarray
) -> Curve:
    """Return the curve of an order; orders, known: those of each fold, from the days of the others."""
    consumers, days = given.shape
    powers, own = np.zeros((3, consumers)), np.zeros(consumers)
    for number, (one, flexible) in enumerate(zip(orders, known, strict=True)):
        sums = given[:, fold == number][one].cumsum(axis=0, dtype=np.float64)
        for power, total in enumerate(powers, 1):
            total += (sums**power).sum(axis=1)
        own += flexible.own[one].cumsum() / FOLDS
    mean, square, cube = powers / days
    varied = np.maximum(square - mean**2, 0.0) * days / (days - 1)
    variance = varied * (1.0 + 1.0 / days) + own
    third = cube - 3.0 * mean * square + 2.0 * mean**3
    with np.errstate(divide="ignore", invalid="ignore"):
        skew = np.where(variance > 0, third / variance**1.5, 0.0).clip(-MOST_SKEW, MOST_SKEW)
    return Curve(of_all, mean, np.sqrt(variance), skew, days - 1)
