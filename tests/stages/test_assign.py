"""New consumers find their segment, and those like none are said to be."""

import shutil

import numpy as np
import pytest

from crocs_cli.machine import files
from crocs_cli.maths.clustering import assignment
from crocs_cli.maths.distances.comparison import Comparison
from crocs_cli.maths.distances.loadsets import LoadSets
from crocs_cli.rundir.layouts import ASSIGNMENTS, PROFILES, TRUTH
from crocs_cli.rundir.run import Run
from tests import made_run
from tests.conftest import digests

SETTINGS = {"consumers": 120, "days": 40, "clusters": 3, "shapes": 4, "outliers": 6, "shard_size": 40}


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    run = tmp_path_factory.mktemp("assign") / "model"
    return made_run.make(run, with_rrls=False, exact=False, **SETTINGS)


def assigned(run):
    parts = [files.read(path, ASSIGNMENTS) for path in sorted((run / "assignments").glob("*.h5"))]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def test_new_consumers_find_their_segment(crocs, model, tmp_path):
    new = made_run.profiles(tmp_path / "new", **SETTINGS | {"consumers": 160})
    ended = crocs("assign", "--run", new, "--model", model, "--clusters", 3)
    assert ended.code == 0, ended.err
    found = assigned(new)
    truth = np.concatenate(
        [files.read(path, TRUTH)["cluster"] for path in sorted((new / "truth").glob("*.h5"))]
    )
    label = Run(model).partition(3)["label"]
    of_cluster = {int(c): int(label[np.flatnonzero(truth[:120] == c)[0]]) for c in np.unique(truth)}
    expected = np.array([of_cluster[int(c)] for c in truth])
    assert (found["label"][120:] == expected[120:]).mean() >= 0.98
    assert (found["alike"][120:].sum(axis=1) == 0).mean() <= 0.1
    assert ((found["margin"] >= 0) & (found["margin"] <= 1)).all()
    assert (found["runner_up"] != found["label"]).all()


def test_consumers_of_other_shapes_are_unlike_all(crocs, model, tmp_path):
    strange = made_run.profiles(
        tmp_path / "strange", **SETTINGS | {"consumers": 41, "outlier_consumers": 40}, seed=9
    )
    assert crocs("assign", "--run", strange, "--model", model, "--clusters", 3).code == 0
    assert (assigned(strange)["alike"].sum(axis=1) == 0)[1:].mean() >= 0.95


def test_a_model_without_its_profiles_is_refused_only_where_it_is_needed(crocs, model, tmp_path):
    bare = shutil.copytree(model, tmp_path / "bare")
    made = made_run.profiles(tmp_path / "made", **SETTINGS)
    call = ("assign", "--model", bare, "--clusters", 3, "--run")
    assert crocs(*call, made).code == 0
    shutil.rmtree(bare / "profiles")
    assert crocs(*call, made).code == 0
    new = made_run.profiles(tmp_path / "new", **SETTINGS)
    ended = crocs(*call, new)
    assert ended.code == 1
    assert ended.err.strip().splitlines()[-1] == (
        f"crocs: {bare / 'profiles'}: nothing there; run `crocs ingest` first"
    )
    assert not (new / "assignments").exists()


def test_a_second_call_and_a_share_give_the_same_bytes(crocs, model, tmp_path):
    new = made_run.profiles(tmp_path / "new", **SETTINGS)
    for part in ("2/2", "1/2"):
        ended = crocs("assign", "--run", new, "--model", model, "--clusters", 3, "--share", part)
        assert ended.code == 0, ended.err
    first = digests(new)
    assert crocs("assign", "--run", new, "--model", model, "--clusters", 3).code == 0
    assert digests(new) == first
    alone = made_run.profiles(tmp_path / "alone", **SETTINGS)
    assert crocs("assign", "--run", alone, "--model", model, "--clusters", 3).code == 0
    assert digests(alone) == first


def test_a_model_must_be_named_and_be_there(crocs, model, tmp_path):
    new = made_run.profiles(tmp_path / "new", **SETTINGS | {"consumers": 5})
    ended = crocs("assign", "--run", new, "--clusters", 3)
    assert ended.code == 1
    assert "no model named; give --model RUN" in ended.err
    ended = crocs("assign", "--run", new, "--model", tmp_path / "none", "--clusters", 3)
    assert "none: no partition; run `crocs stage2 --clusters 3`" in ended.err
    ended = crocs("assign", "--run", new, "--model", model, "--clusters", 7)
    assert "no partition into 7 segments, only 2, 3" in ended.err
    assert not (new / "assignments").exists()


def test_a_short_history_is_a_run_of_days(model):
    from crocs_cli.stages.assign import some_days

    read = files.read(model / "profiles" / "00000.h5", PROFILES)
    short = some_days(read, np.array([3, 5]), 7, 1)
    assert short["day_offset"].tolist() == [0, 7, 14]
    assert np.diff(short["date"][:7]).tolist() == [1] * 6
    first = np.flatnonzero(read["date"][3 * 40 : 4 * 40] == short["date"][0])[0]
    assert np.array_equal(short["energy_kwh"][:7], read["energy_kwh"][3 * 40 + first :][:7])


def flat_sets(values):
    """Load sets of one constant prototype each: their WSMD is 2 |a - b| with four slots."""
    prototypes = np.repeat(np.array(values, dtype=np.float32)[:, None], 4, axis=1)
    return LoadSets(prototypes, np.ones(len(values), dtype=np.int32), np.arange(len(values) + 1))


def test_distances_are_those_to_the_centres():
    comparison = Comparison("wsmd", 0)
    references = flat_sets([0.0, 0.2, 1.0, 1.4])
    segments = assignment.describe(references, np.array([0, 2, 4]), comparison)
    found = assignment.assign(segments, flat_sets([0.1, 1.1, 3.0]), np.ones((3, 2)), comparison)
    # among few references the spread is that of the population: 1/2 mean of the squares of different pairs
    expected = [
        np.sqrt(max(0.0, ((2 * (x - np.array(pair))) ** 2).mean() - (2 * (pair[0] - pair[1])) ** 2 / 2))
        for x, pair in ((0.1, (0.0, 0.2)), (1.1, (1.0, 1.4)), (3.0, (1.0, 1.4)))
    ]
    assert found.label.tolist() == [0, 1, 1]
    assert found.runner_up.tolist() == [1, 0, 0]
    assert found.distance == pytest.approx(expected, abs=1e-5)
    assert found.alike.any(axis=1).tolist() == [True, True, False]


def test_one_segment_has_no_runner_up():
    comparison = Comparison("wsmd", 0)
    segments = assignment.describe(flat_sets([0.0, 0.2]), np.array([0, 2]), comparison)
    found = assignment.assign(segments, flat_sets([0.1]), np.ones((1, 1)), comparison)
    assert (found.runner_up[0], found.margin[0]) == (-1, 1)


def test_judges_and_references_are_drawn_from_their_segment():
    label = np.array([0] * 500 + [1] * 30 + [2])
    drawn = assignment.draw(label, 3)
    for number, (first, last) in enumerate(zip(drawn.offset, drawn.offset[1:], strict=False)):
        assert (label[drawn.references[first:last]] == number).all()
    assert (label[drawn.judges] == drawn.judge_label).all()
    large = drawn.judges[drawn.judge_label == 0]
    assert not set(large) & set(drawn.references)
    small = drawn.judge_label > 0
    itself = drawn.itself[small]
    assert (drawn.references[itself[itself >= 0]] == drawn.judges[small][itself >= 0]).all()
