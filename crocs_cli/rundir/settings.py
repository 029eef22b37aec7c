"""The settings of every stage: the only place of a default, a range, a unit and a help sentence."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from crocs_cli.machine.settings import Minutes, Settings
from crocs_cli.rundir.ingest_settings import IngestSettings
from crocs_cli.rundir.programme_settings import BillsSettings, ImpactSettings, PeakSettings, TargetSettings
from crocs_cli.rundir.result_settings import (
    ChooseSettings,
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
SetDistance = Literal["wsmd", "wsmd-pooled", "smd", "hd", "mhd", "sl", "cl", "al", "wal", "footprint"]


KMEDOIDS_STARTS, EXCHANGE_STARTS = 30, 20


class SynthSettings(Settings):
    """A population with known truth."""

    consumers: int = Field(100, description="consumers, outlier consumers included", ge=1, le=100_000_000)
    period: Literal["day", "week", "event"] = Field(
        "day", description="what a profile is of: a day of 48 slots, a week of 168, or a charging event"
    )
    days: int = Field(
        90, description="days of each consumer; weeks or events where the period is such", ge=1, le=36_600
    )
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


class FootprintSettings(Settings):
    """Settings of the vector of each consumer's days, where stage2.distance is footprint."""

    normalise: Normalise = Field("minmax", description="normalisation of each day")
    landmarks: Annotated[int, Field(ge=2, le=4096)] | Literal["auto"] = Field(
        "auto",
        description="days that all others are compared with; auto: 32 to 256, by the number of consumers",
    )
    components: int = Field(10, description="numbers in each vector", ge=1, le=1000)
    shrink: float = Field(
        0.1, description="how far the covariance of a consumer's days is drawn to the unit matrix", ge=0, le=1
    )
    clip: float = Field(
        0.9, description="quantile of lengths to which longer vectors are shortened", gt=0, le=1
    )


class Stage2Settings(Settings):
    """Representative load sets in, distances and partitions of the consumers out."""

    distance: SetDistance = Field(
        "wsmd",
        description="distance of two representative load sets; or footprint, which compares no pairs: one "
        "vector for each consumer, from all of its days",
    )
    window: Annotated[Minutes, Field(ge=0, le=1440)] = Field(
        60, description="DTW half-width; 0 is Euclidean distance"
    )
    prototype: Literal["medoid", "mean"] = Field(
        "medoid",
        description="what stands for some days of a consumer; mean finds segments that other days give again",
    )
    normalise_prototypes: Normalise = Field(
        "none", description="normalisation of each prototype before comparing"
    )
    algorithm: Algorithm = Field("ward", description="how the consumers are clustered")
    clusters: Ks = Field((5,), description="numbers of clusters; several come from one matrix")
    refine: Literal["exchange", "none"] = Field(
        "exchange",
        description="what follows the cut of Ward's tree: consumers change segments while that lowers Ward's "
        "loss; none is the paper's way, whose segments are nested",
    )
    starts: Annotated[int, Field(ge=1, le=1000)] | Literal["auto"] = Field(
        "auto", description="starts of kmedoids (auto: 30) or of the exchange (auto: 20); the best counts"
    )
    sample: Annotated[int, Field(ge=2)] | None = Field(
        None, description="consumers that are clustered, drawn at random; the others join their segments"
    )

    start_from: Path | None = Field(
        None, description="earlier run: its segments are the start, and where they match their numbers stay"
    )
    footprint: FootprintSettings = FootprintSettings()

    @model_validator(mode="after")
    def _fits_together(self) -> Stage2Settings:
        if self.distance == "footprint" and self.sample is not None:
            raise ValueError("footprint compares no pairs, and so needs no sample; leave sample out")
        if self.start_from is not None and not (self.exchanges or self.distance == "footprint"):
            raise ValueError("start_from needs refine: exchange, or distance: footprint")
        if self.start_from is not None and self.sample is not None:
            raise ValueError("start_from is for all consumers; leave sample out, or use footprint")
        return self

    @property
    def tried(self) -> int:
        """The number of starts."""
        if self.starts == "auto":
            return KMEDOIDS_STARTS if self.algorithm == "kmedoids" else EXCHANGE_STARTS
        return self.starts

    @property
    def exchanges(self) -> bool:
        """Whether consumers change segments after the cut."""
        return self.distance != "footprint" and self.algorithm == "ward" and self.refine == "exchange"

    def of_distances(self) -> dict[str, object]:
        """Return the settings that the distances depend on, as a recipe has them."""
        return self.model_dump(
            mode="json", include={"distance", "window", "prototype", "normalise_prototypes"}
        )

    def of_partition(self, clusters: int, seed: int) -> dict[str, object]:
        """Return the settings that the partition into so many segments depends on, as a recipe has them."""
        unused = {"start_from"} if self.distance == "footprint" else {"start_from", "footprint"}
        return self.model_dump(mode="json", exclude=unused) | {"clusters": [clusters], "seed": seed}


