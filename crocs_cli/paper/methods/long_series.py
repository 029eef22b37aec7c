"""LTS: a consumer's days one after another."""

import numpy as np


def long_series(profiles: np.ndarray) -> np.ndarray:
    """Join the days of every consumer: (n, p, slots) to (n, p slots). Source: paper section 5.4.1."""
    return profiles.reshape(len(profiles), -1)
