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

_Reading = tuple[int, int, float, bool]  # start, duration, value, whether it was not measured

log = logging.getLogger("crocs")


@dataclass
class _Feed:
    """What the entries of a feed say, by the link of each."""

    types: dict[str, dict[str, str]] = field(default_factory=dict)  # reading type -> its fields
    type_of: dict[str, str] = field(default_factory=dict)  # meter reading -> reading type
    blocks: list[tuple[str, list[_Reading]]] = field(default_factory=list)
    clock: dict[str, str] = field(default_factory=dict)


def read(path: Path, dialect: Dialect) -> Iterator[Readings]:
    """Yield the readings of a feed, block by block."""
    feed = _parsed(path)
    for link, readings in feed.blocks:
        kind = _type_of(feed, link)
        if int(kind.get("uom", WATT_HOURS)) != WATT_HOURS:
            log.warning("%s: %s: unit %s is not Wh; left out", path, link, kind["uom"])
            continue
        sign = -1.0 if int(kind.get("flowDirection", 1)) == EXPORT else 1.0
        scale = sign * 10.0 ** int(kind.get("powerOfTenMultiplier", 0)) * WH_TO_KWH
        channel = list(feed.types.values()).index(kind) if kind else 0
        lengths = {duration for _, duration, *_ in readings} - {dialect.interval_s}
        if lengths:
            minutes = lengths.pop() // 60
            raise CrocsError(f"{path}: a reading of {minutes}min; set ingest.interval to {minutes}min")
        if readings:
            yield _readings(_consumer(link, path), readings, scale, channel)


def clock(path: Path) -> str:
    """Return the time zone that a feed's local time parameters mean, UTC where it has none."""
    found = _parsed(path, only_clock=True).clock
    offset_s = int(found.get("tzOffset", 0))
    rules = (found.get("dstStartRule", "").upper(), found.get("dstEndRule", "").upper())
    if rules == _US_RULES and int(found.get("dstOffset", 0)) == 3600 and offset_s / 3600 in _US_ZONES:
        return _US_ZONES[offset_s // 3600]
    return f"{'-' if offset_s < 0 else '+'}{abs(offset_s) // 3600:02d}:{abs(offset_s) % 3600 // 60:02d}"


def interval_min(path: Path) -> int:
    """Return the minutes between readings that a feed's first reading type states, 60 where it has none."""
    lengths = [int(kind.get("intervalLength", 3600)) for kind in _parsed(path).types.values()]
    return (lengths or [3600])[0] // 60


def _parsed(path: Path, only_clock: bool = False) -> _Feed:
    feed = _Feed()
    try:
        with opened(path) as file:
            for _, entry in ElementTree.iterparse(file):
                if _name(entry) == "entry":
                    _take(entry, feed)
                    entry.clear()
                    if only_clock and feed.clock:
                        break
    except (ElementTree.ParseError, ValueError, TypeError) as error:
        raise CrocsError(f"{path}: not a whole Green Button file ({error}); fetch it again") from error
    return feed


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
            feed.blocks.append((up, rows))


def _reading(element: ElementTree.Element) -> _Reading:
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


def _readings(consumer: str, rows: list[_Reading], scale: float, channel: int) -> Readings:
    start_s, _, value, estimated = (np.array(column) for column in zip(*rows, strict=True))
    codes = pa.array(np.zeros(len(rows), np.int32))
    return Readings(
        pa.DictionaryArray.from_arrays(codes, pa.array([consumer])),
        start_s.astype(np.int64),
        value * scale,
        np.full(len(rows), channel, dtype=np.uint8),
        estimated,
        is_utc=True,
    )


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
