"""The files of one kind in a folder, each a shard of the work: their names, recipes and checks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel

from crocs_cli.errors import CallError, CrocsError, refusal
from crocs_cli.machine import files
from crocs_cli.machine.files import Arrays, Recipe
from crocs_cli.machine.layout import Layout
from crocs_cli.machine.work import Product

MOST_SHARDS = 100_000


@dataclass(frozen=True)
class Shards(Mapping[str, Recipe]):
    """The checked shards of a folder: {key: recipe} in order."""

    folder: Path
    layout: Layout
    recipes: Mapping[str, Recipe]

    def __len__(self) -> int:
        return len(self.recipes)

    def __iter__(self) -> Iterator[str]:
        return iter(self.recipes)

    def __getitem__(self, key: str) -> Recipe:
        return self.recipes[key]

    def path(self, key: str) -> Path:
        """Return the path of a shard."""
        return self.folder / f"{key}.h5"

    def read(self, key: str, names: tuple[str, ...] = ()) -> Arrays:
        """Read the named arrays of a shard; all when none is named."""
        return files.read(self.path(key), self.layout, names)

    def each(self, names: tuple[str, ...] = ()) -> Iterator[Arrays]:
        """Read shard after shard."""
        return (self.read(key, names) for key in self.recipes)

    def digest_of(self, key: str) -> str:
        """Return a short name for a shard."""
        return files.digest(self.recipes[key])

    def digest(self) -> str:
        """Return a short name for all shards together."""
        return files.digest({key: self.digest_of(key) for key in self.recipes})


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


def shards(folder: Path, layout: Layout) -> Shards:
    """Return all the shards of a folder.

    Raises CrocsError when there is none, when some are missing, or when they come from different runs.
    """
    recipes = {path.stem: files.read_recipe(path, layout) for path in listed(folder)}
    return checked(Shards(folder, layout, recipes))


def checked(those: Shards) -> Shards:
    """Return the shards, if there are any, none is missing and all come from the same run."""
    folder, layout, recipes = those.folder, those.layout, those.recipes
    if not recipes:
        raise CrocsError(f"{folder}: nothing there; run `{layout.made_by}` first")
    kinds = [files.digest({**made_by, "key": "", "inputs": {}}) for made_by in recipes.values()]
    usual = max(kinds, key=kinds.count)  # the stranger is named, not those that it differs from
    first = recipes[list(recipes)[kinds.index(usual)]]
    for (key, made_by), kind in zip(recipes.items(), kinds, strict=True):
        if kind != usual or made_by["key"] != key:
            raise CrocsError(f"{those.path(key)}: not of the same run as the others; {layout.cure}")
    missing = [key for key in map(shard_key, range(first["parts"])) if key not in recipes]
    if missing:
        some = ", ".join(missing[:3]) + (" ..." if len(missing) > 3 else "")
        raise CrocsError(
            f"{folder}: {len(missing)} of {first['parts']} shards missing ({some}); run `{layout.made_by}`"
        )
    return those
