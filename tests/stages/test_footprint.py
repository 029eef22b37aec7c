"""Footprints from profiles to what is made of segments, and segments that go on from an earlier run."""

import csv
import json
import shutil

import numpy as np
import pytest

from crocs_cli.machine import files
from crocs_cli.maths.clustering.continuity import UNKNOWN, begun_from, keep_numbers
from crocs_cli.rundir.layouts import PARTITION
from crocs_cli.rundir.run import Run
from tests.conftest import digests, finish, mpiexec, start

SYNTH = ("synth", "--consumers", 90, "--days", 30, "--clusters", 4, "--outliers", 12, "--shard-size", 25)


@pytest.fixture(scope="module")
def profiles(tmp_path_factory):
    run = tmp_path_factory.mktemp("footprint") / "profiles"
    assert finish(start(*SYNTH, "--run", run)).code == 0
    return run


@pytest.fixture
def run(profiles, tmp_path):
    return shutil.copytree(profiles, tmp_path / "run")


def stage2(crocs, run, *more):
    ended = crocs("stage2", "--run", run, "--distance", "footprint", *more)
    assert ended.code == 0, ended.err
    return ended


def test_the_truth_is_found_without_load_sets(crocs, run):
    stage2(crocs, run, "--clusters", 4)
    assert json.loads(crocs("score", "--run", run, "--clusters", 4).out)["ari"] == 1.0
    assert not (run / "rls").exists()
    assert not (run / "wsmd").exists()


def test_every_order_and_share_gives_the_same_bytes(crocs, run, profiles, tmp_path):
    stage2(crocs, run, "--clusters", "3,4,6")
    other = shutil.copytree(profiles, tmp_path / "other")
    for clusters, share in ((6, "2/2"), (6, "1/2"), (3, "1/1"), (4, "1/1"), (6, "1/1")):
        stage2(crocs, other, "--clusters", clusters, "--share", share)
    assert digests(run) == digests(other)


@pytest.mark.engine
def test_ranks_give_the_same_bytes(crocs, run, profiles, tmp_path):
    stage2(crocs, run, "--clusters", 4)
    other = shutil.copytree(profiles, tmp_path / "other")
    call = ("stage2", "--run", other, "--distance", "footprint", "--clusters", 4)
    assert finish(start(*call, launcher=mpiexec(2))).code == 0
    assert digests(run) == digests(other)


def test_a_medoid_is_a_member_and_indices_are_known(crocs, run):
    stage2(crocs, run, "--clusters", 4)
    read = files.read(run / "partitions" / "4.h5", PARTITION)
    assert read["label"][read["medoid"]].tolist() == [0, 1, 2, 3]
    assert read["silhouette"][0] > 0.5


def test_everything_after_it_works(crocs, run, tmp_path):
    stage2(crocs, run, "--clusters", 4)
    new = tmp_path / "new"
    calls = (
        ("stage1", "--run", run, "--prototypes", 8),
        ("rrls", "--run", run, "--clusters", 4),
        ("typical", "--run", run, "--clusters", 4),
        ("report", "--run", run, "--clusters", 4),
        ("export", "--run", run, "--clusters", 4, "--what", "indices", tmp_path / "indices.csv"),
        ("synth", "--run", new, "--consumers", 90, "--days", 12, "--clusters", 4),
        ("compare", "--run", new, "--with", run, "--clusters", 4),
        ("forecast", "--run", run, "--clusters", 4, "--test-days", 5),
        ("status", "--run", run),
    )
    for call in calls:
        ended = crocs(*call)
        assert ended.code == 0, (call, ended.err)
    assert "vectors          made     4 of 4" in ended.out


def test_new_consumers_are_placed_by_the_same_maps(crocs, run, tmp_path):
    stage2(crocs, run, "--clusters", 4)
    same = shutil.copytree(run / "profiles", tmp_path / "same" / "profiles").parent
    assert crocs("assign", "--run", same, "--model", run, "--clusters", 4).code == 0
    assert crocs("export", "--run", same, "--what", "assignments", tmp_path / "found.csv").code == 0
    found = {r["consumer_id"]: int(r["cluster"]) for r in csv.DictReader((tmp_path / "found.csv").open())}
    ids, label = Run(run).labels(4)
    assert [found[name] for name in ids] == (label + 1).tolist()
    assert not (same / "rls").exists()


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (("--sample", 20), "footprint compares no pairs, and so needs no sample; leave sample out"),
        (("--clusters", 91), "--clusters: 91 is more than the 90 consumers"),
    ],
)
def test_what_cannot_be_is_one_line(crocs, run, more, said):
    ended = crocs("stage2", "--run", run, "--distance", "footprint", *more)
    assert ended.code == 2
    assert said in ended.err
    assert ended.err.count("\n") == ended.err.count("compiling") + 1


def test_other_profiles_are_noticed(crocs, run, profiles):
    stage2(crocs, run, "--clusters", 4)
    shutil.rmtree(run / "profiles")
    finish(start(*SYNTH, "--run", run.parent / "else", "--seed", 2))
    shutil.copytree(run.parent / "else" / "profiles", run / "profiles")
    ended = crocs("score", "--run", run, "--clusters", 4)
    assert ended.code == 1
    assert "made from other profiles; move it elsewhere and run `crocs stage2` again" in ended.err


@pytest.mark.parametrize("distance", ["wsmd", "footprint"])
def test_an_earlier_run_gives_start_and_numbers(crocs, run, profiles, tmp_path, distance):
    later = shutil.copytree(profiles, tmp_path / "later")
    for folder in (run, later):
        assert crocs("stage1", "--run", folder, "--prototypes", 8).code == 0
    way = ("--distance", distance, "--clusters", 4)
    assert crocs("stage2", "--run", run, *way).code == 0
    ended = crocs("stage2", "--run", later, *way, "--start-from", run)
    assert ended.code == 0, ended.err
    assert np.array_equal(Run(run).labels(4)[1], Run(later).labels(4)[1])
    rows = list(csv.DictReader((later / "continuity" / "4" / "segments.csv").open()))
    assert [(r["earlier_cluster"], r["cluster"], r["share_of_earlier"]) for r in rows] == [
        (str(k), str(k), "1") for k in (1, 2, 3, 4)
    ]
    ended = crocs("stage2", "--run", later, *way, "--start-from", tmp_path / "nowhere")
    assert ended.code == 1
    assert ended.err.count("\n") == 1


def test_numbers_are_kept_where_segments_match():
    label, earlier = np.array([0, 0, 0, 1, 1, 2, 2]), np.array([2, 2, 1, 0, 0, 1, UNKNOWN])
    assert keep_numbers(label, earlier, 3).tolist() == [2, 2, 2, 0, 0, 1, 1]
    group = np.array([0, 0, 0, 1, 1, 2, 2])
    assert begun_from(earlier, group, 3).tolist() == [2, 2, 1, 0, 0, 1, 1]
    with pytest.raises(ValueError, match="no consumer left"):
        begun_from(np.array([0, 0]), np.array([0, 0]), 2)
