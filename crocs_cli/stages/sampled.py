"""Stage 2 for very many consumers: a sample is clustered exactly, the others join its clusters.

RUN/sample is a run directory of its own, whose load sets are those of the sampled consumers; stage 2 clusters
it as any other. Then everybody of RUN gets a place in its clusters.
"""

from __future__ import annotations

import functools
from pathlib import Path

import numpy as np

from crocs_cli.machine import files
from crocs_cli.machine.files import Arrays
from crocs_cli.machine.layouts import PARTITION, RLS, SAMPLED
from crocs_cli.machine.run import load_sets_digest, recipe, shard_key, shards
from crocs_cli.machine.team import Team
from crocs_cli.machine.threads import available_threads
from crocs_cli.machine.work import Product, bring_up_to_date
from crocs_cli.maths.clustering.assignment import Comparison, Segments
from crocs_cli.maths.clustering.sampling import NOT_CLUSTERED, Places, centres, draw_sample, place, renumbered
from crocs_cli.maths.distances.loadsets import LoadSets, take_rows
from crocs_cli.maths.distances.profiles import window_slots
from crocs_cli.stages.settings import Stage2Settings

OF_PROTOTYPES, OF_DAYS = ("prototype", "days", "medoid_date"), ("date", "day_prototype")


def draw(run: Path, settings: Stage2Settings, seed: int, team: Team) -> Path:
    """Make RUN/sample/rls/00000.h5, the load sets of the sampled consumers; return RUN/sample."""
    inputs = {"rls": load_sets_digest(run)}
    made_by = recipe("stage2", shard_key(0), {"sample": settings.sample, "seed": seed}, inputs)
    product = Product(run / "sample" / "rls" / f"{shard_key(0)}.h5", RLS, made_by)
    if team.leads:  # of every share: who comes first makes it, and all would make the same
        bring_up_to_date([product], lambda _: sample_arrays(run, settings, seed), Team(), "stage2 sample")
    team.wait()
    return run / "sample"


def sample_arrays(run: Path, settings: Stage2Settings, seed: int) -> Arrays:
    """Return the arrays of an RLS file that holds the sampled consumers only."""
    chosen = chosen_consumers(run, settings, seed)
    parts, first = [], 0
    for key in shards(run / "rls", RLS):
        read = files.read(run / "rls" / f"{key}.h5", RLS)
        last = first + len(read["consumer_id"])
        here = chosen[slice(*np.searchsorted(chosen, (first, last)))] - first
        parts.append(_excerpt(read, here))
        first = last
    joined = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    for offset in ("prototype_offset", "day_offset"):  # as lengths up to here
        joined[offset] = np.concatenate([[0], np.cumsum(joined[offset])])
    return joined


def chosen_consumers(run: Path, settings: Stage2Settings, seed: int) -> np.ndarray:
    """Return the numbers of the sampled consumers in rising order; all where they are no more."""
    counts = [files.shapes(run / "rls" / f"{k}.h5", RLS)["consumer_id"][0] for k in shards(run / "rls", RLS)]
    return draw_sample(sum(counts), min(settings.sample or sum(counts), sum(counts)), seed)


def join(run: Path, settings: Stage2Settings, seed: int, team: Team) -> Path:
    """Make RUN/sampled.h5 and RUN/partition.h5 from RUN/rls and RUN/sample/partition.h5."""
    source = run / "sample" / "partition.h5"
    inputs = {"sample": files.digest(files.read_recipe(source, PARTITION))}
    chosen = settings.model_dump(mode="json") | {"seed": seed}
    sampled = Product(run / "sampled.h5", SAMPLED, recipe("stage2", "sampled", chosen, inputs))
    partition = Product(run / "partition.h5", PARTITION, recipe("stage2", "partition", chosen, inputs))

    @functools.cache
    def made() -> dict[str, Arrays]:
        return everyone(run, settings, seed)

    if team.leads:
        products = [sampled, partition]
        bring_up_to_date(products, lambda product: made()[product.key], Team(), "stage2 join")
    team.wait()
    return partition.path


