"""Every kind of file, damaged in every way: found in one line by who reads it, mended as the line says."""

from __future__ import annotations

import random
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np

from crocs_cli.errors import CrocsError
from crocs_cli.machine import files
from crocs_cli.rundir.layouts import LAYOUTS
from crocs_cli.screen.layouts import LAYOUTS as OF_SCREENING
from tests.conftest import Outcome, digests
from tests.torture import population
from tests.torture.tally import Tally, call, untold

PROMISE = "No damaged, foreign or stale file is computed with, and the line that names it says the cure"
HOW = (
    "all HDF5 kinds of a run: cut, bits flipped, emptied, another kind, another version, another run; then "
    "the cure is followed until every file has the undisturbed bytes"
)
SHORT, LONG = 8, 2000
MOST_CURES = 8


@dataclass(frozen=True)
class Kind:
    """One kind of file: where it lies, whose call reads it, and what that call makes from it."""

    chain: str
    files: str
    reader: str
    makes: tuple[str, ...] = ()


TREE, JOINED = "dendrogram.h5", ("sampled", "partitions")
OF_SEGMENTS = ("partitions", "stability", "rrls")
RANKED = ("screen/changes", "screen/placebo", "screen/scores.h5")
KINDS = (
    Kind("main", "profiles", "stage1", ("rls", "wsmd", TREE, *OF_SEGMENTS)),
    Kind("main", "rls", "stage2", ("wsmd", TREE, *OF_SEGMENTS)),
    Kind("main", "wsmd", "stage2", (TREE, *OF_SEGMENTS)),
    Kind("main", "wsmd", "stability", ("stability",)),
    Kind("main", TREE, "stage2", OF_SEGMENTS),
    Kind("main", "partitions/3.h5", "rrls", ("rrls",)),
    Kind("main", "partitions", "stability", ("stability",)),
    Kind("main", "stability", "stability"),
    Kind("main", "rrls", "export coverage"),
    Kind("main", "truth", "score"),
    Kind("later", "profiles", "assign", ("rls", "assignments", "comparison")),
    Kind("later", "rls", "assign", ("assignments", "comparison")),
    Kind("later", "assignments", "assign"),
    Kind("later", "assignments", "compare", ("comparison",)),
    Kind("sampled", "sample/rls", "stage2", ("sample/wsmd", f"sample/{TREE}", "sample/partitions", *JOINED)),
    Kind("sampled", f"sample/{TREE}", "stage2", ("sample/partitions", *JOINED)),
    Kind("sampled", "sample/partitions", "stage2", JOINED),
    Kind("sampled", "sampled", "info"),
    Kind("screened", "screen/daily", "screen fit", ("screen/features", "screen/model", *RANKED)),
    Kind("screened", "screen/features", "screen fit", ("screen/model", *RANKED)),
    Kind("screened", "screen/model", "screen rank", RANKED),
    Kind("screened", "screen/changes", "screen rank", ("screen/scores.h5",)),
    Kind("screened", "screen/placebo", "screen rank", ("screen/scores.h5",)),
    Kind("screened", "screen/scores.h5", "info"),
    Kind("screened", "screen/truth", "info"),
    Kind("metered", "profiles", "info"),
    Kind("used", "peak/3/loads", "peak", ("peak/3/40h",)),
    Kind("used", "peak/3/40h", "peak", ("peak/3/40h/made-by.json",)),
    Kind("used", "bills/tariffs", "bills", ("bills/3",)),
    Kind("used", "target/3/1700-2000", "target", ("target/3/made-by.json",)),
)  # fmt: skip


def cut(path: Path, draw: random.Random, _: Path) -> None:
    """Keep the first part."""
    path.write_bytes(path.read_bytes()[: draw.randrange(path.stat().st_size)])


def flipped(path: Path, draw: random.Random, _: Path) -> None:
    """Turn one to eight bits."""
    content = bytearray(path.read_bytes())
    for _bit in range(draw.randint(1, 8)):
        content[draw.randrange(len(content))] ^= 1 << draw.randrange(8)
    path.write_bytes(bytes(content))


def emptied(path: Path, _: random.Random, __: Path) -> None:
    """Leave nothing."""
    path.write_bytes(b"")


def zeroed(path: Path, draw: random.Random, _: Path) -> None:
    """Lose a block to zeros, as some disks do after a crash."""
    content = bytearray(path.read_bytes())
    start = draw.randrange(len(content))
    content[start : start + 4096] = bytes(len(content[start : start + 4096]))
    path.write_bytes(bytes(content))


def other_kind(path: Path, draw: random.Random, _: Path) -> None:
    """Put a file of another kind there: crocs', another program's HDF5, text, random bytes."""
    run = path
    while run.parent.name not in ("work", "made"):
        run = run.parent
    others = [other for other in sorted(run.rglob("*.h5")) if other.parent != path.parent]
    choice = draw.randrange(0 if others else 1, 4)
    if choice == 0:
        shutil.copyfile(draw.choice(others), path)
    elif choice == 1:
        path.unlink()
        with h5py.File(path, "w") as file:
            file["x"] = np.arange(9)
    else:
        path.write_bytes(b"id,time,kwh\n" if choice == 2 else draw.randbytes(5000))


def other_version(path: Path, _: random.Random, __: Path) -> None:
    """Have it say that a later crocs made it."""
    with h5py.File(path, "r+") as file:
        file.attrs["format-version"] = int(file.attrs["format-version"]) + 1


