"""Convert stamps and values as they stand in a file to numbered intervals and kWh."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from crocs_cli.maths.readings.clock import DAY_S, wall_from_utc
from crocs_cli.maths.readings.quality import FEW
from crocs_cli.maths.readings.row_kernels import to_intervals
from crocs_cli.maths.readings.rows import BESIDE, ESTIMATED, OFF_GRID, REPAIRED, Rows

LARGEST_KWH = 1e6  # of one reading; beyond it a number is a fault, not a consumption
LARGEST_TOTAL_KWH = 1e12  # of a register's total
#: what meters send for "no value": all bits of 16, 24 and 32, of signed numbers too, or thousandths of them
ERROR_CODES = tuple(
    code / scale for code in (32767, 65535, 8388607, 16777215, 2147483647, 4294967295) for scale in (1, 1000)
)
LAST_DAY = 47_481  # 2099-12-31
A_FEW_DAYS = 30
_HOUR_S = 3600
_TO_KWH = {"kWh": 1.0, "Wh": 1e-3, "MWh": 1e3, "GJ": 1 / 0.0036, "kW": 1.0, "W": 1e-3}
_LAST_MINUTE_S, _SHORTEST_WITH_IT_S = 60, 300


def stored_unit(unit: str) -> str:
    """Return the unit that profiles have of readings in a unit: kWh of all energies."""
    return "kWh" if unit in _TO_KWH else unit


@dataclass(frozen=True)
class Grid:
    """Meaning of stamps and values: interval, which end a stamp names, whose clock, and the unit.

    A stamp up to `tolerance_s` beside an interval is of that interval. No reading is above `largest_kwh`.
    """

    interval_s: int
    stamp: str
    timezone: str
    unit: str
    tolerance_s: int = 0
    largest_kwh: float = LARGEST_KWH

    @property
    def intervals_per_day(self) -> int:
        """Number of intervals in a day of 24 hours."""
        return DAY_S // self.interval_s

    @property
    def factor(self) -> float:
        """Energy in kWh of a value of 1; volumes keep their unit."""
        return _TO_KWH.get(self.unit, 1.0) * (self.interval_s / _HOUR_S if self.unit in ("kW", "W") else 1.0)

    @property
    def early_s(self) -> int:
        """Seconds by which a stamp may be early: an end such as 00:29 names its interval's last minute."""
        named = self.stamp == "end" and self.tolerance_s and self.interval_s >= _SHORTEST_WITH_IT_S
        return _LAST_MINUTE_S if named else self.tolerance_s

    def starts_s(self, time_s: np.ndarray, is_utc: bool | np.ndarray) -> np.ndarray:
        """Return where intervals start on the wall clock: (n,) int64 seconds since 1970-01-01.

        Stamps of UTC are moved to the start first: an interval's end may already have another offset.
        """
        start_s = time_s - self.interval_s if self.stamp == "end" else time_s
        if is_utc is False:
            return start_s
        return np.where(is_utc, wall_from_utc(start_s, self.timezone), start_s)

    def rows(self, meter: np.ndarray, start_s: np.ndarray, value: np.ndarray) -> Rows:
        """Return readings with their intervals numbered and their values in kWh, unusable ones NaN."""
        sides = self.early_s, self.tolerance_s
        interval, energy, flags = to_intervals(
            start_s, value, self.interval_s, sides, (self.factor, self.largest_kwh)
        )
        return Rows(meter, interval, energy, np.zeros(len(flags), np.uint8), flags)


def flagged(rows: Rows, estimated: np.ndarray | None, repaired: np.ndarray | None) -> Rows:
    """Return readings with what their reader says of them set as flags."""
    flags = rows.flags
    for mask, flag in ((estimated, ESTIMATED), (repaired, REPAIRED)):
        if mask is not None:
            flags = flags | np.where(mask, flag, 0).astype(np.uint8)
    return Rows(rows.meter, rows.interval, rows.energy_kwh, rows.channel, flags)


class Seen:
    """Summary of all stamps: the span of days, and whether they fit the interval."""

    def __init__(self, grid: Grid) -> None:
        self._grid = grid
        self._slots = np.zeros(grid.intervals_per_day, dtype=bool)
        self.rows = self.off_grid = self.beside = 0
        self.channels = 1
        self._present = np.zeros(LAST_DAY + 9, dtype=bool)  # days; stamps are checked a little later
        self.first = self.last = 0  # intervals

    def note(self, rows: Rows) -> None:
        """Take some readings into account."""
        if not len(rows.interval):
            return
        first, last = int(rows.interval.min()), int(rows.interval.max())
        self.first = min(self.first, first) if self.rows else first
        self.last = max(self.last, last) if self.rows else last
        self.rows += len(rows.interval)
        self.channels = max(self.channels, int(rows.channel.max()) + 1)
        self._note_days(rows.interval, first, last)
        if rows.flags.any():
            on_grid = rows.flags & OFF_GRID == 0
            self.off_grid += int(len(on_grid) - on_grid.sum())
            self.beside += int((rows.flags & BESIDE != 0).sum())
            rows = rows.take(on_grid)
        if not self._slots.all():
            self._slots |= np.bincount(rows.interval % len(self._slots), minlength=len(self._slots)) > 0

    def _note_days(self, interval: np.ndarray, first: int, last: int) -> None:
        per_day = self._grid.intervals_per_day
        between = self._present[first // per_day : last // per_day + 1]
        if len(between) <= A_FEW_DAYS:  # most likely all are there
            between[:] = True
        elif not between.all():
            self._present[interval // per_day] = True

    @property
    def days_present(self) -> int:
        """Number of days with readings, at the most: a few between others are counted unseen."""
        return int(self._present.sum())

    @property
    def misfit(self) -> bool:
        """Whether more than a few stamps lie off the grid of intervals."""
        return self.off_grid > FEW * self.rows

    @property
    def sparser_min(self) -> int | None:
        """Minutes between the readings if there are never any on some regular slots, else None."""
        slots = np.flatnonzero(self._slots)
        if not len(slots):
            return None
        step = int(np.gcd.reduce(np.append(np.diff(slots), len(self._slots))))
        return step * self._grid.interval_s // 60 if step > 1 else None

    @property
    def first_day(self) -> int:
        """Day of the first reading, since 1970-01-01."""
        return self.first // self._grid.intervals_per_day

    @property
    def days(self) -> int:
        """Days from the first reading's to the last one's."""
        return self.last // self._grid.intervals_per_day - self.first_day + 1
