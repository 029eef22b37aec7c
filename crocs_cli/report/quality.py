"""The quality report as one page: what was used and left out, the worst consumers first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from markupsafe import Markup
from matplotlib.ticker import MaxNLocator

from crocs_cli.maths.decisions import rank
from crocs_cli.maths.readings.quality import COUNTS, LEFT_OUT, NOT_ASKED, days_absent
from crocs_cli.report import html, overview, style, words

WORST = 20  # consumers named on the page; quality.csv has all
BINS = 30
WORDS = {  # of counts that are not days left out
    "readings": "readings",
    "invalid": "readings without a usable number",
    "off_grid": "readings between two intervals",
    "estimated": "readings that were not measured",
    "repaired": "readings whose stamp was set right",
    "negative": "readings below zero",
    "implausible": "readings that no meter measured",
    "duplicates": "repeated readings",
    "conflicts": "intervals with different readings",
    "gaps": "gaps in the records",
    "days_present": "days with readings",
    "days_asked": "days asked for",
    "days_flat": "used days whose readings are all equal",
    "days_interpolated": "used days with slots filled in",
    "suspect_stamp": "meters whose stamps may name the other end of the interval",
}
REASONS = ("days_absent", *(name for name in LEFT_OUT if name not in NOT_ASKED))  # of days lost


@dataclass(frozen=True)
class Table:
    """What is known of each consumer.

    counts: (consumers, counts) int64; mean_kwh: (consumers,), NaN without a usable day; asked: (consumers,),
    the days asked for; dates: (days,), the days of the run since 1970-01-01.
    """

    consumers: Sequence[str]
    counts: np.ndarray
    mean_kwh: np.ndarray
    asked: np.ndarray
    dates: np.ndarray

    def column(self, name: str) -> np.ndarray:
        """Return one count of each consumer: (consumers,) int64."""
        if name == "days_absent":
            return days_absent(self.counts, self.asked)
        return self.asked if name == "days_asked" else self.counts[:, COUNTS.index(name)]

    def used(self) -> np.ndarray:
        """Return the share of the days asked for of each consumer that is used: (consumers,)."""
        return self.column("days_used") / np.maximum(1, self.asked)


@dataclass(frozen=True)
class Worst:
    """A consumer that lost many days, and its first reasons in words."""

    consumer: str
    used: int
    asked: int
    share: float
    reasons: str


def page(table: Table, summary: Mapping[str, Any]) -> str:
    """Return the page; summary: the counts in all, and their shares."""
    lost = {name: count for name, count in summary["counts"].items() if name not in NOT_ASKED}
    figures = {"reasons": overview.bars_of_days(lost)}
    figures["used"] = histogram("used", table.used(), "share of the days asked for that is used")
    if np.isfinite(table.mean_kwh).any():
        known = table.mean_kwh[np.isfinite(table.mean_kwh)]
        figures["mean"] = histogram("mean", known, "mean kWh of a used day")
    names = ("readings", *COUNTS[1 : COUNTS.index("days_present") + 1], *NOT_ASKED)
    names += ("days_asked", *REASONS, "days_used", *COUNTS[COUNTS.index("days_used") + 1 :])
    shown = [name for name in names if summary["counts"][name]]
    return _template().render(
        summary=summary,
        days=len(table.dates),
        period=[np.datetime64(int(day), "D") for day in table.dates[[0, -1]]] if len(table.dates) else [],
        figures={name: Markup(svg) for name, svg in figures.items()},
        shown=shown,
        nowhere=[name for name in names if name not in shown],
        worst=worst(table),
    )


def worst(table: Table) -> list[Worst]:
    """Return the consumers that lost the largest shares of the days asked for, the worst first."""
    lost = np.stack([table.column(name) for name in REASONS])
    share = table.used()
    order = rank(share).argsort(kind="stable")[:WORST]
    return [
        Worst(
            table.consumers[i],
            int(table.column("days_used")[i]),
            int(table.asked[i]),
            float(share[i]),
            "; ".join(
                f"{lost[j, i]:,} {overview.DAYS[REASONS[j]]}"
                for j in np.argsort(-lost[:, i], kind="stable")
                if lost[j, i]
            ),
        )
        for i in order
        if table.asked[i] > table.column("days_used")[i]
    ]


def histogram(name: str, values: np.ndarray, label: str) -> str:
    """Draw how many consumers have which value."""
    with style.styled():
        figure, axes = style.canvas(4.2, 2.0, (0.6, 0.45, 0.1, 0.1))
        axes.hist(values, bins=BINS, color=style.ACCENT)
        axes.set_xlabel(label)
        axes.set_ylabel("consumers")
        axes.yaxis.set_major_locator(MaxNLocator(4, integer=True))
        low, middle, high = np.quantile(values, (0.05, 0.5, 0.95))
        said = f"Consumers by {label}: half below {middle:.3g}, nine tenths from {low:.3g} to {high:.3g}."
        return style.svg(figure, name, said)


def said(count: str) -> str:
    """Return the words for a count."""
    return WORDS.get(count) or f"days {overview.DAYS[count]}"


def _template() -> Any:
    environment = html.environment()
    environment.filters["percent"] = words.percent
    environment.filters["said"] = said
    return environment.get_template("report/quality.html")
