"""Match the treated of a programme with consumers that were like them before it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from crocs_cli.errors import CrocsError
from crocs_cli.machine import files
from crocs_cli.machine.files import Arrays
from crocs_cli.machine.shards import recipe, shard_products
from crocs_cli.machine.threads import available_threads
from crocs_cli.machine.work import Product
from crocs_cli.maths.distances.comparison import Comparison
from crocs_cli.maths.distances.loadsets import LoadSets
from crocs_cli.maths.programmes import impact
from crocs_cli.maths.programmes.impact import FEWEST_DAYS
from crocs_cli.report.impact import Match
from crocs_cli.rundir.excerpts import NAMES, excerpt
from crocs_cli.rundir.layouts import RLS
from crocs_cli.rundir.run import Members
from crocs_cli.stages import stage1
from crocs_cli.stages.programme import Programme, date_text

BEFORE = replace(RLS, made_by="crocs impact")  # load sets of the days before the programme


@dataclass(frozen=True)
class Matched:
    """Whom each treated consumer is compared with: {treated id: ids}, in rows, and how alike they are."""

    others: dict[str, list[str]]
    rows: list[Match]
    balance: dict[str, list[float]]


def before_products(known: Programme) -> list[Product]:
    """Return the products of the load sets of the days before; none where they are there, or not needed."""
    if known.control or known.base is not known.run:
        return []
    profiles = known.run.profiles()
    chosen = known.run.stage1_settings().model_dump(mode="json")
    chosen |= {"seed": known.run.made_with(known.clusters)[1], "before": date_text(known.first)}
    recipes = [
        recipe("impact", key, chosen, {"profiles": profiles.digest_of(key)}, len(profiles))
        for key in profiles
    ]
    return shard_products(known.run / "impact" / f"before-{date_text(known.first)}", BEFORE, recipes)


def sets_before(known: Programme, product: Product) -> Arrays:
    """Return the arrays of a file of load sets of the days before, of consumers with enough of them."""
    run = known.run
    read = run.profiles().read(product.key, NAMES)
    bounds = zip(read["day_offset"], read["day_offset"][1:], strict=False)
    rows = [a + np.flatnonzero(read["date"][a:b] < known.first) for a, b in bounds]
    some = np.flatnonzero([len(own) >= FEWEST_DAYS for own in rows])
    own = excerpt(read, some, [rows[consumer] for consumer in some])
    seed = [product.recipe["settings"]["seed"], int(product.key)]
    return stage1.load_sets(own, run.stage1_settings(), seed, available_threads(), run.meaning())


def candidates(known: Programme, products: list[Product]) -> Members:
    """Read the load sets before of all who have days enough before and after."""
    base, last = known.base, max(known.start.values())
    comparison = comparison_of(known)
    enough = {
        name
        for part in known.run.profiles().each(("consumer_id", "day_offset", "date"))
        for name, first, end in zip(
            part["consumer_id"].tolist(), part["day_offset"], part["day_offset"][1:], strict=False
        )
        if (part["date"][first:end] >= last).sum() >= FEWEST_DAYS
    }
    if products:
        read = [files.read(product.path, BEFORE) for product in products]
        every = Members(
            np.concatenate([part["consumer_id"] for part in read]),
            LoadSets.concatenate([comparison.sets_of(part) for part in read]),
            np.concatenate([part["mean_daily_kwh"] for part in read]),
        )
    else:
        every = base.consumers(comparison)
    days = every.sets.sum_per_consumer(every.sets.days)
    there = np.array([name in enough for name in every.consumer_id.tolist()], dtype=bool)
    kept = np.flatnonzero(there & (days >= FEWEST_DAYS))
    return Members(every.consumer_id[kept], every.sets.take(kept), every.mean_daily_kwh[kept])


def match(known: Programme, members: Members) -> Matched:
    """Match each treated consumer with others of its segment; raise CrocsError where they are too few."""
    comparison = comparison_of(known)
    treated = np.array([name in known.start for name in members.consumer_id.tolist()], dtype=bool)
    segment = np.array([known.segment[name] for name in members.consumer_id.tolist()])
    kwh = members.mean_daily_kwh.astype(np.float64)
    others: dict[str, list[str]] = {}
    rows: list[Match] = []
    alike: list[tuple[float, ...]] = []
    for number in np.unique(segment[treated]).tolist():
        own, rest = (np.flatnonzero((segment == number) & side) for side in (treated, ~treated))
        count = min(known.settings.matches, len(rest) // len(own))
        if not count:
            raise CrocsError(
                f"{known.settings.treated}: segment {number + 1} has {len(own)} treated consumers with days "
                f"enough and {len(rest)} others, too few to match; take some out, use fewer --clusters, or "
                "name a --control group"
            )
        distance = comparison.between(members.sets.take(own), members.sets.take(rest)).astype(np.float64)
        found = impact.matches(impact.cost(distance, kwh[own], kwh[rest]), count)
        for at, (row, chosen) in enumerate(zip(own, found, strict=True)):
            name = str(members.consumer_id[row])
            others[name] = [str(members.consumer_id[rest[one]]) for one in chosen]
            rows += [
                Match(
                    name, number + 1, known.start[name], str(members.consumer_id[rest[one]]),
                    float(distance[at, one]), float(kwh[row]), float(kwh[rest[one]]),
                )
                for one in chosen
            ]  # fmt: skip
            near, every = kwh[rest[chosen]], kwh[rest]
            alike.append(
                (
                    kwh[row], near.mean(), every.mean(), np.abs(kwh[row] - near).mean(),
                    np.abs(kwh[row] - every).mean(), distance[at, chosen].mean(), distance[at].mean(),
                )
            )  # fmt: skip
    if not others:
        raise CrocsError(
            f"{known.settings.treated}: none of the {len(known.start)} treated consumers has {FEWEST_DAYS} "
            "days before and after; name others, or another date"
        )
    table = np.array(alike)
    balance = {
        "daily_kwh": [impact.standardised(table[:, 0], table[:, at]) for at in (1, 2)],
        "daily_kwh_apart": table[:, 3:5].mean(axis=0).tolist(),
        "load_set_distance": table[:, 5:7].mean(axis=0).tolist(),
    }
    return Matched(others, rows, balance)


def comparison_of(known: Programme) -> Comparison:
    """Return how consumers are compared: as for their segments, or by WSMD where those came from vectors."""
    found = known.base.comparison(known.clusters)
    return replace(found, distance="wsmd") if found.distance == "footprint" else found
