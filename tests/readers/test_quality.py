"""The quality report: the same counts as the table, as JSON and as a page, and thresholds for scripts."""

import json
import re
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crocs_cli.machine.settings import option_paths
from crocs_cli.maths.readings.quality import (
    COUNTS,
    LEFT_OUT,
    MORE_LEFT_OUT,
    NOT_ASKED,
    SETTINGS,
    days_absent,
    days_asked,
    shares,
)
from crocs_cli.rundir.settings import IngestSettings
from tests import pages
from tests.conftest import digests
from tests.readers.conftest import counts, long_csv

GOOD = long_csv(days=10, consumers=5)
HOLES = "\n".join(line for line in GOOD.splitlines() if "C3" not in line or ":30" not in line) + "\n"


@pytest.fixture
def holed(ingest):
    """A run of five consumers of whom C3 lacks every second reading."""
    assert ingest(HOLES).code == 0


def test_summary_adds_up_the_table(holed, crocs):
    ended = crocs("quality", "--run", "run")
    assert ended.code == 0
    summary = json.loads(ended.out)
    table = counts()
    assert summary["consumers"] == 5
    for name in COUNTS:
        assert summary["counts"][name] == sum(int(row[name]) for row in table.values())
    assert summary["shares"]["days_incomplete"] == pytest.approx(0.2)
    assert summary["shares"]["consumers_without_days"] == pytest.approx(0.2)
    assert json.loads(Path("run/quality/summary.json").read_text()) == summary


def test_days_add_up_for_every_consumer(holed):
    of_day = COUNTS[COUNTS.index("days_present") + 1 : COUNTS.index("days_used") + 1]
    for row in counts().values():
        assert int(row["days_present"]) == sum(int(row[name]) for name in of_day)


def weeks_of(meters):
    """Return readings of 14 days from a Monday; meters: {name: (days, slots left out of each day)}."""
    lines = ["id,time,kwh"]
    for name, (days, lacking) in meters.items():
        for day in range(1, days + 1):
            stamps = [(h, m) for h in range(24) for m in (0, 30)]
            lines += [f"{name},2024-01-{day:02d} {h:02d}:{m:02d},{h + 1}" for h, m in stamps[lacking:]]
    return "\n".join(lines) + "\n"


def test_shares_are_of_the_days_asked_for_and_the_worst_meters_come_first(ingest, crocs):
    meters = {"whole": (14, 0), "short": (3, 0), "holed": (14, 1), "other": (14, 0)}
    assert ingest(weeks_of(meters), "--days-type", "weekdays").code == 0
    ended = crocs("quality", "--run", "run", "--fail-on", "days_absent=0.175")
    assert ended.code == 0, ended.err
    summary = json.loads(ended.out)
    assert summary["counts"]["days_asked"] == 4 * 10, "weekends were not asked for"
    assert summary["counts"]["days_absent"] == 7
    expected = {"days_used": 23 / 40, "days_absent": 7 / 40, "days_incomplete": 10 / 40}
    assert {name: summary["shares"][name] for name in expected} == pytest.approx(expected)
    page = Path("run/quality/index.html").read_text()
    rows = re.findall(
        r'<th scope="row">(\w+)</th><td class="number">(\d+)</td><td class="number">(\d+)', page
    )
    assert rows == [("holed", "0", "10"), ("short", "3", "10")], "the others lost none"
    assert "7 without any reading" in page


DAYS = st.lists(st.integers(0, 30), min_size=10, max_size=10)


@given(st.lists(DAYS, min_size=1, max_size=4), st.integers(0, 40))
def test_every_day_asked_for_is_used_or_lost_for_one_reason(days, days_of_run):
    table = np.zeros((len(days), len(COUNTS)), dtype=np.int64)
    of_day = (*LEFT_OUT, "days_used")
    table[:, [COUNTS.index(name) for name in of_day]] = np.array(days)[:, : len(of_day)]
    table[:, COUNTS.index("days_present")] = table[
        :, COUNTS.index(LEFT_OUT[0]) : COUNTS.index("days_used") + 1
    ].sum(1)
    asked = days_asked(table, days_of_run)
    assert (asked >= days_of_run).all()
    assert (days_absent(table, asked) >= 0).all()
    found = shares(table, asked)
    whole = sum(found[name] for name in ("days_absent", *of_day) if name not in NOT_ASKED)
    assert whole == pytest.approx(1.0 if asked.any() else 0.0)


