"""Every setting of every command is a YAML key, a flag and a variable, and its faults name the place."""

from __future__ import annotations

import contextlib
import datetime as dt
import types
import typing
from pathlib import Path
from typing import Annotated, Any, Literal

import click
import pytest
import yaml
from pydantic import Field

from crocs_cli.cli import COMMANDS, cli, options
from crocs_cli.errors import CallError
from crocs_cli.machine.settings import DURATION, DURATION_S, Minutes, flag_name, is_list, option_paths
from crocs_cli.rundir.settings import RunSettings
from tests.conftest import ROOT, Crocs

# flags of one call only: the settings file, a part of the work, how to print, a question asked once, a
# second product, and a file that this call writes
PLAIN = {"--config", "--share", "--json", "--what-if", "--picture"}
WITHOUT_SETTINGS = {"run", "info", "init", "guide"}  # `run` reads its steps' sections; `init` writes them
WORDS = {"export": ["table.csv"], "paper": ["list"], "slurm": ["jobs"]}  # what a command needs besides
KINDS: dict[Any, list[str]] = {
    int: ["7", "8", "4", "40", "50"],
    float: ["0.3", "0.35", "2.5", "4"],
    bool: ["true", "no"],
    str: ["Europe/Lisbon", "UTC", "days_flat=0.5", "invalid=0.1", "off_grid=0"],
    Path: ["010", "2013-01-31"],
    dt.date: ["2013-01-31", "2014-01-31"],
}
# texts of settings that are more than their type says
SAMPLES = {
    ("ingest", "reader"): ["lcl", "octopus"],
    ("export", "rule"): ["15/15", "cpuc"],
    ("report", "rule"): ["100/10", "minimum:20"],
    ("ingest", "consumer_pattern"): [r"meter(\d+)", r"home(\d+)"],
    ("ingest", "encoding"): ["utf-16", "cp1252"],
    ("ingest", "thousands"): [",", " "],
    ("ingest", "events", "end"): ["end", "stop"],
    ("ingest", "events", "amount"): ["kwh", "litres"],
    ("ingest", "events", "features"): ["kwh,litres,power", "kwh,litres,power,flow"],
    ("ingest", "events", "clock"): ["start", "start,end"],
    ("ingest", "events", "scale"): ["kwh=2,power=0.5", "kwh=3"],
    ("ingest", "events", "at_most"): ["kwh=2,power=0.5", "kwh=3"],
    ("ingest", "direction"): ["in=add,out=drop", "in=add,out=subtract"],
    ("ingest", "quality"): ["A=measured,E=estimated", "A=measured"],
    ("report", "names"): ["names.yaml", "other.yaml"],
    ("bills", "tariff"): ["now.yaml", "now.yaml,new.yaml"],
    ("bills", "window"): ["17:00-20:00", "22:30-01:00"],
    ("peak", "window"): ["17:00-20:00", "22:30-01:00"],
    ("peak", "days"): ["all", "peak:3"],
    ("target", "goal"): ["200kW", "2 MW", "5"],
    ("target", "probability"): ["0.9", "0.8"],
    ("target", "window"): ["17:00-20:00", "06:30-08:00"],
    ("impact", "window"): ["17:00-20:00", "06:30-08:00"],
    ("target", "response"): ["0.4", "1=0.4,2=0.25"],
    ("screen-fit", "day", "country"): ["PT", "AU-NSW"],
    ("screen-fit", "input", "encoding"): ["utf-16", "cp1252"],
    ("screen-fit", "input", "thousands"): [",", " "],
    ("screen-validate", "input", "encoding"): ["utf-16", "cp1252"],
    ("screen-validate", "input", "thousands"): [",", " "],
}
# what some settings need beside them
WITH = {
    ("ingest", "holidays"): {"days": {"type": "workdays"}},
    ("ingest", "days", "type"): {"holidays": "AU-NSW"},
    ("ingest", "days", "season"): {"days": {"hemisphere": "south"}},
    ("ingest", "days", "hemisphere"): {"days": {"season": "winter"}},
    ("ingest", "quantity"): {"unit": "kWh"},
    ("ingest", "unit"): {"quantity": "heat"},
    **{
        ("ingest", "events", key): {"period": "event", "events": {"features": ["kwh", "litres", "power"]}}
        for key in ("features", "clock", "end", "amount", "scale", "scale_from", "at_most", "overlapping")
    },
    ("ingest", "days", "from"): {"days": {"to": "2020-01-01"}},
    ("export", "share_safe"): {"what": "segments"},
    ("export", "rule"): {"what": "segments"},
    ("export", "question"): {"what": "peak-segments"},
    ("synth", "shapes"): {"clusters": "2"},
    ("bills", "shift"): {"window": "17:00-20:00"},
    ("peak", "days"): {"window": "17:00-20:00"},
}


