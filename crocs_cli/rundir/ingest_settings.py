"""Define the settings of `ingest`: how files are written, what readings mean, which days are used."""

from __future__ import annotations

import datetime as dt
import re
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, field_validator, model_validator

from crocs_cli.machine.settings import Minutes, Seconds, Settings
from crocs_cli.maths.readings.clock import checked_zone
from crocs_cli.readers.described import FILL_IN, checked, reader_names
from crocs_cli.readers.table_settings import Encoding
from crocs_cli.rundir.event_settings import Events


def _pairs(value: object) -> object:
    """Turn the text VALUE=MEANING,VALUE=MEANING of a flag into a mapping."""
    if not isinstance(value, str):
        return value
    pairs = [pair.rpartition("=") for pair in value.split(",")]
    if not all(sign for _, sign, _ in pairs):
        raise ValueError("write VALUE=MEANING, several of them with commas between")
    return {text.strip(): meaning.strip() for text, _, meaning in pairs}


Directions = Annotated[dict[str, Literal["add", "subtract", "drop"]], BeforeValidator(_pairs)]
Qualities = Annotated[dict[str, Literal["measured", "estimated", "invalid"]], BeforeValidator(_pairs)]
#: the units in which a quantity is measured
UNITS = {
    "electricity": ("kWh", "Wh", "MWh", "kW", "W"),
    "gas": ("kWh", "MWh", "m3"),
    "heat": ("kWh", "Wh", "MWh", "GJ", "kW", "W", "m3"),
    "water": ("m3", "L", "gal"),
}
Ceiling = Annotated[float, Field(gt=0)] | Literal["auto", "off"]


class Columns(Settings):
    """The names of the columns that a generic file uses."""

    consumer: str = Field("id", description="column that names the consumer")
    time: str = Field("time", description="column of the stamp (long), or of the date (wide)")
    energy: str = Field("kwh", description="column of the reading; wide files have one column a slot instead")
    date: str | None = Field(None, description="column of the date, where the time stands in one of its own")
    hour: str | None = Field(
        None, description="column of the hour's running number in the local day, 1 to 23, 24 or 25"
    )
    direction: str | None = Field(
        None, description="column of the direction, register or channel of a row; see direction"
    )
    quality: str | None = Field(
        None, description="column that says whether a row was measured or estimated; see quality"
    )


class Days(Settings):
    """Which days are used."""

    from_: dt.date | None = Field(None, alias="from", description="first day")
    to: dt.date | None = Field(None, description="last day, itself included")
    type: Literal["all", "weekdays", "weekends", "workdays"] = Field(
        "all", description="workdays are weekdays less public holidays"
    )
    season: Literal["spring", "summer", "autumn", "winter"] | None = Field(
        None, description="only the days of one season, as meteorologists count them"
    )
    hemisphere: Literal["north", "south"] | None = Field(None, description="whose season")
    dates: str | None = Field(None, description="file of dates, one a line: only these days")

    @model_validator(mode="after")
    def _in_order(self) -> Days:
        if self.from_ and self.to and self.from_ > self.to:
            raise ValueError(f"from {self.from_} is after to {self.to}")
        if (self.season is None) != (self.hemisphere is None):
            raise ValueError("season and hemisphere (north or south) go together")
        return self


