"""Read what a report needs of a run: consumers, segments, and profiles one shard at a time."""

from __future__ import annotations

import datetime as dt
import functools
from dataclasses import dataclass

import numpy as np

from crocs_cli.errors import CrocsError
from crocs_cli.machine.files import Arrays
from crocs_cli.maths.readings.quality import COUNTS, of_today
from crocs_cli.maths.segments.traits import consumer_means, peak_counts
from crocs_cli.report.describe import People
from crocs_cli.report.facts import Quality
from crocs_cli.rundir.run import Members, Run


@dataclass(frozen=True)
class Source:
    """The run that a report is about: its consumers, their segments, and how they were compared."""

    run: Run
    clusters: int
    members: Members
    label: np.ndarray
    people: People
    window: int
    seed: int

    @functools.cached_property
    def explained(self) -> dict[int, Arrays]:
        """The behaviours of every segment that has them, by its number from 0."""
        numbers = [n for n in range(self.clusters) if self.run.behaviours_path(self.clusters, n + 1).exists()]
        return {n: self.run.behaviours(self.clusters, n + 1) for n in numbers}

    def of(self, segment: int) -> Members:
        """Return the members of a segment, from 0."""
        inside = np.flatnonzero(self.label == segment)
        every = self.members
        return Members(every.consumer_id[inside], every.sets.take(inside), every.mean_daily_kwh[inside])


def read_run(run: Run, clusters: int) -> tuple[Quality, Source]:
    """Read profiles, load sets and labels, the profiles one shard at a time."""
    consumer_id, label = run.labels(clusters)
    quality, mean_kwh, peaks = _profiles(run, consumer_id, label, clusters)
    days = list(run.load_sets().each(("day_offset", "date", "day_prototype")))
    members = run.members(clusters)
    people = People(
        mean_kwh=mean_kwh,
        peaks=peaks,
        sets=members.sets,
        day_offset=np.concatenate([[0], np.cumsum(np.concatenate([np.diff(p["day_offset"]) for p in days]))]),
        date=np.concatenate([part["date"] for part in days]),
        day_prototype=np.concatenate([part["day_prototype"] for part in days]),
    )
    window, seed = run.comparison(clusters).window, run.made_with(clusters)[1]
    return quality, Source(run, clusters, members, label, people, window, seed)


def _profiles(
    run: Run, consumer_id: np.ndarray, label: np.ndarray, clusters: int
) -> tuple[Quality, np.ndarray, np.ndarray]:
    """Return what was counted, each consumer's mean day, and when the days of each cluster peak."""
    counts = np.zeros(len(COUNTS), dtype=np.int64)
    meters = unused = at = 0
    means, dates, peaks = [], [], []
    profiles = run.profiles()
    for key in profiles:
        read = profiles.read(key)
        here = slice(at, at + len(read["consumer_id"]))
        if not np.array_equal(consumer_id[here], read["consumer_id"]):
            raise CrocsError(
                f"{run.partition_path(clusters)}: of other consumers than profiles/{key}.h5; "
                "run `crocs stage1` and `crocs stage2` again"
            )
        at = here.stop
        counted = of_today(read["quality"])
        counts += counted.sum(axis=0)
        meters += len(counted)
        unused += int((counted[:, COUNTS.index("days_used")] == 0).sum())
        means.append(consumer_means(read["energy_kwh"], read["day_offset"]))
        peaks.append(peak_counts(read["energy_kwh"], read["day_offset"], label[here], clusters))
        dates += [read["date"].min(), read["date"].max()] if len(read["date"]) else []
    mean_kwh = np.concatenate(means)
    quality = Quality(
        meters, unused, len(consumer_id), _day(min(dates)), _day(max(dates)), mean_kwh.shape[1],
        dict(zip(COUNTS, counts.tolist(), strict=True)),
    )  # fmt: skip
    return quality, mean_kwh, np.sum(peaks, axis=0)


def _day(number: int) -> str:
    return str(dt.date(1970, 1, 1) + dt.timedelta(days=int(number)))
