"""New consumers to existing segments, without clustering again."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from crocs_cli.errors import CrocsError
from crocs_cli.machine import files
from crocs_cli.machine.files import Arrays, Recipe
from crocs_cli.machine.layouts import ASSIGNMENTS, PARTITION, PROFILES, RLS
from crocs_cli.machine.memory import Needs
from crocs_cli.machine.run import partition_labels, recipe, shard_products, shards
from crocs_cli.machine.team import Team
from crocs_cli.machine.threads import available_threads
from crocs_cli.machine.work import Product, bring_up_to_date
from crocs_cli.maths.clustering import assignment
from crocs_cli.maths.distances.loadsets import LoadSets
from crocs_cli.maths.distances.profiles import window_slots
from crocs_cli.stages import footprints
from crocs_cli.stages.members import size_of_sets, stage1_settings
from crocs_cli.stages.settings import AssignSettings, Stage1Settings, Stage2Settings

# days of history for which it is learned how far members then lie; a consumer takes the next lower one
HISTORIES = (1, 2, 3, 5, 7, 10, 14, 20, 30, 45, 60, 90, 120, 180, 270, 365)


@dataclass(frozen=True)
class Model:
    """The run whose segments are used: where it is, and how its partition was made."""

    run: Path
    made_by: Recipe

    @property
    def seed(self) -> int:
        """The seed that the model was made with."""
        return int(self.made_by["settings"]["seed"])

    def stage1(self) -> Stage1Settings:
        """Return how its consumers' load sets were made: new ones must be made alike."""
        return stage1_settings(self.run)

    def stage2(self) -> Stage2Settings:
        """Return how its load sets were compared."""
        settings = self.made_by["settings"]
        return Stage2Settings.model_validate({k: v for k, v in settings.items() if k != "seed"})

    def load_sets(self, read: Arrays) -> LoadSets:
        """Return load sets from the arrays of an RLS file, normalised as the partition's were."""
        sets = LoadSets(read["prototype"], read["days"], read["prototype_offset"])
        return sets.normalised(self.stage2().normalise_prototypes)


def open_model(settings: AssignSettings) -> Model:
    """Find the model; raise CrocsError when there is none, or it has no such partition."""
    if settings.model is None:
        raise CrocsError("assign.model: no model named; give --model RUN, a run that has a partition")
    run = Path(settings.model)
    partition_labels(run, settings.clusters)
    return Model(run, files.read_recipe(run / "partition.h5", PARTITION))


def run(
    run: Path, model: Model, settings: AssignSettings, team: Team, load_sets: Callable[[Arrays], Arrays]
) -> tuple[int, int]:
    """Make RUN/assignments/NNNNN.h5 from RUN/rls; return how many consumers, and how many unlike all.

    load_sets: makes load sets of profiles, as stage 1 made the model's. Counts are of the shards that are
    there when this process is done.
    """
    profiles = shards(run / "profiles", PROFILES)
    chosen = {"clusters": settings.clusters}
    model_digest = files.digest(model.made_by)
    recipes = [
        recipe(
            "assign", key, chosen, {"profiles": files.digest(made_by), "model": model_digest}, len(profiles)
        )
        for key, made_by in profiles.items()
    ]
    products = shard_products(run / "assignments", ASSIGNMENTS, recipes)
    assigner = Assigner(model, settings.clusters, load_sets)

    def make(product: Product) -> Arrays:
        return assigner.make(run / "rls" / product.path.name)

    bring_up_to_date(products, make, team, "assign", functools.partial(needs, model))
    made = [product for product in products if product.path.exists()]
    alike = [files.read(product.path, ASSIGNMENTS, ("alike",))["alike"] for product in made]
    return sum(map(len, alike)), sum(int((each.sum(axis=1) == 0).sum()) for each in alike)


def needs(model: Model) -> Needs:
    """Return what comparing new consumers with those of a model needs."""
    prototypes, slots = size_of_sets(model.run)
    profiles = model.run / "profiles"
    largest = max((profiles / f"{key}.h5").stat().st_size for key in shards(profiles, PROFILES))
    return Needs(footprints.assign(prototypes, slots, largest), "use a larger machine")


