"""List the files of a run that are made and those that are missing."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from crocs_cli.errors import CrocsError
from crocs_cli.machine import files
from crocs_cli.machine.files import Recipe
from crocs_cli.machine.layouts import PARTITION, PROFILES, RLS, RRLS, WSMD, Layout
from crocs_cli.machine.run import cluster_keys, listed, shard_key, tile_key, tile_places

FOLDERS: tuple[tuple[str, str, Layout], ...] = (
    ("profiles", "profiles", PROFILES),
    ("stage1", "rls", RLS),
    ("distances", "wsmd", WSMD),
    ("partition", ".", PARTITION),
)


@dataclass(frozen=True)
class Step:
    """How much of one kind of file is there: `parts` is 0 while nobody knows.

    `missing` names the files; `numbers` says where they stand in the full list, which shares divide.
    """

    name: str
    made: int
    parts: int
    missing: list[str]
    numbers: list[int]

    def array(self, shares: int) -> str:
        """Return the shares that have something to make, as sbatch's --array wants them; empty if none.

        A step of which nobody knows the parts needs all.
        """
        wanted = {number % shares + 1 for number in self.numbers} if self.parts else range(1, shares + 1)
        runs: list[list[int]] = []
        for share in sorted(wanted):
            if runs and share == runs[-1][1] + 1:
                runs[-1][1] = share
            else:
                runs.append([share, share])
        return ",".join(f"{first}" if first == last else f"{first}-{last}" for first, last in runs)


def steps(run: Path) -> list[Step]:
    """Return the state of every step of a run, in the order of the work.

    Raises CrocsError when the run directory is not there, or a file in it is damaged.
    """
    if not run.is_dir():
        raise CrocsError(f"{run}: no such run directory; `crocs ingest` or `crocs synth` makes one")
    sample = run / "sample"  # where it is, only its consumers are compared
    compared = sample if sample.is_dir() else run
    found = [
        _step(name, (compared if layout is WSMD else run) / folder, layout)
        for name, folder, layout in FOLDERS
    ]
    if not found[1].parts:  # load sets are as many files as profiles
        found[1] = _missing(found[1].name, RLS, {}, found[0].parts)
    for folder in sorted(listed(run / "rrls", "[0-9]*"), key=lambda path: int(path.name)):
        found.append(_step(f"rrls {folder.name}", folder, RRLS))
    return found


def _step(name: str, folder: Path, layout: Layout) -> Step:
    pattern = "partition.h5" if layout is PARTITION else "[0-9]*.h5"
    made = {path.stem: files.read_recipe(path, layout) for path in listed(folder, pattern)}
    if not made:
        return Step(name, 0, 1 if layout is PARTITION else 0, [], [])
    return _missing(name, layout, made, next(iter(made.values()))["parts"])


def _missing(name: str, layout: Layout, made: dict[str, Recipe], parts: int) -> Step:
    missing = {key: number for number, key in enumerate(_keys(layout, parts)) if key not in made}
    return Step(name, len(made), parts, list(missing), list(missing.values()))


def _keys(layout: Layout, parts: int) -> list[str]:
    """Return the names of all the files of a kind, in the order of the work, when there are `parts`."""
    if layout is PARTITION:
        return ["partition"]
    if layout is RRLS:
        return cluster_keys(parts)
    if layout is WSMD:
        blocks = int((2 * parts) ** 0.5)  # parts = blocks (blocks + 1) / 2
        return [tile_key(place) for place in tile_places(blocks)]
    return [shard_key(number) for number in range(parts)]
