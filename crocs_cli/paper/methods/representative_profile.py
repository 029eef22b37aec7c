"""RLP: the mean of a consumer's days."""

import numpy as np


def representative_profiles(profiles: np.ndarray) -> np.ndarray:
    """Average the days of every consumer: (n, p, slots) to (n, slots). Source: paper section 2.2."""
    return profiles.mean(axis=1)
