"""Segments by footprints: a vector for each consumer from all of its days, and k-means of the vectors."""

from __future__ import annotations

import functools
import logging

import numpy as np

from crocs_cli.errors import CallError
from crocs_cli.machine import files
from crocs_cli.machine.compiled import must_compile
from crocs_cli.machine.files import Arrays
from crocs_cli.machine.memory import Needs, require
from crocs_cli.machine.shards import recipe, shard_products
from crocs_cli.machine.team import Team
from crocs_cli.machine.threads import available_threads
from crocs_cli.machine.work import Product, all_made, bring_up_to_date, is_made
from crocs_cli.maths.clustering.kmeans import centres_of, settled
from crocs_cli.maths.clustering.sampling import draw_sample
from crocs_cli.maths.clustering.validity import Indices
from crocs_cli.maths.distances.profiles import normalise
from crocs_cli.maths.footprints.fit import CONSUMERS, Fitting, fit, suited
from crocs_cli.maths.footprints.segments import Segments, distances, segments
from crocs_cli.maths.footprints.vectors import FootprintMaps, vectors
from crocs_cli.rundir import memory
from crocs_cli.rundir.excerpts import some_consumers
from crocs_cli.rundir.layouts import FOOTPRINT, PARTITION, PROFILES, VECTORS
from crocs_cli.rundir.run import Run
from crocs_cli.rundir.settings import Stage2Settings
from crocs_cli.stages import continuity

JUDGED = 20_000  # consumers from whose distances the indices are computed; more are sampled
BLOCK = 4096

log = logging.getLogger("crocs")


def cluster(run: Run, settings: Stage2Settings, seed: int, team: Team) -> bool:
    """Make RUN/footprint.h5, RUN/vectors/NNNNN.h5 and, once all are there, RUN/partitions/K.h5.

    Returns whether all wanted partitions are there; they are not while vectors of other shares are missing.
    """
    profiles = run.profiles()
    made_by = recipe("stage2", "footprint", of_maps(settings, seed), {"profiles": profiles.digest()})
    maps = Product(run / "footprint.h5", FOOTPRINT, made_by)
    if team.leads and must_compile("vectors"):
        log.info("stage2: compiling for this machine, once; this takes some ten seconds")
    if team.leads:  # of every share: who comes first makes it, and all would make the same
        needs = functools.partial(_needs, run)
        bring_up_to_date([maps], lambda _: fitted(run, settings, seed), Team(), "stage2 footprint", needs)
    team.wait()
    products = vector_products(run, settings, files.digest(made_by))
    turn = Turn(read_maps(run), settings.footprint.normalise)

    def make(product: Product) -> Arrays:
        read = profiles.read(product.key, ("consumer_id", "day_offset", "energy_kwh"))
        return {"consumer_id": read["consumer_id"], "vector": turn.of(read)}

    bring_up_to_date(products, make, team, "stage2 vectors", functools.partial(_needs, run))
    if team.leads and all_made(products):
        _partition(run, settings, seed)
    team.wait()
    return all(run.partition_path(k).exists() for k in settings.clusters)


class Turn:
    """Turns the days of consumers into their vectors."""

    def __init__(self, maps: FootprintMaps, normalisation: str) -> None:
        self._maps, self._normalise, self._threads = maps, normalisation, available_threads()

    def of(self, read: Arrays) -> np.ndarray:
        """Return the vectors (n, d) float32 of the consumers of a profile file."""
        days = normalise(read["energy_kwh"], self._normalise).astype(np.float32)
        return vectors(self._maps, days, read["day_offset"], self._threads)


def of_maps(settings: Stage2Settings, seed: int) -> dict[str, object]:
    """Return the settings that the maps depend on, as a recipe has them."""
    return settings.footprint.model_dump(mode="json") | {"seed": seed}


def fitted(run: Run, settings: Stage2Settings, seed: int) -> Arrays:
    """Fit the maps to some consumers; return their arrays."""
    days, offset, consumers = sample_of_days(run, settings.footprint.normalise, seed)
    maps = fit(days, offset, fitting(settings, consumers, len(days)), seed, available_threads())
    return maps._asdict() | {"radius": maps.radius.reshape(1)}


def fitting(settings: Stage2Settings, consumers: int, days: int) -> Fitting:
    """Return how maps are fitted to so many consumers and days."""
    how = settings.footprint
    landmarks = suited(consumers, 1).landmarks if how.landmarks == "auto" else how.landmarks
    return Fitting(min(landmarks, days), how.components, how.shrink, how.clip)


