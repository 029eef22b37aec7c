"""Join the entries of an ESPI feed: which readings belong to which usage point, and of which type they are.

A usage point has meter readings; a meter reading has one reading type and blocks of readings. Entries name
each other by links, which may be absolute or relative, nested (UsagePoint/1/MeterReading/2) or opaque
(urn:uuid:...). Entries without links belong to the last entry before them that they can belong to.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from crocs_cli.readers.espi import NOT_MEASURED, OWNERS, Entry, Feed, Fields

ELECTRIC_SERVICE = "0"  # the kind of service of electricity


@dataclass(frozen=True)
class MeterReading:
    """Readings of one usage point that share one reading type.

    consumer: name of the usage point; name: of the meter reading, for messages; service: kind of service;
    kind: fields of the reading type; rows: (n, 4) float64, start in seconds of UTC, duration in seconds,
    value, and 1 where it was not measured.
    """

    consumer: str
    name: str
    service: str
    kind: Fields
    rows: np.ndarray


def joined(feed: Feed, file: str) -> tuple[list[MeterReading], list[str]]:
    """Return a feed's meter readings, and the usage points of electricity that have no readings.

    The blocks are taken out of the feed, so that their readings are held once. file: name of a usage point
    that has no link, no id of its own and no title.
    """
    meters, points = _Index(feed.meters, "MeterReading"), _Index(feed.points, "UsagePoint")
    kinds = _Index(feed.kinds, "ReadingType")
    blocks: dict[int, list[tuple[Entry, np.ndarray]]] = {}  # by meter reading
    for entry, rows in feed.blocks:
        if len(rows):
            blocks.setdefault(meters.of(entry), []).append((entry, rows))
    feed.blocks.clear()
    owned = []
    for number in list(blocks):
        own = blocks.pop(number)
        meter, block = meters.entries[number], own[0][0]
        linked = kinds.linked(meter)
        kind = kinds.entries[kinds.before(block) if linked is None else linked].fields
        rows = _set_right(np.concatenate([part for _, part in own]), kind)
        name = _last(meter.own) or str(number + 1)
        owned.append((points.of(_with_links(meter, block)), name, kind, rows))
    names = _names(points.entries, feed.ids, file)
    services = [point.fields.get("kind") or ELECTRIC_SERVICE for point in points.entries]
    found = [MeterReading(names[n], name, services[n], kind, rows) for n, name, kind, rows in owned]
    silent = set(range(len(names))) - {n for n, *_ in owned}
    return found, [names[n] for n in sorted(silent) if services[n] == ELECTRIC_SERVICE]


def _with_links(meter: Entry, block: Entry) -> Entry:
    """Return a meter reading with the links of one of its blocks too, which may name its usage point."""
    place = block.place if meter.place < 0 else meter.place
    return replace(meter, links=(*meter.links, block.own, *block.links), place=place)


class _Index:
    """Finds the entry of one resource that another entry belongs to."""

    def __init__(self, entries: Sequence[Entry], resource: str) -> None:
        self.entries = list(entries)
        self._cut = re.compile(rf".*\b{resource}/[^/]+")
        self._places = [entry.place for entry in entries]
        self._by_own: dict[str, int] = {}
        self._by_link: dict[str, int] = {}  # -1 where several entries have a link
        for number, entry in enumerate(entries):
            self._by_own.setdefault(entry.own, number)
            for link in set(entry.links):
                self._by_link[link] = -1 if link in self._by_link else number

    def of(self, other: Entry) -> int:
        """Return the number of the entry that another one belongs to; one that links only imply is added."""
        linked = self.linked(other)
        if linked is None and (cuts := self._cuts(other)):
            linked = self._by_own[cuts[0]] = len(self.entries)
            self.entries.append(Entry(own=cuts[0]))
        return self.before(other) if linked is None else linked

    def linked(self, other: Entry) -> int | None:
        """Return the number of the entry that the links of another one lead to, None if to none."""
        links = [link for link in (other.own, *other.links) if link]
        cuts = self._cuts(other)
        for link in (*cuts, *links):
            if link in self._by_own:
                return self._by_own[link]
        for link in links:
            if self._by_link.get(link, -1) >= 0:
                return self._by_link[link]
        for cut in cuts:
            alike = {n for own, n in self._by_own.items() if _ends(own, cut) or _ends(cut, own)}
            if len(alike) == 1:
                return self._by_own.setdefault(cut, alike.pop())
        return None

    def before(self, other: Entry) -> int:
        """Return the number of the last entry before another one, of the first where there is none before."""
        if not self.entries:
            self.entries.append(Entry())
        return max(0, bisect_left(self._places, other.place) - 1)

    def _cuts(self, other: Entry) -> list[str]:
        """Return the links of an entry, each up to the name of the resource."""
        return [match[0] for match in map(self._cut.match, (other.own, *other.links)) if match]


def _ends(link: str, tail: str) -> bool:
    return bool(tail) and link.endswith(f"/{tail}")


def _names(points: Sequence[Entry], ids: Counter[str], file: str) -> list[str]:
    """Return a name for each usage point: of its link, else an id that no other entry has, else its title."""
    short = []
    for point in points:
        own_id = _last(point.id) if ids[point.id] == 1 else ""
        short.append(_short(point.own) or own_id or point.title or file)
    times = Counter(short)
    return [
        name if times[name] == 1 else point.own or f"{name} {number}"
        for number, (name, point) in enumerate(zip(short, points, strict=True), 1)
    ]


def _short(link: str) -> str:
    """Return the name that a link gives to a usage point: its owner's, if any, and its own."""
    match = re.search(rf"(?:(?:{'|'.join(OWNERS)})/([^/]+)/)?UsagePoint/([^/]+)", link)
    return "/".join(filter(None, match.groups())) if match else _last(link)


def _last(link: str) -> str:
    return link.rpartition("/")[2].removeprefix("urn:uuid:").strip()


def _set_right(rows: np.ndarray, kind: Fields) -> np.ndarray:
    """Fill in the default quality of a reading type, and set times right that are a fraction off a minute."""
    start, minutes = np.floor(rows[:, 0]), 60 * np.rint(rows[:, 1] / 60)
    rows[:, 0] = np.where((start + 1) % 60 == 0, np.ceil(rows[:, 0]), start)
    rows[:, 1] = np.where(np.abs(rows[:, 1] - minutes) <= 1, minutes, rows[:, 1])
    rows[:, 3] = np.where(np.isnan(rows[:, 3]), kind.get("defaultQuality", "") in NOT_MEASURED, rows[:, 3])
    return rows
