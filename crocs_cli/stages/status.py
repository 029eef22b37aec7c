"""Show the state of every product of a run: made, partly made, stale and why, or missing."""

from __future__ import annotations

import functools
import shlex
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from crocs_cli.errors import CrocsError
from crocs_cli.machine import files, pages
from crocs_cli.machine.files import Recipe
from crocs_cli.machine.layout import Layout
from crocs_cli.machine.shards import listed, shard_key
from crocs_cli.rundir.flags import flags
from crocs_cli.rundir.layouts import (
    ASSIGNMENTS,
    BILLS,
    DENDROGRAM,
    FOOTPRINT,
    PARTITION,
    PEAK,
    PROFILES,
    RLS,
    RRLS,
    STABILITY,
    TRUTH,
    USES,
    VECTORS,
    WSMD,
)
from crocs_cli.rundir.names import folders_in, segment_keys, tile_key, tile_places
from crocs_cli.rundir.result_settings import ReportSettings
from crocs_cli.rundir.run import FOLDERS, Run
from crocs_cli.rundir.state import MADE, MISSING, MOVE, PARTLY, STALE, Step
from crocs_cli.stages.programme_tables import changed_inputs
from crocs_cli.stages.report import report_recipe
from crocs_cli.stages.target import use_products


def steps(run: Run) -> list[Step]:
    """Return the state of every product of a run, in the order of the work.

    The steps from profiles to a partition are always listed, the others where something of them is there.
    Raises CrocsError when the run directory is not there, or a file in it is damaged.
    """
    if not run.path.is_dir():
        raise CrocsError(f"{run}: no such run directory; `crocs ingest` or `crocs synth` makes one")
    profiles = _shards(run, "profiles", PROFILES)
    load_sets = _shards(run, "stage1", RLS)
    if not load_sets.parts and profiles.parts:  # load sets are as many files as profiles
        missing = [shard_key(number) for number in range(profiles.parts)]
        load_sets = Step("stage1", RLS.made_by, 0, profiles.parts, missing, list(range(profiles.parts)))
    found = [profiles, load_sets, *_compared(run), *_partitions(run)]
    optional = (
        _shards(run, "truth", TRUTH),
        _shards(run, "assignments", ASSIGNMENTS),
        *_folder(run, "quality", "crocs quality"),
        *_folder(run, "comparison", "crocs compare --with RUN"),
        *_folder(run, "forecast", "crocs forecast"),
        *_targets(run),
        *_bills(run),
        *_impacts(run),
        *_screening(run),
    )
    return found + [step for step in optional if step.made]


def next_command(run: Run, found: list[Step]) -> str | None:
    """Return the command to type next; None when nothing is left to be done."""
    by_name = {step.name: step for step in found}
    # a partition comes once the distances are there; a run whose consumers are assigned needs neither
    later = {"partition", "distances"} if "assignments" in by_name else {"partition"}
    for step in found:
        if step.state in (STALE, PARTLY) or (step.state == MISSING and step.name not in later):
            return _to_make(run, step, found)
    if "assignments" in by_name:
        return None
    numbers, there = run.partitions_there(), shlex.quote(str(run))
    if not numbers:
        return f"crocs stage2 --run {there} --clusters 5"
    explained = [k for k in numbers if run.is_explained(k)]
    if not explained and len(numbers) > 1 and pages.read_made_by(run / "report") is None:
        return f"crocs choose --run {there}"
    if not explained:
        return f"crocs rrls --run {there} --clusters {numbers[0]}"
    unreported = [k for k in explained if f"report {k}" not in by_name]
    return f"crocs report --run {there} --clusters {unreported[0]}" if unreported else None


def _to_make(run: Run, step: Step, found: list[Step]) -> str:
    """Return the command that makes a step as it was made before, after what is in its way."""
    same = [other for other in found if other.command == step.command and MOVE in other.why] or [step]
    settings = {name: value for one in same for name, value in one.settings.items()}
    command = " ".join([step.command, *flags(step.command, settings), f"--run {shlex.quote(str(run))}"])
    in_the_way = dict.fromkeys(one.in_the_way for one in same if one.in_the_way)
    return f"move {' and '.join(in_the_way)} elsewhere, then {command}" if in_the_way else command


def _shards(run: Run, name: str, layout: Layout) -> Step:
    found = _step(run, name, layout, listed(run / FOLDERS[layout.format]), _keys, lambda: run.shards(layout))
    return replace(found, command=f"crocs {found.made_by}") if found.made_by else found


def _step(
    run: Run,
    name: str,
    layout: Layout,
    paths: list[Path],
    keys: Callable[[dict[str, Recipe]], list[str]],
    check: Callable[[], object],
    command: str = "",
) -> Step:
    """Return the state of some files.

    keys: gives the names of all files, from the recipes of those that are there; check: raises CrocsError
    where they are stale. A file that cannot be read, or is of another version, is stale too.
    """
    command = command or layout.made_by
    try:
        made = {path.stem: run.recipe(path, layout) for path in paths}
    except CrocsError as error:
        return Step(name, command, len(paths), len(paths), why=str(error))
    wanted = keys(made)
    missing = {key: number for number, key in enumerate(wanted) if key not in made}
    found = Step(name, command, len(made), len(wanted), list(missing), list(missing.values()))
    if not made:
        return found
    first = next(iter(made.values()))
    found = replace(found, settings=first["settings"], made_by=first["command"])
    if not missing:
        try:
            check()
        except CrocsError as error:
            return replace(found, why=str(error))
    return found


