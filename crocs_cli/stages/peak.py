"""Peak: which consumers and segments use what in the hours in which a system's load is highest."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import numpy as np

from crocs_cli.errors import CallError, CrocsError
from crocs_cli.machine import files
from crocs_cli.machine.files import Arrays
from crocs_cli.machine.memory import Needs
from crocs_cli.machine.pages import bring_folder_up_to_date
from crocs_cli.machine.plain import read_json
from crocs_cli.machine.shards import Shards, recipe, shard_products
from crocs_cli.machine.team import Team
from crocs_cli.machine.work import Product, all_made, bring_up_to_date
from crocs_cli.maths.programmes import peak
from crocs_cli.maths.programmes.windows import slots_of
from crocs_cli.maths.readings.clock import DAY_S, lost_spans_s
from crocs_cli.readers import system_load
from crocs_cli.report.peak_tables import Peak, date_text, tables_of
from crocs_cli.rundir import memory
from crocs_cli.rundir.labelled import Labelled
from crocs_cli.rundir.layouts import LOADS, PEAK
from crocs_cli.rundir.programme_settings import PeakSettings
from crocs_cli.rundir.run import Run

READ = ("consumer_id", "day_offset", "date", "energy_kwh")


def run(run: Run, settings: PeakSettings, team: Team) -> dict[str, Any] | None:
    """Make RUN/peak/K/loads and RUN/peak/K/QUESTION; return the summary.

    The former are the segments' loads, one file a shard; the latter what each consumer uses at the peak, the
    tables and the summary. Returns None while files of other shares are missing.
    """
    run.meaning().need_daily_kwh("peak")
    clusters = run.chosen(settings.clusters)
    partition, profiles = files.digest(run.partition_recipe(clusters)), run.profiles()
    folder = run / "peak" / str(clusters)
    labelled = functools.cache(functools.partial(Labelled, run, clusters))
    loads = load_products(profiles, folder / "loads", clusters, partition)

    def add_up(product: Product) -> Arrays:
        read = profiles.read(product.key, READ)
        label = labelled().of(read["consumer_id"])
        days = read["energy_kwh"], read["date"], read["day_offset"]
        return peak.segment_loads(*days, label, clusters)._asdict()

    bring_up_to_date(loads, add_up, team, "peak loads", functools.partial(needs, profiles))
    if not all_made(loads):
        return None
    found = functools.cache(functools.partial(find_peak, settings, loads, profiles))
    inputs = {"partition": partition, "profiles": profiles.digest()}
    if settings.load:
        inputs["load"] = load_digest(settings.load)
    made_by = recipe("peak", "peak", chosen_settings(settings, clusters), inputs, len(profiles))
    recipes = [made_by | {"key": key} for key in profiles]
    products = shard_products(folder / settings.question, PEAK, recipes)

    def measure(product: Product) -> Arrays:
        return consumers_at_peak(profiles.read(product.key, READ), labelled(), found())

    bring_up_to_date(products, measure, team, "peak", functools.partial(needs, profiles))
    if not all_made(products):
        return None
    if team.leads:
        paths = [product.path for product in products]
        where = folder / settings.question
        bring_folder_up_to_date(where, made_by, lambda: tables_of(settings.question, paths, found()))
    team.wait()
    return read_json(folder / settings.question / "summary.json")


def chosen_settings(settings: PeakSettings, clusters: int) -> dict[str, object]:
    """Return the settings that the peak depends on, as a recipe has them."""
    asked = {"window", "days"} if settings.window else {"hours"}
    given = settings.model_dump(mode="json", include=asked | ({"load"} if settings.load else set()))
    return {"clusters": clusters, **given}


def load_digest(path: Path) -> str:
    """Return the digest of the file of a load; raise CrocsError where there is none."""
    try:
        return files.file_digest(path)
    except OSError as error:
        raise CallError(f"peak.load: {path}: {error.strerror}; name a CSV file of time and load") from error


def load_products(profiles: Shards, folder: Path, clusters: int, partition: str) -> list[Product]:
    """Return the products of the segments' loads, one for each file of profiles."""
    recipes = [
        recipe(
            "peak",
            key,
            {"clusters": clusters},
            {"partition": partition, "profiles": profiles.digest_of(key)},
            len(profiles),
        )
        for key in profiles
    ]
    return shard_products(folder, LOADS, recipes)