def sample_of_days(run: Run, how: str, seed: int) -> tuple[np.ndarray, np.ndarray, int]:
    """Return normalised days (days, slots) float32 of some consumers, whose they are, and how many there are.

    At most CONSUMERS of all, and fewer where they have more than memory.MOST_DAYS days together.
    """
    profiles = run.profiles()
    shapes = [files.shapes(profiles.path(key), PROFILES) for key in profiles]
    count, days = sum(s["consumer_id"][0] for s in shapes), sum(s["date"][0] for s in shapes)
    chosen = draw_sample(count, min(count, CONSUMERS, max(1, memory.MOST_DAYS * count // max(days, 1))), seed)
    some = some_consumers(profiles, chosen)
    return normalise(some["energy_kwh"], how).astype(np.float32), some["day_offset"], count


def vector_products(run: Run, settings: Stage2Settings, maps: str) -> list[Product]:
    """Return the products RUN/vectors/NNNNN.h5; maps: the digest of the maps."""
    profiles = run.profiles()
    chosen = settings.footprint.model_dump(mode="json")
    recipes = [
        recipe("stage2", key, chosen, {"profiles": profiles.digest_of(key), "maps": maps}, len(profiles))
        for key in profiles
    ]
    return shard_products(run / "vectors", VECTORS, recipes)


def read_maps(run: Run) -> FootprintMaps:
    """Read the maps of a run."""
    read = files.read(run / "footprint.h5", FOOTPRINT)
    return FootprintMaps(**read | {"radius": read["radius"][0]})


def read_vectors(run: Run) -> tuple[np.ndarray, np.ndarray]:
    """Read the ids and the vectors (n, d) float32 of all consumers."""
    parts = list(run.shards(VECTORS).each())
    return np.concatenate([p["consumer_id"] for p in parts]), np.concatenate([p["vector"] for p in parts])


def _partition(run: Run, settings: Stage2Settings, seed: int) -> None:
    """Make the wanted partitions; those that are there are checked to be made alike."""
    inputs = {"vectors": run.shards(VECTORS).digest()}
    numbers = sorted({*settings.clusters, *run.partitions_there()})
    products = [
        Product(
            run.partition_path(k),
            PARTITION,
            recipe(
                "stage2",
                str(k),
                settings.of_partition(k, seed),
                inputs | continuity.inputs_of(settings.start_from, k),
            ),
        )
        for k in numbers
    ]
    wanted = [product for product in products if not is_made(product)]

    @functools.cache
    def made() -> dict[str, Arrays]:
        consumer_id, points = read_vectors(run)
        if (most := max(settings.clusters)) > len(points):
            raise CallError(f"stage2.clusters: {most} is more than the {len(points)} consumers")
        numbers = tuple(int(product.key) for product in wanted)
        found = segments(points, numbers, seed, settings.tried, available_threads())
        if start := continuity.Start(settings.start_from, consumer_id):
            found = started(points, start, found.labels, numbers)
        values = indices(points, found.labels, seed)
        return {
            str(k): {
                "consumer_id": consumer_id,
                "label": label,
                "medoid": medoids(points, label, centres),
                **each,
            }
            for k, label, centres, each in zip(numbers, found.labels, found.centres, values, strict=True)
        }

    if wanted:
        those = run.shards(VECTORS)
        shapes = [files.shapes(those.path(key), VECTORS)["vector"] for key in those]
        peak = memory.footprint_segments(sum(rows for rows, _ in shapes), shapes[0][1])
        require(Needs(peak, "use a larger machine"), "stage2 partition")
    bring_up_to_date(products, lambda product: made()[product.key], Team(), "stage2 partitions")
    continuity.write_tables(run, settings)


def started(
    points: np.ndarray, start: continuity.Start, groups: np.ndarray, clusters: tuple[int, ...]
) -> Segments:
    """Return the segments that k-means reaches from those of an earlier run, with their numbers."""
    exact = np.ascontiguousarray(points, np.float64)
    labels, losses = [], []
    for k, begun in zip(clusters, start.begun(groups, clusters), strict=True):
        end = settled(exact, centres_of(exact, begun, k))
        labels.append(end.labels)
        losses.append(end.loss)
    kept = start.kept(np.array(labels), clusters)
    centres = [centres_of(exact, label, k) for label, k in zip(kept, clusters, strict=True)]
    return Segments(kept, centres, np.array(losses))


def medoids(points: np.ndarray, label: np.ndarray, centres: np.ndarray) -> np.ndarray:
    """Return the member of each segment that is nearest to its centre: (K,) int64, the first of equals."""
    found = np.empty(len(centres), dtype=np.int64)
    for segment, centre in enumerate(centres):
        members = np.flatnonzero(label == segment)
        found[segment] = members[distances(points[members], centre[None])[:, 0].argmin()]
    return found


def indices(points: np.ndarray, labels: np.ndarray, seed: int) -> list[dict[str, np.ndarray]]:
    """Return the validity indices of partitions (partitions, n), from the distances of at most JUDGED.

    Of each partition the first members of all segments are among them.
    """
    results = []
    for label in labels:
        chosen = np.random.default_rng(seed).choice(len(points), min(len(points), JUDGED), replace=False)
        chosen = np.unique(np.concatenate([chosen, np.unique(label, return_index=True)[1]]))
        some = points[chosen]
        judged, threads = Indices(label[None, chosen]), available_threads()
        for a in range(0, len(some), BLOCK):
            for b in range(a, len(some), BLOCK):
                judged.add(a, b, distances(some[a : a + BLOCK], some[b : b + BLOCK], threads))
        [values] = judged.result(functools.partial(_among, some))
        values.pop("medoid")
        results.append(values)
    return results


def _among(points: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    return distances(points[chosen], points[chosen])


def _needs(run: Run) -> Needs:
    profiles = run.profiles()
    largest = max(profiles.path(key).stat().st_size for key in profiles)
    total = sum(profiles.path(key).stat().st_size for key in profiles)
    return Needs(memory.footprint(largest, total), "put fewer consumers into each file (--shard-size)")
