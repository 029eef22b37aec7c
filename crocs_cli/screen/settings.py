"""The settings of the four commands: the only place of a default, a range, a unit and a help sentence."""

from __future__ import annotations

import datetime as dt
import difflib
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, field_validator, model_validator

from crocs_cli.errors import CallError
from crocs_cli.machine.settings import Minutes, Settings

#: days before the reference date that are looked at
LONGEST_BEFORE = 730
Share = Annotated[float, Field(ge=0, le=1)]
Attack = Annotated[int, Field(ge=1, le=15)]


class SimulateSettings(Settings):
    """A population with thieves, or thieves put into the daily series of a run, and the truth beside it."""

    installations: int = Field(20_000, description="installations", ge=1, le=100_000_000)
    years: int = Field(3, description="years of daily energy", ge=1, le=20)
    thieves: Share = Field(
        0.03, description="share of installations that steal in the last year, by `attacks`"
    )
    attacks: tuple[Attack, ...] = Field(tuple(range(1, 13)), description="kinds of attack, equally often")
    silent: Share = Field(
        0.003, description="share whose meters fall silent (attack 13): for the check-up list"
    )
    bypass: Share = Field(
        0.003, description="share that bypass the meter whole (attack 15): for the ceased list"
    )
    control: Share = Field(
        0.02, description="share that steals since commissioning (attack 14): nobody can find these"
    )
    profile: Literal["A", "B"] = Field("A", description="how the population behaves; B is noisier")
    first_date: dt.date = Field(dt.date(2019, 1, 1), description="first day")
    into: str | None = Field(
        None, description="run directory whose daily series, taken as honest, get the thieves"
    )
    installations_per_shard: int = Field(2_500, description="installations in one file", ge=1, le=100_000)


class FilterSettings(Settings):
    """When a series is too poor, too small or too concentrated to be compared."""

    max_missing_share: Share = Field(0.15, description="larger share of missing days: large gaps")
    max_gap_days: int = Field(50, description="longer gap: large gaps", ge=1)
    min_days_before: int = Field(
        300, description="fewer valid days before the date: large gaps", ge=30, le=LONGEST_BEFORE
    )
    min_days_after: int = Field(90, description="fewer valid days after the date: large gaps", ge=30)
    low_divisor: float = Field(
        10.0, description="low consumption is so many times under the first quartile of the level", gt=1
    )
    low_fraction: float = Field(0.10, description="a low day is under this part of the own mean", gt=0, lt=1)
    low_frequency_share: Share = Field(0.50, description="larger share of low days: low frequency")
    week_share: float = Field(0.50, description="share of one weekday: concentrated week", gt=1 / 7, le=1)
    month_share: float = Field(0.40, description="share of one month: concentrated month", gt=1 / 12, le=1)


class PatternSettings(Settings):
    """How typical patterns are found."""

    classes: int = Field(4, description="classes", ge=2, le=12)
    rows: int = Field(15, description="rows of the map", ge=1, le=100)
    columns: int = Field(15, description="columns of the map", ge=2, le=1_000)
    scope: Literal["all", "level"] = Field(
        "all", description="one map for all, or one for each voltage level"
    )


class ScalePatternSettings(PatternSettings):
    """How classes of yearly energy are found: a chain, since the feature has one dimension."""

    classes: int = Field(5, description="classes", ge=2, le=12)
    rows: int = Field(1, description="rows of the map", ge=1, le=100)
    columns: int = Field(25, description="columns of the map", ge=2, le=1_000)
    scope: Literal["all", "level"] = Field(
        "level", description="one map for all, or one for each voltage level"
    )


class TableSettings(Settings):
    """How the tables are written; the separator, the header and zip archives are recognised."""

    decimal: Literal[".", ","] = Field(".", description="decimal sign of the numbers")
    thousands: Literal["", ",", ".", " ", "'"] = Field("", description="sign between groups of three digits")
    encoding: str = Field(
        "auto", description="encoding of text, such as utf-16 or cp1252; auto recognises UTF-8 and UTF-16"
    )
    stamp_format: str | None = Field(
        None, description="form of dates or stamps, such as %d/%m/%Y; 2013-01-31 without"
    )

    @field_validator("encoding")
    @classmethod
    def _is_an_encoding(cls, name: str) -> str:
        try:
            "".encode("utf-8" if name == "auto" else name)
        except LookupError as error:
            raise ValueError("no such encoding; use auto, utf-8, utf-16, latin-1 or cp1252") from error
        return name

    @model_validator(mode="after")
    def _signs_differ(self) -> Self:
        if self.thousands == self.decimal:
            raise ValueError(f"thousands and decimal are both {self.decimal!r}; they are two signs")
        return self


