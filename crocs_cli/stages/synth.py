"""Synthetic populations as profile shards, with their truth beside them."""

from __future__ import annotations

import datetime as dt

import numpy as np

from crocs_cli.machine.files import Arrays
from crocs_cli.machine.memory import Needs
from crocs_cli.machine.shards import recipe, shard_key, shard_products
from crocs_cli.machine.team import Team
from crocs_cli.machine.work import Product, bring_up_to_date
from crocs_cli.maths.readings.quality import COUNTS
from crocs_cli.maths.synthetic.generator import SLOTS
from crocs_cli.maths.synthetic.population import Population, cluster_behaviours
from crocs_cli.rundir import memory
from crocs_cli.rundir.layouts import PROFILES, TRUTH
from crocs_cli.rundir.run import Run
from crocs_cli.rundir.settings import SynthSettings

FIRST_DAY = (dt.date(2013, 1, 1) - dt.date(1970, 1, 1)).days


def run(run: Run, settings: SynthSettings, seed: int, team: Team) -> int:
    """Make the shards of truth and of profiles; return how many shards the population has."""
    parts = -(-settings.consumers // settings.shard_size)
    drawn = settings.model_dump(mode="json") | {"seed": seed}
    recipes = [recipe("synth", shard_key(number), drawn, {}, parts) for number in range(parts)]
    markov = settings.sequence == "markov"
    people = Population(
        settings.consumers,
        settings.days,
        settings.outliers,
        settings.outlier_consumers,
        markov,
        seed,
        cluster_behaviours(settings.clusters, settings.shapes, markov, seed),
    )

    def members(product: Product) -> range:
        first = int(product.key) * settings.shard_size
        return range(first, min(first + settings.shard_size, settings.consumers))

    file = memory.profiles(min(settings.consumers, settings.shard_size), settings.days, SLOTS)

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
    quality = np.zeros((len(numbers), len(COUNTS)), dtype=np.int64)
    quality[:, COUNTS.index("readings")] = people.days * SLOTS
    quality[:, [COUNTS.index("days_present"), COUNTS.index("days_used")]] = people.days
    energy_kwh = np.empty((len(numbers), people.days, SLOTS), dtype=np.float32)
    for own, number in zip(energy_kwh, numbers, strict=True):
        own[:] = people.energy_kwh(number)
    return {
        "consumer_id": consumer_ids(numbers),
        "day_offset": people.days * np.arange(len(numbers) + 1),
        "date": np.tile(FIRST_DAY + np.arange(people.days), len(numbers)),
        "energy_kwh": energy_kwh.reshape(-1, SLOTS),
        "meter_id": consumer_ids(numbers),
        "quality": quality,
    }


def consumer_ids(numbers: range) -> np.ndarray:
    """Return the names of synthetic consumers."""
    return np.array([f"S{number:07d}" for number in numbers])
