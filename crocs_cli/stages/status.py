"""What of a run is made and what is missing."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from crocs_cli.errors import CrocsError
from crocs_cli.machine import files
from crocs_cli.machine.layouts import PARTITION, PROFILES, RLS, RRLS, WSMD, Layout
from crocs_cli.machine.run import shard_key

FOLDERS: tuple[tuple[str, str, Layout], ...] = (
    ("profiles", "profiles", PROFILES),
    ("stage1", "rls", RLS),
    ("distances", "wsmd", WSMD),
    ("partition", ".", PARTITION),
)


@dataclass(frozen=True)
class Step:
    """How much of one kind of file is there: `parts` is 0 while nobody knows."""

    name: str
    made: int
    parts: int
    missing: list[str]


def steps(run: Path) -> list[Step]:
    """Return the state of every step of a run, in the order of the work.

    Raises CrocsError when the run directory is not there, or a file in it is damaged.
    """
    if not run.is_dir():
        raise CrocsError(f"{run}: no such run directory; `crocs ingest` or `crocs synth` makes one")
    found = [_step(name, run / folder, layout) for name, folder, layout in FOLDERS]
    for folder in sorted((run / "rrls").glob("[0-9]*"), key=lambda path: int(path.name)):
        found.append(_step(f"rrls {folder.name}", folder, RRLS))
    return found


def _step(name: str, folder: Path, layout: Layout) -> Step:
    pattern = "partition.h5" if layout is PARTITION else "[0-9]*.h5"
    made = {path.stem: files.read_recipe(path, layout) for path in sorted(folder.glob(pattern))}
    if not made:
        return Step(name, 0, 1 if layout is PARTITION else 0, [])
    parts = next(iter(made.values()))["parts"]
    return Step(name, len(made), parts, [key for key in _keys(layout, parts) if key not in made])


def _keys(layout: Layout, parts: int) -> list[str]:
    """Return the names of all the files of a kind when there are `parts` of them."""
    if layout is PARTITION:
        return ["partition"]
    if layout is RRLS:
        return [f"{number:02d}" for number in range(1, parts + 1)]
    if layout is WSMD:
        blocks = int((2 * parts) ** 0.5)  # parts = blocks (blocks + 1) / 2
        return [f"{a:03d}-{b:03d}" for a in range(blocks) for b in range(a, blocks)]
    return [shard_key(number) for number in range(parts)]
