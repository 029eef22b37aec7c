"""Write a settings file that says how to read meter files."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from crocs_cli.errors import CallError, CrocsError
from crocs_cli.machine.settings import Document, nearest, settle
from crocs_cli.machine.shipped import shipped
from crocs_cli.readers.archives import contents
from crocs_cli.readers.described import FILL_IN, checked
from crocs_cli.readers.detect import known_format
from crocs_cli.readers.formats import PRESETS, Format, dates_in, format_of
from crocs_cli.readers.glance import glance
from crocs_cli.readers.inputs import input_files
from crocs_cli.readers.propose import GUESSED, SURE, Proposal, propose
from crocs_cli.rundir.settings import IngestSettings
from crocs_cli.stages.reading import intake_of

ASKED = {
    "unit": "kWh, Wh, kW or W",
    "stamp": "a stamp names its interval's start or end",
    "timezone": "the clock of the stamps, such as Europe/London or +10:00",
    "interval": "time between readings, such as 30min",
}
CLOCK_OF_HOMES = "the homes' clock, which the file does not say, such as America/New_York or +10:00"
_ORDER = (
    "columns", "header", "title_lines", "consumer_from", "stamp_format", "stamp", "timezone", "interval",
    "unit", "kind", "direction", "quality", "decimal", "thousands",
)  # fmt: skip
_COMMENT_AT, _MOST_IN_A_LINE = 30, 5
_ROWS_TRIED = 20_000  # more than the readers need to see that an interval is wrong
_STAND_IN = {"unit": "kWh", "timezone": "UTC", "stamp": "start"}  # so that the rest can be tried


@dataclass
class Findings(Proposal):
    """Result of a look at files: a proposal, what is known of the format, and why a first reading failed."""

    known: dict[str, Any] = field(default_factory=dict)
    fault: str | None = None

    @property
    def ready(self) -> bool:
        """True where the settings run as they are."""
        return not self.missing and not self.fault


def run(patterns: Sequence[str], reader: str | None, output: Path) -> list[str]:
    """Write the settings file; return what to tell the user, line by line.

    Raises CrocsError for files that hold no readings or are not alike, and for an output that is there.
    """
    _check_free(output)
    if not patterns and reader is None:
        raise CallError("no files to look at; name them after the command, or a format with --reader")
    if patterns:
        paths = contents(input_files(patterns))
        findings = _looked_at(paths, reader)
        findings.fault = _fault(findings, paths, output)
    else:
        findings = _of_reader(str(reader), None)
        findings.missing["files"] = "names of your files, or globs"
    _write(output, "\n".join(_lines(findings, list(patterns), output)) + "\n")
    return list(_summary(findings, output))


def example(name: str, output: Path) -> list[str]:
    """Write settings that came with crocs to a file of the user's; return what to tell the user.

    Raises CallError for a name that there is none of, CrocsError for an output that is there.
    """
    _check_free(output)
    known = {path.stem: path for path in shipped("configs").glob("*.yaml")}
    if name not in known:
        raise CallError(f"--example {name}: no such example{nearest(name, known)}")
    _write(output, known[name].read_text(encoding="utf-8"))
    return [f"{output}: settings of the example {name}; its comments say what to change"]


def _check_free(output: Path) -> None:
    if output.exists():
        raise CrocsError(f"{output}: there already, and left alone; name another file with --output")


def _write(output: Path, text: str) -> None:
    """Write a file that is not there yet."""
    try:
        with output.open("x", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise CrocsError(f"{output}: {(error.strerror or '').lower()}; name another with --output") from error


def _looked_at(paths: Sequence[Path], reader: str | None) -> Findings:
    """Look at all files, which must be alike."""
    first, *others = (_one(path, reader) for path in paths)
    for path, other in zip(paths[1:], others, strict=True):
        for key in ("reader", "columns", "unit", "stamp_format", "decimal"):
            one, two = ({**file.settings, "reader": file.reader}.get(key) for file in (first, other))
            if one != two:
                raise CrocsError(
                    f"{path}: not like {paths[0]} ({key} {_flow(two)}, not {_flow(one)}); "
                    "write settings for each kind of file by itself"
                )
    ranges = [file.dates for file in (first, *others) if file.dates]
    if ranges:
        first.dates = min(dates[0] for dates in ranges), max(dates[1] for dates in ranges)
    return first


def _one(path: Path, reader: str | None) -> Findings:
    """Look at one file."""
    if reader not in (None, "auto") and not _named(str(reader)).generic:
        return _of_reader(str(reader), path)
    detected, look = known_format(path)
    if detected is not None and reader in (None, "auto"):
        return _of_reader(detected.reader, path, detected.why)
    findings = Findings(**vars(propose(look if look.lines else glance(path))))
    if reader not in (None, "auto"):
        findings.reader = str(reader)
    return findings


def _fault(findings: Findings, paths: Sequence[Path], output: Path) -> str | None:
    """Read the first part of the files as they would be; return why that fails, None where it does not.

    It is not known where more than a unit or a clock is missing.
    """
    if findings.missing.keys() - _STAND_IN.keys():
        return None
    said = {**findings.settings, **{key: _STAND_IN[key] for key in findings.missing}}
    section = {"reader": findings.reader, **said, "files": list(map(str, paths))}
    try:
        settings = settle("ingest", IngestSettings, Document(output, {"ingest": section}), {}, {})
        _, intake = intake_of(settings, paths)
        for path in paths:
            with closing(intake.rows(path)) as rows:
                while intake.seen.rows < _ROWS_TRIED and next(rows, None):
                    pass
            if intake.seen.rows:
                return None
        intake.check()
    except CrocsError as error:  # on one line, whatever the files hold
        return "".join(sign if sign.isprintable() else " " for sign in str(error))
    return None


def _of_reader(reader: str, path: Path | None, why: str = "you named it") -> Findings:
    """Return what is known of a format; without a file, what the format says of all of them."""
    form = _named(reader)
    findings = Findings(reader=reader, why=why)
    if form.generic:
        findings.settings["columns"] = {"consumer": "id", "time": "time", "energy": "kwh"}
        findings.because["columns"] = (GUESSED, "names of your columns")
    presets = _presets(form, path) if path is not None else dict(form.fixed())
    findings.known = {key: presets[key] for key in PRESETS if presets.get(key)}
    if isinstance(interval := findings.known.get("interval"), int):
        findings.known["interval"] = f"{interval}min"
    asked = {**ASKED, "timezone": CLOCK_OF_HOMES} if form.without_clock else ASKED
    for key in _asked(form, presets, path):
        findings.settings[key], findings.missing[key] = FILL_IN, asked[key]
    if form.description is not None:
        findings.dates = dates_in(form.description, glance(path)) if path is not None else None
        findings.because.update(dict.fromkeys(form.description.assumed, (GUESSED, "its source does not say")))
        findings.settings.update(
            {key: presets.get(key) for key in form.description.assumed if presets.get(key)}
        )
    return findings


def _presets(form: Format, path: Path) -> dict[str, Any]:
    """Return what a file of a format says; a clock of no known zone is the user's to name."""
    try:
        return form.presets(path)
    except CrocsError:
        return form.presets(path, [name for name in PRESETS if name != "timezone"])


