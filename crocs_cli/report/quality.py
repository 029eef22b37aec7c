"""The quality report as one page: what was used and left out, consumer by consumer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from markupsafe import Markup
from matplotlib.ticker import MaxNLocator

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
    "days_flat": "used days whose readings are all equal",
    "days_interpolated": "used days with slots filled in",
    "suspect_stamp": "meters whose stamps may name the other end of the interval",
}


def page(
    summary: Mapping[str, Any], consumers: Sequence[str], counts: np.ndarray, mean_kwh: np.ndarray
) -> str:
    """Return the page.

    counts: (consumers, counts), named in the order of the summary's counts; mean_kwh: (consumers,), NaN where
    a consumer has no usable day.
    """
    names = list(summary["counts"])
    column = {name: counts[:, i] for i, name in enumerate(names)}
    share = column["days_used"] / np.maximum(1, column["days_present"])
    figures = {"reasons": overview.bars_of_days(summary["counts"])}
    figures["used"] = histogram("used", share, "share of a consumer's days that is used")
    if np.isfinite(mean_kwh).any():
        figures["mean"] = histogram("mean", mean_kwh[np.isfinite(mean_kwh)], "mean kWh of a used day")
    worst = np.argsort(share, kind="stable")[:WORST]
    shown = [name for name in names if column[name].any()]
    return _template().render(
        summary=summary,
        figures={name: Markup(svg) for name, svg in figures.items()},
        shown=shown,
        nowhere=[name for name in names if name not in shown],
        worst=[(consumers[i], [int(column[name][i]) for name in shown]) for i in worst],
    )


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
