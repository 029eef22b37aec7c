"""Read the tables that peak, bills, target and impact wrote, checked against the run as it is now."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.csv

from crocs_cli.errors import CrocsError
from crocs_cli.machine import files, pages
from crocs_cli.machine.files import Recipe
from crocs_cli.machine.shards import listed
from crocs_cli.report import bill_tables, impact, peak_tables, target
from crocs_cli.rundir.flags import flags
from crocs_cli.rundir.layouts import ASSIGNMENTS, BILLS
from crocs_cli.rundir.names import folders_in
from crocs_cli.rundir.run import Run
from crocs_cli.stages.target import inputs_of as target_inputs

OF_TARGET = {"target-list": "target", "target-curve": "curve"}
OF_IMPACT = {f"impact-{name}": name for name in impact.COLUMNS}
COLUMNS = {
    **peak_tables.COLUMNS,
    **bill_tables.COLUMNS,
    **{what: target.COLUMNS[name] for what, name in OF_TARGET.items()},
    **{what: impact.COLUMNS[name] for what, name in OF_IMPACT.items()},
}
#: types of the columns; all others are float64
TYPES = {
    **dict.fromkeys(("consumer_id", "match_id", "group", "month", "figure", "name"), pa.string()),
    **dict.fromkeys(("cluster", "behaviour", "rank", "asked", "days_earlier"), pa.int32()),
    **dict.fromkeys(("consumers", "days"), pa.int64()),
    **dict.fromkeys(("excludes_0", "claimed"), pa.bool_()),
    "start": pa.date32(),
}


def read(run: Run, what: str, clusters: int | None, question: str | None) -> pa.Table:
    """Return a table of COLUMNS as its command wrote it.

    clusters, question: which of those that are there; None where there is only one. Raises CrocsError where
    it is not clear which, and where the table is missing or stale.
    """
    command = what.partition("-")[0]
    folder = run / command
    there = {path.name: path for path in folders_in(folder) if path.name.isdigit()}
    wanted, by = (None, command) if clusters is None else (str(clusters), f"{command} --clusters {clusters}")
    path = _one(run, by, there, wanted, "--clusters")
    if command in ("peak", "bills"):
        asked = {each.name: each for each in folders_in(path) if pages.read_made_by(each)}
        path = _one(run, f"{command} --clusters {path.name}", asked, question, "--question")
    made_by = pages.read_made_by(path)
    if made_by is None:
        again = f"crocs {command} --clusters {path.name} --run {shlex.quote(str(run))}"
        raise CrocsError(f"{path}: no tables in it, or not all; run `{again}` first")
    if changed := changed_inputs(run, made_by):
        raise CrocsError(
            f"{path}: made from other {', '.join(changed)}; move {folder} elsewhere and run "
            f"`{_command(run, made_by)}` again"
        )
    name = f"{OF_TARGET.get(what) or OF_IMPACT.get(what) or what}.csv"
    if name not in made_by["files"]:
        raise CrocsError(f"{path}: no {name}, because this {command} has none; export another table")
    try:
        return _table(path / name, what)
    except (pa.ArrowInvalid, UnicodeDecodeError) as error:
        raise CrocsError(
            f"{path / name}: not as crocs wrote it; move {path} elsewhere and run `{_command(run, made_by)}` "
            "again"
        ) from error


def _one(run: Run, command: str, there: dict[str, Path], wanted: str | None, flag: str) -> Path:
    """Return the folder that is asked for, or the only one; raise CrocsError where it is not clear."""
    name, made_by = command.split()[0], f"`crocs {command} --run {shlex.quote(str(run))}`"
    if not there:
        raise CrocsError(f"{run}: no tables of {name}; run {made_by} first")
    if wanted is None and len(there) == 1:
        return next(iter(there.values()))
    if wanted in there:
        return there[wanted]
    fault = "several are there" if wanted is None else f"no {wanted} is there"
    first = "" if wanted is None else f", or run {made_by} first"
    raise CrocsError(f"{run}: tables of {name}: {fault}; name one with {flag}: {', '.join(there)}{first}")


def _command(run: Run, made_by: Recipe) -> str:
    """Return the command that made some tables."""
    command, settings = made_by["command"], made_by["settings"]
    tariffs = [f"--tariff FOLDER/{name}.yaml" for name in settings.get("tariffs", ())]
    words = [f"crocs {command}", *tariffs, *flags(f"crocs {command}", settings)]
    return " ".join([*words, f"--run {shlex.quote(str(run))}"])


def _table(path: Path, what: str) -> pa.Table:
    """Read a table with the same types whatever its values are."""
    with path.open(encoding="utf-8") as lines:
        names = next(lines, "").rstrip("\n").split(",")
    types = {name: TYPES.get(name, pa.float64()) for name in names}
    if what == "peak-days":
        types["days"] = pa.string()
    options = pyarrow.csv.ConvertOptions(column_types=types, null_values=[""])
    parsed = pyarrow.csv.ParseOptions(newlines_in_values=True)
    return pyarrow.csv.read_csv(path, parse_options=parsed, convert_options=options)


def changed_inputs(run: Run, made_by: Recipe) -> list[str]:
    """Return which inputs of a folder of pages are others now, as far as this run says."""
    return [name for name, value in made_by["inputs"].items() if _has_changed(run, made_by, name, value)]


def _has_changed(run: Run, made_by: Recipe, name: str, value: str) -> bool:
    settings = made_by["settings"]
    now: dict[str, Callable[[], str]] = {
        "profiles": lambda: run.profiles().digest(),
        "rls": lambda: run.load_sets().digest(),
        "partition": lambda: files.digest(run.partition_recipe(settings["clusters"])),
        "later": lambda: run.shards(ASSIGNMENTS).digest(),
        "rrls": lambda: target_inputs(run, settings["clusters"])["rrls"],
        "quality.csv": lambda: files.file_digest(run / "quality.csv"),
    }
    if made_by["command"] == "bills" and name != "partition":
        now[name] = lambda: _bills_now(run, name)
    try:
        return name in now and now[name]() != value
    except (CrocsError, OSError):
        return True


def _bills_now(run: Run, name: str) -> str:
    """Return the digest that the bills under a tariff would have with the profiles as they are now."""
    profiles, found = run.profiles(), {}
    for path in listed(run / "bills" / "tariffs" / name):
        made_from = {"profiles": profiles.digest_of(path.stem)}
        found[path.stem] = files.digest(run.recipe(path, BILLS) | {"inputs": made_from})
    return files.digest(found)
