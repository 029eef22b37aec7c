"""Find a stage's settings: flag over environment over YAML over default, each fault named by its place."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from crocs_cli.errors import CallError

Keys = tuple[str | int, ...]
LARGEST_FILE = 1 << 20
DEEPEST = 20
PLAIN_TAGS = ("map", "seq", "str", "int", "float", "bool", "null", "timestamp")
_STANDARD = "tag:yaml.org,2002:"


class Settings(BaseModel):
    """Base of the settings of one stage: unknown keys, NaN and infinity are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, populate_by_name=True)


Model = TypeVar("Model", bound=Settings)


@dataclass(frozen=True)
class Document:
    """A settings file as plain values, with the line on which each key stands."""

    path: Path | None = None
    values: dict[str, Any] = field(default_factory=dict)
    lines: dict[Keys, int] = field(default_factory=dict)

    def place(self, keys: Keys) -> str:
        """Return file and line of a key, or of the nearest key above it that is in the file."""
        while keys and keys not in self.lines:
            keys = keys[:-1]
        return f"{self.path}:{self.lines[keys]}" if keys else str(self.path)


def load(path: Path) -> Document:
    """Read a YAML file of settings; raise CallError with file and line for what is not plain settings."""
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise CallError(f"{path}: larger than 1 MB; settings are a page of text")
        text = path.read_text(encoding="utf-8")
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except UnicodeDecodeError as error:
        raise CallError(f"{path}: not UTF-8 text; save it as UTF-8") from error
    except OSError as error:
        raise CallError(f"{path}: {error.strerror}; name a YAML file of settings") from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        raise CallError(f"{path}:{line}: not YAML ({error.problem or error.context})") from error
    except (yaml.YAMLError, RecursionError) as error:
        raise CallError(f"{path}: not YAML ({str(error).splitlines()[0]})") from error
    lines: dict[Keys, int] = {}
    seen: set[int] = set()
    values = {} if root is None else _plain(root, (), path, lines, seen)
    if not isinstance(values, dict):
        raise CallError(f"{path}:1: settings are `key: value` lines, such as `seed: 1`")
    return Document(path, values, lines)


def _plain(node: yaml.Node, keys: Keys, path: Path, lines: dict[Keys, int], seen: set[int]) -> Any:
    """Turn a YAML node into plain values; note the line of every key."""
    line = node.start_mark.line + 1
    if id(node) in seen or len(keys) > DEEPEST or node.tag.removeprefix(_STANDARD) not in PLAIN_TAGS:
        raise CallError(f"{path}:{line}: anchors, tags and deep nesting are not read; write plain values")
    seen.add(id(node))
    if isinstance(node, yaml.SequenceNode):
        return [_plain(child, (*keys, i), path, lines, seen) for i, child in enumerate(node.value)]
    if isinstance(node, yaml.MappingNode):
        values: dict[str, Any] = {}
        for key_node, child in node.value:
            key, place = str(key_node.value), f"{path}:{key_node.start_mark.line + 1}"
            if key in values:
                first = lines[(*keys, key)]
                raise CallError(f"{place}: {_dotted((*keys, key))} is given twice (first in line {first})")
            lines[(*keys, key)] = key_node.start_mark.line + 1
            values[key] = _plain(child, (*keys, key), path, lines, seen)
        return values
    try:
        if "\0" in node.value:  # no name of a file, and the end of one for the system
            raise ValueError("a NUL character")
        return yaml.SafeLoader("").construct_object(node)
    except (yaml.YAMLError, ValueError) as error:
        shown = repr(node.value[:60])
        raise CallError(f"{path}:{line}: {_dotted(keys)}: {shown} is not a plain value") from error


def check_keys(document: Document, known: Mapping[str, type[Settings] | None]) -> None:
    """Refuse unknown top-level keys, and check every section that is there, whichever command runs."""
    for key in document.values:
        if key not in known:
            raise CallError(f"{document.place((key,))}: {key}: no such key{_nearest(key, known)}")
    for section, model in known.items():
        if model is not None and section in document.values:
            settle(section, model, document, {}, {})


