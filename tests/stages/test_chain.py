"""The main job from a population or a meter file to the clusters: right, and the same in every mode."""

import json
import random
import signal
import subprocess
import time

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from crocs_cli import __main__
from crocs_cli.machine import files
from crocs_cli.rundir.layouts import PROFILES, TRUTH
from crocs_cli.rundir.run import Run
from tests.conftest import ROOT, digests, finish, mpiexec, start

SYNTH = ("--consumers", 60, "--days", 30, "--clusters", 3, "--outliers", 5, "--shard-size", 10)
COMMANDS = (
    ("synth", *SYNTH),
    ("stage1", "--prototypes", 8),
    ("stage2", "--clusters", 3, "--clusters", 4),
    ("rrls", "--clusters", 3, "--communities", 4),
    ("report", "--clusters", 3),
)
SETTINGS = """\
synth: {consumers: 60, days: 30, clusters: 3, outliers: 5, shard_size: 10}
stage1: {prototypes: 8}
stage2: {clusters: [3, 4]}
rrls: {clusters: 3, communities: 4}
report: {clusters: 3}
"""
TAKES_SHARES = ("synth", "stage1", "stage2", "rrls")


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    """Return a run made by one process, and the digests of its files."""
    run = tmp_path_factory.mktemp("alone")
    for name, *options in COMMANDS:
        assert __main__.run([name, "--run", str(run), *map(str, options)]) == 0
    return run, digests(run)


def test_the_run_is_whole(alone):
    _run, made = alone
    partitions = {"dendrogram.h5", "partitions/3.h5", "partitions/4.h5"}
    pages = {"report/index.html", "report/3/index.html"}
    assert {*partitions, *pages, "rls/00005.h5", "rrls/3/01.h5"} <= set(made)
    assert not [name for name in made if name.endswith(".tmp")]


@pytest.mark.parametrize("order", [(1, 2, 3), (3, 1, 2)])
def test_shares_make_the_same_bytes(alone, crocs, tmp_path, order):
    for name, *options in COMMANDS:
        for share in order if name in TAKES_SHARES else (None,):
            divided = ("--share", f"{share}/3") if share else ()
            ended = crocs(name, "--run", tmp_path, *options, *divided)
            assert ended.code == 0, ended.err
    assert digests(tmp_path) == alone[1]


@pytest.mark.engine
@pytest.mark.parametrize("ranks", [1, 2, 4])
def test_ranks_make_the_same_bytes(alone, tmp_path, ranks):
    """The whole chain in one launch: what a step makes is there for all ranks of the next one."""
    (tmp_path / "run.yaml").write_text(SETTINGS)
    call = ("run", "-c", tmp_path / "run.yaml", "--run", tmp_path / "run")
    ended = finish(start(*call, launcher=mpiexec(ranks)))
    assert ended.code == 0, ended.err
    assert len(ended.out.splitlines()) == len(COMMANDS), "only one rank reports"
    assert digests(tmp_path / "run") == alone[1]


def test_a_killed_run_ends_as_if_it_had_not_been(alone, crocs, tmp_path):
    moment = random.Random(0)
    for name, *options in COMMANDS:
        process = start(name, "--run", tmp_path, *options)
        time.sleep(moment.uniform(0.2, 2.5))
        process.send_signal(signal.SIGKILL)
        process.communicate()
        ended = crocs(name, "--run", tmp_path, *options)
        assert ended.code == 0, ended.err
    assert digests(tmp_path) == alone[1]


@pytest.mark.parametrize("algorithm", ["ward", "kmedoids"])
def test_planted_clusters_are_recovered(crocs, tmp_path, algorithm):
    crocs("synth", "--run", tmp_path, "--consumers", 120, "--days", 60, "--clusters", 4, "--outliers", 15)
    crocs("stage1", "--run", tmp_path, "--algorithm", algorithm)
    crocs("stage2", "--run", tmp_path, "--clusters", 4, "--algorithm", algorithm)
    score = json.loads(crocs("score", "--run", tmp_path, "--clusters", 4).out)
    assert score["ari"] >= 0.95
    truth = files.read(tmp_path / "truth" / "00000.h5", TRUTH)
    partition = Run(tmp_path).partition(4)
    assert list(truth["consumer_id"]) == list(partition["consumer_id"])
    assert score["ari"] == pytest.approx(adjusted_rand_score(truth["cluster"], partition["label"]))


