"""The clock of a Green Button feed, and its faults, which are told in words."""

from pathlib import Path

import pytest

from crocs_cli.readers import espi_clock
from tests.readers.feeds import THREE, USED, Meter, clock, feed, hours, used_kwh, warned


def test_a_feed_without_clock_says_so_unless_the_user_names_its_zone(ingest, caplog):
    text = feed({"U1": [Meter(hours(THREE))]}, at="")
    assert ingest(text, "--reader", "greenbutton").code == 0
    assert warned(caplog) == [
        "readings.csv: no clock in the feed, UTC is taken; name its zone with --timezone"
    ]
    caplog.clear()
    assert ingest(text, "--run", "b", "--reader", "greenbutton", "--timezone", "America/New_York").code == 0
    assert used_kwh("b") == USED
    assert warned(caplog) == []


def test_a_clock_of_no_known_zone_is_refused_and_the_zone_that_the_user_names_wins(ingest):
    text = feed({"U1": [Meter(hours(THREE))]}, at=clock(-5, 3600, ("428E2000", "AE0E2000")))
    refused = ingest(text, "--reader", "greenbutton")
    assert refused.code == 1
    assert "readings.csv: its clock is that of no known zone; name the zone with --timezone" in refused.err
    assert ingest(text, "--reader", "greenbutton", "--timezone", "America/New_York").code == 0
    assert used_kwh() == USED


def test_a_later_file_with_another_clock_is_named(ingest, caplog):
    Path("a.xml").write_text(feed({"U1": [Meter(hours(THREE))]}))
    Path("b.xml").write_text(feed({"U2": [Meter(hours(THREE))]}, at=clock(-6)))
    Path("c.xml").write_text(feed({"U3": [Meter(hours(THREE))]}, at=clock(-4, 0)))  # the same in June
    assert ingest(None, "--reader", "greenbutton", "a.xml", "b.xml", "c.xml").code == 0
    assert warned(caplog) == [
        "b.xml: its clock is America/Chicago, but America/New_York is used; ingest the file apart"
    ]


def test_later_files_without_a_clock_are_said_in_one_line_unless_the_user_names_a_zone(ingest, caplog):
    for name, at in (("a", None), ("b", ""), ("c", ""), ("d", None)):
        Path(f"{name}.xml").write_text(feed({f"U-{name}": [Meter(hours(THREE))]}, at=at))
    files = ["a.xml", "b.xml", "c.xml", "d.xml"]
    assert ingest(None, "--reader", "greenbutton", *files).code == 0
    assert warned(caplog) == [
        "b.xml and 1 more files: no clock in the feed, America/New_York is taken; "
        "name its zone with --timezone"
    ]
    caplog.clear()
    named = ["--run", "b", "--timezone", "America/New_York"]
    assert ingest(None, "--reader", "greenbutton", *named, *files).code == 0
    assert warned(caplog) == []
    assert used_kwh("b") == used_kwh()


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
