"""Choose whom to ask, so that together they give a goal in kW in a window of the clock."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from crocs_cli.errors import CallError, CrocsError
from crocs_cli.machine import files
from crocs_cli.machine.files import Arrays, Recipe
from crocs_cli.machine.memory import Needs, require
from crocs_cli.machine.pages import bring_folder_up_to_date
from crocs_cli.machine.plain import json_bytes, read_json
from crocs_cli.machine.shards import recipe, shard_products
from crocs_cli.machine.tables import csv_bytes
from crocs_cli.machine.team import Team
from crocs_cli.machine.work import Product, all_made, bring_up_to_date
from crocs_cli.maths.decisions import first_greatest
from crocs_cli.maths.programmes import target
from crocs_cli.maths.programmes.windows import slots_of
from crocs_cli.maths.segments.membership import of_days
from crocs_cli.maths.segments.typical import major_coverage
from crocs_cli.report.target import Candidates, Targets
from crocs_cli.rundir import memory
from crocs_cli.rundir.ids import read_ids
from crocs_cli.rundir.layouts import USES
from crocs_cli.rundir.programme_settings import TargetSettings
from crocs_cli.rundir.run import Run

FEWEST_DAYS = 14  # of a consumer, below which it is not asked


def run(run: Run, settings: TargetSettings, team: Team) -> dict[str, Any] | None:
    """Make RUN/target/K: the list, its curve and the summary; return the summary.

    What consumers use in the window on each day is RUN/target/K/WINDOW, one file for each of profiles.
    Returns None while files of other shares are missing. Raises CrocsError, with the most that is possible,
    where all that may be asked do not reach the goal.
    """
    run.meaning().need_daily_kwh("target")
    clusters = run.chosen(settings.clusters)
    settings = settings.model_copy(update={"clusters": clusters})
    check_rates(settings, clusters)
    products = use_products(run, clusters, settings.window)
    known = functools.cache(functools.partial(Known, run, clusters))

    def make(product: Product) -> Arrays:
        return uses(run, known(), product.key, settings.window)

    bring_up_to_date(products, make, team, "target uses", functools.partial(needs, run))
    if not all_made(products):
        return None
    folder = run / "target" / str(clusters)
    if team.leads:
        made_by = target_recipe(run, settings)
        bring_folder_up_to_date(folder, made_by, lambda: pages_of(run, settings, products))
    team.wait()
    return read_json(folder / "summary.json")


def check_rates(settings: TargetSettings, clusters: int) -> None:
    """Raise CallError where a segment has no response rate, or there is one of no segment."""
    rates = settings.rates()
    for number in (number for number in rates if number is not None and not 1 <= number <= clusters):
        raise CallError(
            f"target.response: there are {clusters} segments and no segment {number}; leave it out"
        )
    missing = [str(number) for number in range(1, clusters + 1) if number not in rates]
    if missing and None not in rates:
        raise CallError(
            f"target.response: nothing said of segment {', '.join(missing)}; add a share for all others, "
            f"such as {settings.response},0.3"
        )


def inputs_of(run: Run, clusters: int) -> dict[str, str]:
    """Return the digests of what a target list depends on but profiles and load sets."""
    explained = [files.digest(run.behaviours_recipe(clusters, n)) for n in range(1, clusters + 1)]
    return {
        "partition": files.digest(run.partition_recipe(clusters)),
        "rrls": files.digest({"rrls": explained}),
    }


def use_products(run: Run, clusters: int, window: str) -> list[Product]:
    """Return the products of what consumers use in a window, one for each file of profiles."""
    profiles, load_sets, inputs = run.profiles(), run.load_sets(), inputs_of(run, clusters)
    chosen = {"clusters": clusters, "window": window}
    recipes = [
        recipe(
            "target",
            key,
            chosen,
            inputs | {"profiles": profiles.digest_of(key), "rls": load_sets.digest_of(key)},
            len(profiles),
        )
        for key in profiles
    ]
    return shard_products(run / "target" / str(clusters) / window.replace(":", ""), USES, recipes)


def target_recipe(run: Run, settings: TargetSettings) -> Recipe:
    """Return what a target list depends on."""
    assert settings.clusters is not None
    inputs = inputs_of(run, settings.clusters)
    inputs |= {"profiles": run.profiles().digest(), "rls": run.load_sets().digest()}
    if settings.exclude is not None:
        inputs["exclude"] = files.digest({"ids": sorted(read_ids(settings.exclude))})
    return recipe("target", str(settings.clusters), settings, inputs)


def needs(run: Run) -> Needs:
    """Return what the largest file of profiles needs."""
    profiles = run.profiles()
    largest = max(profiles.path(key).stat().st_size for key in profiles)
    return Needs(memory.target(largest), "put fewer consumers into each file of profiles (--shard-size)")


class Known:
    """What the run knows of each consumer: the behaviours of its prototypes, its coverage."""

    def __init__(self, run: Run, clusters: int) -> None:
        self.behaviours = run.behaviour_of_prototypes(clusters)
        self.coverage: dict[str, float] = {}
        for number in range(1, clusters + 1):
            read = run.behaviours(clusters, number)
            self.coverage |= zip(read["consumer_id"].tolist(), major_coverage(read).tolist(), strict=True)


def uses(run: Run, known: Known, key: str, window: str) -> Arrays:
    """Return the arrays of one file of what consumers use in a window."""
    read = run.profiles().read(key, ("consumer_id", "day_offset", "date", "energy_kwh"))
    sets = run.load_sets().read(key, ("consumer_id", "prototype_offset", "day_offset", "day_prototype"))
    try:
        inside = slots_of(window, read["energy_kwh"].shape[1])
    except ValueError as error:
        raise CallError(f"target.window: {error}") from error
    hours = 24.0 * inside.sum() / len(inside)
    days = np.diff(read["day_offset"])
    owner = np.repeat(np.arange(len(days)), days)
    daily = read["energy_kwh"].sum(axis=1, dtype=np.float64)
    return {
        "consumer_id": read["consumer_id"],
        "day_offset": read["day_offset"],
        "date": read["date"],
        "kw": read["energy_kwh"][:, inside].sum(axis=1, dtype=np.float64) / hours,
        "behaviour": of_days(sets, known.behaviours),
        "major_coverage": [known.coverage.get(name, 0.0) for name in read["consumer_id"].tolist()],
        "mean_daily_kwh": np.bincount(owner, daily, len(days)) / np.maximum(days, 1),
    }


def candidates(run: Run, settings: TargetSettings, products: list[Product]) -> Candidates:
    """Read who may be asked; raise CrocsError where nobody may, or the run has too few days."""
    assert settings.clusters is not None
    read = [files.read(product.path, USES) for product in products]
    names = np.concatenate([part["consumer_id"] for part in read])
    days = np.concatenate([np.diff(part["day_offset"]) for part in read])
    daily, coverage = (
        np.concatenate([part[name] for part in read]) for name in ("mean_daily_kwh", "major_coverage")
    )
    keep, left_out = _kept(run, settings, names, days, daily, coverage)
    date = np.unique(np.concatenate([part["date"] for part in read]))
    if not keep.any() or len(date) < FEWEST_DAYS:
        raise CrocsError(
            f"{run / 'profiles'}: nobody may be asked, of {len(names)} consumers "
            f"{', '.join(f'{count} {reason}' for reason, count in left_out.items() if count)}; "
            "take other consumers, or weaker limits"
        )
    label = np.concatenate([_labels(run, settings.clusters, part["consumer_id"]) for part in read])
    size = memory.target(0, int(keep.sum()) * len(date))
    require(Needs(size, "ask fewer: --min-daily-kwh, --exclude"), "target")
    response = np.ones(len(names))
    for number, rate in sorted(settings.rates().items(), key=lambda pair: pair[0] or 0):
        response[slice(None) if number is None else label == number - 1] = rate
    kw, behaviour = by_date(read, keep, date)
    return Candidates(
        names[keep], label[keep], target.Use(kw, behaviour, response[keep]), daily[keep], coverage[keep],
        date, left_out,
    )  # fmt: skip


def _kept(
    run: Run,
    settings: TargetSettings,
    names: np.ndarray,
    days: np.ndarray,
    daily: np.ndarray,
    coverage: np.ndarray,
) -> tuple[np.ndarray, dict[str, int]]:
    """Return who may be asked, (n,) bool, and how many are left out for each reason."""
    excluded = read_ids(settings.exclude)
    if unknown := sorted(excluded - {*names.tolist()}):
        raise CrocsError(
            f"{settings.exclude}: {len(unknown)} ids, such as {unknown[0]}, are not in {run}; take them out"
        )
    reasons = {
        "excluded": np.isin(names, sorted(excluded)),
        f"with fewer than {FEWEST_DAYS} days": days < FEWEST_DAYS,
        "below min_daily_kwh": daily
        < (-np.inf if settings.min_daily_kwh is None else settings.min_daily_kwh),
        "below min_coverage": coverage < _limit(settings.min_coverage),
    }
    keep, left_out = np.ones(len(names), dtype=bool), {}
    for reason, out in reasons.items():
        left_out[reason] = int((keep & out).sum())
        keep &= ~out
    return keep, left_out


def _labels(run: Run, clusters: int, names: np.ndarray) -> np.ndarray:
    """Return the segment of each of some consumers, from 0."""
    known = dict(zip(*(part.tolist() for part in run.labels(clusters)), strict=True))
    return np.array([known[name] for name in names.tolist()], dtype=np.int64)


def by_date(read: list[Arrays], keep: np.ndarray, date: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return use and behaviour of those who may be asked, by date: (n, D) each."""
    kw = np.full((int(keep.sum()), len(date)), np.nan, dtype=np.float32)
    behaviour = np.full(kw.shape, -1, dtype=np.int16)
    row = np.cumsum(keep) - 1
    first = 0
    for part in read:
        owner = first + np.repeat(np.arange(len(part["consumer_id"])), np.diff(part["day_offset"]))
        some = keep[owner]
        place = row[owner[some]], np.searchsorted(date, part["date"][some])
        kw[place], behaviour[place] = part["kw"][some], part["behaviour"][some]
        first += len(part["consumer_id"])
    return kw, behaviour


