"""Settings of `screen simulate`, `fit`, `rank` and `validate`."""

from __future__ import annotations

import datetime as dt
import difflib
from collections.abc import Mapping
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfoNotFoundError

from pydantic import Field, field_validator, model_validator

from crocs_cli.errors import CallError
from crocs_cli.machine.settings import Minutes, Settings
from crocs_cli.readers.table_settings import TableSettings

#: days before the reference date that are looked at
LONGEST_BEFORE = 730
Fraction = Annotated[float, Field(ge=0, le=1)]
Attack = Annotated[int, Field(ge=1, le=15)]
Shard = Annotated[int, Field(ge=1, le=100_000)]


class SimulateSettings(Settings):
    """A population with known thieves, or thieves put into the daily series of another run."""

    installations: int = Field(20_000, description="number of installations", ge=1, le=100_000_000)
    years: int = Field(3, description="years of daily energy", ge=1, le=20)
    thieves: Fraction = Field(0.03, description="fraction of installations that steal in the last year")
    attacks: tuple[Attack, ...] = Field(
        tuple(range(1, 13)), description="kinds of attack of these thieves, equally often"
    )
    silent: Fraction = Field(0.003, description="fraction whose meters fall silent (attack 13)")
    bypass: Fraction = Field(0.003, description="fraction that bypass the meter entirely (attack 15)")
    control: Fraction = Field(
        0.02, description="fraction that steal from the first day on (attack 14), which cannot be seen"
    )
    profile: Literal["A", "B"] = Field("A", description="behaviour of the population; B is noisier")
    first_date: dt.date = Field(dt.date(2019, 1, 1), description="first day")
    into: str | None = Field(None, description="run directory whose honest daily series get the thieves")
    installations_per_shard: Shard = Field(2_500, description="installations in one file")


class FilterSettings(Settings):
    """Limits from which a series is too incomplete, too small or too concentrated to be compared."""

    max_missing_share: Fraction = Field(0.15, description="largest fraction of missing days")
    max_gap_days: int = Field(50, description="longest gap, days", ge=1)
    min_days_before: int = Field(
        300, description="least valid days before the reference date", ge=30, le=LONGEST_BEFORE
    )
    min_days_after: int = Field(90, description="least valid days from the reference date on", ge=30)
    low_divisor: float = Field(
        10.0, description="low consumption is below the first quartile of its level over this number", gt=1
    )
    low_fraction: float = Field(
        0.10, description="a low day is below this fraction of the installation's mean", gt=0, lt=1
    )
    low_frequency_share: Fraction = Field(0.50, description="largest fraction of low days")
    week_share: float = Field(
        0.50, description="fraction of the energy on one weekday that is too much", gt=1 / 7, le=1
    )
    month_share: float = Field(
        0.40, description="fraction of the energy in one month that is too much", gt=1 / 12, le=1
    )


class PatternSettings(Settings):
    """Typical patterns: a self-organising map, whose nodes are gathered into classes."""

    classes: int = Field(4, description="number of classes", ge=2, le=12)
    rows: int = Field(15, description="rows of the map", ge=1, le=100)
    columns: int = Field(15, description="columns of the map", ge=2, le=1_000)
    scope: Literal["all", "level"] = Field(
        "all", description="one map for all, or one for each voltage level"
    )


class ScalePatternSettings(PatternSettings):
    """Classes of yearly energy: the map is a chain, since the feature has one dimension."""

    classes: int = Field(5, description="number of classes", ge=2, le=12)
    rows: int = Field(1, description="rows of the map", ge=1, le=100)
    columns: int = Field(25, description="columns of the map", ge=2, le=1_000)
    scope: Literal["all", "level"] = Field("level", description="one map for all, or one a voltage level")


