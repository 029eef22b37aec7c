"""Options that commands share: the run, its share, and a flag for every setting."""

from __future__ import annotations

import datetime as dt
import functools
import logging
import os
import re
import types
import typing
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from crocs_cli.errors import CallError, CrocsError
from crocs_cli.machine.settings import (
    DURATION,
    DURATION_S,
    Document,
    Settings,
    check_keys,
    duration,
    flag_name,
    is_list,
    load,
    misspelt_variables,
    option_paths,
    settle,
    variable_name,
)
from crocs_cli.machine.team import Team, join
from crocs_cli.rundir import settings as rundir
from crocs_cli.rundir.run import Run
from crocs_cli.screen import settings as screen

Function = Callable[..., Any]
SECTIONS: Mapping[str, type[Settings]] = {**rundir.SECTIONS, **screen.SECTIONS}
log = logging.getLogger("crocs")
KINDS = {int: "N", float: "NUMBER", dt.date: "DATE", Path: "PATH"}

config_option = click.option("-c", "--config", type=click.Path(path_type=Path), help="YAML file of settings.")
share_option = click.option("--share", metavar="I/N", help="Do only part I of N of the work, such as 2/3.")


@dataclass(frozen=True)
class Job:
    """The task of a command: the run directory, the seed, this process's part, and its settings.

    `run` is a Run; None only for a command that can do without a run.
    """

    run: Any
    seed: int
    team: Team
    settings: Any


def stage_options(
    section: str, hidden: tuple[str, ...] = (), run_required: bool = True, only_reads: bool = False
) -> Callable[[Function], Function]:
    """Add -c, --run, --seed, --share and a flag for every setting of a section; the command gets a `Job`.

    A command that only reads a run has neither --seed nor --share.
    """
    shared = [path for path in option_paths(rundir.RunSettings) if path[0] != ("seed",) or not only_reads]
    own = [(keys, info) for keys, info in option_paths(SECTIONS[section]) if keys[0] not in hidden]

    def decorate(function: Function) -> Function:
        @functools.wraps(function)
        def command(config: Path | None, share: str | None = None, **given: Any) -> None:
            document = read_document(config, section)
            run = settle("", rundir.RunSettings, document, _taken(shared, given))
            flags = _taken(own, given)
            settings = settle(section, SECTIONS[section], document, flags)
            if run_required and run.run is None:
                raise CallError(
                    "no run directory; give --run DIR, CROCS_RUN=DIR, or `run: DIR` in the settings file"
                )
            team = Team() if only_reads else join(share)
            if team.leads:
                _warn_of_variables(section)
            with messages_name(_user_names(section, own, flags, document)):
                where = None if run.run is None else Run(run.run)
                function(Job(where, run.seed, team, settings), **given)

        for keys, info in reversed(own):
            command = setting_option(keys, info)(command)
        command = command if only_reads else share_option(command)
        for keys, info in reversed(shared):
            command = setting_option(keys, info)(command)
        return config_option(command)

    return decorate


def print_found(
    job: Job,
    found: Mapping[str, Any] | None,
    as_json: bool,
    place: str,
    said: Callable[[Mapping[str, Any]], list[str]],
) -> None:
    """Print what a command found, as JSON or as a path and lines, or that a share is done if it is None.

    place: what was written in the run, with keys of what was found, such as peak/{clusters}/{question};
    said: gives the lines.
    """
    from crocs_cli.machine.plain import json_text

    if not job.team.leads:
        return
    if found is None:
        product = job.run / place.split("/")[0]
        click.echo(f"{product}: this share is done; call it again when the others are")
    elif as_json:
        click.echo(json_text(found))
    else:
        click.echo(job.run / place.format_map(found))
        click.echo("\n".join(said(found)))


def read_document(config: Path | None, section: str = "") -> Document:
    """Read the settings file, if there is one, and check all of it but the section of the command itself.

    That one is checked together with the flags and variables.
    """
    document = load(config) if config else Document()
    check_keys(document, rundir.RunSettings.model_fields, SECTIONS, section)
    return document


