"""The settings of every stage: the only place of a default, a range, a unit and a help sentence."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BeforeValidator, Field, field_validator, model_validator

from crocs_cli.machine.settings import Minutes, Settings
from crocs_cli.readers.described import FILL_IN, checked, reader_names
from crocs_cli.stages.result_settings import (
    CompareSettings,
    ExportSettings,
    QualitySettings,
    ReportSettings,
    ScoreSettings,
    StatusSettings,
    TypicalSettings,
)


def _pairs(value: object) -> object:
    """Turn the text VALUE=MEANING,VALUE=MEANING of a flag into a mapping."""
    if not isinstance(value, str):
        return value
    pairs = [pair.rpartition("=") for pair in value.split(",")]
    if not all(sign for _, sign, _ in pairs):
        raise ValueError("write VALUE=MEANING, several of them with commas between")
    return {text.strip(): meaning.strip() for text, _, meaning in pairs}


Ks = Annotated[tuple[Annotated[int, Field(ge=1)], ...], Field(min_length=1)]
Directions = Annotated[dict[str, Literal["add", "subtract", "drop"]], BeforeValidator(_pairs)]
Qualities = Annotated[dict[str, Literal["measured", "estimated", "invalid"]], BeforeValidator(_pairs)]
Ceiling = Annotated[float, Field(gt=0)] | Literal["auto", "off"]
Algorithm = Literal["ward", "kmedoids"]
Normalise = Literal["minmax", "zscore", "unit", "none"]
SetDistance = Literal["wsmd", "wsmd-pooled", "smd", "hd", "mhd", "sl", "cl", "al", "wal"]


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
    columns: Columns = Columns()
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
    encoding: str = Field(
        "auto", description="encoding of text, such as utf-16 or cp1252; auto takes UTF-8, or what it finds"
    )
    decimal: Literal[".", ","] = Field(".", description="decimal sign of the readings")
    thousands: Literal["", ",", ".", " ", "'"] = Field("", description="sign between groups of three digits")
    stamp_format: str | None = Field(
        None,
        description="form of stamps or dates, such as %d/%m/%Y %H:%M (%z for an offset), or epoch-s or "
        "epoch-ms for time since 1970 in UTC; 2013-01-31 00:30 without",
    )
    stamp_tolerance: int = Field(
        5, description="seconds by which a stamp may lie beside its interval", ge=0, le=59
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
    unit: Literal["kWh", "Wh", "MWh", "kW", "W"] | None = Field(
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
        description="largest reading in kWh that may be true; auto leaves out the error codes of meters, and "
        "what is hundreds of times the meter's usual maximum",
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

    @field_validator("encoding")
    @classmethod
    def _is_an_encoding(cls, name: str) -> str:
        try:
            "".encode("utf-8" if name == "auto" else name)
        except LookupError as error:
            raise ValueError("no such encoding; use auto, utf-8, utf-16, latin-1 or cp1252") from error
        return name

    @field_validator("timezone")
    @classmethod
    def _is_a_zone(cls, name: str | None) -> str | None:
        if name is None or re.fullmatch(r"[+-]\d{2}:\d{2}", name):
            return name
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ValueError("no such time zone; use a name such as Europe/London, or +10:00") from error
        return name

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
    def _workdays_of_somewhere(self) -> IngestSettings:
        if self.days.type == "workdays" and self.holidays is None:
            raise ValueError("workdays need holidays: a country or country-state such as AU-NSW")
        return self


class SynthSettings(Settings):
    """A population with known truth."""

    consumers: int = Field(100, description="consumers, outlier consumers included", ge=1, le=100_000_000)
    days: int = Field(90, description="days of each consumer", ge=1, le=36_600)
    clusters: int = Field(5, description="clusters of the truth", ge=1)
    shapes: int = Field(4, description="shapes in each cluster's set, of the 20 there are", ge=1, le=20)
    outliers: int = Field(0, description="days of each consumer that are outliers", ge=0)
    outlier_consumers: int = Field(0, description="consumers that belong to no cluster", ge=0)
    sequence: Literal["random", "markov"] = Field("random", description="order of a consumer's shapes")
    shard_size: int = Field(512, description="consumers in one file", ge=1, le=100_000)

    @model_validator(mode="after")
    def _possible(self) -> SynthSettings:
        if self.outliers > self.days:
            raise ValueError(f"outliers {self.outliers} are more than days {self.days}")
        if self.outlier_consumers >= self.consumers:
            raise ValueError(f"outlier_consumers {self.outlier_consumers} leave no consumer in a cluster")
        if self.clusters > math.comb(20, self.shapes):
            raise ValueError(
                f"{self.shapes} of 20 shapes make {math.comb(20, self.shapes)} sets; ask for fewer clusters"
            )
        return self


class Stage1Settings(Settings):
    """Daily load profiles in, each consumer's representative load set out."""

    algorithm: Literal["ward", "kmedoids", "kmeans"] = Field(
        "ward", description="how a consumer's days are clustered"
    )
    prototypes: Annotated[int, Field(ge=1, le=1000)] | Literal["auto"] = Field(
        15, description="prototypes of each consumer, over-estimated on purpose; auto chooses by silhouette"
    )
    auto_range: tuple[int, int] = Field((2, 30), description="least and most prototypes that auto may choose")
    window: Annotated[Minutes, Field(ge=0, le=1440)] = Field(
        60, description="DTW half-width; 0 is Euclidean distance"
    )
    normalise: Normalise = Field("minmax", description="normalisation of each day before clustering")
    prototype: Literal["medoid", "mean"] = Field("medoid", description="what stands for a cluster of days")