def everyone(run: Path, settings: Stage2Settings, seed: int) -> dict[str, Arrays]:
    """Return the arrays of `sampled` and `partition`: everybody's place in the clusters of the sample."""
    exact = files.read(run / "sample" / "partition.h5", PARTITION)
    sample, _ = _load(run / "sample" / "rls" / f"{shard_key(0)}.h5", settings)
    window = window_slots(settings.window, sample.prototypes.shape[1])
    comparison = Comparison(settings.distance, window, available_threads())
    segments = [centres(sample, label, comparison, seed) for label in exact["label"]]
    chosen = chosen_consumers(run, settings, seed)
    ids, places, first = [], [], 0
    for key in shards(run / "rls", RLS):
        sets, consumer_id = _load(run / "rls" / f"{key}.h5", settings)
        here = slice(*np.searchsorted(chosen, (first, first + len(sets))))
        known = np.full((len(segments), len(sets)), NOT_CLUSTERED)
        known[:, chosen[here] - first] = exact["label"][:, here]
        places.append(_places(sets, segments, known, comparison))
        ids.append(consumer_id)
        first += len(sets)
    return _arrays(exact, np.concatenate(ids), chosen, np.concatenate(places, axis=-1))


def _places(
    sets: LoadSets, segments: list[Segments], known: np.ndarray, comparison: Comparison
) -> np.ndarray:
    """Return label, distance and runner-up in every partition: (3, partitions, consumers) float64."""
    found = [place(sets, each, label, comparison) for each, label in zip(segments, known, strict=True)]
    return np.stack([np.stack(field) for field in zip(*found, strict=True)])


def _arrays(
    exact: Arrays, consumer_id: np.ndarray, chosen: np.ndarray, places: np.ndarray
) -> dict[str, Arrays]:
    """Number the clusters by falling size among all, and lay the results out as files."""
    found, medoids, first = Places(places[0].astype(np.int32), places[1], places[2].astype(np.int32)), [], 0
    for number, clusters in enumerate(exact["clusters"].tolist()):
        new = renumbered(found.label[number], clusters)
        found.label[number] = new[found.label[number]]
        found.runner_up[number] = np.where(found.runner_up[number] < 0, -1, new[found.runner_up[number]])
        medoids.append(chosen[exact["medoid"][first : first + clusters]][np.argsort(new)])
        first += clusters
    clustered = np.isin(np.arange(len(consumer_id)), chosen)
    sampled = {"clustered": clustered, "distance": found.distance, "runner_up": found.runner_up}
    both = {"consumer_id": consumer_id, "clusters": exact["clusters"]}
    of_all = {"label": found.label, "medoid": np.concatenate(medoids), "merges": np.empty((0, 4))}
    return {"sampled": sampled | both, "partition": exact | of_all | both}


def _load(path: Path, settings: Stage2Settings) -> tuple[LoadSets, np.ndarray]:
    """Read the load sets of one file as they are compared, and the ids."""
    read = files.read(path, RLS, ("consumer_id", "prototype_offset", "prototype", "days"))
    sets = LoadSets(read["prototype"], read["days"], read["prototype_offset"])
    return sets.normalised(settings.normalise_prototypes), read["consumer_id"]


def _excerpt(read: Arrays, consumers: np.ndarray) -> Arrays:
    """Return the arrays of some consumers; the offsets as lengths, so that excerpts can be joined."""
    of_prototypes = take_rows(read["prototype_offset"], consumers)
    of_days = take_rows(read["day_offset"], consumers)
    return {
        "consumer_id": read["consumer_id"][consumers],
        "mean_daily_kwh": read["mean_daily_kwh"][consumers],
        "prototype_offset": np.diff(read["prototype_offset"])[consumers],
        "day_offset": np.diff(read["day_offset"])[consumers],
        **{name: read[name][of_prototypes] for name in OF_PROTOTYPES},
        **{name: read[name][of_days] for name in OF_DAYS},
    }
