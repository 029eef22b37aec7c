"""All numbers of segments side by side: the figures are those of each report, and consumers flow whole."""

import json
import re

import numpy as np
import pyarrow.csv
import pytest

from crocs_cli.machine import files
from crocs_cli.machine.shards import recipe
from crocs_cli.maths.clustering.continuity import UNKNOWN, continued
from crocs_cli.report.candidates import Flow
from crocs_cli.rundir.layouts import PARTITION
from crocs_cli.rundir.run import Run
from crocs_cli.rundir.settings import Stage2Settings
from tests import made_run


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return made_run.make(tmp_path_factory.mktemp("choose") / "run", outliers=3)


def chosen(crocs, run):
    ended = crocs("choose", "--run", run, "--json")
    assert ended.code == 0, ended.err
    return json.loads(ended.out)


def also(run, label):
    """Write a further partition, which needs not be nested in the others."""
    read = Run(run).partition(3)
    clusters = int(label.max()) + 1
    medoid = np.array([int(np.argmax(label == k)) for k in range(clusters)])
    made_by = recipe("stage2", str(clusters), Stage2Settings().of_partition(clusters, 1), {})
    arrays = read | {"label": label, "medoid": medoid}
    files.write(run / "partitions" / f"{clusters}.h5", PARTITION, arrays, made_by)


def test_the_figures_are_those_of_the_partitions_and_of_each_report(crocs, run):
    found = chosen(crocs, run)
    assert [row["clusters"] for row in found["numbers"]] == [2, 3]
    label = Run(run).labels(3)[1]
    assert found["numbers"][1]["consumers"] == np.bincount(label).tolist()
    assert np.sum(found["flows"][0]["consumers"]) == found["consumers"] == len(label)
    assert crocs("report", "--run", run, "--clusters", 3).code == 0
    ours = [row for row in rows(run / "report" / "day.csv") if row["clusters"] == 3]
    theirs = rows(run / "report" / "3" / "day.csv")
    assert [row["mean_kwh"] for row in ours] == pytest.approx([row["mean_kwh"] for row in theirs], rel=1e-5)
    assert [row["hour"] for row in ours] == [row["hour"] for row in theirs]
    ours = [row for row in rows(run / "report" / "segments.csv") if row["clusters"] == 3]
    theirs = rows(run / "report" / "3" / "segments.csv")
    for name in ("consumers", "energy_share", "mean_daily_kwh"):
        assert [row[name] for row in ours] == pytest.approx([row[name] for row in theirs], rel=1e-5)


def rows(path):
    return pyarrow.csv.read_csv(path).to_pylist()


def test_the_report_makes_the_same_page(crocs, run):
    chosen(crocs, run)
    before = (run / "report" / "index.html").stat().st_mtime_ns
    assert crocs("report", "--run", run, "--clusters", 3).code == 0
    first = crocs("choose", "--run", run)
    text = (run / "report" / "index.html").read_text()
    assert '<a href="3/index.html">3 segments</a>' in text
    assert "<code>crocs report --clusters 2</code>" in text
    assert len(re.findall("<svg", text)) == 2 + 1 + 4, "mean days of two numbers, the splits, four indices"
    assert crocs("choose", "--run", run).out == first.out
    assert (run / "report" / "index.html").stat().st_mtime_ns >= before


def test_without_stability_no_number_is_recommended_and_the_cure_is_named(crocs, tmp_path):
    run = made_run.make(tmp_path / "run", with_rrls=False, exact=False, consumers=24, days=12)
    said = crocs("choose", "--run", run).out.splitlines()
    assert said[0] == f"{run}/report/index.html"
    cure = f"No recommendation yet, as 2, 3 are not measured; run crocs stability --run {run}"
    assert said[-1] == cure
    found = chosen(crocs, run)
    assert (found["recommended"], found["unmeasured"]) == (None, [2, 3])
    measured = crocs("stability", "--run", run, "--samples", 2)
    assert measured.code == 0, measured.err
    said = crocs("choose", "--run", run).out.splitlines()
    assert said[-1] == measured.out.splitlines()[-1], "the recommendation of both is one"
    for row in chosen(crocs, run)["numbers"]:
        assert row["kappa"] == pytest.approx(Run(run).stability(row["clusters"])["days_kappa"].mean())


