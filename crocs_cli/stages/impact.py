"""Measure what a programme did to those who took part, against consumers who did not."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any

import numpy as np

from crocs_cli.errors import CallError, CrocsError
from crocs_cli.machine import files
from crocs_cli.machine.files import Recipe
from crocs_cli.machine.memory import Needs, require
from crocs_cli.machine.pages import bring_folder_up_to_date
from crocs_cli.machine.plain import json_bytes, read_json
from crocs_cli.machine.shards import recipe
from crocs_cli.machine.tables import csv_bytes
from crocs_cli.machine.team import Team
from crocs_cli.machine.work import Product, all_made, bring_up_to_date
from crocs_cli.maths.programmes import impact
from crocs_cli.maths.programmes.impact import FEWEST_BLOCKS, FEWEST_DAYS, Days, Group
from crocs_cli.maths.programmes.windows import slots_of
from crocs_cli.maths.segments.membership import NONE, of_days
from crocs_cli.report import describe
from crocs_cli.report.change import BehaviourChange
from crocs_cli.report.impact import Effect, Impact
from crocs_cli.rundir import memory
from crocs_cli.rundir.excerpts import NAMES
from crocs_cli.rundir.layouts import PROFILES
from crocs_cli.rundir.programme_settings import ImpactSettings
from crocs_cli.rundir.run import Run
from crocs_cli.stages import compare, stage1
from crocs_cli.stages.matching import Matched, before_products, candidates, match, sets_before
from crocs_cli.stages.programme import Programme, date_text, programme


def run(run: Run, settings: ImpactSettings, seed: int, team: Team) -> dict[str, Any] | None:
    """Make RUN/impact/K: effects, matches, placebo, behaviours and the summary; return the summary.

    Where the treated are matched on days of the same run, load sets of the days before are made in
    RUN/impact/before-DATE, one file for each of profiles. Returns None while files of other shares are
    missing.
    """
    known = programme(run, settings, seed)
    products = before_products(known)
    if known.base is not run:
        stage1.run(run, known.base.stage1_settings(), known.base.made_with(known.clusters)[1], team)
        if not all((run / "rls" / f"{key}.h5").exists() for key in run.profiles()):
            return None
    make = functools.partial(sets_before, known)
    bring_up_to_date(products, make, team, "impact load sets", lambda: stage1.needs(run.profiles()))
    if not all_made(products):
        return None
    folder = run / "impact" / str(known.clusters)
    if team.leads:
        bring_folder_up_to_date(folder, impact_recipe(known), lambda: pages_of(known, products))
    team.wait()
    return read_json(folder / "summary.json")


def impact_recipe(known: Programme) -> Recipe:
    """Return what the measured impact depends on; inputs of another run have `before` in their names."""
    base, clusters = known.base, known.clusters
    of = {"partition": files.digest(base.partition_recipe(clusters))}
    if base.is_explained(clusters):
        explained = [files.digest(base.behaviours_recipe(clusters, n)) for n in range(1, clusters + 1)]
        of["rrls"] = files.digest({"rrls": explained})
    if base is not known.run:
        of = {f"before {name}": value for name, value in of.items()}
        of["before profiles"] = base.profiles().digest()
    inputs = of | {"profiles": known.run.profiles().digest()}
    inputs["treated"] = files.digest({"start": dict(sorted(known.start.items()))})
    if known.control:
        inputs["control"] = files.digest({"ids": sorted(known.control)})
    return recipe(
        "impact", str(clusters), known.settings.model_dump(mode="json") | {"seed": known.seed}, inputs
    )


def pages_of(known: Programme, products: list[Product]) -> dict[str, bytes]:
    """Return the tables and the summary as {file name: content}."""
    matched = None if known.control else match(known, candidates(known, products))
    result = measure(known, matched)
    tables = {f"{name}.csv": csv_bytes(table) for name, table in result.tables().items()}
    return tables | {"summary.json": json_bytes(result.summary())}


def needs(known: Programme, consumers: int) -> Needs:
    """Return what the days of so many consumers need."""
    profiles = known.base.profiles()
    slots = files.shapes(profiles.path(next(iter(profiles))), PROFILES)["energy_kwh"][1]
    size = memory.impact(0, consumers * len(known.date), slots)
    return Needs(size, "name fewer consumers, or ask for fewer --matches")


def read_days(known: Programme, wanted: set[str]) -> dict[str, Days]:
    """Read the days of some consumers: daily kWh, mean kW in the window, and kW of each slot."""
    found: dict[str, Days] = {}
    for one in known.runs:
        for read in one.profiles().each(NAMES):
            slots = read["energy_kwh"].shape[1]
            try:
                inside = slots_of(known.settings.window, slots)
            except ValueError as error:
                raise CallError(f"impact.window: {error}") from error
            for at in np.flatnonzero(np.isin(read["consumer_id"], sorted(wanted))):
                rows = slice(*read["day_offset"][at : at + 2])
                kwh = read["energy_kwh"][rows].astype(np.float64)
                kw = kwh * slots / 24.0
                figures = np.column_stack([kwh.sum(axis=1), kw[:, inside].mean(axis=1), kw])
                own, name = Days(read["date"][rows], figures), str(read["consumer_id"][at])
                if name in found:
                    own = Days(*(np.concatenate(pair) for pair in zip(found[name], own, strict=True)))
                found[name] = own
    return found


@dataclass(frozen=True)
class Sides:
    """Levels of the treated (2, 2, F), of them and their matches, or with a control group theirs (2, F)."""

    treated: dict[str, np.ndarray]
    controls: dict[str, np.ndarray]

    def effect(self, known: Programme, cluster: int | None) -> Effect:
        """Return the effect on a segment, from 0, or on all."""
        names = [name for name in self.treated if cluster in (None, known.segment[name])]
        levels = np.stack([self.treated[name] for name in names])
        segment = np.array([known.segment[name] for name in names])
        groups = []
        if self.controls:
            held = self._controls(known, np.unique(segment), cluster is None)
            if len(held) == 1:
                segment = np.zeros(len(segment), dtype=np.int64)
            groups = [own[:, 1] - own[:, 0] for own in held]
            means = np.stack([own.mean(axis=0) for own in held])[np.unique(segment, return_inverse=True)[1]]
            change = levels[:, 1] - levels[:, 0]
            shown = np.stack([levels.mean(axis=0), means.mean(axis=0)])
        else:
            change = levels[:, 0, 1] - levels[:, 0, 0] - (levels[:, 1, 1] - levels[:, 1, 0])
            shown = levels.mean(axis=0)
        found = impact.interval(Group(change, segment), groups)
        return Effect(None if cluster is None else cluster + 1, len(names), shown, found)

    def _controls(self, known: Programme, numbers: np.ndarray, of_all: bool) -> list[np.ndarray]:
        """Return the controls of each segment; for all, those of all where a segment has too few."""
        own = np.array([known.segment[name] for name in self.controls])
        levels = np.stack(list(self.controls.values()))
        if of_all and min((own == number).sum() for number in numbers) < FEWEST_BLOCKS:
            return [levels]
        return [levels[own == number] for number in numbers]


def sides(known: Programme, days: dict[str, Days], matched: Matched | None, lag: int) -> Sides:
    """Return the levels of both sides for a start that is some days earlier than the true one."""
    treated: dict[str, np.ndarray | None] = {}
    if matched is not None:
        for name, others in matched.others.items():
            rest = [days[other] for other in others]
            treated[name] = impact.block(days[name], rest, known.start[name], lag)
        return Sides({name: found for name, found in treated.items() if found is not None}, {})
    begun: dict[int, list[int]] = {}
    for name, start in known.start.items():
        treated[name] = days[name].levels(start, lag)
        if treated[name] is not None:
            begun.setdefault(known.segment[name], []).append(start)
    everybody = [start for own in begun.values() for start in own]
    controls: dict[str, np.ndarray] = {}
    for name in sorted(known.control):
        own = begun.get(known.segment[name], everybody)
        parts = [part for start in own if (part := days[name].levels(start, lag)) is not None]
        if parts and len(parts) == len(own):
            controls[name] = np.mean(parts, axis=0)
    return Sides({name: found for name, found in treated.items() if found is not None}, controls)


def measure(known: Programme, matched: Matched | None) -> Impact:
    """Measure the effects, those of fake starts, and the change of behaviours."""
    compared = known.control if matched is None else {one for own in matched.others.values() for one in own}
    own = set(known.start if matched is None else matched.others)
    require(needs(known, len(own | set(compared))), "impact")
    days = read_days(known, own | set(compared))
    true = sides(known, days, matched, 0)
    _check_sides(known, true)
    lags = impact.fake_lags(known.date, known.first, known.settings.fake_starts)
    fakes = [(lag, sides(known, days, matched, lag)) for lag in lags]
    fakes = [(lag, fake) for lag, fake in fakes if fake.treated and (fake.controls or not known.control)]
    numbers = sorted({known.segment[name] for name in true.treated})
    if known.control:
        numbers = [number for number in numbers if number in {known.segment[name] for name in true.controls}]
    effects = [true.effect(known, number) for number in (*numbers, None)]
    roles = {name: known.start[name] for name in true.treated}
    roles |= dict.fromkeys(true.controls, known.first)
    if matched is not None:
        roles |= {one: known.start[name] for name in true.treated for one in matched.others[name]}
    about = {
        "first_date": date_text(known.date[0]),
        "last_date": date_text(known.date[-1]),
        "days": len(known.date),
        "first_start": date_text(known.first),
        "last_start": date_text(max(known.start.values())),
    }
    return Impact(
        settings=known.settings,
        days=about,
        effects=effects,
        matches=[] if matched is None else matched.rows,
        controls=len(true.controls) if matched is None else len(compared),
        lags=[lag for lag, _ in fakes],
        placebo=[fake.effect(known, None).interval for _, fake in fakes],
        balance={} if matched is None else matched.balance,
        behaviours=behaviours(known, roles),
        left_out={f"without {FEWEST_DAYS} days before and after": len(known.start) - len(true.treated)},
    )


def _check_sides(known: Programme, found: Sides) -> None:
    """Raise CrocsError where no treated consumer, or no control, has days enough."""
    if not found.treated:
        raise CrocsError(
            f"{known.settings.treated}: none of the {len(known.start)} treated consumers has {FEWEST_DAYS} "
            "days before and after; name others, or another date"
        )
    if known.control and not found.controls:
        raise CrocsError(
            f"{known.settings.control}: none of the {len(known.control)} controls has {FEWEST_DAYS} days "
            "before and after; name others, or leave --control out"
        )


def behaviours(known: Programme, roles: dict[str, int]) -> list[BehaviourChange]:
    """Return the change of each behaviour's share of days, as `crocs compare` measures it.

    roles: {id: when its second period begins} of the treated and of those they are compared with.
    """
    base, clusters = known.base, known.clusters
    if not base.is_explained(clusters):
        return []
    shown = _shown_days(known, roles) if base is known.run else {}
    everyone = np.array([*roles])
    rows: list[BehaviourChange] = []
    both = None if base is known.run else compare.read_periods(base, known.run, clusters, everyone)
    for number in sorted({known.segment[name] for name in roles if name in known.start}):
        chosen = np.flatnonzero([known.segment[name] == number for name in roles])
        names = everyone[chosen]
        control = np.array([name not in known.start for name in names.tolist()], dtype=bool)
        if not control.any():
            continue
        if both is None:
            read, members = base.explained_members(clusters, number + 1)
            words = describe.behaviour_names(read, members.sets)
            counted = [np.stack([shown[name][side] for name in names.tolist()]) for side in (0, 1)]
            before, after = (side[:, [*range(len(words)), -1]] for side in counted)
        else:
            _, periods, words = compare.periods_of(base, both, clusters, number, chosen, known.seed)
            before, after = (period.counts(len(words)) for period in periods)
        rows += compare.prevalence(number, words, (before, after), control)
    return compare.claims(rows)


def _shown_days(known: Programme, roles: dict[str, int]) -> dict[str, np.ndarray]:
    """Return {id: days by behaviour before and after, (2, B + 1)}, days of none last."""
    of_prototypes = known.base.behaviour_of_prototypes(known.clusters)
    most = 1 + max(int(part.max(initial=NONE)) for part in of_prototypes.values())
    found: dict[str, np.ndarray] = {}
    for read in known.base.load_sets().each(
        ("consumer_id", "prototype_offset", "day_offset", "date", "day_prototype")
    ):
        shown = of_days(read, of_prototypes)
        for at, name in enumerate(read["consumer_id"].tolist()):
            if name in roles:
                rows = slice(*read["day_offset"][at : at + 2])
                behaviour = np.where(shown[rows] == NONE, most, shown[rows])
                after = read["date"][rows] >= roles[name]
                found[name] = np.stack(
                    [np.bincount(behaviour[after == side], minlength=most + 1) for side in (False, True)]
                )
    return found