class InspectionSettings(TableSettings):
    """A table of inspections."""

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
    """How readings become days, and how days are cleaned."""

    timezone: str = Field(
        "Europe/Lisbon", description="IANA name, or fixed offset such as +10:00, of the meters' clock"
    )
    interval_minutes: Annotated[Minutes, Field(ge=1, le=60)] = Field(
        15, description="time between readings; divides an hour"
    )
    unit: Literal["kWh", "kW"] = Field("kWh", description="unit of interval readings")
    short_min_share: Fraction = Field(0.95, description="least fraction of its intervals that a day needs")
    short_action: Literal["scale", "drop", "keep"] = Field(
        "scale", description="treatment of a day that lacks fewer intervals"
    )
    negatives: Literal["drop", "zero", "keep"] = Field("drop", description="treatment of a negative day")
    spike_factor: float = Field(
        10.0, description="a day above this multiple of the 99th percentile of the others is a spike", gt=1
    )
    holidays: Literal["ignore", "drop", "as_sunday"] = Field(
        "ignore", description="treatment of public holidays in weekday patterns"
    )
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
        from crocs_cli.maths.readings.clock import zone

        try:
            zone(name)
        except (ZoneInfoNotFoundError, ValueError, OSError, IndexError) as error:
            raise ValueError("no such time zone; use a name such as Europe/Lisbon, or +10:00") from error
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
        "last_year", description="reference date: a date, last_year, or auto for one of each installation"
    )
    filter: FilterSettings = FilterSettings()
    week: PatternSettings = PatternSettings()
    month: PatternSettings = PatternSettings()
    scale: ScalePatternSettings = ScalePatternSettings()
    epochs: int = Field(50, description="epochs of each map", ge=2, le=10_000)
    lattice: Literal["hexagonal", "rectangular"] = Field("hexagonal", description="neighbours on a map")
    weigh_nodes: Literal["hits", "none"] = Field("hits", description="weights of nodes in k-means")
    hemisphere: Literal["north", "south"] = Field("north", description="hemisphere of the seasons")
    min_fit: int = Field(
        200, description="least installations of a level for a map of its own, and for a large map", ge=10
    )
    compare_maps: bool = Field(True, description="also fit 5 x 5 maps, for the elbow and the figures")
    installations_per_shard: Shard = Field(2_500, description="installations in one file")


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


def tag_words() -> dict[str, str]:
    """Return what each tag means, in the words of its factor."""
    fields = FactorSettings.model_fields.items()
    return {name: (field.description or name).removeprefix("factor of ") for name, field in fields}


_PAPER_FACTORS = FactorSettings(
    scale_decrease=5, scale_increase=1, month_class_change=1, month_shape_distance=1, ceased=0
)
PAPER: dict[str, Any] = {
    "margin": 0.0,
    "test1_only": True,
    "peer_adjust": False,
    "factors": _PAPER_FACTORS.model_dump(exclude_unset=True),
}


class RankSettings(Settings):
    """Daily energy and the frozen model in; tests, tags and the ranking with its reasons out."""

    preset: Literal["default", "paper"] = Field(
        "default", description="default, or as near to the paper's text as possible"
    )
    model: str | None = Field(None, description="run directory of the frozen model; this run's without")
    assign: Literal["bmu", "nearest_prototype"] = Field(
        "bmu", description="class of the nearest node, or of the nearest prototype"
    )
    margin: Fraction = Field(
        0.2, description="fraction by which the new class must be nearer for a change to count"
    )
    months_min_class: int = Field(6, description="months in both periods for a month class", ge=1, le=12)
    months_min_distance: int = Field(
        3, description="months in both periods for a distance of months", ge=1, le=12
    )
    test1_only: bool = Field(False, description="take the intensity from test 1 alone")
    min_change: float = Field(0.10, description="least change that counts, as a fraction", ge=0, lt=0.7)
    full_drop: float = Field(0.70, description="drop of full intensity, as a fraction", gt=0.1, le=1)
    roll_weeks: int = Field(13, description="weeks of a rolling mean", ge=8, le=52)
    trend_clip: float = Field(0.2, description="steepest trend that is extended, natural log a year", ge=0)
    peer_adjust: bool = Field(True, description="subtract the change of peers in the same week")
    peers: str | None = Field(None, description="run directory of crocs; its segments are the peers")
    clusters: int | None = Field(None, description="number of segments of the partition to use", ge=1)
    factors: FactorSettings = FactorSettings()
    completeness: Literal["multiply", "sort_key"] = Field("multiply", description="how gaps lower a rank")
    gamma: float = Field(1.0, description="exponent of completeness; 0 switches it off", ge=0, le=10)
    placebo: bool = Field(True, description="score all installations a year before too, for p-values")
    max_fdr: Fraction | None = Field(None, description="largest false discovery rate of the list")
    price_per_kwh: float = Field(0.20, description="price of a kWh", ge=0)
    inspection_cost: float = Field(100.0, description="cost of an inspection", ge=0)
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
        description="kinds of attack that count as thieves; others are measured apart",
    )
    model: str | None = Field(None, description="run directory of the model, if not this run's")
    peers: str | None = Field(None, description="run directory of crocs, if the ranking used it")
    bootstrap: int = Field(200, description="resampled populations for the interval", ge=10, le=10_000)
    supervised: bool = Field(False, description="also measure a supervised reference, which knows the labels")


SECTIONS: Mapping[str, type[Settings]] = {
    "screen-simulate": SimulateSettings,
    "screen-fit": FitSettings,
    "screen-rank": RankSettings,
    "screen-validate": ValidateSettings,
}
