"""Fuzzed settings, as YAML, as flags and as variables: used, or refused in one line; never a traceback."""

from __future__ import annotations

import importlib
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

import click
import yaml
from hypothesis import HealthCheck, given, seed
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from crocs_cli.cli.options import SECTIONS
from crocs_cli.cli.screen import command as screen
from crocs_cli.errors import CrocsError
from crocs_cli.machine.settings import option_paths
from tests.torture.tally import MENDABLE, RIGHT, WRONG_CALL, Tally, call, inside, untold

PROMISE = "No settings give a traceback"
HOW = "hypothesis: YAML, flags and variables; bombs, tags, nesting, huge numbers, NaN, cut and changed bytes"
SHORT, LONG = 200, 5000
NUL = "\0"  # no argument and no variable can hold it

# what would start work: replaced, so that only the settings are tried
WORK = ("synth", "plan", "report", "stability")
READERS = ("quality", "typical", "score", "choose", "compare", "forecast", "status")
PROGRAMMES = ("peak", "bills", "target", "impact")
SCREEN = ("simulate", "fit", "rank", "validate")
WORDS = [
    *("ward", "wsmd", "auto", "1h", "30min", "long", "minmax", "AU-NSW", "2013-01-31", "2013-02-30", "UTC"),
    *("", " ", ".nan", ".inf", "-.inf", "nan", "1e999", "-1", "0", "1", "2.5", "true", "null", "~", "0x7f"),
    *("0o17", "9" * 30, "9" * 5000, "1:30:30", "+10:00", "../../etc/passwd", "/dev/null", "~/x", "%s%n"),
    *("a\tb", "é" * 300, "\u202e", "\ud7ff", "\x1b[2J"),
]  # fmt: skip
BOMBS = [
    "a: &a [x,x]\nb: &b [*a,*a]\nc: &c [*b,*b]\nstage1: *c",
    "stage1: &x {window: *x}",
    "<<: {seed: 1}",
    "run: !!python/object/apply:os.system ['touch owned']",
    "run: !!python/name:os.system",
    "run: !<tag:yaml.org,2002:python/object/new:os.system> ['touch owned']",
    "run: !!binary aGVsbG8=",
    "stage1: !!set {a, b}",
    "? [a, b]\n: 1",
    "? {a: b}\n: 1",
    "[" * 5000,
    "{a: " * 5000,
    "- " * 3000,
    "stage1: {window: " + "[" * 900 + "]" * 900 + "}",
    "%YAML 9.9\n---\nseed: 1",
    "%TAG ! tag:yaml.org,2002:python/\n---\nrun: !object/apply:os.system ['touch owned']",
    "--- 1\n--- 2",
    "seed: 1\n...\n---\nseed: 2",
    "\ufeffseed: 1",
    "seed: 1e400",
    f"seed: {'9' * 6000}",
    "seed: .nan",
    "seed: -0",
    "seed: 1:30",
    "seed: [1]",
    "run: 5",
    "run: [a]",
    "run: 2013-01-31",
    "run: 2013-01-31 25:61:61",
    "stage1: {window: 0x" + "f" * 3000 + "}",
    "stage2: {clusters: [" + "1," * 20000 + "1]}",
    "rrls: {clusters: 99999999999999999999999999}",
    "plan: {memory_gb: 1e308}",
    "synth: {consumers: 1e400, days: .inf}",
    "ingest: {files: ['" + "a" * 100000 + "']}",
    "ingest: {timezone: '" + "../" * 2000 + "etc/passwd'}",
    "ingest: {timezone: \"a\\0b\"}",
    "run: \"a\\0b\"",
    "ingest: {stamp_format: '%" + "Q" * 500 + "'}",
    "\x00",
    "\t- a",
    "a: 'unclosed",
    "key: |\n text\n  more\n less",
    "!!",
    "! x",
    "!<> x",
    "*unknown",
    "a: b: c",
]  # fmt: skip


PUTS = [b"", b"&a ", b"*a", b"!!x ", b": ", b"- ", b"\n", b"\x00", b"\xff", b"{", b"]", b"'"]


def commands() -> dict[tuple[str, ...], click.Command]:
    """Return every command that takes settings, by its words."""
    names = ("ingest", "stage1", "stage2", "rrls", "assign", *WORK, *READERS, *PROGRAMMES)
    return {
        **{(name,): importlib.import_module(f"crocs_cli.cli.{name}").command for name in names},
        **{("screen", name): screen.commands[name] for name in SCREEN},
    }


values = st.one_of(
    st.sampled_from(WORDS),
    st.integers(),
    st.integers(min_value=-(10**40), max_value=10**40),
    st.floats(),
    st.booleans(),
    st.none(),
    st.dates(),
    st.text(max_size=20),
)
nested = st.recursive(
    values,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
)