def neighbour(path: Path, _: random.Random, __: Path) -> None:
    """Put another shard of the same kind there."""
    others = [other for other in sorted(path.parent.glob("*.h5")) if other != path]
    if others:
        shutil.copyfile(others[0], path)
    else:
        path.write_bytes(b"")


def other_run(path: Path, _: random.Random, elsewhere: Path) -> None:
    """Put the same file of another run there."""
    shutil.copyfile(elsewhere, path)


DAMAGES: tuple[Callable[[Path, random.Random, Path], None], ...] = (
    cut, flipped, emptied, zeroed, other_kind, other_version, neighbour, other_run,
)  # fmt: skip


def torture(cases: int, folder: Path) -> Tally:
    """Damage one file at a time, each kind in each way in turn."""
    tally = Tally()
    made = population.made()
    other = population.made(seed=2, prototypes=5)
    chains = {chain.run: chain for chain in population.chains()}
    for number in range(cases):
        draw = random.Random(number)
        kind = KINDS[number % len(KINDS)]
        damage = DAMAGES[(number + number // len(KINDS)) % len(DAMAGES)]  # a few cases have some of each
        case = Case(made, other, folder / "work", kind, chains[kind.chain])
        tally.case(f"case {number}: {damage.__name__} {kind.chain}/{kind.files}", case.run(damage, draw))
    return tally


@dataclass(frozen=True)
class Case:
    """One damaged file in a copy of the runs."""

    made: Path
    other: Path
    work: Path
    kind: Kind
    chain: population.Chain

    def run(self, damage: Callable[[Path, random.Random, Path], None], draw: random.Random) -> str:
        """Damage a file; say how the promise was broken, if it was."""
        shutil.rmtree(self.work, ignore_errors=True)
        needed = {self.kind.chain, "main"} if self.kind.chain == "later" else {self.kind.chain}
        for name in needed:
            shutil.copytree(self.made / name, self.work / name)
        for name in population.BROUGHT:
            shutil.copyfile(self.made / name, self.work / name)
        run = self.work / self.kind.chain
        where = run / self.kind.files
        path = draw.choice(sorted(where.rglob("*.h5"))) if where.is_dir() else where
        inside = path.relative_to(self.work)
        damage(path, draw, self.other / inside)
        for name in self.kind.makes:
            shutil.rmtree(run / name) if (run / name).is_dir() else (run / name).unlink()
        told = self.read(path)
        if told.code == 0:
            return self.harmless(path, inside)
        return untold(told, names=path.name[:3]) or self.wrongly_made(inside) or self.cured(path)

    def read(self, path: Path) -> Outcome:
        """Make the call that reads the file."""
        run = self.work / self.kind.chain
        if self.kind.reader == "info":  # the maker looks at what is there first
            *_, (_, made) = self.chain.bring_up_to_date(self.work)
            return made if made.code else call("info", path)
        if self.kind.reader == "score":
            return call("score", "--run", run, "--clusters", 3)
        if self.kind.reader == "export coverage":
            return call("export", "--run", run, "--clusters", 3, "--what", "coverage", self.work / "c.csv")
        return [ended for _, ended in self.chain.bring_up_to_date(self.work, self.kind.reader)][-1]

    def harmless(self, path: Path, inside: Path) -> str:
        """Say what is wrong with a file that was taken: nothing if every value in it is the right one."""
        right = self.made / inside
        layout = files.layout_of(right, LAYOUTS | OF_SCREENING)
        try:
            if files.read_made_by(path, layout) != files.read_made_by(right, layout):
                return "a file of another make was taken"
            found, wanted = files.read(path, layout), files.read(right, layout)
        except CrocsError:  # in an array that this call does not need
            return self.wrongly_made(inside)
        same = all(found[name].tobytes() == wanted[name].tobytes() for name in wanted)
        return "" if same else "a file with other values was taken"

    def wrongly_made(self, inside: Path) -> str:
        """Say which other file is not what it was."""
        was, now = digests(self.made), digests(self.work)
        now.pop(str(inside), None)
        wrong = [name for name, value in now.items() if was.get(name, value) != value]
        return f"computed {wrong} from it" if wrong else ""

    def cured(self, path: Path) -> str:
        """Follow the lines until the whole chain ends well; say what is not as it was then."""
        for _ in range(MOST_CURES):
            *_, (_, ended) = self.chain.bring_up_to_date(self.work)
            if ended.code == 0 and (ended := self.read(path)).code == 0:
                break
            if not self.follow(ended.err):
                return f"no cure in {ended.err[-300:]!r}"
        else:
            return f"not cured after {MOST_CURES} cures: {ended.err[-300:]!r}"
        was, now = digests(self.made), digests(self.work)
        wrong = [name for name, value in now.items() if name != "c.csv" and was.get(name) != value]
        missing = [name for name in was if name.startswith(f"{self.chain.run}/") and name not in now]
        return f"after the cure not as it was: {wrong + missing}" if wrong or missing else ""

    def follow(self, said: str) -> bool:
        """Do what a line says: move the file that it names elsewhere; its maker is called with the chain."""
        match = re.search(r"^crocs: (/\S+?\.h5): .*move it elsewhere and run `crocs", said, re.M)
        if match and Path(match[1]).exists():
            Path(match[1]).replace(self.work.with_name("moved.h5"))
            return True
        return bool(re.search(r"; run `crocs [\w ]+`( first)?$", said))
