"""Find the behaviours that the members of each segment share (refined representative load sets)."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from crocs_cli.errors import CallError
from crocs_cli.machine.files import Arrays, digest
from crocs_cli.machine.memory import Needs, peak_bytes, require
from crocs_cli.machine.shards import recipe, shard_products
from crocs_cli.machine.team import Team
from crocs_cli.machine.threads import available_threads
from crocs_cli.machine.work import Product, bring_up_to_date
from crocs_cli.maths.behaviours.communities import Leiden, affordable_starts, quality
from crocs_cli.maths.behaviours.drawing import drawing
from crocs_cli.maths.behaviours.graph import PrototypeGraph, affordable_targets, prototype_graph
from crocs_cli.maths.behaviours.hyperprototypes import hyperprototypes
from crocs_cli.maths.behaviours.refined import Sample, enough_targets, search_part
from crocs_cli.maths.behaviours.resolution import Trial, attempt, reach
from crocs_cli.maths.distances.loadsets import LoadSets
from crocs_cli.report.fewer import why_fewer
from crocs_cli.rundir import memory
from crocs_cli.rundir.layouts import RRLS
from crocs_cli.rundir.names import segment_keys
from crocs_cli.rundir.run import Run
from crocs_cli.rundir.settings import RrlsSettings

FEWER = "use fewer --targets, or a larger machine"

log = logging.getLogger("crocs")


@dataclass(frozen=True)
class Summary:
    """The behaviours of a segment in a few figures.

    `asked` is None where no number of communities was searched for; `seconds` and `peak_memory_bytes` are
    None where the file was there already.
    """

    cluster: int
    members: int
    communities: int
    asked: int | None
    why_fewer: str | None
    consumer_coverage: list[float]
    day_coverage: list[float]
    graph: str
    targets: int
    edges: int
    fidelity_points: float
    resolution: float
    quality: float
    seconds: float | None = None
    peak_memory_bytes: int | None = None


def run(run: Run, settings: RrlsSettings, seed: int, team: Team) -> list[Summary]:
    """Make RUN/rrls/K/CC.h5 for every segment of a partition; return the summaries of those that are made."""
    consumer_id, label = run.labels(settings.clusters)
    window = run.comparison(settings.clusters).window
    products = segment_products(run, settings, seed)
    costs: dict[str, tuple[float, int | None]] = {}

    def make(product: Product) -> Arrays:
        start = time.perf_counter()
        members = run.members(settings.clusters, consumer_id[label == int(product.key) - 1])
        arrays = refined(members.sets, window, settings, seed)
        arrays["consumer_id"] = members.consumer_id
        costs[product.key] = (round(time.perf_counter() - start, 2), peak_bytes())
        return arrays

    bring_up_to_date(products, make, team, "rrls", partial(needs, run, label, settings))
    found = []
    for product in products:
        if product.path.exists():
            seconds, peak = costs.get(product.key, (None, None))
            found.append(
                replace(
                    summary(run, settings.clusters, int(product.key)), seconds=seconds, peak_memory_bytes=peak
                )
            )
    return found


def needs(run: Run, label: np.ndarray, settings: RrlsSettings) -> Needs:
    """Return what the largest segment needs; label: (m,) int."""
    prototypes, slots = run.size_of_sets()
    members = int(np.bincount(label).max())
    peak = memory.rrls(members, prototypes * members // len(label), slots, settings.targets)
    return Needs(peak, FEWER)


def segment_products(run: Run, settings: RrlsSettings, seed: int) -> list[Product]:
    """Return the products of all segments of a partition."""
    chosen = settings.model_dump(mode="json") | {"seed": seed}
    inputs = {"partition": digest(run.partition_recipe(settings.clusters))}
    folder, parts = run.path / "rrls" / str(settings.clusters), settings.clusters
    recipes = [recipe("rrls", key, chosen, inputs, parts) for key in segment_keys(parts)]
    return shard_products(folder, RRLS, recipes)


def refined(members: LoadSets, window: int, settings: RrlsSettings, seed: int) -> Arrays:
    """Return the arrays of an RRLS file but the members' ids."""
    sample, trials = communities(members, window, settings, seed)
    graph, taken = sample.graph, trials[-1]
    drawn = drawing(members, window, seed)
    shared = hyperprototypes(
        members, taken.communities, settings.min_coverage, window, seed, available_threads()
    )
    return {
        "vertex_member": np.repeat(np.arange(len(members)), members.sizes()),
        "vertex_days": members.days,
        "vertex_community": shared.community,
        "hyperprototype_medoid": shared.medoid,
        "hyperprototype_mean": shared.mean,
        "consumer_coverage": shared.consumer_coverage,
        "day_coverage": shared.day_coverage,
        "member_coverage": shared.member_coverage,
        "drawn_vertex": drawn.vertex,
        "drawn_place": drawn.place,
        "drawn_edge": drawn.edge,
        "targets": graph.target.shape[1],
        "edges": graph.edges,
        "disagreement": sample.disagreement,
        "quality": quality(graph, taken.communities, settings.quality, taken.resolution),
        "trial_resolution": [trial.resolution for trial in trials],
        "trial_communities": [trial.count for trial in trials],
    }


