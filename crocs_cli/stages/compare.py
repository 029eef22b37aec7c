"""Compare two periods of the same consumers: who moved, and which behaviours became more or less common."""

from __future__ import annotations

import functools
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa

from crocs_cli.errors import CallError, CrocsError
from crocs_cli.machine.files import digest
from crocs_cli.machine.pages import bring_folder_up_to_date
from crocs_cli.machine.plain import json_bytes, read_json
from crocs_cli.machine.shards import recipe
from crocs_cli.machine.tables import csv_bytes
from crocs_cli.machine.team import Team
from crocs_cli.machine.threads import available_threads
from crocs_cli.maths.decisions import at_most
from crocs_cli.maths.distances.dtw import dtw_between
from crocs_cli.maths.distances.loadsets import LoadSets
from crocs_cli.maths.segments import change
from crocs_cli.maths.segments.membership import NONE, Membership, counts, membership, shown
from crocs_cli.report import naming, plain_words
from crocs_cli.report.change import BehaviourChange, Changes, files_of
from crocs_cli.rundir.excerpts import excerpt
from crocs_cli.rundir.ids import read_ids
from crocs_cli.rundir.layouts import ASSIGNMENTS
from crocs_cli.rundir.result_settings import CompareSettings
from crocs_cli.rundir.run import Members, Run
from crocs_cli.stages import stage1
from crocs_cli.stages.assign import assign

CLAIM = 0.05  # chance of claiming any change where there is none
NORMAL = 1.96
OTHERS = 2000  # consumers of other segments from which it is estimated what those did meanwhile


@dataclass(frozen=True)
class Period:
    """Some consumers in one period: their load sets, and what each prototype shows (P,), NONE for none."""

    sets: LoadSets
    behaviour: np.ndarray

    def counts(self, behaviours: int) -> np.ndarray:
        """Return the days of each consumer by behaviour: (n, behaviours + 1)."""
        return counts(self.sets, self.behaviour, behaviours)

    def mean(self, behaviour: int) -> np.ndarray:
        """Return the mean profile of the days that show a behaviour: (slots,), NaN where there is none."""
        inside = self.behaviour == behaviour
        if not inside.any():
            return np.full(self.sets.prototypes.shape[1], np.nan)
        return np.average(self.sets.prototypes[inside], axis=0, weights=self.sets.days[inside])


@dataclass(frozen=True)
class Read:
    """The load sets of two periods.

    earlier: all consumers of the earlier one; label: (n,) their segments from 0; place: (m,) where those of
    both periods are among them; later: the load sets of these in the later one.
    """

    earlier: Members
    label: np.ndarray
    place: np.ndarray
    later: LoadSets


def run(run: Run, settings: CompareSettings, team: Team) -> dict[str, Any]:
    """Compare RUN with the run of an earlier period; return the summary.

    Makes RUN/rls and RUN/assignments where they are missing, with the earlier run's settings, and
    RUN/comparison/K: the page, its tables and figures, and the summary. What is there and right stays.
    """
    if settings.with_ is None:
        raise CallError("compare.with: no run of the earlier period; give --with RUN, or --segments A,B")
    earlier, clusters = Run(settings.with_), settings.clusters
    assign(run, earlier, clusters, team)
    control = read_ids(settings.control)
    explained = [digest(earlier.behaviours_recipe(clusters, n)) for n in range(1, clusters + 1)]
    inputs = {
        "earlier": digest({"rrls": explained, "rls": earlier.load_sets().digest()}),
        "later": run.shards(ASSIGNMENTS).digest(),
        "names": digest({"names": naming.segment_names(earlier, clusters)}),
    }
    made_by = recipe("compare", str(clusters), {"clusters": clusters, "control": sorted(control)}, inputs)
    folder = run.path / "comparison" / str(clusters)
    compared = functools.cache(lambda: compare(run, earlier, clusters, control))

    def make() -> dict[str, bytes]:
        found = compared()
        tables = {f"{name}.csv": csv_bytes(table) for name, table in tables_of(found).items()}
        return files_of(found) | tables | {"summary.json": json_bytes(found.summary())}

    bring_folder_up_to_date(folder, made_by, make)
    return read_json(folder / "summary.json")


