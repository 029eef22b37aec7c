"""Refined representative load sets: the behaviours that the members of each cluster share."""

from __future__ import annotations

import logging
import resource
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from crocs_cli.errors import CallError, CrocsError
from crocs_cli.machine import files
from crocs_cli.machine.files import Arrays
from crocs_cli.machine.layouts import PARTITION, RLS, RRLS
from crocs_cli.machine.memory import require
from crocs_cli.machine.run import partition_labels, recipe, shards
from crocs_cli.machine.team import Team
from crocs_cli.machine.threads import available_threads
from crocs_cli.machine.work import Product, bring_up_to_date
from crocs_cli.maths.communities import Leiden
from crocs_cli.maths.graph import PrototypeGraph, affordable_targets, graph_bytes, prototype_graph
from crocs_cli.maths.hyperprototypes import hyperprototypes
from crocs_cli.maths.loadsets import LoadSets
from crocs_cli.maths.profiles import normalise, window_slots
from crocs_cli.maths.resolution import Trial, attempt, reach
from crocs_cli.stages.settings import RrlsSettings

log = logging.getLogger("crocs")


@dataclass(frozen=True)
class Cluster:
    """The members of a cluster with their load sets, and the DTW window in slots that compared them."""

    consumer_id: np.ndarray
    members: LoadSets
    window: int


def run(run: Path, settings: RrlsSettings, seed: int, team: Team) -> list[dict[str, Any]]:
    """Make RUN/rrls/K/CC.h5 for every cluster of a partition; return the summaries of those that are made."""
    label = partition_labels(run, settings.clusters)[1]
    products = cluster_products(run, settings, seed)
    costs: dict[str, dict[str, Any]] = {}

    def make(product: Product) -> Arrays:
        start = time.perf_counter()
        cluster = load_cluster(run, label == int(product.key) - 1)
        arrays = refined(cluster, settings, seed)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10
        costs[product.key] = {"seconds": round(time.perf_counter() - start, 2), "peak_memory_bytes": peak}
        return arrays

    bring_up_to_date(products, make, team, "rrls")
    made = [product for product in products if product.path.exists()]
    return [summary(product.path) | costs.get(product.key, {}) for product in made]


def cluster_products(run: Path, settings: RrlsSettings, seed: int) -> list[Product]:
    """Return the products of all clusters of a partition.

    Raises CrocsError when the partition was made from other load sets than those that are there.
    """
    made_by = files.read_recipe(run / "partition.h5", PARTITION)
    source = {key: files.digest(shard) for key, shard in shards(run / "rls", RLS).items()}
    if made_by["inputs"]["rls"] != files.digest(source):
        raise CrocsError(
            f"{run / 'partition.h5'}: made from other load sets; remove it and run `crocs stage2`"
        )
    chosen = settings.model_dump(mode="json") | {"seed": seed}
    inputs = {"partition": files.digest(made_by)}
    folder = run / "rrls" / str(settings.clusters)
    keys = [f"{number:02d}" for number in range(1, settings.clusters + 1)]
    return [
        Product(folder / f"{key}.h5", RRLS, recipe("rrls", key, chosen, inputs, settings.clusters))
        for key in keys
    ]


def load_cluster(run: Path, inside: np.ndarray) -> Cluster:
    """Read the load sets of the consumers (m,) bool of a run that are inside, shard by shard."""
    names = ("consumer_id", "prototype_offset", "prototype", "days")
    ids, parts, first = [], [], 0
    for key in shards(run / "rls", RLS):
        read = files.read(run / "rls" / f"{key}.h5", RLS, names)
        sets = LoadSets(read["prototype"], read["days"], read["prototype_offset"])
        chosen = np.flatnonzero(inside[first : first + len(sets)])
        first += len(sets)
        ids.append(read["consumer_id"][chosen])
        parts.append(sets.take(chosen))
    sets = LoadSets.concatenate(parts)
    compared = files.read_recipe(run / "partition.h5", PARTITION)["settings"]
    prototypes = normalise(sets.prototypes, compared["normalise_prototypes"]).astype(np.float32)
    window = window_slots(compared["window"], prototypes.shape[1])
    return Cluster(np.concatenate(ids), LoadSets(prototypes, sets.days, sets.offset), window)


def refined(cluster: Cluster, settings: RrlsSettings, seed: int) -> Arrays:
    """Return the arrays of an RRLS file."""
    members = cluster.members
    targets = affordable_targets(members, settings.targets)
    require(graph_bytes(members, targets), "rrls graph", "use --targets N with fewer, or a larger machine")
    graph = prototype_graph(members, cluster.window, targets, seed, available_threads())
    leiden = Leiden(graph, settings.quality, settings.optimiser, seed, settings.starts)
    trials = search(leiden, graph, settings)
    taken = trials[-1]
    shared = hyperprototypes(members, taken.communities, settings.min_coverage, cluster.window, seed)
    return {
        "consumer_id": cluster.consumer_id,
        "vertex_member": np.repeat(np.arange(len(members)), members.sizes()),
        "vertex_days": members.days,
        "vertex_community": shared.community,
        "hyperprototype_medoid": shared.medoid,
        "hyperprototype_mean": shared.mean,
        "consumer_coverage": shared.consumer_coverage,
        "day_coverage": shared.day_coverage,
        "member_coverage": shared.member_coverage,
        "targets": graph.target.shape[1],
        "edges": graph.edges,
        "quality": leiden.quality(taken.communities, taken.resolution),
        "trial_resolution": [trial.resolution for trial in trials],
        "trial_communities": [trial.count for trial in trials],
    }


def search(leiden: Leiden, graph: PrototypeGraph, settings: RrlsSettings) -> list[Trial]:
    """Return the trials of resolutions, the one to take last; raise CallError for what cannot be searched."""

    def trial(resolution: float) -> Trial:
        return attempt(leiden, graph.days, settings.min_coverage, resolution)

    if settings.resolution is not None or not leiden.tunable:
        return [trial(settings.resolution or 1.0)]
    if settings.quality == "cpm" and settings.search == "steps":
        raise CallError("rrls.search: steps of 0.01 are for rber; give --resolution, or search by brackets")
    return reach(trial, settings.communities, settings.search)


def summary(path: Path) -> dict[str, Any]:
    """Return what an RRLS file holds in a few figures, for people and programs."""
    read = files.read(path, RRLS)
    members, targets = len(read["consumer_id"]), int(read["targets"][0])
    return {
        "cluster": int(path.stem),
        "members": members,
        "communities": len(read["day_coverage"]),
        "consumer_coverage": read["consumer_coverage"].round(6).tolist(),
        "day_coverage": read["day_coverage"].round(6).tolist(),
        "graph": "full" if targets == members - 1 else "sampled targets",
        "targets": targets,
        "edges": int(read["edges"][0]),
        "resolution": float(read["trial_resolution"][-1]),
        "quality": float(read["quality"][0]),
    }
