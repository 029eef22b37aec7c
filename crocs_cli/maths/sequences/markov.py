"""Transitions between the labels of successive days, and the test of their order.

Source: paper section 5.4.1, Table 4; the test is that of Menéndez, Pardo and Pardo 2001, "Csiszar's
phi-divergences for testing the order in a Markov chain".
"""

from __future__ import annotations

import math

import numpy as np

from crocs_cli.maths.decisions import TOLERANCE

#: Cressie and Read's choice in the power-divergence family; 1 is Pearson's chi-square, 0 the likelihood ratio
CRESSIE_READ = 2 / 3
DAY = 1
#: a distribution's skewness is known to about 0.1 from so many
SHUFFLES = 500


def transition_counts(labels: np.ndarray, dates: np.ndarray, states: int) -> np.ndarray:
    """Count how often the day after one of state i is one of state j.

    labels: (days,) or (sequences, days) int from 0, in order of date; dates: (days,) int, whole days: a pair
    with a gap between is no transition. Returns (states, states) or (sequences, states, states) int64.
    """
    follows = np.diff(dates) == DAY
    pairs = labels[..., :-1][..., follows] * states + labels[..., 1:][..., follows]
    shape, cells = (*labels.shape[:-1], states, states), states**2
    table = np.arange(math.prod(shape) // cells).reshape(*labels.shape[:-1], 1)
    return np.bincount((pairs + cells * table).ravel(), minlength=math.prod(shape)).reshape(shape)


def transition_matrix(counts: np.ndarray) -> np.ndarray:
    """Estimate the transition probabilities from counts (states, states): rows sum to 1.

    A state that is never left (it is only the last day's) goes on as the states arrive on the whole.
    Raises ValueError when there is no transition at all.
    """
    arrivals = counts.sum(axis=0)
    if not arrivals.sum():
        raise ValueError("transition_matrix: no two days follow each other")
    left = counts.sum(axis=1, keepdims=True)
    shares = np.divide(counts, left, out=np.zeros(counts.shape), where=left > 0)
    return np.where(left > 0, shares, arrivals / arrivals.sum())


def order_test(counts: np.ndarray, power: float = CRESSIE_READ) -> float:
    """Return the p-value of "each day is drawn anew" (order 0) against a first-order Markov chain.

    counts: (states, states) transitions. The statistic is the power divergence, with its parameter `power`,
    between the transitions seen and those that independent days would give. It is asymptotically chi-square
    with (rows - 1) (columns - 1) degrees of freedom, counting those that occur. 1 where nothing can be told.
    With fewer transitions than pairs of states it is not: see `shuffled_order_test`.
    """
    from scipy.stats import chi2

    counts = counts[counts.sum(axis=1) > 0][:, counts.sum(axis=0) > 0]
    freedom = (counts.shape[0] - 1) * (counts.shape[1] - 1)
    if freedom <= 0:
        return 1.0
    return float(chi2.sf(_divergences(counts[None], power)[0], freedom))


def shuffled_order_test(
    labels: np.ndarray,
    dates: np.ndarray,
    states: int,
    random: np.random.Generator,
    power: float = CRESSIE_READ,
) -> float:
    """Return the p-value of the order test by the statistic's distribution when the days change places.

    labels (days,) int from 0 and their dates (days,), as in `transition_counts`. The distribution is taken
    as Pearson's of type III with mean, deviation and skewness of 500 shuffles, so that p may be far below
    1 in 500. 1 where nothing can be told.
    """
    from scipy.stats import pearson3, skew

    sequences = np.vstack([labels, random.permuted(np.tile(labels, (SHUFFLES, 1)), axis=1)])
    seen, *shuffled = _divergences(transition_counts(sequences, dates, states), power)
    spread = np.std(shuffled)
    if spread <= TOLERANCE * np.mean(shuffled):  # only the arithmetic's
        return 1.0
    return float(pearson3.sf(seen, skew(shuffled), np.mean(shuffled), spread))


def _divergences(counts: np.ndarray, power: float) -> np.ndarray:
    """Return twice the power divergence (Cressie and Read 1984) of tables from those of independent days.

    counts: (tables, states, states). Returns (tables,) float64.
    """
    table, here, there = np.nonzero(counts)
    seen, total = counts[table, here, there], counts.sum(axis=(1, 2))
    leaving, arriving = counts.sum(axis=2)[table, here], counts.sum(axis=1)[table, there]
    ratio = seen * (total[table] / (leaving * arriving))
    terms = 2 * seen * np.log(ratio) if power == 0 else 2 / (power * (power + 1)) * seen * (ratio**power - 1)
    return np.bincount(table, terms, minlength=len(counts))
