"""Green Button feeds of any form, and what is read of them."""

import itertools
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType
from typing import NamedTuple
from zoneinfo import ZoneInfo

import pytest

from crocs_cli.readers import greenbutton
from crocs_cli.readers.readings import Dialect, Writing
from tests.readers.conftest import profiles

JUNE_S = int(datetime(2024, 6, 3, tzinfo=ZoneInfo("America/New_York")).timestamp())
NORTH = ("360E2000", "B40E2000")  # second Sunday of March, first Sunday of November, at two
DAY = [0.12 + 0.04 * (7 * hour % 24) for hour in range(24)]  # kWh
HOST = "https://utility.example/espi/1_1/resource/"


class Meter(NamedTuple):
    """A meter reading: its readings (start, duration, value) and the codes of its type."""

    rows: list
    codes: Mapping = MappingProxyType({})
    name: str = "m1"


def tags(fields):
    return "".join(f"<{name}>{text}</{name}>" for name, text in fields.items())


def entry(content, own="", others=(), **texts):
    """Return an entry with its links; others are (rel, link)."""
    links = [("self", own), *others] if own else others
    head = tags(texts) + "".join(f'<link rel="{rel}" href="{link}"/>' for rel, link in links)
    return f"<entry>{head}<content>{content}</content></entry>"


def block(rows, extra=""):
    """Return the element of some readings."""
    return f"<IntervalBlock>{''.join(reading(*row, extra) for row in rows)}</IntervalBlock>"


def reading(start, duration, value, extra=""):
    times = tags({"duration": duration, "start": start})
    return f"<IntervalReading><timePeriod>{times}</timePeriod><value>{value}</value>{extra}</IntervalReading>"


def kind(codes):
    known = {"accumulationBehaviour": 4, "commodity": 1, "flowDirection": 1, "kind": 12, "uom": 72}
    return f"<ReadingType>{tags({**known, **codes})}</ReadingType>"


def clock(offset_h=-5.0, saving_s=3600, rules=NORTH):
    fields = dict(zip(("dstStartRule", "dstEndRule"), rules, strict=True))
    content = tags({**fields, "dstOffset": saving_s, "tzOffset": int(offset_h * 3600)})
    return entry(f"<LocalTimeParameters>{content}</LocalTimeParameters>", "LocalTimeParameters/1")


def nested(host="", owner="RetailCustomer/3/"):
    """Return a form of links that name all levels, and the consumer of a usage point."""

    def entries(point, number, meter):
        up = f"{host}{owner}UsagePoint/{point}"
        own, type_link = f"{up}/MeterReading/{meter.name}", f"{host}ReadingType/{number}"
        if meter.name == "m1":
            yield entry("<UsagePoint/>", up, [("up", f"{host}{owner}UsagePoint")])
        yield entry(kind(meter.codes), type_link)
        yield entry("<MeterReading/>", own, [("related", type_link), ("related", f"{own}/IntervalBlock")])
        for n, rows in enumerate(halves(meter.rows)):
            yield entry(block(rows), f"{own}/IntervalBlock/{n}", [("up", f"{own}/IntervalBlock")])

    return entries, lambda point: "/".join([*owner.split("/")[1:-1], point])


def flat():
    """Return a form whose links name one level each."""

    def entries(point, number, meter):
        name = f"{point}-{meter.name}"
        yield entry("<MeterReading/>", f"MeterReading/{name}", [("related", f"UsagePoint/{point}")])
        yield entry(kind(meter.codes), f"ReadingType/{number}", [("up", f"MeterReading/{name}")])
        for n, rows in enumerate(halves(meter.rows)):
            yield entry(block(rows), f"IntervalBlock/{name}{n}", [("up", f"{HOST}MeterReading/{name}")])
        if meter.name == "m1":
            yield entry("<UsagePoint/>", f"{HOST}UsagePoint/{point}")

    return entries, lambda point: point


