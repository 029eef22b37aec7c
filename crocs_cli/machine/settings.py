"""Read the settings of a command: flag over variable over YAML over default; name each fault by its place.

All three sources give text, and the type of the setting says how the text is read. So `timezone: +10:00`,
`interval: 0:30` and `season: no` mean the same in YAML, as a flag and as a variable.
"""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Annotated, Any, TypeVar, get_origin

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

from crocs_cli.errors import CallError

Keys = tuple[str | int, ...]
LARGEST_FILE = 1 << 20
DEEPEST = 20
PLAIN_TAGS = ("map", "seq", "str", "int", "float", "bool", "null", "timestamp")
_STANDARD = "tag:yaml.org,2002:"
_UNIT_S = {
    **dict.fromkeys(("seconds", "second", "s"), 1),
    **dict.fromkeys(("minutes", "minute", "min"), 60),
    **dict.fromkeys(("hours", "hour", "h"), 3600),
    **dict.fromkeys(("days", "day", "d"), 86400),
}
_AMOUNT = rf"(\d{{1,6}}(?:\.\d{{1,6}})?)\s*({'|'.join(_UNIT_S)})"


class Settings(BaseModel):
    """Base of the settings of one command: unknown keys, NaN and infinity are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, populate_by_name=True)


Model = TypeVar("Model", bound=Settings)


def _duration_in(unit: str, example: str, value: object) -> object:
    """Turn a duration such as 30min, 1 hour, 1h30min, 90 s or 1:30 into units; a number is units."""
    if not isinstance(value, str) or re.fullmatch(r"\s*[+-]?[\d.]+\s*", value):
        return value
    if clock := re.fullmatch(r"\s*(\d{1,4}):([0-5]\d)\s*", value):
        seconds = 3600.0 * int(clock[1]) + 60 * int(clock[2])
    elif re.fullmatch(rf"(\s*{_AMOUNT})+\s*", value.lower()):
        seconds = sum(float(count) * _UNIT_S[unit] for count, unit in re.findall(_AMOUNT, value.lower()))
    else:
        raise ValueError(f"a duration is written as {example}")
    if seconds % _UNIT_S[unit]:
        raise ValueError(f"a duration is a whole number of {unit}")
    return int(seconds) // _UNIT_S[unit]


def duration(minutes: int) -> str:
    """Write minutes as a duration, such as 1h30min."""
    hours, rest = divmod(minutes, 60)
    return f"{f'{hours}h' if hours else ''}{f'{rest}min' if rest else ''}" or "0"


DURATION = BeforeValidator(partial(_duration_in, "minutes", "30min, 1h or 1h30min"))
DURATION_S = BeforeValidator(partial(_duration_in, "seconds", "5s"))
Minutes = Annotated[int, DURATION]
Seconds = Annotated[int, DURATION_S]


@dataclass(frozen=True)
class Document:
    """A settings file as mappings, lists, texts and None, with the line on which each key stands."""

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
    """Turn a YAML node into mappings, lists, texts and None; note the line of every key."""
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
    if "\0" in node.value:  # no name of a file, and the end of one for the system
        raise CallError(f"{path}:{line}: {_dotted(keys)}: {node.value[:60]!r} has a NUL character")
    return None if node.tag == f"{_STANDARD}null" else node.value


def check_keys(
    document: Document, above: Iterable[str], sections: Mapping[str, type[Settings]], but: str = ""
) -> None:
    """Refuse unknown keys at the top, and check every section that is there but one."""
    known = {*above, *sections}
    for key in document.values:
        if key not in known:
            raise CallError(f"{document.place((key,))}: {key}: no such key{nearest(key, known)}")
    for section, model in sections.items():
        if section in document.values and section != but:
            settle(section, model, document, {})


def settle(
    section: str,
    model: type[Model],
    document: Document,
    flags: Mapping[Keys, Any],
    environment: Mapping[str, str] = os.environ,
) -> Model:
    """Return the settings of one command from flags, environment, the YAML's section and the defaults.

    `section` is empty for the keys at the top of the file. `flags` maps key paths such as ("days", "from")
    to values. Raises CallError that names file, line and key, or the flag, or the variable.
    """
    above: Keys = (section,) if section else ()
    origins: dict[Keys, str] = {}
    merged = _given(section, model, document)
    for keys, info in option_paths(model):
        variable = variable_name(section, keys)
        for origin, value in ((variable, environment.get(variable)), (flag_name(keys), flags.get(keys))):
            if value is not None:
                _put(merged, keys, value)
                origins[keys] = origin
        if _parted(info) and (value := _at(merged, keys)) is not None:
            _put(merged, keys, _items(value, typed=keys in origins))
    try:
        return model.model_validate(merged)
    except ValidationError as error:
        raise CallError(_first_fault(error, above, model, document, origins)) from error


def flag_name(keys: Keys) -> str:
    """Return the flag of a setting."""
    return "--" + "-".join(map(str, keys)).replace("_", "-")


def variable_name(section: str, keys: Keys) -> str:
    """Return the environment variable of a setting; `section` is empty for the keys at the top."""
    return "_".join(map(str, ("CROCS", *filter(None, [section]), *keys))).upper().replace("-", "_")


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


def is_list(annotation: Any) -> bool:
    """Return whether a setting of this type holds several values."""
    return get_origin(annotation) in (list, tuple)


def _parted(info: Any) -> bool:
    """Return whether the text of a setting is parted at commas: a list that does not read its text itself."""
    own = any(isinstance(mark, BeforeValidator) for mark in info.metadata)
    return is_list(info.annotation) and not own


def _given(section: str, model: type[Settings], document: Document) -> dict[str, Any]:
    """Return a copy of what the file has for a section, or of the keys at its top."""
    if not section:
        names = {info.alias or name for name, info in model.model_fields.items()}
        return _copied({key: value for key, value in document.values.items() if key in names})
    values = document.values.get(section)
    if not isinstance(values, dict | None):
        raise CallError(f"{document.place((section,))}: {section}: settings are `key: value` pairs")
    return _copied(values or {})


def _items(value: Any, typed: bool) -> Any:
    """Return a list's items: text is parted at commas, but not the items of a list in the file."""
    if isinstance(value, str):
        return [part.strip() for part in value.split(",")]
    if typed and isinstance(value, list | tuple):
        return [part for text in value for part in _items(text, typed)]
    return value


