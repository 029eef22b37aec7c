"""What a programme did: placebo, a planted effect, balance, and errors in one line."""

import csv
import datetime as dt
import functools
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from crocs_cli.machine import files
from crocs_cli.machine.team import Team
from crocs_cli.machine.work import bring_up_to_date
from crocs_cli.report.impact import COLUMNS
from crocs_cli.rundir.layouts import PROFILES
from crocs_cli.rundir.programme_settings import ImpactSettings
from crocs_cli.rundir.run import Run
from crocs_cli.stages import impact, matching
from crocs_cli.stages.programme import Programme
from tests import made_run
from tests.conftest import data, digests, finish, mpiexec, start

START = "2013-02-01"
DAY = (dt.date(2013, 2, 1) - dt.date(1970, 1, 1)).days
EVENING = slice(34, 40)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return made_run.make(tmp_path_factory.mktemp("impact") / "run", consumers=160, days=60, shard_size=64)


@pytest.fixture
def run(made, tmp_path):
    return shutil.copytree(made, tmp_path / "run")


def rows(path):
    with path.open() as lines:
        return list(csv.DictReader(lines))


def listed(path, names, head=""):
    path.write_text("\n".join([head, *names] if head else names))
    return path


def names_of(numbers):
    return [f"S{number:07d}" for number in numbers]


@pytest.fixture
def treated(tmp_path):
    chosen = np.random.default_rng(1).choice(160, 36, replace=False)
    return listed(tmp_path / "treated.csv", names_of(chosen))


def summary(crocs, run, *flags):
    ended = crocs("impact", "--run", run, *flags, "--json")
    assert ended.code == 0, ended.err
    return json.loads(ended.out)


class Draws:
    """Programmes of which nobody knows: random consumers of a run are treated, nothing is done to them."""

    def __init__(self, run, clusters, start):
        self.run, self.clusters, self.start = Run(run), clusters, start
        names, label = self.run.labels(clusters)
        self.segment = dict(zip(names.tolist(), label.tolist(), strict=True))
        parts = self.run.profiles().each(("date",))
        self.date = np.unique(np.concatenate([part["date"] for part in parts]))
        first = self.programme(names.tolist(), 1)
        products = matching.before_products(first)
        bring_up_to_date(products, functools.partial(matching.sets_before, first), Team(), "before")
        self.members = matching.candidates(first, products)
        self.days = impact.read_days(first, set(names.tolist()))

    def programme(self, treated, seed):
        settings = ImpactSettings(clusters=self.clusters, treated=Path("treated.csv"))
        start = dict.fromkeys(treated, self.start)
        return Programme(self.run, self.run, settings, seed, start, frozenset(), self.date, self.segment)

    def placebo(self, count, draws):
        """Return whether each interval holds 0, (draws, F), and the balance of each draw, (draws, 3, 2)."""
        random, held, balance = np.random.default_rng(0), [], []
        for seed in range(draws):
            treated = random.choice(self.members.consumer_id, count, replace=False).tolist()
            known = self.programme(treated, seed)
            matched = matching.match(known, self.members)
            found = impact.sides(known, self.days, matched, 0).effect(known, None).interval
            held.append(~found.excludes_none())
            balance.append(list(matched.balance.values()))
        return np.array(held), np.abs(balance)


def test_500_programmes_without_an_effect_have_none(run):
    held, balance = Draws(run, 3, DAY).placebo(30, 500)
    for share in (held[:, 0].mean(), held[:, 1].mean(), held[:, 2:].mean()):
        assert 0.93 <= share <= 0.97
    matched, random = balance.mean(axis=0).T
    assert matched[0] < 0.7 * random[0], "mean kWh"
    assert matched[1] < 0.5 * random[1], "kWh of each"
    assert matched[2] < random[2], "load sets"


