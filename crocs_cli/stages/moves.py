"""The same clusters in a later period: how the behaviours that their members share have moved."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from crocs_cli.errors import CrocsError
from crocs_cli.machine import files
from crocs_cli.machine.files import Arrays
from crocs_cli.machine.layouts import MOVES, RRLS
from crocs_cli.machine.memory import Needs, require
from crocs_cli.machine.run import cluster_keys, listed, load_sets_digest, partition_labels, recipe
from crocs_cli.machine.team import Team
from crocs_cli.machine.threads import available_threads
from crocs_cli.machine.work import Product, bring_up_to_date
from crocs_cli.maths.behaviours.communities import Leiden, affordable_starts
from crocs_cli.maths.behaviours.graph import affordable_targets, prototype_graph
from crocs_cli.maths.distances.loadsets import LoadSets
from crocs_cli.maths.segments.movement import Movement, known_days, movement
from crocs_cli.stages import footprints
from crocs_cli.stages.members import Comparison, Members, comparison_of, load_members, member_shards
from crocs_cli.stages.settings import RrlsSettings

PERIODS = ("before", "after")


def run(later: Path, earlier: Path, clusters: int, seed: int, team: Team) -> list[dict[str, Any]]:
    """Make LATER/moves/K/CC.h5 for every cluster of the earlier run's partition; return their summaries.

    Communities are looked for with the settings, and at the resolutions, of the earlier run's own.
    """
    consumer_id, label = partition_labels(earlier, clusters)
    comparison = comparison_of(earlier)
    folder = earlier / "rrls" / str(clusters)
    settings = {key: files.read_recipe(folder / f"{key}.h5", RRLS) for key in cluster_keys(clusters)}
    source = load_sets_digest(later)
    products = []
    for key, made_by in settings.items():
        inputs = {"earlier": files.digest(made_by), "rls": source}
        made = recipe("rrls", key, made_by["settings"] | {"seed": seed, "like": "earlier"}, inputs, clusters)
        products.append(Product(later / "moves" / str(clusters) / f"{key}.h5", MOVES, made))

    def make(product: Product) -> Arrays:
        own = {key: value for key, value in product.recipe["settings"].items() if key not in ("seed", "like")}
        chosen = RrlsSettings.model_validate(own)
        cluster = label == int(product.key) - 1
        rrls = files.read(folder / product.path.name, RRLS)
        found = _moved((earlier, later), rrls, comparison, chosen, seed)
        others = _others((earlier, later), consumer_id[~cluster], found[1], comparison)
        return _arrays(*found, others, rrls)

    bring_up_to_date(products, make, team, "rrls moves")
    return [summary(product.path) for product in products if product.path.exists()]


def _moved(
    runs: tuple[Path, Path], rrls: Arrays, comparison: Comparison, settings: RrlsSettings, seed: int
) -> tuple[Members, Movement]:
    """Find the communities of both periods together, of the consumers that are in both."""
    before, after = (load_members(run, rrls["consumer_id"], comparison) for run in runs)
    common = np.intersect1d(before.consumer_id, after.consumer_id)
    if not len(common):
        raise CrocsError(
            f"{runs[1]}: has none of the consumers of {runs[0]}; name two periods of one population"
        )
    before, after = (_aligned(period, common) for period in (before, after))
    both = LoadSets.concatenate([before.sets, after.sets])
    window = comparison.window(both)
    targets = affordable_targets(both, settings.targets)
    peak = footprints.rrls(len(both), len(both.days), both.prototypes.shape[1], targets)
    require(Needs(peak, "make EARLIER's rrls with fewer --targets"), "rrls moves")
    threads = available_threads()
    graph = prototype_graph(both, window, targets, seed, threads)
    starts = affordable_starts(graph) if settings.starts == "auto" else settings.starts
    leiden = Leiden(graph, settings.quality, settings.optimiser, seed, starts, threads)
    communities = leiden.communities(float(rrls["trial_resolution"][-1]))
    return before, movement(before.sets, after.sets, communities, settings.min_coverage, window, seed)


def _aligned(members: Members, ids: np.ndarray) -> Members:
    """Return the consumers of sorted ids in their order."""
    order = members.consumer_id.argsort()
    place = order[np.searchsorted(members.consumer_id, ids, sorter=order)]
    return Members(ids, members.sets.take(place), members.mean_daily_kwh[place])


def _others(
    runs: tuple[Path, Path], others: np.ndarray, moved: Movement, comparison: Comparison
) -> np.ndarray:
    """Return the share of the other clusters' days that look like each mode, before and after: (2, modes)."""
    shares = np.zeros((2, len(moved.medoid)))
    for period, run in enumerate(runs):
        total = 0
        for shard in member_shards(run, others, comparison):
            days = shard.sets.days
            shares[period] += known_days(shard.sets.prototypes, days, moved, comparison.window(shard.sets))
            total += int(days.sum())
        shares[period] /= max(total, 1)
    return shares


