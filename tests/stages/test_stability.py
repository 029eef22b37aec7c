"""How stable partitions are: the same distances, fewer consumers."""

import shutil

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import squareform

from crocs_cli.machine import files
from crocs_cli.maths.clustering.stability import best_overlaps, subset
from crocs_cli.rundir.layouts import STABILITY
from crocs_cli.rundir.run import Run


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
    assert ended.out.splitlines()[0] == "3 segments: ARI 1.000 (1.000 to 1.000)"
    clear, halved = (files.read(run / "stability" / f"{k}.h5", STABILITY) for k in (3, 7))
    assert (clear["ari"].shape, clear["jaccard"].shape, halved["jaccard"].shape) == ((6,), (3,), (7,))
    assert (clear["jaccard"] == 1).all()
    assert halved["ari"].mean() < 0.95
    assert crocs("report", "--run", run, "--clusters", 3).code == 0
    for page in ("index.html", "3/index.html"):
        assert "Agreement with subsamples (ARI)" in (run / "report" / page).read_text()


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
    for k in (3, 2):
        whole, sample = Run(run).stability(k), Run(run).sample.stability(k)
        assert np.array_equal(whole["ari"], sample["ari"]), "the same consumers from the same distances"
        label = Run(run).partition(k)["label"][Run(run).clustered(k)]
        exact = Run(run).sample.partition(k)["label"]
        number = {int(ours): int(theirs) for ours, theirs in zip(label, exact, strict=True)}
        expected = [sample["jaccard"][number[segment]] for segment in range(k)]
        assert whole["jaccard"].tolist() == expected, "each segment has the number that the run gives it"
    assert crocs("report", "--run", run, "--clusters", 3).code == 0


def test_a_report_refuses_the_stability_of_another_partition(crocs, tmp_path):
    run, other = tmp_path / "run", tmp_path / "other"
    for folder, seed in ((run, 1), (other, 2)):
        for step in (*STEPS, ["stage2", "--clusters", 3], ["stability", "--samples", 2]):
            assert crocs(step[0], "--run", folder, "--seed", seed, *step[1:]).code == 0
    assert crocs("report", "--run", run).code == 0
    shutil.copyfile(other / "stability" / "3.h5", run / "stability" / "3.h5")
    ended = crocs("report", "--run", run)
    assert ended.code == 1
    cure = "made for another partition; move it elsewhere and run `crocs stability` again"
    assert ended.err == f"crocs: {run}/stability/3.h5: {cure}\n"
