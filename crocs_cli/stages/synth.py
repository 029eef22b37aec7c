"""Synthetic populations as profile shards, with their truth beside them."""

from __future__ import annotations

import datetime as dt

import numpy as np

from crocs_cli.machine.files import Arrays
from crocs_cli.machine.memory import Needs
from crocs_cli.machine.shards import recipe, shard_key, shard_products
from crocs_cli.machine.team import Team
from crocs_cli.machine.work import Product, bring_up_to_date
from crocs_cli.maths.readings.quality import COUNTS, COUNTS_OF
from crocs_cli.maths.readings.weeks import MONDAY
from crocs_cli.maths.synthetic import periods
from crocs_cli.maths.synthetic.generator import SLOTS
from crocs_cli.maths.synthetic.population import Population, cluster_behaviours
from crocs_cli.rundir import memory
from crocs_cli.rundir.layouts import PROFILES, TRUTH
from crocs_cli.rundir.meaning import Meaning
from crocs_cli.rundir.run import Run
from crocs_cli.rundir.settings import SynthSettings

SLOTS_OF = {"day": SLOTS, "week": periods.WEEK * periods.HOURS, "event": len(periods.FEATURES)}
STEP_DAYS = {"day": 1, "week": 7, "event": 1}
FIRST_DAY = (dt.date(2013, 1, 1) - dt.date(1970, 1, 1)).days


def run(run: Run, settings: SynthSettings, seed: int, team: Team) -> int:
    """Make the shards of truth and of profiles; return how many shards the population has."""
    parts = -(-settings.consumers // settings.shard_size)
    unsaid = {"period"} if settings.period == "day" else set()
    drawn, meaning = settings.model_dump(mode="json", exclude=unsaid) | {"seed": seed}, meaning_of(settings)
    recipes = [
        recipe("synth", shard_key(number), drawn, {}, parts) | meaning.said() for number in range(parts)
    ]
    markov = settings.sequence == "markov"
    people = Population(
        settings.consumers,
        settings.days,
        settings.outliers,
        settings.outlier_consumers,
        markov,
        seed,
        cluster_behaviours(settings.clusters, settings.shapes, markov, seed),
        settings.period,
    )

    def members(product: Product) -> range:
        first = int(product.key) * settings.shard_size
        return range(first, min(first + settings.shard_size, settings.consumers))

    slots = SLOTS_OF[settings.period]
    file = memory.profiles(min(settings.consumers, settings.shard_size), settings.days, slots)

    def needs() -> Needs:
        return Needs(memory.synth(file), "give a smaller --shard-size, or use a larger machine")

    truth = shard_products(run / "truth", TRUTH, recipes)
    bring_up_to_date(
        truth, lambda product: truth_arrays(people, members(product)), team, "synth truth", needs
    )
    profiles = shard_products(run / "profiles", PROFILES, recipes)
    bring_up_to_date(profiles, lambda product: profile_arrays(people, members(product)), team, "synth", needs)
    return parts


def truth_arrays(people: Population, numbers: range) -> Arrays:
    """Return the arrays of a truth file for some consumers."""
    plans = [people.plan(number) for number in numbers]
    return {
        "consumer_id": consumer_ids(numbers),
        "cluster": np.array([cluster for cluster, _ in plans]),
        "day_offset": people.days * np.arange(len(plans) + 1),
        "shape": np.concatenate([shape for _, shape in plans]),
    }


def profile_arrays(people: Population, numbers: range) -> Arrays:
    """Return the arrays of a profile file for some consumers."""
    slots = SLOTS_OF[people.period]
    days = people.days * STEP_DAYS[people.period]
    quality = np.zeros((len(numbers), len(COUNTS_OF[people.period])), dtype=np.int64)
    quality[:, COUNTS.index("readings")] = people.days * (1 if people.period == "event" else slots)
    quality[:, [COUNTS.index("days_present"), COUNTS.index("days_used")]] = days
    energy_kwh = np.empty((len(numbers), people.days, slots), dtype=np.float32)
    for own, number in zip(energy_kwh, numbers, strict=True):
        own[:] = people.energy_kwh(number)
    return {
        "consumer_id": consumer_ids(numbers),
        "day_offset": people.days * np.arange(len(numbers) + 1),
        "date": np.tile(_dates(people), len(numbers)),
        "energy_kwh": energy_kwh.reshape(-1, slots),
        "meter_id": consumer_ids(numbers),
        "quality": quality,
    }


def meaning_of(settings: SynthSettings) -> Meaning:
    """Return what the columns of the profiles mean."""
    if settings.period != "event":
        return Meaning(settings.period)
    return Meaning(
        "event",
        features=periods.FEATURES,
        centre=periods.CENTRE,
        spread=periods.SPREAD,
        amount=periods.AMOUNT,
    )


def _dates(people: Population) -> np.ndarray:
    """Return the dates of a consumer's profiles (days,), since 1970-01-01: of a week that of its Monday."""
    first = FIRST_DAY + (MONDAY - FIRST_DAY) % 7 if people.period == "week" else FIRST_DAY
    dates: np.ndarray = first + STEP_DAYS[people.period] * np.arange(people.days)
    return dates


def consumer_ids(numbers: range) -> np.ndarray:
    """Return the names of synthetic consumers."""
    return np.array([f"S{number:07d}" for number in numbers])
