"""Make the daily shards of `screen fit` from a daily file or from profile shards."""

from __future__ import annotations

import logging
from functools import partial
from pathlib import Path

import numpy as np

from crocs_cli.errors import CrocsError
from crocs_cli.machine import files
from crocs_cli.machine.files import Recipe
from crocs_cli.machine.plain import json_bytes
from crocs_cli.machine.shards import listed, recipe, shard_key, shard_products, shards
from crocs_cli.machine.team import Team
from crocs_cli.machine.threads import limit_threads
from crocs_cli.machine.work import Product, all_made, bring_up_to_date
from crocs_cli.maths.readings.days import EPOCH
from crocs_cli.readers.table_settings import TableSettings
from crocs_cli.rundir.layouts import PROFILES
from crocs_cli.screen.daily import cleaning, contracts, reading
from crocs_cli.screen.daily.dates import Calendar, intervals_of_days
from crocs_cli.screen.daily.reading import Readings
from crocs_cli.screen.daily.series import arrays_of, calendar_from
from crocs_cli.screen.layouts import DAILY
from crocs_cli.screen.settings import FitSettings

Arrays = dict[str, np.ndarray]
log = logging.getLogger("crocs")
TABLES = ("daily", "installations", "contracts", "powers", "tariffs", "equipment")


def run(run: Path, settings: FitSettings, team: Team) -> bool:
    """Bring the daily shards of a run up to date: from the daily file, as they are there, or from profiles.

    Returns whether all are made; other shares may still be at work. Raises CrocsError when there is none of
    these sources.
    """
    limit_threads()
    there = listed(run / "screen" / "daily")
    made_by = files.read_recipe(there[0], DAILY) if there else None
    if settings.input.daily:
        if team.leads:
            _from_file(run, settings, there)
        team.wait()
    elif made_by is None or (made_by["command"] == "screen fit" and "profiles" in made_by["inputs"]):
        return _from_profiles(run, settings, team)
    return True


def _digests(settings: FitSettings) -> dict[str, str]:
    """Return the digest of every table that is given; raise CrocsError for one that is missing."""
    tables = {name: getattr(settings.input, name) for name in TABLES}
    for path in filter(None, tables.values()):
        if not Path(path).is_file():
            raise CrocsError(f"{path}: no such file; name a table that is there")
    return {name: files.file_digest(Path(path)) for name, path in tables.items() if path}


