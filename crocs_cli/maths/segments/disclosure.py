"""Disclosure control: what may be shown of segments in results that are passed on."""

from __future__ import annotations

import numpy as np

from crocs_cli.maths.decisions import at_most

LARGEST_PART = 0.15  # of a segment's energy that one consumer may have in a result to be passed on


def safe_groups(label: np.ndarray, used_kwh: np.ndarray, minimum: int) -> list[tuple[int, ...]] | None:
    """Merge the segments that must not be shown by themselves; None when even all together must not.

    A segment must not when it has fewer consumers than the minimum, or when one of them has more than 15 % of
    its energy. While what is merged must not either, the next smallest segment joins it: else the total would
    give away the part that is left out. Returns the segments of each group, largest first, merged last.
    """
    shown: list[int] = []
    merged: list[int] = []
    for number in range(int(label.max()) + 1):
        (shown if _safe(used_kwh[label == number], minimum) else merged).append(number)
    while merged and not _safe(used_kwh[np.isin(label, merged)], minimum):
        if not shown:
            return None
        merged.append(shown.pop())
    groups: list[tuple[int, ...]] = [(number,) for number in shown]
    return [*groups, tuple(sorted(merged))] if merged else groups


def _safe(used_kwh: np.ndarray, minimum: int) -> bool:
    return len(used_kwh) >= minimum and bool(at_most(used_kwh.max(), LARGEST_PART * used_kwh.sum()))


def common(consumer_coverage: np.ndarray, consumers: int, minimum: int) -> np.ndarray:
    """Return which behaviours at least the minimum of a segment's consumers have, as indices."""
    return np.flatnonzero(np.round(consumer_coverage * consumers) >= minimum)
