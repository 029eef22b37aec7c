"""Numbered readings, and the rule by which they become days.

Meters are numbered from 0; intervals and days are numbered from 1970-01-01 on the wall clock.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields

import numpy as np

from crocs_cli.maths.readings.clock import DAY_S

ESTIMATED, REPAIRED, OFF_GRID, IMPLAUSIBLE, BESIDE = 1, 2, 4, 8, 16  # flags of a reading
BIN_METERS = 64  # so many meters' readings are put in order at once
RECORD = np.dtype(  # a reading of a bin: the fields of Rows, in 16 bytes
    [("energy_kwh", "f8"), ("interval", "i4"), ("meter", "u2"), ("channel", "u1"), ("flags", "u1")]
)


@dataclass(frozen=True)
class Rows:
    """Readings, one entry each in every array: (n,).

    meter: int32, within a bin uint16; interval: int32, since 1970-01-01; energy_kwh: float64, NaN where there
    is no usable number; channel: uint8; flags: uint8, of ESTIMATED ... BESIDE (set right by the tolerance).
    """

    meter: np.ndarray
    interval: np.ndarray
    energy_kwh: np.ndarray
    channel: np.ndarray
    flags: np.ndarray

    @classmethod
    def of(cls, records: np.ndarray) -> Rows:
        """Return records (n,) of RECORD as readings, without a copy."""
        return cls(*(records[field.name] for field in fields(cls)))

    def take(self, which: np.ndarray | slice) -> Rows:
        """Return some of the readings, by index, mask or slice."""
        return Rows(*(column[which] for column in self.columns()))

    def columns(self) -> tuple[np.ndarray, ...]:
        """Return the arrays in the order of the fields."""
        return tuple(getattr(self, field.name) for field in fields(self))


Pieces = Callable[[], Iterable[Rows]]  # gives the same readings, piece by piece, each time it is called


@dataclass(frozen=True)
class Calendar:
    """Facts of each local day from `first_day` on.

    verdict: (days,) int8 of `DaysWanted.verdicts`; length_s: (days,) int64 of `day_lengths_s`; lost_s: spans
    of the wall clock that it skips, of `lost_spans_s`.
    """

    first_day: int
    verdict: np.ndarray
    length_s: np.ndarray
    lost_s: tuple[tuple[int, int], ...] = ()

    def changes(self, day: np.ndarray) -> np.ndarray:
        """Return which days are not 24 hours long."""
        return self.length_s[day - self.first_day] != DAY_S

    def wanted(self, day: np.ndarray) -> np.ndarray:
        """Return which days are of the wanted range and kind."""
        return self.verdict[day - self.first_day] == 0

    def missing_s(self, day: np.ndarray) -> np.ndarray:
        """Return the seconds by which days are shorter than 24 hours."""
        return np.maximum(0, DAY_S - self.length_s[day - self.first_day])


@dataclass(frozen=True)
class Rule:
    """Rule by which readings become days; see `IngestSettings` for the words.

    kind: energy or register; None to tell one from the other. codes_kwh: the error codes of meters, as kWh;
    with none of them only `largest_kwh` bounds a reading. groups: of each channel, the group whose registers
    take turns or add up; each channel is its own without.
    """

    intervals_per_day: int
    slots_per_day: int
    calendar: Calendar
    duplicates: str = "error"
    folds: bool = False
    max_missing_slots: int = 0
    max_estimated: float = 1.0
    judges_stamps: bool = True
    stamps_end: bool = False
    kind: str | None = "energy"
    largest_kwh: float = np.inf
    codes_kwh: tuple[float, ...] = ()
    groups: tuple[int, ...] = ()


@dataclass(frozen=True)
class Conflict:
    """First interval that has two different readings although `duplicates` is error."""

    meter: int
    interval: int
    energies_kwh: tuple[float, float]