def compare(run: Run, earlier: Run, clusters: int, control: frozenset[str]) -> Changes:
    """Compare two periods of the consumers that are in both."""
    consumer_id, label = earlier.labels(clusters)
    segment = dict(zip(consumer_id.tolist(), label.tolist(), strict=True))
    assigned = _assigned(run)
    both = np.array([name for name in consumer_id.tolist() if name in assigned])
    if not len(both):
        raise CrocsError(f"{run}: no consumer of {earlier} is in it; compare periods of the same consumers")
    old = np.array([segment[name] for name in both])
    now = np.array([assigned[name][0] for name in both])
    moved = np.array([not assigned[name][1][was] for name, was in zip(both, old, strict=True)]) & (old != now)
    seed = earlier.made_with(clusters)[1]
    read = read_periods(earlier, run, clusters, both)
    rows: list[BehaviourChange] = []
    distances = np.full((2, len(both)), np.nan)
    halves = _halves(earlier, clusters, both)
    for number in np.unique(old).tolist():
        members = np.flatnonzero(old == number)
        known, periods, names = periods_of(earlier, read, clusters, number, members, seed)
        before, after = (period.counts(len(names)) for period in periods)
        in_control = np.array([name in control for name in both[members]])
        found = prevalence(number, names, (before, after), in_control)
        others = _others(read, known, np.flatnonzero(old != number), len(names), seed)
        rows += [_with_shape(row, periods, earlier, clusters, others) for row in found]
        distances[0, members] = change.divergence(before, after)
        distances[1, members] = change.divergence(*_split_counts(halves, members, known, len(names)))
    transitions = np.bincount(old * clusters + now, minlength=clusters**2).reshape(clusters, clusters)
    return Changes(
        earlier=earlier.path.resolve().name,
        later=run.path.resolve().name,
        clusters=clusters,
        consumer_id=both,
        left=len(consumer_id) - len(both),
        new=len(assigned) - len(both),
        segments=np.stack([old, now]),
        moved=moved,
        divergence=distances,
        transitions=transitions,
        behaviours=claims(rows),
        meaning=run.meaning(),
        names=tuple(naming.segment_names(earlier, clusters)),
    )


def tables_of(found: Changes) -> dict[str, pa.Table]:
    """Return the tables of a comparison: consumers, transitions, prevalence."""
    who = {
        "consumer_id": pa.array(found.consumer_id, pa.string()),
        "earlier_cluster": found.segments[0] + 1,
        "later_cluster": found.segments[1] + 1,
        "moved": found.moved,
        "divergence": found.divergence[0],
        "expected_divergence": found.divergence[1],
    }
    old, now = np.indices(found.transitions.shape).reshape(2, -1) + 1
    flows = {
        "earlier_cluster": old,
        "later_cluster": now,
        "consumers": found.transitions.reshape(-1),
        "share_of_earlier": found.transition_shares().reshape(-1),
    }
    left_out = ("earlier_mean", "later_mean")
    rows = [{k: v for k, v in asdict(row).items() if k not in left_out} for row in found.behaviours]
    return {
        "consumers": pa.table(who),
        "transitions": pa.table(flows),
        "prevalence": naming.named(pa.Table.from_pylist(rows), list(found.names)),
    }


def _assigned(run: Run) -> dict[str, tuple[int, np.ndarray]]:
    """Return {consumer id: (segment, which segments it is like)}."""
    found: dict[str, tuple[int, np.ndarray]] = {}
    for read in run.shards(ASSIGNMENTS).each():
        places = zip(read["label"], read["alike"] > 0, strict=True)
        found |= dict(zip(read["consumer_id"].tolist(), places, strict=True))
    return found


def read_periods(earlier: Run, later: Run, clusters: int, both: np.ndarray) -> Read:
    """Read the load sets of both periods once."""
    everyone = earlier.members(clusters)
    after = later.consumers(earlier.comparison(clusters), both)
    orders = []
    for members in (everyone, after):
        places = {name: at for at, name in enumerate(members.consumer_id.tolist())}
        orders.append(np.array([places[name] for name in both]))
    return Read(everyone, earlier.labels(clusters)[1], orders[0], after.sets.take(orders[1]))


def periods_of(
    earlier: Run, read: Read, clusters: int, number: int, chosen: np.ndarray, seed: int
) -> tuple[Membership, tuple[Period, Period], list[str]]:
    """Return what the members of a segment (from 0) that are in both periods showed, and show.

    chosen: their places among those of both periods. In the earlier period that is what `rrls` found; in the
    later one what is nearest to it.
    """
    threads = available_threads()
    behaviours, inside = earlier.behaviours(clusters, number + 1), np.flatnonzero(read.label == number)
    members = Members(read.earlier.consumer_id[inside], read.earlier.sets.take(inside), np.empty(0))
    earlier.check_members(clusters, number + 1, behaviours, members)
    window = earlier.comparison(clusters).window
    known = membership(members.sets, behaviours["vertex_community"], window, seed, threads)
    own = np.searchsorted(inside, read.place[chosen])
    vertices = LoadSets(behaviours["vertex_community"][:, None], members.sets.days, members.sets.offset)
    before = Period(members.sets.take(own), vertices.take(own).prototypes[:, 0])
    sets = read.later.take(chosen)
    after = Period(sets, shown(sets.prototypes, known, threads))
    names = plain_words.behaviour_names(behaviours, members.sets, earlier.meaning())
    return known, (before, after), names


