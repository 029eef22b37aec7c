"""Define the settings of `ingest` for tables of events: columns, scales, and what is left out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from crocs_cli.machine.settings import Settings

DURATION_H = "duration_h"


def _numbers(value: Any) -> Any:
    """Turn the text NAME=NUMBER,NAME=NUMBER of a flag into a mapping."""
    if not isinstance(value, str):
        return value
    pairs = [pair.rpartition("=") for pair in value.split(",")]
    if not all(sign for _, sign, _ in pairs):
        raise ValueError("write NAME=NUMBER, several of them with commas between")
    return {name.strip(): number.strip() for name, _, number in pairs}


Numbers = Annotated[dict[str, Annotated[float, Field(gt=0)]], BeforeValidator(_numbers)]


class Events(Settings):
    """The columns of a table of events, one row an event, and what becomes of them."""

    features: tuple[str, ...] = Field(
        (), description="columns of numbers; duration_h is the time from columns.time to events.end"
    )
    clock: tuple[str, ...] = Field(
        (), description="columns of stamps whose time of day counts: on a circle, as two features each"
    )
    end: str | None = Field(None, description="column of the stamp at which an event ends")
    amount: str | None = Field(None, description="the feature that says what an event used, in ingest.unit")
    scale: Numbers = Field(
        {}, description="by what a feature is divided: NAME=NUMBER; its interquartile range without"
    )
    scale_from: Path | None = Field(
        None, description="run whose events gave the scales; assign and compare need the same ones"
    )
    at_most: Numbers = Field(
        {}, description="largest value of a feature that is used: NAME=NUMBER, such as duration_h=48"
    )
    overlapping: Literal["keep", "leave_out"] = Field(
        "keep", description="events that begin before the consumer's last one ended: count, or leave out too"
    )

    @property
    def wanted(self) -> tuple[str, ...]:
        """Names of the features that a profile has: two for each column of stamps."""
        return self.features + tuple(f"{name}_{part}" for name in self.clock for part in ("sin", "cos"))

    @model_validator(mode="after")
    def _names_are_known(self) -> Events:
        if len(set(self.wanted)) < len(self.wanted):
            raise ValueError("a column is named twice in features and clock; name it once")
        if DURATION_H in self.features and self.end is None:
            raise ValueError(f"{DURATION_H} needs end, the column of the stamp at which an event ends")
        for key, names, known in (
            ("amount", {self.amount} - {None}, self.features),
            ("at_most", {*self.at_most}, self.features),
            ("scale", {*self.scale}, self.features + self.clock),
        ):
            if unknown := names - {*known}:
                raise ValueError(f"{key} names {sorted(map(str, unknown))[0]}, which is not in features")
        if self.scale and self.scale_from:
            raise ValueError("scale and scale_from are two sources of the same; leave one out")
        return self
