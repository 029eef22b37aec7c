"""Green Button: a usage point is a consumer, whose energy is read once, whatever the form of the feed."""

import itertools
import shutil
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crocs_cli.errors import CrocsError
from crocs_cli.readers import espi_clock, greenbutton
from crocs_cli.readers.readings import Dialect, Writing
from tests.readers.conftest import counts, profiles

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


def ways(draw, net):
    """Return rows of kWh by direction, all of which say the same net energy, or more of it."""
    received = np.array(draw(st.lists(st.integers(0, 900), min_size=len(net), max_size=len(net)))) / 1000
    delivered = np.maximum(net, 0) + received
    received = delivered - net
    choices = {
        "forward": {1: np.abs(net)},
        "net": {4: net},
        "both": {1: delivered, 19: received},
        "all": {4: net, 20: delivered + received, 19: received, 1: delivered},
        "signed": {19: -received, 1: delivered},
        "with power": {1: np.abs(net), (1, 38): np.abs(net)},
    }
    return draw(st.sampled_from(sorted(choices.items())))


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


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_every_form_gives_the_same_readings(tmp_path, data):
    form, zone = data.draw(st.sampled_from(sorted(FORMS))), data.draw(st.sampled_from(sorted(ZONES)))
    minutes, power = data.draw(st.sampled_from([15, 30, 60])), data.draw(st.sampled_from([-3, 0, 3]))
    register = data.draw(st.booleans())
    points, wanted = {}, {}
    for point in ("U1", "U2"):
        net = np.array(data.draw(st.lists(st.integers(-900, 900), min_size=24, max_size=24))) / 1000
        name, rows = ways(data.draw, net)
        net = np.abs(net) if name in ("forward", "with power") else net
        meters = []
        for number, (code, kwh) in enumerate(rows.items(), 1):
            flow, unit = code if isinstance(code, tuple) else (code, 72)
            if unit == 38:
                kwh = kwh * 60 / minutes
            values = kwh
            codes = {"flowDirection": flow, "uom": unit, "powerOfTenMultiplier": power}
            if register and name != "signed" and unit == 72:
                values, codes["accumulationBehaviour"] = np.append(0, np.cumsum(kwh)) + 5, 1
            readings = hours(values * 10.0**-power, seconds=60 * minutes)
            exact = [
                (s, d, f"{1000 * v * 10.0**-power:.9f}")
                for (s, d, _), v in zip(readings, values, strict=True)
            ]
            meters.append(Meter(exact, codes, f"m{number}"))
        points[point] = meters
        consumer = FORMS[form][1](point)
        wanted |= {(consumer, JUNE_S + 60 * minutes * n): kwh for n, kwh in enumerate(net.tolist())}
    path = tmp_path / "feed.xml"
    path.write_text(feed(points, form, clock(*ZONES[zone])))
    assert greenbutton.clock(path) == zone
    assert greenbutton.interval_min(path) == minutes
    found = read(path, minutes, zone)
    assert found.keys() == wanted.keys()
    assert list(found.values()) == pytest.approx([wanted[key] for key in found], abs=1e-6)


def kwh(run="run"):
    """Return {consumer: (days, total kWh)} of a run."""
    found = {}
    for (consumer, _), energy in profiles(run).items():
        days, total = found.get(consumer, (0, 0.0))
        found[consumer] = days + 1, total + float(energy.sum())
    return found


def warned(caplog):
    return [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]


def left_out(why, count=72, names="3/U1 m2"):
    return f"{count} readings left out of meter reading {names}: {why}"


