"""Where everything of a run lies, and how its shards are listed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from pydantic import BaseModel

from crocs_cli.errors import CrocsError
from crocs_cli.machine import files
from crocs_cli.machine.files import Recipe
from crocs_cli.machine.layouts import PARTITION, Layout
from crocs_cli.machine.work import Product


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
    """Return the name of a shard: it stays the same through all stages."""
    return f"{number:05d}"


def shards(folder: Path, layout: Layout) -> dict[str, Recipe]:
    """Return {key: recipe} of all the shards in a folder, in order.

    Raises CrocsError when there is none, when some are missing, or when they come from different runs.
    """
    found = {path.stem: files.read_recipe(path, layout) for path in sorted(folder.glob("[0-9]*.h5"))}
    if not found:
        raise CrocsError(f"{folder}: nothing there; run `{layout.made_by}` first")
    first = next(iter(found.values()))
    for key, made_by in found.items():
        if {**made_by, "key": "", "inputs": {}} != {**first, "key": "", "inputs": {}} or made_by[
            "key"
        ] != key:
            raise CrocsError(
                f"{folder / key}.h5: not of the same run as the others; remove it and make it again"
            )
    missing = [key for key in map(shard_key, range(first["parts"])) if key not in found]
    if missing:
        some = ", ".join(missing[:3]) + (" ..." if len(missing) > 3 else "")
        raise CrocsError(
            f"{folder}: {len(missing)} of {first['parts']} shards missing ({some}); run `{layout.made_by}`"
        )
    return found


def partition_labels(run: Path, clusters: int) -> tuple[np.ndarray, np.ndarray]:
    """Return (consumer_id, label) of one partition of a run; label 0 is the largest cluster.

    Raises CrocsError when the run has no partition into that many clusters.
    """
    path = run / "partition.h5"
    read = files.read(path, PARTITION, ("consumer_id", "clusters", "label"))
    row = np.flatnonzero(read["clusters"] == clusters)
    if not len(row):
        there = ", ".join(map(str, read["clusters"]))
        raise CrocsError(
            f"{path}: no partition into {clusters} clusters, only {there}; run `crocs stage2` for it"
        )
    return read["consumer_id"], read["label"][row[0]]


def tile_places(blocks: int) -> list[tuple[int, int]]:
    """Return the tiles (row block, column block) in the order of the work: the larger ones first.

    Those on the diagonal are half the work, so that shares are even when they come last.
    """
    places = [(a, b) for a in range(blocks) for b in range(a, blocks)]
    return sorted(places, key=lambda place: (place[0] == place[1], place))


def tile_key(place: tuple[int, int]) -> str:
    """Return the name of a tile."""
    return f"{place[0]:03d}-{place[1]:03d}"
