"""Bills: what each consumer pays under a tariff, and who wins and loses under another."""

from __future__ import annotations

import functools
from decimal import Decimal
from typing import Any

import numpy as np

from crocs_cli.errors import CallError
from crocs_cli.machine import files
from crocs_cli.machine.files import Arrays, Recipe
from crocs_cli.machine.memory import Needs
from crocs_cli.machine.pages import bring_folder_up_to_date
from crocs_cli.machine.plain import read_json
from crocs_cli.machine.shards import Shards, recipe, shard_products
from crocs_cli.machine.team import Team
from crocs_cli.machine.threads import available_threads
from crocs_cli.machine.work import Product, all_made, bring_up_to_date
from crocs_cli.maths.programmes import bills
from crocs_cli.maths.programmes.windows import slots_of
from crocs_cli.maths.readings.days import public_holidays
from crocs_cli.report.bill_tables import Billed, tables_of
from crocs_cli.rundir import memory
from crocs_cli.rundir.layouts import BILLS, PROFILES
from crocs_cli.rundir.programme_settings import BillsSettings
from crocs_cli.rundir.run import Run
from crocs_cli.rundir.tariffs import KINDS, WEEKDAY_HOLIDAY, WEEKEND, WORKDAY, Tariff, applies, read_tariff

READ = ("consumer_id", "day_offset", "date", "energy_kwh")


def run(run: Run, settings: BillsSettings, team: Team) -> dict[str, Any] | None:
    """Make RUN/bills/tariffs/NAME of each tariff, and RUN/bills/K/QUESTION; return the summary.

    The former are the bills, one file a shard, and those of the last tariff once more with use moved from the
    window, if there is one; the latter the tables and the summary. Returns None while files of other shares
    are missing.
    """
    run.meaning().need_daily_kwh("bills")
    if not settings.tariff:
        raise CallError(
            "bills.tariff: no tariff; give --tariff FILE, a YAML file, and a second one to compare"
        )
    tariffs = {path.stem: read_tariff(path) for path in settings.tariff}
    if len({(tariff.currency, tariff.decimals) for tariff in tariffs.values()}) > 1:
        raise CallError("bills.tariff: the tariffs have different currencies; give two in one currency")
    run.meaning().need_daily_kwh("bills")
    clusters, profiles = run.chosen(settings.clusters), run.profiles()
    inputs = {"partition": files.digest(run.partition_recipe(clusters))}
    made: dict[str, list[Product]] = {}
    for name, tariff, window in questions(settings, tariffs):
        products = bill_products(run, name, tariff, window, settings.shift)
        bill = functools.partial(bills_of, profiles, tariff, window, settings.shift)
        bring_up_to_date(products, bill, team, f"bills {name}", functools.partial(needs, profiles))
        made[name] = products
        inputs[name] = files.digest({product.key: files.digest(product.recipe) for product in products})
    if not all(all_made(products) for products in made.values()):
        return None
    folder = run / "bills" / str(clusters) / settings.question
    made_by = recipe("bills", settings.question, chosen_settings(settings, clusters), inputs)
    if team.leads:
        last = tariffs[settings.tariff[-1].stem]

        def make() -> dict[str, bytes]:
            shown = [Billed(name, [product.path for product in products]) for name, products in made.items()]
            return tables_of(run, clusters, settings, shown, (last.currency, last.decimals))

        bring_folder_up_to_date(folder, made_by, make)
    team.wait()
    return read_json(folder / "summary.json")


def questions(settings: BillsSettings, tariffs: dict[str, Tariff]) -> list[tuple[str, Tariff, str | None]]:
    """Return (name, tariff, window from which use is moved) of all bills that are asked for."""
    asked: list[tuple[str, Tariff, str | None]] = [(name, tariff, None) for name, tariff in tariffs.items()]
    if settings.window:
        name, tariff, _ = asked[-1]
        asked.append((f"{name}-{settings.moved}", tariff, settings.window))
    return asked


def chosen_settings(settings: BillsSettings, clusters: int) -> Recipe:
    """Return the settings that the tables depend on, as a recipe has them."""
    moved = {"window": settings.window, "shift": settings.shift} if settings.window else {}
    names = [path.stem for path in settings.tariff]
    return {"clusters": clusters, "tariffs": names, "threshold": settings.threshold, **moved}


def bill_products(run: Run, name: str, tariff: Tariff, window: str | None, shift: int) -> list[Product]:
    """Return the products of the bills under one tariff, one for each file of profiles."""
    profiles = run.profiles()
    chosen: dict[str, object] = {"tariff": tariff.model_dump(mode="json", by_alias=True)}
    if window:
        chosen |= {"window": window, "shift": shift}
    recipes = [
        recipe("bills", key, chosen, {"profiles": profiles.digest_of(key)}, len(profiles)) for key in profiles
    ]
    return shard_products(run / "bills" / "tariffs" / name, BILLS, recipes)