@st.composite
def sections(draw: Any) -> dict[str, Any]:
    """Draw a settings file as a value: mostly right keys, with values of any kind."""
    document: dict[str, Any] = {}
    known = {name: [keys for keys, _ in option_paths(model)] for name, model in SECTIONS.items()}
    some = sorted(name for name, paths in known.items() if paths)
    for name in draw(st.lists(st.sampled_from(some), max_size=3)):
        paths = known[name]
        section: Any = {}
        for keys in draw(st.lists(st.sampled_from(paths), max_size=4)):
            inner = section
            for key in keys[:-1]:
                inner = inner.setdefault(key, {})
                if not isinstance(inner, dict):
                    break
            else:
                inner[keys[-1]] = draw(nested)
        document[name] = section if draw(st.integers(0, 9)) else draw(nested)
    if draw(st.booleans()):
        document[draw(st.sampled_from(["run", "seed", "sead", "stage3"]))] = draw(nested)
    return document


@st.composite
def files(draw: Any) -> bytes:
    """Draw the bytes of a settings file."""
    kind = draw(st.integers(0, 9))
    if kind == 0:
        return draw(st.binary(max_size=200))
    if kind == 1:
        return draw(st.sampled_from(BOMBS)).encode(errors="surrogatepass")
    text = yaml.safe_dump(draw(sections()), allow_unicode=draw(st.booleans())).encode(errors="replace")
    if kind > 4 or not text:
        return text
    place = draw(st.integers(0, len(text) - 1))
    put = draw(st.sampled_from(PUTS))
    return text[:place] + put + text[place + draw(st.integers(0, 3)) :]


@st.composite
def calls(draw: Any) -> tuple[tuple[str, ...], list[str], dict[str, str]]:
    """Draw a command with flags and variables."""
    name = draw(st.sampled_from(sorted(commands())))
    texts = st.one_of(values.map(str), st.text(st.characters(blacklist_categories=["Cs"]), max_size=12))
    flags, variables = [], {}
    for option in draw(st.lists(st.sampled_from(commands()[name].params), max_size=4)):
        if option.name in ("config", "run") or not isinstance(option, click.Option):
            continue
        if option.is_flag:
            flags.append(option.opts[0])
        elif draw(st.booleans()):
            flags.append(f"{option.opts[0]}={draw(texts).replace(NUL, '')}")
        else:
            text = draw(texts).replace(NUL, "").encode(errors="replace").decode()
            words = () if option.name == "seed" else name
            variables["_".join(["CROCS", *words, str(option.name)]).upper()] = text
    return name, flags, variables


@contextmanager
def no_work() -> Iterator[None]:
    """Replace what would start work without needing any file."""

    def idle(*_: object) -> None:
        raise CrocsError("nothing to do; these are only settings")

    with ExitStack() as stack:
        for stage in [f"crocs_cli.stages.{name}.run" for name in WORK] + ["crocs_cli.screen.simulate.run"]:
            stack.enter_context(mock.patch(stage, idle))
        yield


def torture(cases: int, folder: Path) -> Tally:
    """Try every bomb, then as many drawn files and calls."""
    tally = Tally()

    def attempt(name: tuple[str, ...], content: bytes, flags: list[str], variables: dict[str, str]) -> None:
        Path("run.yaml").write_bytes(content)
        where = [] if b"run" in content else ["--run", "nowhere"]
        with mock.patch.dict(os.environ, variables):
            ended = call(*name, "-c", "run.yaml", *where, *flags)
        fault = untold(ended, (RIGHT, MENDABLE, WRONG_CALL))
        left = sorted(path.name for path in Path().iterdir() if path.name != "run.yaml")
        if left:
            fault = fault or f"left {left}"
        tally.case(repr((name, content[:300], flags, variables)), fault)

    @seed(1)
    @hypothesis_settings(
        max_examples=cases // 2, deadline=None, database=None, suppress_health_check=list(HealthCheck)
    )
    @given(st.sampled_from(sorted(commands())), files())
    def try_files(name: tuple[str, ...], content: bytes) -> None:
        attempt(name, content, [], {})

    @seed(2)
    @hypothesis_settings(
        max_examples=cases // 2, deadline=None, database=None, suppress_health_check=list(HealthCheck)
    )
    @given(calls())
    def try_calls(drawn: tuple[tuple[str, ...], list[str], dict[str, str]]) -> None:
        name, flags, variables = drawn
        attempt(name, b"seed: 1\n", flags, variables)

    with inside(folder), no_work():
        for bomb in BOMBS:
            attempt(("stage1",), bomb.encode(errors="surrogatepass"), [], {})
        try_files()
        try_calls()
    return tally
