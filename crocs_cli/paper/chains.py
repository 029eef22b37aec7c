"""Markov chains estimated from real consumers, to drive the generator (paper section 5.4.1)."""

from __future__ import annotations

import numpy as np

from crocs_cli.errors import CrocsError
from crocs_cli.maths.decisions import at_least
from crocs_cli.maths.sequences.markov import order_test, transition_counts, transition_matrix
from crocs_cli.paper.crocs import stage1
from crocs_cli.paper.days import Days

LEVEL = 0.05


def estimated_chains(
    days: Days, states: int, number: int, random: np.random.Generator, threads: int
) -> tuple[np.ndarray, ...]:
    """Draw transition matrices of consumers whose days, in `states` clusters (DTW-2, Ward), form a chain.

    Returns `number` of (states, states) float64, of different consumers while there are any left.
    Raises CrocsError when no consumer's days form one.
    """
    labels = stage1(days, states, "ward", 0, threads).day_label
    chains = []
    for consumer in range(len(days)):
        own = slice(*days.offset[consumer : consumer + 2])
        counts = transition_counts(labels[own], days.dates[own], states)
        if not at_least(order_test(counts), LEVEL):
            chains.append(transition_matrix(counts))
    if not chains:
        raise CrocsError(
            "baselines: no consumer of the run shows a Markov chain; give one with longer records"
        )
    order = np.concatenate([random.permutation(len(chains)) for _ in range(-(-number // len(chains)))])
    return tuple(chains[place] for place in order[:number])