def test_500_programmes_of_real_households_without_an_effect_have_none(crocs, tmp_path):
    settings = {"ingest": {"files": [str(data("sgsc/sgsc_23x16months.csv.gz"))], "reader": "sgsc"}}
    (tmp_path / "my.yaml").write_text(json.dumps(settings))
    for call in (("ingest", "-c", tmp_path / "my.yaml"), ("stage1",), ("stage2", "--clusters", 1)):
        assert crocs(*call, "--run", tmp_path / "run").code == 0
    start = (dt.date(2013, 5, 1) - dt.date(1970, 1, 1)).days
    held, balance = Draws(tmp_path / "run", 1, start).placebo(10, 500)
    for share in (held[:, 0].mean(), held[:, 1].mean(), held[:, 2:].mean()):
        assert 0.93 <= share <= 0.97
    matched, random = balance.mean(axis=0).T
    assert (matched < random)[1:].all()


def plant(run, names, first_day, share):
    """Take a share of the evening's kWh from some consumers' days from a day on."""
    for path in sorted((run / "profiles").iterdir()):
        read, made_by = files.read(path, PROFILES), files.read_recipe(path, PROFILES)
        owner = np.repeat(np.isin(read["consumer_id"], names), np.diff(read["day_offset"]))
        later = owner & (read["date"] >= first_day)
        read["energy_kwh"][later, EVENING] *= 1 - share
        files.write(path, PROFILES, read, made_by)


def test_a_planted_effect_of_5_percent_is_found_with_its_interval(crocs, tmp_path):
    run = made_run.make(tmp_path / "run", with_rrls=False, consumers=800, days=60, shard_size=400)
    names = names_of(np.random.default_rng(2).choice(800, 240, replace=False))
    call = ("--clusters", 3, "--treated", listed(tmp_path / "t.csv", names), "--start", START)
    none = summary(crocs, run, *call)["effects"][-1]["window_kw"]
    assert none["low"] < 0 < none["high"]
    shutil.rmtree(run / "impact")
    plant(run, names, DAY, 0.05)
    found = summary(crocs, run, *call)
    effect = found["effects"][-1]["window_kw"]
    assert effect["high"] < 0
    true = -0.05 * effect["treated_after"] / 0.95
    assert effect["low"] < true < effect["high"]
    table = [row for row in rows(run / "impact/3/effects.csv") if row["cluster"] == ""]
    slots = [float(row["effect"]) for row in table if row["figure"] == "kw"]
    assert np.mean(slots[EVENING]) == pytest.approx(effect["effect"], rel=1e-9)
    assert sum(slots) / 2 == pytest.approx(found["effects"][-1]["daily_kwh"]["effect"], rel=1e-9)
    assert abs(np.mean(slots[:34])) < abs(effect["effect"]) / 5, "nothing was done at other times"


def test_tables_and_summary_agree_and_are_described(crocs, run, treated):
    found = summary(crocs, run, "--clusters", 3, "--treated", treated, "--start", START)
    folder = run / "impact/3"
    tables = {name: rows(folder / f"{name}.csv") for name in COLUMNS}
    assert {name: list(table[0]) for name, table in tables.items()} == {
        name: list(columns) for name, columns in COLUMNS.items()
    }
    for effect in found["effects"]:
        for name in ("daily_kwh", "window_kw"):
            row = next(
                row for row in tables["effects"]
                if row["figure"] == name and row["cluster"] == str(effect["cluster"] or "")
            )  # fmt: skip
            for key in ("effect", "low", "high", "treated_before", "treated_after"):
                assert float(row[key]) == pytest.approx(effect[name][key], rel=1e-9)
            changes = [
                float(row[key])
                for key in ("treated_before", "treated_after", "others_before", "others_after")
            ]
            assert changes[1] - changes[0] - changes[3] + changes[2] == pytest.approx(effect[name]["effect"])
    shown = [row["excludes_0"] == "true" for row in tables["placebo"] if row["figure"] == "daily_kwh"]
    assert found["placebo"]["daily_kwh"] == {"fake_starts": len(shown), "excludes_0": sum(shown)}
    assert 2 <= len(shown) <= 10
    own = {row["consumer_id"] for row in tables["matches"]}
    other = [row["match_id"] for row in tables["matches"]]
    assert len(own) == found["treated"] == 36
    assert len(other) == len(set(other)) == found["controls"]
    assert not own & set(other)
    assert (found["first_date"], found["last_date"], found["days"]) == ("2013-01-01", "2013-03-01", 60)
    assert crocs("report", "--run", run, "--clusters", 3).code == 0
    page = (run / "report/3/index.html").read_text()
    assert f"<summary>36 treated against {len(other)} matched consumers, begun 2013-02-01</summary>" in page
    assert rows(run / "report/3/impact-effects.csv") == tables["effects"]
    said = crocs("impact", "--run", run, "--clusters", 3, "--treated", treated, "--start", START).out
    assert f"36 treated against {len(other)} matched consumers; days from 2013-01-01 to 2013-03-01" in said