def _taken(settings: list[tuple[tuple[str, ...], Any]], given: dict[str, Any]) -> dict[Any, Any]:
    """Remove the flags of these settings from what was given, and return them."""
    flags = {keys: given.pop("_".join(keys)) for keys, _ in settings}
    return {keys: value for keys, value in flags.items() if value not in (None, ())}


def _warn_of_variables(section: str) -> None:
    """Warn of variables that are all but the same as those of this command's settings."""
    for variable, meant, near in misspelt_variables({"": rundir.RunSettings, **SECTIONS}):
        if meant in ("", section):
            log.warning("%s: no setting has this variable; did you mean %s?", variable, near)


def _user_names(
    section: str, own: list[tuple[tuple[str, ...], Any]], flags: Mapping[Any, Any], document: Document
) -> dict[str, str]:
    """Return {key of a setting, such as ingest.unit: its flag or variable} where the user wrote no key.

    That is the flag that was typed, else the variable that is set, else the flag where there is no file.
    """
    names: dict[str, str] = {}
    for keys, info in own:
        key, flag, variable = ".".join((section, *keys)), flag_name(keys), variable_name(section, keys)
        if keys not in flags and variable in os.environ:
            names[key] = variable
        elif keys in flags or document.path is None:
            names[key] = flag
            if info.annotation is bool:
                names[f"set {key} to false"] = f"give --no-{flag[2:]}"
    return names


@contextmanager
def messages_name(names: Mapping[str, str]) -> Iterator[None]:
    """Write the names that the user knows in place of keys of settings, in errors and in lines of the log."""
    keys = "|".join(map(re.escape, sorted(names, key=len, reverse=True)))
    pattern = re.compile(rf"(?<![\w./-])({keys})(?!\.?\w)" if keys else r"(?!)")

    def renamed(text: str) -> str:
        return pattern.sub(lambda found: names[found[0]], text)

    def rename(record: logging.LogRecord) -> bool:
        record.msg, record.args = renamed(record.getMessage()), None
        return True

    log.addFilter(rename)
    try:
        yield
    except CrocsError as error:
        error.args = (renamed(str(error)),)
        raise
    finally:
        log.removeFilter(rename)


def setting_option(keys: tuple[str, ...], info: Any) -> Function:
    """Return the flag of a setting; its text is read as that of a variable, and a fault is said alike."""
    default = info.get_default(call_default_factory=True)
    name, flag = "_".join(keys), flag_name(keys)
    description = f"{info.description[0].upper()}{info.description[1:]}."
    if info.annotation is bool:
        both = f"{flag}/--no-{flag[2:]}"  # what the file switches on needs a way off
        return click.option(both, name, is_flag=True, default=None, help=f"{description}{_on(default)}")
    shown = "" if default in (None, ()) else f"  [default: {shown_default(default, info)}]"
    kind, several = metavar(info.annotation, info.metadata), is_list(info.annotation)
    completed = click.Path() if kind == "PATH" else None  # by the shell
    return click.option(
        flag, name, type=completed, metavar=kind, multiple=several, help=f"{description}{shown}"
    )


def _on(default: bool) -> str:
    return "  [default: on]" if default else ""


def shown_default(default: Any, info: Any) -> str:
    """Write a default as a user would give it."""
    if DURATION in info.metadata:
        return duration(default)
    if DURATION_S in info.metadata:
        return f"{default}s"
    return ",".join(map(str, default)) if isinstance(default, tuple) else str(default)


def metavar(annotation: Any, marks: typing.Sequence[Any] = ()) -> str:
    """Return what a flag takes, from the type of its setting: its choices, or the kind of value."""
    origin, inner = typing.get_origin(annotation), typing.get_args(annotation)
    if DURATION in marks or DURATION_S in marks:
        return "DURATION"
    if origin is typing.Annotated:
        return metavar(inner[0], inner[1:])
    if origin is typing.Literal:
        return "[" + "|".join(inner) + "]"
    if origin in (typing.Union, types.UnionType):
        kinds = [metavar(kind) for kind in inner if kind is not types.NoneType]
        return "|".join(kind.strip("[]") for kind in kinds) if len(kinds) > 1 else kinds[0]
    if is_list(annotation):
        return ",".join(metavar(kind) if kind is not ... else "..." for kind in inner)
    return KINDS.get(annotation, "TEXT")
