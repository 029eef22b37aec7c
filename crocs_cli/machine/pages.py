"""Folders of pages and tables that belong together, made whole and not made again while they are right."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path

from crocs_cli import __version__
from crocs_cli.errors import CrocsError, refusal
from crocs_cli.machine import files
from crocs_cli.machine.files import Recipe
from crocs_cli.machine.plain import json_bytes

MADE_BY = "made-by.json"


def read_made_by(folder: Path) -> Recipe | None:
    """Return how a folder of pages was made; None where it is not, or not whole."""
    try:
        made_by: Recipe = json.loads((folder / MADE_BY).read_bytes())
        whole = all((folder / name).exists() for name in made_by["files"])
    except (FileNotFoundError, NotADirectoryError, ValueError, KeyError, TypeError):
        return None
    except OSError as error:
        raise CrocsError(f"{folder / MADE_BY}: {refusal(error)}") from error
    return made_by if whole else None


def is_current(folder: Path, recipe: Recipe) -> bool:
    """Return whether a folder was made by this very recipe and this version of crocs."""
    made_by = read_made_by(folder)
    if made_by is None:
        return False
    wanted = {"crocs": __version__, **json.loads(json_bytes(recipe))}
    return {key: value for key, value in made_by.items() if key != "files"} == wanted


def bring_folder_up_to_date(folder: Path, recipe: Recipe, make: Callable[[], Mapping[str, bytes]]) -> bool:
    """Write {name: content} into a folder unless that was made by this recipe; return whether it was written.

    Pages, tables and pictures that an earlier call left and this one does not make are removed. How the
    folder was made is written last, so that a call that was ended is noticed.
    """
    if is_current(folder, recipe):
        return False
    made = make()
    earlier = read_made_by(folder)
    (folder / MADE_BY).unlink(missing_ok=True)
    for name, content in made.items():
        files.write_bytes(folder / name, content)
    for name in (earlier or {"files": ()})["files"]:
        if name not in made:
            (folder / name).unlink(missing_ok=True)
    files.write_bytes(folder / MADE_BY, json_bytes({"crocs": __version__, **recipe, "files": sorted(made)}))
    return True
