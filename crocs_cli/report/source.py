"""Read what a report needs of a run: consumers, segments, and profiles one shard at a time."""

from __future__ import annotations

import datetime as dt
import functools
from dataclasses import dataclass

import numpy as np

from crocs_cli.errors import CrocsError
from crocs_cli.machine.files import Arrays
from crocs_cli.maths.programmes import peak
from crocs_cli.maths.readings.quality import COUNTS, of_today
from crocs_cli.maths.segments import seasons, signs
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
    quality, seen = _profiles(run, consumer_id, label, clusters)
    days = list(run.load_sets().each(("day_offset", "date", "day_prototype")))
    members = run.members(clusters)
    people = People(
        mean_kwh=np.concatenate([part.mean_kwh for part in seen]),
        peaks=np.sum([part.peaks for part in seen], axis=0),
        load=peak.joined([part.load for part in seen if len(part.load.date)]).energy_kwh,
        on_kinds=seasons.added([part.on_kinds for part in seen]),
        signs=_signs(seen) if run.meaning().quantity == "electricity" else {},
        odd={name: np.concatenate([part.odd[name] for part in seen]) for name in seen[0].odd},
        sets=members.sets,
        day_offset=np.concatenate([[0], np.cumsum(np.concatenate([np.diff(p["day_offset"]) for p in days]))]),
        date=np.concatenate([part["date"] for part in days]),
        day_prototype=np.concatenate([part["day_prototype"] for part in days]),
    )
    window, seed = run.comparison(clusters).window, run.made_with(clusters)[1]
    return quality, Source(run, clusters, members, label, people, window, seed)


@dataclass(frozen=True)
class Part:
    """What the profiles of one shard tell, as `People` holds it of all."""

    mean_kwh: np.ndarray
    peaks: np.ndarray
    load: peak.Loads
    on_kinds: seasons.OnKinds
    night_kw: np.ndarray
    signs: dict[str, np.ndarray]
    odd: dict[str, np.ndarray]


def _part(read: Arrays, label: np.ndarray, clusters: int) -> Part:
    """Describe the consumers of one shard; label: (consumers,)."""
    energy, offset, date = read["energy_kwh"], read["day_offset"], read["date"]
    mean_kwh = consumer_means(energy, offset)
    total, days = seasons.sums_by_cell(energy, date, offset)
    return Part(
        mean_kwh=mean_kwh,
        peaks=peak_counts(energy, offset, label, clusters),
        load=peak.segment_loads(energy, date, offset, label, clusters),
        on_kinds=seasons.on_kinds(total, days, label, clusters),
        night_kw=seasons.night_means(total, days),
        signs={
            "export": signs.has_export(energy, offset),
            "hollow": signs.has_hollow_midday(mean_kwh),
            "blocks": signs.has_blocks(energy, offset),
        },
        odd=signs.odd_readings(energy, offset),
    )


def _signs(seen: list[Part]) -> dict[str, np.ndarray]:
    """Return which consumers have each sign: (n,) bool; heating only where the run holds two seasons."""
    found = {name: np.concatenate([part.signs[name] for part in seen]) for name in seen[0].signs}
    night_kw = np.concatenate([part.night_kw for part in seen])
    pair = signs.seasons_to_compare(night_kw)
    if pair is not None:
        name = f"nights of {seasons.QUARTERS[pair[0]]} over {seasons.QUARTERS[pair[1]]}"
        found[name] = signs.uses_more_in_nights_of(night_kw, *pair)
    return found


def _profiles(
    run: Run, consumer_id: np.ndarray, label: np.ndarray, clusters: int
) -> tuple[Quality, list[Part]]:
    """Return what was counted, and what the profiles of each shard tell."""
    counts = np.zeros(len(COUNTS), dtype=np.int64)
    meters = unused = at = slots = 0
    parts, dates = [], []
    profiles = run.profiles()
    for key in profiles:
        read = profiles.read(key)
        here = slice(at, at + len(read["consumer_id"]))
        if not np.array_equal(consumer_id[here], read["consumer_id"]):
            raise CrocsError(
                f"{run.partition_path(clusters)}: of other consumers than profiles/{key}.h5; "
                "run `crocs stage1` and `crocs stage2` again"
            )
        at, slots = here.stop, read["energy_kwh"].shape[1]
        counted = of_today(read["quality"])
        counts += counted.sum(axis=0)
        meters += len(counted)
        unused += int((counted[:, COUNTS.index("days_used")] == 0).sum())
        parts.append(_part(read, label[here], clusters))
        dates += [read["date"].min(), read["date"].max()] if len(read["date"]) else []
    quality = Quality(
        meters, unused, len(consumer_id), _day(min(dates)), _day(max(dates)), slots,
        dict(zip(COUNTS, counts.tolist(), strict=True)),
    )  # fmt: skip
    return quality, parts


def _day(number: int) -> str:
    return str(dt.date(1970, 1, 1) + dt.timedelta(days=int(number)))