class Stage2Settings(Settings):
    """Representative load sets in, distances and partitions of the consumers out."""

    distance: SetDistance = Field("wsmd", description="distance of two representative load sets")
    window: Annotated[Minutes, Field(ge=0, le=1440)] = Field(
        60, description="DTW half-width; 0 is Euclidean distance"
    )
    normalise_prototypes: Normalise = Field(
        "none", description="normalisation of each prototype before comparing"
    )
    algorithm: Algorithm = Field("ward", description="how the consumers are clustered")
    clusters: Ks = Field((5,), description="numbers of clusters; several come from one matrix")
    starts: int = Field(30, description="starts of kmedoids; the best counts", ge=1, le=1000)
    sample: Annotated[int, Field(ge=2)] | None = Field(
        None, description="consumers that are clustered, drawn at random; the others join their clusters"
    )

    def of_distances(self) -> dict[str, object]:
        """Return the settings that the distances depend on, as a recipe has them."""
        return self.model_dump(mode="json", include={"distance", "window", "normalise_prototypes"})


class RrlsSettings(Settings):
    """A partition in, hyperprototypes of each cluster with their coverage out."""

    clusters: int = Field(5, description="which partition of stage 2", ge=1)
    quality: Literal["rber", "cpm", "modularity"] = Field("rber", description="what Leiden maximises")
    communities: int = Field(10, description="communities wanted in each cluster", ge=1, le=10_000)
    min_coverage: float = Field(0.01, description="share of days from which a community counts", ge=0, le=1)
    min_total_coverage: float = Field(
        0.85,
        description="share of days that all communities that count cover; a resolution with less is too high",
        ge=0,
        le=1,
    )
    resolution: Annotated[float, Field(gt=0)] | None = Field(
        None, description="resolution of the quality, in place of a number of communities"
    )
    search: Literal["bracket", "steps"] = Field(
        "bracket", description="how the resolution is found; steps of 0.01 from 0.02 are the paper's"
    )
    targets: Annotated[int, Field(ge=2)] | Literal["auto", "all"] = Field(
        "auto", description="other members each prototype is compared with; auto samples in large clusters"
    )
    optimiser: Literal["compiled", "leidenalg"] = Field(
        "compiled", description="program that runs Leiden; leidenalg is the paper's, and many times slower"
    )
    starts: Annotated[int, Field(ge=1, le=1000)] | Literal["auto"] = Field(
        "auto", description="starts of Leiden, of which the best counts; auto makes fewer in large clusters"
    )

    @property
    def searched(self) -> bool:
        """Whether a resolution is searched for that gives the number of communities."""
        return self.resolution is None and self.quality != "modularity"


