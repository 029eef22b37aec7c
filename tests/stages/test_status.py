"""What status says of a run is so, and what it says to do next does it."""

import json
import re
import shlex
import shutil
from pathlib import Path

import numpy as np
import pytest

from crocs_cli import __main__
from crocs_cli.stages import stage1
from tests.conftest import digests


@pytest.fixture
def run(crocs, tmp_path):
    crocs("synth", "--run", tmp_path, "--consumers", 300, "--days", 6, "--shard-size", 30)
    return tmp_path


def arrays(crocs, run, shares):
    steps = json.loads(crocs("status", "--run", run, "--shares", shares, "--json").out)["steps"]
    return {step["name"]: step["array"] for step in steps}


def elements(array):
    for part in array.split(","):
        first, _, last = part.partition("-")
        yield from range(int(first), int(last or first) + 1)


def test_before_a_step_all_its_shares_are_named(crocs, run):
    expected = {"profiles": "", "stage1": "1-4", "distances": "1-4", "partition": "1-4", "truth": ""}
    assert arrays(crocs, run, 4) == expected
    assert arrays(crocs, run, 12)["stage1"] == "1-10", "ten shards leave two shares idle"


def test_the_named_shares_make_exactly_what_is_missing(crocs, run):
    assert crocs("stage1", "--run", run, "--prototypes", 2).code == 0
    assert crocs("stage2", "--run", run, "--clusters", 2).code == 0
    whole = digests(run)
    lost = ("rls/00002.h5", "rls/00007.h5", "wsmd/001-002.h5", "wsmd/003-003.h5", "partitions/2.h5")
    for name in lost:
        (run / name).unlink()
    named = arrays(crocs, run, 5)
    assert named["stage1"] == "3", "2 and 7 are both of the third share of five"
    for share in elements(named["stage1"]):
        crocs("stage1", "--run", run, "--prototypes", 2, "--share", f"{share}/5")
    for share in elements(named["distances"]):
        crocs("stage2", "--run", run, "--clusters", 2, "--share", f"{share}/5")
    assert digests(run) == whole


def test_a_line_says_it_in_words(crocs, run):
    crocs("stage1", "--run", run, "--prototypes", 2)
    (run / "rls" / "00004.h5").unlink()
    said = crocs("status", "--run", run, "--shares", 10).out
    assert re.search(r"^stage1 +partly +9 of 10, missing: 00004, --array=5$", said, re.M)


def status(crocs, run):
    """Return {product: its step}, and what to do next."""
    ended = crocs("status", "--run", run, "--json")
    assert ended.code == 0, ended.err
    found = json.loads(ended.out)
    assert found["run"] == str(run)
    steps = {step["name"]: step for step in found["steps"]}
    for line, step in zip(crocs("status", "--run", run).out.splitlines(), found["steps"], strict=False):
        assert re.match(rf"{step['name']} +{step['state']}\b", line), "a line for each, and the same"
    return steps, found["next"]


def states(crocs, run):
    return {name: step["state"] for name, step in status(crocs, run)[0].items()}


def follow(crocs, run, command):
    """Do what status says to do next."""
    place, _, call = command.rpartition(" elsewhere, then ")
    if place:
        for number, path in enumerate(map(Path, place.removeprefix("move ").split(" and "))):
            assert path.is_relative_to(run)
            path.rename(run.parent / f"moved-{len(list(run.parent.iterdir()))}-{number}")
    words = shlex.split(call)
    assert words[0] == "crocs"
    ended = crocs(*words[1:])
    assert ended.code == 0, (command, ended.err)


def follow_all(crocs, run):
    """Do what status says until nothing is left to do; return the calls."""
    done = []
    while (command := status(crocs, run)[1]) is not None:
        assert len(done) < 12, done
        follow(crocs, run, command)
        done.append(command)
    return done