def test_shares_give_what_one_call_gives(crocs, made, tmp_path, treated):
    alone, shared = (shutil.copytree(made, tmp_path / name) for name in ("alone", "shared"))
    call = ("--clusters", 3, "--treated", treated, "--start", START)
    assert crocs("impact", "--run", alone, *call).code == 0
    first = crocs("impact", "--run", shared, *call, "--share", "1/2")
    assert first.out == f"{shared / 'impact'}: this share is done; call it again when the others are\n"
    assert crocs("impact", "--run", shared, *call, "--share", "2/2").code == 0
    assert digests(alone) == digests(shared)


def test_two_ranks_make_the_same_bytes(crocs, made, tmp_path, treated):
    alone, ranked = (shutil.copytree(made, tmp_path / name) for name in ("alone", "ranked"))
    call = ("--clusters", 3, "--treated", treated, "--start", START)
    assert crocs("impact", "--run", alone, *call).code == 0
    ended = finish(start("impact", "--run", ranked, *call, launcher=mpiexec(2)))
    assert ended.code == 0, ended.err
    assert ended.out.count("36 treated against") == 1, "one rank speaks"
    assert digests(alone) == digests(ranked)


def test_a_control_group_is_taken_as_it_is(crocs, run, treated, tmp_path):
    ids = set(treated.read_text().split())
    control = listed(tmp_path / "control.csv", sorted(set(names_of(range(160))) - ids), "consumer_id")
    call = ("--clusters", 3, "--treated", treated, "--start", START, "--control", control)
    found = summary(crocs, run, *call)
    assert (found["treated"], found["controls"], found["matched"]) == (36, 124, False)
    assert found["balance"] == {}
    assert not (run / "impact/3/matches.csv").exists()
    parts = [files.read(path, PROFILES) for path in sorted((run / "profiles").iterdir())]
    kwh = np.concatenate([part["energy_kwh"] for part in parts]).sum(axis=1, dtype=float).reshape(160, 60)
    moved = kwh[:, 31:].mean(axis=1) - kwh[:, :31].mean(axis=1)
    names, label = Run(run).labels(3)
    inside = np.isin(names, sorted(ids))
    plain = np.mean([moved[i] - moved[~inside & (label == label[i])].mean() for i in np.flatnonzero(inside)])
    assert found["effects"][-1]["daily_kwh"]["effect"] == pytest.approx(plain, rel=1e-4)


def test_two_runs_are_before_and_after_and_behaviours_are_those_of_compare(crocs, tmp_path):
    early = made_run.profiles(tmp_path / "early", consumers=40, days=60, shard_size=64)
    late = shutil.copytree(early, tmp_path / "late")
    for run, keep in ((early, slice(0, 31)), (late, slice(31, 60))):
        path = run / "profiles/00000.h5"
        read, made_by = files.read(path, PROFILES), files.read_recipe(path, PROFILES)
        read["energy_kwh"] = read["energy_kwh"].reshape(40, 60, 48)[:, keep].reshape(-1, 48)
        read["date"] = read["date"].reshape(40, 60)[:, keep].ravel()
        read["day_offset"] = np.arange(41) * len(read["date"]) // 40
        files.write(path, PROFILES, read, made_by)
    assert crocs("stage1", "--run", early, "--prototypes", 6).code == 0
    assert crocs("stage2", "--run", early, "--clusters", 2).code == 0
    assert crocs("rrls", "--run", early, "--clusters", 2, "--communities", 4).code == 0
    others = listed(tmp_path / "control.txt", names_of(range(0, 40, 2)))
    own = listed(tmp_path / "treated.csv", names_of(range(1, 40, 2)))
    found = summary(
        crocs, late, "--before", early, "--clusters", 2, "--treated", own, "--control", others
    )  # fmt: skip
    assert (found["treated"], found["controls"], found["first_start"]) == (20, 20, "2013-02-01")
    ended = crocs("compare", "--run", late, "--with", early, "--clusters", 2, "--control", others, "--json")
    compared = json.loads(ended.out)["prevalence"]
    assert [(row["cluster"], row["behaviour"]) for row in found["behaviours"]] == [
        (row["cluster"], row["behaviour"]) for row in compared
    ]
    for row, same in zip(found["behaviours"], compared, strict=True):
        for key, value in row.items():
            assert value == (pytest.approx(same[key], rel=1e-9) if isinstance(value, float) else same[key]), (
                key
            )