def test_page_stands_by_itself_and_names_who_lost_most(holed, crocs):
    assert crocs("quality", "--run", "run").code == 0
    page = Path("run/quality/index.html").read_text()
    body = page[page.index("<body>") : page.index("</body>") + 7]
    pictures = ElementTree.fromstring(body).findall(".//{http://www.w3.org/2000/svg}svg")
    assert len(pictures) == 3
    assert all(picture.get("aria-label") for picture in pictures)
    assert "http:" not in page.replace("http://www.w3.org", "")
    assert "https:" not in page
    assert ">C3</th>" in page
    assert ">C0</th>" not in page, "it lost no day"
    before = digests(Path("run"))
    assert crocs("quality", "--run", "run").code == 0
    assert digests(Path("run")) == before


@pages.at_each_width("report/quality.html")
def test_a_browser_shows_the_page_whole(browser, holed, crocs, width):
    assert crocs("quality", "--run", "run").code == 0
    assert pages.faults(browser, Path("run/quality/index.html"), width) == []


def test_thresholds_fail_a_script(holed, crocs):
    assert crocs("quality", "--run", "run", "--fail-on", "days_incomplete=0.2").code == 0
    ended = crocs("quality", "--run", "run", "--fail-on", "days_incomplete=0.1", "--fail-on", "invalid=0")
    assert ended.code == 1
    assert ended.err.strip() == (
        "crocs: run: too poor: days_incomplete 0.2 (at most 0.1); see run/quality/index.html"
    )
    assert json.loads(ended.out)["consumers"] == 5


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("days_incomplete", "--fail-on: write NAME=SHARE, such as days_incomplete=0.05"),
        ("day=0.1", "--fail-on: no share day; there are invalid, off_grid, "),
    ],
)
def test_wrong_thresholds_are_wrong_calls(holed, crocs, text, said):
    ended = crocs("quality", "--run", "run", "--fail-on", text)
    assert ended.code == 2
    assert said in ended.err


def test_a_run_without_a_table_is_one_line(crocs, tmp_path):
    ended = crocs("quality", "--run", tmp_path)
    assert ended.err.strip() == f"crocs: {tmp_path}/quality.csv: no such file; run `crocs ingest` first"
    (tmp_path / "quality.csv").write_text("a,b\n1,2\n")
    assert "not what `crocs ingest` wrote" in crocs("quality", "--run", tmp_path).err


def test_a_run_without_any_usable_day_still_has_its_report(ingest, crocs):
    assert ingest(GOOD, "--days-from", "2020-01-01").code == 1
    ended = crocs("quality", "--run", "run")
    assert ended.code == 0
    assert json.loads(ended.out)["shares"]["days_outside_range"] == 1.0


def test_every_reason_to_leave_days_out_has_a_setting_that_is_there():
    assert set(SETTINGS) == {*LEFT_OUT, *MORE_LEFT_OUT}
    known = {".".join(("ingest", *keys)) for keys, _ in option_paths(IngestSettings)}
    assert {name for names in SETTINGS.values() for name in names.split(" and ")} <= known


def test_what_was_read_is_said_and_who_has_few_days(crocs, tmp_path):
    lines = ["id,time,kwh"]
    for name, days in (("long", 12), ("short", 2)):
        for day in range(1, days + 1):
            lines += [f"{name},2024-01-{day:02d} {h:02d}:{m:02d},{h + 1}" for h in range(24) for m in (0, 30)]
    path = tmp_path / "meters.csv"
    path.write_text("\n".join(lines) + "\n")
    ended = crocs("ingest", "--run", tmp_path / "run", "--columns-energy", "kwh", path)
    assert ended.code == 0, ended.err
    assert ended.out.splitlines() == [
        f"{tmp_path}/run: 1 shard of daily load profiles",
        "2 consumers, 14 days from 2024-01-01 to 2024-01-12",
        "fewer than 10 days: short has 2 days; their segments say little",
    ]
