"""Trust as a result: whether segments are found again from other days and among other consumers."""

import re
import shutil

import numpy as np
import pytest

from crocs_cli.machine import files
from crocs_cli.maths.clustering.stability import best_overlaps
from crocs_cli.rundir.layouts import STABILITY
from crocs_cli.rundir.run import Run
from tests.conftest import digests


def test_overlaps_by_hand():
    label, again = np.array([0, 0, 0, 1, 1, 3]), np.array([1, 1, 0, 0, 0, 0])
    assert best_overlaps(label, again, 4) == pytest.approx([2 / 3, 2 / 4, np.nan, 1 / 4], nan_ok=True)


def test_clear_groups_are_found_again_and_halves_of_them_are_not(crocs, tmp_path):
    run = tmp_path / "run"
    for step in (
        ["synth", "--consumers", 90, "--days", 40, "--clusters", 3, "--shapes", 3],
        ["stage1", "--prototypes", 6],
        ["stage2", "--clusters", 3, "--clusters", 7],
    ):
        assert crocs(step[0], "--run", run, *step[1:]).code == 0
    ended = crocs("stability", "--run", run, "--samples", 6)
    assert ended.code == 0, ended.err
    first, second, advice = ended.out.splitlines()
    assert re.fullmatch(
        r"3 segments: prediction strength 1\.00; from other days ARI 1\.00, AMI 1\.00, placed alike "
        r"\(kappa\) 1\.00, largest segment \d+%; subsamples ARI 1\.000 \(1\.000 to 1\.000\)",
        first,
    )
    assert second.startswith("7 segments: prediction strength 0.")
    assert advice.startswith("Recommended: 3 segments, the largest number that is found again")
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


@pytest.mark.parametrize(
    "settings",
    [
        ["--sample", "40"],
        ["--algorithm", "kmedoids"],
        ["--refine", "none"],
        ["--distance", "footprint"],
        ["--prototype", "mean"],
    ],
    ids=" ".join,
)
def test_every_way_to_segment_is_measured_by_its_own_settings(crocs, tmp_path, settings):
    run = tmp_path / "run"
    for step in (
        ["synth", "--consumers", 60, "--days", 40, "--clusters", 3, "--shapes", 3],
        ["stage1", "--prototypes", 6],
        ["stage2", "--clusters", 3, *settings],
        ["stability", "--samples", 3, "--draws", 2],
    ):
        ended = crocs(step[0], "--run", run, *step[1:])
        assert ended.code == 0, ended.err
    found = Run(run).stability(3)
    assert found["strength"].shape == (2,)
    assert found["ari"].shape == (3,)
    for name in ("days_ari", "days_ami", "days_kappa", "strength", "ari", "jaccard"):
        assert found[name].min() > 0.95, name
    assert crocs("report", "--run", run, "--clusters", 3).code == 0


def test_shares_and_what_is_asked_for_together_change_nothing(crocs, tmp_path):
    run, shared = tmp_path / "run", tmp_path / "shared"
    for folder in (run, shared):
        for step in (*STEPS, ["stage2", "--clusters", "2,3,4"]):
            assert crocs(step[0], "--run", folder, *step[1:]).code == 0
    assert crocs("stability", "--run", run, "--samples", 3).code == 0
    for share in ("2/2", "1/2"):
        assert crocs("stability", "--run", shared, "--samples", 3, "--share", share).code == 0
    assert digests(run / "stability") == digests(shared / "stability")


def test_without_clusters_no_number_is_recommended(crocs, tmp_path):
    random = np.random.default_rng(5)
    (tmp_path / "days.csv").write_text(
        "id,date," + ",".join(f"{h:02d}:{m:02d}" for h in range(24) for m in (0, 30)) + "\n"
        + "".join(
            f"h{home},2024-01-{day + 1:02d}," + ",".join(f"{v:.3f}" for v in random.random(48)) + "\n"
            for home in range(40)
            for day in range(20)
        )
    )  # fmt: skip
    run = tmp_path / "run"
    for step in (
        ["ingest", "--reader", "wide", "--columns-date", "date", tmp_path / "days.csv"],
        ["stage2", "--distance", "footprint", "--clusters", "2,3,5"],
    ):
        ended = crocs(step[0], "--run", run, *step[1:])
        assert ended.code == 0, ended.err
    ended = crocs("stability", "--run", run, "--samples", 2)
    assert ended.code == 0, ended.err
    assert ended.out.splitlines()[-1].startswith("No number is clearly better: none is found again")


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
