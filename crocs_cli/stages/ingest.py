"""Turn meter files into daily load profiles: one pass over the files, then one shard after another."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa

from crocs_cli.errors import CrocsError, refusal
from crocs_cli.machine import files
from crocs_cli.machine.files import Arrays, Recipe
from crocs_cli.machine.memory import Needs, give_back, require
from crocs_cli.machine.plain import counted
from crocs_cli.machine.progress import Progress
from crocs_cli.machine.shards import listed, recipe, shard_key, shard_products
from crocs_cli.machine.spool import Spool
from crocs_cli.machine.team import Team
from crocs_cli.machine.work import Product, all_made, bring_up_to_date
from crocs_cli.maths.readings.assemble import Days, assemble
from crocs_cli.maths.readings.clock import day_lengths_s, lost_spans_s
from crocs_cli.maths.readings.quality import COUNTS, mean_amount, quality_csv, reasons, warnings
from crocs_cli.maths.readings.row_kernels import to_bins
from crocs_cli.maths.readings.rows import BIN_METERS, RECORD, Calendar, Rows
from crocs_cli.maths.readings.weeks import in_weeks
from crocs_cli.readers.ahead import ahead
from crocs_cli.readers.archives import contents
from crocs_cli.readers.formats import format_of
from crocs_cli.readers.inputs import Pseudonyms, input_files
from crocs_cli.readers.intake import Intake
from crocs_cli.rundir import memory
from crocs_cli.rundir.layouts import PROFILES
from crocs_cli.rundir.meaning import Meaning
from crocs_cli.rundir.run import Run
from crocs_cli.rundir.settings import IngestSettings
from crocs_cli.stages.events import EventTable
from crocs_cli.stages.reading import grid, intake_of, meaning_of, rule, wanted_days

FEW_DAYS = 10  # of a consumer, below which little is known of it
FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r")

Quality = tuple[np.ndarray, np.ndarray, np.ndarray]  # of some meters: names, counts, mean daily kWh

log = logging.getLogger("crocs")


def run(run: Run, settings: IngestSettings, team: Team) -> list[Product]:
    """Make the shards of profiles and, once all are there, quality.csv; return the shards.

    Raises CrocsError for readings that cannot be used as the settings say.
    """
    paths = input_files(settings.files)
    unpacked = contents(paths)
    if settings.period == "event":
        return _run_events(run, settings, paths, unpacked, team)
    settings, intake = intake_of(settings, unpacked)
    with ThreadPoolExecutor(1) as beside, Spool(run / "profiles", RECORD) as spool:
        meaning = meaning_of(settings)
        base = beside.submit(base_recipe, settings, paths, meaning).result  # digests take a tenth of it all
        made = made_shards(run, base)
        work = _Work(settings, spool, team, [int(key) for key in made], intake)
        shards = products(run, base(), next(iter(made.values()))["parts"]) if made else []
        if not shards or not all(product.key in made for product in team.part(shards)):
            work.read(unpacked)
            shards = products(run, base(), work.shards)
        bring_up_to_date(shards, work.profiles, team, "ingest", work.needs)
    if team.leads and all_made(shards):
        summarise(run, shards, work.quality, meaning)
    return shards


def _run_events(
    run: Run, settings: IngestSettings, paths: Sequence[Path], unpacked: Sequence[Path], team: Team
) -> list[Product]:
    """Make the shards of events: every process reads all of them, for their scales are those of all."""
    table = EventTable(settings, unpacked)
    names = consumer_names(table.ids, settings.pseudonym_key)
    parts = -(-len(names) // settings.shard_size)
    shards = products(run, base_recipe(settings, paths, table.meaning), parts)

    def make(product: Product) -> Arrays:
        first = int(product.key) * settings.shard_size
        return table.profiles(first, names[first : first + settings.shard_size])

    bring_up_to_date(shards, make, team, "ingest", table.needs)
    if team.leads and all_made(shards):
        summarise(run, shards, {}, table.meaning)
    return shards


class _Work:
    """Work of one process: read everything, set aside what its shards need, make the shards."""

    def __init__(
        self, settings: IngestSettings, spool: Spool, team: Team, made: Sequence[int], intake: Intake
    ) -> None:
        self._settings, self._spool, self._team, self._made = settings, spool, team, made
        self._intake, self._grid = intake, grid(settings)
        self._bins = -(-settings.shard_size // BIN_METERS)  # of each shard
        self.quality: dict[str, Quality] = {}  # of the shards that were made here, by their keys

    @property
    def shards(self) -> int:
        """Number of shards that all consumers make."""
        return -(-len(self._intake.ids) // self._settings.shard_size)

    def read(self, paths: Sequence[Path]) -> None:
        """Read the files and set aside the readings of the shards that this process has to make."""
        require(Needs(memory.ingest(), "use a larger machine"), "ingest")
        with Progress("ingest: readings", None, self._team.leads) as progress:
            for path in paths:
                for records, first in ahead(self._binned, self._intake.rows(path)):
                    self._spool.add(records, first)
                    progress.advance(len(records))
        self._spool.wait()
        give_back()
        self._intake.check()
        self._names = consumer_names(self._intake.ids, self._settings.pseudonym_key)
        self._rule = rule(self._settings, self._grid, self._calendar())

    def _binned(self, piece: tuple[Rows, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
        """Return readings as records in the order of bins, and where each bin's begin."""
        rows, numbers = piece
        records = np.empty(len(rows.meter), RECORD)
        first = to_bins(rows.columns(), self._slots(numbers), records)
        return records[: first[-1]], first

    def _slots(self, numbers: np.ndarray) -> np.ndarray:
        """Place consumers so that each shard begins with a bin; -1 for those of shards that others make."""
        shard, place = np.divmod(numbers, np.int32(self._settings.shard_size))
        wanted = (numbers >= 0) & (shard % self._team.size == self._team.rank) & ~np.isin(shard, self._made)
        return np.where(wanted, shard * np.int32(self._bins * BIN_METERS) + place, np.int32(-1))

    def needs(self) -> Needs:
        """Return what making the shards takes, now that it is known how many readings there are."""
        seen, meters = self._intake.seen, min(self._settings.shard_size, len(self._intake.ids))
        days = seen.days_present
        profiles = memory.profiles(meters, days, self._rule.slots_per_day)
        cells = memory.cells(meters, days * seen.channels, self._grid.intervals_per_day, pa.cpu_count())
        peak = memory.ingest(seen.rows, profiles, cells)
        return Needs(peak, "set ingest.shard_size lower, or use a larger machine")

    def profiles(self, product: Product) -> Arrays:
        """Make one shard's arrays."""
        shard = int(product.key)
        first = shard * self._settings.shard_size
        ids = self._names[first : first + self._settings.shard_size]
        with ThreadPoolExecutor(pa.cpu_count()) as pool:
            parts = list(pool.map(lambda start: self._bin(shard, start, ids), range(0, len(ids), BIN_METERS)))
        days = np.concatenate([np.bincount(part.meter, minlength=len(part.quality)) for part in parts])
        arrays = {
            "consumer_id": ids[days > 0],
            "day_offset": np.append(0, np.cumsum(days[days > 0])),
            "date": np.concatenate([part.date for part in parts]),
            "energy_kwh": np.concatenate([part.energy_kwh for part in parts], dtype=np.float32),
            "meter_id": ids,
            "quality": np.concatenate([part.quality for part in parts]),
        }
        self.quality[product.key] = quality_of(arrays, meaning_of(self._settings))
        return arrays

    def _bin(self, shard: int, start: int, ids: np.ndarray) -> Days:
        """Assemble the days of some of a shard's meters."""
        names = ids[start : start + BIN_METERS]
        records = self._spool.rows(shard * self._bins + start // BIN_METERS)
        days = assemble(lambda: map(Rows.of, records()), len(names), self._rule)
        if days.conflict:
            conflict = days.conflict
            stamp = np.datetime64(conflict.interval * self._grid.interval_s, "s")
            one, other = conflict.energies_kwh
            raise CrocsError(
                f"consumer {names[conflict.meter]}: two readings of the interval from {stamp}, {one:g} and "
                f"{other:g} kWh; {self._telling_apart()}"
                "set ingest.duplicates to first, last, mean or leave_out"
            )
        days = replace(days, energy_kwh=days.energy_kwh.astype(np.float32))  # as the file has it
        return in_weeks(days) if self._settings.period == "week" else days

    def _telling_apart(self) -> str:
        """Return a cure that names columns to tell two readings of one interval apart, for generic tables."""
        columns = self._settings.columns
        if not format_of(self._settings.reader).generic or columns.direction is not None:
            return ""
        keys = "ingest.columns.consumer or ingest.columns.direction"
        return f"name a column that tells them apart with {keys}, or "

    def _calendar(self) -> Calendar:
        seen = self._intake.seen
        verdict = wanted_days(self._settings).verdicts(seen.first_day, seen.days)
        span = seen.first_day, seen.days, self._grid.timezone
        return Calendar(seen.first_day, verdict, day_lengths_s(*span), lost_spans_s(*span))


def consumer_names(ids: Sequence[str], pseudonym_key: str | None) -> np.ndarray:
    """Return the names of consumers as files have them: their ids, or pseudonyms."""
    names = np.array([*map(Pseudonyms(Path(pseudonym_key)).of, ids)] if pseudonym_key else list(ids))
    if formulas := sum(name.startswith(FORMULA_SIGNS) for name in names.tolist()):
        log.warning(
            "%d ids begin with =, +, - or @: a spreadsheet takes them for formulas; use `export --excel`",
            formulas,
        )
    return names


def base_recipe(settings: IngestSettings, paths: Sequence[Path], meaning: Meaning) -> Recipe:
    """Return what all shards depend on: settings and contents of files, but not where the files lie.

    With pseudonyms, the names of the files are left out as well: they often name a customer.
    """
    plain = settings.model_dump(
        mode="json", by_alias=True, exclude={"files": True, "pseudonym_key": True, "days": {"dates"}}
    )
    for name in ("period", "quantity", "events"):  # which files of days need not say
        if getattr(settings, name) == IngestSettings.model_fields[name].default:
            del plain[name]
    if "events" in plain:
        del plain["events"]["scale_from"]  # its scales are in the meaning
    plain["reader"] = format_of(settings.reader).name  # not where a user's description lies
    key = settings.pseudonym_key
    inputs = {
        f"{number:05d}" if key else f"{number:05d} {path.name}": digest(path)
        for number, path in enumerate(paths, 1)
    }
    if settings.days.dates:
        inputs["dates"] = digest(Path(settings.days.dates))
    if key:
        inputs["key"] = Pseudonyms(Path(key)).of("crocs")
    return recipe("ingest", "", plain, inputs) | meaning.said()


def digest(path: Path) -> str:
    """Return the sha256 of an input file."""
    try:
        return files.file_digest(path)
    except OSError as error:
        raise CrocsError(f"{path}: {refusal(error, 'name a readable file')}") from error


def made_shards(run: Run, base: Callable[[], Recipe]) -> dict[str, Recipe]:
    """Return {key: recipe} of the shards that are there; refuse any made with another recipe."""
    there = []
    for path in listed(run / "profiles"):
        parts = files.read_recipe(path, PROFILES).get("parts")
        there.append(Product(path, PROFILES, {**base(), "key": path.stem, "parts": parts}))
    all_made(there)
    return {product.key: product.recipe for product in there}


def products(run: Run, base: Recipe, parts: int) -> list[Product]:
    """Return all shards of the profiles."""
    keys = map(shard_key, range(parts))
    return shard_products(run / "profiles", PROFILES, [{**base, "key": key, "parts": parts} for key in keys])


def findings(run: Run, shards: Sequence[Product]) -> list[str]:
    """Return in words what is in the profiles: consumers, days and dates, and who has very few days."""
    if not all(product.path.exists() for product in shards):
        return ["other shares are still missing"]
    read = [files.read(p.path, PROFILES, ("consumer_id", "day_offset", "date")) for p in shards]
    ids = np.concatenate([part["consumer_id"] for part in read])
    days = np.concatenate([np.diff(part["day_offset"]) for part in read])
    first, last = (
        np.datetime64(int(pick(pick(part["date"]) for part in read if len(part["date"]))), "D")
        for pick in (min, max)
    )
    period = run.meaning().period
    lines = [f"{counted(len(ids), 'consumer')}, {counted(int(days.sum()), period)} from {first} to {last}"]
    few = np.flatnonzero(days < FEW_DAYS)
    if len(few):
        worst = few[days[few].argsort(kind="stable")][:3]
        named = ", ".join(f"{ids[i]} has {counted(int(days[i]), period)}" for i in worst)
        more = f", and {counted(len(few) - len(worst), 'other')}" if len(few) > len(worst) else ""
        lines.append(f"fewer than {FEW_DAYS} {period}s: {named}{more}; their segments say little")
    return lines


def quality_of(profiles: Arrays, meaning: Meaning) -> Quality:
    """Return what the quality table takes from a shard."""
    amounts = meaning.amounts(profiles["energy_kwh"])
    mean = mean_amount(amounts, profiles["day_offset"], profiles["quality"])
    return profiles["meter_id"], profiles["quality"], mean


def summarise(run: Run, shards: Sequence[Product], known: Mapping[str, Quality], meaning: Meaning) -> None:
    """Write quality.csv from the shards; warn of what looks wrong in all of them together.

    known: of the shards that need not be read again. Raises CrocsError when no consumer has a day that can
    be used.
    """

    def of_shard(shard: Product) -> Quality:
        found = known.get(shard.key)
        return quality_of(files.read(shard.path, PROFILES), meaning) if found is None else found

    meter_id, quality, mean = map(np.concatenate, zip(*ahead(of_shard, shards), strict=True))
    table = quality_csv(meter_id, quality, mean, meaning.period, meaning.mean_name)
    files.write_bytes(run / "quality.csv", table.encode())
    for warning in warnings(quality, mean if meaning == Meaning() else None):
        log.warning("%s", warning)
    if not quality[:, COUNTS.index("days_used")].any():
        why, setting = reasons(quality, meaning.period)
        see = f"see quality.csv, and {setting}" if setting else "see quality.csv"
        one = "an event" if meaning.is_event else f"a {meaning.period}"
        raise CrocsError(f"{run}: no consumer has {one} that can be used ({why}); {see}")