def commands() -> dict[str, click.Command]:
    """Return every command by its words, such as `screen fit`."""
    found = {}
    for name in COMMANDS:
        command = cli.get_command(None, name)  # type: ignore[arg-type]
        assert command is not None
        parts = command.commands if isinstance(command, click.Group) else {"": command}
        found |= {f"{name} {part}".strip(): one for part, one in parts.items()}
    return found


SETTINGS = [
    (section, keys, info)
    for section, model in [("", RunSettings), *options.SECTIONS.items()]
    for keys, info in option_paths(model)
    if (section, *keys) != ("ingest", "files")  # the files are the arguments of `ingest`
]


def texts(annotation: Any, marks: Any = ()) -> list[str]:
    """Return texts that a setting of this type may take."""
    origin, inner = typing.get_origin(annotation), typing.get_args(annotation)
    if DURATION in marks:
        return ["30min", "15 min", "1 hour", "600 s"]
    if DURATION_S in marks:
        return ["7", "0.5min", "12 s"]
    if origin is typing.Annotated:
        return texts(inner[0], inner[1:])
    if origin is typing.Literal:
        return list(inner)
    if origin in (typing.Union, types.UnionType):
        return [text for kind in inner if kind is not types.NoneType for text in texts(kind)]
    if is_list(annotation):
        return [f"{first},{second}" for first, second in zip(texts(inner[0]), texts(inner[0])[1:])]  # noqa: B905
    return KINDS[annotation]


def nested(keys: tuple[str, ...], value: object) -> dict[str, Any]:
    """Return {first key: {second key: value}}."""
    return {keys[0]: nested(keys[1:], value) if keys[1:] else value}


def joined(first: dict[str, Any], second: dict[str, Any]) -> dict[str, Any]:
    both = first | second
    shared = {key for key in first if isinstance(first[key], dict) and isinstance(second.get(key), dict)}
    return both | {key: joined(first[key], second[key]) for key in shared}


def document(section: str, keys: tuple[str, ...], info: Any, text: str) -> str:
    """Return a settings file with one setting, as a user writes it: without quotes."""
    values = joined(WITH.get((section, *keys), {}), nested(keys, "PLACE"))
    plain = yaml.safe_dump({section: values} if section else values)
    written = f"[{text}]" if is_list(info.annotation) else f"'{text}'" if text in (",", " ") else text
    return plain.replace("PLACE", written)


def flags(keys: tuple[str, ...], text: str, parameters: list[click.Parameter]) -> list[str]:
    """Return the flag that sets a setting."""
    option = next(p for p in parameters if isinstance(p, click.Option) and p.name == "_".join(keys))
    if not option.is_flag:
        return [flag_name(keys), text]
    return option.opts if text == "true" else option.secondary_opts


class SeenError(Exception):
    """The settings that a command was called with."""


