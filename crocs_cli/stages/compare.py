"""Two periods of the same consumers: who moved, and which behaviours became more or less common."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow as pa

from crocs_cli.errors import CallError, CrocsError, refusal
from crocs_cli.machine import files
from crocs_cli.machine.layouts import ASSIGNMENTS, PARTITION, PROFILES, RLS
from crocs_cli.machine.run import partition_labels, read_behaviours, shards
from crocs_cli.machine.tables import write_table
from crocs_cli.maths.decisions import at_least, at_most
from crocs_cli.maths.distances.profiles import normalise, window_slots
from crocs_cli.maths.segments import change
from crocs_cli.pictures.change import Shift, comparison
from crocs_cli.stages.result_settings import CompareSettings

COMMON = 0.95  # share of the earlier days nearest to a behaviour that are near enough to be called such
CLAIM = 0.05  # chance of claiming any change where there is none
NORMAL = 1.96
SHOWN = 0.02  # share of days from which a behaviour is in the picture


@dataclass(frozen=True)
class Prevalence:
    """How common one behaviour of one segment was, and is; behaviour None is a day unlike all of them."""

    cluster: int
    behaviour: int | None
    consumers: int
    earlier: float
    later: float
    change: float
    low: float
    high: float
    p_adjusted: float
    claimed: bool


@dataclass(frozen=True)
class Comparison:
    """The consumers of both periods, their moves, and the behaviours' change."""

    consumers: int
    left: int
    new: int
    moved: int
    transitions: np.ndarray  # (K, K): earlier segment, later segment
    prevalence: list[Prevalence]
    median_divergence: float
    median_expected_divergence: float


