"""New consumers to existing segments, without clustering again."""

from __future__ import annotations

import functools
from collections.abc import Iterator

import numpy as np

from crocs_cli.errors import CrocsError
from crocs_cli.machine import files
from crocs_cli.machine.files import Arrays
from crocs_cli.machine.memory import Needs
from crocs_cli.machine.shards import recipe, shard_products
from crocs_cli.machine.team import Team
from crocs_cli.machine.work import Product, bring_up_to_date
from crocs_cli.maths.clustering import assignment
from crocs_cli.maths.clustering.kmeans import centres_of
from crocs_cli.maths.distances.loadsets import LoadSets
from crocs_cli.maths.footprints.segments import distances
from crocs_cli.report import naming
from crocs_cli.rundir import memory
from crocs_cli.rundir.excerpts import excerpt
from crocs_cli.rundir.layouts import ASSIGNMENTS, RLS
from crocs_cli.rundir.run import Run
from crocs_cli.rundir.settings import AssignSettings
from crocs_cli.stages import footprint, stage1

# days of history for which it is learned how far members then lie; a consumer takes the next lower one
HISTORIES = (1, 2, 3, 5, 7, 10, 14, 20, 30, 45, 60, 90, 120, 180, 270, 365)


def run(run: Run, settings: AssignSettings, team: Team) -> tuple[int, int]:
    """Make RUN/rls as the model's were made, and RUN/assignments/NNNNN.h5.

    Returns how many consumers there are, and how many are unlike all segments, in the shards that are there
    when this process is done.
    """
    if settings.model is None:
        raise CrocsError("assign.model: no model named; give --model RUN, a run that has a partition")
    return assign(run, Run(settings.model), settings.clusters, team)


def assign(run: Run, model: Run, clusters: int, team: Team) -> tuple[int, int]:
    """Assign the consumers of a run to the segments of a model. See `run`."""
    made_by, (compared, seed) = model.partition_recipe(clusters), model.made_with(clusters)
    model.meaning().check_same(run.meaning(), run)
    if compared.distance != "footprint" or (model / "rls").exists():
        stage1.run(run, model.stage1_settings(), seed, team)
    profiles = run.profiles()
    inputs = {"model": files.digest(made_by)}
    recipes = [
        recipe(
            "assign",
            key,
            {"clusters": clusters},
            inputs | {"profiles": profiles.digest_of(key)},
            len(profiles),
        )
        for key in profiles
    ]
    products = shard_products(run / "assignments", ASSIGNMENTS, recipes)
    by_vectors = compared.distance == "footprint"
    assigner = (Footprinter if by_vectors else Assigner)(model, clusters)

    def make(product: Product) -> Arrays:
        if by_vectors:
            return assigner.make(profiles.read(product.key))
        return assigner.make(files.read(run / "rls" / product.path.name, RLS))  # the others are other shares'

    bring_up_to_date(products, make, team, "assign", functools.partial(needs, model))
    if team.leads:
        naming.keep_those_of(run, model, clusters)
    made = [product for product in products if product.path.exists()]
    alike = [files.read(product.path, ASSIGNMENTS, ("alike",))["alike"] for product in made]
    return sum(map(len, alike)), sum(int((each.sum(axis=1) == 0).sum()) for each in alike)


def needs(model: Run) -> Needs:
    """Return what comparing new consumers with those of a model needs."""
    profiles = model.profiles()
    largest = max(profiles.path(key).stat().st_size for key in profiles)
    prototypes, slots = model.size_of_sets() if (model / "rls").exists() else (0, 1)
    return Needs(memory.assign(prototypes, slots, largest), "use a larger machine")


