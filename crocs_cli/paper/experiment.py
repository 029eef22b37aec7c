"""The parts of an experiment of the paper: independent cells, and findings judged from all of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from crocs_cli.machine.files import digest
from crocs_cli.machine.threads import available_threads
from crocs_cli.paper.days import Days, read_days
from crocs_cli.paper.table import Table
from crocs_cli.rundir.settings import PaperSettings

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: consumers of the run for which the cost of experiments on real days is stated
MEASURED_WITH = 23
SECONDS_AN_HOUR = 3600

Setting = Mapping[str, str | int | float]
#: (series, at, value): a curve's name, where on its axis, and how much
Figures = list[tuple[str, float, float]]


@dataclass(frozen=True)
class Cell:
    """One repetition of one setting: the unit of work, kept as one small file."""

    setting: Setting
    repetition: int

    @property
    def key(self) -> str:
        """The cell's name, which says all of its setting."""
        return "_".join(
            [*(f"{name}-{value}" for name, value in self.setting.items()), f"{self.repetition:03d}"]
        )


@dataclass(frozen=True)
class Study:
    """The common inputs of all cells: size, seed, options, and the days of real consumers where given."""

    quick: bool
    seed: int
    options: PaperSettings
    run: Path | None = None

    @cached_property
    def threads(self) -> int:
        """The number of threads that a kernel may use."""
        return available_threads()

    @cached_property
    def days(self) -> Days | None:
        """The days of the run, min-max normalised; None without one."""
        return None if self.run is None else read_days(self.run)

    def seed_of(self, cell: Cell) -> int:
        """Return the cell's own seed, below 2^32."""
        return int(digest({"seed": self.seed, "cell": cell.key})[:8], 16)


@dataclass(frozen=True)
class Finding:
    """One claim of the paper beside what came out here."""

    claim: str
    paper: str
    ours: str
    holds: bool


@dataclass(frozen=True)
class Experiment:
    """One experiment: its settings by size, how a cell is measured, how all are judged and drawn.

    `repetitions` are the quick and the paper's number of data sets of every setting. `cell_s` is the time of
    one cell at the paper's size on one core; with real days, for the 23 consumers that it was measured with,
    and `grows` is the power of their number with which it grows. `uses_run` says that it looks at real days
    where --run gives them.
    """

    name: str
    source: str
    title: str
    repetitions: tuple[int, int]
    settings: Callable[[Study], Sequence[Setting]]
    measure: Callable[[Cell, Study], Figures]
    judge: Callable[[Table, Study], list[Finding]]
    draw: Callable[[Table], Figure]
    cell_s: float
    grows: int = 0
    uses_run: bool = False

    def cells(self, study: Study) -> list[Cell]:
        """Return all cells, one whole repetition after another, so that a part of them is of use."""
        number = study.options.repetitions or self.repetitions[0 if study.quick else 1]
        settings = self.settings(study)
        return [Cell(setting, repetition) for repetition in range(number) for setting in settings]

    def core_hours(self, cells: int, study: Study) -> float:
        """Return about how long so many cells of the paper's size take on one core."""
        consumers = MEASURED_WITH if study.days is None else len(study.days)
        return cells * self.cell_s * (consumers / MEASURED_WITH) ** self.grows / SECONDS_AN_HOUR


def random_of(cell: Cell, study: Study) -> np.random.Generator:
    """Return the cell's own source of chance."""
    return np.random.default_rng(study.seed_of(cell))