THREE = DAY * 3
USED = {"3/U1": (3, pytest.approx(3 * sum(DAY)))}
CASES = {
    "register beside": (
        [
            Meter(hours(THREE)),
            Meter([(JUNE_S + n * 86400, 0, 800 * n) for n in range(4)], {"accumulationBehaviour": 1}),
        ],
        [left_out("the time between register reads is 24h, the interval is 1h", 3)],
    ),
    "hourly register beside": (
        [Meter(hours(THREE)), Meter(hours(np.cumsum(THREE)), {"accumulationBehaviour": 3})],
        [left_out("readings of intervals say it too", 71)],
    ),
    "days beside": (
        [Meter(hours(THREE)), Meter(hours([5, 5, 5], seconds=86400))],
        [left_out("they last 24h, the interval is 1h", 3)],
    ),
    "bills beside": (
        [Meter(hours(THREE)), Meter([(JUNE_S, 30 * 86400, 9), (JUNE_S + 30 * 86400, 31 * 86400, 9)])],
        [left_out("they last 30d to 31d, the interval is 1h", 2)],
    ),
    "apparent energy": (
        [Meter(hours(THREE)), Meter(hours(THREE), {"uom": 71})],
        [left_out("their unit is VAh, not one of energy")],
    ),
    "gas": (
        [Meter(hours(THREE)), Meter(hours(THREE), {"uom": 169, "commodity": 7})],
        [left_out("they are not of electricity")],
    ),
    "demand": (
        [Meter(hours(THREE)), Meter(hours(THREE), {"uom": 38, "kind": 8})],
        [left_out("they are demand, cost or of another kind that is not energy")],
    ),
    "maxima": (
        [Meter(hours(THREE)), Meter(hours(THREE), {"dataQualifier": 8})],
        [left_out("they are values of moments, not of intervals")],
    ),
    "reactive direction": (
        [Meter(hours(THREE)), Meter(hours(THREE), {"flowDirection": 2})],
        [left_out("their direction is neither delivered, received, net nor total")],
    ),
    "huge multiplier": (
        [Meter(hours(THREE)), Meter(hours(THREE), {"powerOfTenMultiplier": 99})],
        [left_out("they are times ten to the power of 99")],
    ),
    "no register": (
        [Meter(hours(THREE)), Meter(hours(THREE), {"accumulationBehaviour": 1})],
        [left_out("they fall, though their type is a register's")],
    ),
    "net beside delivered": (
        [Meter(hours(THREE), {"flowDirection": 4}), Meter(hours(np.add(THREE, 1)))],
        [left_out("the net energy is used")],
    ),
    "phases and their total": (
        [Meter(hours(THREE)), Meter(hours(THREE), {"phase": 128}), Meter(hours(THREE), {"phase": 64}, "m3")],
        [left_out("they are parts of what is used", 144, "3/U1 m2, 3/U1 m3")],
    ),
    "phases": (
        [
            Meter(hours(np.divide(THREE, 4)), {"phase": 128}),
            Meter(hours(np.multiply(THREE, 0.75)), {"phase": 64}),
        ],
        [],
    ),
    "hours of a tariff": ([Meter(hours(THREE)[::2], {"tou": 1}), Meter(hours(THREE)[1::2], {"tou": 2})], []),
    "two meter readings in turn": ([Meter(hours(THREE)[:30]), Meter(hours(THREE)[30:])], []),
    "given twice": ([Meter(hours(THREE)), Meter(hours(THREE)[:30])], []),
    "shorter readings in part": (
        [Meter([*hours(THREE)[:24], *hours(np.repeat(THREE[24:], 4) / 4, JUNE_S + 86400, 900)])],
        [],
    ),
    "a few shorter readings": ([Meter([*hours(THREE), *hours([0.02, 0.02], JUNE_S + 900, 900)])], []),
    "joules": ([Meter([(s, d, 3600 * v) for s, d, v in hours(THREE)], {"uom": 31})], []),
    "power": (
        [Meter(hours(THREE), {"uom": 38, "kind": 37})],
        ["meter reading 3/U1 m1: power is taken as the mean over each reading"],
    ),
    "total": (
        [Meter(hours(THREE), {"flowDirection": 20})],
        ["meter reading 3/U1 m1: the total of both directions is taken as consumption"],
    ),
    "summation of intervals": ([Meter(hours(THREE), {"accumulationBehaviour": 9})], []),
    "register": (
        [Meter(hours(np.cumsum([7, *THREE])), {"accumulationBehaviour": 3})],
        ["meter reading 3/U1 m1: the energy is the difference of each register read to the next"],
    ),
    "fractions of seconds": (
        [Meter([(s + (0.66136, -0.0001)[n % 2], d, v) for n, (s, d, v) in enumerate(hours(THREE))])],
        [],
    ),
    "ends a second early": ([Meter([(s, d - 1, v) for s, d, v in hours(THREE)])], []),
}