class Assigner:
    """Compares load sets of new consumers with the segments of a model, all read when first needed."""

    def __init__(self, model: Run, clusters: int) -> None:
        self._model, self._clusters = model, clusters
        self._seed = model.made_with(clusters)[1]
        self._drawn = assignment.draw(model.labels(clusters)[1], self._seed)
        self._comparison = model.comparison(clusters)
        self._limits: dict[int, np.ndarray] = {}

    def make(self, read: Arrays) -> Arrays:
        """Return the arrays of one assignment file from those of an RLS file."""
        new = self._comparison.sets_of(read)
        histories = [history_of(days, self._typical_days) for days in new.sum_per_consumer(new.days)]
        limit = np.stack([self._limit(history) for history in histories])
        found = assignment.assign(self._segments, new, limit, self._comparison)
        return {"consumer_id": read["consumer_id"], **found._asdict()}

    @functools.cached_property
    def _members(self) -> LoadSets:
        return self._model.members(self._clusters).sets

    @functools.cached_property
    def _segments(self) -> assignment.Segments:
        references = self._members.take(self._drawn.references)
        return assignment.describe(references, self._drawn.offset, self._comparison)

    @functools.cached_property
    def _typical_days(self) -> float:
        return float(np.median(self._members.sum_per_consumer(self._members.days)))

    def _limit(self, history: int) -> np.ndarray:
        """Return how far is too far, (K,), for consumers of whom so many days are known."""
        if history not in self._limits:
            judges = self._short_histories(history) if history else self._members.take(self._drawn.judges)
            self._limits[history] = assignment.limits(self._segments, self._drawn, judges, self._comparison)
        return self._limits[history]

    def _short_histories(self, history: int) -> LoadSets:
        """Make load sets of the judges as if only some days of them, one after another, were known."""
        order = self._drawn.judges.argsort()
        settings, threads = self._model.stage1_settings(), self._comparison.threads
        parts = []
        for read, here in judges_of(self._model, self._drawn.judges[order]):
            short = some_days(read, here, history, self._seed)
            known = stage1.load_sets(short, settings, [self._seed, 0], threads, self._model.meaning())
            parts.append(self._comparison.sets_of(known))
        return LoadSets.concatenate(parts).take(order.argsort())


class Footprinter:
    """Compares new consumers with the segments of a model by their vectors: no pairs, all from its maps."""

    def __init__(self, model: Run, clusters: int) -> None:
        settings, self._seed = model.made_with(clusters)
        self._model = model
        self._turn = footprint.Turn(footprint.read_maps(model), settings.footprint.normalise)
        _, points = footprint.read_vectors(model)
        label = model.labels(clusters)[1]
        self._centres = centres_of(points, label, clusters)
        self._drawn = assignment.draw(label, self._seed)
        counts = [np.diff(read["day_offset"]) for read in model.profiles().each(("day_offset",))]
        self._typical_days = float(np.median(np.concatenate(counts)))
        self._limits: dict[int, np.ndarray] = {}

    def make(self, read: Arrays) -> Arrays:
        """Return the arrays of one assignment file from those of a profile file."""
        distance = self._distances(read)
        histories = [history_of(days, self._typical_days) for days in np.diff(read["day_offset"])]
        limit = np.stack([self._limit(history) for history in histories])
        return {"consumer_id": read["consumer_id"], **assignment.nearest(distance, limit)._asdict()}

    def _distances(self, read: Arrays) -> np.ndarray:
        return distances(self._turn.of(read), self._centres).astype(np.float64)

    def _limit(self, history: int) -> np.ndarray:
        """Return how far is too far, (K,), for consumers of whom so many days are known."""
        if history not in self._limits:
            found, order = [], self._drawn.judges.argsort()
            for read, here in judges_of(self._model, self._drawn.judges[order]):
                days = some_days(read, here, history or int(np.diff(read["day_offset"]).max()), self._seed)
                found.append(self._distances(days))
            distance = np.concatenate(found)[order.argsort()]
            own = distance[np.arange(len(distance)), self._drawn.judge_label]
            self._limits[history] = assignment.reach(own, self._drawn.judge_label, len(self._centres))
        return self._limits[history]


def history_of(days: int, typical_days: float) -> int:
    """Return of how many days the members are that a consumer is judged by; 0 is all their days."""
    if days >= typical_days:
        return 0
    return int(max(level for level in HISTORIES if level <= max(1, days)))


def judges_of(model: Run, judges: np.ndarray) -> Iterator[tuple[Arrays, np.ndarray]]:
    """Yield each profile file of a model with the places of its judges; judges: rising numbers."""
    first = 0
    for read in model.profiles().each():
        last = first + len(read["consumer_id"])
        here = judges[(judges >= first) & (judges < last)] - first
        if len(here):
            yield read, here
        first = last


def some_days(profiles: Arrays, consumers: np.ndarray, days: int, seed: int) -> Arrays:
    """Return the arrays of a profile file of some consumers, with a run of at most so many days of each."""
    random = np.random.default_rng([seed, days])
    rows = []
    for consumer in consumers:
        first, last = profiles["day_offset"][consumer : consumer + 2]
        count = min(days, last - first)
        start = first + random.integers(last - first - count + 1)
        rows.append(np.arange(start, start + count))
    return excerpt(profiles, consumers, rows)