class IngestSettings(Settings):
    """Readings in, daily load profiles out."""

    reader: str = Field(
        "long",
        description=f"format of the files: {', '.join(reader_names())}, or a file that describes one, "
        "such as my-format.yaml; auto tells it by the first file and says why",
    )
    trust: Literal["format", "settings"] = Field(
        "format",
        description="which counts where unit, stamp or timezone contradict what the format is known to say",
    )
    files: tuple[str, ...] = Field(
        (), description="files or globs: .csv, .csv.gz, .parquet, .xlsx, or a .zip of such text files"
    )
    period: Literal["day", "week", "event"] = Field(
        "day", description="what a profile is of: a day, a week from Monday to Sunday, or an event"
    )
    quantity: Literal["electricity", "gas", "heat", "water"] = Field(
        "electricity", description="what is measured; see unit"
    )
    columns: Columns = Columns()
    events: Events = Events()
    consumer_from: Literal["column", "file"] | None = Field(
        None,
        description="where consumers have their names: in their column, or in the name of their file; "
        "without, the file's name stands in where a file has no such column",
    )
    consumer_pattern: str | None = Field(
        None,
        description="regular expression whose one group is the consumer, in the name of the file or, after "
        "title:, in the lines above the header",
    )
    title_lines: Annotated[int, Field(ge=0, le=1000)] | Literal["auto"] = Field(
        "auto", description="lines above the header; auto finds the first line with the wanted columns"
    )
    header: bool = Field(True, description="a line names the columns; without, they are c1, c2 and so on")
    encoding: Encoding = Field(
        "auto", description="encoding of text, such as utf-16 or cp1252; auto takes UTF-8, or what it finds"
    )
    decimal: Literal[".", ","] = Field(".", description="decimal sign of the readings")
    thousands: Literal["", ",", ".", " ", "'"] = Field("", description="sign between groups of three digits")
    stamp_format: str | None = Field(
        None,
        description="form of stamps or dates, such as %d/%m/%Y %H:%M (%z for an offset), or epoch-s or "
        "epoch-ms for time since 1970 in UTC; 2013-01-31 00:30 without",
    )
    stamp_tolerance: Annotated[Seconds, Field(ge=0, le=59)] = Field(
        5, description="time by which a stamp may lie beside its interval; a plain number is seconds"
    )
    direction: Directions = Field(
        {}, description="what a row counts by its direction: VALUE=add, VALUE=subtract or VALUE=drop"
    )
    quality: Qualities = Field(
        {}, description="what a row's quality means: VALUE=measured, VALUE=estimated or VALUE=invalid"
    )
    kind: Literal["energy", "power", "register"] | None = Field(
        None,
        description="what a reading is: energy, power (kW or W), or a register's total that only rises, "
        "of which differences are taken; told by the unit without",
    )
    unit: Literal["kWh", "Wh", "MWh", "GJ", "kW", "W", "m3", "L", "gal"] | None = Field(
        None, description="unit of the readings; the reader knows its own, generic ones take kWh"
    )
    stamp: Literal["start", "end"] | None = Field(
        None, description="a stamp names its interval's start or end; generic readers take start"
    )
    timezone: str | None = Field(
        None, description="IANA name, or fixed offset such as +10:00, of the stamps; generic readers take UTC"
    )
    interval: Annotated[Minutes, Field(ge=1, le=1440)] | None = Field(
        None, description="time between readings, 1min or 5min to 60min, or 24h; generic readers take 30min"
    )
    slot: Annotated[Minutes, Field(ge=5, le=1440)] | None = Field(
        None, description="length of a profile's slot, to which readings are summed; as the interval without"
    )
    implausible: Ceiling = Field(
        "auto",
        description="largest reading, in kWh or the unit of a volume, that may be true; auto leaves out the "
        "error codes of meters, and what is hundreds of times the meter's usual maximum",
    )
    days: Days = Days()
    holidays: str | None = Field(None, description="country or country-state of the workdays, such as AU-NSW")
    clock_change: Literal["leave_out", "fold"] = Field(
        "leave_out", description="days of 23 or 25 h: leave them out, or average the double and fill the gap"
    )
    duplicates: Literal["error", "first", "last", "mean", "leave_out"] = Field(
        "error",
        description="which of several different readings of one interval counts, or leave out the day",
    )
    max_missing_slots: int = Field(
        0, description="missing readings of a day that are interpolated", ge=0, le=12
    )
    max_estimated: float = Field(
        0.1, description="share of a day that may be estimated or substituted", ge=0, le=1
    )
    pseudonym_key: str | None = Field(
        None, description="file that holds a secret; consumers are then named by a keyed hash of their ids"
    )
    shard_size: int = Field(512, description="consumers in one file", ge=1, le=100_000)

    @model_validator(mode="before")
    @classmethod
    def _is_filled_in(cls, values: Any) -> Any:
        """Name all settings that `crocs init` left to the user at once."""
        given = {**values, **values["columns"]} if isinstance(values.get("columns"), dict) else values
        if asked := [key for key, value in given.items() if value == FILL_IN]:
            raise ValueError(f"fill in {', '.join(asked)}; {FILL_IN!r} stands there")
        return values

    @field_validator("reader")
    @classmethod
    def _is_known(cls, reader: str) -> str:
        return checked(reader)

    @field_validator("interval", "slot")
    @classmethod
    def _divides_the_day(cls, minutes: int | None) -> int | None:
        if minutes is not None and (1440 % minutes or 60 < minutes < 1440 or 1 < minutes < 5):
            raise ValueError(f"{minutes} minutes do not divide an hour; use 1, 5, 10, 15, 30, 60min or 24h")
        return minutes

    @field_validator("consumer_pattern")
    @classmethod
    def _has_one_group(cls, pattern: str | None) -> str | None:
        try:
            groups = re.compile((pattern or "()").removeprefix("title:")).groups
        except re.error as error:
            raise ValueError("no regular expression; write one such as (\\d+)_usage") from error
        if groups != 1:
            raise ValueError(f"{groups} groups; put brackets around the consumer, such as (\\d+)_usage")
        return pattern

    @field_validator("timezone")
    @classmethod
    def _is_a_zone(cls, name: str | None) -> str | None:
        return None if name is None else checked_zone(name)

    @model_validator(mode="after")
    def _signs_and_units_agree(self) -> IngestSettings:
        if self.thousands == self.decimal:
            raise ValueError(f"thousands and decimal are both {self.decimal!r}; they are two signs")
        if self.consumer_pattern and self.consumer_from == "column":
            raise ValueError("consumer_pattern names consumers by files; set consumer_from to file")
        power = self.unit in ("kW", "W")
        if self.unit and self.kind and power != (self.kind == "power"):
            raise ValueError(f"a reading of kind {self.kind} is not in {self.unit}; a power is in kW or W")
        return self

    @model_validator(mode="after")
    def _period_and_quantity_agree(self) -> IngestSettings:
        units = UNITS[self.quantity]
        if self.unit and self.unit not in units:
            raise ValueError(f"{self.quantity} is not measured in {self.unit}; use {', '.join(units)}")
        if self.period == "week" and (self.days.type != "all" or self.days.season is not None):
            raise ValueError("a week needs all of its days; leave out days.type and days.season")
        if (self.period == "event") != bool(self.events.wanted):
            raise ValueError("period event and events.features (or events.clock) go together")
        if self.period == "event" and self.reader not in ("long", "auto"):
            raise ValueError(f"events are read from tables with named columns, not by {self.reader}")
        return self

    @model_validator(mode="after")
    def _workdays_of_somewhere(self) -> IngestSettings:
        if self.days.type == "workdays" and self.holidays is None:
            raise ValueError("workdays need holidays: a country or country-state such as AU-NSW")
        return self
