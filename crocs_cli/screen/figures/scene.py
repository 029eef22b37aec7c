"""Read the data of the figures, and draw the parts that several of them share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.dates import date2num
from matplotlib.figure import Figure

from crocs_cli.machine import files
from crocs_cli.machine.shards import listed, shards
from crocs_cli.report import style
from crocs_cli.screen.daily.gaps import gap_runs
from crocs_cli.screen.daily.series import Series, together
from crocs_cli.screen.layouts import DAILY, FEATURES, MAP
from crocs_cli.screen.patterns.typical import PatternMap
from crocs_cli.screen.rank import Ranking
from crocs_cli.screen.ranking.model import map_of

Arrays = dict[str, np.ndarray]
EXAMPLES = 3
MOST_TICKS = 8  # of dates
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MISSING = "#f0e442"  # yellow, as in the paper


@dataclass(frozen=True)
class Drawing:
    """A figure, its description in words, and the columns behind it."""

    figure: Figure
    alt: str
    columns: dict[str, object]


@dataclass(frozen=True)
class Scene:
    """A run with its ranking; files are read when a figure first needs them."""

    run: Path
    ranking: Ranking

    @cached_property
    def maps(self) -> dict[str, PatternMap]:
        """The maps of the model by the names of their files."""
        paths = listed(self.ranking.source.folder, "*-*.h5")
        return {path.stem: map_of(files.read(path, MAP)) for path in paths}

    @cached_property
    def features(self) -> Arrays:
        """The features of the period before; empty where the model is another run's."""
        folder = self.run / "screen" / "features"
        return together(folder, FEATURES) if listed(folder) else {}

    def series(self, rows: np.ndarray) -> Series:
        """Read the daily series of some installations, in this order."""
        folder, first, parts = self.run / "screen" / "daily", 0, []
        for key in shards(folder, DAILY):
            count = files.shapes(folder / f"{key}.h5", DAILY)["level"][0]
            inside = np.nonzero((rows >= first) & (rows < first + count))[0]
            if len(inside):
                parts.append((inside, files.read(folder / f"{key}.h5", DAILY), rows[inside] - first))
            first += count
        energy = np.empty((len(rows), parts[0][1]["energy_kwh"].shape[1]), np.float32)
        for inside, arrays, own in parts:
            energy[inside] = arrays["energy_kwh"][own]
        return Series.of(parts[0][1] | {"energy_kwh": energy, "installation_id": self.names(rows)})

    def names(self, rows: np.ndarray) -> np.ndarray:
        """Return the ids of some installations."""
        return self.ranking.actual.columns["installation_id"][rows]


#: {name: (caption, how to draw it; None where the data do not allow it)}
Figures = dict[str, tuple[str, Callable[[Scene], Drawing | None]]]


def plot_series(axes: Axes, series: Series, row: int, split: int | None = None) -> None:
    """Plot a daily series: missing days in yellow as in the paper, the reference date as a line."""
    calendar, kwh = series.calendar, series.kwh[row]
    axes.plot(calendar.dates, kwh, lw=0.6, color=style.ACCENT)
    _, first, length = gap_runs(np.isnan(kwh)[None])
    day_on_axis, dates = date2num(calendar.start), calendar.dates.astype(str).tolist()
    halves = [day for day, date in enumerate(dates) if date[5:] in ("01-01", "07-01")]
    halves = halves[:: 1 + len(halves) // MOST_TICKS]
    axes.set_xticks([day_on_axis + day for day in halves], [dates[day][:7] for day in halves])
    for day, days in zip(first, length, strict=True):
        axes.axvspan(day_on_axis + day, day_on_axis + day + days, color=MISSING, alpha=0.8, lw=0)
    if split is not None:
        axes.axvline(day_on_axis + split, color=style.CONTRAST, lw=1)
    axes.set_ylabel("kWh a day")
    axes.set_title(str(series.arrays["installation_id"][row]))


def plot_means(axes: Axes, scene: Scene, series: Series, row: int) -> None:
    """Plot the means before and after the reference date into the series of an installation."""
    columns, dates = scene.ranking.actual.columns, series.calendar.dates
    split = int(columns["split_day"][row])
    for name, days in (("mean_before", slice(0, split)), ("mean_after", slice(split, None))):
        axes.plot(dates[days][[0, -1]], np.full(2, columns[name][row]), color=style.CONTRAST, lw=2)


def series_columns(series: Series) -> dict[str, object]:
    """Return some series as columns: id, date and kWh, one row a day."""
    names, days = series.arrays["installation_id"], series.calendar.days
    dates = np.tile(series.calendar.dates.astype(str), len(names))
    return {"id": np.repeat(names, days), "date": dates, "kwh": series.kwh.ravel()}


def listed_in_words(names: np.ndarray) -> str:
    """Return names with commas between."""
    return ", ".join(map(str, names.tolist()))
