"""Tariffs: fixed, energy and demand charges and export credits, read from YAML and checked for gaps."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from pydantic import BeforeValidator, Field, field_validator, model_validator

from crocs_cli.errors import CallError
from crocs_cli.machine.settings import Settings, check_keys, load, nearest, settle
from crocs_cli.maths.programmes.windows import DAY_MIN, minutes_of
from crocs_cli.maths.readings.days import public_holidays

Price = Annotated[Decimal, Field(ge=0, le=100_000, decimal_places=6)]
Energy = Annotated[Decimal, Field(gt=0, le=1_000_000_000, decimal_places=6)]
#: kinds of day, each date being of one; a public holiday at a weekend is a weekend
WORKDAY, WEEKDAY_HOLIDAY, WEEKEND = 0, 1, 2
KINDS = ("workdays", "holidays", "weekends")
DAY_TYPES = {
    "all": (WORKDAY, WEEKDAY_HOLIDAY, WEEKEND),
    "weekdays": (WORKDAY, WEEKDAY_HOLIDAY),
    "workdays": (WORKDAY,),
    "holidays": (WEEKDAY_HOLIDAY,),
    "weekends": (WEEKEND,),
}
_OF_A_YEAR = np.arange("2000-01-01", "2001-01-01", dtype="datetime64[D]")  # a leap year: all 366 days


def _listed(value: object) -> object:
    return [part.strip() for part in value.split(",")] if isinstance(value, str) else value


DayTypes = Annotated[
    tuple[Literal["all", "weekdays", "workdays", "holidays", "weekends"], ...],
    BeforeValidator(_listed),
    Field(min_length=1),
]
Names = Annotated[tuple[str, ...], BeforeValidator(_listed)]


class Season(Settings):
    """A part of the year, from one day to another, both included."""

    from_: str = Field(alias="from", description="first day, as 12-01")
    to: str = Field(description="last day, as 02-29")

    @field_validator("from_", "to")
    @classmethod
    def _is_a_day(cls, text: str) -> str:
        if not re.fullmatch(r"\d\d-\d\d", text) or np.isnat(_day(text)):
            raise ValueError("write month and day, as 12-01")
        return text

    def days(self) -> np.ndarray:
        """Return which days of a leap year are in the season: (366,) bool."""
        first, last = _day(self.from_), _day(self.to)
        inside = (first <= _OF_A_YEAR) & (last >= _OF_A_YEAR)
        return inside if first <= last else (first <= _OF_A_YEAR) | (last >= _OF_A_YEAR)


def _day(text: str) -> np.datetime64:
    try:
        return np.datetime64(f"2000-{text}", "D")
    except ValueError:
        return np.datetime64("NaT")


class Block(Settings):
    """A part of a month's kWh with a price of its own."""

    up_to: Energy | None = Field(None, description="kWh of the month up to which the price holds")
    price: Price = Field(description="price of a kWh")


class When(Settings):
    """When a charge applies."""

    season: Names = Field((), description="names of seasons; all when left out")
    days: DayTypes = Field(("all",), description="kinds of days")
    window: str = Field("00:00-24:00", description="window of the clock")

    @field_validator("window")
    @classmethod
    def _is_a_window(cls, text: str) -> str:
        minutes_of(text)
        return text

    def minutes(self) -> np.ndarray:
        """Return which minutes of a day are inside: (1440,) bool."""
        start, end = minutes_of(self.window)
        inside = np.zeros(DAY_MIN, dtype=bool)
        inside[np.arange(start, end) % DAY_MIN] = True
        return inside

    def kinds(self) -> list[int]:
        """Return the kinds of day on which the charge applies."""
        return sorted({kind for name in self.days for kind in DAY_TYPES[name]})


class EnergyCharge(When):
    """A price of the kWh that are used at some times."""

    price: Price | None = Field(None, description="price of a kWh")
    blocks: tuple[Block, ...] = Field(
        (), description="in place of one price, prices of parts of the month's kWh"
    )

    @model_validator(mode="after")
    def _has_prices(self) -> EnergyCharge:
        if (self.price is None) == (not self.blocks):
            raise ValueError("give either price or blocks")
        ends = [block.up_to for block in self.blocks]
        if self.blocks and (ends[-1] is not None or None in ends[:-1]):
            raise ValueError("every block but the last has an end (up_to), and the last has none")
        known = [end for end in ends if end is not None]
        if any(second <= first for first, second in itertools.pairwise(known)):
            raise ValueError(f"blocks rise: {', '.join(map(str, known))} do not")
        return self

    def parts(self) -> tuple[Block, ...]:
        """Return the blocks; one where there is one price."""
        return self.blocks or (Block(price=self.price),)


class DemandCharge(When):
    """A price of the highest kW of a month at some times."""

    price: Price = Field(description="price of a kW for a month")


class Fixed(Settings):
    """What is paid whatever is used."""

    per_day: Price = Field(Decimal(0), description="for each day that the run has")
    per_month: Price = Field(Decimal(0), description="for each month of which the run has a day")