def pages_of(run: Run, settings: TargetSettings, products: list[Product]) -> dict[str, bytes]:
    """Return the list, the curve and the summary as {file name: content}."""
    known = candidates(run, settings, products)
    rivals = [np.argsort(-values, kind="stable") for values in (known.daily_kwh, known.window_kw())]
    found = list(target.curves(known.use, settings.probability, rivals))
    chosen, asked = choose(run, settings, found[: -len(rivals)], len(known.consumer_id))
    result = Targets(settings, known, target.measure(known.use), found, chosen, asked)
    tables = {f"{name}.csv": csv_bytes(table) for name, table in result.tables().items()}
    return tables | {"summary.json": json_bytes(result.summary())}


def choose(
    run: Run, settings: TargetSettings, found: list[target.Curve], consumers: int
) -> tuple[target.Curve, int]:
    """Return the curve to follow and how many to ask; without a goal, those who surely give the most.

    Raises CrocsError where the goal is beyond what all could give.
    """
    most = max(found, key=lambda curve: float(curve.sure(settings.probability).max()))
    sure = most.sure(settings.probability)
    if settings.goal is None:
        return most, int(first_greatest(sure)) + 1
    reached = target.fewest(found, settings.goal, settings.probability)
    if reached is None:
        raise CrocsError(
            f"{run}: {settings.goal:g} kW in {settings.window} with probability {settings.probability:g} is "
            f"more than its {consumers} candidates give; the most is {max(0.0, float(sure.max())):.3g} kW: "
            "lower target.goal or target.probability, or ask more consumers"
        )
    return reached


def _limit(value: float | None) -> float:
    return -np.inf if value is None else value