SMALL = ("--consumers", 24, "--days", 16, "--clusters", 3, "--shapes", 2, "--shard-size", 8)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Return a run with every product but a screening, and one that was compared with it."""
    run, later = (tmp_path_factory.mktemp("made") / name for name in ("run", "later"))
    readings(run.parent / "readings.csv")
    of = ("--clusters", 2)
    for name, *rest in (
        ("ingest", run.parent / "readings.csv", "--shard-size", 8),
        ("quality",),
        ("stage1", "--prototypes", 2, "--window", "1h30min"),
        ("stage2", *of, "--clusters", 3),
        ("stability", "--samples", 2),
        ("rrls", *of, "--communities", 2),
        ("report", *of),
        ("report", *of, "--rule", "minimum:2"),
        ("forecast", *of, "--test-days", 2),
    ):
        assert __main__.run([name, "--run", str(run), *map(str, rest)]) == 0, name
    call = ["ingest", "--run", str(later), str(run.parent / "readings.csv")]
    assert __main__.run(call) == 0
    assert __main__.run(["compare", "--run", str(later), "--with", str(run), *map(str, of)]) == 0
    return run, later


def readings(path):
    """Write a long CSV of 16 consumers of two kinds and 16 days."""
    random = np.random.default_rng(1)
    lines = ["id,time,kwh"]
    for consumer in range(16):
        for day in range(16):
            peak = (14, 36)[consumer % 2] if day % 2 else 24
            kwh = 0.1 + (np.abs(np.arange(48) - peak) < 4) + 0.1 * random.random(48)
            start = np.datetime64("2024-01-01") + day
            lines += [
                f"c{consumer:02d},{start + np.timedelta64(30 * s, 'm')},{e:.3f}" for s, e in enumerate(kwh)
            ]
    path.write_text("\n".join(lines).replace("T", " "))


@pytest.fixture
def copied(made, tmp_path):
    """Return copies of the two runs, which may be changed."""
    return tuple(shutil.copytree(run, tmp_path / run.name) for run in made)


OF_DISTANCES = ("distances", "dendrogram")
OF_SEGMENTS = (
    "partition 2", "stability 2", "rrls 2", "report 2", "report-share-safe 2", "partition 3", "stability 3",
)  # fmt: skip


def test_every_product_is_listed_with_what_it_was_made_with(crocs, made):
    run, later = made
    steps, following = status(crocs, run)
    assert list(steps) == ["profiles", "stage1", *OF_DISTANCES, *OF_SEGMENTS, "quality", "forecast"]
    assert {step["state"] for step in steps.values()} == {"made"}
    settings = {name: step["settings"] for name, step in steps.items()}
    assert (settings["stage1"]["prototypes"], settings["stage1"]["window"]) == (2, 90)
    assert settings["stability 2"]["samples"] == settings["forecast"]["test_days"] == 2
    assert settings["report-share-safe 2"]["rule"] == "minimum:2"
    assert following is None
    assert crocs("status", "--run", run).out.endswith("\nnext: nothing is left to do\n")
    steps, following = status(crocs, later)
    for name in ("profiles", "stage1", "assignments", "comparison 2"):
        assert steps[name]["state"] == "made"
    assert following is None, "a run whose consumers are assigned needs no partition of its own"


def test_what_is_next_leads_from_profiles_to_a_report(crocs, tmp_path):
    run = tmp_path / "a run"
    crocs("synth", "--run", run, *SMALL)
    assert [re.search(r"crocs (\w+)", call)[1] for call in follow_all(crocs, run)] == [
        "stage1", "stage2", "rrls", "report",
    ]  # fmt: skip
    assert (run / "report" / "5" / "index.html").exists()
    assert set(states(crocs, run).values()) == {"made"}


@pytest.mark.parametrize(
    ("lost", "name", "missing"),
    [
        ("profiles/00000.h5", "profiles", "partly"),
        ("rls/00000.h5", "stage1", "partly"),
        ("wsmd/000-000.h5", "distances", "missing"),
        ("partitions/3.h5", "partition 3", None),
        ("rrls/2/01.h5", "rrls 2", "partly"),
        ("report/2/index.html", "report 2", "missing"),
    ],
)
def test_what_is_lost_is_missing_and_comes_back(crocs, copied, lost, name, missing):
    run, _ = copied
    before = digests(run)
    (run / lost).unlink()
    steps, following = status(crocs, run)
    assert (steps[name]["state"] if name in steps else None) == missing
    if name == "profiles":
        assert following.startswith("crocs ingest ")
        assert " --shard-size 8 " in following
        following += f" {run.parent / 'readings.csv'}"  # known to the user only
        readings(run.parent / "readings.csv")
    if missing is None:
        following = f"crocs stage2 --run {run} --clusters 3"
    follow(crocs, run, following)
    assert digests(run) == before


def test_after_a_call_was_ended_its_step_is_partly_made_and_next(crocs, run, monkeypatch):
    whole, finished = stage1.load_sets, []

    def ended(*given):
        if len(finished) == 4:
            raise KeyboardInterrupt
        finished.append(1)
        return whole(*given)

    monkeypatch.setattr(stage1, "load_sets", ended)
    assert crocs("stage1", "--run", run, "--prototypes", 2, "--seed", 3).code == 75
    monkeypatch.undo()
    steps, following = status(crocs, run)
    assert (steps["stage1"]["state"], steps["stage1"]["made"], steps["stage1"]["parts"]) == ("partly", 4, 10)
    assert steps["stage1"]["missing"] == [f"{number:05d}" for number in range(4, 10)]
    assert following == f"crocs stage1 --prototypes 2 --seed 3 --run {run}"
    follow(crocs, run, following)
    assert states(crocs, run)["stage1"] == "made"


def test_other_load_sets_make_all_that_came_of_them_stale(crocs, copied):
    run, _ = copied
    (run / "rls").rename(run.parent / "rls")
    assert states(crocs, run)["stage1"] == "missing"
    assert crocs("stage1", "--run", run, "--prototypes", 3).code == 0
    steps, following = status(crocs, run)
    stale = {name for name, step in steps.items() if step["state"] == "stale"}
    assert stale == {*OF_DISTANCES, *OF_SEGMENTS, "forecast"}
    cure = "made from other load sets; move it elsewhere and run `crocs stage2` again"
    assert all(steps[name]["why"].endswith(cure) for name in stale - {"forecast"})
    moved = " and ".join(
        f"{run}/{name}" for name in ("wsmd", "dendrogram.h5", "partitions/2.h5", "partitions/3.h5")
    )
    assert following == f"move {moved} elsewhere, then crocs stage2 --clusters 2,3 --run {run}"
    follow_all(crocs, run)
    assert set(states(crocs, run).values()) == {"made"}


def test_another_partition_makes_stale_what_came_of_it_and_nothing_else(crocs, copied):
    run, _ = copied
    for path in (run / "partitions", run / "dendrogram.h5"):
        path.rename(run.parent / path.name)
    made = ("--clusters", 2, "--clusters", 3, "--algorithm", "kmedoids")
    assert crocs("stage2", "--run", run, *made).code == 0
    found = states(crocs, run)
    of_partitions = {name for name in OF_SEGMENTS if not name.startswith("partition ")}
    assert {name for name, state in found.items() if state == "stale"} == {*of_partitions, "forecast"}
    calls = follow_all(crocs, run)
    rrls = f"crocs rrls --clusters 2 --communities 2 --run {run}"
    assert f"move {run}/rrls/2 elsewhere, then {rrls}" in calls
    assert f"crocs report --clusters 2 --share-safe --rule minimum:2 --run {run}" in calls
    assert set(states(crocs, run).values()) == {"made"}


def test_other_profiles_make_the_load_sets_stale(crocs, copied):
    run, _ = copied
    (run / "profiles").rename(run.parent / "profiles")
    readings(run.parent / "readings.csv")
    call = ("ingest", "--run", run, "--shard-size", 8, "--days-type", "workdays", "--holidays", "PT")
    assert crocs(*call, run.parent / "readings.csv").code == 0
    steps, following = status(crocs, run)
    assert steps["profiles"]["state"] == "made"
    assert steps["stage1"]["state"] == "stale"
    cure = "made from other profiles; move it elsewhere and run `crocs stage1` again"
    assert steps["stage1"]["why"] == f"{run}/rls/00000.h5: {cure}"
    call = f"crocs stage1 --prototypes 2 --window 1h30min --run {run}"
    assert following == f"move {run}/rls elsewhere, then {call}"


def test_a_screening_is_listed(crocs, tmp_path):
    (tmp_path / "screen" / "model").mkdir(parents=True)
    (tmp_path / "screen" / "ranking.csv").write_text("id\n")
    assert {"screen model", "screen ranking"} <= states(crocs, tmp_path).keys()