def _copied(values: dict[str, Any]) -> dict[str, Any]:
    return {key: _copied(value) if isinstance(value, dict) else value for key, value in values.items()}


def _put(merged: dict[str, Any], keys: Keys, value: object) -> None:
    target: Any = merged
    for key in keys[:-1]:
        if not isinstance(target.get(key), dict):
            target[key] = {}
        target = target[key]
    target[keys[-1]] = value


def _at(merged: Any, keys: Keys) -> Any:
    for key in keys:
        merged = merged.get(key) if isinstance(merged, dict) else None
    return merged


def _first_fault(
    error: ValidationError, above: Keys, model: type[Settings], document: Document, origins: dict[Keys, str]
) -> str:
    """Return the first fault in one line: place, key, what is allowed, the nearest right name."""
    faults = error.errors(include_url=False)
    fault = faults[0]
    known = {keys for keys, _ in option_paths(model)}
    given: Keys = tuple(fault["loc"])
    keys = given
    while keys and keys not in origins and (*above, *keys) not in document.lines:
        keys = keys[:-1]
    place = _place(keys, above, document, origins)
    if fault["type"] == "extra_forbidden":
        names = {
            path[len(given) - 1]
            for path in known
            if path[: len(given) - 1] == given[:-1] and len(path) >= len(given)
        }
        return f"{place}: {_dotted((*above, *given))}: no such key{nearest(str(given[-1]), names)}"
    name = _dotted((*above, *(keys or given)))
    at_key = [other for other in faults if tuple(other["loc"])[: len(keys)] == keys] if keys else [fault]
    message = " or ".join(dict.fromkeys(_lowered(str(other["msg"])) for other in at_key))
    value = fault["input"]
    shown = "" if fault["type"] == "missing" or isinstance(value, dict) else f" (got {str(value)[:60]!r})"
    places = place.split(", ")
    named = f"{place}: " if set(places) <= {*origins.values()} else f"{place}: {name}: "
    return f"{named}{message}{shown}"


def _place(keys: Keys, above: Keys, document: Document, origins: dict[Keys, str]) -> str:
    """Return where a setting, or each of several that do not go together, was given."""
    typed = [origin for path, origin in origins.items() if path[: len(keys)] == keys]
    if keys in origins or (typed and (*above, *keys) not in document.lines):
        return ", ".join(typed)
    in_file = [document.place((*above, *keys))] if document.path else []
    return ", ".join(typed + in_file) or _dotted(above)


def _lowered(message: str) -> str:
    """Begin pydantic's sentence in lower case, as a part of ours."""
    message = message.removeprefix("Value error, ")
    return message[0].lower() + message[1:] if message[:2] != message[:2].upper() else message


def nearest(name: str, known: Iterable[str], most: int = 1) -> str:
    """Return the end of a message on an unknown name: the nearest known ones, or all where none is near."""
    near = difflib.get_close_matches(name.lower(), sorted(known), n=most, cutoff=0.5)
    return f"; did you mean {' or '.join(near)}?" if near else f"; known here: {', '.join(sorted(known))}"


def misspelt_variables(
    sections: Mapping[str, type[Settings]], environment: Mapping[str, str] = os.environ
) -> Iterator[tuple[str, str, str]]:
    """Yield (variable, the section that it seems to mean, the variable of a setting nearest to it).

    Those are the variables of no setting that are all but the same as that of one, or begin with a section.
    """
    known = {
        variable_name(section, keys): section
        for section, model in sections.items()
        for keys, _ in option_paths(model)
    }
    begins = tuple(f"{variable_name(section, ())}_" for section in sections if section)
    for name in environment:
        if name.startswith("CROCS_") and name not in known:
            cutoff = 0.5 if name.startswith(begins) else 0.85
            for near in difflib.get_close_matches(name, known, n=1, cutoff=cutoff):
                yield name, known[near], near


def _dotted(keys: Keys) -> str:
    return ".".join(map(str, keys))
