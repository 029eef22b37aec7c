"""Apply the settings of `ingest` to the files at hand: how to read them, and how readings become days."""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from crocs_cli.errors import CallError
from crocs_cli.machine.settings import Document, settle
from crocs_cli.maths.readings.clock import DAY_S, same_clock
from crocs_cli.maths.readings.days import DaysWanted, day_number, season_months
from crocs_cli.maths.readings.grid import ERROR_CODES, LARGEST_KWH, LARGEST_TOTAL_KWH, Grid, stored_unit
from crocs_cli.maths.readings.rows import Calendar, Rule
from crocs_cli.readers.described import ENDINGS
from crocs_cli.readers.detect import detect
from crocs_cli.readers.formats import PRESETS, Format, format_of, names_in
from crocs_cli.readers.glance import glance
from crocs_cli.readers.inputs import listed_days
from crocs_cli.readers.intake import Intake
from crocs_cli.readers.naming import file_names
from crocs_cli.readers.readings import Dialect, Writing
from crocs_cli.rundir.ingest_settings import UNITS
from crocs_cli.rundir.meaning import Meaning
from crocs_cli.rundir.settings import IngestSettings

SHORTEST_SLOT_MIN, DEFAULT_SLOT_MIN = 5, 30

log = logging.getLogger("crocs")


def intake_of(given: IngestSettings, paths: Sequence[Path]) -> tuple[IngestSettings, Intake]:
    """Return (settings with all filled in that the reader knows, the intake that reads these files so).

    Raises CallError for what the user must say, or must not.
    """
    settings = by_the_reader(given, paths[0])
    said = replace(dialect(settings, paths), clock_is_given=given.timezone is not None)
    return settings, Intake(format_of(settings.reader), said, grid(settings))


def by_the_reader(settings: IngestSettings, first: Path) -> IngestSettings:
    """Return the settings with what the user left open filled in from what the reader knows of its format.

    `first` is the first of the files. Raises CallError for what the user must say, or must not.
    """
    shown: dict[str, Any] = {}
    if settings.reader == "auto":
        found = detect(first, dialect(settings))
        log.info("%s: read as %s, for %s", first, found.reader, found.why)
        settings, shown = settings.model_copy(update={"reader": found.reader}), found.settings
        if format_of(found.reader).generic:
            _say_what_is_taken(settings, shown, first)
    form = format_of(settings.reader)
    _check_trust(settings, form)
    _check_columns(settings, form, first)
    left_open = [name for name in PRESETS if getattr(settings, name) is None]
    presets = {**form.presets(first, left_open), **shown}
    presets["timezone"] = presets.get("timezone") or form.without_clock
    if form.generic and settings.kind == "power":
        presets["unit"] = "kW"
    if form.generic and settings.columns.hour is not None:
        presets["interval"] = 60
    filled = _filled(settings, form, presets)
    if filled.unit not in UNITS[filled.quantity]:
        raise CallError(
            f"ingest.unit: {filled.quantity} is not measured in {filled.unit}; "
            f"name one of {', '.join(UNITS[filled.quantity])}"
        )
    if filled.timezone is None:
        raise CallError(
            f"ingest.timezone: stamps of {form.name} are local time; name their zone, "
            "such as America/New_York"
        )
    if filled.interval is None:
        raise CallError(f"ingest.interval: {first} does not show the time between readings; name it")
    interval = _known(filled.interval)
    slot = filled.slot or (interval if interval >= SHORTEST_SLOT_MIN else DEFAULT_SLOT_MIN)
    if slot % interval:
        raise CallError(f"ingest.slot: {slot}min is no multiple of the interval of {interval}min; use one")
    return filled.model_copy(update={"slot": slot})


def _say_what_is_taken(settings: IngestSettings, shown: Mapping[str, Any], first: Path) -> None:
    """Warn of what neither the user nor a file of no known format says, and which value it has."""
    generic = format_of("long").presets(first)
    said = {key for key in generic if getattr(settings, key) is not None} | shown.keys()
    if unsaid := [key for key in ("unit", "stamp", "timezone") if key not in said]:
        taken = ", ".join(f"{key} {generic[key]}" for key in unsaid)
        log.warning("%s: the file does not say all; taken: %s; set what is not so", first, taken)


def _check_trust(settings: IngestSettings, form: Format) -> None:
    """Refuse settings that contradict what is known of a format, unless the user confirms them."""
    if form.own_unit and settings.unit not in (None, "kWh"):
        raise CallError(f"ingest.unit: files of {form.name} say their own unit; leave it out")
    if settings.trust == "settings":
        return
    for key, known in form.fixed().items():
        given = getattr(settings, key, None)
        if given not in (None, known) and not (key == "timezone" and same_clock(given, known)):
            raise CallError(
                f"ingest.{key}: files of {form.name} have {known}, not {given}; leave it out, or set "
                "ingest.trust to settings to confirm it"
            )


