"""Clean daily energy: short days, negative days, catch-up spikes, with a quality mark for each."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numba import prange

from crocs_cli.maths.compiled import parallel_kernel

MISSING, SHORT, SCALED, SPIKE, NEGATIVE, ESTIMATED = 1, 2, 4, 8, 16, 32
QUALITY_NAMES = {
    MISSING: "missing",
    SHORT: "short",
    SCALED: "scaled",
    SPIKE: "spike removed",
    NEGATIVE: "negative",
    ESTIMATED: "estimated",
}
POWER_MARGIN = 1.1  # a day above 1.1 x contracted power x 24 h cannot have been consumed


def mend_short_days(
    kwh: np.ndarray, intervals: np.ndarray, expected: np.ndarray, least_share: float, action: str = "scale"
) -> tuple[np.ndarray, np.ndarray]:
    """Scale days that lack a few intervals to a full day, and drop days that lack many.

    `kwh` float32 and `intervals` (readings received, -1 unknown), both (installation, day); `expected`
    (day,). Returns energy and quality marks. With `keep` short days stay as they are, with `drop` all of
    them go. Source: screening specification 2.3 (a biased low sum would look like theft).
    """
    known = intervals >= 0
    short = known & (intervals != expected) & ~np.isnan(kwh)
    share = np.where(known, intervals / expected, 1.0)
    scaled = short & (share >= least_share) & (action == "scale")
    dropped = short & ~scaled & (action != "keep")
    energy = np.where(scaled, kwh / np.where(share > 0, share, 1), kwh).astype(np.float32)
    energy[dropped] = np.nan
    quality = np.where(short, SHORT, 0) | np.where(scaled, SCALED, 0) | np.where(np.isnan(energy), MISSING, 0)
    return energy, quality.astype(np.uint8)


def clean(
    kwh: np.ndarray,
    quality: np.ndarray,
    negatives: Literal["drop", "zero", "keep"] = "drop",
    spike_factor: float = 10.0,
    contracted_kva: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Remove negative days and catch-up spikes, and mark them.

    `kwh` float32 and `quality` uint8, both (installation, day); `contracted_kva` (installation,), NaN where
    unknown. A spike exceeds `spike_factor` x the 99th percentile of the installation's other days, or what
    the contracted power allows. A zero is a value, never a gap. Source: screening specification 2.4.
    """
    energy, marks = kwh.copy(), quality.copy()
    below = energy < 0
    marks[below] |= NEGATIVE
    if negatives != "keep":
        energy[below] = np.nan if negatives == "drop" else 0.0
    limit = spike_factor * _percentile_of_others(energy)
    if contracted_kva is not None:
        possible = POWER_MARGIN * 24 * contracted_kva
        limit = np.where(np.isnan(possible), limit, possible)
    spikes = energy > np.where(limit > 0, limit, np.inf)[:, None]
    marks[spikes] |= SPIKE
    energy[spikes] = np.nan
    marks[np.isnan(energy)] |= MISSING
    return energy, marks


@parallel_kernel
def _percentile_of_others(kwh: np.ndarray) -> np.ndarray:
    """Return the 99th percentile of every row without its largest value, so that no spike hides itself."""
    limit = np.full(len(kwh), np.inf)
    for i in prange(len(kwh)):
        row = kwh[i]
        valid = np.sort(row[~np.isnan(row)])
        if valid.size >= 3:
            limit[i] = valid[int(0.99 * (valid.size - 2))]
    return limit