class RrlsSettings(Settings):
    """A partition in, hyperprototypes of each segment with their coverage out."""

    clusters: int = Field(5, description="which partition of stage 2", ge=1)
    quality: Literal["rber", "cpm", "modularity"] = Field("rber", description="what Leiden maximises")
    communities: int = Field(10, description="communities wanted in each segment", ge=1, le=10_000)
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
        "auto", description="other members each prototype is compared with; auto samples in large segments"
    )
    optimiser: Literal["compiled", "leidenalg"] = Field(
        "compiled", description="program that runs Leiden; leidenalg is the paper's, and many times slower"
    )
    starts: Annotated[int, Field(ge=1, le=1000)] | Literal["auto"] = Field(
        "auto", description="starts of Leiden, of which the best counts; auto makes fewer in large segments"
    )

    @property
    def searched(self) -> bool:
        """Whether a resolution is searched for that gives the number of communities."""
        return self.resolution is None and self.quality != "modularity"


class StabilitySettings(Settings):
    """Partitions in, how far their segments are found again out."""

    consumers: int = Field(
        2000, description="consumers that are clustered again, drawn at random where there are more", ge=4
    )
    draws: int = Field(
        3, description="pairs of halves of the consumers, for prediction strength", ge=1, le=100
    )
    samples: int = Field(20, description="subsamples that are clustered again", ge=2, le=10_000)
    part: float = Field(0.8, description="share of the consumers in each subsample", gt=0, lt=1)


class AssignSettings(Settings):
    """New consumers and an existing run in, the segment of each new consumer out."""

    model: Path | None = Field(None, description="run directory whose segments are used")
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
    """Settings of the paper's experiments."""

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
    """The size of a run and the machines in, time and memory out."""

    consumers: Annotated[int, Field(ge=2)] | None = Field(
        None, description="consumers; may be left out where RUN/profiles is there"
    )
    days: int = Field(
        365, description="days of each consumer; as in RUN/profiles where that is there", ge=1, le=36_600
    )
    period: Literal["day", "week", "event"] = Field("day", description="what a profile is of")
    slots: int = Field(
        48,
        description="readings of a day or a week, or features of an event; as in RUN/profiles if there",
        ge=1,
        le=2016,
    )
    prototypes: int = Field(15, description="prototypes of each consumer", ge=1, le=1000)
    algorithm: Algorithm = Field("ward", description="how the consumers are clustered")
    sample: Annotated[int, Field(ge=2)] | None = Field(
        None, description="consumers that are compared, where stage 2 clusters a sample"
    )
    shard_size: int = Field(
        512, description="consumers in one file; as in RUN/profiles where that is there", ge=1, le=100_000
    )
    largest_cluster: float = Field(
        0.5, description="share of the consumers in the largest segment, on which rrls depends", gt=0, le=1
    )
    tasks: int = Field(8, description="tasks of an array, or MPI ranks", ge=1, le=100_000)
    cores: int = Field(4, description="cores of each task", ge=1, le=1024)
    memory_gb: Annotated[float, Field(gt=0)] | None = Field(
        None, description="memory of one node; what is free here when left out"
    )
    nodes: int = Field(1, description="nodes that may hold the matrix together, by MPI", ge=1, le=10_000)


class SlurmSettings(PlanSettings):
    """A settings file, the size of its run and the machines in, files that submit the whole chain out."""

    account: str | None = Field(None, description="account that Slurm charges")
    partition: str | None = Field(None, description="partition of Slurm in which the jobs run")
    modules: tuple[str, ...] = Field((), description="modules that each job loads, in order")
    hours: float = Field(
        2, description="time limit of the steps whose time plan does not know", gt=0, le=8760
    )
    max_array: Annotated[int, Field(ge=1)] | None = Field(
        None, description="most tasks of one array; left out, scontrol is asked for MaxArraySize"
    )


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
    "choose": ChooseSettings,
    "score": ScoreSettings,
    "export": ExportSettings,
    "assign": AssignSettings,
    "compare": CompareSettings,
    "forecast": ForecastSettings,
    "target": TargetSettings,
    "peak": PeakSettings,
    "bills": BillsSettings,
    "impact": ImpactSettings,
    "report": ReportSettings,
    "plan": PlanSettings,
    "slurm": SlurmSettings,
    "status": StatusSettings,
    "paper": PaperSettings,
}
