"""Green Button (NAESB ESPI): Atom feeds of interval blocks, one or more usage points a file.

Readings start at seconds of UTC; a reading type gives unit, power of ten and the
direction of flow (19 is delivered to the grid and counts as negative). What is not electric energy is left
out.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pyarrow as pa

from crocs_cli.errors import CrocsError
from crocs_cli.readers.readings import Dialect, Readings
from crocs_cli.readers.text import opened

WATT_HOURS, EXPORT, WH_TO_KWH = 72, 19, 1e-3
NOT_MEASURED = {7, 8, 9, 12, 13}  # edited by hand, estimated in two ways, projected, mixed
_US_RULES = ("360E2000", "B40E2000")  # second Sunday of March, first Sunday of November, at two
_US_ZONES = {-5: "America/New_York", -6: "America/Chicago", -7: "America/Denver", -8: "America/Los_Angeles"}

_FARTHEST_S = 14 * 3600  # of a local clock from UTC
_LARGEST_POWER = 30  # of ten, either way
_PIECE_BYTES, _ENTRY_BYTES = 1 << 16, 64 << 20
_ENTRY_ELEMENTS = 1_000_000  # a year of readings of five minutes has half as many

log = logging.getLogger("crocs")


@dataclass
class _Feed:
    """What the entries of a feed say, by the link of each."""

    types: dict[str, dict[str, str]] = field(default_factory=dict)  # reading type -> its fields
    type_of: dict[str, str] = field(default_factory=dict)  # meter reading -> reading type
    blocks: list[tuple[str, np.ndarray]] = field(default_factory=list)  # link, readings (n, 4)
    clock: dict[str, str] = field(default_factory=dict)


def read(path: Path, dialect: Dialect) -> Iterator[Readings]:
    """Yield the readings of a feed, block by block."""
    feed = _parsed(path)
    for link, readings in feed.blocks:
        if not len(readings):
            continue
        kind = _type_of(feed, link)
        if _whole(path, kind, "uom", WATT_HOURS) != WATT_HOURS:
            log.warning("%s: %s: unit %s is not Wh; left out", path, link, kind["uom"])
            continue
        sign = -1.0 if _whole(path, kind, "flowDirection", 1) == EXPORT else 1.0
        power = _whole(path, kind, "powerOfTenMultiplier", 0)
        if abs(power) > _LARGEST_POWER:
            raise CrocsError(f"{path}: values times ten to the power of {power}; ask the sender")
        scale = sign * 10.0**power * WH_TO_KWH
        channel = list(feed.types.values()).index(kind) if kind else 0
        lengths = set(readings[:, 1].tolist()) - {dialect.interval_s}
        if lengths:
            minutes = int(lengths.pop() // 60)
            raise CrocsError(f"{path}: a reading of {minutes}min; set ingest.interval to {minutes}min")
        yield _readings(_consumer(link, path), readings, scale, channel)


def clock(path: Path) -> str:
    """Return the time zone that a feed's local time parameters mean, UTC where it has none."""
    found = _parsed(path, only_clock=True).clock
    offset_s = _whole(path, found, "tzOffset", 0)
    if abs(offset_s) > _FARTHEST_S:
        raise CrocsError(f"{path}: a clock {offset_s} s from UTC; name the zone with ingest.timezone")
    rules = (found.get("dstStartRule", "").upper(), found.get("dstEndRule", "").upper())
    if rules == _US_RULES and _whole(path, found, "dstOffset", 0) == 3600 and offset_s / 3600 in _US_ZONES:
        return _US_ZONES[offset_s // 3600]
    return f"{'-' if offset_s < 0 else '+'}{abs(offset_s) // 3600:02d}:{abs(offset_s) % 3600 // 60:02d}"


def interval_min(path: Path) -> int:
    """Return the minutes between readings that a feed's first reading type states, 60 where it has none."""
    lengths = [_whole(path, kind, "intervalLength", 3600) for kind in _parsed(path).types.values()]
    minutes = (lengths or [3600])[0] // 60
    if minutes < 5 or 1440 % minutes or 60 < minutes < 1440:
        raise CrocsError(f"{path}: readings of {minutes}min; crocs takes 5min to 60min, or 24h")
    return minutes


def _parsed(path: Path, only_clock: bool = False) -> _Feed:
    feed = _Feed()
    try:
        for entry in _entries(path):
            _take(entry, feed)
            if only_clock and feed.clock:
                break
    except (ElementTree.ParseError, ValueError, KeyError, OverflowError) as error:
        raise CrocsError(f"{path}: not a whole Green Button file ({error}); fetch it again") from error
    return feed


def _entries(path: Path) -> Iterator[ElementTree.Element]:
    """Yield the entries of a feed, of which only one at a time is held; refuse one without end."""
    parser: Any = ElementTree.XMLPullParser(("start", "end"))
    root, depth, elements, size = None, 0, 0, 0
    with opened(path) as file:
        while piece := file.read(_PIECE_BYTES):
            parser.feed(piece)
            size += len(piece)
            for event, element in parser.read_events():
                root = element if root is None else root
                if event == "start":
                    depth, elements = depth + 1, elements + 1
                    continue
                depth -= 1
                if _name(element) == "entry":
                    yield element
                    if depth == 1:
                        root.clear()
                        elements = size = 0
            if elements > _ENTRY_ELEMENTS or size > _ENTRY_BYTES:
                raise CrocsError(f"{path}: more in one entry than a feed of readings holds; fetch it again")
    parser.close()


def _take(entry: ElementTree.Element, feed: _Feed) -> None:
    """Note what one entry says."""
    links = [(link.get("rel"), link.get("href", "")) for link in entry if _name(link) == "link"]
    own = next((href for rel, href in links if rel == "self"), "")
    up = next((href for rel, href in links if rel == "up"), own)
    for part in entry.iter():
        if _name(part) == "ReadingType":
            feed.types[_tail(own)] = _fields(part)
        elif _name(part) == "LocalTimeParameters":
            feed.clock = _fields(part)
        elif _name(part) == "MeterReading":
            kinds = [href for _, href in links if "ReadingType/" in href]
            if kinds:
                feed.type_of[_meter_reading(own)] = _tail(kinds[0])
        elif _name(part) == "IntervalBlock":
            rows = [_reading(one) for one in part if _name(one) == "IntervalReading"]
            feed.blocks.append((up, np.array(rows, dtype=np.float64)))


def _reading(element: ElementTree.Element) -> tuple[int, int, float, bool]:
    """Return (start, duration, value, whether it was not measured) of a reading."""
    found = {_name(part): (part.text or "").strip() for part in element.iter()}
    quality = found.get("quality", "")
    return (
        int(found["start"]),
        int(found["duration"]),
        float(found["value"]),
        quality in map(str, NOT_MEASURED),
    )


def _type_of(feed: _Feed, link: str) -> dict[str, str]:
    """Return the reading type of a block: that of its meter reading, or the only one there is."""
    found = feed.types.get(feed.type_of.get(_meter_reading(link), ""))
    return found if found is not None else next(iter(feed.types.values()), {})


def _readings(consumer: str, rows: np.ndarray, scale: float, channel: int) -> Readings:
    start_s, _, value, estimated = rows.T
    codes = pa.array(np.zeros(len(rows), np.int32))
    return Readings(
        pa.DictionaryArray.from_arrays(codes, pa.array([consumer])),
        start_s.astype(np.int64),
        value * scale,
        np.full(len(rows), channel, dtype=np.uint8),
        estimated.astype(bool),
        is_utc=True,
    )


def _whole(path: Path, found: dict[str, str], name: str, default: int) -> int:
    """Return a field that must be a whole number."""
    text = found.get(name, str(default))
    try:
        return int(text)
    except ValueError as error:
        raise CrocsError(f"{path}: {name} {text[:40]!r} is not a whole number; fetch it again") from error


def _consumer(link: str, path: Path) -> str:
    """Name the consumer of a block: customer and usage point of its link, or the file."""
    found = re.search(r"(?:RetailCustomer|User)/([^/]+)/UsagePoint/([^/]+)", link)
    return "/".join(found.groups()) if found else path.name.partition(".")[0]


def _meter_reading(link: str) -> str:
    """Return the part of a link that names its meter reading."""
    found = re.search(r"UsagePoint/[^/]+/MeterReading/[^/]+", link)
    return found[0] if found else link


def _tail(link: str) -> str:
    return link.rstrip("/").rpartition("/")[2]


def _name(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2]


def _fields(element: ElementTree.Element) -> dict[str, str]:
    return {_name(part): (part.text or "").strip() for part in element}
