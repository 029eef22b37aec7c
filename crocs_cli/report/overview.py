"""Pictures of the whole run: what went in, and how good each number of segments is."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from crocs_cli.report import style
from crocs_cli.report.days import Across, Line, Picture, scale_of
from crocs_cli.report.facts import Indices
from crocs_cli.report.words import percent

SMALL = (278, 150)  # pixels
# reason -> what is said of it; the counts themselves are those of crocs_cli.maths.readings.quality
DAYS = {
    "days_used": "used",
    "days_absent": "without any reading",
    "days_incomplete": "with missing readings",
    "days_conflicting": "with readings that contradict each other",
    "days_clock_change": "of 23 or 25 hours",
    "days_off_grid": "of meters with another interval",
    "days_estimated": "with too many estimated readings",
    "days_outside_range": "outside the dates asked for",
    "days_of_other_type": "of another day type",
    "days_of_registers": "of registers' totals",
    "days_of_part_weeks": "of weeks that lack a day",
    "events_without_number": "without a number",
    "events_reversed": "that end before they begin",
    "events_too_large": "above a limit",
    "events_left_overlapping": "that overlap others",
}
INDICES = {  # name: (title, which way is better)
    "silhouette": ("Silhouette", "higher is better"),
    "dunn": ("Dunn", "higher is better"),
    "davies_bouldin": ("Davies-Bouldin", "lower is better"),
    "calinski_harabasz": ("Calinski-Harabasz", "higher is better"),
    "strength": ("Prediction strength", "0.8 and more is found again among other consumers"),
    "days_ari": (
        "Agreement of every other day with the rest (ARI)",
        "higher is better; 1 is the same segments",
    ),
    "stability": ("Agreement with subsamples (ARI)", "higher is better; 1 is the same each time"),
}


def bars_of_days(quality_counts: Mapping[str, int]) -> str:
    """Draw counted days by what became of them."""
    from matplotlib.ticker import MaxNLocator

    names = [name for name in DAYS if quality_counts.get(name, 0) > 0]
    counts = [quality_counts[name] for name in names]
    with style.styled():
        figure, axes = style.canvas(4.2, 0.5 + 0.3 * len(names), (2.2, 0.45, 0.1, 0.05))
        bars = axes.barh(
            range(len(names)),
            counts,
            color=[style.ACCENT if n == "days_used" else style.CONTRAST for n in names],
        )
        total = sum(counts)
        axes.bar_label(bars, [f"{count:,} ({percent(count / total)})" for count in counts], padding=4)
        axes.set_yticks(range(len(names)), [DAYS[name] for name in names])
        axes.invert_yaxis()
        axes.set_xlim(0, max(counts, default=1) * 1.8)
        axes.xaxis.set_major_locator(MaxNLocator(3, integer=True))
        axes.xaxis.set_major_formatter("{x:,.0f}")
        axes.grid(visible=False, axis="y")
        axes.set_xlabel("consumer days")
        said = "; ".join(f"{count:,} {DAYS[name]}" for name, count in zip(names, counts, strict=True))
        return style.svg(figure, "days", f"Bars of consumer days: {said}.")


def index_over_clusters(indices: Indices, name: str) -> str:
    """Draw one index over the number of segments."""
    values = np.asarray(getattr(indices, name), dtype=float)
    known = np.isfinite(values)
    numbers, values = indices.clusters[known], values[known]
    first, last = float(numbers[0]), float(numbers[-1])
    edge = 0.08 * (last - first) or 0.5
    across = Across(first - edge, last + edge, {float(k): str(k) for k in numbers})
    picture = Picture(SMALL, scale_of([values]), across=across)
    picture.line(Line(values, places=numbers, dots=True))
    said = ", ".join(f"{k}: {v:.3g}" for k, v in zip(numbers, values, strict=True))
    return picture.svg(f"{INDICES[name][0]} for each number of segments: {said}.")
