"""Find the meter readings of an ESPI feed that hold electric energy, and choose those that hold it once."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from crocs_cli.maths.readings.clock import DAY_S
from crocs_cli.readers.espi import Fields
from crocs_cli.readers.espi_links import ELECTRIC_SERVICE, MeterReading

_ENERGY = {72: 1e-3, 31: 1 / 3.6e6}  # kWh of a Wh and of a joule, by code of the unit
_POWER = {38: 1e-3}  # kW of a watt
_OTHERS = {42: "m3", 61: "VA", 63: "var", 71: "VAh", 73: "varh", 119: "ft3", 132: "Btu", 169: "therm"}
_ELECTRICITY = (0, 1, 2)  # commodities: not said, at the customer's voltage, at a higher one
_WAYS = {0: "forward", 1: "forward", 8: "forward", 19: "reverse", 10: "reverse", 4: "net", 20: "total"}
_SUMMATION = 9  # an accumulation: of a register, or of each interval
_REGISTERS = (1, 2, 3, _SUMMATION)  # accumulations: bulk quantity, two kinds of cumulative
_MOMENTS = (6, 11, 12)  # accumulations: indicating, instantaneous, latching
_EXTREMES = (8, 9)  # data qualifiers: maximum, minimum
_PHASES = {128: 1, 129: 1, 64: 2, 65: 2, 32: 3, 33: 3, 512: 4, 513: 4, 256: 5, 257: 5, 132: 6, 66: 7, 40: 8}
_PARTS = ("tou", "consumptionTier", "cpp")  # fields of a type whose readings are a part of the energy
_CHOICES = (  # ways that say the net consumption, the best first, and why others are left out
    (("forward", "reverse"), "delivered less received energy is used"),
    (("net",), "the net energy is used"),
    (("forward",), "the delivered energy is used"),
    (("total",), "the total energy is used"),
    (("reverse",), "the received energy is used"),
)
_INTERVALS, _POWERS, _READS = 0, 1, 2  # forms of a series, the best first
_HOW: dict[object, str] = {
    _POWERS: "power is taken as the mean over each reading",
    _READS: "the energy is the difference of each register read to the next",
    "total": "the total of both directions is taken as consumption",
}
_LARGEST_MULTIPLIER = 30  # of powers of ten, either way
_MOST_FALLS = 0.1  # of a register's reads; one that is exchanged or full falls once
_LONGEST_CODE = 10  # digits
_SHOWN = 3  # names in a message
_HOUR_S = 3600
DAYS_S = (DAY_S - _HOUR_S, DAY_S, DAY_S + _HOUR_S)  # a local day may have 23 or 25 hours

log = logging.getLogger("crocs")


@dataclass(frozen=True)
class Series:
    """Meter reading of electric energy: rows (n, 4) as of a MeterReading, values in kWh."""

    reading: MeterReading
    way: str
    part: tuple[int, ...]
    form: int
    rows: np.ndarray

    @property
    def division(self) -> tuple[bool, ...]:
        """By which of phase, tariff, tier and peak this is only a part of the energy."""
        return tuple(map(bool, self.part))

    @property
    def lengths(self) -> np.ndarray:
        """Durations in seconds: (n,)."""
        return self.rows[:, 1]


class Remarks:
    """Collects what is said of meter readings, to be logged in one line for all of which it is true."""

    def __init__(self) -> None:
        self._left: dict[str, list[tuple[str, int]]] = {}
        self._used: dict[str, list[str]] = {}

    def left_out(self, reading: MeterReading, count: int, why: str) -> None:
        """Note that so many readings of a meter reading are left out."""
        self._left.setdefault(why, []).append((_named(reading), count))

    def used(self, reading: MeterReading, how: str) -> None:
        """Note how a meter reading is used."""
        self._used.setdefault(how, []).append(_named(reading))

    def write_log(self, path: Path) -> None:
        """Log what was noted: a warning for every reason to leave out readings, and for every use."""
        for why, found in self._left.items():
            count, names = sum(number for _, number in found), some([name for name, _ in found])
            log.warning("%s: %d readings left out of meter reading %s: %s", path, count, names, why)
        for how, named in self._used.items():
            log.warning("%s: meter reading %s: %s", path, some(named), how)


def _named(reading: MeterReading) -> str:
    return f"{reading.consumer} {reading.name}"


def energy_of(reading: MeterReading, remarks: Remarks) -> Series | None:
    """Return the energy of a meter reading; None, and a word in `remarks`, for one that says none."""
    kind, rows = reading.kind, reading.rows.copy()
    unit, power = _code(kind, "uom", 72), _code(kind, "powerOfTenMultiplier")
    accumulation = _code(kind, "accumulationBehaviour")
    way, form = _WAYS.get(_code(kind, "flowDirection"), ""), _INTERVALS
    if why := _fault(reading, unit, power, way):
        remarks.left_out(reading, len(rows), why)
        return None
    rows[:, 2] *= 10.0**power * (_ENERGY | _POWER)[unit]
    if unit in _POWER:
        form, rows[:, 2] = _POWERS, rows[:, 2] * rows[:, 1] / _HOUR_S
    elif accumulation in _REGISTERS:
        steps = _differences(rows)
        falls = (steps[:, 2] < 0) & (way != "net")
        if falls.sum() <= _MOST_FALLS * len(steps):
            form, rows = _READS, steps
            rows[falls, 2] = np.nan
        elif accumulation != _SUMMATION:
            remarks.left_out(reading, len(rows), "they fall, though their type is a register's")
            return None
    if way == "reverse":
        rows[:, 2] = -np.abs(rows[:, 2])
    part = (_PHASES.get(_code(kind, "phase"), 0), *(_code(kind, name) for name in _PARTS))
    return Series(reading, way, part, form, rows)


def _fault(reading: MeterReading, unit: int, power: int, way: str) -> str:
    """Return why a meter reading says no electric energy of intervals, "" where it does."""
    kind = reading.kind
    if not is_electric(reading):
        return "they are not of electricity"
    if unit not in _ENERGY | _POWER:
        return f"their unit is {_OTHERS.get(unit, f'number {unit} of ESPI')}, not one of energy"
    if _code(kind, "kind") not in (0, 37 if unit in _POWER else 12):
        return "they are demand, cost or of another kind that is not energy"
    if _code(kind, "dataQualifier") in _EXTREMES or _code(kind, "accumulationBehaviour") in _MOMENTS:
        return "they are values of moments, not of intervals"
    if not way:
        return "their direction is neither delivered, received, net nor total"
    return f"they are times ten to the power of {power}" if abs(power) > _LARGEST_MULTIPLIER else ""


def is_electric(reading: MeterReading) -> bool:
    """Return whether a meter reading is of electricity, as far as the feed says."""
    return reading.service == ELECTRIC_SERVICE and _code(reading.kind, "commodity") in _ELECTRICITY


def _differences(rows: np.ndarray) -> np.ndarray:
    """Return the energy from each read of a register to the next, the first of several reads of one time."""
    rows = rows[np.argsort(rows[:, 0], kind="stable")]
    rows = rows[np.append(True, np.diff(rows[:, 0]) > 0)]
    steps = np.diff(rows, axis=0)
    return np.column_stack([rows[:-1, 0], steps[:, 0], steps[:, 2], np.maximum(rows[:-1, 3], rows[1:, 3])])


def fitting(series: Sequence[Series], interval_s: int, remarks: Remarks) -> list[Series]:
    """Return series with only those readings that last an interval, or a part that divides it.

    A day is not divided. What else there is goes to `remarks`.
    """
    kept = []
    for one in series:
        if interval_s == DAY_S:
            fits = np.isin(one.lengths, DAYS_S)
        else:
            fits = np.fmod(interval_s, np.where(one.lengths > 0, one.lengths, np.nan)) == 0
        if not fits.all():
            others = one.lengths[~fits]
            span = " to ".join(dict.fromkeys(map(duration, (others.min(), others.max()))))
            what = "the time between register reads is" if one.form == _READS else "they last"
            why = f"{what} {span}, the interval is {duration(interval_s)}"
            remarks.left_out(one.reading, len(others), why)
        if fits.any():
            kept.append(replace(one, rows=one.rows[fits]))
    return kept


def chosen(series: Sequence[Series], remarks: Remarks) -> dict[int, np.ndarray]:
    """Return {channel: rows} that together say the net consumption of a usage point once.

    Parts of it, such as phases, are used where the whole is not there. What is not used goes to `remarks`.
    """
    have = {one.way for one in series}
    ways, why = next(((w, why) for w, why in _CHOICES if have.issuperset(w)), ((), ""))
    _kept(series, (one.way in ways for one in series), remarks, why)
    channels: dict[int, np.ndarray] = {}
    for way in ways:
        own = [one for one in series if one.way == way]
        form = min(one.form for one in own)
        own = _kept(own, (one.form == form for one in own), remarks, "readings of intervals say it too")
        division = min(one.division for one in own)
        own = _kept(own, (one.division == division for one in own), remarks, "they are parts of what is used")
        for one in own:
            if how := _HOW.get(one.way) or _HOW.get(one.form):
                remarks.used(one.reading, how)
        names = sorted({one.part for one in own})
        parts = [np.concatenate([one.rows for one in own if one.part == part]) for part in names]
        starts = [np.unique(rows[:, 0]) for rows in parts]
        if len(np.unique(np.concatenate(starts))) == sum(map(len, starts)):  # such as the hours of a tariff
            parts = [np.concatenate(parts)]
        channels.update({2 * number + (way == "reverse"): rows for number, rows in enumerate(parts)})
    return channels


def _kept(series: Iterable[Series], keeps: Iterable[bool], remarks: Remarks, why: str) -> list[Series]:
    """Return the series that are kept, and note the others as left out."""
    kept = []
    for one, keep in zip(series, keeps, strict=True):
        if keep:
            kept.append(one)
        else:
            remarks.left_out(one.reading, len(one.rows), why)
    return kept


def some(names: Sequence[str]) -> str:
    """Return the first names of a list, and how many more there are."""
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more


def duration(seconds: float) -> str:
    """Return a duration as text, such as 15min, 24h or 31d."""
    for unit, size in (("d", DAY_S), ("h", _HOUR_S), ("min", 60)):
        if seconds % size == 0 and seconds >= (2 if unit == "d" else 1) * size:
            return f"{seconds / size:.0f}{unit}"
    return f"{seconds:g}s"


def _code(kind: Fields, name: str, default: int = 0) -> int:
    """Return a code of a reading type, -1 for one that is no whole number."""
    text = kind.get(name) or str(default)
    digits = text.removeprefix("-").removeprefix("+")
    return int(text) if digits.isdecimal() and len(digits) < _LONGEST_CODE else -1
