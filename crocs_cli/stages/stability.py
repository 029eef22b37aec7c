"""Measure how far each partition is found again: from other days, among other consumers, in subsamples."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from crocs_cli.machine import files
from crocs_cli.machine.files import Arrays
from crocs_cli.machine.memory import Needs
from crocs_cli.machine.progress import Progress
from crocs_cli.machine.shards import recipe
from crocs_cli.machine.team import Team
from crocs_cli.machine.threads import available_threads
from crocs_cli.machine.work import Product, bring_up_to_date
from crocs_cli.maths.clustering.cuts import canonical, cut
from crocs_cli.maths.clustering.exchange import refined
from crocs_cli.maths.clustering.medoids import kmedoids_partition
from crocs_cli.maths.clustering.prediction import placed, strengths
from crocs_cli.maths.clustering.sampling import draw_sample
from crocs_cli.maths.clustering.scores import adjusted_rand, kappa, scores
from crocs_cli.maths.clustering.stability import best_overlaps
from crocs_cli.maths.distances.loadsets import LoadSets
from crocs_cli.maths.distances.profiles import normalise
from crocs_cli.maths.footprints.fit import fit
from crocs_cli.maths.footprints.segments import distances
from crocs_cli.maths.ward.linkage import ward
from crocs_cli.report.words import recommendation
from crocs_cli.rundir import memory
from crocs_cli.rundir.excerpts import excerpt, some_consumers
from crocs_cli.rundir.layouts import STABILITY
from crocs_cli.rundir.run import Run, comparison_of
from crocs_cli.rundir.settings import StabilitySettings, Stage2Settings
from crocs_cli.stages import stage1
from crocs_cli.stages.footprint import Turn, fitting


@dataclass(frozen=True)
class Way:
    """The run's way of comparing consumers, fitted to the days of some.

    turn: gives what stands for consumers from the arrays of a profile file; between: gives the distances
    (n, m) float32 of two such.
    """

    turn: Callable[[Arrays], Any]
    between: Callable[[Any, Any], np.ndarray]


def run(run: Run, settings: StabilitySettings, seed: int, team: Team) -> dict[int, Arrays]:
    """Make RUN/stability/K.h5 of every partition of a run; return {K: its arrays} of those that are there.

    The run's own settings are used on at most `settings.consumers` of its consumers. Each file is of one
    number of segments, whatever the others, and shares divide the numbers.
    """
    chosen = settings.model_dump(mode="json") | {"seed": seed}
    products = []
    for k in run.partitions():
        inputs = {"partition": files.digest(run.partition_recipe(k)), "profiles": run.profiles().digest()}
        products.append(
            Product(run.stability_path(k), STABILITY, recipe("stability", str(k), chosen, inputs))
        )
    measure = functools.cache(functools.partial(Measure, run, settings, seed))
    bring_up_to_date(
        products,
        lambda product: measure().of(int(product.key)),
        team,
        "stability",
        lambda: needs(run, settings),
    )
    return {
        int(product.key): files.read(product.path, STABILITY) for product in products if product.path.exists()
    }


def advice(found: dict[int, Arrays]) -> str:
    """Return which number of segments is recommended, and why."""
    return recommendation(list(found), [float(measured["strength"].mean()) for measured in found.values()])


def needs(run: Run, settings: StabilitySettings) -> Needs:
    """Return what clustering some consumers again needs."""
    profiles = run.profiles()
    largest = max(profiles.path(key).stat().st_size for key in profiles)
    return Needs(memory.stability(settings.consumers, largest), "measure it on fewer --consumers")


class Measure:
    """Some consumers of a run, compared in the run's way by all of their days, and by halves of them."""

    def __init__(self, run: Run, settings: StabilitySettings, seed: int) -> None:
        numbers = run.partitions()
        self._run, self._settings, self._seed = run, settings, seed
        self._compared = run.made_with(numbers[0])[0]
        count = len(run.labels(numbers[0])[1])
        self._chosen = draw_sample(count, min(count, settings.consumers), seed)
        self._days = some_consumers(run.profiles(), self._chosen)
        way = self._fitted(self._days)
        self._all = way.turn(self._days)
        self._square = way.between(self._all, self._all)

    def of(self, clusters: int) -> Arrays:
        """Return what is known of the partition into so many segments."""
        label = self._run.labels(clusters)[1][self._chosen]
        strength = strengths(
            lambda some: self._square[np.ix_(some, some)],
            len(self._chosen),
            (clusters,),
            lambda square, numbers: np.array([self._segments(square, k) for k in numbers]),
            self._seed,
            self._settings.draws,
        )[0]
        return {"strength": strength, **self._other_days(clusters), **self._subsamples(label, clusters)}

    def _segments(self, square: np.ndarray, clusters: int) -> np.ndarray:
        """Cluster some consumers by the run's settings: labels (n,); square: (n, n)."""
        how = self._compared
        if how.distance != "footprint" and how.algorithm == "kmedoids":
            return kmedoids_partition(square, clusters, self._seed, how.tried)
        labels = cut(ward(square), clusters)
        if how.distance != "footprint" and not how.exchanges:
            return labels
        seed, threads = [self._seed, clusters], available_threads()
        return canonical(refined(square, labels, clusters, how.tried, seed, threads)[0])

    @functools.cached_property
    def _halves(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The distances among consumers by every other day, by the rest, and of the rest to the former.

        Consumers of a single day have no rest, and are left out.
        """
        offset = self._days["day_offset"]
        some = np.flatnonzero(np.diff(offset) > 1)
        rows = [np.arange(*offset[consumer : consumer + 2]) for consumer in some]
        first, rest = (excerpt(self._days, some, [own[half::2] for own in rows]) for half in (0, 1))
        ways = self._fitted(first), self._fitted(rest)
        one, other = ways[0].turn(first), ways[1].turn(rest)
        across = ways[0].between(ways[0].turn(rest), one)
        return ways[0].between(one, one), ways[1].between(other, other), across

    def _other_days(self, clusters: int) -> dict[str, list[float]]:
        """Compare the partitions of both halves of the days."""
        one, other, across = self._halves
        if len(one) < max(2, clusters):
            return {name: [np.nan] for name in ("days_ari", "days_ami", "days_kappa", "days_largest")}
        labels, again = self._segments(one, clusters), self._segments(other, clusters)
        agreement = scores(labels, again)
        return {
            "days_ari": [agreement["ari"]],
            "days_ami": [agreement["ami"]],
            "days_kappa": [kappa(labels, placed(across, one, labels))],
            "days_largest": [float(np.bincount(labels).max() / len(labels))],
        }

    def _subsamples(self, label: np.ndarray, clusters: int) -> Arrays:
        """Cluster subsamples, and compare each with the run's own segments of the same consumers."""
        m = len(label)
        size = max(int(self._settings.part * m), min(clusters, m))
        ari, overlaps = [], []
        with Progress(f"stability {clusters}", self._settings.samples) as progress:
            for sample in range(self._settings.samples):
                drawn = np.sort(np.random.default_rng([self._seed, sample]).permutation(m)[:size])
                again = self._segments(self._square[np.ix_(drawn, drawn)], clusters)
                ari.append(adjusted_rand(label[drawn], again))
                overlaps.append(best_overlaps(label[drawn], again, clusters))
                progress.advance()
        with np.errstate(invalid="ignore"):
            known = np.isfinite(overlaps).sum(axis=0)
            jaccard = np.divide(np.nansum(overlaps, axis=0), known)
        return {"ari": np.array(ari), "jaccard": jaccard}

    def _fitted(self, days: Arrays) -> Way:
        """Return the run's way of comparing consumers, fitted to some days where it is fitted at all."""
        threads = available_threads()
        if self._compared.distance == "footprint":
            return by_vectors(self._compared, days, self._seed, threads)
        settings = self._run.stage1_settings()
        meaning = self._run.meaning()
        comparison = comparison_of(self._compared, days["energy_kwh"].shape[1], meaning)

        def turn(some: Arrays) -> LoadSets:
            made = stage1.load_sets(some, settings, [self._seed, 0], threads, meaning)
            return comparison.sets_of(made)

        return Way(turn, comparison.between)


def by_vectors(compared: Stage2Settings, days: Arrays, seed: int, threads: int) -> Way:
    """Return the comparison by footprints whose maps are fitted to some days."""
    profiles = normalise(days["energy_kwh"], compared.footprint.normalise).astype(np.float32)
    how = fitting(compared, len(days["consumer_id"]), len(profiles))
    maps = fit(profiles, days["day_offset"], how, seed, threads)
    return Way(Turn(maps, compared.footprint.normalise).of, distances)