def _from_file(run: Path, settings: FitSettings, there: list[Path]) -> None:
    """Read the daily file and write all its shards, unless shards of the same inputs are there.

    A share does not wait for another to read the file: whichever comes first writes the same bytes.
    """
    folder, inputs = run / "screen" / "daily", _digests(settings)
    report_path = folder / "ingest_report.json"
    used = settings.model_dump(mode="json", include={"day", "installations_per_shard"})
    used["input"] = settings.input.model_dump(include={"format", "strict"})
    written = set(TableSettings.model_fields)  # left out as they are in shards of older versions
    used["input"] |= settings.input.model_dump(include=written, exclude_defaults=True)
    if there and report_path.exists() and _same(there, used, inputs):
        return
    arrays, report = prepared(reading.read(settings.input, settings.day), settings)
    count, size = len(arrays["installation_id"]), settings.installations_per_shard
    parts = -(-count // size)
    recipes = [recipe("screen fit", shard_key(n), used, inputs, parts) for n in range(parts)]
    make = partial(part_of, arrays=arrays, size=size)
    bring_up_to_date(shard_products(folder, DAILY, recipes), make, Team(), "screen daily")
    files.write_bytes(report_path, json_bytes(report))


def _same(there: list[Path], used: dict, inputs: dict[str, str]) -> bool:
    """Return whether all shards are there and made of these inputs."""
    recipes = [files.read_recipe(path, DAILY) for path in there]
    same = all(made["settings"] == used and made["inputs"] == inputs for made in recipes)
    return same and len(there) == recipes[0]["parts"]


def prepared(readings: Readings, settings: FitSettings) -> tuple[Arrays, dict[str, int]]:
    """Return the cleaned arrays of all installations, and a report of counts, which are logged."""
    day, tables, calendar = settings.day, settings.input, readings.calendar
    quality = np.where(np.isnan(readings.kwh), cleaning.MISSING, 0).astype(np.uint8)
    arrays = arrays_of(readings.ids, np.zeros(len(readings.ids), np.int8), calendar, readings.kwh, quality)
    if readings.intervals is not None:
        expected = intervals_of_days(calendar, day.timezone, day.interval_minutes)
        arrays |= {"intervals": readings.intervals, "expected_intervals": expected}
        readings.kwh, quality = cleaning.mend_short_days(
            readings.kwh, readings.intervals, expected, day.short_min_share, day.short_action
        )
    power = contracts.contracted_kva(readings.ids, tables)
    kwh, quality = cleaning.clean(readings.kwh, quality, day.negatives, day.spike_factor, power)
    levels, unknown = contracts.levels_of(readings.ids, tables)
    arrays |= {"energy_kwh": kwh, "quality": quality, **levels}
    arrays |= contracts.contract_arrays(readings.ids, calendar, tables)
    report = {
        "installations": len(readings.ids),
        "days": calendar.days,
        **readings.counts,
        "unknown_level": unknown,
    }
    report |= {
        name.replace(" ", "_"): int((quality & bit > 0).sum()) for bit, name in cleaning.QUALITY_NAMES.items()
    }
    for name, count in report.items():
        log.info("%s: %d", name.replace("_", " "), count)
    return arrays, report


PER_DAY = {"first_date", "expected_intervals"}


def part_of(product: Product, arrays: Arrays, size: int) -> Arrays:
    """Return one shard of the arrays of all installations."""
    first = int(product.key) * size
    rows = slice(first, first + size)
    part = {name: values if name in PER_DAY else values[rows] for name, values in arrays.items()}
    offset = arrays["event_offset"][first : first + size + 1]
    part |= {name: arrays[name][offset[0] : offset[-1]] for name in ("event_day", "event_kind")}
    return part | {"event_offset": offset - offset[0]}


def _from_profiles(run: Path, settings: FitSettings, team: Team) -> bool:
    """Sum the days of profile shards; a day without a profile is missing."""
    if not listed(run / "profiles"):
        raise CrocsError(
            f"{run}: no daily energy; give --input-daily FILE, or run `crocs ingest` or "
            "`crocs screen simulate` first"
        )
    source = shards(run / "profiles", PROFILES)
    calendar = _calendar_of_profiles(run, list(source))
    used = settings.model_dump(mode="json", include={"day"})
    used["input"] = settings.input.model_dump(include={"strict"})
    tables = _digests(settings)
    recipes: list[Recipe] = [
        recipe("screen fit", key, used, {"profiles": files.digest(made_by), **tables}, len(source))
        for key, made_by in source.items()
    ]
    products = shard_products(run / "screen" / "daily", DAILY, recipes)
    make = partial(make_from_profiles, run=run, calendar=calendar, settings=settings)
    bring_up_to_date(products, make, team, "screen daily")
    return all_made(products)


def _calendar_of_profiles(run: Path, keys: list[str]) -> Calendar:
    dates = [files.read(run / "profiles" / f"{key}.h5", PROFILES, ("date",))["date"] for key in keys]
    known = [date for date in dates if len(date)]
    if not known:
        raise CrocsError(f"{run / 'profiles'}: no day in any shard; ingest other days")
    first = min(int(date.min()) for date in known)
    return calendar_from(np.array([first]), max(int(date.max()) for date in known) - first + 1)


def make_from_profiles(product: Product, run: Path, calendar: Calendar, settings: FitSettings) -> Arrays:
    """Return the daily arrays of one profile shard."""
    names = ("consumer_id", "day_offset", "date", "energy_kwh")
    arrays = files.read(run / "profiles" / product.path.name, PROFILES, names)
    count = len(arrays["consumer_id"])
    kwh = np.full((count, calendar.days), np.nan, np.float32)
    row = np.repeat(np.arange(count), np.diff(arrays["day_offset"]))
    day = arrays["date"] - (calendar.start - EPOCH).days
    kwh[row, day] = arrays["energy_kwh"].sum(axis=1, dtype=np.float64)
    return prepared(Readings(arrays["consumer_id"], calendar, kwh, None), settings)[0]
