"""Two segments side by side: figures as in the report, and words that hold of these two."""

import csv
import json
import re

import numpy as np
import pytest

from crocs_cli.rundir.run import Run
from tests import made_run, pages


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return made_run.make(tmp_path_factory.mktemp("pair") / "run", outliers=3)


def rows(path):
    return list(csv.DictReader(path.open()))


def test_the_figures_are_those_of_the_report(crocs, run):
    ended = crocs("compare", "--run", run, "--clusters", 3, "--segments", "3,1", "--json")
    assert ended.code == 0, ended.err
    found = json.loads(ended.out)
    assert crocs("report", "--run", run, "--clusters", 3).code == 0
    report = {int(row["cluster"]): row for row in rows(run / "report" / "3" / "segments.csv")}
    assert [one["number"] for one in found["segments"]] == [3, 1]
    for one in found["segments"]:
        row = report[one["number"]]
        assert (one["name"], str(one["consumers"])) == (row["segment_name"], row["consumers"])
        for name in ("consumer_share", "energy_share", "mean_daily_kwh", "peak_part"):
            assert one[name] == pytest.approx(float(row[name]), rel=1e-5)
    sheet = rows(run / "side-by-side" / "3" / "3-1" / "day.csv")
    day = {(row["cluster"], float(row["hour"])): row for row in rows(run / "report" / "3" / "day.csv")}
    assert {row["cluster"] for row in sheet} == {"1", "3"}
    for row in sheet:
        wanted = float(day[row["cluster"], float(row["hour"])]["mean_kwh"])
        assert float(row["mean_kwh"]) == pytest.approx(wanted, rel=1e-5)


@pages.at_each_width("report/pair.html")
def test_a_browser_shows_the_sheet_whole(browser, crocs, run, width):
    assert crocs("compare", "--run", run, "--clusters", 3, "--segments", "1,2").code == 0
    assert pages.faults(browser, run / "side-by-side" / "3" / "1-2" / "index.html", width) == []


def test_what_is_said_is_of_these_two(crocs, run):
    said = crocs("compare", "--run", run, "--clusters", 3, "--segments", "1,2").out.splitlines()
    assert said[0] == f"{run}/side-by-side/3/1-2/index.html"
    (more,) = [line for line in said if re.match(r"Segment 1 uses more of its energy between", line)]
    first, last, own, other = re.search(
        r"between (\d\d):\d\d and (\d\d):\d\d: (\d+)% against (\d+)%", more
    ).groups()
    days = np.array([day_of(run, number) for number in (0, 1)])
    hours = np.arange(48) / 2
    inside = (hours >= int(first)) & (hours < int(last))
    shares = days[:, inside].sum(axis=1) / days.sum(axis=1)
    assert shares == pytest.approx([int(own) / 100, int(other) / 100], abs=0.05)
    assert shares[0] > shares[1]
    behaviours = [line for line in said if line.startswith("Days like behaviour")]
    assert len(behaviours) == 2, "one of each"
    for line in behaviours:
        own, there = map(int, re.findall(r"(\d+)%", line))
        assert own > there


def day_of(run, number):
    label, at, means = Run(run).labels(3)[1], 0, []
    for read in Run(run).profiles().each():
        days = np.diff(read["day_offset"])
        sums = np.add.reduceat(read["energy_kwh"].astype(float), read["day_offset"][:-1]) / days[:, None]
        means.append(sums[label[at : at + len(days)] == number])
        at += len(days)
    return np.concatenate(means).mean(axis=0)


def test_a_sheet_that_is_right_stays_and_one_without_behaviours_says_what_finds_them(crocs, tmp_path):
    run = made_run.make(tmp_path / "run", with_rrls=False)
    call = ("compare", "--run", run, "--clusters", 3, "--segments", "1,2")
    assert crocs(*call).code == 0
    page = run / "side-by-side" / "3" / "1-2" / "index.html"
    assert "<code>crocs rrls --clusters 3</code> finds them" in page.read_text()
    written = page.stat().st_mtime_ns
    assert crocs(*call).code == 0
    assert page.stat().st_mtime_ns == written


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("--clusters", 3, "--segments", "1,4"), 2, "--segments: there are 3 segments, from 1 to 3"),
        (("--clusters", 3, "--segments", "2,2"), 2, "--segments: name two different segments, such as 2,4"),
        (("--clusters", 3, "--segments", "2"), 2, "--segments: name two different segments, such as 2,4"),
        (("--clusters", 3, "--segments", "1,2", "--with", "x"), 2, "segments are of one run"),
        (("--clusters", 7, "--segments", "1,2"), 1, "no partition into 7 segments, only 2, 3"),
        (("--clusters", 3), 2, "no run of the earlier period; give --with RUN, or --segments A,B"),
    ],
)  # fmt: skip
def test_faults_are_one_line(crocs, run, arguments, code, said):
    ended = crocs("compare", "--run", run, *arguments)
    assert (ended.code, ended.err.count("\n")) == (code, 1)
    assert said in ended.err