@dataclass(frozen=True)
class Labels:
    """How the days of one segment are labelled: behaviours (B, slots), and the limit of each (B,)."""

    behaviours: np.ndarray
    limit: np.ndarray
    window: int
    normalisations: tuple[str, str]

    def of(self, energy_kwh: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the label of each day, B for a day unlike all, and its distance to the nearest behaviour."""
        days = normalise(normalise(energy_kwh, self.normalisations[0]), self.normalisations[1])
        label, distance = change.nearest_behaviour(days, self.behaviours, self.window)
        return np.where(distance > self.limit[label], len(self.behaviours), label), distance


def earlier_run(settings: CompareSettings) -> Path:
    """Return the run of the earlier period; raise CallError when none is named."""
    if settings.with_ is None:
        raise CallError("compare.with: no run of the earlier period; give --with RUN")
    return settings.with_


def run(run: Path, earlier: Path, settings: CompareSettings, seed: int) -> Comparison:
    """Compare RUN, whose consumers are assigned, with the EARLIER run; write RUN/comparison/*.csv."""
    clusters, control = settings.clusters, read_ids(settings.control)
    label = dict(zip(*partition_labels(earlier, clusters), strict=True))
    assigned = _assigned(run)
    both = [name for name in label if name in assigned]
    if not both:
        raise CrocsError(f"{run}: no consumer of {earlier} is in it; compare periods of the same consumers")
    old = np.array([label[name] for name in both])
    now = np.array([assigned[name][0] for name in both])
    moved = np.array([not assigned[name][1][label[name]] for name in both]) & (old != now)
    before, after = _behaviour_counts(run, earlier, dict(zip(both, old, strict=True)), clusters)
    prevalence, distances = [], np.full((2, len(both)), np.nan)
    for number in range(clusters):
        members = np.flatnonzero(old == number)
        if len(members):
            first, second = (np.stack([side[both[i]] for i in members]) for side in (before, after))
            in_control = np.array([both[i] in control for i in members])
            prevalence += _prevalence(number + 1, first, second, in_control)
            distances[0, members] = change.divergence(first, second)
            distances[1, members] = change.expected_divergence(first, second, seed)
    prevalence = _claims(prevalence)
    transitions = np.bincount(old * clusters + now, minlength=clusters**2).reshape(clusters, clusters)
    _write(run / "comparison", both, np.stack([old, now, moved]), distances, transitions, prevalence)
    files.write_bytes(run / "comparison" / "comparison.svg", picture(transitions, prevalence).encode())
    return Comparison(
        len(both), len(label) - len(both), len(assigned) - len(both), int(moved.sum()),
        transitions, prevalence, float(np.median(distances[0])), float(np.median(distances[1])),
    )  # fmt: skip


def picture(transitions: np.ndarray, prevalence: list[Prevalence]) -> str:
    """Draw who moved, and the change of all behaviours that are common enough to speak of: SVG."""
    shown = [row for row in prevalence if row.claimed or at_least(max(row.earlier, row.later), SHOWN)]
    names = [f"{row.cluster}.{row.behaviour or 'other'}" for row in shown]
    points = [(100 * row.change, 100 * row.low, 100 * row.high) for row in shown]
    shifts = [
        Shift(name, moved, low, high, row.claimed)
        for name, (moved, low, high), row in zip(names, points, shown, strict=True)
    ]
    return comparison(transitions, shifts)


def read_ids(path: Path | None) -> frozenset[str]:
    """Read a file of consumer ids, one a line; none when there is no file."""
    if path is None:
        return frozenset()
    try:
        return frozenset(path.read_text(encoding="utf-8").split())
    except (OSError, UnicodeDecodeError) as error:
        cure = "name a text file of consumer ids, one a line"
        raise CrocsError(f"{path}: {refusal(error, cure) or f'not UTF-8 text; {cure}'}") from error


def _assigned(run: Path) -> dict[str, tuple[int, np.ndarray]]:
    """Return {consumer id: (segment, which segments it is like)}."""
    found: dict[str, tuple[int, np.ndarray]] = {}
    for key in shards(run / "assignments", ASSIGNMENTS):
        read = files.read(run / "assignments" / f"{key}.h5", ASSIGNMENTS)
        found |= dict(
            zip(read["consumer_id"], zip(read["label"], read["alike"] > 0, strict=True), strict=True)
        )
    return found


def _behaviour_counts(
    run: Path, earlier: Path, label: dict[str, int], clusters: int
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Return {consumer id: days of each behaviour of its earlier segment} before and after."""
    labels = [_labels(earlier, clusters, number) for number in range(clusters)]
    found: list[list[np.ndarray]] = [[] for _ in labels]
    for number, _, energy, _ in _days(earlier, label):
        found[number].append(np.stack(labels[number].of(energy)))
    labels = [
        replace(each, limit=change.limits(np.concatenate(days, axis=1), len(each.limit), COMMON))
        if days
        else each
        for each, days in zip(labels, found, strict=True)
    ]
    sides: tuple[dict[str, np.ndarray], dict[str, np.ndarray]] = ({}, {})
    for side, folder in zip(sides, (earlier, run), strict=True):
        for number, names, energy, owner in _days(folder, label):
            kinds = len(labels[number].behaviours) + 1
            table = change.counts(labels[number].of(energy)[0], owner, (len(names), kinds))
            side.update(zip(names, table, strict=True))
    return sides


def _days(run: Path, label: dict[str, int]) -> Iterator[tuple[int, list[str], np.ndarray, np.ndarray]]:
    """Yield for each shard and segment: segment, consumers, their days (n, slots), whose each is (n,)."""
    for key in shards(run / "profiles", PROFILES):
        read = files.read(run / "profiles" / f"{key}.h5", PROFILES)
        of = np.array([label.get(name, -1) for name in read["consumer_id"]])
        owner = np.repeat(np.arange(len(of)), np.diff(read["day_offset"]))
        for number in np.unique(of[of >= 0]):
            members = np.flatnonzero(of == number)
            inside = of[owner] == number
            names = [str(read["consumer_id"][member]) for member in members]
            yield int(number), names, read["energy_kwh"][inside], np.searchsorted(members, owner[inside])


def _labels(earlier: Path, clusters: int, number: int) -> Labels:
    """Return how the days of one segment are labelled, with no limit yet."""
    read = read_behaviours(earlier, clusters, number + 1)
    behaviours = read["hyperprototype_mean"]
    compared = files.read_recipe(earlier / "partition.h5", PARTITION)["settings"]
    first = next(iter(shards(earlier / "rls", RLS).values()))["settings"]
    window = window_slots(compared["window"], behaviours.shape[1])
    return Labels(
        behaviours,
        np.full(len(behaviours), np.inf),
        window,
        (first["normalise"], compared["normalise_prototypes"]),
    )


def _prevalence(cluster: int, before: np.ndarray, after: np.ndarray, control: np.ndarray) -> list[Prevalence]:
    """Measure the change of each behaviour's mean share of days; before, after: (n, B + 1) days."""
    earlier, later = (side / side.sum(axis=1, keepdims=True) for side in (before, after))
    found = change.change(earlier, later, control)
    treated = ~control if (~control).any() else control
    means = [side[treated].mean(axis=0) for side in (earlier, later)]
    last = before.shape[1] - 1
    return [
        Prevalence(
            cluster,
            None if b == last else b + 1,
            int(treated.sum()),
            float(means[0][b]),
            float(means[1][b]),
            float(found.estimate[b]),
            float(found.estimate[b] - NORMAL * found.error[b]),
            float(found.estimate[b] + NORMAL * found.error[b]),
            float(found.p_value[b]),
            False,
        )
        for b in range(last + 1)
    ]


def _claims(prevalence: list[Prevalence]) -> list[Prevalence]:
    """Adjust the p-values for their number, and claim what is left."""
    adjusted = change.holm(np.array([row.p_adjusted for row in prevalence]))
    return [
        Prevalence(**asdict(row) | {"p_adjusted": float(p), "claimed": bool(at_most(p, CLAIM))})
        for row, p in zip(prevalence, adjusted, strict=True)
    ]


def _write(
    folder: Path,
    names: list[str],
    moves: np.ndarray,
    distances: np.ndarray,
    transitions: np.ndarray,
    prevalence: list[Prevalence],
) -> None:
    """Write the three tables of a comparison."""
    who = {
        "consumer_id": pa.array(names, pa.string()),
        "earlier_cluster": moves[0] + 1,
        "later_cluster": moves[1] + 1,
        "moved": moves[2].astype(bool),
        "divergence": distances[0],
        "expected_divergence": distances[1],
    }
    write_table(pa.table(who), folder / "consumers.csv")
    old, now = np.indices(transitions.shape).reshape(2, -1) + 1
    flows = {"earlier_cluster": old, "later_cluster": now, "consumers": transitions.reshape(-1)}
    write_table(pa.table(flows), folder / "transitions.csv")
    write_table(pa.Table.from_pylist([asdict(row) for row in prevalence]), folder / "prevalence.csv")
