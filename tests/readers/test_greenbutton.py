"""Green Button: a usage point is a consumer, whose energy is read once, whatever the form of the feed."""

import itertools
import shutil
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crocs_cli.errors import CrocsError
from crocs_cli.readers import greenbutton
from tests.readers.conftest import counts, profiles
from tests.readers.feeds import (
    DAY,
    FORMS,
    JUNE_S,
    THREE,
    USED,
    ZONES,
    Meter,
    block,
    clock,
    dialect,
    entry,
    feed,
    halves,
    hours,
    read,
    tags,
    used_kwh,
    warned,
)


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


def left_out(why, count=72, names="3/U1 m2"):
    return f"{count} readings left out of meter reading {names}: {why}"


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
    assert used_kwh() == USED
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
    assert used_kwh() == USED
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
    assert used_kwh() == USED | {"3/U2": USED["3/U1"]}
    assert ingest(text, "--run", "b", "--reader", "greenbutton", "--interval", "15min").code == 0
    assert used_kwh("b") == {"3/U2": USED["3/U1"]}


def test_sums_of_shorter_readings_follow_the_local_hour(ingest):
    start = JUNE_S - 5400  # midnight of Newfoundland
    text = feed(
        {"U1": [Meter(hours(np.repeat(THREE, 4) / 4, start, 900))]}, at=clock(*ZONES["America/St_Johns"])
    )
    assert ingest(text, "--reader", "greenbutton", "--interval", "1h").code == 0
    assert used_kwh() == USED
    assert profiles()["3/U1", "2024-06-03"] == pytest.approx(DAY)


def test_an_hour_with_a_part_missing_or_contradicted_is_not_used(ingest):
    rows = hours(np.repeat(THREE, 4) / 4, seconds=900)
    for text in (
        feed({"U1": [Meter(rows[:5] + rows[6:])]}),
        feed({"U1": [Meter([*rows, (JUNE_S, 900, 999)])]}),
    ):
        assert ingest(text, "--reader", "greenbutton", "--interval", "1h").code == 0
        assert used_kwh() == {"3/U1": (2, pytest.approx(2 * sum(DAY)))}
        assert counts()["3/U1"]["invalid"] == "1"
        shutil.rmtree("run")


def test_days_of_23_and_25_hours_are_days(ingest):
    zone = ZoneInfo("America/New_York")
    midnights = [int(datetime(2024, 11, day, tzinfo=zone).timestamp()) for day in range(1, 7)]
    rows = [(a, b - a, 5000) for a, b in itertools.pairwise(midnights)]
    text = feed({"U1": [Meter(rows)]})
    assert ingest(text, "--reader", "greenbutton").code == 0
    assert counts()["3/U1"]["days_clock_change"] == "1"
    assert used_kwh() == {"3/U1": (4, pytest.approx(20))}


def test_two_files_of_one_name_are_two_consumers_unless_they_say_one_usage_point(ingest):
    for folder, text in {
        "a": feed({"U1": [Meter(hours(DAY))]}),
        "b": feed({"U2": [Meter(hours(DAY))]}),
        "c": feed({"U1": [Meter(hours(DAY, JUNE_S + 86400))]}),
    }.items():
        Path(folder).mkdir()
        Path(folder, "usage.xml").write_text(text)
    assert ingest(None, "--reader", "greenbutton", "a/usage.xml", "b/usage.xml", "c/usage.xml").code == 0
    assert {consumer: days for consumer, (days, _) in used_kwh().items()} == {"3/U1": 2, "3/U2": 1}


def test_a_feed_without_usage_point_is_the_consumer_of_its_file(ingest):
    text = f"<feed>{entry(block(hours(THREE)))}</feed>"
    paths = [Path(folder, "usage.xml") for folder in ("a", "b")]
    for path in paths:
        path.parent.mkdir()
        path.write_text(text)
    call = ["--reader", "greenbutton", "--timezone", "America/New_York"]
    assert ingest(None, *call, *paths).code == 0
    assert used_kwh().keys() == {"a/usage", "b/usage"}
    assert ingest(None, *call, "--run", "alone", paths[0]).code == 0
    assert used_kwh("alone").keys() == {"usage"}
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
