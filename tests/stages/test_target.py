"""Whom to ask: tables that agree, shares that give the same, and errors that say what is possible."""

import csv
import json
import shutil

import numpy as np
import pytest

from crocs_cli.machine import files
from crocs_cli.maths.programmes import target
from crocs_cli.report.target import COLUMNS
from crocs_cli.rundir.layouts import PROFILES, RRLS, USES
from crocs_cli.stages.target import by_date
from tests import made_run
from tests.conftest import data, digests, finish, mpiexec, start

ASKED = ("--clusters", 3, "--goal", "6kW", "--window", "17:00-20:00")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return made_run.make(tmp_path_factory.mktemp("target") / "run", consumers=60, days=40)


@pytest.fixture
def run(made, tmp_path):
    return shutil.copytree(made, tmp_path / "run")


def rows(path):
    with path.open() as lines:
        return list(csv.DictReader(lines))


def numbers(table, name):
    return np.array([float(row[name]) for row in table])


def summary(crocs, run, *flags):
    ended = crocs("target", "--run", run, *flags, "--json")
    assert ended.code == 0, ended.err
    return json.loads(ended.out)


def test_list_curve_and_summary_agree(crocs, run):
    found = summary(crocs, run, *ASKED)
    folder = run / "target" / "3"
    listed, curve = rows(folder / "target.csv"), rows(folder / "curve.csv")
    assert len(listed) == found["asked"] < found["candidates"] == 60
    assert numbers(listed, "expected_kw").sum() == pytest.approx(found["expected_kw"], rel=1e-9)
    at = curve[found["asked"] - 1]
    for column, figure in (("expected_kw", "expected_kw"), ("sure_kw", "sure_kw"), ("chance", "chance")):
        assert float(at[column]) == pytest.approx(found[figure], rel=1e-9)
    assert found["sure_kw"] >= 6.0 > float(curve[found["asked"] - 2]["sure_kw"])
    assert found["chance"] >= 0.9 > float(curve[found["asked"] - 2]["chance"])
    for name, total in (("asked", found["asked"]), ("expected_kw", found["expected_kw"]), ("candidates", 60)):
        assert sum(row[name] for row in found["segments"]) == pytest.approx(total)
    assert (found["first_date"], found["last_date"], found["days"]) == ("2013-01-01", "2013-02-09", 40)
    assert (numbers(listed, "expected_kw") <= numbers(listed, "window_kw")).all(), "bounded by what is used"
    said = crocs("target", "--run", run, *ASKED).out
    assert f"ask {found['asked']} of 60 candidates: {found['expected_kw']:.2f} kW expected" in said
    assert "40 days from 2013-01-01 to 2013-02-09" in said
    assert {path: list(table[0]) for path, table in (("target", listed), ("curve", curve))} == {
        name: list(columns) for name, columns in COLUMNS.items()
    }


def test_the_use_in_the_window_is_that_of_the_profiles(crocs, run):
    summary(crocs, run, *ASKED)
    for path in sorted((run / "profiles").iterdir()):
        read, used = files.read(path, PROFILES), files.read(run / "target/3/1700-2000" / path.name, USES)
        np.testing.assert_allclose(used["kw"], read["energy_kwh"][:, 34:40].sum(axis=1) / 3, rtol=1e-6)
        np.testing.assert_array_equal(used["date"], read["date"])
    labels = crocs("export", "--run", run, "--clusters", 3, "--what", "day-labels", run / "labels.csv")
    assert labels.code == 0
    exported = [int(row["behaviour"] or 0) - 1 for row in rows(run / "labels.csv")]
    parts = [files.read(path, USES) for path in sorted((run / "target/3/1700-2000").iterdir())]
    assert np.concatenate([part["behaviour"] for part in parts]).tolist() == exported