def _asked(form: Format, presets: Mapping[str, Any], path: Path | None) -> list[str]:
    """Return what a format leaves to the user."""
    if form.generic:
        return list(ASKED)
    if path is not None:
        return [key for key in ("timezone", "stamp", "interval") if presets.get(key) is None]
    source = form.description or form
    return [key for key in ("timezone", "stamp") if key not in presets and not callable(getattr(source, key))]


def _named(reader: str) -> Format:
    try:
        return format_of(checked(reader))
    except ValueError as error:
        raise CallError(f"--reader: {error}") from error


def _lines(findings: Findings, patterns: list[str], output: Path) -> Iterator[str]:
    """Write the settings, each with the reason for it."""
    now = "Now:" if findings.ready else "Not ready to run: see below. Then:"
    yield f"# Written by `crocs init`. {now} crocs ingest -c {output}"
    if findings.fault:
        yield f"# To mend first: {findings.fault}"
    yield "# sure: the files say so. guessed: look at it. <- only you know; fill it in."
    yield _line("run", f"runs/{output.stem}", "all files of the run go there", 0)
    yield _line("seed", 1, "same seed, same bytes", 0)
    yield ""
    yield "ingest:"
    yield _line("reader", findings.reader, f"{SURE}: {findings.why}" if patterns else "")
    if len(patterns) > _MOST_IN_A_LINE:
        yield "  files:"
        yield from (f"    - {_flow(pattern)}" for pattern in patterns)
    else:
        named = patterns or ["readings.csv"]
        yield _line("files", named, "" if patterns else "<- files or globs: .csv, .csv.gz, .parquet")
    if findings.known:
        known = ", ".join(
            f"{key} {value}" for key, value in findings.known.items() if key not in findings.because
        )
        yield f"  # {findings.reader} means: {known}"
    for key in sorted(findings.settings, key=_ORDER.index):
        value = findings.settings[key]
        how, why = findings.because.get(key, ("", ""))
        missing = findings.missing.get(key)
        yield _line(key, value, f"<- {missing}" if missing else f"{how}: {why}" if how else "")
    if "columns.energy" in findings.missing:
        yield f"  # <- columns.energy: {findings.missing['columns.energy']}"
    first, last = findings.dates or (dt.date(2013, 6, 1), dt.date(2013, 8, 31))
    seen = "the first part of the files has these" if findings.dates else "only these days"
    yield _line("# days", {"from": first, "to": last}, seen)


def _line(key: str, value: object, comment: str, indent: int = 2) -> str:
    text = f"{' ' * indent}{key}: {_flow(value)}"
    return f"{text:<{_COMMENT_AT}}  # {comment}" if comment else text


def _flow(value: object) -> str:
    """Return a value as YAML on one line."""
    text = yaml.safe_dump(value, default_flow_style=True, sort_keys=False, allow_unicode=True, width=10_000)
    return text.removesuffix("...\n").strip()


def _summary(findings: Findings, output: Path) -> Iterator[str]:
    """Yield the lines that name what is sure, what was guessed, and what is missing."""
    yield f"{output}: settings for {findings.reader}, for {findings.why}"
    sure = [key for key in findings.settings if findings.because.get(key, ("",))[0] == SURE]
    guessed = {key: why for key, (how, why) in findings.because.items() if how == GUESSED}
    if sure:
        yield f"sure: {', '.join(sure)}"
    if guessed:
        yield f"guessed: {', '.join(f'{key} ({why})' for key, why in guessed.items())}"
    if findings.missing:
        yield f"fill in: {', '.join(f'{key} ({what})' for key, what in findings.missing.items())}"
    if findings.fault:
        yield f"to mend: {findings.fault}"
    if findings.ready:
        yield f"now: crocs ingest -c {output}"
