"""Rules of disclosure control, by name: how few consumers may be shown, and how large one may be."""

from __future__ import annotations

import re
from dataclasses import dataclass

FORMS = (
    "none, 15/15, 100/10 or any N/P (at least N consumers, none over P % of the energy), minimum:N, or cpuc"
)
#: CPUC D.14-05-016: residential consumers, and all others with the largest part in percent. A run does not
#: know the classes of its consumers, so that both hold for all.
RESIDENTIAL, OTHERS = 100, (15, 15)


@dataclass(frozen=True)
class Rule:
    """The fewest consumers that may be shown together, and the largest part in percent that one may have."""

    name: str
    minimum: int
    percent: int

    def words(self) -> str:
        """Return what it asks for."""
        fewest = f"at least {self.minimum:,} consumers"
        return (
            fewest if self.percent >= 100 else f"{fewest}, none with more than {self.percent}% of the energy"
        )


def rule_of(name: str) -> Rule | None:
    """Return the rule of a name; None for `none`. Raise ValueError for a name that is none."""
    if name == "none":
        return None
    if name == "cpuc":
        return Rule(name, max(RESIDENTIAL, OTHERS[0]), OTHERS[1])
    if found := re.fullmatch(r"minimum:(\d{1,9})", name):
        minimum, percent = int(found[1]), 100
    elif found := re.fullmatch(r"(\d{1,9})/(\d{1,3})", name):
        minimum, percent = int(found[1]), int(found[2])
    else:
        raise ValueError(f"no such rule; write {FORMS}")
    if minimum < 2 or not 1 <= percent <= 100:
        raise ValueError("a rule has at least 2 consumers and a part of 1 to 100 percent, such as 15/15")
    return Rule(name, minimum, percent)
