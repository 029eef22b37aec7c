"""Disclosure control: what may be shown of few consumers in results that are passed on.

A group of consumers may be shown where the rule allows it: it has enough of them, and none has too large a
part. What is left out must not follow from what is shown. Totals are known, so what is left out is merged
until the rule allows it too. Several groupings of the same consumers, such as into 5 and into 6 segments,
give the differences of their groups away. Hence every set of consumers that lie in the same groups throughout
must be allowed: then whatever is computed from sums over groups is of such sets, none of them too small.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from crocs_cli.maths.decisions import at_most
from crocs_cli.maths.segments.rules import Rule


def allows(rule: Rule, used: np.ndarray) -> bool:
    """Return whether some consumers may be shown together; used: (n,) what each adds, such as kWh.

    What a consumer feeds in counts as what it uses: a part is one of all magnitudes.
    """
    if len(used) < rule.minimum:
        return False
    part = np.abs(used)
    return rule.percent >= 100 or bool(at_most(part.max(), rule.percent / 100 * part.sum()))


def weaker(rule: Rule, used: Sequence[np.ndarray]) -> Rule | None:
    """Return the strictest rule N/P, no stricter than this one, that allows each of some groups.

    used: of each group what its consumers add. None where only no rule at all allows them.
    """
    fewest = min(rule.minimum, *(len(part) for part in used))
    parts = [np.abs(part).max() / total if (total := np.abs(part).sum()) else 0.0 for part in used]
    percent = max(rule.percent, *(math.ceil(100 * part - 1e-9) for part in parts))
    if fewest < 2:
        return None
    return Rule(f"minimum:{fewest}" if percent >= 100 else f"{fewest}/{percent}", fewest, min(100, percent))


def safe_groups(
    label: np.ndarray, used_kwh: np.ndarray, rule: Rule, known: Sequence[np.ndarray] = ()
) -> list[tuple[int, ...]] | None:
    """Merge the segments that must not be shown by themselves; None when even all together must not.

    label: (n,) segment of each consumer, 0 is the largest; used_kwh: (n,); known: groupings (n,) of the same
    consumers that were passed on before, which the rule allowed. While what is merged must not be shown, a
    further segment joins it: the smallest with which it may, else the smallest. Returns the segments of each
    group, largest first, merged last.
    """
    places = np.stack([np.zeros(len(label), dtype=np.int64), *known])
    cell = np.unique(places, axis=1, return_inverse=True)[1].reshape(-1)

    def safe(group: Sequence[int]) -> bool:
        inside = np.isin(label, group)
        return allows(rule, used_kwh[inside]) and all(may(inside, cell == one) for one in np.unique(cell))

    def may(inside: np.ndarray, own: np.ndarray) -> bool:
        both = inside & own
        new = both.any() and (both != own).any()  # else it is out already, or follows from what is
        return not new or allows(rule, used_kwh[both])

    numbers = range(int(label.max()) + 1)
    shown = [number for number in numbers if safe([number])]
    merged = [number for number in numbers if number not in shown]
    while merged and not safe(merged):
        if not shown:
            return None
        further = next((one for one in reversed(shown) if safe([*merged, one])), shown[-1])
        shown.remove(further)
        merged.append(further)
    groups: list[tuple[int, ...]] = [(number,) for number in shown]
    return [*groups, tuple(sorted(merged))] if merged else groups


def safe_behaviours(days: np.ndarray, own_days: np.ndarray, rule: Rule) -> np.ndarray:
    """Return which behaviours of a segment may be shown, as indices, those that cover the most days first.

    days: (n, B) days of each consumer that show each behaviour; own_days: (n,) all its days. Those who have a
    behaviour must be allowed by their days of it, and so must those who have days that show none of what is
    shown: else these follow from the rest.
    """
    shown = [b for b in range(days.shape[1]) if allows(rule, days[days[:, b] > 0, b])]
    while shown:
        rest = own_days - days[:, shown].sum(axis=1)
        left = rest[rest > 1e-9 * own_days]
        if not len(left) or allows(rule, left):
            break
        shown.remove(min(shown, key=lambda b: days[:, b].sum()))
    return np.array(shown, dtype=np.intp)


def safe_coverage(days: np.ndarray, rule: Rule) -> np.ndarray:
    """Return the share of consumers that show each behaviour, 1 where too few lack it: (B,) float64.

    days: (n, B) days of each consumer that show each behaviour.
    """
    lacking = (days <= 0).sum(axis=0)
    return np.where(lacking < rule.minimum, 1.0, 1.0 - lacking / len(days))
