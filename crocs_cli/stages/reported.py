"""What a report reads of a run: its consumers and their clusters, their profiles one shard at a time."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from crocs_cli.errors import CrocsError
from crocs_cli.machine import files
from crocs_cli.machine.files import Arrays
from crocs_cli.machine.layouts import PARTITION, PROFILES, RLS
from crocs_cli.machine.run import partition_labels, read_behaviours, rrls_path, shards
from crocs_cli.maths.distances.loadsets import LoadSets
from crocs_cli.maths.distances.profiles import window_slots
from crocs_cli.maths.readings.quality import COUNTS, of_today
from crocs_cli.maths.segments.traits import consumer_means, peak_counts
from crocs_cli.pictures.describe import People
from crocs_cli.pictures.facts import Quality


@dataclass(frozen=True)
class Source:
    """The run that a report is about: its consumers, their clusters, and how they were compared."""

    run: Path
    clusters: int
    consumer_id: np.ndarray
    label: np.ndarray
    people: People
    window: int

    def rrls(self, cluster: int) -> Arrays | None:
        """Return the behaviours of a cluster, if they are made."""
        made = rrls_path(self.run, self.clusters, cluster + 1).exists()
        return read_behaviours(self.run, self.clusters, cluster + 1) if made else None


def read_run(run: Path, clusters: int) -> tuple[Quality, Source]:
    """Read profiles, load sets and labels, the profiles one shard at a time."""
    consumer_id, label = partition_labels(run, clusters)
    quality, mean_kwh, peaks = _profiles(run, consumer_id, label, clusters)
    parts = [files.read(run / "rls" / f"{key}.h5", RLS) for key in shards(run / "rls", RLS)]
    compared = files.read_recipe(run / "partition.h5", PARTITION)["settings"]
    sets = LoadSets.concatenate(
        [LoadSets(part["prototype"], part["days"], part["prototype_offset"]) for part in parts]
    )
    people = People(
        mean_kwh=mean_kwh,
        peaks=peaks,
        sets=sets.normalised(compared["normalise_prototypes"]),
        day_offset=np.concatenate(
            [[0], np.cumsum(np.concatenate([np.diff(p["day_offset"]) for p in parts]))]
        ),
        date=np.concatenate([part["date"] for part in parts]),
        day_prototype=np.concatenate([part["day_prototype"] for part in parts]),
    )
    window = window_slots(compared["window"], sets.prototypes.shape[1])
    return quality, Source(run, clusters, consumer_id, label, people, window)


def _profiles(
    run: Path, consumer_id: np.ndarray, label: np.ndarray, clusters: int
) -> tuple[Quality, np.ndarray, np.ndarray]:
    """Return what was counted, each consumer's mean day, and when the days of each cluster peak."""
    counts = np.zeros(len(COUNTS), dtype=np.int64)
    meters = unused = at = 0
    means, dates, peaks = [], [], []
    for key in shards(run / "profiles", PROFILES):
        read = files.read(run / "profiles" / f"{key}.h5", PROFILES)
        here = slice(at, at + len(read["consumer_id"]))
        if not np.array_equal(consumer_id[here], read["consumer_id"]):
            raise CrocsError(
                f"{run}/partition.h5: of other consumers than profiles/{key}.h5; run `crocs stage2` anew"
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