def _halves(earlier: Run, clusters: int, consumer_id: np.ndarray) -> tuple[LoadSets, LoadSets]:
    """Return load sets of every other day of some consumers in the earlier period, and of the rest.

    Each is made as the run's own were, so that their difference is what to expect without a change. A
    consumer of a single day has no prototype in the second half.
    """
    settings, seed = earlier.stage1_settings(), earlier.made_with(clusters)[1]
    comparison = earlier.comparison(clusters)
    parts: tuple[list[LoadSets], list[LoadSets]] = ([], [])
    names = []
    for read in earlier.profiles().each():
        inside = np.flatnonzero(np.isin(read["consumer_id"], consumer_id))
        names.append(read["consumer_id"][inside])
        for half, found in enumerate(parts):
            rows = [np.arange(*read["day_offset"][c : c + 2])[half::2] for c in inside]
            own = excerpt(read, inside, rows)
            days = stage1.load_sets(own, settings, [seed, 0], comparison.threads, earlier.meaning())
            found.append(comparison.sets_of(days))
    places = {name: at for at, name in enumerate(np.concatenate(names).tolist())}
    order = np.array([places[name] for name in consumer_id])
    first, second = (LoadSets.concatenate(found).take(order) for found in parts)
    return first, second


def _split_counts(
    halves: tuple[LoadSets, LoadSets], members: np.ndarray, known: Membership, behaviours: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return the days of some consumers by behaviour in each half of the earlier period: (n, B + 1) each."""
    own = [half.take(members) for half in halves]
    first, second = (
        counts(sets, shown(sets.prototypes, known, available_threads()), behaviours) for sets in own
    )
    return first, second


def _others(read: Read, known: Membership, others: np.ndarray, behaviours: int, seed: int) -> np.ndarray:
    """Return the change of the share of the other segments' days that show each behaviour: (B + 1,).

    others: the places of their consumers among those of both periods.
    """
    if not len(others):
        return np.full(behaviours + 1, np.nan)
    if len(others) > OTHERS:
        others = others[np.sort(np.random.default_rng(seed).choice(len(others), OTHERS, replace=False))]
    shares = []
    for sets in (read.earlier.sets.take(read.place[others]), read.later.take(others)):
        days = counts(sets, shown(sets.prototypes, known, available_threads()), behaviours).sum(axis=0)
        shares.append(days / days.sum())
    return np.asarray(shares[1] - shares[0])


def prevalence(
    number: int, names: list[str], days: tuple[np.ndarray, np.ndarray], control: np.ndarray
) -> list[BehaviourChange]:
    """Measure the change of each behaviour's share of days; days: before, after, (n, B + 1) each."""
    treated = ~control if (~control).any() else control
    parts = [np.empty(side.shape) for side in days]
    for group in (treated, ~treated):
        if group.any():
            for part, side in zip(parts, days, strict=True):
                part[group] = change.parts(side[group])
    found = change.change(parts[0], parts[1], control)
    means = [part[treated].mean(axis=0) for part in parts]
    return [
        BehaviourChange(
            cluster=number + 1,
            behaviour=b + 1 if b < len(names) else None,
            name=names[b] if b < len(names) else "none of these",
            consumers=int(treated.sum()),
            earlier=float(means[0][b]),
            later=float(means[1][b]),
            change=float(found.estimate[b]),
            low=float(found.estimate[b] - NORMAL * found.error[b]),
            high=float(found.estimate[b] + NORMAL * found.error[b]),
            p_adjusted=float(found.p_value[b]),
            claimed=False,
        )
        for b in range(len(names) + 1)
    ]


def _with_shape(
    row: BehaviourChange, periods: tuple[Period, Period], earlier: Run, clusters: int, others: np.ndarray
) -> BehaviourChange:
    """Add the mean profile of both periods, how far it moved (DTW), and what the other segments did."""
    behaviour = NONE if row.behaviour is None else row.behaviour - 1
    before, after = (period.mean(behaviour) for period in periods)
    moved = np.nan
    if row.behaviour is not None and np.isfinite(before).all() and np.isfinite(after).all():
        moved = float(dtw_between(before[None], after[None], earlier.comparison(clusters).window)[0, 0])
    return replace(
        row, shape_change=moved, others_change=float(others[behaviour]), earlier_mean=before, later_mean=after
    )


def claims(rows: list[BehaviourChange]) -> list[BehaviourChange]:
    """Adjust the p-values for their number, and claim what is left."""
    adjusted = change.holm(np.array([row.p_adjusted for row in rows]))
    return [
        replace(row, p_adjusted=float(p), claimed=bool(at_most(p, CLAIM)))
        for row, p in zip(rows, adjusted, strict=True)
    ]
