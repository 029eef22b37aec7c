"""What the figures are drawn from, and what several of them draw alike."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from crocs_cli.machine import files
from crocs_cli.machine.shards import shards
from crocs_cli.screen.daily import filters
from crocs_cli.screen.daily.series import Series
from crocs_cli.screen.layouts import DAILY
from crocs_cli.screen.patterns.typical import PatternMap
from crocs_cli.screen.rank import Ranking

Arrays = dict[str, np.ndarray]
Drawn = tuple[Any, dict[str, object]]  # a matplotlib figure and the columns behind it
EXAMPLES = 3


@dataclass(frozen=True)
class Scene:
    """What figures are drawn from: the run, its ranking, its maps by file name, its features."""

    run: Path
    found: Ranking
    maps: dict[str, PatternMap]
    features: Arrays

    def series(self, rows: np.ndarray) -> Series:
        """Read the daily series of some installations, in this order."""
        folder, first, parts = self.run / "screen" / "daily", 0, []
        for key in shards(folder, DAILY):
            count = files.shapes(folder / f"{key}.h5", DAILY)["level"][0]
            inside = np.nonzero((rows >= first) & (rows < first + count))[0]
            if len(inside):
                arrays = files.read(folder / f"{key}.h5", DAILY)
                parts.append((inside, arrays, rows[inside] - first))
            first += count
        energy = np.empty((len(rows), parts[0][1]["energy_kwh"].shape[1]), np.float32)
        names = np.empty(len(rows), object)
        for inside, arrays, own in parts:
            energy[inside] = arrays["energy_kwh"][own]
            names[inside] = arrays["installation_id"][own]
        return Series.of(parts[0][1] | {"energy_kwh": energy, "installation_id": names.astype(str)})

    def coordinates(self) -> tuple[np.ndarray, np.ndarray]:
        """Return latitude and longitude of all installations, NaN unknown."""
        folder = self.run / "screen" / "daily"
        parts = [
            files.read(folder / f"{key}.h5", DAILY, ("latitude", "longitude"))
            for key in shards(folder, DAILY)
        ]
        return tuple(np.concatenate([part[name] for part in parts]) for name in parts[0])  # type: ignore[return-value]


def plot_series(axes: Any, series: Series, row: int, split: int | None = None) -> None:
    """Plot one daily series; missing days in yellow as in the paper, the reference date as a line."""
    from crocs_cli.screen.daily.gaps import gap_runs

    calendar, kwh = series.calendar, series.kwh[row]
    axes.plot(calendar.dates, kwh, lw=0.6, color="#0072b2")
    _, first, length = gap_runs(np.isnan(kwh)[None])
    for day, days in zip(first, length, strict=True):
        axes.axvspan(calendar.date_of(day), calendar.date_of(day + days), color="#f0e442", alpha=0.8, lw=0)
    if split is not None:
        axes.axvline(calendar.date_of(split), color="#d55e00", lw=1)
    axes.set_ylabel("kWh a day")
    axes.set_title(str(series.arrays["installation_id"][row]), loc="left")
    axes.tick_params(axis="x", rotation=20)


def series_columns(series: Series) -> dict[str, object]:
    """Return some series as columns: date and one column each."""
    dates = [str(date) for date in series.calendar.dates]
    names = series.arrays["installation_id"].tolist()
    return {"date": dates} | {str(name): series.kwh[row] for row, name in enumerate(names)}


def labelled(scene: Scene, bit: int) -> np.ndarray:
    """Return up to three installations with a label in either period."""
    columns = scene.found.actual.columns
    return np.nonzero((columns["filters_before"] | columns["filters_after"]) & bit)[0][:EXAMPLES]


def examples(scene: Scene, bit: int) -> Drawn | None:
    """Draw up to three installations with a label, missing days in yellow."""
    import matplotlib.pyplot as plt

    rows = labelled(scene, bit)
    if not len(rows):
        return None
    series = scene.series(rows)
    figure, axes = plt.subplots(len(rows), 1, figsize=(7, 1.9 * len(rows)), squeeze=False)
    for row in range(len(rows)):
        plot_series(axes[row, 0], series, row)
    figure.suptitle(filters.LABELS[bit])
    figure.tight_layout()
    return figure, series_columns(series)


def plot_means(axes: Any, scene: Scene, series: Series, row: int) -> None:
    """Draw the mean of DS0 and of DS1 of one installation into its series."""
    columns, dates = scene.found.actual.columns, series.calendar.dates
    split = int(columns["split_day"][row])
    for name, days in (("mean_before", slice(0, split)), ("mean_after", slice(split, None))):
        axes.plot(dates[days][[0, -1]], np.full(2, columns[name][row]), color="#cc79a7", lw=2)
