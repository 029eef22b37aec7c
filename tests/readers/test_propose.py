"""What a look at the first lines of a table proposes, for tables of every writing."""

import datetime as dt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crocs_cli.readers.glance import glance, parsed
from crocs_cli.readers.propose import propose

FORMS = (
    "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%S", "%d/%m/%Y %H:%M", "%d.%m.%Y %H:%M:%S", "%m/%d/%Y %I:%M %p",
    "%Y/%m/%d %H:%M", "%d-%m-%Y %H:%M", "%Y-%m-%dT%H:%M:%S+01:00", "%d/%m/%Y %H:%M +0100",
)  # fmt: skip
FIRST = dt.datetime(2024, 3, 25)  # a day that is no month
IDS = ("id", "Customer", "NMI", "meter_id", "Zählpunkt", "household", "CUPS")
TIMES = ("time", "timestamp", "Datum und Uhrzeit", "interval start", "when")
ENERGIES = (("kwh", "kWh"), ("Energy (Wh)", "Wh"), ("Wirkleistung kW", "kW"), ("consumption_kWh", "kWh"))
BESIDE = ("cost_gbp", "temperature_c", "Price (EUR/kWh)", "battery_soc", "export kWh", "humidity %")


@st.composite
def tables(draw):
    """Draw a long table, and what it is."""
    separator = draw(st.sampled_from(";,\t|"))
    decimal = draw(st.sampled_from(",." if separator != "," else "."))
    form, minutes = draw(st.sampled_from(FORMS)), draw(st.sampled_from((5, 15, 30, 60)))
    names = [draw(st.sampled_from(some)) for some in (IDS, TIMES, ENERGIES, BESIDE)]
    names[2], unit = names[2]
    order = draw(st.permutations(range(4)))
    lines = [
        draw(st.sampled_from(("Name,A B", "Report", "Address;1 Main St")))
        for _ in range(draw(st.integers(0, 4)))
    ]
    lines.append(separator.join(names[i] for i in order))
    quote = draw(st.sampled_from(('"', "")))
    for step in range(96):
        stamp = (FIRST + dt.timedelta(minutes=minutes * step)).strftime(form)
        row = ["H1", stamp, f"{0.5 + step % 7 / 10:.3f}".replace(".", decimal), f"12{decimal}5"]
        lines.append(separator.join(f"{quote}{row[i]}{quote}" for i in order))
    return "\n".join([*lines, ""]), (names, unit, decimal, form, minutes)


@settings(max_examples=150)
@given(tables())
def test_a_long_table_of_any_writing_is_seen_as_it_is(tmp_path_factory, table):
    text, (names, unit, decimal, form, minutes) = table
    path = tmp_path_factory.getbasetemp() / "any.csv"
    path.write_text(text)
    proposal = propose(glance(path))
    found = proposal.settings
    assert proposal.reader == "long"
    assert found["columns"] == {"consumer": names[0], "time": names[1], "energy": names[2]}
    assert (found["unit"], found["interval"]) == (unit, f"{minutes}min")
    assert found.get("decimal", ".") == decimal
    second = FIRST + dt.timedelta(minutes=minutes)
    seen = parsed(second.strftime(form), found.get("stamp_format", "iso"))
    assert seen is not None
    assert seen.replace(tzinfo=None) == second


@pytest.mark.parametrize("count", [24, 48, 96])
def test_a_wide_table_is_seen_by_its_times_of_day(tmp_path, count):
    labels = [f"{m // 60:02d}:{m % 60:02d}" for m in range(0, 1440, 1440 // count)]
    path = tmp_path / "wide.csv"
    path.write_text(f"home;day;{';'.join(labels)}\nA;2024-03-25;{';'.join(['0,5'] * count)}\n")
    proposal = propose(glance(path))
    assert proposal.reader == "wide"
    assert proposal.settings["columns"] == {"time": "day", "consumer": "home"}
    assert proposal.settings["interval"] == f"{1440 // count}min"
    assert proposal.settings["decimal"] == ","


def test_a_register_a_direction_and_a_quality_are_seen(tmp_path):
    path, total, lines = tmp_path / "any.csv", 5000.0, ["meter,time,reading kWh,flow,status"]
    for step in range(100):
        total += (0.1, 0.2, 0.9)[step % 3]
        stamp = FIRST + dt.timedelta(minutes=30 * step)
        lines.append(
            f"A,{stamp},{total:.1f},{('Import', 'Export')[step % 2]},{('Actual', 'Estimated')[step % 2]}"
        )
    path.write_text("\n".join(lines))
    found = propose(glance(path)).settings
    assert found["kind"] == "register"
    assert (found["columns"]["direction"], found["columns"]["quality"]) == ("flow", "status")
    assert found["direction"] == {"Export": "drop", "Import": "add"}
    assert found["quality"] == {"Actual": "measured", "Estimated": "estimated"}


def test_hours_from_nought_are_times_of_day_and_hours_from_one_count_on(tmp_path):
    for first, role in ((0, "time"), (1, "hour")):
        path = tmp_path / f"{first}.csv"
        hours = range(first, first + 24)
        path.write_text("id,date,hour,kwh\n" + "".join(f"A,2024-03-25,{h},0.{h + 1}\n" for h in hours))
        found = propose(glance(path)).settings
        assert found["columns"] == {"consumer": "id", "date": "date", role: "hour", "energy": "kwh"}
        assert found["stamp"] == ("end" if first else "start")
