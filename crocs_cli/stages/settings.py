"""The settings of every stage: the only place of a default, a range, a unit and a help sentence."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, field_validator, model_validator

from crocs_cli.machine.settings import Minutes, Settings
from crocs_cli.stages.result_settings import (
    CompareSettings,
    ExportSettings,
    QualitySettings,
    ReportSettings,
    ScoreSettings,
    StatusSettings,
    TypicalSettings,
)

Ks = Annotated[tuple[Annotated[int, Field(ge=1)], ...], Field(min_length=1)]
Algorithm = Literal["ward", "kmedoids"]
Normalise = Literal["minmax", "zscore", "unit", "none"]
SetDistance = Literal["wsmd", "wsmd-pooled", "smd", "hd", "mhd", "sl", "cl", "al", "wal"]


class Columns(Settings):
    """The names of the columns that a generic file uses."""

    consumer: str = Field("id", description="column that names the consumer")
    time: str = Field("time", description="column of the stamp (long), or of the date (wide)")
    energy: str = Field("kwh", description="column of the reading; wide files have one column a slot instead")
    date: str | None = Field(None, description="column of the date, where the time stands in one of its own")


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

    reader: Literal[
        "auto",
        "long",
        "wide",
        "matrix",
        "sgsc",
        "lcl",
        "ausgrid",
        "nem12",
        "greenbutton",
        "cer",
        "opower",
        "sgcc",
    ] = Field("long", description="format of the files; auto tells it by the first one and says why")
    files: tuple[str, ...] = Field((), description="files or globs: .csv, .csv.gz, .parquet")
    columns: Columns = Columns()
    decimal: Literal[".", ","] = Field(".", description="decimal sign of the readings")
    stamp_format: str | None = Field(
        None, description="form of stamps or dates, such as %d/%m/%Y %H:%M; 2013-01-31 00:30 without"
    )
    unit: Literal["kWh", "Wh", "kW", "W"] | None = Field(
        None, description="unit of the readings; the reader knows its own, generic ones take kWh"
    )
    stamp: Literal["start", "end"] | None = Field(
        None, description="a stamp names its interval's start or end; generic readers take start"
    )
    timezone: str | None = Field(
        None, description="IANA name, or fixed offset such as +10:00, of the stamps; generic readers take UTC"
    )
    interval: Annotated[Minutes, Field(ge=5, le=1440)] | None = Field(
        None, description="time between readings, 5min to 60min, or 24h; generic readers take 30min"
    )
    slot: Annotated[Minutes, Field(ge=5, le=1440)] | None = Field(
        None, description="length of a profile's slot, to which readings are summed; as the interval without"
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

    @field_validator("interval", "slot")
    @classmethod
    def _divides_the_day(cls, minutes: int | None) -> int | None:
        if minutes is not None and (1440 % minutes or 60 < minutes < 1440):
            raise ValueError(f"{minutes} minutes do not divide an hour; use 5, 10, 15, 30 or 60min, or 24h")
        return minutes

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
