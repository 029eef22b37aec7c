"""Bring files up to date: divide the list, find what is missing, make it, and write it whole."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from crocs_cli.errors import STOP_SIGNALS, CrocsError, Stopped
from crocs_cli.machine import files
from crocs_cli.machine.files import Arrays, Recipe
from crocs_cli.machine.layout import Layout
from crocs_cli.machine.memory import Needs, require
from crocs_cli.machine.progress import Progress
from crocs_cli.machine.team import Team
from crocs_cli.machine.threads import ranks_here


@dataclass(frozen=True)
class Product:
    """One output file: where it goes, what it is, and the recipe that makes it."""

    path: Path
    layout: Layout
    recipe: Recipe

    @property
    def key(self) -> str:
        """The file's name without its ending, which says what part of the run it holds."""
        return self.path.stem


def is_made(product: Product) -> bool:
    """Return whether the file is there, made by this very recipe; nothing that was left beside it stays.

    Raises CrocsError for a file that is damaged, or was made with other settings or from other inputs.
    """
    return not _missing([product])


def all_made(products: Sequence[Product]) -> bool:
    """Return whether every product is there and right, as `is_made` does."""
    return all(product.path.exists() for product in products) and not _missing(products)


def _missing(products: Sequence[Product]) -> list[Product]:
    """Return what is not made, and sweep where the others are: once a directory, which may hold thousands."""
    missing = []
    for product in products:
        if not product.path.exists():
            missing.append(product)
        elif (found := files.read_recipe(product.path, product.layout)) != product.recipe:
            raise CrocsError(f"{product.path}: {_difference(found, product.recipe)}")
    for folder in {product.path.parent for product in products}:
        files.sweep(folder)
    return missing


def bring_up_to_date(
    products: Sequence[Product],
    make: Callable[[Product], Arrays],
    team: Team,
    title: str,
    needs: Callable[[], Needs] | None = None,
) -> int:
    """Make this process's part of the products that are not made yet; return how many it made.

    The full list is divided, never what is missing of it, so that processes that start at different times
    agree. Every existing file of the part is checked before any work starts, and where something is missing,
    whether there is the memory that it needs.
    """
    missing = _missing(team.part(products))
    if missing and needs:
        require(needs(), title, 1 if team.comm is None else ranks_here())
    with stopping() as asked, Progress(title, len(missing), team.leads) as progress, _writer() as write:
        for product in missing:
            if asked():
                raise Stopped
            write(product, make(product))
            progress.advance()
    if asked():  # during the last file: what comes next may be long
        raise Stopped
    team.wait()
    return len(missing)


@contextmanager
def _writer() -> Iterator[Callable[[Product, Arrays], None]]:
    """Write each product while the next one is made; all are on disk, or an error is raised, at the end.

    A product is brought into its file's form once the one before is written: never are more than one product
    and one file in memory, however slow the disk.
    """
    with ThreadPoolExecutor(1) as pool:
        last: list[Future[None]] = []

        def wait() -> None:
            while last:
                last.pop().result()

        def write(product: Product, arrays: Arrays) -> None:
            wait()
            image = files.image_of(product.layout, arrays, product.recipe)
            last.append(pool.submit(files.write_bytes, product.path, image))

        try:
            yield write
        finally:
            wait()


@contextmanager
def stopping() -> Iterator[Callable[[], bool]]:
    """Catch SIGTERM and SIGUSR1 for a while; the yielded function says whether one came."""
    came: list[int] = []

    def note(number: int, _: FrameType | None) -> None:
        came.append(number)

    before = {number: signal.signal(number, note) for number in STOP_SIGNALS}
    try:
        yield lambda: bool(came)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _difference(found: Recipe, wanted: Recipe) -> str:
    """Return the difference of two recipes in words, and the cure."""
    old, new = found.get("settings", {}), wanted.get("settings", {})
    changed = [
        f"{key} {old.get(key)} (now {new.get(key)})"
        for key in sorted(old.keys() | new.keys())
        if old.get(key) != new.get(key)
    ]
    anew = f"move it elsewhere and run `crocs {wanted['command']}` again"
    if found.get("command") != wanted.get("command") or found.get("key") != wanted.get("key"):
        return f"it is {found.get('command')}'s file {found.get('key')}, copied from elsewhere; {anew}"
    if changed:
        return f"made with {', '.join(changed)}; use the same settings, another --run, or {anew}"
    return f"made from other inputs; {anew}"