def _arrays(before: Members, moved: Movement, others: np.ndarray, rrls: Arrays) -> Arrays:
    return {
        "consumer_id": before.consumer_id,
        "mean": moved.mean,
        "medoid": moved.medoid,
        "day_coverage": moved.day_coverage,
        "consumer_coverage": moved.consumer_coverage,
        "change_error": moved.error,
        "others_day_coverage": others,
        "shape_change": moved.shape_change,
        "earlier_community": _earlier_numbers(before, moved, rrls),
    }


def _earlier_numbers(before: Members, moved: Movement, rrls: Arrays) -> np.ndarray:
    """Return for each mode the earlier run's community with most of its earlier days: (modes,) int32."""
    modes, communities = len(moved.medoid), len(rrls["day_coverage"])
    place = {name: at for at, name in enumerate(rrls["consumer_id"].tolist())}
    first = np.searchsorted(rrls["vertex_member"], np.arange(len(rrls["consumer_id"])))
    member = np.array([place[name] for name in before.consumer_id.tolist()])
    sizes = before.sets.sizes()
    vertex = np.repeat(first[member] - before.sets.offset[:-1], sizes) + np.arange(len(before.sets.days))
    shared = np.zeros((modes + 1, communities + 1))  # the last of each is what is too small to count
    np.add.at(shared, (moved.community[: len(vertex)], rrls["vertex_community"][vertex]), before.sets.days)
    best = shared[:modes].argmax(axis=1)
    return np.where((best < communities) & (shared[:modes].sum(axis=1) > 0), best, -1).astype(np.int32)


def summary(path: Path) -> dict[str, Any]:
    """Return what a file of moves holds: a mode's figures are shares, its change in points."""
    read = files.read(path, MOVES)
    (before, after), others = read["day_coverage"], read["others_day_coverage"]
    modes = [
        {
            "mode": mode + 1,
            "earlier_hyperprototype": int(read["earlier_community"][mode]) + 1 or None,
            "day_coverage": [float(before[mode]), float(after[mode])],
            "consumer_coverage": read["consumer_coverage"][:, mode].tolist(),
            "change_points": 100.0 * float(after[mode] - before[mode]),
            "change_error_points": _number(100.0 * read["change_error"][mode]),
            "others_change_points": 100.0 * float(others[1, mode] - others[0, mode]),
            "shape_change": _number(read["shape_change"][mode]),
        }
        for mode in range(len(before))
    ]
    moved = 50.0 * float(np.abs(after - before).sum())
    members = len(read["consumer_id"])
    return {"cluster": int(path.stem), "members": members, "moved_points": moved, "modes": modes}


def picture(later: Path, clusters: int) -> str:
    """Return a picture of how the behaviours of all clusters moved: SVG."""
    from crocs_cli.pictures.behaviours import Moved, movements

    rows = []
    for path in listed(later / "moves" / str(clusters)):
        read = files.read(path, MOVES)
        before, after = read["day_coverage"]
        rows.append(Moved(int(path.stem), before, after, read["change_error"]))
    return movements(rows)


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
