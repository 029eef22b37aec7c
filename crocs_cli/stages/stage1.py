"""Stage 1: each consumer's daily load profiles become its representative load set."""

from __future__ import annotations

import logging
from functools import partial

import numpy as np

from crocs_cli.machine.compiled import must_compile
from crocs_cli.machine.files import Arrays
from crocs_cli.machine.memory import Needs
from crocs_cli.machine.shards import Shards, recipe, shard_products
from crocs_cli.machine.team import Team
from crocs_cli.machine.threads import available_threads
from crocs_cli.machine.work import Product, bring_up_to_date
from crocs_cli.maths.clustering.represent import DayClustering, represent
from crocs_cli.maths.distances.profiles import normalise, window_slots
from crocs_cli.rundir import memory
from crocs_cli.rundir.layouts import RLS
from crocs_cli.rundir.meaning import DAYS, Meaning
from crocs_cli.rundir.run import Run
from crocs_cli.rundir.settings import Stage1Settings

log = logging.getLogger("crocs")


def run(run: Run, settings: Stage1Settings, seed: int, team: Team) -> int:
    """Make RUN/rls/NNNNN.h5 from RUN/profiles/NNNNN.h5; return how many shards the run has."""
    profiles, meaning = run.profiles(), run.meaning()
    settings = meaning.settled(settings, "stage1")
    chosen = settings.model_dump(mode="json") | {"seed": seed}
    recipes = [
        recipe("stage1", key, chosen, {"profiles": profiles.digest_of(key)}, len(profiles)) | meaning.said()
        for key in profiles
    ]
    threads = available_threads()

    def make(product: Product) -> Arrays:
        return load_sets(profiles.read(product.key), settings, [seed, int(product.key)], threads, meaning)

    products = shard_products(run / "rls", RLS, recipes)
    if team.leads and must_compile("represent"):
        log.info("stage1: compiling for this machine, once; this takes some ten seconds")
    bring_up_to_date(products, make, team, "stage1", partial(needs, profiles))
    return len(products)


def needs(profiles: Shards) -> Needs:
    """Return what the load sets of the largest file of profiles need."""
    peak = memory.stage1(max(profiles.path(key).stat().st_size for key in profiles))
    return Needs(peak, "put fewer consumers into each file of profiles (--shard-size)")


def load_sets(
    profiles: Arrays, settings: Stage1Settings, seed: list[int], threads: int, meaning: Meaning = DAYS
) -> Arrays:
    """Return the arrays of an RLS file from those of a profile file: of days unless told otherwise."""
    energy, offset = profiles["energy_kwh"], profiles["day_offset"]
    days = np.diff(offset)
    how = DayClustering(
        settings.algorithm,
        settings.auto_range if settings.prototypes == "auto" else settings.prototypes,
        window_slots(settings.window, energy.shape[1], meaning.minutes),
    )
    sets = represent(normalise(energy, settings.normalise), offset, how, seed, threads)
    if settings.prototypes != "auto" and (few := int((days < settings.prototypes).sum())):
        said = "%d consumers have fewer than %d %s: each %s is a prototype"
        log.info(said, few, settings.prototypes, meaning.plural, meaning.period)
    total_kwh = np.bincount(np.repeat(np.arange(len(days)), days), meaning.amounts(energy), len(days))
    return {
        "consumer_id": profiles["consumer_id"],
        "prototype_offset": sets.offset,
        "medoid": sets.prototypes,
        "mean": sets.means,
        "days": sets.days,
        "medoid_date": profiles["date"][sets.medoid_row],
        "mean_daily_kwh": total_kwh / np.maximum(days, 1),
        "day_offset": offset,
        "date": profiles["date"],
        "day_prototype": sets.day_label,
    }
