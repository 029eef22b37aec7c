"""Parse ESPI, the XML of Green Button: read the entries of an Atom feed, one at a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np

from crocs_cli.errors import CrocsError
from crocs_cli.readers.text import opened

# edited by hand, estimated in two ways, questionable, projected, mixed, normalised for the weather
NOT_MEASURED = {"7", "8", "9", "10", "12", "13", "15"}
OWNERS = ("RetailCustomer", "Customer", "User", "Subscription")
_RESOURCES = (*OWNERS, "UsagePoint", "MeterReading", "IntervalBlock", "ReadingType")

_PIECE_BYTES, _ENTRY_BYTES = 1 << 16, 64 << 20
_ENTRY_ELEMENTS = 1_000_000  # a year of readings of five minutes has half as many
_LARGEST_S = 1e12  # beyond it a number is no time

Fields = dict[str, str]


@dataclass(frozen=True, slots=True)
class Entry:
    """Entry of a feed.

    own: its own link; links: its other ones; place: its number among all entries, -1 of one that only links
    speak of; fields: of its content.
    """

    own: str = ""
    links: tuple[str, ...] = ()
    id: str = ""
    title: str = ""
    place: int = -1
    fields: Fields = field(default_factory=dict)


@dataclass
class Feed:
    """Entries of a feed by what they hold, in the order of the file; `ids` counts the ids of all."""

    points: list[Entry] = field(default_factory=list)
    meters: list[Entry] = field(default_factory=list)
    kinds: list[Entry] = field(default_factory=list)
    clocks: list[Fields] = field(default_factory=list)
    blocks: list[tuple[Entry, np.ndarray]] = field(default_factory=list)  # with the rows of `_block`
    ids: Counter[str] = field(default_factory=Counter)


class _FaultError(Exception):
    """Fault of a feed; its text says what is wrong."""


def parsed(path: Path, only_clock: bool = False) -> Feed:
    """Return what a feed says, or only its first clock; raise CrocsError for a file that is no whole feed."""
    feed = Feed()
    try:
        for place, entry in enumerate(_entries(path)):
            _take(entry, place, feed)
            if only_clock and feed.clocks:
                break
    except ElementTree.ParseError as error:
        line = error.position[0]
        raise CrocsError(
            f"{path}: not a whole Green Button file, broken at line {line}; fetch it again"
        ) from error
    except (ValueError, LookupError) as error:
        raise CrocsError(f"{path}: not a whole Green Button file; fetch it again") from error
    except _FaultError as error:
        raise CrocsError(f"{path}: {error}; fetch it again") from error
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


def _take(element: ElementTree.Element, place: int, feed: Feed) -> None:
    """Note what one entry says."""
    links = [(part.get("rel"), _key(part.get("href", ""))) for part in element if _name(part) == "link"]
    texts = {_name(part): (part.text or "").strip() for part in element}
    entry = Entry(
        own=next((link for rel, link in links if rel == "self"), ""),
        links=tuple(link for rel, link in links if rel != "self" and link),
        id=texts.get("id", ""),
        title=texts.get("title", ""),
        place=place,
    )
    feed.ids[entry.id] += 1
    held = {"UsagePoint": feed.points, "MeterReading": feed.meters, "ReadingType": feed.kinds}
    for part in (part for content in element if _name(content) == "content" for part in content):
        name = _name(part)
        if name in held:
            held[name].append(replace(entry, fields=_fields(part)))
        elif name == "IntervalBlock":
            feed.blocks.append((entry, _block(part)))
        elif name == "LocalTimeParameters":
            clock = _fields(part)
            if clock.get("tzOffset") and clock not in feed.clocks:
                feed.clocks.append(clock)


def _key(link: str) -> str:
    """Return a link from its first known resource on, so that absolute and relative ones are alike."""
    pieces = link.strip().rstrip("/").split("/")
    first = next((n for n, piece in enumerate(pieces) if piece in _RESOURCES), None)
    return link.strip() if first is None else "/".join(pieces[first:])


def _block(element: ElementTree.Element) -> np.ndarray:
    """Return the readings of a block: (n, 4) float64, rows as of `_reading`, all with start and duration."""
    rows = [_reading(part) for part in element if _name(part) == "IntervalReading"]
    found = np.array(rows, dtype=np.float64).reshape(-1, 4)
    if np.isnan(found[:, :2]).any():  # readings without times of their own share the time of the block
        span: Fields = {}
        for part in element:
            span |= _fields(part) if _name(part) == "interval" else {}
        start, length = _number(span, "start"), _number(span, "duration")
        if np.isnan(start + length):
            raise _FaultError("a reading without start or duration")
        found[:, 1] = length / len(found)
        found[:, 0] = start + found[:, 1] * np.arange(len(found))
    if (np.abs(found[:, :2]) > _LARGEST_S).any():
        raise _FaultError("a reading whose start or duration is no time")
    return found


def _reading(element: ElementTree.Element) -> tuple[float, float, float, float]:
    """Return (start, duration, value, 1 if not measured) of a reading, NaN for what it does not say."""
    found: Fields = {}
    marks = []
    for part in element.iter():
        name = _name(part)
        if name == "quality":
            marks.append(float((part.text or "").strip() in NOT_MEASURED))
        elif part.text is not None:
            found[name] = part.text
    start, duration = _number(found, "start"), _number(found, "duration")
    return start, duration, _number(found, "value"), max(marks, default=np.nan)


def _number(found: Fields, name: str) -> float:
    text = found.get(name, "").strip()
    try:
        return float(text) if text else np.nan
    except ValueError as error:
        raise _FaultError(f"a reading whose {name} is not a number") from error


def _name(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2]


def _fields(element: ElementTree.Element) -> Fields:
    """Return the texts of an element's parts by their names, those of nested ones too."""
    return {_name(part): (part.text or "").strip() for part in element.iter()}
