"""Propose settings for a table that is of no known format, by the names of its columns and what they hold."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from crocs_cli.errors import CrocsError
from crocs_cli.maths.readings.cells import LEAST_READINGS, varies
from crocs_cli.readers.described import FILL_IN
from crocs_cli.readers.glance import Column, Glance, minutes_between, parsed, stamp_form
from crocs_cli.readers.vocabulary import (
    CODES,
    CONSUMER,
    END,
    ENERGY,
    HOUR,
    MEANINGS,
    NO_ENERGY,
    SLOT,
    START,
    unit_in,
)

SURE, GUESSED = "sure", "guessed"
_FEW = 3  # stamps, of which no interval can be told
_LEAST_SLOTS = 20  # columns of a day, below which labels such as 12:00 mean something else
_SHOWN = 8


@dataclass
class Proposal:
    """Settings of `ingest`, why each is proposed, and what only the user knows.

    settings: as in a settings file, `columns` a mapping; because: {key: (sure or guessed, why)}; missing:
    {key: what to write}; sure: whether the file may be read so without asking.
    """

    reader: str = "long"
    settings: dict[str, Any] = field(default_factory=dict)
    because: dict[str, tuple[str, str]] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)
    sure: bool = True
    why: str = ""
    dates: tuple[dt.date, dt.date] | None = None

    def add(self, key: str, value: object, how: str, why: str) -> None:
        """Propose a setting."""
        self.settings[key] = value
        self.because[key] = (how, why)

    def certain(self) -> dict[str, Any]:
        """Return the settings that the file shows without doubt, the columns among them."""
        sure = {key for key, (how, _) in self.because.items() if how == SURE}
        return {key: value for key, value in self.settings.items() if key in sure or key == "columns"}

    def ask(self, key: str, what: str) -> None:
        """Leave a setting to the user."""
        self.settings[key] = FILL_IN
        self.missing[key] = what


def propose(glance: Glance) -> Proposal:
    """Propose how a table can be read; raise CrocsError when it holds no stamps or no numbers."""
    header = glance.header()
    columns = glance.table(header)
    proposal = Proposal()
    if header is None:
        proposal.add("header", False, SURE, "the first line holds readings")
    slots = [column for column in columns if SLOT.fullmatch(column.name)]
    stamps = _of_time(glance, columns, proposal, daily=len(slots) >= _LEAST_SLOTS)
    if stamps:
        proposal.dates = min(stamps).date(), max(stamps).date()
    rest = [c for c in columns if c.name not in proposal.settings["columns"].values() and c.kind != "empty"]
    numbers = [column for column in rest if column.kind == "number"]
    consumer = next((c for c in rest if CONSUMER.search(c.name) and not NO_ENERGY.search(c.name)), None)
    if len(slots) >= _LEAST_SLOTS:
        proposal.reader, proposal.why = "wide", f"it has a column of dates and {len(slots)} times of day"
        proposal.add("interval", f"{1440 // len(slots)}min", SURE, f"{len(slots)} columns make a day")
        _of_consumer(consumer, proposal)
        _of_unit("", proposal)
    elif header is not None and _is_matrix(numbers, rest, proposal):
        proposal.reader = "matrix"
        proposal.why = f"it has one column of stamps and {len(numbers)} of numbers"
        _of_unit("", proposal)
    else:
        _of_consumer(consumer, proposal)
        numbers = [c for c in numbers if c is not consumer]
        _of_energy(glance, numbers, proposal)
        proposal.why = "it has columns of stamps and of energies"
    for role, words in MEANINGS.items():
        _of_meaning(role, words, [c for c in rest if c.kind == "text" and c is not consumer], proposal)
    _of_numbers(numbers or slots, proposal)
    _of_clock(columns, stamps, proposal)
    return proposal


def _is_matrix(numbers: Sequence[Column], rest: Sequence[Column], proposal: Proposal) -> bool:
    """Return whether all columns but that of the stamps hold numbers, and none is named as a measure is."""
    measures = any(unit_in(c.name) or NO_ENERGY.search(c.name) or ENERGY.search(c.name) for c in numbers)
    together = "date" not in proposal.settings["columns"]
    return bool(numbers) and len(numbers) == len(rest) and not measures and together


def columns_of(glance: Glance) -> str:
    """Return the names of a table's columns and what they hold, but nothing that stands below them."""
    header = glance.header()
    columns = glance.table(header)
    if header is None:
        return f"no header line, {len(columns)} columns: " + ", ".join(c.kind for c in columns[:_SHOWN])
    shown = ", ".join(f"{c.name[:40]!r} {c.kind}" for c in columns[:_SHOWN])
    return shown + (f" and {len(columns) - _SHOWN} more" if len(columns) > _SHOWN else "")