@pytest.mark.parametrize(
    ("lines", "flags", "told", "code"),
    [
        ([], ("--start", START), "treated.csv: no consumer id in it", 1),
        (["nobody"], ("--start", START), "treated.csv: 1 ids, such as nobody, are not in", 1),
        (["S0000001"], (), "--start: no date for S0000001; give --start", 2),
        (["S0000001,soon"], (), "treated.csv:1: 'soon' is no date; write it as 2013-01-31", 1),
        (
            ["consumer_id,start", "S0000001,1999-01-01"],
            (),
            "S0000001 began on 1999-01-01, and the run's days",
            1,
        ),
        (["S0000001,2013-02-01", "S0000001,2013-02-02"], (), "treated.csv:2: S0000001 has two dates", 1),
        (
            ["S0000001"],
            ("--start", START, "--control", "treated.csv"),
            "S0000001, are treated and control at",
            1,
        ),
        (
            ["S0000001"],
            ("--start", "2013-01-05"),
            "none of the 1 treated consumers has 7 days before and",
            1,
        ),
        (names_of(range(120)), ("--start", START), "others, too few to match; take some out", 1),
        (["S0000001"], ("--start", START, "--control", "none.csv"), "none.csv: no consumer id in it", 1),
        (
            ["S0000001"],
            ("--start", START, "--window", "17:10-18:00"),
            "--window: 17:10-18:00 begins or ends",
            2,
        ),
        (["S0000001"], ("--start", START, "--before", "run"), "--before: before and start are two ways", 2),
    ],
)
def test_what_cannot_be_is_said_in_a_line(crocs, run, tmp_path, monkeypatch, lines, flags, told, code):
    monkeypatch.chdir(tmp_path)
    listed(tmp_path / "treated.csv", lines)
    listed(tmp_path / "none.csv", [])
    ended = crocs("impact", "--run", run, "--clusters", 3, "--treated", "treated.csv", *flags)
    assert (ended.code, ended.err.count("\n")) == (code, 1), ended.err
    assert told in ended.err
    assert not (run / "impact/3").exists()


def test_no_file_of_treated_is_a_wrong_call(crocs, run):
    ended = crocs("impact", "--run", run, "--clusters", 3)
    assert (ended.code, ended.err) == (
        2,
        "crocs: --treated: no file of those who took part; give --treated ids.csv\n",
    )


def test_status_knows_it_and_what_makes_it_stale(crocs, run, treated):
    summary(crocs, run, "--clusters", 3, "--treated", treated, "--start", START)
    steps = {step["name"]: step for step in json.loads(crocs("status", "--run", run, "--json").out)["steps"]}
    assert steps["load sets before 2013-02-01"]["state"] == steps["impact 3"]["state"] == "made"
    plant(run, names_of([1]), DAY, 0.5)
    path = run / "profiles/00000.h5"
    made_by = files.read_recipe(path, PROFILES)
    files.write(path, PROFILES, files.read(path, PROFILES), made_by | {"inputs": {"other": "readings"}})
    steps = {step["name"]: step for step in json.loads(crocs("status", "--run", run, "--json").out)["steps"]}
    assert steps["load sets before 2013-02-01"]["state"] == steps["impact 3"]["state"] == "stale"