def needs(profiles: Shards) -> Needs:
    """Return what the largest file of profiles needs, and the tables of all consumers."""
    largest = max(profiles.path(key).stat().st_size for key in profiles)
    consumers = sum(files.shapes(profiles.path(key), PROFILES)["consumer_id"][0] for key in profiles)
    return Needs(memory.bills(largest, consumers), "put fewer consumers into each file (--shard-size)")


def bills_of(profiles: Shards, tariff: Tariff, window: str | None, shift: int, product: Product) -> Arrays:
    """Return the arrays of one file of bills."""
    read = profiles.read(product.key, READ)
    slots = read["energy_kwh"].shape[1]
    month_of_day = read["date"].astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    months, month = np.unique(month_of_day, return_inverse=True)
    clock = clock_of(tariff, slots, window, shift)
    used = bills.quantities(
        read["energy_kwh"],
        read["day_offset"],
        (month, day_classes(tariff, read["date"])),
        clock,
        (len(months), len(tariff.energy)),
        available_threads(),
    )
    return {
        "consumer_id": read["consumer_id"],
        "month": months,
        "days": used.days,
        "bill": bills.bills(used, prices_of(tariff), slots, tariff.decimals),
        "energy_kwh": used.energy.sum(axis=2) / bills.MILLION,
        "exported_kwh": used.exported / bills.MILLION,
    }


def day_classes(tariff: Tariff, date: np.ndarray) -> np.ndarray:
    """Return the class (season and kind) of each day, (days,) int64; date: days since 1970-01-01."""
    dates, where = np.unique(date, return_inverse=True)
    kind = np.where((dates + 3) % 7 >= 5, WEEKEND, WORKDAY)  # 1970-01-01 was a Thursday
    if tariff.holidays is not None and len(dates):
        off = np.isin(dates, public_holidays(tariff.holidays, int(dates[0]), int(dates[-1])))
        kind = np.where(off & (kind == WORKDAY), WEEKDAY_HOLIDAY, kind)
    day = dates.astype("datetime64[D]")
    year = day.astype("datetime64[Y]")
    leap = (year + 1).astype("datetime64[D]") - year.astype("datetime64[D]") == np.timedelta64(366, "D")
    of_year = (day - year.astype("datetime64[D]")).astype(np.int64)
    of_year += ~leap & (of_year >= 59)  # the 1st of March of a leap year is day 60
    return np.asarray((tariff.seasons_of_year()[of_year] * len(KINDS) + kind)[where], dtype=np.int64)


def clock_of(tariff: Tariff, slots: int, window: str | None, shift: int) -> bills.Clock:
    """Return which charges of a tariff apply in which slots.

    Raises CallError where a charge begins within a slot, or demand is charged of slots above an hour.
    """
    if tariff.demand and slots % 24:
        raise CallError(
            "bills.tariff: a demand charge needs readings of an hour or less; this run has others"
        )
    seasons = len(tariff.season_names())
    energy = np.zeros((seasons * len(KINDS), slots), dtype=np.int64)
    demand = np.zeros((*energy.shape, len(tariff.demand)), dtype=bool)
    for season in range(seasons):
        for kind in tariff.kinds():
            own = season * len(KINDS) + kind
            for number, charge in enumerate(tariff.energy):
                if applies(tariff, charge, season, kind):
                    energy[own, _slots(charge.window, slots, "bills.tariff")] = number
            for number, demanded in enumerate(tariff.demand):
                if applies(tariff, demanded, season, kind):
                    demand[own, :, number] = _slots(demanded.window, slots, "bills.tariff")
    moved = _slots(window, slots, "bills.window") if window else np.zeros(slots, dtype=bool)
    return bills.Clock(energy, demand, moved, shift)


def prices_of(tariff: Tariff) -> bills.Prices:
    """Return the prices of a tariff in millionths."""
    return bills.Prices(
        _millionths(tariff.fixed.per_day),
        _millionths(tariff.fixed.per_month),
        [
            [(None if end is None else _millionths(end), _millionths(block.price)) for block in charge.parts()
             for end in (block.up_to,)]
            for charge in tariff.energy
        ],
        [_millionths(charge.price) for charge in tariff.demand],
        _millionths(tariff.export_credit),
    )  # fmt: skip


def _slots(window: str, slots: int, where: str) -> np.ndarray:
    try:
        return slots_of(window, slots)
    except ValueError as error:
        raise CallError(f"{where}: {error}") from error


def _millionths(value: Decimal) -> int:
    return int(value * bills.MILLION)