@pytest.mark.parametrize("case", CASES)
def test_the_energy_of_a_usage_point_is_read_once(ingest, caplog, case):
    meters, said = CASES[case]
    meters = [m._replace(name=f"m{n}") for n, m in enumerate(meters, 1)]
    assert ingest(feed({"U1": meters}), "--reader", "greenbutton").code == 0
    assert kwh() == USED
    assert warned(caplog) == [f"readings.csv: {line}" for line in said]


def test_a_register_that_starts_anew_loses_one_reading(ingest):
    reads = np.append(np.cumsum(THREE)[:40] + 900, np.cumsum(THREE)[40:] - 9)
    assert (
        ingest(
            feed({"U1": [Meter(hours(reads), {"accumulationBehaviour": 3})]}), "--reader", "greenbutton"
        ).code
        == 0
    )
    assert counts()["3/U1"]["invalid"] == "1"
    assert counts()["3/U1"]["days_incomplete"] == "2"  # that day, and the last one


def test_a_consumer_of_whom_nothing_can_be_read_is_counted(ingest, caplog):
    text = feed(
        {"U1": [Meter(hours(THREE))], "U2": [Meter(hours([5, 5, 5], seconds=86400))], "U3": [Meter([])]}
    )
    assert ingest(text, "--reader", "greenbutton").code == 0
    assert kwh() == USED
    assert counts()["3/U2"]["invalid"] == counts()["3/U2"]["days_incomplete"] == "3"
    assert warned(caplog) == [
        "readings.csv: no readings of usage point 3/U3",
        "readings.csv: 3 readings left out of meter reading 3/U2 m1: they last 24h, the interval is 1h",
    ]


def test_a_gas_meter_is_no_consumer_but_named(ingest, caplog):
    text = feed({"U1": [Meter(hours(THREE))], "U2": [Meter(hours(THREE))]})
    gas = "<UsagePoint><ServiceCategory><kind>1</kind></ServiceCategory></UsagePoint>"
    assert (
        ingest(
            "<UsagePoint/>".join(text.rsplit("<UsagePoint/>", 1)[:1])
            + gas
            + text.rsplit("<UsagePoint/>", 1)[1],
            "--reader",
            "greenbutton",
        ).code
        == 0
    )
    assert list(counts()) == ["3/U1"]
    assert warned(caplog) == [
        "readings.csv: 72 readings left out of meter reading 3/U2 m1: they are not of electricity"
    ]


def test_usage_points_of_two_lengths_share_the_longer_one(ingest):
    text = feed({"U1": [Meter(hours(THREE))], "U2": [Meter(hours(np.repeat(THREE, 4) / 4, seconds=900))]})
    assert ingest(text, "--reader", "greenbutton").code == 0
    assert kwh() == USED | {"3/U2": USED["3/U1"]}
    assert ingest(text, "--run", "b", "--reader", "greenbutton", "--interval", "15min").code == 0
    assert kwh("b") == {"3/U2": USED["3/U1"]}


def test_sums_of_shorter_readings_follow_the_local_hour(ingest):
    start = JUNE_S - 5400  # midnight of Newfoundland
    text = feed(
        {"U1": [Meter(hours(np.repeat(THREE, 4) / 4, start, 900))]}, at=clock(*ZONES["America/St_Johns"])
    )
    assert ingest(text, "--reader", "greenbutton", "--interval", "1h").code == 0
    assert kwh() == USED
    assert profiles()["3/U1", "2024-06-03"] == pytest.approx(DAY)


def test_an_hour_with_a_part_missing_or_contradicted_is_not_used(ingest):
    rows = hours(np.repeat(THREE, 4) / 4, seconds=900)
    for text in (
        feed({"U1": [Meter(rows[:5] + rows[6:])]}),
        feed({"U1": [Meter([*rows, (JUNE_S, 900, 999)])]}),
    ):
        assert ingest(text, "--reader", "greenbutton", "--interval", "1h").code == 0
        assert kwh() == {"3/U1": (2, pytest.approx(2 * sum(DAY)))}
        assert counts()["3/U1"]["invalid"] == "1"
        shutil.rmtree("run")