class StabilitySettings(Settings):
    """Distances and partitions in, how stable they are out."""

    samples: int = Field(20, description="subsamples that are clustered again", ge=2, le=10_000)
    part: float = Field(0.8, description="share of the consumers in each subsample", gt=0, lt=1)


class AssignSettings(Settings):
    """New consumers and an existing run in, the segment of each new consumer out."""

    model: str | None = Field(None, description="run directory whose segments are used")
    clusters: int = Field(5, description="which partition of that run", ge=1)


class ForecastSettings(Settings):
    """A run in, the next day of each consumer out."""

    clusters: int = Field(5, description="partition whose segment means are the rivals", ge=1)
    test_days: int = Field(28, description="last days of each consumer, held out to measure the error", ge=1)
    prototypes: int = Field(
        5, description="prototypes of each consumer; with as many as stage 1 takes, few sequences recur", ge=2
    )
    longest: int = Field(
        5,
        description="longest sequence of days that is looked for again; each consumer's best is taken",
        ge=1,
    )


class PaperSettings(Settings):
    """What a user may choose about the paper's experiments."""

    out: Path | None = Field(None, description="directory of the results")
    quick: bool = Field(False, description="a small size that shows the direction in a minute or two")
    repetitions: int | None = Field(
        None,
        description="data sets of each setting, where not as many as the paper's (or the quick) number",
        ge=1,
    )
    holidays: str = Field("AU-NSW", description="application: country or country-state of the workdays")
    similar_jsd: float = Field(
        0.3, description="asynchrony: Jensen-Shannon divergence up to which a pair behaves alike", ge=0, le=1
    )
    in_step_kappa: float = Field(
        0.65,
        description="asynchrony: (kappa + 1) / 2 from which a pair is in step, below which out of it",
        ge=0,
        le=1,
    )


class PlanSettings(Settings):
    """How many consumers and what machines in, what the run will take out."""

    consumers: Annotated[int, Field(ge=2)] | None = Field(
        None, description="consumers; may be left out where RUN/profiles is there"
    )
    days: int = Field(365, description="days of each consumer", ge=1, le=36_600)
    slots: int = Field(48, description="readings a day", ge=4, le=288)
    prototypes: int = Field(15, description="prototypes of each consumer", ge=1, le=1000)
    algorithm: Algorithm = Field("ward", description="how the consumers are clustered")
    shard_size: int = Field(512, description="consumers in one file", ge=1, le=100_000)
    largest_cluster: float = Field(
        0.5, description="share of the consumers in the largest cluster, on which rrls depends", gt=0, le=1
    )
    tasks: int = Field(8, description="tasks of an array, or MPI ranks", ge=1, le=100_000)
    cores: int = Field(4, description="cores of each task", ge=1, le=1024)
    memory_gb: Annotated[float, Field(gt=0)] | None = Field(
        None, description="memory of one node; what is free here when left out"
    )
    nodes: int = Field(1, description="nodes that may hold the matrix together, by MPI", ge=1, le=10_000)


class RunSettings(Settings):
    """The settings at the top of a file, which all commands share."""

    run: Path | None = Field(None, description="run directory, which holds all files of a run")
    seed: int = Field(1, description="seed of everything random", ge=0, lt=2**63)

    @field_validator("run", mode="before")
    @classmethod
    def _has_a_name(cls, name: object) -> object:
        if name == "":
            raise ValueError("the name of a directory is empty")
        return name


SECTIONS: Mapping[str, type[Settings]] = {
    "ingest": IngestSettings,
    "quality": QualitySettings,
    "synth": SynthSettings,
    "stage1": Stage1Settings,
    "stage2": Stage2Settings,
    "rrls": RrlsSettings,
    "typical": TypicalSettings,
    "stability": StabilitySettings,
    "score": ScoreSettings,
    "export": ExportSettings,
    "assign": AssignSettings,
    "compare": CompareSettings,
    "forecast": ForecastSettings,
    "report": ReportSettings,
    "plan": PlanSettings,
    "status": StatusSettings,
    "paper": PaperSettings,
}