class InspectionSettings(TableSettings):
    """Inspections of the user's own."""

    inspections: str | None = Field(
        None, description="table id, date, found (yes or no), or id, date, result (A, NA, X), impact"
    )


class InputSettings(InspectionSettings):
    """The tables that are read; without `daily` the profile shards of the run are used."""

    daily: str | None = Field(
        None, description="energy by day or interval: .csv, .csv.gz, .parquet, .xlsx, or a .zip of such text"
    )
    format: Literal["long", "wide", "sgcc", "intervals"] = Field(
        "long", description="layout of the daily file"
    )
    installations: str | None = Field(None, description="table id, voltage_level, lat, lon")
    contracts: str | None = Field(None, description="table id, start, end, holder")
    powers: str | None = Field(None, description="table id, start, end, contracted_kva")
    tariffs: str | None = Field(None, description="table id, start, end, tariff")
    equipment: str | None = Field(None, description="table id, start, end, meter_id")
    strict: bool = Field(False, description="refuse installations of unknown voltage level")


class DaySettings(Settings):
    """How days are made and cleaned."""

    timezone: str = Field("Europe/Lisbon", description="IANA name of the meters' time zone")
    interval_minutes: Annotated[Minutes, Field(ge=1, le=60)] = Field(
        15, description="time between readings; divides an hour"
    )
    unit: Literal["kWh", "kW"] = Field("kWh", description="unit of interval readings")
    short_min_share: Share = Field(0.95, description="a day with less of its intervals is missing")
    short_action: Literal["scale", "drop", "keep"] = Field("scale", description="what a short day becomes")
    negatives: Literal["drop", "zero", "keep"] = Field("drop", description="what a negative day becomes")
    spike_factor: float = Field(
        10.0, description="a day above so many times the 99th percentile of the others is a spike", gt=1
    )
    holidays: Literal["ignore", "drop", "as_sunday"] = Field("ignore", description="what public holidays are")
    country: str = Field("PT", description="country or country-state of the holidays, such as AU-NSW")

    @field_validator("interval_minutes")
    @classmethod
    def _divides_the_hour(cls, minutes: int) -> int:
        if 60 % minutes:
            raise ValueError(f"{minutes} minutes do not divide an hour; use 15, 30 or 60")
        return minutes

    @field_validator("timezone")
    @classmethod
    def _is_a_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ValueError("no such time zone; use a name such as Europe/Lisbon") from error
        return name

    @field_validator("country")
    @classmethod
    def _has_holidays(cls, name: str) -> str:
        import holidays

        from crocs_cli.maths.readings.days import public_holidays

        try:
            public_holidays(name, 0, 0)
        except CallError as error:
            close = difflib.get_close_matches(name.upper(), holidays.list_supported_countries(), 1)
            cure = f"did you mean {close[0]}?" if close else "use a code such as PT, ES, BR or AU-NSW"
            raise ValueError(f"no holidays are known of this country; {cure}") from error
        return name


class FitSettings(Settings):
    """Daily energy in; gaps, filters, features and the frozen model of typical patterns out."""

    input: InputSettings = InputSettings()
    day: DaySettings = DaySettings()
    dref: dt.date | Literal["last_year", "auto"] = Field(
        "last_year", description="reference date: a date, the last year, or auto: each installation's own"
    )
    filter: FilterSettings = FilterSettings()
    week: PatternSettings = PatternSettings()
    month: PatternSettings = PatternSettings()
    scale: ScalePatternSettings = ScalePatternSettings()
    epochs: int = Field(50, description="epochs of each map", ge=2, le=10_000)
    lattice: Literal["hexagonal", "rectangular"] = Field("hexagonal", description="neighbours on a map")
    weigh_nodes: Literal["hits", "none"] = Field("hits", description="weights of nodes in k-means")
    hemisphere: Literal["north", "south"] = Field("north", description="which months are summer")
    min_fit: int = Field(200, description="fewer installations share one map, and get a smaller one", ge=10)
    compare_maps: bool = Field(True, description="also make 5 x 5 maps, for the elbow and the figures")
    installations_per_shard: int = Field(2_500, description="installations in one file", ge=1, le=100_000)