def test_days_of_23_and_25_hours_are_days(ingest):
    zone = ZoneInfo("America/New_York")
    midnights = [int(datetime(2024, 11, day, tzinfo=zone).timestamp()) for day in range(1, 7)]
    rows = [(a, b - a, 5000) for a, b in itertools.pairwise(midnights)]
    text = feed({"U1": [Meter(rows)]})
    assert ingest(text, "--reader", "greenbutton").code == 0
    assert counts()["3/U1"]["days_clock_change"] == "1"
    assert kwh() == {"3/U1": (4, pytest.approx(20))}


def test_two_files_of_one_name_are_two_consumers_unless_they_say_one_usage_point(ingest):
    for folder, text in {
        "a": feed({"U1": [Meter(hours(DAY))]}),
        "b": feed({"U2": [Meter(hours(DAY))]}),
        "c": feed({"U1": [Meter(hours(DAY, JUNE_S + 86400))]}),
    }.items():
        Path(folder).mkdir()
        Path(folder, "usage.xml").write_text(text)
    assert ingest(None, "--reader", "greenbutton", "a/usage.xml", "b/usage.xml", "c/usage.xml").code == 0
    assert {consumer: days for consumer, (days, _) in kwh().items()} == {"3/U1": 2, "3/U2": 1}


def test_a_feed_without_usage_point_is_the_consumer_of_its_file(tmp_path):
    text = f"<feed>{entry(block(hours()))}</feed>"
    paths = [tmp_path / folder / "usage.xml" for folder in ("a", "b")]
    for path in paths:
        path.parent.mkdir()
        path.write_text(text)
    assert [{name for name, _ in read(path, 60, "UTC")} for path in paths] == [{"a/usage"}, {"b/usage"}]
    named = greenbutton.read(paths[0], dialect(names={paths[0]: "home"}))
    assert next(named).consumer[0].as_py() == "home"


def test_usage_points_of_one_title_are_two_consumers(tmp_path):
    path = tmp_path / "a.xml"
    path.write_text(feed({"U1": [Meter(hours())], "U2": [Meter(hours())]}, "title").replace(">U2<", ">U1<"))
    assert {name for name, _ in read(path, 60, "UTC")} == {"U1 1", "U1 2"}


def test_readings_without_times_share_the_time_of_their_block(tmp_path):
    values = "".join(f"<IntervalReading><value>{value}</value></IntervalReading>" for *_, value in hours())
    span = f"<interval>{tags({'duration': 86400, 'start': JUNE_S})}</interval>"
    path = tmp_path / "a.xml"
    path.write_text(
        f"<feed>{entry(f'<IntervalBlock>{span}{values}</IntervalBlock>', 'UsagePoint/1/')}</feed>"
    )
    assert list(read(path, 60, "UTC").values()) == pytest.approx(DAY)
    path.write_text(f"<feed>{entry(f'<IntervalBlock>{values}</IntervalBlock>')}</feed>")
    with pytest.raises(CrocsError, match=r"a\.xml: a reading without start or duration; fetch it again"):
        read(path, 60, "UTC")


@pytest.mark.parametrize(
    ("quality", "default", "estimated"),
    [("8", "0", 1), ("17", "8", 0), ("0", "9", 0), ("", "9", 1), ("", "0", 0)],
)
def test_qualities_of_readings_and_of_types(tmp_path, quality, default, estimated):
    mark = f"<ReadingQuality><quality>{quality}</quality></ReadingQuality>" if quality else ""
    text = feed({"U1": [Meter(hours(), {"defaultQuality": default})]}).replace("</value>", f"</value>{mark}")
    (tmp_path / "a.xml").write_text(text)
    (found,) = greenbutton.read(tmp_path / "a.xml", dialect())
    assert found.estimated.tolist() == [bool(estimated)] * 24


def test_a_reading_without_value_is_invalid(ingest):
    text = feed({"U1": [Meter(hours(THREE))]}).replace("<value>120</value>", "<cost>3</cost>", 1)
    assert ingest(text, "--reader", "greenbutton").code == 0
    assert counts()["3/U1"]["invalid"] == "1"


def test_several_blocks_in_one_entry_are_all_read(tmp_path):
    (tmp_path / "a.xml").write_text(
        f"<feed>{entry(''.join(map(block, halves(hours()))), 'UsagePoint/1')}</feed>"
    )
    assert list(read(tmp_path / "a.xml", 60, "UTC").values()) == pytest.approx(DAY)