@pytest.fixture
def seen(monkeypatch, tmp_path):
    """Call a command up to where its settings are known, and return them."""
    monkeypatch.chdir(tmp_path)
    for name, segment in (("names", "Early birds"), ("other", "Owls")):
        (tmp_path / f"{name}.yaml").write_text(f"1: {segment}\n")

    def stop(run, seed, team, settings):
        raise SeenError({"run": str(run), "seed": seed}, settings)

    monkeypatch.setattr(options, "Job", stop)

    def call(words: str, *arguments: str) -> tuple[dict[str, Any], Any]:
        with pytest.raises(SeenError) as found:
            cli.main([*words.split(), *WORDS.get(words, []), *arguments], standalone_mode=False)
        return found.value.args

    return call


def value(settings: Any, keys: tuple[str, ...]) -> Any:
    for key in keys:
        fields = type(settings).model_fields
        settings = getattr(settings, next(name for name in fields if key in (name, fields[name].alias)))
    return settings


def test_every_option_is_a_setting_or_a_flag_of_one_call():
    for words, command in commands().items():
        if words in WITHOUT_SETTINGS:
            continue
        given = {p.name: p for p in command.params if isinstance(p, click.Option)}
        section = words.replace(" ", "-")
        known = {"_".join(keys) for keys, _ in option_paths(options.SECTIONS[section])} | {"run", "seed"}
        plain = {option.opts[-1] for name, option in given.items() if name not in known}
        assert plain <= PLAIN, words
        assert known - {"seed", "files"} <= {*given}, words


@pytest.mark.parametrize(
    ("section", "keys", "info"), SETTINGS, ids=[".".join((section, *keys)) for section, keys, _ in SETTINGS]
)
def test_flag_over_variable_over_file(seen, monkeypatch, tmp_path, section, keys, info):
    words = section.replace("screen-", "screen ") or "synth"
    variable = "_".join(filter(None, ("CROCS", section, *keys))).upper().replace("-", "_")
    parameters = commands()[words].params
    path = tmp_path / "my.yaml"
    call = [words, "-c", str(path), *([] if keys == ("run",) else ["--run", "r"])]

    def read(*arguments: str) -> Any:
        run, settings = seen(*call, *arguments)
        return value(settings, keys) if section else run[keys[0]]

    valid = {}
    for text in SAMPLES.get((section, *keys)) or texts(info.annotation, info.metadata):
        path.write_text(document(section, keys, info, text))
        with contextlib.suppress(CallError):  # not a value of this setting
            valid[text] = read()
    first, second, *_ = valid
    assert valid[first] != valid[second]
    for in_file, other in ((first, second), (second, first)):
        path.write_text(document(section, keys, info, in_file))
        monkeypatch.setenv(variable, other)
        assert read() == valid[other]
        assert read(*flags(keys, in_file, parameters)) == valid[in_file]


@pytest.mark.parametrize("words", sorted({*commands()} - {"info", "init", "guide"}))
def test_a_misspelt_key_is_caught_by_every_command(crocs: Crocs, tmp_path, words):
    path = tmp_path / "my.yaml"
    for text, told in (
        (
            "seed: 1\nscreen-rank: {margn: 0.1}",
            "my.yaml:2: screen-rank.margn: no such key; did you mean margin?",
        ),
        ("screen-fit:\n  day: {timezon: UTC}", "screen-fit.day.timezon: no such key; did you mean timezone?"),
        ("compare: {cluster: 4}", "compare.cluster: no such key; did you mean clusters?"),
        ("scren-rank: {}", "my.yaml:1: scren-rank: no such key; did you mean screen-rank?"),
        ("seeds: 2", "my.yaml:1: seeds: no such key; did you mean seed?"),
    ):
        path.write_text(text)
        ended = crocs(*words.split(), *WORDS.get(words, []), "-c", path, "--run", tmp_path / "run")
        assert (ended.code, ended.err.count("\n")) == (2, 1)
        assert told in ended.err


@pytest.mark.parametrize("path", sorted((ROOT / "configs").iterdir()), ids=lambda path: path.name)
def test_the_shipped_settings_are_valid(path):
    assert options.read_document(path).values