class Assigner:
    """Compares load sets of new consumers with the segments of a model, all read when first needed."""

    def __init__(self, model: Model, clusters: int, load_sets: Callable[[Arrays], Arrays]) -> None:
        self._model, self._load_sets = model, load_sets
        self._label = partition_labels(model.run, clusters)[1]
        self._drawn = assignment.draw(self._label, model.seed)
        self._limits: dict[int, np.ndarray] = {}

    def make(self, path: Path) -> Arrays:
        """Return the arrays of one assignment file from an RLS file."""
        read = files.read(path, RLS)
        new = self._model.load_sets(read)
        limit = np.stack([self._limit(self._history(days)) for days in new.sum_per_consumer(new.days)])
        found = assignment.assign(self._segments, new, limit, self._comparison)
        return {"consumer_id": read["consumer_id"], **found._asdict()}

    @functools.cached_property
    def _members(self) -> LoadSets:
        folder = self._model.run / "rls"
        parts = [self._model.load_sets(files.read(folder / f"{key}.h5", RLS)) for key in shards(folder, RLS)]
        return LoadSets.concatenate(parts)

    @functools.cached_property
    def _comparison(self) -> assignment.Comparison:
        compared = self._model.stage2()
        window = window_slots(compared.window, self._members.prototypes.shape[1])
        return assignment.Comparison(compared.distance, window, available_threads())

    @functools.cached_property
    def _segments(self) -> assignment.Segments:
        references = self._members.take(self._drawn.references)
        return assignment.describe(references, self._drawn.offset, self._comparison)

    @functools.cached_property
    def _typical_days(self) -> float:
        return float(np.median(self._members.sum_per_consumer(self._members.days)))

    def _history(self, days: int) -> int:
        """Return of how many days the members are that a consumer is judged by; 0 is all their days."""
        if days >= self._typical_days:
            return 0
        return int(max(level for level in HISTORIES if level <= max(1, days)))

    def _limit(self, history: int) -> np.ndarray:
        """Return how far is too far, (K,), for consumers of whom so many days are known."""
        if history not in self._limits:
            judges = self._short_histories(history) if history else self._members.take(self._drawn.judges)
            self._limits[history] = assignment.limits(self._segments, self._drawn, judges, self._comparison)
        return self._limits[history]

    def _short_histories(self, history: int) -> LoadSets:
        """Make load sets of the judges as if only some days of them, one after another, were known."""
        order = self._drawn.judges.argsort()
        parts, first = [], 0
        for key in shards(self._model.run / "profiles", PROFILES):
            read = files.read(self._model.run / "profiles" / f"{key}.h5", PROFILES)
            last = first + len(read["consumer_id"])
            judges = self._drawn.judges[order]
            here = judges[(judges >= first) & (judges < last)] - first
            if len(here):
                short = excerpt(read, here, history, self._model.seed)
                parts.append(self._model.load_sets(self._load_sets(short)))
            first = last
        return LoadSets.concatenate(parts).take(order.argsort())


def excerpt(profiles: Arrays, consumers: np.ndarray, days: int, seed: int) -> Arrays:
    """Return the arrays of a profile file of some consumers, with a run of at most so many days of each."""
    random = np.random.default_rng([seed, days])
    rows, counts = [], []
    for consumer in consumers:
        first, last = profiles["day_offset"][consumer : consumer + 2]
        count = min(days, last - first)
        start = first + random.integers(last - first - count + 1)
        rows.append(np.arange(start, start + count))
        counts.append(count)
    row = np.concatenate(rows)
    return profiles | {
        "consumer_id": profiles["consumer_id"][consumers],
        "day_offset": np.concatenate([[0], np.cumsum(counts)]),
        "date": profiles["date"][row],
        "energy_kwh": profiles["energy_kwh"][row],
    }