def opaque():
    """Return a form of links that only equal each other."""

    def entries(point, number, meter):
        name = f"urn:uuid:{point}-{meter.name}"
        for n, rows in enumerate(halves(meter.rows)):
            yield entry(block(rows), f"{name}-{n}", [("up", name)])
        yield entry(
            "<MeterReading/>", name, [("up", f"urn:uuid:{point}"), ("related", f"urn:uuid:type{number}")]
        )
        yield entry(kind(meter.codes), f"urn:uuid:type{number}")
        if meter.name == "m1":
            yield entry("<UsagePoint/>", f"urn:uuid:{point}")

    return entries, lambda point: point


def unlinked(text):
    """Return a form without links, whose usage points have an id or a title."""

    def entries(point, number, meter):
        if meter.name == "m1":
            yield entry("<UsagePoint/>", **{text: point})
        yield entry("<MeterReading/>", title="Energy")
        yield entry(kind(meter.codes))
        yield from (entry(block(rows)) for rows in halves(meter.rows))

    return entries, lambda point: point


FORMS = {
    "relative": nested(),
    "absolute": nested(HOST, "Subscription/7f3e/"),
    "customer": nested("/", "Customer/c/"),
    "user": nested("../", "User/9b6c/"),
    "batch": nested(f"{HOST}Batch/", "Subscription/5/"),
    "without owner": nested(HOST, ""),
    "flat": flat(),
    "opaque": opaque(),
    "id": unlinked("id"),
    "title": unlinked("title"),
}


def halves(rows):
    return [rows[: len(rows) // 2], rows[len(rows) // 2 :]]


def feed(points, form="relative", at=None):
    """Return a feed of {usage point: [meter readings]}."""
    entries = FORMS[form][0]
    numbers = itertools.count()
    said = [one for point, own in points.items() for m in own for one in entries(point, next(numbers), m)]
    return (
        "<feed xmlns='http://naesb.org/espi'>" + "".join([clock() if at is None else at, *said]) + "</feed>"
    )


def hours(kwh=DAY, start=JUNE_S, seconds=3600):
    """Return readings in Wh, one after another."""
    return [(start + n * seconds, seconds, round(1000 * value)) for n, value in enumerate(kwh)]


def dialect(minutes=60, zone="America/New_York", names=None):
    known = Dialect("id", "time", "kwh", None, Writing(), "start", 60 * minutes)
    return replace(known, file_names=names or {}, timezone=zone)


def read(path, minutes, zone):
    """Return {(consumer, local stamp): kWh} of a feed, channels added."""
    found = {}
    for one in greenbutton.read(path, dialect(minutes, zone)):
        consumer = one.consumer[0].as_py()
        for start, kwh in zip(one.time_s.tolist(), one.value.tolist(), strict=True):
            found.setdefault((consumer, start), []).append(kwh)
    return {key: sum(values) for key, values in found.items()}


ZONES = {
    "America/New_York": (-5, 3600, NORTH),
    "America/Los_Angeles": (-8, 3600, NORTH),
    "America/Halifax": (-4, 3600, NORTH),
    "America/St_Johns": (-3.5, 3600, NORTH),
    "America/Anchorage": (-9, 3600, ("328E2000", "B21E2000")),  # Sunday on or after the 8th, and the 1st
    "-10:00": (-10, 0, NORTH),  # Hawaii
    "-07:00": (-7, 0, ("00000000", "00000000")),  # Arizona
    "-06:00": (-6, 3600, ("FFFFFFFF", "FFFFFFFF")),  # Saskatchewan, with an offset that no rule uses
}


def used_kwh(run="run"):
    """Return {consumer: (days, total kWh)} of a run."""
    found = {}
    for (consumer, _), energy in profiles(run).items():
        days, total = found.get(consumer, (0, 0.0))
        found[consumer] = days + 1, total + float(energy.sum())
    return found


def warned(caplog):
    return [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]


THREE = DAY * 3
USED = {"3/U1": (3, pytest.approx(3 * sum(DAY)))}
