"""Full and read-only disks, no rights, things in the way, strange names: one line, then all well."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

from tests.conftest import Outcome, digests
from tests.torture import population
from tests.torture.processes import Fork
from tests.torture.tally import MENDABLE, RIGHT, Tally, call, untold

PROMISE = (
    "A full, read-only, forbidden or vanished place is said in one line, and once mended the run goes on"
)
HOW = (
    "a tmpfs of random size that fills up, or becomes read-only (both need root); another user's files; "
    "output to a full disk; files, links and directories in each other's way; a run removed meanwhile; runs "
    "under strange names and links"
)
SHORT, LONG = 6, 200
NOBODY = 65_534
LARGEST_KIB = 500
NAMES = (
    "with spaces in it", "Zählpunkte 2013 – Süd", "電力", "n" * 200, "é" * 120, "[ab]*?", "-rf", "%s%d{x}",
    "a'b\"c", "back\\slash", "new\nline", "\x1b[31mred", "dots...", ".hidden", "$HOME", "~", "#1", "x.h5",
    os.fsdecode("caf\u00e9".encode("latin-1")),
)  # fmt: skip
IN_THE_WAY = (
    "", "profiles", "truth", "rls", "wsmd", "rrls", "rrls/3", "stability", "partitions", "partitions/3.h5",
    "dendrogram.h5",
)  # fmt: skip
FILES_AS_DIRECTORIES = (
    "profiles/00001.h5", "rls/00001.h5", "wsmd/000-000.h5", "partitions/2.h5", "rrls/3/02.h5",
)  # fmt: skip
# the call, what it has to make again, and what of the run another user may not do where
FORBIDDEN = (
    (0, "truth", ".", 0o755),
    (0, "profiles/00001.h5", "profiles", 0o755),
    (1, "rls", ".", 0o700),
    (1, "rls", "profiles", 0o700),
    (1, "rls", "profiles", 0o744),
    (1, "rls", "profiles/00001.h5", 0o600),
    (2, "wsmd", "rls", 0o700),
    (2, "partitions", "wsmd", 0o700),
    (3, "stability", "partitions/3.h5", 0o600),
    (4, "rrls", "rls", 0o700),
    (4, "rrls/3/01.h5", "rrls/3", 0o700),
)


def torture(cases: int, _: Path) -> Tally:
    """Go round the kinds of trouble, in a directory that another user can reach."""
    tally = Tally()
    troubles = (file_in_the_way, directory_in_the_way, removed, named, output_full)
    if os.geteuid() == 0:
        troubles = (full_disk, read_only_disk, other_user, *troubles)
    with tempfile.TemporaryDirectory(prefix="crocs-disk-") as place:
        Path(place).chmod(0o755)
        for number in range(cases):
            trouble = troubles[number % len(troubles)]
            trial = Trial(Path(place) / f"trial {number}", random.Random(number), number // len(troubles))
            tally.case(f"case {number}: {trouble.__name__} {trial.turn}", trouble(trial))
    return tally


class Trial:
    """A directory for one trouble, with a chain of calls and how the files should be in the end."""

    def __init__(self, here: Path, draw: random.Random, turn: int) -> None:
        self.here, self.draw, self.turn = here, draw, turn
        self.made, self.chain = population.made(), population.chains()[0]
        self.here.mkdir(mode=0o755)

    @property
    def run(self) -> Path:
        """The run directory."""
        return self.here / self.chain.run

    def arguments(self, number: int) -> list[str]:
        """Return one call of the chain."""
        return self.chain.arguments(self.chain.calls[number], self.here)

    def bring_up_to_date(self) -> Outcome:
        """Make all calls up to the first that fails; return how the last one ended."""
        return [ended for _, ended in self.chain.bring_up_to_date(self.here)][-1]

    def told_then_mended(self, told: str, mend: Callable[[], object]) -> str:
        """Bring up to date in trouble, mend it, and bring up to date again; say what went wrong."""
        fault = untold(self.bring_up_to_date(), names=told)
        left = [str(path) for path in self.here.rglob("*.tmp")]
        mend()
        return fault or (f"left {left}" if left else "") or self.whole()

    def whole(self) -> str:
        """Bring up to date; say how that, or a file, is not as undisturbed."""
        ended = self.bring_up_to_date()
        if ended.code:
            return f"not mended: {ended.err[-300:]!r}"
        was, now = digests(self.made / self.chain.run), digests(self.run)
        return "" if was == now else f"other files: {sorted(was.items() ^ now.items())}"


@contextmanager
def disk(folder: Path, size: str) -> Iterator[None]:
    """Mount a small disk of its own."""
    folder.mkdir(exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size},mode=755", "tmpfs", folder], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", folder], check=True)


def remount(folder: Path, options: str) -> None:
    """Change how a small disk is mounted."""
    subprocess.run(["mount", "-o", f"remount,{options}", folder], check=True)


@contextmanager
def as_nobody() -> Iterator[None]:
    """Be a user without rights for a while."""
    groups, group = os.getgroups(), os.getegid()
    os.setgroups([])
    os.setegid(NOBODY)
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(group)
        os.setgroups(groups)


def full_disk(trial: Trial) -> str:
    """Run on a disk that fills up at some point."""
    used = sum(4 * -(-path.stat().st_size // 4096) for path in (trial.made / "main").rglob("*.h5"))
    with disk(trial.run, f"{trial.draw.randint(16, used)}k"):
        return trial.told_then_mended("No space left on device", lambda: remount(trial.run, "size=16m"))


def read_only_disk(trial: Trial) -> str:
    """Run on a disk that became read-only after some calls; reading must still work."""
    with disk(trial.run, "16m"):
        for number in range(trial.turn % len(trial.chain.calls)):
            call(*trial.arguments(number))
        remount(trial.run, "ro")
        fault = untold(call("status", "--run", trial.run), (RIGHT,))
        return fault or trial.told_then_mended("Read-only file system", lambda: remount(trial.run, "rw"))


def other_user(trial: Trial) -> str:
    """Run as a user who may not write, or not even look, at some depth."""
    number, wanted, where, mode = FORBIDDEN[trial.turn % len(FORBIDDEN)]
    shutil.copytree(trial.made / "main", trial.run)
    remove(trial.run / wanted)
    place = trial.run / where
    rights = place.stat().st_mode
    place.chmod(mode)
    kernels = trial.here / "kernels"
    kernels.mkdir()
    kernels.chmod(0o777)
    with mock.patch.dict(os.environ, NUMBA_CACHE_DIR=str(kernels)), as_nobody():
        ended = call(*trial.arguments(number))
    place.chmod(rights)
    return untold(ended, names=str(place)) or untold(ended, names="ermission") or trial.whole()


def remove(path: Path) -> None:
    """Remove a file, or a directory with all in it."""
    shutil.rmtree(path) if path.is_dir() else path.unlink()


def file_in_the_way(trial: Trial) -> str:
    """Put a file where a directory should be, or a link to itself."""
    path = trial.run / IN_THE_WAY[trial.turn % len(IN_THE_WAY)]
    path.parent.mkdir(parents=True, exist_ok=True)
    if trial.draw.random() < 0.7:
        path.write_text("in the way\n")
        return trial.told_then_mended(str(path), path.unlink)
    path.symlink_to(path)
    if path.suffix:  # a file takes the place of the link, and all is well
        return trial.whole()
    return trial.told_then_mended(str(path), path.unlink)


def directory_in_the_way(trial: Trial) -> str:
    """Put a directory where a file should be."""
    path = trial.run / FILES_AS_DIRECTORIES[trial.turn % len(FILES_AS_DIRECTORIES)]
    (path / "something").mkdir(parents=True)
    return trial.told_then_mended(str(path), lambda: shutil.rmtree(path))


def removed(trial: Trial) -> str:
    """Remove the run while it is worked on."""
    timer = threading.Timer(trial.draw.uniform(0, 1.0), shutil.rmtree, (trial.run, True))
    timer.start()
    ended = trial.bring_up_to_date()
    timer.join()
    return untold(ended, (RIGHT, MENDABLE)) or trial.whole()


def named(trial: Trial) -> str:
    """Run under a strange name, or through a link to another place; two of the calls with real output."""
    trial.here /= NAMES[trial.turn % len(NAMES)]
    trial.here.mkdir()
    if trial.turn % 2:
        (trial.here / "elsewhere").mkdir()
        trial.run.symlink_to("elsewhere")
    ended = Fork(trial.arguments(0), trial.here.parent / "said").ended()
    fault = untold(ended, (RIGHT,)) or trial.whole() or untold(call("status", "--run", trial.run), (RIGHT,))
    if fault:
        return fault
    (trial.run / "rls" / "00001.h5").write_bytes(b"")
    (trial.run / "partitions" / "3.h5").unlink()
    return untold(Fork(trial.arguments(2), trial.here.parent / "said").ended(), names="00001.h5")


def output_full(trial: Trial) -> str:
    """Say the result of one call to a disk that is full: a fault in one line; nothing said, no fault."""
    last, said, full = trial.turn % len(trial.chain.calls), trial.here / "said", Path("/dev/full")
    for number in range(last):
        call(*trial.arguments(number))
    unheard = Fork(trial.arguments(last), said, out=full).ended()
    silent = Fork(trial.arguments(last), full, out=said).ended()
    said.unlink()
    fault = untold(unheard, names="output: No space left on device")
    return fault or untold(silent, (RIGHT,)) or trial.whole()
