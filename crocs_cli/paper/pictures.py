"""Layout of the pictures of the experiments."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib import rc_context
from matplotlib.figure import Figure

from crocs_cli.paper.table import Table
from crocs_cli.report import style

if TYPE_CHECKING:
    from crocs_cli.paper.experiment import Experiment

WIDTH_IN = 8.1  # of a row of three panels or more: all a printed page shows at a size that can be read
PANEL_IN = (3.4, 2.3)  # at most
LETTER_IN = 0.1  # of a title, with the axis beside it
#: curves may run below a legend, and its words stay readable
LEGEND: Any = {
    "legend.fontsize": 7,
    "legend.frameon": True,
    "legend.framealpha": 0.8,
    "legend.edgecolor": "none",
}
#: where an ARI can be looked for, so that a small difference looks small
ARI_RANGE = (-0.05, 1.05)


def picture(experiment: Experiment, table: Table) -> bytes:
    """Draw an experiment as SVG, the same bytes for the same figures."""
    with style.styled(), rc_context(LEGEND):
        figure = experiment.draw(table)
        return style.svg(figure, experiment.name, f"{experiment.source}: {experiment.title}.").encode()


def panels(rows: int, columns: int, shared: bool = True) -> tuple[Figure, np.ndarray]:
    """Return a figure of panels, and the panels as (rows, columns)."""
    width = min(PANEL_IN[0] * max(columns, 2), WIDTH_IN)
    figure = Figure(figsize=(width, PANEL_IN[1] * rows), layout="constrained")
    return figure, figure.subplots(rows, columns, squeeze=False, sharex=shared, sharey=shared)


def line(axes: Any, table: Table, label: str, number: int, **wanted: object) -> None:
    """Draw the mean curve of some rows with the band between their quartiles."""
    at, mean = table.curve(**wanted)
    low, high = table.quartiles(**wanted)
    axes.plot(at, mean, color=style.colour(number), label=label, marker=".", markersize=4, linewidth=1.2)
    axes.fill_between(at, low, high, color=style.colour(number), alpha=0.15, linewidth=0)


def name_axes(axes: np.ndarray, across: str, up: str, titles: Sequence[str], legend: str = "best") -> None:
    """Title every panel, name the outer axes that have no name yet, and explain the lines in the first."""
    across_in = axes.flat[0].figure.get_figwidth() / axes.shape[1]
    for panel, title in zip(axes.flat, titles, strict=True):
        panel.set_title(textwrap.fill(title, int(across_in / LETTER_IN)))
    for panel in axes[-1]:
        panel.set_xlabel(panel.get_xlabel() or across)
    for panel in axes[:, 0]:
        panel.set_ylabel(panel.get_ylabel() or up)
    if axes.flat[0].get_legend_handles_labels()[0]:
        axes.flat[0].legend(loc=legend)