def test_shares_give_what_one_call_gives(crocs, made, tmp_path):
    alone, shared = (shutil.copytree(made, tmp_path / name) for name in ("alone", "shared"))
    assert crocs("target", "--run", alone, *ASKED).code == 0
    first = crocs("target", "--run", shared, *ASKED, "--share", "1/2")
    assert first.out == f"{shared / 'target'}: this share is done; call it again when the others are\n"
    assert not (shared / "target/3/target.csv").exists()
    assert crocs("target", "--run", shared, *ASKED, "--share", "2/2").code == 0
    assert digests(alone) == digests(shared)


def test_two_ranks_make_the_same_bytes(crocs, made, tmp_path):
    alone, ranked = (shutil.copytree(made, tmp_path / name) for name in ("alone", "ranked"))
    assert crocs("target", "--run", alone, *ASKED).code == 0
    ended = finish(start("target", "--run", ranked, *ASKED, launcher=mpiexec(2)))
    assert ended.code == 0, ended.err
    assert ended.out.count("of 60 candidates") == 1, "one rank speaks"
    assert digests(alone) == digests(ranked)


def test_who_is_left_out_is_not_asked_and_is_counted(crocs, run, tmp_path):
    asked = (*ASKED, "--goal", 3)
    everybody = summary(crocs, run, *asked)
    listed = rows(run / "target/3/target.csv")
    (tmp_path / "no.txt").write_text("\n".join(row["consumer_id"] for row in listed[:3]))
    least = 8.0
    found = summary(crocs, run, *asked, "--exclude", tmp_path / "no.txt", "--min-daily-kwh", least)
    again = rows(run / "target/3/target.csv")
    assert not {row["consumer_id"] for row in listed[:3]} & {row["consumer_id"] for row in again}
    assert numbers(again, "daily_kwh").min() >= least
    assert found["left_out"]["excluded"] == 3
    assert found["candidates"] == 60 - sum(found["left_out"].values())
    assert found["left_out"]["below min_daily_kwh"] > 0
    assert found["asked"] > everybody["asked"]


def test_fewer_respond_and_more_are_asked(crocs, run):
    asked = [
        summary(crocs, run, *ASKED, "--goal", 3, "--response", rate)["asked"] for rate in ("1", "0.8", "0.6")
    ]
    assert asked == sorted(asked)
    assert asked[0] < asked[-1]
    found = summary(crocs, run, *ASKED, "--goal", 1, "--response", "1=0.01,1")
    assert found["segments"][0]["asked"] == 0, "of whom hardly anybody responds"


def test_without_a_goal_it_shows_what_there_is(crocs, run):
    found = summary(crocs, run, "--clusters", 3)
    assert found["goal_kw"] is found["chance"] is None
    assert found["sure_kw"] == found["most_kw"]
    reached = summary(crocs, run, "--clusters", 3, "--goal", found["most_kw"] * 0.999)
    assert reached["asked"] <= found["asked"]


@pytest.mark.parametrize(
    ("flags", "told", "code"),
    [
        (("--goal", "3MW"), "3000 kW in 17:00-20:00 with probability 0.9 is more than its 60 candidates", 1),
        (("--exclude", "ids.txt"), "1 ids, such as nobody, are not in", 1),
        (("--exclude", "none.txt"), "none.txt: no such file", 1),
        (("--min-daily-kwh", 1e6), "nobody may be asked, of 60 consumers 60 below min_daily_kwh", 1),
        (("--response", "1=0.5"), "--response: nothing said of segment 2, 3; add a share", 2),
        (("--response", "4=0.5,1"), "--response: there are 3 segments and no segment 4", 2),
        (("--response", "0"), "--response: write a share above 0", 2),
        (("--window", "17:10-20:00"), "--window: 17:10-20:00 begins or ends within a slot of 30 min", 2),
        (("--window", "5pm"), "--window: write a window as 17:00-20:00", 2),
        (("--goal", "much"), "--goal: a power is written as 200kW or 2MW", 2),
        (("--goal", "-1"), "--goal: input should be greater than 0", 2),
        (("--probability", "1"), "--probability: input should be less than or equal to 0.99", 2),
    ],
)
def test_what_cannot_be_is_said_in_a_line(crocs, run, monkeypatch, flags, told, code):
    monkeypatch.chdir(run)
    (run / "ids.txt").write_text("nobody\n")
    ended = crocs("target", "--run", run, *ASKED, *flags)
    assert (ended.code, ended.err.count("\n")) == (code, 1), ended.err
    assert told in ended.err
    assert not (run / "target/3/summary.json").exists()