def communities(
    members: LoadSets, window: int, settings: RrlsSettings, seed: int
) -> tuple[Sample, list[Trial]]:
    """Find the communities of a cluster: the graph that was enough, and the trials, the taken one last.

    The resolution is searched on a part of a large graph; what it gives on all of it is the answer.
    """
    threads = available_threads()

    def make(targets: int) -> PrototypeGraph:
        peak = memory.rrls(len(members), len(members.days), members.prototypes.shape[1], targets)
        require(Needs(peak, FEWER), "rrls graph")
        return prototype_graph(members, window, targets, seed, threads)

    def leiden(graph: PrototypeGraph) -> Leiden:
        starts = affordable_starts(graph) if settings.starts == "auto" else settings.starts
        return Leiden(graph, settings.quality, settings.optimiser, seed, starts, threads)

    graph = make(affordable_targets(members, settings.targets))
    part = search_part(graph)
    trials = search(leiden(part), graph.days, settings)
    sample = Sample(graph, 0.0)
    if graph.target.shape[1] < len(members) - 1:
        more = make if settings.targets == "auto" else None
        sample = enough_targets(graph, more, leiden, trials[-1].resolution)
    if part is not sample.graph:
        whole = leiden(sample.graph)
        trials.append(attempt(whole, graph.days, settings.min_coverage, trials[-1].resolution))
    return sample, trials


def search(leiden: Leiden, days: np.ndarray, settings: RrlsSettings) -> list[Trial]:
    """Return the trials of resolutions, the one to take last; raise CallError for what cannot be searched."""

    def trial(resolution: float) -> Trial:
        return attempt(leiden, days, settings.min_coverage, resolution)

    if not settings.searched:
        return [trial(settings.resolution or 1.0)]
    if settings.quality == "cpm" and settings.search == "steps":
        raise CallError("rrls.search: steps of 0.01 are for rber; give --resolution, or search by brackets")
    return reach(trial, settings.communities, settings.search, settings.min_total_coverage)


def summary(run: Run, clusters: int, number: int) -> Summary:
    """Return what is known of a segment's behaviours in a few figures, for people and programs."""
    read, settings = run.behaviours(clusters, number), run.rrls_settings(clusters, number)
    members, targets = len(read["consumer_id"]), int(read["targets"][0])
    return Summary(
        cluster=number,
        members=members,
        communities=len(read["day_coverage"]),
        asked=settings.communities if settings.searched else None,
        why_fewer=why_fewer(read, settings) or None,
        consumer_coverage=read["consumer_coverage"].tolist(),
        day_coverage=read["day_coverage"].tolist(),
        graph="full" if targets == members - 1 else "sampled targets",
        targets=targets,
        edges=int(read["edges"][0]),
        fidelity_points=100.0 * float(read["disagreement"][0]),
        resolution=float(read["trial_resolution"][-1]),
        quality=float(read["quality"][0]),
    )


def picture(run: Run, clusters: int) -> str:
    """Return a picture of what the segments of one partition share: SVG, a row for each."""
    from crocs_cli.report.behaviours import Shared, shared_behaviours

    rows = []
    for number in range(1, clusters + 1):
        if not run.behaviours_path(clusters, number).exists():
            continue
        read = run.behaviours(clusters, number)
        rows.append(
            Shared(
                number=number,
                members=len(read["consumer_id"]),
                day_coverage=read["day_coverage"],
                consumer_coverage=read["consumer_coverage"],
                medoid=read["hyperprototype_medoid"],
                mean=read["hyperprototype_mean"],
                place=read["drawn_place"],
                edge=read["drawn_edge"],
                community=read["vertex_community"][read["drawn_vertex"]],
            )
        )
    return shared_behaviours(rows, run.meaning())