def _one(run: Run, name: str, layout: Layout, path: Path, check: Callable[[], object], command: str) -> Step:
    """Return the state of a product of one file, which is there."""
    return _step(run, name, layout, [path], list, check, command)


def _parts(made: dict[str, Recipe]) -> int:
    return max((made_by["parts"] for made_by in made.values()), default=0)


def _compared(run: Run) -> Iterator[Step]:
    """Yield the state of what consumers are compared by: their vectors, or the distances of all pairs."""
    maps = run / "footprint.h5"
    if not maps.exists():
        yield from _distances(run)
        return

    def check() -> None:
        if run.recipe(maps, FOOTPRINT)["inputs"]["profiles"] != run.profiles().digest():
            raise CrocsError(f"{maps}: made from other profiles; {FOOTPRINT.cure}")

    yield _one(run, "footprint", FOOTPRINT, maps, check, _stage2(run))
    yield replace(_shards(run, "vectors", VECTORS), command=_stage2(run))


def _distances(run: Run) -> Iterator[Step]:
    compared = run.sample if run.sample.path.is_dir() else run  # where it is, only its consumers are compared
    tree, tiles = compared / "dendrogram.h5", listed(compared / "wsmd")

    def keys(made: dict[str, Recipe]) -> list[str]:
        blocks = int((2 * _parts(made)) ** 0.5)  # parts = blocks (blocks + 1) / 2
        return [tile_key(place) for place in tile_places(blocks)]

    def check(whole: Path, paths: list[Path], layout: Layout) -> None:
        wanted = compared.load_sets().digest()
        if any(run.recipe(path, layout)["inputs"]["rls"] != wanted for path in paths):
            raise CrocsError(f"{whole}: made from other load sets; {layout.cure}")

    of_tiles = functools.partial(check, compared / "wsmd", tiles, WSMD)
    yield _step(run, "distances", WSMD, tiles, keys, of_tiles, _stage2(run))
    if tree.exists():
        of_tree = functools.partial(check, tree, [tree], DENDROGRAM)
        yield _one(run, "dendrogram", DENDROGRAM, tree, of_tree, _stage2(run))


def _stage2(run: Run) -> str:
    """Return the command that makes the distances and all partitions that there are."""
    numbers = run.partitions_there()
    command = f"crocs stage2 --clusters {','.join(map(str, numbers))}" if numbers else "crocs stage2"
    if (run / "footprint.h5").exists():
        return f"{command} --distance footprint"
    if sampled := listed(run.sample / "rls"):
        with suppress(CrocsError):
            return f"{command} --sample {run.recipe(sampled[0], RLS)['settings']['sample']}"
    return command


def _partitions(run: Run) -> Iterator[Step]:
    """Yield every partition, and what is made of it."""
    numbers = run.partitions_there()
    if not numbers:
        try:
            run.partitions()
        except CrocsError as error:
            yield Step("partition", _stage2(run), 1, 1, why=str(error))
        else:
            yield Step("partition", _stage2(run), 0, 0)
    for k in numbers:
        check = functools.partial(run.partition_recipe, k)
        yield _one(run, f"partition {k}", PARTITION, run.partition_path(k), check, _stage2(run))
        yield from _made_of(run, k)


def _made_of(run: Run, k: int) -> Iterator[Step]:
    if (path := run.stability_path(k)).exists():
        of_stability = functools.partial(run.stability_recipe, k)
        yield _one(run, f"stability {k}", STABILITY, path, of_stability, STABILITY.made_by)
    if run.is_explained(k):

        def check() -> None:
            for number in range(1, k + 1):
                run.behaviours_recipe(k, number)

        there = listed(run / "rrls" / str(k))
        yield _step(
            run, f"rrls {k}", RRLS, there, lambda _: segment_keys(k), check, f"crocs rrls --clusters {k}"
        )
    yield from _peaks(run, k)
    for kind in ("report", "report-share-safe"):
        yield from _report(run, kind, k)


def _peaks(run: Run, k: int) -> Iterator[Step]:
    """Yield the state of each peak that was asked for, of which there may be several."""
    folder = run / "peak" / str(k)

    def check(paths: list[Path]) -> None:
        wanted = files.digest(run.partition_recipe(k)), run.profiles().digest()
        for inputs in (run.recipe(path, PEAK)["inputs"] for path in paths):
            if (inputs["partition"], inputs["profiles"]) != wanted:
                raise CrocsError(f"{folder}: made from another partition or other profiles; {PEAK.cure}")

    for path in folders_in(folder):
        shards = listed(path)
        if path.name == "loads" or not shards:
            continue
        of_shards = functools.partial(check, shards)
        found = _step(run, f"peak {k} {path.name}", PEAK, shards, _keys, of_shards, "crocs peak")
        if found.state == MADE and pages.read_made_by(path) is None:  # made last, of all files
            found = replace(found, parts=found.parts + 1, missing=["summary.json"], numbers=[0])
        yield replace(found, command=" ".join(["crocs peak", *flags("crocs peak", found.settings)]))


