"""The settings of the programmes that segments are used for: peak, bills, whom to ask, what it did."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator, Field, field_validator, model_validator

from crocs_cli.machine.settings import Settings
from crocs_cli.maths.programmes.windows import DAY_MIN, minutes_of
from crocs_cli.rundir.result_settings import PARTITION, Count

_KW = {"w": 0.001, "kw": 1.0, "mw": 1000.0}


def _power_kw(value: object) -> object:
    """Turn a power such as 200kW or 2 MW into kW; a number is kW."""
    if not isinstance(value, str) or re.fullmatch(r"\s*[+-]?[\d.]+\s*", value):
        return value
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(W|kW|MW)\s*", value, re.IGNORECASE)
    if found is None:
        raise ValueError("a power is written as 200kW or 2MW")
    return float(found[1]) * _KW[found[2].lower()]


class PeakSettings(Settings):
    """A run and the load of a system in, who makes its peak out."""

    clusters: Count | None = Field(None, description=PARTITION)
    load: Path | None = Field(
        None, description="CSV file of time and load; else the load is the sum over the run's consumers"
    )
    hours: int = Field(40, description="hours of the highest load that are the peak", ge=1, le=8760)
    window: str | None = Field(
        None, description="in place of hours, a window of the clock such as 17:00-20:00, on days"
    )
    days: str = Field(
        "peak:10", description="days of the window: all, or peak:N, those N whose load in it is highest"
    )

    @field_validator("window")
    @classmethod
    def _is_a_window(cls, text: str | None) -> str | None:
        if text is not None:
            minutes_of(text)
        return text

    @field_validator("days")
    @classmethod
    def _are_days(cls, text: str) -> str:
        if not re.fullmatch(r"all|peak:[1-9]\d{0,3}", text):
            raise ValueError("days are all or peak:N, such as peak:10")
        return text

    @model_validator(mode="after")
    def _one_question(self) -> PeakSettings:
        if self.window and "hours" in self.model_fields_set:
            raise ValueError("hours and window are two questions; give one of them")
        if not self.window and "days" in self.model_fields_set:
            raise ValueError("days are those of a window; give window too, such as 17:00-20:00")
        return self

    @property
    def peak_days(self) -> int | None:
        """The number of days with the highest load in the window; None where all days count."""
        return None if self.days == "all" else int(self.days.partition(":")[2])

    @property
    def question(self) -> str:
        """A name of a folder for what is asked."""
        asked = f"{self.hours}h"
        if self.window:
            asked = f"{self.window}-{self.days}".replace(":", "")
        return f"{asked}-load" if self.load else asked


class BillsSettings(Settings):
    """A run and one or two tariffs in, what each consumer pays under them out."""

    clusters: Count | None = Field(None, description=PARTITION)
    tariff: tuple[Path, ...] = Field(
        (), description="YAML file of a tariff; a second one is compared with it"
    )
    threshold: float = Field(
        5.0, description="percent by which a bill must fall or rise for a winner or a loser", ge=0, le=1000
    )
    window: str | None = Field(
        None, description="window of the clock from which use is moved to the rest of the day, as 17:00-20:00"
    )
    shift: int = Field(10, description="percent of the window's kWh that is moved", ge=1, le=100)

    @field_validator("window")
    @classmethod
    def _is_a_window(cls, text: str | None) -> str | None:
        if text is not None and (ends := minutes_of(text)) and ends[1] - ends[0] >= DAY_MIN:
            raise ValueError("the window is a whole day; leave hours to which use can be moved")
        return text

    @field_validator("tariff")
    @classmethod
    def _are_two_at_most(cls, paths: tuple[Path, ...]) -> tuple[Path, ...]:
        if len(paths) > 2:
            raise ValueError(f"{len(paths)} tariffs; give one, or two to compare")
        if wrong := [path for path in paths if not re.fullmatch(r"[\w.-]+", path.stem)]:
            raise ValueError(f"{wrong[0].stem}: name the file in letters, digits, dots and dashes")
        if len({path.stem for path in paths}) < len(paths):
            raise ValueError("two tariffs of one name; name the files differently")
        return paths

    @model_validator(mode="after")
    def _moves_from_somewhere(self) -> BillsSettings:
        if self.window is None and "shift" in self.model_fields_set:
            raise ValueError("shift is of a window; give window too, such as 17:00-20:00")
        return self

    @property
    def moved(self) -> str:
        """A name for what is moved; empty where nothing is."""
        return f"{self.window}-{self.shift}".replace(":", "") if self.window else ""

    @property
    def question(self) -> str:
        """A name of a folder for what is asked."""
        names = "-to-".join(path.stem for path in self.tariff)
        return f"{names}-{self.moved}" if self.window else names


class TargetSettings(Settings):
    """The behaviours of a partition in, the fewest consumers to ask for a goal out."""

    clusters: Count | None = Field(None, description=PARTITION)
    goal: Annotated[float, BeforeValidator(_power_kw), Field(gt=0)] | None = Field(
        None, description="power that all asked shall give together, such as 200kW; without, what there is"
    )
    window: str = Field("17:00-20:00", description="when it shall be given: a window of the clock")
    probability: float = Field(0.9, description="probability that the goal is reached", ge=0.5, le=0.99)
    response: str = Field(
        "1", description="share of those asked who respond: of all, or by segment, such as 1=0.4,2=0.25"
    )
    min_daily_kwh: float | None = Field(None, description="ask only who uses at least so many kWh a day")
    min_coverage: Annotated[float, Field(ge=0, le=1)] | None = Field(
        None,
        description="ask only who has this share of days in behaviours of 5 % or more of the segment's days",
    )
    exclude: Path | None = Field(None, description="file of ids, one a line, who are not asked")

    @field_validator("window")
    @classmethod
    def _is_a_window(cls, text: str) -> str:
        minutes_of(text)
        return text

    @field_validator("response")
    @classmethod
    def _are_rates(cls, text: str) -> str:
        _rates(text)
        return text

    def rates(self) -> dict[int | None, float]:
        """Return {segment from 1 on: the share of those asked who respond}; None stands for all segments."""
        return _rates(self.response)


class ImpactSettings(Settings):
    """Consumers that took part in a programme in, what it did out."""

    clusters: Count | None = Field(None, description=PARTITION)
    treated: Path | None = Field(
        None, description="file of ids who took part, one a line, with the date each began after a comma"
    )
    control: Path | None = Field(
        None, description="file of ids, one a line, who are a control group; else the treated are matched"
    )
    start: dt.date | None = Field(None, description="day on which those began of whom the file says none")
    before: Path | None = Field(
        None, description="run of the period before; the run then holds the days after"
    )
    window: str = Field("17:00-20:00", description="window of the clock that is shown by itself")
    matches: int = Field(3, description="others that each treated consumer is matched with", ge=1, le=20)
    fake_starts: int = Field(10, description="fake dates before the programme, as a placebo", ge=0, le=100)

    @field_validator("window")
    @classmethod
    def _is_a_window(cls, text: str) -> str:
        minutes_of(text)
        return text

    @model_validator(mode="after")
    def _one_start(self) -> ImpactSettings:
        if self.before is not None and self.start is not None:
            raise ValueError("before and start are two ways to say when it began; give one of them")
        return self


def _rates(text: str) -> dict[int | None, float]:
    rates: dict[int | None, float] = {}
    for part in text.split(","):
        found = re.fullmatch(r"\s*(?:(\d+)\s*=)?\s*(\d*\.?\d+)\s*", part)
        if found is None or not 0 < float(found[2]) <= 1:
            raise ValueError("write a share above 0 and up to 1 for all, or by segment such as 1=0.4,2=0.25")
        rates[int(found[1]) if found[1] else None] = float(found[2])
    return rates
