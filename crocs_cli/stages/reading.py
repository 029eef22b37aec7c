"""What the settings of `ingest` mean for the files at hand: how these are read, how readings become days."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from crocs_cli.errors import CallError
from crocs_cli.maths.readings.clock import DAY_S
from crocs_cli.maths.readings.days import DaysWanted, day_number, season_months
from crocs_cli.maths.readings.grid import Grid
from crocs_cli.maths.readings.rows import Calendar, Rule
from crocs_cli.readers.detect import detect
from crocs_cli.readers.formats import FORMATS, PRESETS
from crocs_cli.readers.inputs import listed_days
from crocs_cli.readers.readings import Dialect, Writing
from crocs_cli.stages.settings import IngestSettings

log = logging.getLogger("crocs")


def by_the_reader(settings: IngestSettings, first: Path) -> IngestSettings:
    """Return the settings with what the user left open filled in from what the reader knows of its format.

    `first` is the first of the files. Raises CallError for what the user must say, or must not.
    """
    if settings.reader == "auto":
        name, why = detect(first, dialect(settings))
        log.info("%s: read as %s, for %s", first, name, why)
        settings = settings.model_copy(update={"reader": name})
    form = FORMATS[settings.reader]
    if form.own_unit and settings.unit not in (None, "kWh"):
        raise CallError(f"ingest.unit: files of {settings.reader} say their own unit; leave it out")
    left_open = [name for name in PRESETS if getattr(settings, name) is None]
    filled = settings.model_copy(update=form.presets(first, left_open))
    if filled.timezone is None:
        raise CallError(
            f"ingest.timezone: stamps of {settings.reader} are local time; name their zone, "
            "such as America/New_York"
        )
    interval, slot = _known(filled.interval), filled.slot or _known(filled.interval)
    if slot % interval:
        raise CallError(f"ingest.slot: {slot}min is no multiple of the interval of {interval}min; use one")
    return filled.model_copy(update={"slot": slot})


def dialect(settings: IngestSettings) -> Dialect:
    """Return what the user says of the files; the interval is a guess until the reader has said its own."""
    columns = settings.columns
    return Dialect(
        columns.consumer,
        columns.time,
        columns.energy,
        columns.date,
        Writing(settings.stamp_format, settings.decimal),
        settings.stamp or "start",
        60 * (settings.interval or 30),
        timezone=settings.timezone or "UTC",
    )


def grid(settings: IngestSettings) -> Grid:
    """Return how stamps and values are meant, of settings that are filled in."""
    return Grid(
        60 * _known(settings.interval),
        _known(settings.stamp),
        _known(settings.timezone),
        _known(settings.unit),
    )


def rule(settings: IngestSettings, grid: Grid, calendar: Calendar) -> Rule:
    """Return how readings become days."""
    return Rule(
        grid.intervals_per_day,
        DAY_S // 60 // _known(settings.slot),
        calendar,
        settings.duplicates,
        settings.clock_change == "fold",
        settings.max_missing_slots,
        settings.max_estimated,
        FORMATS[settings.reader].generic,
    )


def wanted_days(settings: IngestSettings) -> DaysWanted:
    """Return the choice of days."""
    days = settings.days
    return DaysWanted(
        None if days.from_ is None else day_number(days.from_),
        None if days.to is None else day_number(days.to),
        days.type,
        settings.holidays,
        season_months(days.season, days.hemisphere) if days.season and days.hemisphere else (),
        listed_days(Path(days.dates)) if days.dates else frozenset(),
    )


def _known(value: int | str | None) -> Any:
    """Return a setting that the reader has filled in."""
    if value is None:
        raise ValueError("a setting that no reader filled in")
    return value
