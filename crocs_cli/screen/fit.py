"""Stage `screen fit`: learn typical patterns from daily shards, and freeze them."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from crocs_cli.errors import CrocsError
from crocs_cli.machine import files
from crocs_cli.machine.files import Recipe
from crocs_cli.machine.memory import Needs
from crocs_cli.machine.shards import recipe, shard_products, shards
from crocs_cli.machine.team import Team
from crocs_cli.machine.threads import limit_threads
from crocs_cli.machine.work import Product, all_made, bring_up_to_date
from crocs_cli.rundir import memory
from crocs_cli.screen.daily import filters
from crocs_cli.screen.daily.contracts import LEVELS as LEVEL_NAMES
from crocs_cli.screen.daily.series import Series, together, windows_of
from crocs_cli.screen.layouts import DAILY, FEATURES, LEVELS, MAP
from crocs_cli.screen.patterns import typical
from crocs_cli.screen.patterns.som import Lattice
from crocs_cli.screen.patterns.typical import Feature, MapPlan
from crocs_cli.screen.ranking import assess
from crocs_cli.screen.ranking.model import ALL, map_arrays, map_of
from crocs_cli.screen.settings import FitSettings, PatternSettings

Arrays = dict[str, np.ndarray]
SMALL = 5  # side of the map to compare with
log = logging.getLogger("crocs")


@dataclass(frozen=True)
class Fitted:
    """A finished fit: features and label bits of all installations, and maps by `feature-scope`."""

    columns: Arrays
    bits: np.ndarray
    maps: dict[str, typical.PatternMap]


def run(run: Path, settings: FitSettings, seed: int, team: Team) -> Fitted | None:
    """Bring features and model of a run up to date; return None while other shares are at work."""
    limit_threads()
    features = feature_products(run, settings)
    make = partial(make_features, run=run, settings=settings)
    bring_up_to_date(features, make, team, "screen features", partial(needs, run, memory.screen_fit))
    if not all_made(features):
        return None
    columns = together(run / "screen" / "features", FEATURES)
    inputs = {product.key: files.digest(product.recipe) for product in features}
    levels = Product(
        run / "screen" / "model" / "levels.h5", LEVELS, _recipe(settings, seed, "levels", inputs)
    )
    bring_up_to_date([levels], lambda _: level_arrays(columns, settings), team, "screen levels")
    if not all_made([levels]):  # a share that came last has made its features; one call for all does the rest
        return None
    bits = labels(columns, files.read(levels.path, LEVELS)["first_quartile"], settings)
    plans = map_plans(columns, bits, settings, seed)
    maps = [
        Product(run / "screen" / "model" / f"{key}.h5", MAP, _recipe(settings, seed, key, inputs))
        for key in plans
    ]
    bring_up_to_date(
        maps,
        lambda product: map_arrays(fit_map(columns, bits, plans[product.key], product.key)),
        team,
        "screen maps",
    )
    if not all_made([levels, *maps]):
        return None
    return Fitted(columns, bits, {p.key: map_of(files.read(p.path, MAP)) for p in maps})


def needs(run: Path, footprint: Callable[[int, int, int], int]) -> Needs:
    """Return the memory of a step that holds arrays of all installations and the days of one file."""
    paths = [run / "screen" / "daily" / f"{key}.h5" for key in shards(run / "screen" / "daily", DAILY)]
    found = [files.shapes(path, DAILY)["energy_kwh"] for path in paths]
    rows = [installations for installations, _ in found]
    return Needs(footprint(sum(rows), found[0][1], max(rows)), "use a larger machine")


def _recipe(settings: FitSettings, seed: int, key: str, inputs: dict[str, str]) -> Recipe:
    kept = settings.model_dump(mode="json", exclude={"input", "day", "installations_per_shard"})
    kept["day"] = settings.day.model_dump(mode="json", include={"holidays", "country"})
    return recipe("screen fit", key, kept | {"seed": seed}, inputs)


def feature_products(run: Path, settings: FitSettings) -> list[Product]:
    """Return the features files of a run, one for each daily shard."""
    source = shards(run / "screen" / "daily", DAILY)
    used = settings.model_dump(mode="json", include={"dref", "filter"})
    used["day"] = settings.day.model_dump(mode="json", include={"holidays", "country"})
    recipes = [
        recipe("screen fit", key, used, {"daily": files.digest(made_by)}, len(source))
        for key, made_by in source.items()
    ]
    return shard_products(run / "screen" / "features", FEATURES, recipes)


def make_features(product: Product, run: Path, settings: FitSettings) -> Arrays:
    """Return the features of one daily shard."""
    series = Series.of(files.read(run / "screen" / "daily" / product.path.name, DAILY))
    weekday = assess.weekdays(series.calendar, settings.day.holidays, settings.day.country)
    windows = windows_of(series, settings.dref, settings.filter)
    found = assess.describe(series, windows, settings.filter, weekday)
    return {name: found[name] for name in FEATURES.arrays}


def labels(columns: Arrays, first_quartile: np.ndarray, settings: FitSettings) -> np.ndarray:
    """Return the primary filters of DS0 of all installations."""
    observed = np.all(columns["month_days"] >= 15, axis=1, keepdims=True)
    whole = np.where(observed, columns["month_share"], np.nan)
    return filters.label(columns | {"month_share": whole}, first_quartile[columns["level"]], settings.filter)


def level_arrays(columns: Arrays, settings: FitSettings) -> Arrays:
    """Return the first quartile of each level, and median and 99th percentile of honest distances."""
    usable = ~filters.large_gaps(columns, settings.filter)
    count = len(LEVEL_NAMES)
    quartile = filters.first_quartiles(columns["mean_kwh"], columns["level"], usable, count)
    steady = labels(columns, quartile, settings) & filters.NO_CLUSTERING == 0
    distances = [columns[f"{feature}_null"][steady] for feature in ("week", "month")]
    known = [each[np.isfinite(each)] for each in distances]
    scale = [np.quantile(each, (0.5, 0.99)) if len(each) else (np.nan, np.nan) for each in known]
    return {
        "first_quartile": quartile,
        "installations": np.bincount(columns["level"], minlength=count),
        "shape_scale": np.array(scale),
    }


def map_plans(columns: Arrays, bits: np.ndarray, settings: FitSettings, seed: int) -> dict[str, MapPlan]:
    """Return the maps to fit by `feature-scope`: one for all, or one for each large level.

    Raises CrocsError when there are fewer installations than classes.
    """
    plans: dict[str, MapPlan] = {}
    for feature in ("week", "month", "scale"):
        chosen: PatternSettings = getattr(settings, feature)
        taking_part = filters.clusterable(bits, feature)
        sizes = np.bincount(columns["level"][taking_part], minlength=len(LEVEL_NAMES))
        scopes = {ALL: int(sizes.sum())}
        if chosen.scope == "level":
            large = {LEVEL_NAMES[n]: int(size) for n, size in enumerate(sizes) if size >= settings.min_fit}
            present = np.bincount(columns["level"], minlength=len(LEVEL_NAMES)) > 0
            scopes = large if len(large) == present.sum() else {**large, **scopes}
        for scope, size in scopes.items():
            plans |= _plans(feature, scope, size, settings, seed)
    return plans


def _plans(feature: Feature, scope: str, size: int, settings: FitSettings, seed: int) -> dict[str, MapPlan]:
    chosen: PatternSettings = getattr(settings, feature)
    if size < 2 * chosen.classes:
        raise CrocsError(
            f"{feature} patterns of {scope}: {size} installations pass the filters, {chosen.classes} classes "
            f"need {2 * chosen.classes}; give more installations, fewer classes, or another run's model"
        )
    rows, columns = chosen.rows, chosen.columns
    if size < settings.min_fit:
        log.warning("%s patterns of %s: only %d installations; the map is made smaller", feature, scope, size)
        nodes = max(2 * chosen.classes, int(5 * np.sqrt(size)))  # Vesanto's rule
        rows, columns = (1, min(nodes, columns)) if rows == 1 else (min(int(np.sqrt(nodes)), rows),) * 2
    hexagonal = settings.lattice == "hexagonal"
    shared = (settings.epochs, seed, settings.weigh_nodes == "hits", settings.hemisphere == "south")
    plans = {
        f"{feature}-{scope}": MapPlan(feature, chosen.classes, Lattice(rows, columns, hexagonal), *shared)
    }
    if settings.compare_maps and feature != "scale" and min(rows, columns) > SMALL:
        small = Lattice(SMALL, SMALL, hexagonal)
        plans[f"{feature}-{scope}-{SMALL}x{SMALL}"] = MapPlan(feature, chosen.classes, small, *shared)
    return plans


def fit_map(columns: Arrays, bits: np.ndarray, plan: MapPlan, key: str) -> typical.PatternMap:
    """Fit a map to the installations of its scope that pass the filters."""
    scope = key.split("-")[1]
    rows = filters.clusterable(bits, plan.feature)
    if scope != ALL:
        rows &= columns["level"] == LEVEL_NAMES.index(scope)
    data = columns["log_energy"][:, None] if plan.feature == "scale" else columns[f"{plan.feature}_share"]
    known = rows & ~np.isnan(data).any(axis=1)
    return typical.fit(np.ascontiguousarray(data[known]), plan)
