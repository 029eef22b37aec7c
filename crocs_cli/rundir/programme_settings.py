"""The settings of the programmes that are made from segments: whom to ask, and what it did."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator, Field, field_validator, model_validator

from crocs_cli.machine.settings import Settings
from crocs_cli.maths.programmes.windows import minutes_of
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
