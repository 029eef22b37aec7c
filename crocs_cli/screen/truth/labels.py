"""Collect known cases: from the truth of a simulation, or from inspections."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from crocs_cli.errors import CrocsError
from crocs_cli.screen.daily.inspections import Inspections
from crocs_cli.screen.rank import Ranking
from crocs_cli.screen.simulated import attacks


@dataclass(frozen=True)
class Labels:
    """Known cases: `known` and `positive` bool, `stolen` kWh or None, each (installation,).

    Only installations that are known count; `counts` says how many there are and were left out.
    """

    known: np.ndarray
    positive: np.ndarray
    stolen: np.ndarray | None
    counts: Mapping[str, int]


def of_truth(truth: Mapping[str, np.ndarray], kinds: tuple[int, ...]) -> Labels:
    """Return the thieves of some kinds of attack and the honest; other attacks are not known here."""
    positive = np.isin(truth["attack"], kinds)
    known = positive | (truth["attack"] == attacks.NONE)
    counts = {
        "installations": len(known),
        "thieves": int(positive.sum()),
        "honest": int((known & ~positive).sum()),
    }
    return Labels(known, positive, np.where(positive, truth["stolen_kwh"], 0), counts)


def of_inspections(inspections: Inspections, ranking: Ranking) -> Labels:
    """Return the installations that were inspected since their reference date, and where a loss was found.

    An installation with several inspections is a case if one of them found a loss. Raises CrocsError where no
    inspection tells anything of these installations.
    """
    columns, calendar = ranking.actual.columns, ranking.crowd.calendar
    row_of = {name: row for row, name in enumerate(columns["installation_id"].tolist())}
    row = np.array([row_of.get(name, -1) for name in inspections.id.tolist()], int)
    since = calendar.dates[0] + columns["split_day"][row]
    too_early = (row >= 0) & (inspections.date < since)
    used = (row >= 0) & ~too_early & (inspections.found >= 0)
    known, positive = (np.zeros(len(row_of), bool) for _ in range(2))
    known[row[used]] = True
    positive[row[used & (inspections.found == 1)]] = True
    counts = {
        "installations": len(known),
        "inspections": len(row),
        "of_other_installations": int((row < 0).sum()),
        "before_the_reference_date": int(too_early.sum()),
        "without_a_result": int(((row >= 0) & ~too_early & (inspections.found < 0)).sum()),
        "inspected": int(known.sum()),
        "with_a_loss": int(positive.sum()),
    }
    if not used.any():
        left_out = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in list(counts.items())[2:5])
        raise CrocsError(
            f"inspections: none of {len(row)} tells of this ranking ({left_out}); give inspections since the "
            "reference date, with the ids of the ranking"
        )
    return Labels(known, positive, None, counts)