class FactorSettings(Settings):
    """Factors of the tags in the score."""

    scale_decrease: float = Field(6.0, description="factor of a large decrease")
    scale_increase: float = Field(0.5, description="factor of a large increase")
    week_class_change: float = Field(1.0, description="factor of another class of weeks")
    month_class_change: float = Field(0.5, description="factor of another class of months")
    week_shape_distance: float = Field(1.0, description="factor of energy moved between weekdays")
    month_shape_distance: float = Field(0.5, description="factor of energy moved between months")
    ceased: float = Field(-3.0, description="factor of consumption that stopped, mostly in empty houses")
    gap_increase: float = Field(0.0, description="factor of more missing days than before")
    zero_day_increase: float = Field(0.0, description="factor of more low days than before")
    contract_explained: float = Field(0.0, description="factor of a change of contract near the onset")


PAPER: dict[str, Any] = {
    "margin": 0.0,
    "test1_only": True,
    "peer_adjust": False,
    "factors": {
        "scale_decrease": 5.0,
        "scale_increase": 1.0,
        "week_class_change": 1.0,
        "month_class_change": 1.0,
        "week_shape_distance": 1.0,
        "month_shape_distance": 1.0,
        "ceased": 0.0,
    },
}


class RankSettings(Settings):
    """Daily energy and the frozen model in; tests, tags, ranking with reasons out."""

    preset: Literal["default", "paper"] = Field(
        "default", description="default, or as near to the paper's words as can be"
    )
    model: str | None = Field(None, description="run directory whose frozen model is used, not this run's")
    assign: Literal["bmu", "nearest_prototype"] = Field("bmu", description="how a class is found")
    margin: Share = Field(0.2, description="how much nearer the new class must be for a change to count")
    months_min_class: int = Field(
        6, description="months in both periods that a month class needs", ge=1, le=12
    )
    months_min_distance: int = Field(
        3, description="months in both periods that a distance needs", ge=1, le=12
    )
    test1_only: bool = Field(False, description="intensity from test 1 alone")
    min_change: float = Field(0.10, description="least change that counts", ge=0, lt=0.7)
    full_drop: float = Field(0.70, description="drop of full intensity", gt=0.1, le=1)
    roll_weeks: int = Field(13, description="weeks of a rolling mean", ge=8, le=52)
    trend_clip: float = Field(0.2, description="steepest trend that is drawn on, natural log a year", ge=0)
    peer_adjust: bool = Field(True, description="subtract what peers did in the same week")
    peers: str | None = Field(None, description="partition.h5 of crocs: its clusters are the peers")
    clusters: int | None = Field(None, description="which partition of that file", ge=1)
    factors: FactorSettings = FactorSettings()
    completeness: Literal["multiply", "sort_key"] = Field("multiply", description="how gaps lower a rank")
    gamma: float = Field(1.0, description="exponent of completeness; 0 switches it off", ge=0, le=10)
    placebo: bool = Field(True, description="score everybody a year before too, for p-values")
    max_fdr: Share | None = Field(None, description="list only what stays under this false discovery rate")
    price_per_kwh: float = Field(0.20, description="money for a kWh", ge=0)
    inspection_cost: float = Field(100.0, description="money for an inspection", ge=0)
    rank_by: Literal["score", "value"] = Field("score", description="order by score, or by expected money")
    figures: bool = Field(True, description="draw the figures")

    @model_validator(mode="before")
    @classmethod
    def _preset(cls, values: Any) -> Any:
        if not isinstance(values, dict) or values.get("preset") != "paper":
            return values
        factors = values.get("factors", {})
        if isinstance(factors, dict):
            factors = {**PAPER["factors"], **factors}
        return {**PAPER, **values, "factors": factors}


class ValidateSettings(Settings):
    """Rankings of default, paper and baselines measured against the truth, or against inspections."""

    input: InspectionSettings = InspectionSettings()
    with_types: tuple[Attack, ...] = Field(
        tuple(range(1, 13)),
        description="kinds of attack that count as thieves; others are measured on their own lists",
    )
    model: str | None = Field(None, description="run directory of the model, if the ranking used another's")
    peers: str | None = Field(None, description="partition.h5 of crocs, if the ranking used one")
    bootstrap: int = Field(200, description="resampled populations for the interval", ge=10, le=10_000)
    supervised: bool = Field(False, description="also a supervised reference that knows the labels")


SECTIONS: Mapping[str, type[Settings]] = {
    "screen-simulate": SimulateSettings,
    "screen-fit": FitSettings,
    "screen-rank": RankSettings,
    "screen-validate": ValidateSettings,
}
