"""The members of a cluster with their load sets, as several stages read them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from crocs_cli.errors import CrocsError
from crocs_cli.machine import files
from crocs_cli.machine.files import Arrays
from crocs_cli.machine.layouts import PARTITION, RLS, RRLS
from crocs_cli.machine.run import shards
from crocs_cli.maths.distances.loadsets import LoadSets
from crocs_cli.maths.distances.profiles import window_slots
from crocs_cli.stages.settings import RrlsSettings, Stage1Settings


@dataclass(frozen=True)
class Members:
    """Some consumers: their ids (n,) str, load sets as stage 2 compared them, and mean kWh a day (n,)."""

    consumer_id: np.ndarray
    sets: LoadSets
    mean_daily_kwh: np.ndarray


@dataclass(frozen=True)
class Comparison:
    """How stage 2 compared load sets: the half-width of its DTW in minutes, and its normalisation."""

    minutes: int
    normalise: str

    def window(self, sets: LoadSets) -> int:
        """Return the half-width in slots."""
        return window_slots(self.minutes, sets.prototypes.shape[1])


def stage1_settings(run: Path) -> Stage1Settings:
    """Return how the load sets of a run were made."""
    made_by = next(iter(shards(run / "rls", RLS).values()))
    return Stage1Settings.model_validate({k: v for k, v in made_by["settings"].items() if k != "seed"})


def rrls_settings(path: Path) -> RrlsSettings:
    """Return the settings that an RRLS file was made with."""
    made_by = files.read_recipe(path, RRLS)["settings"]
    return RrlsSettings.model_validate({key: value for key, value in made_by.items() if key != "seed"})


def why_fewer(read: Arrays, settings: RrlsSettings) -> str:
    """Return a sentence on why a file has fewer communities than were asked for; empty where it has not."""
    wanted, found = settings.communities, len(read["day_coverage"])
    if not settings.searched or found >= wanted:
        return ""
    counts, resolutions = read["trial_communities"].tolist(), read["trial_resolution"].tolist()
    if resolutions[-2:-1] == resolutions[-1:]:  # searched on a part of the graph, then taken for all of it
        counts.pop()
        resolutions.pop()
    nearness = [(abs(count - wanted), at, count) for count, at in zip(counts, resolutions, strict=True)]
    nearest = min(nearness)
    if counts[-1] >= wanted:
        why = f"the part of the graph that the resolution was searched on has {counts[-1]}"
    elif nearest < nearness[-1]:  # it would have been taken, had it not fallen apart
        small = f"{100.0 * (1.0 - settings.min_total_coverage):g}% of the days in groups too small to count"
        why = f"a resolution that gives {nearest[-1]} leaves more than {small}"
    elif counts[-1] == max(counts):
        least = f"at least {100.0 * settings.min_coverage:g}% of the days"
        why = f"no resolution that was tried gives more groups that hold {least}"
    else:
        why = "no resolution that was tried gives a number that is nearer"
    return f"{wanted} behaviours were asked for and {found} found: {why}."


def slot_columns(slots: int) -> list[str]:
    """Return the names of the slots of a day in tables, such as t0030."""
    minutes = [1440 * slot // slots for slot in range(slots)]
    return [f"t{minute // 60:02d}{minute % 60:02d}" for minute in minutes]


def comparison_of(run: Path) -> Comparison:
    """Return how the partition of a run compared load sets."""
    settings = files.read_recipe(run / "partition.h5", PARTITION)["settings"]
    return Comparison(settings["window"], settings["normalise_prototypes"])


def size_of_sets(run: Path) -> tuple[int, int]:
    """Return how many prototypes a run has in all, and their slots, without reading them."""
    paths = [run / "rls" / f"{key}.h5" for key in shards(run / "rls", RLS)]
    found = [files.shapes(path, RLS)["prototype"] for path in paths]
    return sum(rows for rows, _ in found), found[0][1]


def load_members(run: Path, chosen: np.ndarray, comparison: Comparison) -> Members:
    """Read the consumers of a run that are among the chosen ids, in the order of the run.

    Reads shard by shard, so that only what is chosen is held. Raises CrocsError when there is none of them.
    """
    parts = [part for part in member_shards(run, chosen, comparison) if len(part.consumer_id)]
    if not parts:
        raise CrocsError(f"{run / 'rls'}: none of the cluster's consumers is there; name a run that has them")
    return Members(
        np.concatenate([part.consumer_id for part in parts]),
        LoadSets.concatenate([part.sets for part in parts]),
        np.concatenate([part.mean_daily_kwh for part in parts]),
    )


def member_shards(run: Path, chosen: np.ndarray, comparison: Comparison) -> Iterator[Members]:
    """Yield the chosen consumers of each shard of a run."""
    names = ("consumer_id", "prototype_offset", "prototype", "days", "mean_daily_kwh")
    for key in shards(run / "rls", RLS):
        read = files.read(run / "rls" / f"{key}.h5", RLS, names)
        inside = np.flatnonzero(np.isin(read["consumer_id"], chosen))
        sets = LoadSets(read["prototype"], read["days"], read["prototype_offset"]).take(inside)
        yield Members(
            read["consumer_id"][inside],
            sets.normalised(comparison.normalise),
            read["mean_daily_kwh"][inside],
        )