def settle(
    section: str,
    model: type[Model],
    document: Document,
    flags: Mapping[Keys, Any],
    environment: Mapping[str, str] = os.environ,
) -> Model:
    """Return the settings of one stage from flags, environment, the YAML's section and the defaults.

    `flags` maps key paths such as ("days", "from") to values. Raises CallError that names file, line
    and key, or the flag, or the variable.
    """
    origins: dict[Keys, str] = {}
    values = document.values.get(section)
    if values is None:
        values = {}
    if not isinstance(values, dict):
        raise CallError(f"{document.place((section,))}: {section}: settings are `key: value` pairs")
    merged = _copied(values)
    for keys, annotation in option_paths(model):
        variable = "_".join(["CROCS", section, *keys]).upper().replace("-", "_")
        if variable in environment:
            text = environment[variable]
            value = [part.strip() for part in text.split(",")] if is_list(annotation) else text
            _put(merged, keys, value, origins, variable)
    for path, value in flags.items():
        _put(merged, path, value, origins, "--" + "-".join(map(str, path)).replace("_", "-"))
    try:
        return model.model_validate(merged)
    except ValidationError as error:
        raise CallError(_first_fault(error, section, model, document, origins)) from error


def option_paths(
    model: type[BaseModel], above: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield (key path, field) of every setting of a model, nested models opened."""
    for name, info in model.model_fields.items():
        keys = (*above, info.alias or name)
        inner = info.annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            yield from option_paths(inner, keys)
        else:
            yield keys, info


def is_list(info: Any) -> bool:
    """Say whether a setting holds several values."""
    return any(kind in str(info.annotation) for kind in ("list[", "tuple["))


def _copied(values: dict[str, Any]) -> dict[str, Any]:
    return {key: _copied(value) if isinstance(value, dict) else value for key, value in values.items()}


def _put(merged: dict[str, Any], keys: Keys, value: object, origins: dict[Keys, str], origin: str) -> None:
    target: Any = merged
    for key in keys[:-1]:
        if not isinstance(target.get(key), dict):
            target[key] = {}
        target = target[key]
    target[keys[-1]] = value
    origins[keys] = origin


def _first_fault(
    error: ValidationError, section: str, model: type[Settings], document: Document, origins: dict[Keys, str]
) -> str:
    """Say the first fault in one line: place, key, what is allowed, the nearest right name."""
    fault = error.errors(include_url=False)[0]
    known = {keys for keys, _ in option_paths(model)}
    given: Keys = tuple(fault["loc"])
    keys = given
    while keys and keys not in origins and (section, *keys) not in document.lines:
        keys = keys[:-1]
    place = origins.get(keys) or (document.place((section, *keys)) if document.path else section)
    name = _dotted((section, *(keys or given)))
    if fault["type"] == "extra_forbidden":
        names = {
            path[len(given) - 1]
            for path in known
            if path[: len(given) - 1] == given[:-1] and len(path) >= len(given)
        }
        return f"{place}: {name}: no such key{_nearest(str(given[-1]), names)}"
    faults = [other for other in error.errors(include_url=False) if tuple(other["loc"])[: len(keys)] == keys]
    message = " or ".join(
        dict.fromkeys(_lowered(str(other["msg"])) for other in faults if keys) or [_lowered(fault["msg"])]
    )
    value = fault["input"]
    shown = "" if fault["type"] == "missing" or isinstance(value, dict) else f" (got {str(value)[:60]!r})"
    return f"{place}: {name}: {message}{shown}"


def _lowered(message: str) -> str:
    """Take pydantic's sentence into ours."""
    message = message.removeprefix("Value error, ")
    return message[0].lower() + message[1:] if message[:2] != message[:2].upper() else message


def _nearest(name: str, known: Any) -> str:
    near = difflib.get_close_matches(name, sorted(known), n=1, cutoff=0.5)
    return f"; did you mean {near[0]}?" if near else f"; known here: {', '.join(sorted(known))}"


def _dotted(keys: Keys) -> str:
    return ".".join(map(str, keys))
