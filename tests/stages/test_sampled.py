"""Clusters of a sample: who was in it keeps its cluster, the others get the nearest."""

import json
import shutil

import numpy as np
import pyarrow.csv
import pytest
from sklearn.metrics import adjusted_rand_score

from crocs_cli.machine import files
from crocs_cli.maths.clustering.sampling import renumbered
from crocs_cli.rundir.layouts import ASSIGNMENTS, RLS, SAMPLED
from crocs_cli.rundir.run import Run
from tests.conftest import digests

STAGE2 = ("--clusters", 2, "--clusters", 4)


@pytest.fixture(scope="module")
def load_sets(tmp_path_factory):
    from tests.conftest import finish, start

    run = tmp_path_factory.mktemp("population")
    synth = ("synth", "--consumers", 300, "--days", 40, "--clusters", 4, "--outliers", 8, "--shard-size", 70)
    for command in (synth, ("stage1", "--prototypes", 8)):
        assert finish(start(command[0], "--run", run, *command[1:])).code == 0
    return run


@pytest.fixture
def run(load_sets, tmp_path):
    for name in ("truth", "profiles", "rls"):
        (tmp_path / name).symlink_to(load_sets / name)
    return tmp_path


def test_the_sample_keeps_its_clusters_and_the_others_find_theirs(crocs, run):
    assert crocs("stage2", "--run", run, *STAGE2, "--sample", 100).code == 0
    for k in (2, 4):
        exact, made = Run(run).sample.partition(k), Run(run).partition(k)
        sampled = files.read(run / "sampled" / f"{k}.h5", SAMPLED)
        assert sampled["clustered"].sum() == 100
        assert list(sampled["consumer_id"]) == list(made["consumer_id"])
        assert list(made["consumer_id"][sampled["clustered"]]) == list(exact["consumer_id"])
        assert adjusted_rand_score(made["label"][sampled["clustered"]], exact["label"]) == 1
        sizes = np.bincount(made["label"])
        assert (np.diff(sizes) <= 0).all(), "0 is the largest segment"
        assert (sampled["runner_up"] != made["label"]).all()
        assert (made["label"][made["medoid"]] == np.arange(k)).all()
    assert json.loads(crocs("score", "--run", run, "--clusters", 4).out)["ari"] > 0.95


def test_a_sample_of_all_is_everybody(crocs, run):
    assert crocs("stage2", "--run", run, *STAGE2, "--sample", 5000).code == 0
    sampled = {k: Run(run).partition(k)["label"] for k in (2, 4)}
    assert all(files.read(run / "sampled" / f"{k}.h5", SAMPLED)["clustered"].all() for k in sampled)
    shutil.rmtree(run / "partitions")
    assert crocs("stage2", "--run", run, *STAGE2).code == 0
    for k, label in sampled.items():
        np.testing.assert_array_equal(Run(run).partition(k)["label"], label)


def test_shares_make_the_same_bytes(crocs, run, tmp_path_factory, load_sets):
    crocs("stage2", "--run", run, *STAGE2, "--sample", 90)
    other = tmp_path_factory.mktemp("shares")
    (other / "rls").symlink_to(load_sets / "rls")
    for share in ("2/3", "3/3", "1/3"):
        assert crocs("stage2", "--run", other, *STAGE2, "--sample", 90, "--share", share).code == 0
    names = [f"{folder}/{k}.h5" for folder in ("partitions", "sampled", "sample/partitions") for k in (2, 4)]
    names += ["sample/dendrogram.h5", "sample/rls/00000.h5"]
    made, again = digests(run), digests(other)
    assert [made[name] for name in names] == [again[name] for name in names]


def test_the_sampled_load_sets_are_whole(crocs, run):
    crocs("stage2", "--run", run, *STAGE2, "--sample", 90)
    sample = files.read(run / "sample" / "rls" / "00000.h5", RLS)
    for key in range(5):
        whole = files.read(run / "rls" / f"{key:05d}.h5", RLS)
        for place, name in enumerate(sample["consumer_id"]):
            for here in np.flatnonzero(whole["consumer_id"] == name):
                for offset, arrays in (
                    ("prototype_offset", ("medoid", "mean", "days")),
                    ("day_offset", ("date",)),
                ):
                    ours = slice(*sample[offset][place : place + 2])
                    theirs = slice(*whole[offset][here : here + 2])
                    for array in arrays:
                        np.testing.assert_array_equal(sample[array][ours], whole[array][theirs])


def test_clusters_are_numbered_by_size_and_empty_ones_last():
    assert renumbered(np.array([2, 2, 0, 2, 0, 3]), 5).tolist() == [1, 3, 0, 2, 4]


def test_what_follows_takes_a_sampled_run_as_any_other(crocs, run, load_sets, tmp_path_factory):
    later = tmp_path_factory.mktemp("later")
    (later / "profiles").symlink_to(load_sets / "profiles")
    of = ("--clusters", 4)
    for given in (
        ("stage2", "--run", run, *of, "--sample", 100),
        ("rrls", "--run", run, *of, "--communities", 4),
        ("typical", "--run", run, *of),
        ("report", "--run", run, *of),
        ("export", "--run", run, *of, run / "consumers.csv"),
        ("export", "--run", run, *of, "--what", "segments", run / "segments.csv"),
        ("assign", "--run", later, "--model", run, *of),
    ):
        ended = crocs(*given)
        assert ended.code == 0, (given, ended.err)
    table, segments = (pyarrow.csv.read_csv(run / f"{name}.csv") for name in ("consumers", "segments"))
    made = Run(run).partition(4)
    assert table["consumer_id"].to_pylist() == made["consumer_id"].tolist()
    assert np.bincount(table["cluster"])[1:].tolist() == segments["consumers"].to_pylist()
    parts = [files.read(path, ASSIGNMENTS) for path in sorted((later / "assignments").glob("*.h5"))]
    assigned = np.concatenate([part["label"] for part in parts])
    assert adjusted_rand_score(assigned, made["label"]) > 0.95, "its own consumers find their clusters again"
    assert "300" in (run / "report" / "4" / "index.html").read_text()
    steps = {step["name"]: step for step in json.loads(crocs("status", "--run", run, "--json").out)["steps"]}
    assert steps["distances"]["made"] == steps["distances"]["parts"] > 0


def test_the_dendrogram_is_that_of_the_sample(crocs, run):
    crocs("stage2", "--run", run, *STAGE2, "--sample", 90)
    refused = crocs("export", "--run", run, "--what", "dendrogram", run / "d.csv")
    cure = f"its dendrogram is that of the sample; export it with --run {run}/sample"
    assert refused.err == f"crocs: {run}: {cure}\n"
    ended = crocs("export", "--run", run / "sample", "--what", "dendrogram", run / "d.csv")
    assert ended.out.startswith(f"{run}/d.csv: 89 rows")
