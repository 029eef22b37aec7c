"""The settings of the commands that read a finished run: tables, lists, scores, the report."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, field_validator, model_validator

from crocs_cli.errors import CallError
from crocs_cli.machine.settings import Settings, load
from crocs_cli.maths.segments.rules import FORMS, Rule, rule_of

Count = Annotated[int, Field(ge=1)]
SHARED = (
    "segments",
    "hyperprototypes",
    "coverage",
    "mean-days",
    "indices",
)  # tables without a row for each consumer
PROGRAMMES = ("peak-", "bills-", "target-", "impact-")  # how the names of their tables begin
NAME = re.compile(r"[^\W_][^\x00-\x1f\x7f\x85\u2028\u2029]{0,59}")
PARTITION = "which partition of stage 2; may be left out where only one is explained"


class QualitySettings(Settings):
    """The quality counts of a run in, a page and a summary out."""

    fail_on: tuple[str, ...] = Field(
        (), description="end with code 1 if a share is larger, as NAME=SHARE, such as days_incomplete=0.05"
    )

    @field_validator("fail_on")
    @classmethod
    def _limits(cls, texts: tuple[str, ...]) -> tuple[str, ...]:
        import numpy as np

        from crocs_cli.maths.readings.quality import COUNTS, shares

        none = np.zeros((0, len(COUNTS)), dtype=np.int64)
        known = shares(none, none[:, 0]) if texts else {}
        for text in texts:
            name, _, limit = text.partition("=")
            try:
                float(limit)
            except ValueError as error:
                raise ValueError("write NAME=SHARE, such as days_incomplete=0.05") from error
            if name not in known:
                raise ValueError(f"no share {name}; there are {', '.join(known)}")
        return texts


class TypicalSettings(Settings):
    """The behaviours of a partition in, its members out, the most typical first."""

    clusters: Count | None = Field(None, description=PARTITION)
    cluster: Count | None = Field(None, description="only this segment; 1 is the largest")
    first: Count | None = Field(None, description="only so many of each segment, after the filters")
    min_daily_kwh: float | None = Field(None, description="only who uses at least so many kWh a day")
    min_coverage: Annotated[float, Field(ge=0, le=1)] | None = Field(
        None,
        description="only who has this share of days in behaviours of 5 % or more of the segment's days",
    )

    @model_validator(mode="after")
    def _is_there(self) -> TypicalSettings:
        if self.cluster and self.clusters and self.cluster > self.clusters:
            raise ValueError(f"there are {self.clusters} segments and no segment {self.cluster}; name one")
        return self


class ScoreSettings(Settings):
    """A partition in, how good it is out."""

    clusters: Count | None = Field(None, description=PARTITION)


def _known_rule(name: str) -> str:
    rule_of(name)
    return name


class ShareSafe(Settings):
    """Settings of disclosure control, for results that are passed on."""

    rule: Annotated[str, AfterValidator(_known_rule)] = Field(
        "none",
        description=f"which consumers may be shown in a result that is passed on: {FORMS}; all but none "
        "leave out ids and real households' days",
    )
    share_safe: bool = Field(False, description="the same as rule 15/15, where no rule is given")
    minimum_size: int = Field(15, description="the N of rule N/15 that share_safe means; give rule", ge=2)

    @property
    def passed_on(self) -> Rule | None:
        """The rule of a result that is passed on; None for one that is not."""
        return rule_of(self.rule) or (rule_of(f"{self.minimum_size}/15") if self.share_safe else None)


class ExportSettings(ShareSafe):
    """The files of a run in, one table out."""

    what: Literal[
        "consumers",
        "segments",
        "hyperprototypes",
        "coverage",
        "consumer-coverage",
        "day-labels",
        "mean-days",
        "profiles",
        "distances",
        "rls",
        "dendrogram",
        "indices",
        "assignments",
        "peak-segments",
        "peak-consumers",
        "peak-days",
        "bills-segments",
        "bills-consumers",
        "bills-months",
        "target-list",
        "target-curve",
        "impact-effects",
        "impact-matches",
        "impact-placebo",
        "impact-behaviours",
    ] = Field("consumers", description="which table")
    clusters: Count | None = Field(None, description=PARTITION)
    question: str | None = Field(
        None, description="which peak or bills, by the name of its folder; may be left out if there is one"
    )
    excel: bool = Field(False, description="write CSV that Excel takes ids from as text")

    @model_validator(mode="after")
    def _may_be_shared(self) -> ExportSettings:
        if self.question and not self.what.startswith(("peak-", "bills-")):
            raise ValueError(f"{self.what} is of no question; question is for tables of peak and bills")
        if self.passed_on and self.what.startswith(PROGRAMMES):
            raise ValueError(
                f"tables of {self.what.partition('-')[0]} are not for passing on; share_safe and rule are "
                f"for {', '.join(SHARED)}"
            )
        if self.passed_on and self.what not in SHARED:
            raise ValueError(
                f"{self.what} is of single consumers; share_safe and rule are for {', '.join(SHARED)}"
            )
        return self


def _names(given: object) -> object:
    """Read names of segments: a mapping, or the text that names a YAML file with one."""
    if isinstance(given, str):
        try:
            given = load(Path(given)).values
        except CallError as error:
            raise ValueError(str(error)) from error
    if not isinstance(given, dict):
        return given
    for number, name in given.items():
        if not isinstance(name, str) or not NAME.fullmatch(name):
            raise ValueError(
                f"the name of segment {number} is not one line of at most 60 characters that begins with a "
                "letter or a digit"
            )
    if len(set(given.values())) < len(given):
        raise ValueError("two segments have one name; give each its own")
    return given


class ReportSettings(ShareSafe):
    """A run in, one page that shows it out."""

    clusters: Count | None = Field(None, description=PARTITION)
    names: Annotated[dict[int, str] | None, BeforeValidator(_names)] = Field(
        None, description="file with a name for each segment, such as `1: night owls`, one a line"
    )
    typical: int = Field(
        5, description="most typical members that are listed for each segment", ge=0, le=1000
    )


class ChooseSettings(Settings):
    """All partitions of a run in, which number of segments to take out."""


class CompareSettings(Settings):
    """A run and one of an earlier period in, what changed out; or one run, and how two segments differ."""

    with_: Path | None = Field(None, alias="with", description="run of the earlier period")
    clusters: int = Field(5, description="which partition of the earlier run", ge=1)
    control: Path | None = Field(None, description="file of ids, one a line, of a control group")
    segments: tuple[Count, ...] = Field(
        (), description="in place of two periods, two segments of RUN to set side by side, such as 2,4"
    )

    @field_validator("segments")
    @classmethod
    def _are_two(cls, numbers: tuple[int, ...]) -> tuple[int, ...]:
        if numbers and (len(numbers) != 2 or numbers[0] == numbers[1]):
            raise ValueError("name two different segments, such as 2,4")
        return numbers

    @model_validator(mode="after")
    def _one_comparison(self) -> CompareSettings:
        if self.segments and (self.with_ or self.control):
            raise ValueError("segments are of one run, and with and control of two; give one of them")
        return self


class StatusSettings(Settings):
    """The files of a run in, what is missing out."""

    shares: Count | None = Field(
        None, description="list which of so many shares have something left to make, as for sbatch --array"
    )
