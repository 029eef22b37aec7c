"""How stable partitions are: the same distances, fewer consumers."""

import shutil

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import squareform

from crocs_cli.machine import files
from crocs_cli.maths.clustering.stability import best_overlaps, subset
from crocs_cli.rundir.layouts import PARTITION, SAMPLED, STABILITY


@given(st.integers(2, 12), st.data())
def test_a_subset_is_that_of_the_square_matrix(m, data):
    chosen = np.array(sorted(data.draw(st.sets(st.integers(0, m - 1), min_size=1))))
    distances = np.arange(m * (m - 1) // 2, dtype=np.float32)
    expected = squareform(squareform(distances)[np.ix_(chosen, chosen)], checks=False)
    assert np.array_equal(subset(distances, m, chosen), expected)


def test_overlaps_by_hand():
    label, again = np.array([0, 0, 0, 1, 1, 3]), np.array([1, 1, 0, 0, 0, 0])
    assert best_overlaps(label, again, 4) == pytest.approx([2 / 3, 2 / 4, np.nan, 1 / 4], nan_ok=True)


def test_clear_groups_are_found_again_and_halves_of_them_are_not(crocs, tmp_path):
    run = tmp_path / "run"
    for step in (
        ["synth", "--consumers", 90, "--days", 20, "--clusters", 3, "--shapes", 3],
        ["stage1", "--prototypes", 6],
        ["stage2", "--clusters", 3, "--clusters", 7],
    ):
        assert crocs(step[0], "--run", run, *step[1:]).code == 0
    ended = crocs("stability", "--run", run, "--samples", 6)
    assert ended.code == 0, ended.err
    assert ended.out.splitlines()[0] == "3 clusters: ARI 1.000 (1.000 to 1.000)"
    read = files.read(run / "stability.h5", STABILITY)
    assert read["ari"].shape == (2, 6)
    assert (read["jaccard"][:3] == 1).all()
    assert read["ari"][1].mean() < 0.95
    assert crocs("report", "--run", run, "--clusters", 3).code == 0
    page = (run / "report" / "index.html").read_text()
    assert "Agreement with subsamples (ARI)" in page


STEPS = (
    ["synth", "--consumers", 60, "--days", 12, "--clusters", 3, "--shapes", 3],
    ["stage1", "--prototypes", 4],
)


def test_of_a_sampled_run_it_is_about_the_sample(crocs, tmp_path):
    run = tmp_path / "run"
    for step in (*STEPS, ["stage2", "--clusters", 3, "--clusters", 2, "--sample", 40]):
        assert crocs(step[0], "--run", run, *step[1:]).code == 0
    ended = crocs("stability", "--run", run, "--samples", 5)
    assert ended.code == 0, ended.err
    assert crocs("stability", "--run", run / "sample", "--samples", 5).code == 0
    whole, sample = (files.read(path / "stability.h5", STABILITY) for path in (run, run / "sample"))
    assert np.array_equal(whole["ari"], sample["ari"]), "the same consumers from the same distances"
    label = files.read(run / "partition.h5", PARTITION)["label"]
    label = label[:, files.read(run / "sampled.h5", SAMPLED)["clustered"]]
    exact = files.read(run / "sample" / "partition.h5", PARTITION)["label"]
    for row, first, k in ((0, 0, 3), (1, 3, 2)):  # each cluster has the number that the run gives it
        number = {int(ours): int(theirs) for ours, theirs in zip(label[row], exact[row], strict=True)}
        expected = [sample["jaccard"][first + number[cluster]] for cluster in range(k)]
        assert whole["jaccard"][first : first + k].tolist() == expected
    assert crocs("report", "--run", run, "--clusters", 3).code == 0


def test_a_report_refuses_the_stability_of_another_partition(crocs, tmp_path):
    run, other = tmp_path / "run", tmp_path / "other"
    for folder, seed in ((run, 1), (other, 2)):
        for step in (*STEPS, ["stage2", "--clusters", 3], ["stability", "--samples", 2]):
            assert crocs(step[0], "--run", folder, "--seed", seed, *step[1:]).code == 0
    assert crocs("report", "--run", run).code == 0
    shutil.copyfile(other / "stability.h5", run / "stability.h5")
    ended = crocs("report", "--run", run)
    assert ended.code == 1
    cure = "made for another partition; move it elsewhere and run `crocs stability` again"
    assert ended.err == f"crocs: {run}/stability.h5: {cure}\n"