def needs(profiles: Shards) -> Needs:
    """Return what the largest file of profiles needs."""
    largest = max(profiles.path(key).stat().st_size for key in profiles)
    return Needs(memory.peak(largest), "put fewer consumers into each file of profiles (--shard-size)")


def find_peak(settings: PeakSettings, loads: list[Product], profiles: Shards) -> Peak:
    """Find the peak in the load of a system, or in the sum over the run's consumers."""
    found = peak.joined([peak.Loads(**files.read(product.path, LOADS)) for product in loads])
    slots = found.energy_kwh.shape[2]
    if settings.load is None:
        chosen = peak_slots(found.energy_kwh.sum(axis=0), settings)
        return Peak(chosen, found, "the sum over the run's consumers")
    system = system_load.read(settings.load, zone_of(profiles))
    chosen = peak_slots(load_of_file(settings.load, system, found.date, slots, zone_of(profiles)), settings)
    every = np.unique(system.time_s // DAY_S)
    own = peak_slots(system_load.on_slots(system, every, slots), settings)
    here = own[np.isin(every, found.date)].sum() / own.sum()
    return Peak(chosen, found, settings.load.name, float(here))


def peak_slots(load: np.ndarray, settings: PeakSettings) -> np.ndarray:
    """Return which slots are the peak: (D, slots) bool; load: (D, slots), NaN where it is not known."""
    days, slots = load.shape
    if settings.window is None:
        count = peak.slots_in(settings.hours, slots)
        if count > (known := np.isfinite(load).sum()):
            there = f"{known * 24 // slots} hours of the run's days"
            raise CallError(f"peak.hours: {settings.hours} are more than the {there}; ask for fewer")
        return peak.highest_slots(load, count)
    try:
        inside = slots_of(settings.window, slots)
    except ValueError as error:
        raise CallError(f"peak.window: {error}") from error
    chosen = np.ones(days, dtype=bool)
    if (count := settings.peak_days or days) > days:
        raise CallError(f"peak.days: {count} are more than the run's {days} days; ask for fewer")
    if settings.peak_days is not None:
        chosen = peak.highest_days(load, inside, count)
    return chosen[:, None] & inside


def zone_of(profiles: Shards) -> str | None:
    """Return the zone of the run's clock; None where its readings named none."""
    zone: str | None = next(iter(profiles.recipes.values()))["settings"].get("timezone")
    return zone


def load_of_file(
    path: Path, system: system_load.SystemLoad, date: np.ndarray, slots: int, zone: str | None
) -> np.ndarray:
    """Return the load of a system on the run's days: (D, slots), NaN in the hours that the clock skips.

    Raises CrocsError where the file does not cover these days.
    """
    load = system_load.on_slots(system, date, slots)
    missing = np.isnan(load)
    start_s = date[:, None].astype(np.int64) * DAY_S + DAY_S // slots * np.arange(slots)
    if missing.any() and zone:
        for start, end in lost_spans_s(int(date[0]), int(date[-1] - date[0]) + 1, zone):
            missing &= (start_s + DAY_S // slots <= start) | (start_s >= end)
    if missing.any():
        first = str(start_s[missing][0].astype("datetime64[s]")).replace("T", " ")[:16]
        raise CrocsError(
            f"{path}: no load at {first}, nor in {missing.sum() - 1} other slots of the run's days "
            f"({date_text(date[0])} to {date_text(date[-1])}); name a file that has them"
        )
    return load


def consumers_at_peak(read: Arrays, labelled: Labelled, found: Peak) -> Arrays:
    """Return what the consumers of a file of profiles use at the peak, as the arrays of a file."""
    at = np.searchsorted(found.loads.date, read["date"])
    used = peak.uses(read["energy_kwh"], at, read["day_offset"], found.slots)
    return {
        "consumer_id": read["consumer_id"],
        "label": labelled.of(read["consumer_id"]),
        **used._asdict(),
    }