def _check_columns(settings: IngestSettings, form: Format, first: Path) -> None:
    """Refuse columns that files of a described format do not have."""
    given = {role: getattr(settings.columns, role) for role in settings.columns.model_fields_set}
    if form.description is None or not given:
        return
    names = names_in(form.description, glance(first))
    for role, name in given.items():
        if names and name is not None and name not in names:
            raise CallError(
                f"ingest.columns.{role}: files of {form.name} have no column {name!r}, and crocs knows "
                "theirs; leave it out"
            )


def _filled(settings: IngestSettings, form: Format, presets: Mapping[str, Any]) -> IngestSettings:
    """Return the settings with the presets in place of what the user left open.

    Raises CallError for a preset of a user's own description that is no setting.
    """
    said = {key: value for key, value in presets.items() if value is not None}
    source = Path(settings.reader) if settings.reader.endswith(ENDINGS) else None
    known = settle("", IngestSettings, Document(source, said), {}, {})
    given = {key for key in settings.model_fields_set if getattr(settings, key) is not None}
    update = {key: getattr(known, key) for key in said if key not in given and key != "columns"}
    columns = {
        role: name for role, name in said.get("columns", {}).items()
        if role not in settings.columns.model_fields_set
    }  # fmt: skip
    for key in ("direction", "quality"):
        if key in given and said.get(key):
            update[key] = {**said[key], **getattr(settings, key)}
    return settings.model_copy(update={**update, "columns": settings.columns.model_copy(update=columns)})


def dialect(settings: IngestSettings, paths: Sequence[Path] = ()) -> Dialect:
    """Return what the user says of the files; the interval is a guess until the reader has said its own."""
    columns = settings.columns
    named = "consumer" in columns.model_fields_set or settings.duplicates != "error"
    asked = "column" if named and settings.reader != "matrix" else None
    origin = settings.consumer_from or ("file" if settings.consumer_pattern else asked)
    return Dialect(
        columns.consumer,
        columns.time,
        columns.energy,
        columns.date,
        _writing(settings),
        settings.stamp or "start",
        60 * (settings.interval or 30),
        hour=columns.hour,
        direction=columns.direction,
        quality=columns.quality,
        directions=settings.direction,
        qualities=settings.quality,
        consumer_from=origin,
        consumer_pattern=settings.consumer_pattern,
        file_names=file_names(paths, settings.consumer_pattern),
        timezone=settings.timezone or "UTC",
    )


def _writing(settings: IngestSettings) -> Writing:
    """Return how the files are written."""
    return Writing(
        settings.stamp_format,
        settings.decimal,
        settings.thousands,
        settings.encoding,
        None if settings.title_lines == "auto" else settings.title_lines,
        settings.header,
    )


def grid(settings: IngestSettings) -> Grid:
    """Return how stamps and values are meant, of settings that are filled in."""
    register = settings.kind == "register"
    return Grid(
        60 * _known(settings.interval),
        "start" if register else _known(settings.stamp),  # a total is of an instant
        _known(settings.timezone),
        _known(settings.unit),
        settings.stamp_tolerance,
        LARGEST_TOTAL_KWH if register else LARGEST_KWH,
    )


def rule(settings: IngestSettings, grid: Grid, calendar: Calendar) -> Rule:
    """Return how readings become days."""
    generic, ceiling = format_of(settings.reader).generic, settings.implausible
    kind = settings.kind or (None if generic and settings.unit not in ("kW", "W") else "energy")
    kept = [meaning for meaning in settings.direction.values() if meaning != "drop"]
    return Rule(
        grid.intervals_per_day,
        DAY_S // 60 // _known(settings.slot),
        calendar,
        settings.duplicates,
        settings.clock_change == "fold",
        settings.max_missing_slots,
        settings.max_estimated,
        generic,
        grid.stamp == "end",
        kind,
        ceiling if isinstance(ceiling, float) else math.inf,
        tuple(code * grid.factor for code in ERROR_CODES) if ceiling == "auto" else (),
        tuple(kept.index(meaning) for meaning in kept),
    )


def meaning_of(settings: IngestSettings) -> Meaning:
    """Return what the columns of profiles will mean, of settings that are filled in; not for events."""
    return Meaning(settings.period, settings.quantity, stored_unit(_known(settings.unit)))


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
