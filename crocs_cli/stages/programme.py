"""Read who took part in a programme, and check it against the runs that hold the days before and after."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from crocs_cli.errors import CallError, CrocsError
from crocs_cli.rundir.ids import read_starts
from crocs_cli.rundir.programme_settings import ImpactSettings
from crocs_cli.rundir.run import Run


@dataclass(frozen=True)
class Programme:
    """Who took part in what, as the user says.

    run: the days after, or all; base: the run of the segments, which is that before, or the same; start:
    {treated id: days since 1970-01-01}; control: ids of a control group, none where the treated are matched;
    date: (D,) all days; segment: {id: its segment from 0}.
    """

    run: Run
    base: Run
    settings: ImpactSettings
    seed: int
    start: dict[str, int]
    control: frozenset[str]
    date: np.ndarray
    segment: dict[str, int]

    @property
    def clusters(self) -> int:
        """The number of segments."""
        assert self.settings.clusters is not None
        return self.settings.clusters

    @property
    def first(self) -> int:
        """The day on which the first one began."""
        return min(self.start.values())

    @property
    def runs(self) -> list[Run]:
        """The runs that hold the days, the earlier one first."""
        return [self.run] if self.base is self.run else [self.base, self.run]


def programme(run: Run, settings: ImpactSettings, seed: int) -> Programme:
    """Read who took part, and check it against the runs; raise CrocsError for what does not fit them."""
    if settings.treated is None:
        raise CallError("impact.treated: no file of those who took part; give --treated ids.csv")
    base = run if settings.before is None else Run(settings.before)
    settings = settings.model_copy(update={"clusters": base.chosen(settings.clusters)})
    assert settings.clusters is not None
    assert settings.treated is not None
    dates = []
    for one in dict.fromkeys((base, run)):
        one.meaning().need_daily_kwh("impact")
        dates.append(np.unique(np.concatenate([part["date"] for part in one.profiles().each(("date",))])))
    if len(dates) > 1 and dates[0][-1] >= dates[1][0]:
        raise CrocsError(
            f"{base}: its days reach into those of {run}; name a run of earlier days with --before"
        )
    segment = dict(zip(*(part.tolist() for part in base.labels(settings.clusters)), strict=True))
    told, control = read_starts(settings.treated), frozenset[str]()
    _check_known(settings.treated, told, segment, base)
    if settings.control is not None:
        control = frozenset(read_starts(settings.control))
        _check_known(settings.control, control, segment, base)
        if both := sorted(control & told.keys()):
            raise CrocsError(
                f"{settings.control}: {len(both)} ids, such as {both[0]}, are treated and control at once; "
                "take them out of one file"
            )
    date = np.concatenate(dates)
    start = starts(settings, told, None if base is run else int(dates[1][0]), date)
    return Programme(run, base, settings, seed, start, control, date, segment)


def _check_known(path: Path, names: Collection[str], segment: dict[str, int], run: Run) -> None:
    """Raise CrocsError for a file of ids that has none, or some that a run does not have."""
    if not names:
        raise CrocsError(f"{path}: no consumer id in it; write one on each line")
    if unknown := sorted(name for name in names if name not in segment):
        raise CrocsError(f"{path}: {len(unknown)} ids, such as {unknown[0]}, are not in {run}; take them out")


def starts(
    settings: ImpactSettings, told: dict[str, int | None], given: int | None, date: np.ndarray
) -> dict[str, int]:
    """Return when each treated consumer began; raise CrocsError for none, or one outside the run's days."""
    if given is None and settings.start is not None:
        given = int(np.datetime64(settings.start, "D").astype(np.int64))
    found = {name: given if day is None else day for name, day in told.items()}
    for name, day in found.items():
        if day is None:
            raise CallError(
                f"impact.start: no date for {name}; give --start, or write a date after the id in "
                f"{settings.treated}"
            )
        if not date[0] < day <= date[-1]:
            raise CrocsError(
                f"{settings.treated}: {name} began on {date_text(day)}, and the run's days are "
                f"{date_text(date[0])} to {date_text(date[-1])}; name a day after the first of them"
            )
    return {name: day for name, day in found.items() if day is not None}


def date_text(day: int) -> str:
    """Write a day, counted from 1970-01-01, as 2013-01-31."""
    return str(np.datetime64(int(day), "D"))
