"""The small tables beside the series: installations, contracts, powers, tariffs, equipment, inspections."""

from __future__ import annotations

import datetime as dt
import logging
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from crocs_cli.errors import CrocsError
from crocs_cli.screen.daily.dates import Calendar
from crocs_cli.screen.daily.reading import read_columns
from crocs_cli.screen.settings import InputSettings

EVENTS = ("holder", "power", "tariff", "meter")
#: high, medium, special low and low voltage
LEVELS = ("HV", "MV", "LVS", "LV")
LV = LEVELS.index("LV")
RESULTS = ("A", "NA", "X")
log = logging.getLogger("crocs")
Arrays = dict[str, np.ndarray]


@dataclass(frozen=True)
class Spell:
    """One row of a table with start and end: what held for an installation, and when."""

    id: str
    start: dt.date | None
    end: dt.date | None
    value: str | None


def levels_of(ids: np.ndarray, table: str | None, strict: bool) -> tuple[Arrays, int]:
    """Return level, latitude and longitude of every installation, and how many have no known level.

    Unknown levels count as LV; with `strict` they raise CrocsError.
    """
    rows: dict[str, dict[str, Any]] = {}
    if table:
        columns = read_columns(Path(table), ("id", "voltage_level"))
        for values in zip(*columns.values(), strict=True):
            row = dict(zip(columns, values, strict=True))
            rows[row["id"]] = row
    named = [rows.get(name, {}).get("voltage_level") for name in ids.tolist()]
    unknown = [name for name, level in zip(ids.tolist(), named, strict=True) if level not in LEVELS]
    if strict and unknown:
        raise CrocsError(
            f"{table or 'installations'}: {len(unknown)} installations have no voltage level of "
            f"{', '.join(LEVELS)} (first: {unknown[0]}); give their levels, or drop --input-strict"
        )
    place = {
        key: np.array([float(rows.get(name, {}).get(column) or "nan") for name in ids.tolist()])
        for key, column in (("latitude", "lat"), ("longitude", "lon"))
    }
    level = np.array([LEVELS.index(text) if text in LEVELS else LV for text in named], np.int8)
    return {"level": level, **place}, len(unknown) if table else 0


def spells(table: str | None, column: str) -> list[Spell]:
    """Read a table id, start, end and one more column; raise CrocsError with the line of a bad date."""
    if table is None:
        return []
    path = Path(table)
    columns = read_columns(path, ("id", "start"))
    empty = [None] * len(columns["id"])
    ends, values = columns.get("end", empty), columns.get(column, empty)
    return [
        Spell(name, _date(path, line, start), _date(path, line, end), value)
        for line, (name, start, end, value) in enumerate(
            zip(columns["id"], columns["start"], ends, values, strict=True), start=2
        )
    ]


def _date(path: Path, line: int, text: str | None) -> dt.date | None:
    if text is None:
        return None
    try:
        return dt.date.fromisoformat(text)
    except ValueError as error:
        raise CrocsError(f"{path}:{line}: {text!r} is no date such as 2022-03-27; mend the line") from error


def changes_of(rows: list[Spell]) -> list[tuple[str, dt.date, str | None, str | None]]:
    """Return (id, date, value before, value after) whenever the value of an installation changes."""
    found = []
    ordered = sorted(rows, key=lambda spell: (spell.id, spell.start or dt.date.min))
    for earlier, later in pairwise(ordered):
        other = earlier.value != later.value or later.value is None
        if earlier.id == later.id and other and later.start:
            found.append((later.id, later.start, earlier.value, later.value))
    return found


def contract_arrays(ids: np.ndarray, calendar: Calendar, tables: InputSettings) -> Arrays:
    """Return contract span and events of every installation, as in the layout DAILY."""
    row = {name: i for i, name in enumerate(ids.tolist())}
    contracts = spells(tables.contracts, "holder")
    begin, end = np.zeros(len(ids), np.int64), np.full(len(ids), calendar.days)
    spans: dict[str, list[Spell]] = {}
    for spell in contracts:
        spans.setdefault(spell.id, []).append(spell)
    for name, own in spans.items():
        if name in row:
            starts = [calendar.day_of(spell.start) for spell in own if spell.start]
            stops = [calendar.day_of(spell.end) + 1 if spell.end else calendar.days for spell in own]
            begin[row[name]] = np.clip(min(starts, default=0), 0, calendar.days)
            end[row[name]] = np.clip(max(stops), begin[row[name]], calendar.days)
    sources = (
        contracts,
        spells(tables.powers, "contracted_kva"),
        spells(tables.tariffs, "tariff"),
        spells(tables.equipment, "meter_id"),
    )
    events = sorted(
        (row[name], calendar.day_of(date), kind)
        for kind, rows in enumerate(sources)
        for name, date, _, _ in changes_of(rows)
        if name in row
    )
    table = np.array(events, np.int64).reshape(-1, 3)
    offset = np.concatenate([[0], np.cumsum(np.bincount(table[:, 0], minlength=len(ids)))])
    return {
        "begin_day": begin,
        "end_day": end,
        "event_offset": offset,
        "event_day": table[:, 1],
        "event_kind": table[:, 2],
    }


def contracted_kva(ids: np.ndarray, table: str | None) -> np.ndarray | None:
    """Return the highest power each installation ever contracted, kVA, NaN unknown; None without a table."""
    if table is None:
        return None
    highest: dict[str, float] = {}
    for line, spell in enumerate(spells(table, "contracted_kva"), start=2):
        if spell.value is not None:
            try:
                highest[spell.id] = max(float(spell.value), highest.get(spell.id, 0.0))
            except ValueError as error:
                raise CrocsError(
                    f"{table}:{line}: {spell.value!r} is no power in kVA; mend the line"
                ) from error
    return np.array([highest.get(name, np.nan) for name in ids.tolist()])


def tariff_changes(table: str) -> tuple[dict[str, int], dict[tuple[str, str], int]]:
    """Count installations by their number of tariff changes (0, 1, 2, 3+), and changes by from and to."""
    rows = spells(table, "tariff")
    per_id = {spell.id: 0 for spell in rows}
    pairs: dict[tuple[str, str], int] = {}
    for name, _, before, after in changes_of(rows):
        per_id[name] += 1
        pair = (before or "", after or "")
        pairs[pair] = pairs.get(pair, 0) + 1
    counts = dict.fromkeys(("0", "1", "2", "3+"), 0)
    for number in per_id.values():
        counts[str(number) if number < 3 else "3+"] += 1
    return counts, pairs


def inspection_counts(table: str) -> dict[tuple[str, str], int]:
    """Count inspections by result (A abnormal, NA not abnormal, X not tested) and impact (0, 1, NA)."""
    columns = read_columns(Path(table), ("id", "date", "result"))
    impacts = columns.get("impact", [None] * len(columns["id"]))
    counts: dict[tuple[str, str], int] = {}
    for line, (result, impact) in enumerate(zip(columns["result"], impacts, strict=True), start=2):
        if result not in RESULTS:
            raise CrocsError(
                f"{table}:{line}: result {result!r} is none of {', '.join(RESULTS)}; mend the line"
            )
        pair = (result, impact or "NA")
        counts[pair] = counts.get(pair, 0) + 1
    return counts
