"""Stage `screen simulate`: write daily shards with thieves, and the truth beside them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa

from crocs_cli.machine import files, tables
from crocs_cli.machine.shards import recipe, shard_key, shard_products, shards
from crocs_cli.machine.team import Team
from crocs_cli.machine.threads import limit_threads
from crocs_cli.machine.work import Product, all_made, bring_up_to_date
from crocs_cli.screen.daily import cleaning
from crocs_cli.screen.daily.dates import Calendar, default_split
from crocs_cli.screen.daily.series import Series, arrays_of, together
from crocs_cli.screen.layouts import DAILY, TRUTH
from crocs_cli.screen.settings import SimulateSettings
from crocs_cli.screen.simulated import attacks
from crocs_cli.screen.simulated.population import NEVER, PROFILES, sample, shared_weather

Arrays = dict[str, np.ndarray]
FIRST_PART = 0.6  # attacks begin in the first 60 % of DS1
PLANTED, ATTACKED, COMMITTED = 1, 2, 3  # streams of randomness beside that of the weather
TRUTH_COLUMNS = (
    "installation_id",
    "attack",
    "first_day",
    "stolen_kwh",
    "step_day",
    "vacancy_day",
    "solar_day",
)


def run(run: Path, settings: SimulateSettings, seed: int, team: Team) -> int:
    """Make the shards of truth and of daily energy, and truth.csv; return how many shards there are."""
    limit_threads()
    source = Path(settings.into) / "screen" / "daily" if settings.into else None
    inputs = {key: files.digest(made_by) for key, made_by in shards(source, DAILY).items()} if source else {}
    parts = len(inputs) or -(-settings.installations // settings.installations_per_shard)
    used = settings.model_dump(mode="json") | {"seed": seed}
    recipes = [
        recipe(
            "screen simulate",
            shard_key(number),
            used,
            {"daily": inputs[shard_key(number)]} if source else {},
            parts,
        )
        for number in range(parts)
    ]
    folder = run / "screen"
    truth = shard_products(folder / "truth", TRUTH, recipes)
    bring_up_to_date(truth, lambda product: make(product, settings, seed)[1], team, "screen truth")
    made = shard_products(folder / "daily", DAILY, recipes)
    bring_up_to_date(made, lambda product: make(product, settings, seed)[0], team, "screen simulate")
    if team.leads and all_made(truth):
        arrays = together(folder / "truth", TRUTH, TRUTH_COLUMNS)
        tables.write_table(pa.table({name: arrays[name] for name in TRUTH_COLUMNS}), folder / "truth.csv")
    return parts


def make(product: Product, settings: SimulateSettings, seed: int) -> tuple[Arrays, Arrays]:
    """Return the daily arrays and the truth arrays of one shard."""
    number = int(product.key)
    if settings.into:
        path = Path(settings.into) / "screen" / "daily" / product.path.name
        series = Series.of(files.read(path, DAILY))
        unknown = np.full(len(series), NEVER)
        planted = dict.fromkeys(("week_type", "month_type", "step_day", "vacancy_day", "solar_day"), unknown)
        missing = np.isnan(series.kwh)
    else:
        series, missing, planted = _population(settings, seed, number)
    return attacked(series, missing, settings, [seed, ATTACKED, number], planted)


def _population(settings: SimulateSettings, seed: int, number: int) -> tuple[Series, np.ndarray, Arrays]:
    first = number * settings.installations_per_shard
    count = min(settings.installations_per_shard, settings.installations - first)
    last = settings.first_date.replace(year=settings.first_date.year + settings.years)
    calendar = Calendar(settings.first_date, (last - settings.first_date).days)
    population = PROFILES[settings.profile]
    weather = shared_weather(population, calendar, seed)
    found = sample(population, calendar, weather, count, np.random.default_rng([seed, PLANTED, number]))
    ids = np.array([f"I{i:07d}" for i in range(first, first + count)])
    series = Series.of(arrays_of(ids, found.level, calendar, found.kwh, np.zeros(found.kwh.shape, np.uint8)))
    names = ("week_type", "month_type", "step_day", "vacancy_day", "solar_day")
    return series, found.missing, {name: getattr(found, name) for name in names}


def attacked(
    series: Series, missing: np.ndarray, settings: SimulateSettings, seed: list[int], planted: Arrays
) -> tuple[Arrays, Arrays]:
    """Let some installations of a shard steal; return the recorded energy and the truth."""
    rng, calendar, count = np.random.default_rng(seed), series.calendar, len(series)
    split = default_split(calendar.days)
    luck = rng.random(count)
    kinds = rng.choice(settings.attacks, count) if settings.attacks else np.zeros(count, int)
    attack = np.where(luck < settings.thieves, kinds, attacks.NONE)
    taken = settings.thieves
    for kind, share in (
        (attacks.SILENT, settings.silent),
        (attacks.BYPASS, settings.bypass),
        (attacks.COMMISSIONING, settings.control),
    ):
        attack = np.where((luck >= taken) & (luck < taken + share), kind, attack)
        taken += share
    start = rng.integers(split, split + int(FIRST_PART * (calendar.days - split)), count)
    start = np.where(attack == attacks.COMMISSIONING, 0, start)
    recorded, stolen = attacks.commit(
        series.kwh, attack, start, calendar.weekday, calendar.month, [*seed, COMMITTED]
    )
    recorded[missing] = np.nan
    quality = np.where(np.isnan(recorded), cleaning.MISSING, series.arrays["quality"]).astype(np.uint8)
    truth = {
        "installation_id": series.arrays["installation_id"],
        "attack": attack,
        "first_day": np.where(attack > 0, start, NEVER),
        "stolen_kwh": stolen,
        **planted,
    }
    return series.arrays | {"energy_kwh": recorded, "quality": quality}, truth