def _of_time(glance: Glance, columns: Sequence[Column], proposal: Proposal, daily: bool) -> list[dt.datetime]:
    """Propose the columns of date and time; return the stamps that the first rows hold."""
    stamp = _first([c for c in columns if c.kind == "stamp"])
    date = _first([c for c in columns if c.kind == "date"])
    time = _first([c for c in columns if c.kind == "time"])
    hour = next((c for c in columns if c.kind == "number" and HOUR.match(c.name)), None)
    chosen = proposal.settings["columns"] = {}
    if stamp is not None and not daily:
        chosen["time"], texts, form = stamp.name, list(stamp.texts), stamp.form
    elif date is None:
        raise CrocsError(
            f"{glance.path}: no column of stamps or dates ({columns_of(glance)}); name a file with readings"
        )
    elif daily:
        chosen["time"], texts, form = date.name, list(date.texts), date.form
    elif time is not None:
        chosen["date"], chosen["time"] = date.name, time.name
        texts = [f"{d} {t}" for d, t in zip(date.texts, time.texts, strict=False)]
        form = stamp_form(texts[:200])
    elif hour is not None:
        chosen["date"], chosen["hour"] = date.name, hour.name
        return _with_hours(date, hour, proposal)
    else:
        chosen["time"], texts, form = date.name, list(date.texts), date.form
    if form not in (None, "iso", "%Y-%m-%d", "%Y%m%d", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S"):
        in_doubt = str(form).startswith(("%d/%m", "%m/%d"))
        proposal.add("stamp_format", form, GUESSED if in_doubt else SURE, "the first rows are so")
    stamps = [found for text in texts if form and (found := parsed(text, form)) is not None]
    minutes = minutes_between(stamps) if not daily else None
    if minutes is not None:
        shown = f"{minutes}min" if minutes != 1440 else "24h"
        proposal.add("interval", shown, SURE, "so far the first stamps are apart")
    elif not daily and len(stamps) > _FEW:
        proposal.ask("interval", "time between readings; the first are not evenly apart: are these events?")
        proposal.sure = False
    return stamps


def _with_hours(date: Column, hour: Column, proposal: Proposal) -> list[dt.datetime]:
    """Propose hours that count on through the day."""
    first = min(int(float(text)) for text in hour.texts)
    proposal.add("interval", "60min", SURE, "hours of the day are numbered")
    proposal.add("stamp", "start" if first == 0 else "end", SURE, f"the hours count from {first}")
    if first == 0:
        proposal.settings["columns"] = {"date": date.name, "time": hour.name}
        proposal.add("stamp_format", f"{date.form} %H", GUESSED, "the first rows are so")
    elif date.form != "%Y-%m-%d":
        proposal.add("stamp_format", date.form, GUESSED, "the first rows are so")
    return [day for text in date.texts if date.form and (day := parsed(text, date.form)) is not None]


def _of_consumer(consumer: Column | None, proposal: Proposal) -> None:
    if consumer is not None:
        proposal.settings["columns"]["consumer"] = consumer.name
        proposal.because["columns"] = (SURE, "by their names and what they hold")
        return
    proposal.add("consumer_from", "file", GUESSED, "no column names a consumer: each file is one meter")
    proposal.sure = False


def _of_energy(glance: Glance, numbers: Sequence[Column], proposal: Proposal) -> None:
    """Propose the column of the readings: the only one whose name says energy or power, not money or gas."""
    fit = [column for column in numbers if not NO_ENERGY.search(column.name)]
    said = [column for column in fit if unit_in(column.name)] or [c for c in fit if ENERGY.search(c.name)]
    if not numbers:
        raise CrocsError(
            f"{glance.path}: no column of energies ({columns_of(glance)}); name a file with readings"
        )
    if len(said) == 1:
        proposal.settings["columns"]["energy"] = said[0].name
        proposal.because.setdefault("columns", (SURE, "by their names and what they hold"))
        _of_unit(said[0].name, proposal)
        if _only_rises(said[0].texts):
            proposal.add("kind", "register", GUESSED, f"{said[0].name!r} only rises")
            proposal.sure = False
        return
    proposal.sure = False
    if len(fit) == 1:
        proposal.settings["columns"]["energy"] = fit[0].name
        proposal.because["columns"] = (GUESSED, f"{fit[0].name!r} is the only number that may be an energy")
        _of_unit("", proposal)
        return
    proposal.settings["columns"]["energy"] = FILL_IN
    one_of = ", ".join(repr(c.name) for c in (said or fit or numbers)[:_SHOWN])
    proposal.missing["columns.energy"] = f"the column of the readings: {one_of}"
    proposal.because["columns"] = (GUESSED, "by their names")
    if said and all(_only_rises(column.texts) for column in said if column.texts):
        proposal.add("kind", "register", GUESSED, "the numbers only rise")
    units = {unit_in(column.name) for column in said}
    _of_unit(said[0].name if len(units) == 1 else "", proposal)


def _only_rises(texts: Sequence[str]) -> bool:
    """Return whether the first numbers never fall, as the totals of a register."""
    found = [float(text.replace(",", ".")) for text in texts if re.fullmatch(r"\d+([.,]\d+)?", text)]
    steps = np.diff(found)
    return len(found) >= LEAST_READINGS and bool((steps >= 0).all()) and varies(steps)


def _of_meaning(role: str, words: dict[str, str], texts: Sequence[Column], proposal: Proposal) -> None:
    """Propose the column whose few words all say a direction, or a quality."""
    for column in texts:
        values = sorted(set(column.texts))
        meant = {v: next((m for m, form in words.items() if re.match(form, v, re.I)), None) for v in values}
        speaks = any(len(value) > 1 for value in values) or CODES.search(column.name)
        if values and len(values) <= _SHOWN and all(meant.values()) and speaks:
            proposal.settings["columns"][role] = column.name
            proposal.add(role, meant, GUESSED, f"the words in {column.name!r} mean so")
            return


def _of_unit(name: str, proposal: Proposal) -> None:
    if unit := unit_in(name):
        proposal.add("unit", unit, SURE, "the column says so")
    else:
        proposal.ask("unit", "kWh, Wh, kW or W: the file does not say")


def _of_numbers(numbers: Sequence[Column], proposal: Proposal) -> None:
    """Propose the decimal sign, and the sign between thousands, that the first rows show."""
    texts = [text for column in numbers[:_SHOWN] for text in column.texts[:200]]
    if any("," in text for text in texts):
        proposal.add("decimal", ",", SURE, "the first rows are so")
        if any("." in text and "," in text for text in texts):
            proposal.add("thousands", ".", SURE, "the first rows are so")


def _of_clock(columns: Sequence[Column], stamps: Sequence[dt.datetime], proposal: Proposal) -> None:
    """Propose what stamps name; whose clock they are is the user's to say."""
    name = str(proposal.settings["columns"].get("time", ""))
    minutes = int(str(proposal.settings.get("interval", "0")).rstrip("minh").replace("?", "0") or 0)
    if proposal.reader != "wide" and "stamp" not in proposal.settings and stamps:
        first = stamps[0].hour * 60 + stamps[0].minute
        if START.search(name):
            proposal.add("stamp", "start", SURE, "the column says so")
        elif END.search(name):
            proposal.add("stamp", "end", SURE, "the column says so")
        else:
            end = first == minutes and minutes < 1440
            proposal.add("stamp", "end" if end else "start", GUESSED, f"the first is {stamps[0]:%H:%M}")
    elif "stamp" not in proposal.settings:
        proposal.add("stamp", "start", GUESSED, "the columns do not say")
    aware = any(stamp.tzinfo is not None for stamp in stamps)
    if re.search(r"\b(utc|gmt)\b", name.replace("_", " "), re.IGNORECASE) and not aware:
        proposal.add("timezone", "UTC", SURE, "the column says so; days are then days of UTC")
    else:
        kind = "the homes' clock; the stamps say their offset" if aware else "the clock of the stamps"
        proposal.ask("timezone", f"{kind}, such as Europe/London or +10:00")


def _first(columns: Sequence[Column]) -> Column | None:
    """Return the column of the beginning where there is one of the end as well."""
    return next((c for c in columns if not END.search(c.name)), columns[0] if columns else None)
