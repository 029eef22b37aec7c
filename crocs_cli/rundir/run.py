"""A run directory: where its files are, and whether they belong together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from crocs_cli.errors import CrocsError
from crocs_cli.machine import files
from crocs_cli.machine.files import Arrays, Recipe
from crocs_cli.machine.layout import Layout
from crocs_cli.machine.shards import Shards, checked, listed, shard_key
from crocs_cli.machine.threads import available_threads
from crocs_cli.maths.distances.comparison import Comparison
from crocs_cli.maths.distances.loadsets import LoadSets
from crocs_cli.maths.distances.profiles import window_slots
from crocs_cli.rundir.layouts import (
    ASSIGNMENTS,
    PARTITION,
    PROFILES,
    RLS,
    RRLS,
    SAMPLED,
    STABILITY,
    TRUTH,
    VECTORS,
)
from crocs_cli.rundir.meaning import DAYS, Meaning
from crocs_cli.rundir.names import segment_keys
from crocs_cli.rundir.settings import RrlsSettings, Stage1Settings, Stage2Settings

FOLDERS = {
    PROFILES.format: "profiles",
    RLS.format: "rls",
    TRUTH.format: "truth",
    ASSIGNMENTS.format: "assignments",
    VECTORS.format: "vectors",
}
OF_SETS = ("consumer_id", "prototype_offset", "days", "mean_daily_kwh")
Stamp = tuple[int, int, int]


@dataclass(frozen=True)
class Members:
    """Some consumers: their ids (n,) str, load sets as stage 2 compares them, and mean kWh a day (n,)."""

    consumer_id: np.ndarray
    sets: LoadSets
    mean_daily_kwh: np.ndarray


class Run:
    """A run directory, opened for reading.

    Nothing is read before it is asked for. What is asked for is checked against how its inputs were made;
    a file that was made from other inputs than the run has now raises CrocsError. How a file was made is
    read once, and again when the file has changed.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._recipes: dict[Path, tuple[Stamp, Recipe]] = {}

    def __truediv__(self, name: str) -> Path:
        return self.path / name

    def __fspath__(self) -> str:
        return str(self.path)

    def __str__(self) -> str:
        return str(self.path)

    @property
    def sample(self) -> Run:
        """The run of the consumers that `stage2 --sample` clusters."""
        return Run(self.path / "sample")

    def recipe(self, path: Path, layout: Layout) -> Recipe:
        """Return how a file was made; read again only where the file has changed."""
        try:
            state = path.stat()
            stamp = (state.st_mtime_ns, state.st_size, state.st_ino)
        except OSError:
            return files.read_recipe(path, layout)  # which says why
        known = self._recipes.get(path)
        if known is None or known[0] != stamp:
            known = self._recipes[path] = (stamp, files.read_recipe(path, layout))
        return known[1]

    # shards

    def shards(self, layout: Layout) -> Shards:
        """Return all shards of a kind.

        Raises CrocsError when there is none, some are missing, they come from different runs, or from other
        profiles than those of the run.
        """
        folder = self.path / FOLDERS[layout.format]
        recipes = {path.stem: self.recipe(path, layout) for path in listed(folder)}
        found = checked(Shards(folder, layout, recipes))
        for key, made_by in recipes.items():
            source = self.path / "profiles" / f"{key}.h5"
            if "profiles" in made_by["inputs"] and source.exists():
                profiles = files.digest(self.recipe(source, PROFILES))
                if made_by["inputs"]["profiles"] != profiles:
                    raise CrocsError(f"{found.path(key)}: made from other profiles; {layout.cure}")
        return found

    def profiles(self) -> Shards:
        """Return the shards of profiles."""
        return self.shards(PROFILES)

    def meaning(self) -> Meaning:
        """Return what the columns of the profiles, or of the load sets, mean; by any one of the files."""
        for layout in (PROFILES, RLS):
            for path in listed(self.path / FOLDERS[layout.format])[:1]:
                return Meaning.of(self.recipe(path, layout))
        return Meaning()

    def load_sets(self) -> Shards:
        """Return the shards of load sets."""
        return self.shards(RLS)

    def stage1_settings(self) -> Stage1Settings:
        """Return how the load sets were made."""
        made_by = next(iter(self.load_sets().recipes.values()))
        return Stage1Settings.model_validate(_without_seed(made_by))

    def size_of_sets(self) -> tuple[int, int]:
        """Return how many prototypes there are in all, and their slots, without reading them.

        Raises CrocsError when the days of the shards have different numbers of slots.
        """
        those = self.load_sets()
        found = [files.shapes(those.path(key), RLS)["medoid"] for key in those]
        if len(slots := {slots for _, slots in found}) > 1:
            raise CrocsError(f"{self / 'rls'}: days of {sorted(slots)} slots; make them with one interval")
        return sum(rows for rows, _ in found), found[0][1]

    def consumers(self, comparison: Comparison, chosen: np.ndarray | None = None) -> Members:
        """Read all consumers, or those whose ids are chosen, in order, as a comparison prepares them.

        Shard by shard, so that only what is chosen is held. Raises CrocsError when there is none of them.
        """
        parts = list(self.each_members(comparison, chosen))
        if not sum(len(part.consumer_id) for part in parts):
            raise CrocsError(
                f"{self / 'rls'}: none of the segment's consumers is there; name a run that has them"
            )
        return Members(
            np.concatenate([part.consumer_id for part in parts]),
            LoadSets.concatenate([part.sets for part in parts]),
            np.concatenate([part.mean_daily_kwh for part in parts]),
        )

    def each_members(self, comparison: Comparison, chosen: np.ndarray | None = None) -> Iterator[Members]:
        """Yield the consumers of each shard; only the chosen ones where ids are given."""
        for read in self.load_sets().each((*OF_SETS, comparison.prototype)):
            sets = comparison.sets_of(read)
            if chosen is None:
                yield Members(read["consumer_id"], sets, read["mean_daily_kwh"])
                continue
            inside = np.flatnonzero(np.isin(read["consumer_id"], chosen))
            yield Members(read["consumer_id"][inside], sets.take(inside), read["mean_daily_kwh"][inside])

    # partitions

    def partition_path(self, clusters: int) -> Path:
        """Return where the partition into so many segments lies."""
        return self.path / "partitions" / f"{clusters}.h5"

    def partitions_there(self) -> list[int]:
        """Return the numbers of segments that there are partitions into, in rising order."""
        return sorted(int(path.stem) for path in listed(self.path / "partitions"))

    def partitions(self) -> list[int]:
        """Return the same to whoever needs one.

        Raises CrocsError for a run whose partitions an earlier version of crocs left in one file.
        """
        found = self.partitions_there()
        if not found and (old := self.path / "partition.h5").exists():
            raise CrocsError(
                f"{old}: partitions of an earlier crocs, all in one file; run `crocs stage2` again"
            )
        return found

    def partition_recipe(self, clusters: int) -> Recipe:
        """Return how a partition was made.

        Raises CrocsError when the run has no such partition, or has other load sets by now. The segments of
        a sample, which everybody joined, come from the partition of RUN/sample.
        """
        path = self.partition_path(clusters)
        if not path.exists():
            there = ", ".join(map(str, self.partitions()))
            missing = f"no partition into {clusters} segments, only {there}" if there else "no partition"
            raise CrocsError(f"{self}: {missing}; run `crocs stage2 --clusters {clusters}`")
        made_by = self.recipe(path, PARTITION)
        if made_by["key"] != str(clusters):
            raise CrocsError(f"{path}: made for another number of segments; {PARTITION.cure}")
        stale = False
        if "sample" in made_by["inputs"]:
            shard = self.sample / "rls" / f"{shard_key(0)}.h5"
            drawn_from = self.recipe(shard, RLS)["inputs"]["rls"]
            stale = made_by["inputs"]["sample"] != files.digest(self.sample.partition_recipe(clusters))
            stale = stale or drawn_from != self.load_sets().digest()
        elif "vectors" in made_by["inputs"]:
            stale = made_by["inputs"]["vectors"] != self.shards(VECTORS).digest()
        elif "rls" in made_by["inputs"] and (self / "rls").exists():
            stale = made_by["inputs"]["rls"] != self.load_sets().digest()
        if stale:
            source = "vectors" if "vectors" in made_by["inputs"] else "load sets"
            raise CrocsError(f"{path}: made from other {source}; {PARTITION.cure}")
        return made_by

    def partition(self, clusters: int) -> Arrays:
        """Read a partition: `consumer_id`, `label` (0 is the largest segment), `medoid`, and its indices."""
        self.partition_recipe(clusters)
        return files.read(self.partition_path(clusters), PARTITION)

    def labels(self, clusters: int) -> tuple[np.ndarray, np.ndarray]:
        """Return (consumer_id, label) of a partition; label 0 is the largest segment."""
        read = self.partition(clusters)
        return read["consumer_id"], read["label"]

    def chosen(self, clusters: int | None) -> int:
        """Return the number of segments that a result is about: the given one, or the only one in question.

        That is the one that rrls explains, or the only one there is. Raises CrocsError when it is not clear.
        """
        if clusters is not None:
            return clusters
        there = self.partitions()
        if not there:
            raise CrocsError(f"{self}: no partition; run `crocs stage2` first")
        for candidates in ([k for k in there if self.is_explained(k)], there):
            if len(candidates) == 1:
                return candidates[0]
        known = ", ".join(map(str, there))
        raise CrocsError(f"{self}: partitions into {known} segments are there; name one with --clusters")

    def made_with(self, clusters: int) -> tuple[Stage2Settings, int]:
        """Return the settings that a partition was made with, and the seed."""
        made_by = self.partition_recipe(clusters)
        return Stage2Settings.model_validate(_without_seed(made_by)), int(made_by["settings"]["seed"])

    def comparison(self, clusters: int) -> Comparison:
        """Return how the consumers of a partition were compared."""
        return self.comparison_by(self.made_with(clusters)[0])

    def comparison_by(self, settings: Stage2Settings) -> Comparison:
        """Return how stage 2 compares the run's load sets with some settings."""
        return comparison_of(settings, self.size_of_sets()[1], self.meaning())

    def members(self, clusters: int, chosen: np.ndarray | None = None) -> Members:
        """Read consumers as they were compared for a partition. See `consumers`."""
        return self.consumers(self.comparison(clusters), chosen)

    def clustered(self, clusters: int) -> np.ndarray | None:
        """Return which consumers were clustered, (m,) bool; None where all were, not only a sample."""
        partition = self.partition_recipe(clusters)
        if "sample" not in partition["inputs"]:
            return None
        path = self.path / "sampled" / f"{clusters}.h5"
        if self.recipe(path, SAMPLED) != partition:
            raise CrocsError(f"{path}: made for another partition; {SAMPLED.cure}")
        found: np.ndarray = files.read(path, SAMPLED, ("clustered",))["clustered"]
        return found

    # what is made of a partition

    def behaviours_path(self, clusters: int, number: int) -> Path:
        """Return where the behaviours of a segment lie; 1 is the largest."""
        return self.path / "rrls" / str(clusters) / f"{segment_keys(clusters)[number - 1]}.h5"

    def is_explained(self, clusters: int) -> bool:
        """Return whether there are behaviours of a partition's segments, of some at least."""
        return bool(listed(self.path / "rrls" / str(clusters)))

    def behaviours_recipe(self, clusters: int, number: int) -> Recipe:
        """Return how the behaviours of a segment were made.

        Raises CrocsError when they are missing, of another segment, or of another partition than the run has.
        """
        path = self.behaviours_path(clusters, number)
        if not path.exists():
            raise CrocsError(f"{path}: no such file; run `crocs rrls --clusters {clusters}` first")
        made_by = self.recipe(path, RRLS)
        partition = files.digest(self.partition_recipe(clusters))
        if made_by["key"] != path.stem or made_by["inputs"].get("partition", partition) != partition:
            raise CrocsError(f"{path}: made for another segment or partition; {RRLS.cure}")
        return made_by

    def behaviours(self, clusters: int, number: int) -> Arrays:
        """Read the behaviours of a segment; 1 is the largest."""
        self.behaviours_recipe(clusters, number)
        return files.read(self.behaviours_path(clusters, number), RRLS)

    def behaviour_of_prototypes(self, clusters: int) -> dict[str, np.ndarray]:
        """Return {consumer id: the behaviour of each of its prototypes, -1 for none} of all segments."""
        found: dict[str, np.ndarray] = {}
        for number in range(1, clusters + 1):
            read = self.behaviours(clusters, number)
            ends = np.searchsorted(read["vertex_member"], np.arange(len(read["consumer_id"]) + 1))
            for member, name in enumerate(read["consumer_id"].tolist()):
                found[name] = read["vertex_community"][ends[member] : ends[member + 1]]
        return found

    def explained_members(self, clusters: int, number: int) -> tuple[Arrays, Members]:
        """Return the behaviours of a segment, and its members in the order of their rows.

        Raises CrocsError where the run's consumers are not those of the behaviours.
        """
        behaviours = self.behaviours(clusters, number)
        members = self.members(clusters, behaviours["consumer_id"])
        self.check_members(clusters, number, behaviours, members)
        return behaviours, members

    def check_members(self, clusters: int, number: int, behaviours: Arrays, members: Members) -> None:
        """Raise CrocsError where the members of a segment are not those of its behaviours."""
        same = np.array_equal(members.consumer_id, behaviours["consumer_id"])
        if not same or len(members.sets.days) != len(behaviours["vertex_days"]):
            path = self.behaviours_path(clusters, number)
            raise CrocsError(f"{path}: its consumers are not those of the run; {RRLS.cure}")

    def rrls_settings(self, clusters: int, number: int) -> RrlsSettings:
        """Return the settings that the behaviours of a segment were made with."""
        return RrlsSettings.model_validate(_without_seed(self.behaviours_recipe(clusters, number)))

    def stability_path(self, clusters: int) -> Path:
        """Return where it lies how stable a partition is."""
        return self.path / "stability" / f"{clusters}.h5"

    def stability_recipe(self, clusters: int) -> Recipe:
        """Return how the stability of a partition was measured.

        Raises CrocsError when it is missing, or of another partition than the run has by now.
        """
        path = self.stability_path(clusters)
        made_by = self.recipe(path, STABILITY)
        if made_by["inputs"]["partition"] != files.digest(self.partition_recipe(clusters)):
            raise CrocsError(f"{path}: made for another partition; {STABILITY.cure}")
        return made_by

    def stability(self, clusters: int) -> Arrays | None:
        """Read how stable a partition is; None where it is not made."""
        if not self.stability_path(clusters).exists():
            return None
        self.stability_recipe(clusters)
        return files.read(self.stability_path(clusters), STABILITY)


def comparison_of(settings: Stage2Settings, slots: int, meaning: Meaning = DAYS) -> Comparison:
    """Return how stage 2 compares load sets of so many slots; of days unless told otherwise."""
    window = window_slots(settings.window, slots, meaning.minutes)
    return Comparison(
        settings.distance, window, settings.normalise_prototypes, available_threads(), settings.prototype
    )


def _without_seed(made_by: Recipe) -> Recipe:
    return {key: value for key, value in made_by["settings"].items() if key != "seed"}
