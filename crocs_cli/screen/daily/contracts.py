"""Read the small tables beside the series: installations, contracts, powers, tariffs, equipment."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from crocs_cli.errors import CrocsError
from crocs_cli.screen.daily.dates import Calendar
from crocs_cli.screen.daily.reading import ColumnKind, table_rows
from crocs_cli.screen.settings import InputSettings

EVENTS = ("holder", "power", "tariff", "meter")
#: high, medium, special low and low voltage
LEVELS = ("HV", "MV", "LVS", "LV")
LV = LEVELS.index("LV")
Arrays = dict[str, np.ndarray]


@dataclass(frozen=True)
class Spell:
    """One row of a table with start and end: the value of an installation between them."""

    id: str
    start: dt.date | None
    end: dt.date | None
    value: str | None


def levels_of(ids: np.ndarray, settings: InputSettings) -> tuple[Arrays, int]:
    """Return level, latitude and longitude of every installation, and the number of unknown levels.

    Unknown levels count as LV; with `strict` they raise CrocsError.
    """
    given: dict[str, tuple[str | None, float, float]] = {}
    kinds: dict[str, ColumnKind] = {"id": "id", "voltage_level": "text", "lat": "number", "lon": "number"}
    if settings.installations:
        for rows in table_rows(Path(settings.installations), settings, kinds, ("lat", "lon")):
            columns = rows.columns
            unknown = np.full(len(rows), np.nan)
            places = [columns.get(name, unknown).tolist() for name in ("lat", "lon")]
            names = columns["id"].to_pylist()
            given.update(zip(names, zip(columns["voltage_level"], *places, strict=True), strict=True))
    own = [given.get(name, (None, np.nan, np.nan)) for name in ids.tolist()]
    nameless = [name for name, (level, *_) in zip(ids.tolist(), own, strict=True) if level not in LEVELS]
    if settings.strict and nameless:
        raise CrocsError(
            f"{settings.installations or 'installations'}: {len(nameless)} installations have no voltage "
            f"level of {', '.join(LEVELS)} (first: {nameless[0]}); give their levels, or drop --input-strict"
        )
    level = np.array([LEVELS.index(text) if text in LEVELS else LV for text, *_ in own], np.int8)
    place = {"latitude": np.array([p[1] for p in own]), "longitude": np.array([p[2] for p in own])}
    return {"level": level, **place}, len(nameless) if settings.installations else 0


def spells(table: str | None, column: str, settings: InputSettings) -> list[Spell]:
    """Read a table id, start, end and one more column; raise CrocsError with the line of a bad date."""
    kinds: dict[str, ColumnKind] = {"id": "id", "start": "date", "end": "date", column: "text"}
    found: list[Spell] = []
    for rows in table_rows(Path(table), settings, kinds, ("end", column)) if table else ():
        empty = [None] * len(rows)
        ids, start = rows.columns["id"].to_pylist(), rows.columns["start"].tolist()
        end = rows.columns["end"].tolist() if "end" in rows.columns else empty
        found += map(Spell, ids, start, end, rows.columns.get(column, empty))
    return found


def changes_of(rows: list[Spell]) -> list[tuple[str, dt.date, str, str]]:
    """Return (id, date, value before, value after) whenever the value of an installation changes."""
    found = []
    ordered = sorted(rows, key=lambda spell: (spell.id, spell.start or dt.date.min))
    for earlier, later in pairwise(ordered):
        other = earlier.value != later.value or later.value is None
        if earlier.id == later.id and other and later.start:
            found.append((later.id, later.start, earlier.value or "", later.value or ""))
    return found


def contract_arrays(ids: np.ndarray, calendar: Calendar, settings: InputSettings) -> Arrays:
    """Return contract span and events of every installation, as in the layout DAILY."""
    row = {name: i for i, name in enumerate(ids.tolist())}
    contracts = spells(settings.contracts, "holder", settings)
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
        spells(settings.powers, "contracted_kva", settings),
        spells(settings.tariffs, "tariff", settings),
        spells(settings.equipment, "meter_id", settings),
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


def contracted_kva(ids: np.ndarray, settings: InputSettings) -> np.ndarray | None:
    """Return the highest power each installation ever contracted, kVA, NaN unknown; None without a table."""
    if settings.powers is None:
        return None
    highest: dict[str, float] = {}
    kinds: dict[str, ColumnKind] = {"id": "id", "contracted_kva": "number"}
    for rows in table_rows(Path(settings.powers), settings, kinds):
        for name, kva in zip(rows.columns["id"].to_pylist(), rows.columns["contracted_kva"], strict=True):
            highest[name] = np.fmax(kva, highest.get(name, np.nan))
    return np.array([highest.get(name, np.nan) for name in ids.tolist()])


def tariff_changes(settings: InputSettings) -> tuple[dict[str, int], Counter[tuple[str, str]]]:
    """Count installations by their number of tariff changes (0, 1, 2, 3+), and changes by from and to."""
    rows = spells(settings.tariffs, "tariff", settings)
    changes = changes_of(rows)
    per_id = Counter(name for name, *_ in changes)
    counts = dict.fromkeys(("0", "1", "2", "3+"), 0)
    for name in {spell.id for spell in rows}:
        counts[str(per_id[name]) if per_id[name] < 3 else "3+"] += 1
    return counts, Counter((before, after) for _, _, before, after in changes)
