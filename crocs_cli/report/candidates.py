"""The candidates for the number of segments: mean days, how far each is found again, how they split."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from crocs_cli.errors import CrocsError
from crocs_cli.machine.plain import counted
from crocs_cli.maths.clustering.continuity import UNKNOWN, continued
from crocs_cli.maths.clustering.prediction import recommended
from crocs_cli.maths.clustering.scores import contingency
from crocs_cli.maths.segments.traits import consumer_means
from crocs_cli.report.facts import Indices
from crocs_cli.report.gather import indices_of
from crocs_cli.report.words import listed, recommendation, segment_name
from crocs_cli.rundir.meaning import DAYS, Meaning
from crocs_cli.rundir.run import Run


@dataclass(frozen=True)
class Candidate:
    """The partition into one number of segments.

    consumers: (K,) int; energy_share: (K,) in [0, 1]; mean_daily_kwh: (K,); mean_kwh: (K, slots) mean day in
    kWh a slot; kappa: of consumers placed again by other days, NaN where not known; measured: whether
    `crocs stability` was run for it.
    """

    clusters: int
    consumers: np.ndarray
    energy_share: np.ndarray
    mean_daily_kwh: np.ndarray
    mean_kwh: np.ndarray
    kappa: float
    measured: bool


@dataclass(frozen=True)
class Flow:
    """Where consumers go from one number of segments to the next.

    shared: (K, L) consumers in both segments; continues: (L,) which earlier segment each later one continues,
    UNKNOWN for a new one.
    """

    earlier: int
    later: int
    shared: np.ndarray
    continues: np.ndarray

    def words(self) -> str:
        """Return a sentence on what is new, and on how many consumers change segments besides."""
        new = np.flatnonzero(self.continues == UNKNOWN).tolist()
        clauses = [f"{segment_name(number)} is new, {_drawn_from(self.shared[:, number])}" for number in new]
        kept = np.flatnonzero(self.continues != UNKNOWN)
        stay = int(self.shared[self.continues[kept], kept].sum())
        if others := int(self.shared[:, kept].sum()) - stay:
            clauses.append(f"{counted(others, 'other consumer')} change{'s' if others == 1 else ''} segments")
        return f"From {self.earlier} to {counted(self.later, 'segment')}: {listed(clauses)}."


@dataclass(frozen=True)
class Candidates:
    """All numbers of segments of a run, in rising order, with their indices and what flows between them."""

    every: list[Candidate]
    flows: list[Flow]
    indices: Indices
    total: int
    meaning: Meaning = DAYS

    @property
    def unmeasured(self) -> list[int]:
        """The numbers of segments for which nobody measured whether they are found again."""
        return [one.clusters for one in self.every if not one.measured]

    @property
    def recommended(self) -> int | None:
        """The number that is recommended; None where none is, or where it is not measured."""
        if self.unmeasured:
            return None
        return recommended(self.indices.clusters.tolist(), self.indices.strength[:, None])

    @property
    def advice(self) -> str:
        """The recommendation with its reason; empty where it is not measured."""
        if self.unmeasured:
            return ""
        return recommendation(self.indices.clusters.tolist(), self.indices.strength.tolist())

    def lineage(self) -> list[np.ndarray]:
        """Return for each candidate (K,) int: the same number for a segment and those that continue it."""
        lines = [np.arange(self.every[0].clusters)]
        following = self.every[0].clusters
        for flow in self.flows:
            own = np.empty(flow.later, dtype=np.int64)
            for number, source in enumerate(flow.continues):
                own[number] = lines[-1][source] if source != UNKNOWN else following
                following += source == UNKNOWN
            lines.append(own)
        return lines

    def summary(self) -> dict[str, Any]:
        """Return what is said of the candidates, as plain values."""
        numbers = []
        for row, one in enumerate(self.every):
            indices = {name: float(values[row]) for name, values in vars(self.indices).items()}
            numbers.append(
                indices
                | {
                    "clusters": one.clusters,
                    "kappa": one.kappa,
                    "consumers": one.consumers,
                    "energy_share": one.energy_share,
                    "mean_daily_kwh": one.mean_daily_kwh,
                }
            )
        flows = [
            {"earlier": flow.earlier, "later": flow.later, "consumers": flow.shared, "said": flow.words()}
            for flow in self.flows
        ]
        return {
            "consumers": self.total,
            "numbers": numbers,
            "flows": flows,
            "unmeasured": self.unmeasured,
            "recommended": self.recommended,
            "recommendation": self.advice,
        }


def candidates(run: Run) -> Candidates:
    """Read all partitions of a run, and the profiles one shard at a time."""
    numbers = run.partitions()
    if not numbers:
        raise CrocsError(f"{run}: no partition; run `crocs stage2 --clusters 2,3,4,5,6,8` first")
    label = [run.labels(k)[1] for k in numbers]
    mean_kwh, days = _consumers(run, numbers[0])
    flows = []
    for at in range(1, len(numbers)):
        shared = contingency(label[at - 1], label[at])
        flows.append(Flow(numbers[at - 1], numbers[at], shared, continued(shared)))
    every = [_candidate(run, k, own, mean_kwh, days) for k, own in zip(numbers, label, strict=True)]
    return Candidates(every, flows, indices_of(run, numbers), len(days), run.meaning())


def _candidate(
    run: Run, clusters: int, label: np.ndarray, mean_kwh: np.ndarray, days: np.ndarray
) -> Candidate:
    """Describe one partition; label: (n,); mean_kwh: (n, slots) mean days; days: (n,) how many each has."""
    inside = [label == number for number in range(clusters)]
    amount = run.meaning().amounts(mean_kwh)
    used = amount * days
    again = run.stability(clusters)
    return Candidate(
        clusters=clusters,
        consumers=np.bincount(label, minlength=clusters),
        energy_share=np.array([used[own].sum() for own in inside]) / (used.sum() or 1.0),
        mean_daily_kwh=np.array([amount[own].mean() for own in inside]),
        mean_kwh=np.array([mean_kwh[own].mean(axis=0) for own in inside]),
        kappa=np.nan if again is None else float(again["days_kappa"].mean()),
        measured=again is not None,
    )


def _consumers(run: Run, clusters: int) -> tuple[np.ndarray, np.ndarray]:
    """Return each consumer's mean day (n, slots) in kWh a slot, and how many days it has (n,)."""
    consumer_id = run.labels(clusters)[0]
    means, days, names = [], [], []
    for read in run.profiles().each(("consumer_id", "energy_kwh", "day_offset")):
        means.append(consumer_means(read["energy_kwh"], read["day_offset"]))
        days.append(np.diff(read["day_offset"]))
        names.append(read["consumer_id"])
    if not np.array_equal(np.concatenate(names), consumer_id):
        raise CrocsError(
            f"{run.partition_path(clusters)}: of other consumers than {run / 'profiles'}; "
            "run `crocs stage1` and `crocs stage2` again"
        )
    return np.concatenate(means), np.concatenate(days)


def _drawn_from(counts: np.ndarray) -> str:
    """Return the words for where the consumers of a new segment come from; counts: (K,)."""
    sources = [source for source in np.argsort(-counts, kind="stable").tolist() if counts[source]]
    return (
        f"with {listed([f'{counts[source]:,} of the earlier {segment_name(source)}' for source in sources])}"
    )
