"""Stage 2 for very many consumers: a sample is clustered exactly, the others join its clusters.

RUN/sample is a run directory of its own, whose load sets are those of the sampled consumers; stage 2 clusters
it as any other. Then everybody of RUN gets a place in its clusters.
"""

from __future__ import annotations

import functools

import numpy as np

from crocs_cli.machine import files
from crocs_cli.machine.files import Arrays
from crocs_cli.machine.shards import recipe, shard_key
from crocs_cli.machine.team import Team
from crocs_cli.machine.work import Product, bring_up_to_date
from crocs_cli.maths.clustering.sampling import NOT_CLUSTERED, Places, centres, draw_sample, place, renumbered
from crocs_cli.maths.distances.loadsets import take_rows
from crocs_cli.rundir.layouts import PARTITION, RLS, SAMPLED
from crocs_cli.rundir.run import Run
from crocs_cli.rundir.settings import Stage2Settings

OF_PROTOTYPES, OF_DAYS = ("medoid", "mean", "days", "medoid_date"), ("date", "day_prototype")


def draw(run: Run, settings: Stage2Settings, seed: int, team: Team) -> None:
    """Make RUN/sample/rls/00000.h5, the load sets of the sampled consumers."""
    inputs = {"rls": run.load_sets().digest()}
    made_by = recipe("stage2", shard_key(0), {"sample": settings.sample, "seed": seed}, inputs)
    made_by |= run.meaning().said()
    product = Product(run.sample / "rls" / f"{shard_key(0)}.h5", RLS, made_by)
    if team.leads:  # of every share: who comes first makes it, and all would make the same
        bring_up_to_date([product], lambda _: sample_arrays(run, settings, seed), Team(), "stage2 sample")
    team.wait()


def sample_arrays(run: Run, settings: Stage2Settings, seed: int) -> Arrays:
    """Return the arrays of an RLS file that holds the sampled consumers only."""
    chosen = chosen_consumers(run, settings, seed)
    parts, first = [], 0
    for read in run.load_sets().each():
        last = first + len(read["consumer_id"])
        here = chosen[slice(*np.searchsorted(chosen, (first, last)))] - first
        parts.append(_excerpt(read, here))
        first = last
    joined = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    for offset in ("prototype_offset", "day_offset"):  # as lengths up to here
        joined[offset] = np.concatenate([[0], np.cumsum(joined[offset])])
    return joined


def chosen_consumers(run: Run, settings: Stage2Settings, seed: int) -> np.ndarray:
    """Return the numbers of the sampled consumers in rising order; all where they are no more."""
    those = run.load_sets()
    counts = [files.shapes(those.path(key), RLS)["consumer_id"][0] for key in those]
    return draw_sample(sum(counts), min(settings.sample or sum(counts), sum(counts)), seed)


def join(run: Run, settings: Stage2Settings, seed: int, team: Team) -> None:
    """Make RUN/sampled/K.h5 and RUN/partitions/K.h5 of everybody from the partitions of RUN/sample."""
    numbers = sorted({*settings.clusters, *run.partitions_there()})
    places = {k: functools.cache(functools.partial(everyone, run, settings, k, seed)) for k in numbers}
    products = []
    for k in numbers:
        inputs = {"sample": files.digest(run.sample.partition_recipe(k))}
        made_by = recipe("stage2", str(k), settings.of_partition(k, seed), inputs)
        products += [
            Product(run.path / "sampled" / f"{k}.h5", SAMPLED, made_by),
            Product(run.partition_path(k), PARTITION, made_by),
        ]

    def make(product: Product) -> Arrays:
        return places[int(product.key)]()[product.layout.format]

    if team.leads:
        bring_up_to_date(products, make, Team(), "stage2 join")
    team.wait()


def everyone(run: Run, settings: Stage2Settings, clusters: int, seed: int) -> dict[str, Arrays]:
    """Return everybody's place in the segments of the sample, as the arrays of {format: file}."""
    exact = run.sample.partition(clusters)
    comparison = run.comparison_by(settings)
    segments = centres(run.sample.consumers(comparison).sets, exact["label"], comparison, seed)
    chosen = chosen_consumers(run, settings, seed)
    ids, places, first = [], [], 0
    for members in run.each_members(comparison):
        here = slice(*np.searchsorted(chosen, (first, first + len(members.sets))))
        known = np.full(len(members.sets), NOT_CLUSTERED)
        known[chosen[here] - first] = exact["label"][here]
        places.append(place(members.sets, segments, known, comparison))
        ids.append(members.consumer_id)
        first += len(members.sets)
    found = Places(*(np.concatenate(field) for field in zip(*places, strict=True)))
    return _arrays(exact, clusters, np.concatenate(ids), chosen, found)


def _arrays(
    exact: Arrays, clusters: int, consumer_id: np.ndarray, chosen: np.ndarray, found: Places
) -> dict[str, Arrays]:
    """Number the segments by falling size among all, and lay the results out as files."""
    new = renumbered(found.label, clusters)
    runner_up = np.where(found.runner_up < 0, -1, new[found.runner_up])
    clustered = np.isin(np.arange(len(consumer_id)), chosen)
    sampled = {"clustered": clustered, "distance": found.distance, "runner_up": runner_up}
    medoid = chosen[exact["medoid"]][np.argsort(new)]
    partition = exact | {"label": new[found.label], "medoid": medoid}
    return {
        SAMPLED.format: sampled | {"consumer_id": consumer_id},
        PARTITION.format: partition | {"consumer_id": consumer_id},
    }


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
