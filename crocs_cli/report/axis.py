"""The axis of profiles in pictures: hours of a day, days of a week, or the features of an event."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from crocs_cli.report import style, words
from crocs_cli.report.days import DAY, Across
from crocs_cli.rundir.meaning import WEEKDAYS, Meaning

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_ON_CIRCLE = ("_sin", "_cos")


@dataclass(frozen=True)
class Axis:
    """The axis of profiles of so many slots, which mean something."""

    meaning: Meaning
    slots: int

    @property
    def shown(self) -> np.ndarray:
        """The slots that are drawn: (n,) int64; of events, the features that are no time on a circle."""
        if not self.meaning.is_event:
            return np.arange(self.slots)
        return np.array(
            [at for at, name in enumerate(self.meaning.features) if not name.endswith(_ON_CIRCLE)]
        )

    @property
    def places(self) -> np.ndarray:
        """Where the drawn slots are: (n,) float64, their middles in hours of a day or days of a week."""
        if self.meaning.is_event:
            return np.arange(len(self.shown), dtype=np.float64)
        if self.meaning.period == "week":
            return (np.arange(self.slots) + 0.5) * len(WEEKDAYS) / self.slots
        return style.slot_hours(self.slots)

    @property
    def apart(self) -> bool:
        """Whether each column stands by itself, as features do, and is no point of a line."""
        return self.meaning.is_event

    @property
    def unit(self) -> str:
        """What a mean profile is in, such as kWh in 30 min."""
        if self.meaning.is_event:
            return "IQRs from the median"
        minutes = self.meaning.minutes // self.slots
        return f"{self.meaning.unit} " + (f"in {minutes} min" if minutes < 1440 else "a day")

    def across(self) -> Across:
        """Return the axis from left to right of a small picture."""
        if self.meaning.is_event:
            names = [self.meaning.features[at] for at in self.shown]
            return Across(-0.5, len(names) - 0.5, dict(enumerate(names)))
        if self.meaning.period == "day":
            return DAY
        days = len(WEEKDAYS)
        return Across(0, days, {at + 0.5: name for at, name in enumerate(WEEKDAYS)}, tuple(range(1, days)))

    def dress(self, axes: Axes) -> None:
        """Make the x axis that of the profiles."""
        if self.meaning.is_event:
            names = [self.meaning.features[at] for at in self.shown]
            axes.set_xlim(-0.5, len(names) - 0.5)
            axes.set_xticks(range(len(names)), names)
            return
        if self.meaning.period == "day":
            style.day_axis(axes)
            return
        axes.set_xlim(0, len(WEEKDAYS))
        axes.set_xticks(range(len(WEEKDAYS) + 1), [""] * (len(WEEKDAYS) + 1))
        axes.set_xticks(np.arange(len(WEEKDAYS)) + 0.5, WEEKDAYS, minor=True)
        axes.tick_params(axis="x", which="minor", length=0)

    def place(self, at: int) -> str:
        """Return the name of a drawn slot: 18:30, Tue 18:30 or a feature."""
        if self.meaning.is_event:
            return self.meaning.features[self.shown[at]]
        if self.meaning.period == "day":
            return words.clock(self.places[at])
        day, part = divmod(self.places[at], 1.0)
        return f"{WEEKDAYS[int(day)]} {words.clock(24 * part)}"

    def clock(self, name: str, profile: np.ndarray) -> tuple[float, float]:
        """Return the mean time of day of a feature on the circle in hours, and how sure it is, 0 to 1.

        name: of the column of stamps; profile: (slots,) a mean of scaled features.
        """
        features, at = self.meaning.features, [f"{name}{part}" for part in _ON_CIRCLE]
        sin, cos = (
            profile[slot] * self.meaning.spread[slot] + self.meaning.centre[slot]
            for slot in map(features.index, at)
        )
        return float(np.arctan2(sin, cos) / (2 * np.pi) * 24 % 24), float(np.hypot(sin, cos))

    @property
    def clocks(self) -> list[str]:
        """The columns of stamps whose time of day is a feature."""
        known = {*self.meaning.features}
        bare = [name.removesuffix("_sin") for name in self.meaning.features if name.endswith("_sin")]
        return [name for name in bare if f"{name}_cos" in known]
