"""Daily load profiles: their normalisation, and durations in slots."""

from __future__ import annotations

import numpy as np

from crocs_cli.errors import CallError

MINUTES_A_DAY = 1440


def normalise(profiles: np.ndarray, how: str) -> np.ndarray:
    """Normalise every profile by itself.

    profiles: (n, slots), any unit. how: `minmax` to [0, 1]; `zscore` to mean 0 and deviation 1; `unit` to
    Euclidean norm 1; `none`. A profile without any range (or norm) becomes zeros. Returns (n, slots) float64.
    Source: paper sections 3.1 and 7.1.
    """
    values = profiles.astype(np.float64)
    if how == "none":
        return values
    if how == "unit":
        scale = np.sqrt((values * values).sum(axis=1, keepdims=True))
    elif how == "minmax":
        values -= values.min(axis=1, keepdims=True)
        scale = values.max(axis=1, keepdims=True)
    elif how == "zscore":
        flat = values.max(axis=1) == values.min(axis=1)
        values -= values.mean(axis=1, keepdims=True)
        values[flat] = 0.0
        scale = values.std(axis=1, keepdims=True)
    else:
        raise ValueError(f"no normalisation {how!r}")
    return np.divide(values, scale, out=values, where=scale > 0)


def window_slots(minutes: int, slots: int, period_min: int = MINUTES_A_DAY) -> int:
    """Return how many of the `slots` of a day, or of another period, a DTW half-width is.

    Raises CallError when it is not a whole number of them.
    """
    if not minutes:
        return 0
    count, rest = divmod(minutes * slots, period_min)
    if rest:
        width = f"{period_min / slots:g} min"
        raise CallError(
            f"window: {minutes} min is not a whole number of slots of {width}; use a multiple of it"
        )
    return count