def test_one_number_alone_has_no_splits(crocs, tmp_path):
    run = made_run.make(tmp_path / "run")
    (run / "partitions" / "2.h5").unlink()
    assert chosen(crocs, run)["flows"] == []
    assert "How segments split" not in (run / "report" / "index.html").read_text()


def test_without_partitions_the_cure_is_stage2(crocs, tmp_path):
    run = made_run.profiles(tmp_path / "run")
    ended = crocs("choose", "--run", run)
    assert ended.code == 1
    assert f"{run}: no partition; run `crocs stage2 --clusters 2,3,4,5,6,8` first" in ended.err


def test_segments_that_are_not_nested_flow_both_ways(crocs, tmp_path):
    run = made_run.make(tmp_path / "run")
    label = Run(run).labels(3)[1].copy()
    label[np.flatnonzero(label == 0)[:4]] = 3  # a new one, from two segments
    label[np.flatnonzero(label == 1)[:5]] = 3
    label[np.flatnonzero(label == 1)[:2]] = 0  # and two that change besides
    also(run, label)
    flow = chosen(crocs, run)["flows"][-1]
    assert (flow["earlier"], flow["later"]) == (3, 4)
    assert flow["said"] == (
        "From 3 to 4 segments: segment 4 is new, with 5 of the earlier segment 2 and 4 of the earlier "
        "segment 1; 2 other consumers change segments."
    )
    split = [row for row in rows(run / "report" / "splits.csv") if row["clusters"] == 4]
    assert sum(row["consumers"] for row in split) == len(label)


@pytest.mark.parametrize(
    ("shared", "continues"),
    [
        ([[5, 0], [0, 4]], [0, 1]),
        ([[0, 5, 2], [6, 0, 0]], [1, 0, UNKNOWN]),
        ([[3, 4], [0, 5], [2, 0]], [0, 1]),
    ],
)
def test_a_segment_continues_the_one_it_shares_most_with_all_in_all(shared, continues):
    assert continued(np.array(shared)).tolist() == continues


def test_consumers_are_counted_once_in_the_words_of_a_split():
    shared = np.array([[9, 0, 3], [1, 8, 2]])
    said = Flow(2, 3, shared, continued(shared)).words()
    assert said == (
        "From 2 to 3 segments: segment 3 is new, with 3 of the earlier segment 1 and 2 of the earlier "
        "segment 2; 1 other consumer changes segments."
    )


def test_status_leads_to_the_choice_where_there_are_several_numbers(crocs, tmp_path):
    run = tmp_path / "run"
    for call in (
        ("synth", "--consumers", 16, "--days", 8, "--clusters", 2),
        ("stage1", "--prototypes", 2),
        ("stage2", "--clusters", 2, "--clusters", 3),
    ):
        assert crocs(call[0], "--run", run, *call[1:]).code == 0

    def following():
        return json.loads(crocs("status", "--run", run, "--json").out)["next"]

    assert following() == f"crocs choose --run {run}"
    chosen(crocs, run)
    assert following() == f"crocs rrls --run {run} --clusters 2"


@pytest.mark.parametrize(("period", "column"), [("week", "week_hour"), ("event", "feature")])
def test_weeks_and_events_are_chosen_and_passed_on_too(crocs, tmp_path, period, column):
    run = tmp_path / "run"
    for call in (
        ("synth", "--consumers", 60, "--days", 20, "--clusters", 2, "--period", period),
        ("stage1", "--prototypes", 3),
        ("stage2", "--clusters", 2, "--clusters", 3, "--refine", "none"),
        ("rrls", "--clusters", 2, "--communities", 3),
        ("report", "--clusters", 2),
        ("report", "--clusters", 2, "--rule", "15/15"),
    ):
        assert crocs(call[0], "--run", run, *call[1:]).code == 0, call
    assert column in rows(run / "report" / "day.csv")[0]
    assert f"Mean {period}s" in (run / "report" / "index.html").read_text()
    page = (run / "report-share-safe" / "2" / "index.html").read_text()
    assert "Made to be passed on by the rule 15/15" in page
    assert len(list((run / "passed-on").iterdir())) == 1
