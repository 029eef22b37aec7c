"""How one day's behaviour follows another's: transitions between labels, and the test of their order.

Source: paper section 5.4.1, Table 4; the test is that of Menéndez, Pardo and Pardo 2001, "Csiszar's
phi-divergences for testing the order in a Markov chain".
"""

from __future__ import annotations

import numpy as np

#: Cressie and Read's choice in the power-divergence family; 1 is Pearson's chi-square, 0 the likelihood ratio
CRESSIE_READ = 2 / 3
DAY = 1


def transition_counts(labels: np.ndarray, dates: np.ndarray, states: int) -> np.ndarray:
    """Count how often the day after one of state i is one of state j.

    labels: (days,) int from 0, in order of date; dates: (days,) int, whole days: a pair with a gap between is
    no transition. Returns (states, states) int64.
    """
    follows = np.diff(dates) == DAY
    pairs = labels[:-1][follows] * states + labels[1:][follows]
    return np.bincount(pairs, minlength=states * states).reshape(states, states)


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
    """
    from scipy.stats import chi2

    counts = counts[counts.sum(axis=1) > 0][:, counts.sum(axis=0) > 0]
    freedom = (counts.shape[0] - 1) * (counts.shape[1] - 1)
    if freedom <= 0:
        return 1.0
    expected = np.outer(counts.sum(axis=1), counts.sum(axis=0)) / counts.sum()
    return float(chi2.sf(_divergence(counts, expected, power), freedom))


def _divergence(counts: np.ndarray, expected: np.ndarray, power: float) -> float:
    """Return twice the power divergence of counts from what is expected (Cressie and Read 1984)."""
    seen = counts > 0
    ratio = counts[seen] / expected[seen]
    if power == 0:
        return float(2 * (counts[seen] * np.log(ratio)).sum())
    return float(2 / (power * (power + 1)) * (counts[seen] * (ratio**power - 1)).sum())
