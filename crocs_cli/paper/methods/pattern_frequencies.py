"""GPF: how often each consumer shows each of the patterns found among everybody's days."""

import numpy as np


def pattern_frequencies(labels: np.ndarray, patterns: int) -> np.ndarray:
    """Return the share of each consumer's days in each pooled cluster.

    labels: (n, p) int, the pooled cluster of every day. Returns (n, patterns) float64, rows sum to 1.
    Source: paper section 2.2, after its references [57] and [75].
    """
    consumers, days = labels.shape
    places = labels + patterns * np.arange(consumers)[:, None]
    return np.bincount(places.ravel(), minlength=consumers * patterns).reshape(consumers, patterns) / days