def test_the_most_that_is_possible_is_possible(crocs, run):
    refused = crocs("target", "--run", run, *ASKED, "--goal", "3MW").err
    most = float(refused.split("the most is ")[1].split(" kW")[0])
    assert summary(crocs, run, *ASKED, "--goal", most * 0.99)["goal_kw"] == most * 0.99


def test_status_knows_the_list_and_what_makes_it_stale(crocs, run):
    summary(crocs, run, *ASKED)
    steps = {step["name"]: step for step in json.loads(crocs("status", "--run", run, "--json").out)["steps"]}
    assert steps["uses 3 17:00-20:00"]["state"] == steps["target 3"]["state"] == "made"
    assert steps["target 3"]["settings"]["goal"] == 6.0
    path = run / "rrls/3/01.h5"
    shutil.copy(run / "rrls/3/02.h5", path)
    read, made_by = files.read(path, RRLS), files.read_recipe(path, RRLS)
    files.write(path, RRLS, read, made_by | {"key": "01", "settings": {"clusters": 3, "other": 1}})
    steps = {step["name"]: step for step in json.loads(crocs("status", "--run", run, "--json").out)["steps"]}
    assert steps["uses 3 17:00-20:00"]["state"] == steps["target 3"]["state"] == "stale"


def test_fewer_real_households_are_asked_than_by_their_kwh(crocs, tmp_path):
    run = tmp_path / "run"
    settings = {"ingest": {"files": [str(data("sgsc/sgsc_23x16months.csv.gz"))], "reader": "sgsc"}}
    (tmp_path / "my.yaml").write_text(json.dumps(settings))
    for call in (
        ("ingest", "-c", tmp_path / "my.yaml"),
        ("stage1",),
        ("stage2", "--clusters", 2),
        ("rrls", "--clusters", 2),
    ):
        assert crocs(*call, "--run", run).code == 0
    goal = 0.7 * summary(crocs, run, "--clusters", 2)["most_kw"]
    found = summary(crocs, run, "--clusters", 2, "--goal", goal)
    assert found["asked"] < 0.8 * min(found["asked_by_daily_kwh"] or 23, found["asked_by_window_kw"] or 23)
    parts = [files.read(path, USES) for path in sorted((run / "target/2/1700-2000").iterdir())]
    date = np.unique(parts[0]["date"])
    kw, behaviour = by_date(parts, np.ones(23, dtype=bool), date)
    use, early = target.Use(kw, behaviour, np.ones(23)), np.arange(len(date)) < 320
    curves = list(target.curves(use.days(early), 0.9))
    goal = 0.7 * max(curve.sure(0.9).max() for curve in curves)
    curve, count = target.fewest(curves, goal, 0.9)
    later = target.measure(use.days(early)).on(use.days(~early))[curve.order[:count]]
    given = np.where(np.isnan(later), np.nanmean(later, axis=1, keepdims=True), later).sum(axis=0)
    print(found, goal, count, given.mean(), (given >= goal).mean())
    assert (given >= goal).mean() >= 0.87, "on half a year that was not used"


def test_the_report_shows_what_was_asked_for_and_no_ids(crocs, run):
    assert crocs("report", "--run", run, "--clusters", 3).code == 0
    page = (run / "report/3/index.html").read_text()
    assert "Whom to ask" not in page
    found = summary(crocs, run, *ASKED)
    assert crocs("report", "--run", run, "--clusters", 3).code == 0
    page = (run / "report/3/index.html").read_text()
    assert "Whom to ask" in page
    said = f"{found['asked']} of 60 candidates: {found['sure_kw']:.1f} kW in 17:00-20:00 with probability 0.9"
    assert f"<summary>{said}</summary>" in page
    assert rows(run / "report/3/target-curve.csv") == rows(run / "target/3/curve.csv")