@pytest.mark.peers
def test_labels_equal_those_of_an_independent_pipeline(crocs, tmp_path):
    synth, run, readings = tmp_path / "synth", tmp_path / "run", tmp_path / "readings.csv"
    crocs("synth", "--run", synth, "--consumers", 60, "--days", 40, "--outliers", 5)
    write_long_csv(files.read(synth / "profiles" / "00000.h5", PROFILES), readings)
    for call in (
        ("ingest", "--reader", "long", readings),
        ("stage1", "--prototypes", 10),
        ("stage2", "--refine", "none", *(flag for k in range(2, 21) for flag in ("--clusters", k))),
    ):
        ended = crocs(call[0], "--run", run, *call[1:])
        assert ended.code == 0, ended.err
    python = ROOT / ".venv-peers" / "bin" / "python"
    if not python.exists():
        pytest.skip("the environment of the independent programs is not there; `make test` makes it")
    program = ROOT / "tests" / "peers" / "pipeline.py"
    done = subprocess.run(
        [python, program, readings, "10", "2", "20"], capture_output=True, text=True, check=True
    )
    other = json.loads(done.stdout)
    for k in range(2, 21):
        ids, label = Run(run).labels(k)
        assert list(ids) == other["ids"]
        assert adjusted_rand_score(label, other["K"][str(k)]) == 1.0, k


def write_long_csv(profiles, path):
    with path.open("w") as file:
        file.write("id,time,kwh\n")
        for consumer, first, last in zip(
            profiles["consumer_id"], profiles["day_offset"], profiles["day_offset"][1:], strict=False
        ):
            for date, energy in zip(
                profiles["date"][first:last], profiles["energy_kwh"][first:last], strict=True
            ):
                day = np.datetime64(int(date), "D").astype("datetime64[s]")
                for slot, kwh in enumerate(energy):
                    file.write(f"{consumer},{day + 1800 * slot},{kwh}\n")


def test_more_clusters_than_consumers_is_refused(crocs, tmp_path):
    crocs("synth", "--run", tmp_path, "--consumers", 8, "--days", 10)
    crocs("stage1", "--run", tmp_path, "--prototypes", 4)
    ended = crocs("stage2", "--run", tmp_path, "--clusters", 9)
    assert (ended.code, ended.err.strip()) == (2, "crocs: --clusters: 9 is more than the 8 consumers")
    assert not (tmp_path / "wsmd").exists()


@pytest.mark.parametrize("clusters", [1, 8])
def test_one_cluster_and_one_for_each_are_allowed(crocs, tmp_path, clusters):
    crocs("synth", "--run", tmp_path, "--consumers", 8, "--days", 10)
    crocs("stage1", "--run", tmp_path, "--prototypes", 4)
    ended = crocs("stage2", "--run", tmp_path, "--clusters", clusters)
    assert ended.code == 0, ended.err
    label = Run(tmp_path).partition(clusters)["label"]
    assert len(np.unique(label)) == clusters


def test_more_prototypes_than_days_says_so_and_goes_on(crocs, tmp_path, caplog):
    caplog.set_level("INFO")
    crocs("synth", "--run", tmp_path, "--consumers", 5, "--days", 6, "--clusters", 2)
    ended = crocs("stage1", "--run", tmp_path, "--prototypes", 15)
    assert ended.code == 0
    assert "5 consumers have fewer than 15 days: each day is a prototype" in caplog.text


def test_a_window_that_fits_no_slot_is_refused(crocs, tmp_path):
    crocs("synth", "--run", tmp_path, "--consumers", 5, "--days", 6, "--clusters", 2)
    ended = crocs("stage1", "--run", tmp_path, "--window", "45min")
    assert ended.code == 2
    assert "45 min is not a whole number of slots of 30 min" in ended.err