def test_a_feed_without_clock_says_so_unless_the_user_names_its_zone(ingest, caplog):
    text = feed({"U1": [Meter(hours(THREE))]}, at="")
    assert ingest(text, "--reader", "greenbutton").code == 0
    assert warned(caplog) == [
        "readings.csv: no clock in the feed, UTC is taken; name its zone with ingest.timezone"
    ]
    caplog.clear()
    assert ingest(text, "--run", "b", "--reader", "greenbutton", "--timezone", "America/New_York").code == 0
    assert kwh("b") == USED
    assert warned(caplog) == []


def test_a_clock_of_no_known_zone_is_refused_and_the_zone_that_the_user_names_wins(ingest):
    text = feed({"U1": [Meter(hours(THREE))]}, at=clock(-5, 3600, ("428E2000", "AE0E2000")))
    refused = ingest(text, "--reader", "greenbutton")
    assert refused.code == 1
    assert (
        "readings.csv: its clock is that of no known zone; name the zone with ingest.timezone" in refused.err
    )
    assert ingest(text, "--reader", "greenbutton", "--timezone", "America/New_York").code == 0
    assert kwh() == USED


def test_a_later_file_with_another_clock_is_named(ingest, caplog):
    Path("a.xml").write_text(feed({"U1": [Meter(hours(THREE))]}))
    Path("b.xml").write_text(feed({"U2": [Meter(hours(THREE))]}, at=clock(-6)))
    Path("c.xml").write_text(feed({"U3": [Meter(hours(THREE))]}, at=clock(-4, 0)))  # the same in June
    assert ingest(None, "--reader", "greenbutton", "a.xml", "b.xml", "c.xml").code == 0
    assert warned(caplog) == [
        "b.xml: its clock is America/Chicago, but America/New_York is used; ingest the file apart"
    ]


RULES = {
    ("360E2000", "B40E2000"): (-3.5, "America/St_Johns"),
    ("3E0E2000", "AE0E3000"): (1, "Europe/Berlin"),
    ("3E0E1000", "AE0E2000"): (0, "Europe/London"),
    ("A40E2000", "440E3000"): (10, "Australia/Sydney"),
}


@pytest.mark.parametrize("rules", RULES)
def test_rules_of_a_clock_are_those_of_a_zone(rules):
    offset, zone = RULES[rules]
    fields = {
        "tzOffset": str(int(offset * 3600)),
        "dstOffset": "3600",
        "dstStartRule": rules[0],
        "dstEndRule": rules[1],
    }
    assert espi_clock.zone(fields) == zone


@pytest.mark.parametrize(
    "fields",
    [
        {"tzOffset": "x"},
        {"tzOffset": "999999"},
        {"tzOffset": "-18001"},
        {"tzOffset": "-18000", "dstOffset": "3600", "dstStartRule": "zz", "dstEndRule": "B40E2000"},
        {"tzOffset": "-18000", "dstOffset": "3600", "dstStartRule": "F" * 20, "dstEndRule": "B40E2000"},
        {"tzOffset": "-18000", "dstOffset": "3600", "dstStartRule": "D00E2000", "dstEndRule": "B40E2000"},
        {"tzOffset": "-18000", "dstOffset": "7200", "dstStartRule": "360E2000", "dstEndRule": "B40E2000"},
    ],
)
def test_a_clock_that_means_no_zone_is_none(fields):
    assert espi_clock.zone(fields) is None


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("<start>", "<start>x", "a reading whose start is not a number; fetch it again"),
        ("<start>", "<start>1e30", "a reading whose start or duration is no time; fetch it again"),
        ("<value>", "<value>x", "a reading whose value is not a number; fetch it again"),
        ("</feed>", "", "not a whole Green Button file, broken at line 1; fetch it again"),
        ("<feed", "<?xml version='1.0' encoding='moon'?><feed", "not a whole Green Button file"),
        ("<duration>3600", "<duration>2520", "readings of 42min; crocs takes 5min to 60min, or 24h"),
    ],
)
def test_faults_are_told_in_words(ingest, old, new, said):
    refused = ingest(feed({"U1": [Meter(hours(THREE))]}).replace(old, new), "--reader", "greenbutton")
    assert refused.code == 1
    assert refused.err.splitlines()[-1].startswith(f"crocs: readings.csv: {said}")
