"""Stage `screen rank`: test daily shards for changes, and rank the installations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from crocs_cli.errors import CrocsError
from crocs_cli.machine import files
from crocs_cli.machine.settings import Document, settle
from crocs_cli.machine.shards import listed, recipe, shard_products, shards
from crocs_cli.machine.team import Team
from crocs_cli.machine.threads import limit_threads
from crocs_cli.machine.work import Product, all_made, bring_up_to_date, is_made
from crocs_cli.rundir import memory
from crocs_cli.rundir.run import Run
from crocs_cli.screen.changes import homologous
from crocs_cli.screen.daily.dates import WEEK, YEAR_WEEKS, Calendar, Windows
from crocs_cli.screen.daily.series import Series, calendar_from, split_day, together, windows_of
from crocs_cli.screen.fit import needs
from crocs_cli.screen.layouts import CHANGES, DAILY, LEVELS, MAP, PLACEBO, SCORES
from crocs_cli.screen.ranking import assess, judge, scoring
from crocs_cli.screen.ranking.judge import Crowd, Verdict
from crocs_cli.screen.ranking.model import Model, model_of
from crocs_cli.screen.ranking.tags import TAGS
from crocs_cli.screen.settings import FactorSettings, FitSettings, RankSettings

Arrays = dict[str, np.ndarray]
LAG = YEAR_WEEKS * WEEK
SHARD_SETTINGS = {"assign", "months_min_class", "months_min_distance", "trend_clip"}

PLACES = {"figures", "model", "peers"}  # where things lie on this machine, and what changes no score


@dataclass(frozen=True)
class Source:
    """The inputs of a ranking: run, frozen model, its directory, settings and digests."""

    run: Path
    folder: Path
    model: Model
    fitted: FitSettings
    inputs: dict[str, str]


@dataclass(frozen=True)
class Ranking:
    """A finished ranking: verdicts now and a year before, p- and q-values, weekly means."""

    source: Source
    crowd: Crowd
    weeks: np.ndarray
    actual: Verdict
    placebo: Verdict | None
    p_value: np.ndarray
    q_value: np.ndarray


def load_source(run: Path, settings: RankSettings) -> Source:
    """Read the frozen model of this run, or of the run in the settings."""
    folder = (Path(settings.model) if settings.model else run) / "screen" / "model"
    levels = folder / "levels.h5"
    made_by = files.read_recipe(levels, LEVELS)
    fitted = FitSettings.model_validate({k: v for k, v in made_by["settings"].items() if k != "seed"})
    paths = {path.stem: path for path in listed(folder, "*.h5") if path.stem.count("-") == 1}
    for feature in ("week", "month", "scale"):
        if not any(key.startswith(feature) for key in paths):
            raise CrocsError(
                f"{folder}: no map of {feature} patterns; run `crocs screen fit` to the end first"
            )
    maps = {key: files.read(path, MAP) for key, path in paths.items()}
    inputs = {}
    for key, path in paths.items():
        fit = files.read_recipe(path, MAP)
        if fit != {**made_by, "key": key}:
            raise CrocsError(
                f"{path}: not of the same fit as levels.h5; move it elsewhere and run `crocs screen fit`"
            )
        inputs[key] = files.digest(fit)
    model = model_of(maps, files.read(levels, LEVELS))
    return Source(run, folder, model, fitted, inputs | {"levels": files.digest(made_by)})


def run(run: Path, settings: RankSettings, team: Team) -> Ranking | None:
    """Bring the ranking of a run up to date; return it, or None while other shares are at work.

    Only the process that leads gets the ranking.
    """
    limit_threads()
    source = load_source(run, settings)
    changes, placebo = change_products(source, settings)
    make = partial(make_changes, source=source, settings=settings)
    needed = partial(needs, run, memory.screen_rank)
    bring_up_to_date(changes, make, team, "screen changes", needed)
    bring_up_to_date(placebo, make, team, "screen placebo", needed)
    if not all_made([*changes, *placebo]) or not team.leads:
        return None
    inputs = {f"{p.path.parent.name}/{p.key}": files.digest(p.recipe) for p in changes + placebo}
    if settings.peers:
        peers = Run(Path(settings.peers))
        inputs["peers"] = files.digest(peers.partition_recipe(peers.chosen(settings.clusters)))
    dumped = settings.model_dump(mode="json", exclude=PLACES)
    product = Product(run / "screen" / "scores.h5", SCORES, recipe("screen rank", "scores", dumped, inputs))
    made = is_made(product)
    found = judged(source, settings, bool(placebo))
    if not made:
        files.write(product.path, SCORES, score_arrays(found), product.recipe)
    return found


def change_products(source: Source, settings: RankSettings) -> tuple[list[Product], list[Product]]:
    """Return the files of changes and of the placebo, one for each daily shard; no placebo in short data."""
    daily = shards(source.run / "screen" / "daily", DAILY)
    used = settings.model_dump(mode="json", include=SHARD_SETTINGS)
    used |= source.fitted.model_dump(mode="json", include={"dref", "filter"})
    recipes = [
        recipe("screen rank", key, used, {"daily": files.digest(made_by), **source.inputs}, len(daily))
        for key, made_by in daily.items()
    ]
    folder = source.run / "screen"
    changes = shard_products(folder / "changes", CHANGES, recipes)
    calendar = calendar_of(folder / "daily" / f"{next(iter(daily))}.h5")
    days_before = split_day(calendar, source.fitted.dref) - LAG
    possible = settings.placebo and days_before >= source.fitted.filter.min_days_before
    return changes, shard_products(folder / "placebo", PLACEBO, recipes) if possible else []


def calendar_of(path: Path) -> Calendar:
    """Return the calendar of a daily shard without reading its energy."""
    arrays = files.read(path, DAILY, ("first_date", "expected_intervals"))
    return calendar_from(arrays["first_date"], len(arrays["expected_intervals"]))


def make_changes(product: Product, source: Source, settings: RankSettings) -> Arrays:
    """Return the changes of a daily shard at the reference date or, for a placebo, 364 days before."""
    series = Series.of(files.read(source.run / "screen" / "daily" / product.path.name, DAILY))
    fitted = source.fitted
    windows = windows_of(series, fitted.dref, fitted.filter)
    if product.layout is PLACEBO:
        windows = windows.earlier(LAG)
        windows = Windows(windows.begin, np.maximum(windows.split, windows.begin), windows.end)
    weekday = assess.weekdays(series.calendar, fitted.day.holidays, fitted.day.country)
    found = assess.assess(series, windows, source.model, fitted.filter, settings, weekday)
    return {name: found[name] for name in product.layout.arrays}


def judged(source: Source, settings: RankSettings, has_placebo: bool) -> Ranking:
    """Judge all installations together, now and at the placebo date."""
    folder = source.run / "screen"
    columns = together(folder / "changes", CHANGES)
    weeks = whole = columns.pop("weeks")
    crowd = load_crowd(source, settings, columns)
    actual = verdict_of(columns, weeks, crowd, source.model, settings)
    before = None
    if has_placebo:
        before = verdict_of(
            together(folder / "placebo", PLACEBO), weeks[:, :-YEAR_WEEKS], crowd, source.model, settings
        )
    return Ranking(source, crowd, whole, actual, before, *judge.significance(actual, before))


def verdict_of(
    columns: Arrays, weeks: np.ndarray, crowd: Crowd, model: Model, settings: RankSettings
) -> Verdict:
    """Return the verdict on all installations at one reference date."""
    found = columns | judge.yearly(columns, weeks, crowd, settings)
    return judge.verdict(found, crowd, model.shape_scale, settings)


def load_crowd(source: Source, settings: RankSettings, columns: Arrays) -> Crowd:
    """Read the calendar and all events, and group the installations into peers."""
    rows, days, first = [], [], 0
    paths = listed(source.run / "screen" / "daily")
    for path in paths:
        arrays = files.read(path, DAILY, ("event_offset", "event_day"))
        count = len(arrays["event_offset"]) - 1
        rows.append(first + np.repeat(np.arange(count), np.diff(arrays["event_offset"])))
        days.append(arrays["event_day"].astype(np.int64))
        first += count
    groups = columns["month_class_before"]
    if settings.peers:
        groups = clusters_of(Path(settings.peers), settings.clusters, columns["installation_id"])
    peers = homologous.peer_groups(groups, columns["level"])
    return Crowd(calendar_of(paths[0]), peers, np.concatenate(rows), np.concatenate(days))


def clusters_of(path: Path, clusters: int | None, ids: np.ndarray) -> np.ndarray:
    """Return the segment of every installation in a partition of crocs, -1 for one it does not know.

    Raises CrocsError when the partition has not so many clusters, or knows none of the installations.
    """
    run = Run(path)
    consumer_id, label = run.labels(run.chosen(clusters))
    number = dict(zip(consumer_id.tolist(), label.tolist(), strict=True))
    groups = np.array([number.get(name, -1) for name in ids.tolist()])
    if (groups < 0).all():
        raise CrocsError(f"{path}: none of its consumers is an installation of this run; use the same ids")
    return groups


def score_arrays(ranking: Ranking) -> Arrays:
    """Return the arrays of the scores file."""
    verdict = ranking.actual
    columns, count = verdict.columns, len(verdict.ranked)
    return {
        "installation_id": columns["installation_id"],
        "rank": scoring.ranks(verdict.order, count),
        "rank_level": scoring.ranks(verdict.order, count, columns["level"]),
        "final": verdict.score.final,
        "score": verdict.score.score,
        "level": columns["level"],
        "tag": np.stack([verdict.tags[tag] for tag in TAGS], axis=1),
        "completeness": columns["completeness"],
        "agreement": columns["agreement"],
        "p_value": ranking.p_value,
        "q_value": ranking.q_value,
        "onset_day": columns["onset_day"],
        "lost_kwh": columns["lost_kwh"],
    }


def factors_of(document: Document) -> dict[str, float]:
    """Return the factors of a settings file, alone or under `factors`; refuse unknown names."""
    given = document.values.get("factors", document.values)
    settled = settle(
        "factors", FactorSettings, Document(document.path, {"factors": given}, document.lines), {}
    )
    return {name: value for name, value in settled.model_dump().items() if name in given}


def what_if(run: Path, factors: Mapping[str, float]) -> Arrays:
    """Order the installations of a finished ranking by other factors.

    Returns installation_id, rank, rank_before and final, best first. The factors that are not given stay.
    """
    arrays = files.read(run / "screen" / "scores.h5", SCORES)
    settings = RankSettings.model_validate(
        files.read_recipe(run / "screen" / "scores.h5", SCORES)["settings"]
    )
    weights = settings.factors.model_dump() | dict(factors)
    tags = {name: arrays["tag"][:, i] for i, name in enumerate(TAGS)}
    gamma = settings.gamma if settings.completeness == "multiply" else 0.0
    final = scoring.score(tags, weights, arrays["completeness"], gamma).final
    ties = (tags["scale_decrease"], arrays["agreement"], arrays["lost_kwh"])
    order = scoring.order(final, arrays["rank"] > 0, ties, arrays["installation_id"])
    return {
        "installation_id": arrays["installation_id"][order],
        "rank": np.arange(1, len(order) + 1),
        "rank_before": arrays["rank"][order],
        "final": final[order],
    }
