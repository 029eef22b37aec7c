"""The figures of all cells as one long table, and what is asked of it."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from typing import Any

import numpy as np

from crocs_cli.maths.decisions import first_greatest

#: from this share of the best ARI of all on, a method is said to recover the clusters
RECOVERED = 0.95


class Table:
    """Rows of figures: the columns of the settings, `repetition`, `series`, `at`, and `value`."""

    def __init__(self, columns: Mapping[str, np.ndarray]) -> None:
        self.columns = dict(columns)

    def __getitem__(self, name: str) -> np.ndarray:
        return self.columns[name]

    def __len__(self) -> int:
        return len(next(iter(self.columns.values())))

    @staticmethod
    def join(parts: list[tuple[Mapping[str, object], Mapping[str, np.ndarray]]]) -> Table:
        """Stack the figures of cells, each with its setting repeated in columns of its own."""
        lengths = [len(figures["value"]) for _, figures in parts]
        columns = {
            name: np.repeat(np.array([setting[name] for setting, _ in parts]), lengths)
            for name in parts[0][0]
        }
        for name in ("series", "at", "value"):
            columns[name] = np.concatenate([figures[name] for _, figures in parts])
        return Table(columns)

    def where(self, **wanted: Any) -> Table:
        """Return the rows whose columns have the wanted values; a list or an array wants any of its own."""
        kept = np.ones(len(self), dtype=bool)
        for name, value in wanted.items():
            kept &= np.isin(self.columns[name], value)
        return Table({name: column[kept] for name, column in self.columns.items()})

    def unique(self, name: str) -> list:
        """Return the different values of a column, in order."""
        return np.unique(self.columns[name]).tolist()

    def mean(self, **wanted: Any) -> float:
        """Return the mean of the values of some rows."""
        values = self.where(**wanted)["value"]
        if not len(values):
            raise KeyError(f"no figures of {wanted}")
        return float(values.mean())

    def curve(self, **wanted: Any) -> tuple[np.ndarray, np.ndarray]:
        """Return (at, mean value) of some rows: both (points,), `at` rising."""
        rows = self.where(**wanted)
        at = np.unique(rows["at"])
        return at, np.array([rows["value"][rows["at"] == place].mean() for place in at])

    def over(self, name: str) -> Table:
        """Return the same rows with another column as the axis of their curves."""
        return Table({**self.columns, "at": self.columns[name]})

    def quartiles(self, **wanted: Any) -> tuple[np.ndarray, np.ndarray]:
        """Return the lower and the upper quartile of the values at each point of a curve."""
        rows = self.where(**wanted)
        spread = [
            np.quantile(rows["value"][rows["at"] == place], (0.25, 0.75)) for place in np.unique(rows["at"])
        ]
        return np.array(spread).T[0], np.array(spread).T[1]

    def csv(self) -> bytes:
        """Return the table as CSV."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(self.columns)
        writer.writerows(zip(*(column.tolist() for column in self.columns.values()), strict=True))
        return text.getvalue().encode()


def reliable_from(at: np.ndarray, reached: np.ndarray) -> float:
    """Return the first place from which on all is reached; infinity where the last is not."""
    missed = np.flatnonzero(~reached)
    first = missed[-1] + 1 if len(missed) else 0
    return float(at[first]) if first < len(at) else np.inf


def highest_of(values: Mapping[str, float]) -> str:
    """Return the name of the highest value; the first one of equals."""
    return list(values)[first_greatest(np.array(list(values.values())))]


def in_words(place: float) -> str:
    """Return a place of `reliable_from` as it is printed."""
    return f"{place:.0f}" if np.isfinite(place) else "never"
