"""What commands have in common on the command line: where the run is, its share, and flags from settings."""

from __future__ import annotations

import functools
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from pydantic_core import PydanticUndefined

from crocs_cli.errors import CallError
from crocs_cli.machine.settings import Document, Settings, check_keys, is_list, load, option_paths, settle
from crocs_cli.machine.team import Team, join
from crocs_cli.stages.settings import SECTIONS

Function = Callable[..., Any]
GUESTS = (
    "screen-simulate",
    "screen-fit",
    "screen-rank",
    "screen-validate",
)  # sections read by their commands
RUN_HELP = "Run directory; may be named in the settings file as `run:`."


@dataclass(frozen=True)
class Job:
    """What a command works on: the run directory, the seed, this process's part, and its settings.

    `run` is a Path; None only for a command that can do without a run.
    """

    run: Any
    seed: int
    team: Team
    settings: Any = None


def run_option(function: Function) -> Function:
    """Add --run to a command that only reads a run."""
    return click.option("--run", type=click.Path(path_type=Path), required=True, help="Run directory.")(
        function
    )


def stage_options(
    section: str,
    hidden: tuple[str, ...] = (),
    model: type[Settings] | None = None,
    run_required: bool = True,
) -> Callable[[Function], Function]:
    """Add -c, --run, --seed, --share and a flag for every setting of a stage; the command gets a `Job`.

    The settings of a guest, which is none of CROCS's own stages, are given as `model`.
    """
    model = model or SECTIONS[section]

    def decorate(function: Function) -> Function:
        names: dict[str, tuple[str, ...]] = {}

        @functools.wraps(function)
        def command(
            config: Path | None,
            run: Path | None,
            seed: int | None,
            share: str | None,
            **given: Any,
        ) -> None:
            flags = {names[name]: given.pop(name) for name in list(given) if name in names}
            given_flags = {k: v for k, v in flags.items() if v not in (None, ())}
            job = _job((section, model), config, run, seed, share, given_flags)
            if run_required and job.run is None:
                raise CallError("no run directory; give --run DIR, or `run: DIR` in the settings file")
            function(job, **given)

        for keys, info in reversed(list(option_paths(model))):
            if keys[0] not in hidden:
                name = "_".join(keys)
                names[name] = keys
                command = _setting_option(keys, name, info)(command)
        for option in reversed(_COMMON):
            command = option(command)
        return command

    return decorate


_COMMON = (
    click.option("-c", "--config", type=click.Path(path_type=Path), help="YAML file of settings."),
    click.option("--run", type=click.Path(path_type=Path), help=RUN_HELP),
    click.option(
        "--seed", type=click.IntRange(0, 2**63 - 1), help="Seed of everything random.  [default: 1]"
    ),
    click.option("--share", metavar="I/N", help="Do only part I of N of the work, such as 2/3."),
)


def _setting_option(keys: tuple[str, ...], name: str, info: Any) -> Function:
    default = info.get_default(call_default_factory=True)
    description = f"{info.description[0].upper()}{info.description[1:]}."
    if info.annotation is bool:
        flag = "-".join(keys).replace("_", "-")
        both = f"--{flag}/--no-{flag}" if default else f"--{flag}"  # what is on needs a way off
        return click.option(both, name, is_flag=True, default=None, help=description)
    shown = "" if default in (None, (), PydanticUndefined) else f"  [default: {_shown(default)}]"
    return click.option(
        "--" + "-".join(keys).replace("_", "-"),
        name,
        metavar=_metavar(info.annotation),
        multiple=is_list(info),
        help=f"{description}{shown}",
    )


def _shown(default: object) -> str:
    return ", ".join(map(str, default)) if isinstance(default, tuple) else str(default)


def _metavar(annotation: Any) -> str:
    """Name what a flag takes: its choices, or the kind of value."""
    choices = [choice for choice in typing.get_args(annotation) if isinstance(choice, str)]
    if choices:
        return "[" + "|".join(choices) + "]"
    text = str(annotation)
    for part, shown in (("auto", "N|auto"), ("date", "DATE"), ("float", "NUMBER"), ("int", "N")):
        if part in text:
            return shown
    return "TEXT"


def _job(
    stage: tuple[str, type[Settings]],
    config: Path | None,
    run: Path | None,
    seed: int | None,
    share: str | None,
    flags: Mapping[Any, Any],
) -> Job:
    document = load(config) if config else Document()
    check_keys(document, {"run": None, "seed": None, **dict.fromkeys(GUESTS), **SECTIONS})
    found_seed = document.values.get("seed", 1) if seed is None else seed
    if not isinstance(found_seed, int) or isinstance(found_seed, bool) or not 0 <= found_seed < 2**63:
        got = repr(found_seed)[:60]
        raise CallError(f"{document.place(('seed',))}: seed: a whole number from 0 to 2^63 - 1 (got {got})")
    found_run = document.values.get("run") if run is None else run
    if not isinstance(found_run, str | Path | None) or found_run == "":
        got = repr(found_run)[:60]
        raise CallError(f"{document.place(('run',))}: run: the name of a directory (got {got})")
    settings: Settings = settle(*stage, document, flags)
    return Job(found_run and Path(found_run), found_seed, join(share), settings)