@pytest.mark.parametrize(
    ("kind", "shown"),
    [
        (int, "N"),
        (Annotated[float, Field(ge=0)] | None, "NUMBER"),
        (Literal["date", "auto"], "[date|auto]"),
        (Annotated[int, Field(ge=1)] | Literal["auto", "all"], "N|auto|all"),
        (dt.date | Literal["auto"], "DATE|auto"),
        (tuple[Annotated[int, Field(ge=1)], ...], "N,..."),
        (tuple[int, int], "N,N"),
        (Annotated[Minutes, Field(ge=5)] | None, "DURATION"),
        (Path | None, "PATH"),
        (str | None, "TEXT"),
    ],
    ids=lambda given: given if isinstance(given, str) else "",  # a type's text holds addresses
)
def test_what_a_flag_takes_comes_from_the_type(kind, shown):
    assert options.metavar(kind) == shown


@pytest.mark.parametrize("factors", ["", "3", "[1]", "paper"])
def test_factors_of_the_papers_preset_that_are_none_are_one_line(crocs: Crocs, tmp_path, factors):
    path = tmp_path / "my.yaml"
    path.write_text(f"screen-rank:\n  preset: paper\n  factors: {factors}")
    ended = crocs("screen", "rank", "-c", path, "--run", tmp_path)
    assert (ended.code, ended.err.count("\n")) == (2, 1)
    assert ended.err.startswith(f"crocs: {path}:3: screen-rank.factors: ")


def test_every_misspelt_key_of_every_section_is_caught(tmp_path):
    for section, keys, _ in SETTINGS:
        if section:
            path = tmp_path / "my.yaml"
            path.write_text(yaml.safe_dump({section: nested((*keys[:-1], keys[-1] + "x"), "1")}))
            with pytest.raises(CallError, match=rf"{keys[-1]}x: no such key; did you mean {keys[-1]}\?"):
                options.read_document(path)


def test_a_fault_names_the_flag_the_variable_or_the_line(seen, monkeypatch, tmp_path):
    path = tmp_path / "my.yaml"
    tried = 0
    for section, keys, info in SETTINGS:
        if not section or {str, Path} & {info.annotation, *typing.get_args(info.annotation)}:
            continue
        words, dotted = section.replace("screen-", "screen "), ".".join((section, *keys))
        variable = "_".join(("CROCS", section, *keys)).upper().replace("-", "_")
        call = (words, "-c", str(path), "--run", "r")
        path.write_text(f"seed: 1\n{yaml.safe_dump({section: nested(keys, 'wrong')})}")
        line = 2 + len(keys)
        with pytest.raises(CallError, match=rf"^{path}:{line}: {dotted}: .*\(got .*wrong"):
            seen(*call)
        path.write_text("seed: 1\n")
        monkeypatch.setenv(variable, "wrong")
        with pytest.raises(CallError, match=rf"^{variable}: .*wrong"):
            seen(*call)
        monkeypatch.delenv(variable)
        if info.annotation is not bool:
            with pytest.raises(CallError, match=rf"^{flag_name(keys)}: .*wrong"):
                seen(*call, flag_name(keys), "wrong")
        tried += 1
    assert tried > 100


@pytest.mark.parametrize(
    ("variable", "said"),
    [
        ("CROCS_STAGE1_PROTOTYPESS", "did you mean CROCS_STAGE1_PROTOTYPES?"),
        ("CROCS_STAGE1_WIDTH", "did you mean CROCS_STAGE1_WINDOW?"),
        ("CROCS_SEEDS", "did you mean CROCS_SEED?"),
        ("CROCS_STAGE2_CLUSTER", None),  # of another command, which will say so
        ("CROCS_CONFIG", None),
        ("CROCS_SHARES", None),
    ],
)
def test_a_misspelt_variable_is_named_with_the_right_one(
    crocs, monkeypatch, caplog, tmp_path, variable, said
):
    monkeypatch.setenv(variable, "4")
    assert crocs("stage1", "--run", tmp_path).code == 1
    expected = [f"{variable}: no setting has this variable; {said}"] if said else []
    assert [line for line in caplog.messages if "CROCS_" in line] == expected
