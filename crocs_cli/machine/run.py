"""Paths of the files of a run, and lists of its shards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from pydantic import BaseModel

from crocs_cli.errors import CallError, CrocsError, refusal
from crocs_cli.machine import files
from crocs_cli.machine.files import Recipe
from crocs_cli.machine.layouts import PARTITION, PROFILES, RLS, RRLS, STABILITY, Layout
from crocs_cli.machine.work import Product

MOST_SHARDS = 100_000


def recipe(
    command: str,
    key: str,
    settings: BaseModel | Mapping[str, object],
    inputs: Mapping[str, str],
    parts: int = 1,
) -> Recipe:
    """Return what a file's bytes depend on: command, key, settings, and the digests of its inputs.

    `parts` is how many files of this kind make up the whole, so that a missing one is noticed.
    """
    plain = (
        settings.model_dump(mode="json", by_alias=True) if isinstance(settings, BaseModel) else dict(settings)
    )
    return {"command": command, "key": key, "parts": parts, "settings": plain, "inputs": dict(inputs)}


def shard_products(folder: Path, layout: Layout, recipes: Sequence[Recipe]) -> list[Product]:
    """Return the products NNNNN.h5 of a folder, one for each recipe."""
    return [Product(folder / f"{made_by['key']}.h5", layout, made_by) for made_by in recipes]


def shard_key(number: int) -> str:
    """Return the name of a shard: it stays the same through all stages.

    Raises CallError for more shards than five digits can name in order.
    """
    if number >= MOST_SHARDS:
        raise CallError(f"more than {MOST_SHARDS:,} files of one kind; put more consumers into each shard")
    return f"{number:05d}"


def listed(folder: Path, pattern: str = "[0-9]*.h5") -> list[Path]:
    """Return the files of a folder in order; none where there is no folder.

    Raises CrocsError where the system does not let us look: `Path.glob` would find nothing there.
    """
    try:
        return sorted(path for path in folder.iterdir() if path.match(pattern))
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise CrocsError(f"{folder}: {refusal(error)}") from error


def shards(folder: Path, layout: Layout) -> dict[str, Recipe]:
    """Return {key: recipe} of all the shards in a folder, in order.

    Raises CrocsError when there is none, when some are missing, when they come from different runs, or from
    other profiles than those of the run.
    """
    found = {path.stem: files.read_recipe(path, layout) for path in listed(folder)}
    if not found:
        raise CrocsError(f"{folder}: nothing there; run `{layout.made_by}` first")
    kinds = [files.digest({**made_by, "key": "", "inputs": {}}) for made_by in found.values()]
    usual = max(kinds, key=kinds.count)  # the stranger is named, not those that it differs from
    first = found[list(found)[kinds.index(usual)]]
    for (key, made_by), kind in zip(found.items(), kinds, strict=True):
        path, source = folder / f"{key}.h5", folder.parent / "profiles" / f"{key}.h5"
        if kind != usual or made_by["key"] != key:
            raise CrocsError(f"{path}: not of the same run as the others; {layout.cure}")
        profiles = files.digest(files.read_recipe(source, PROFILES)) if source.exists() else None
        if profiles and made_by["inputs"].get("profiles", profiles) != profiles:
            raise CrocsError(f"{path}: made from other profiles; {layout.cure}")
    missing = [key for key in map(shard_key, range(first["parts"])) if key not in found]
    if missing:
        some = ", ".join(missing[:3]) + (" ..." if len(missing) > 3 else "")
        raise CrocsError(
            f"{folder}: {len(missing)} of {first['parts']} shards missing ({some}); run `{layout.made_by}`"
        )
    return found


def load_sets_digest(run: Path) -> str:
    """Return a short name for all load sets of a run together."""
    return files.digest({key: files.digest(made_by) for key, made_by in shards(run / "rls", RLS).items()})


def partition_recipe(run: Path) -> Recipe:
    """Return the recipe of a run's partition; raise CrocsError when the run has other load sets by now.

    The clusters of a sample, which everybody joined, come from the partition of RUN/sample.
    """
    path = run / "partition.h5"
    made_by = files.read_recipe(path, PARTITION)
    stale = False
    if "sample" in made_by["inputs"]:
        source = files.read_recipe(run / "sample" / "rls" / f"{shard_key(0)}.h5", RLS)["inputs"]["rls"]
        stale = made_by["inputs"]["sample"] != files.digest(partition_recipe(run / "sample"))
        stale = stale or source != load_sets_digest(run)
    elif "rls" in made_by["inputs"] and (run / "rls").exists():
        stale = made_by["inputs"]["rls"] != load_sets_digest(run)
    if stale:
        raise CrocsError(f"{path}: made from other load sets; {PARTITION.cure}")
    return made_by


def partition_labels(run: Path, clusters: int) -> tuple[np.ndarray, np.ndarray]:
    """Return (consumer_id, label) of one partition of a run; label 0 is the largest cluster.

    Raises CrocsError when the run has no partition into that many clusters, or other load sets by now.
    """
    path = run / "partition.h5"
    partition_recipe(run)
    read = files.read(path, PARTITION, ("consumer_id", "clusters", "label"))
    row = np.flatnonzero(read["clusters"] == clusters)
    if not len(row):
        there = ", ".join(map(str, read["clusters"]))
        raise CrocsError(
            f"{path}: no partition into {clusters} clusters, only {there}; run `crocs stage2` for it"
        )
    return read["consumer_id"], read["label"][row[0]]


def chosen_clusters(run: Path) -> int:
    """Return the number of clusters that a result is about when none is named.

    That is the one that rrls explains, or the only one there is. Raises CrocsError when it is not clear.
    """
    explained = sorted(int(path.name) for path in (run / "rrls").glob("[0-9]*") if path.name.isdigit())
    there = files.read(run / "partition.h5", PARTITION, ("clusters",))["clusters"].tolist()
    for candidates in (explained, there):
        if len(candidates) == 1:
            return int(candidates[0])
    known = ", ".join(map(str, sorted(there)))
    raise CrocsError(f"{run}: partitions into {known} clusters are there; name one with --clusters")


def cluster_keys(clusters: int) -> list[str]:
    """Return the names of the clusters of a partition, padded so that they sort as numbers do: 01, 02 ..."""
    width = max(2, len(str(clusters)))
    return [f"{number:0{width}d}" for number in range(1, clusters + 1)]


def rrls_path(run: Path, clusters: int, number: int) -> Path:
    """Return where the RRLS of a cluster lies; 1 is the largest."""
    return run / "rrls" / str(clusters) / f"{cluster_keys(clusters)[number - 1]}.h5"


def read_behaviours(run: Path, clusters: int, number: int) -> files.Arrays:
    """Read RUN/rrls/K/CC.h5, the RRLS of one cluster; 1 is the largest.

    Raises CrocsError when it is of another cluster, or of another partition than the run has by now.
    """
    path = rrls_path(run, clusters, number)
    made_by = files.read_recipe(path, RRLS)
    partition = files.digest(files.read_recipe(run / "partition.h5", PARTITION))
    if made_by["key"] != path.stem or made_by["inputs"].get("partition", partition) != partition:
        raise CrocsError(f"{path}: made for another cluster or partition; {RRLS.cure}")
    return files.read(path, RRLS)


def read_stability(run: Path) -> files.Arrays | None:
    """Read RUN/stability.h5, how stable the run's partitions are; None where it is not made.

    Raises CrocsError when it is of another partition than the run has by now.
    """
    path = run / "stability.h5"
    if not path.exists():
        return None
    partition = files.digest(files.read_recipe(run / "partition.h5", PARTITION))
    if files.read_recipe(path, STABILITY)["inputs"]["partition"] != partition:
        raise CrocsError(f"{path}: made for another partition; {STABILITY.cure}")
    return files.read(path, STABILITY)


def tile_places(blocks: int) -> list[tuple[int, int]]:
    """Return the tiles (row block, column block) in the order of the work: the larger ones first.

    Those on the diagonal are half the work, so that shares are even when they come last.
    """
    places = [(a, b) for a in range(blocks) for b in range(a, blocks)]
    return sorted(places, key=lambda place: (place[0] == place[1], place))


def tile_key(place: tuple[int, int]) -> str:
    """Return the name of a tile."""
    return f"{place[0]:03d}-{place[1]:03d}"