class Tariff(Settings):
    """A tariff."""

    currency: str = Field(description="currency of all prices, such as EUR")
    decimals: int = Field(2, description="decimal places of a bill", ge=0, le=4)
    fixed: Fixed = Fixed()
    seasons: dict[str, Season] = Field({}, description="named parts of the year; all of it when left out")
    holidays: str | None = Field(None, description="country or country-state whose holidays count, as AU-NSW")
    energy: Annotated[tuple[EnergyCharge, ...], Field(min_length=1)]
    demand: tuple[DemandCharge, ...] = ()
    export_credit: Price = Field(Decimal(0), description="credit for a kWh that is fed into the grid")

    def season_names(self) -> list[str]:
        """Return the names of the seasons; one without a name where there are none."""
        return list(self.seasons) or [""]

    def kinds(self) -> list[int]:
        """Return the kinds of day that there are: no holidays where none are named."""
        return [kind for kind in range(len(KINDS)) if kind != WEEKDAY_HOLIDAY or self.holidays]

    def seasons_of_year(self) -> np.ndarray:
        """Return the season of each day of a leap year: (366,) int64."""
        found = np.zeros(len(_OF_A_YEAR), dtype=np.int64)
        for number, season in enumerate(self.seasons.values()):
            found[season.days()] = number
        return found


def read_tariff(path: Path) -> Tariff:
    """Read a tariff; raise CallError with file and line for what is wrong, uncovered or covered twice."""
    document = load(path)
    for keys, line in list(document.lines.items()):  # items of lists begin with their first key
        for end in (end for end, key in enumerate(keys, 1) if isinstance(key, int)):
            document.lines.setdefault(keys[:end], line)
    check_keys(document, {info.alias or name for name, info in Tariff.model_fields.items()}, {})
    tariff = settle("", Tariff, document, {}, {})
    for fault in (_seasons_fault, _names_fault, _energy_fault):
        if found := fault(tariff):
            keys, said = found
            raise CallError(f"{document.place(keys)}: {'.'.join(map(str, keys))}: {said}")
    if tariff.holidays is not None:
        try:
            public_holidays(tariff.holidays, 0, 0)
        except CallError as error:
            said = str(error).removeprefix("ingest.holidays: ")
            raise CallError(f"{document.place(('holidays',))}: holidays: {said}") from error
    return tariff


Fault = tuple[tuple[str | int, ...], str]


def _seasons_fault(tariff: Tariff) -> Fault | None:
    """Return where seasons leave a day out or share one."""
    if not tariff.seasons:
        return None
    count = np.sum([season.days() for season in tariff.seasons.values()], axis=0)
    for wrong, said in ((count == 0, "no season has"), (count > 1, "more than one season has")):
        if wrong.any():
            first = int(wrong.argmax())
            last = first + int(np.argmin(np.append(wrong[first:], False))) - 1
            days = " to ".join(str(_OF_A_YEAR[day])[5:] for day in (first, last))
            return ("seasons",), f"{said} the days {days}; seasons cover the year once"
    return None


def _names_fault(tariff: Tariff) -> Fault | None:
    """Return where a charge names a season that is not there, or holidays without a place."""
    for keys, charge in _charges(tariff):
        for name in charge.season:
            if name not in tariff.seasons:
                known = nearest(name, tariff.seasons) if tariff.seasons else "; there are no seasons"
                return keys, f"{name}: no such season{known}"
        if tariff.holidays is None and {"workdays", "holidays"} & {*charge.days}:
            return keys, "workdays and holidays need `holidays`, a country or country-state such as AU-NSW"
    return None


def _energy_fault(tariff: Tariff) -> Fault | None:
    """Return where no energy charge applies, or two do."""
    for number, season in enumerate(tariff.season_names()):
        for kind in tariff.kinds():
            count = np.zeros(DAY_MIN, dtype=int)
            for at, charge in enumerate(tariff.energy):
                if applies(tariff, charge, number, kind):
                    count += charge.minutes()
                    if (count > 1).any():
                        return (
                            "energy",
                            at,
                        ), f"an earlier charge covers {_when(tariff, season, kind, count > 1)} too"
            if (count == 0).any():
                return ("energy",), f"no charge covers {_when(tariff, season, kind, count == 0)}"
    return None


def _charges(tariff: Tariff) -> Iterator[tuple[tuple[str | int, ...], When]]:
    """Yield every charge with its keys."""
    for name in ("energy", "demand"):
        for number, charge in enumerate(getattr(tariff, name)):
            yield (name, number), charge


def applies(tariff: Tariff, charge: When, season: int, kind: int) -> bool:
    """Return whether a charge applies on days of a kind in a season, given by its number."""
    named = not charge.season or tariff.season_names()[season] in charge.season
    return named and kind in charge.kinds()


def _when(tariff: Tariff, season: str, kind: int, minutes: np.ndarray) -> str:
    """Describe the first span of some minutes of a day."""
    first = int(minutes.argmax())
    last = first + int(np.argmin(np.append(minutes[first:], False)))
    span = "-".join(f"{minute // 60:02d}:{minute % 60:02d}" for minute in (first, last))
    days = "weekdays" if kind == WORKDAY and tariff.holidays is None else KINDS[kind]
    return " ".join(filter(None, (season, days, span)))