def _bills(run: Run) -> Iterator[Step]:
    """Yield the state of the bills under each tariff."""

    def check(paths: list[Path]) -> None:
        profiles = run.profiles()
        for path in paths:
            if run.recipe(path, BILLS)["inputs"]["profiles"] != profiles.digest_of(path.stem):
                raise CrocsError(f"{path}: made from other profiles; {BILLS.cure}")

    for path in folders_in(run / "bills" / "tariffs"):
        of_shards = functools.partial(check, listed(path))
        found = _step(run, f"bills {path.name}", BILLS, listed(path), _keys, of_shards)
        moved = "-{window}-{shift}".format_map({"window": "", "shift": ""} | found.settings).replace(":", "")
        yield replace(found, command=f"crocs bills --tariff FOLDER/{path.name.removesuffix(moved)}.yaml")


def _keys(made: dict[str, Recipe]) -> list[str]:
    return [shard_key(number) for number in range(_parts(made))]


def _report(run: Run, kind: str, k: int) -> Iterator[Step]:
    folder = run / kind / str(k)
    if not folder.is_dir():
        return
    command = f"crocs report --clusters {k}" + (" --share-safe" if kind != "report" else "")
    made_by = pages.read_made_by(folder)
    if made_by is None:
        yield Step(f"{kind} {k}", command, 0, 1, [str(folder)], [0])
        return
    why = ""
    try:
        settings = ReportSettings.model_validate(made_by["settings"])
        if not pages.is_current(folder, report_recipe(run, settings)):
            why = f"{folder}: made from other files or by another version of crocs; run `{command}` again"
    except CrocsError as error:
        why = str(error)
    yield Step(f"{kind} {k}", command, 1, 1, why=why, settings=made_by["settings"])


def _targets(run: Run) -> Iterator[Step]:
    """Yield what consumers use in each window of which there are files, and the lists of whom to ask."""
    for path in sorted((run / "target").glob("*/*/")):
        k, window = int(path.parent.name), f"{path.name[:2]}:{path.name[2:7]}:{path.name[7:]}"

        def check(path: Path = path, k: int = k, window: str = window) -> None:
            for product in use_products(run, k, window):
                if run.recipe(product.path, USES) != product.recipe:
                    raise CrocsError(f"{product.path}: made from other inputs; {USES.cure}")

        def keys(made: dict[str, Recipe]) -> list[str]:
            return [shard_key(number) for number in range(_parts(made))]

        yield _step(run, f"uses {k} {window}", USES, listed(path), keys, check, USES.made_by)
    yield from _folder(run, "target", "crocs target")


def _impacts(run: Run) -> Iterator[Step]:
    """Yield the load sets of the days before each programme, and what is measured of it."""
    command = "crocs impact --treated FILE"
    for path in sorted((run / "impact").glob("before-*/")):

        def check(path: Path = path) -> None:
            for found in listed(path):
                made_from = run.recipe(found, RLS)["inputs"]["profiles"]
                if made_from != run.profiles().digest_of(found.stem):
                    raise CrocsError(
                        f"{found}: made from other profiles; move it elsewhere and run `{command}`"
                    )

        def keys(made: dict[str, Recipe]) -> list[str]:
            return [shard_key(number) for number in range(_parts(made))]

        name = f"load sets {path.name.replace('-', ' ', 1)}"
        step = _step(run, name, RLS, listed(path), keys, check, command)
        yield replace(step, settings={})
    yield from _folder(run, "impact", "crocs impact")


def _folder(run: Run, name: str, command: str) -> Iterator[Step]:
    """Yield the state of folders of pages: RUN/NAME, or RUN/NAME/K."""
    folder = run / name
    if not folder.is_dir():
        return
    numbered = sorted((path for path in folder.iterdir() if path.name.isdigit()), key=lambda p: int(p.name))
    for path in numbered or [folder]:
        made_by = pages.read_made_by(path)
        label = f"{name} {path.name}" if numbered else name
        if made_by is None:
            yield Step(label, command, 0, 1, [str(path)], [0])
            continue
        changed = changed_inputs(run, made_by)
        why = f"{path}: made from other {', '.join(changed)}; run `{command}` again" if changed else ""
        yield Step(label, command, 1, 1, why=why, settings=made_by["settings"])


def _screening(run: Run) -> Iterator[Step]:
    """Yield what there is of a screening of the run."""
    folder = run / "screen"
    for name, command in (("model", "crocs screen fit"), ("ranking.csv", "crocs screen rank")):
        if (folder / name).exists():
            yield Step(f"screen {Path(name).stem}", command, 1, 1)
