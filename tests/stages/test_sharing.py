"""What may be passed on: by rule, whatever went out before, and no file gives away too few consumers."""

import csv
import itertools
import json

import numpy as np
import pytest

from crocs_cli.machine import files
from crocs_cli.machine.shards import recipe
from crocs_cli.maths.segments.rules import rule_of
from crocs_cli.rundir.layouts import PARTITION
from crocs_cli.rundir.run import Run
from crocs_cli.rundir.settings import Stage2Settings
from tests import made_run, pages

SIZES = {"consumers": 150, "days": 12, "clusters": 3, "shard_size": 60}


@pytest.fixture
def run(tmp_path):
    return made_run.make(tmp_path / "run", **SIZES)


def also(run, clusters, label):
    """Write a further partition of the run's consumers."""
    read = Run(run).partition(3)
    made_by = recipe("stage2", str(clusters), Stage2Settings().of_partition(clusters, 1), {})
    medoid = np.array([int(np.argmax(label == k)) for k in range(clusters)])
    path = run / "partitions" / f"{clusters}.h5"
    files.write(path, PARTITION, read | {"label": label, "medoid": medoid}, made_by)


def with_few_that_move(run):
    """Write a partition into 4: three consumers change segments, and a segment of five is new."""
    label = Run(run).labels(3)[1].copy()
    label[np.flatnonzero(label == 0)[:3]] = 1
    label[np.flatnonzero(label == 2)[:5]] = 3
    also(run, 4, label)
    return label


def groups_of(run, number):
    found = [json.loads(path.read_text()) for path in sorted((run / "passed-on").glob(f"{number}-*.json"))]
    return [one["groups"] for one in found]


def test_every_file_that_is_passed_on_keeps_every_sum_of_too_few(crocs, run, tmp_path):
    """The attacker has all shared files, and knows who is in which segment of every number."""
    with_few_that_move(run)
    rule = rule_of("15/15")
    for call in (
        ("report", "--clusters", 3, "--rule", "15/15"),
        ("report", "--clusters", 4, "--rule", "15/15"),
        ("report", "--clusters", 2, "--share-safe"),
        ("export", "--what", "segments", "--clusters", 3, "--rule", "15/15", tmp_path / "segments.csv"),
        ("export", "--what", "coverage", "--clusters", 3, "--rule", "15/15", tmp_path / "coverage.csv"),
    ):
        ended = crocs(call[0], "--run", run, *call[1:])
        assert ended.code == 0, ended.err
    consumer_id, used = kwh_of(run)
    shared = [path for path in (run / "report-share-safe").rglob("*") if path.is_file()]
    assert not [name for name in consumer_id for path in shared if name in path.read_text()]
    rows, sums = figures(run, tmp_path)
    assert len(rows) > 5
    assert sums == pytest.approx([used[inside].sum() / used.sum() for inside in rows], rel=1e-4)
    labels = [Run(run).labels(k)[1] for k in (2, 3, 4)]
    segments = [label == number for label in labels for number in range(label.max() + 1)]
    sets = list(segments)
    for one, other in itertools.permutations(segments, 2):
        sets += [one & ~other, one & other]
    sets += list(np.eye(len(used), dtype=bool))
    forbidden = np.array([s for s in sets if s.any() and not allowed(rule, used[s])], dtype=float)
    assert len(forbidden) > len(used)
    rows = np.array(rows, dtype=float)
    left = np.abs(forbidden @ np.linalg.pinv(rows) @ rows - forbidden).max(axis=1)
    assert left.min() > 0.01, "one of them follows"


def allowed(rule, used):
    return len(used) >= rule.minimum and used.max() <= rule.percent / 100 * used.sum() * (1 + 1e-9)


def kwh_of(run):
    parts = list(Run(run).profiles().each(("consumer_id", "energy_kwh", "day_offset")))
    sums = [np.add.reduceat(part["energy_kwh"].sum(axis=1), part["day_offset"][:-1]) for part in parts]
    return np.concatenate([part["consumer_id"] for part in parts]), np.concatenate(sums).astype(float)


def figures(run, exported):
    """Return who is in each sum that the shared tables show, and its share of all energy."""
    rows, sums = [np.ones(SIZES["consumers"], dtype=bool)], [1.0]
    for k in (2, 3, 4):
        label = Run(run).labels(k)[1] + 1
        (groups,) = groups_of(run, k)
        table = list(csv.DictReader((run / "report-share-safe" / str(k) / "segments.csv").open()))
        tables = [table, list(csv.DictReader((exported / "segments.csv").open()))] if k == 3 else [table]
        for row in itertools.chain(*tables):
            (group,) = [group for group in groups if group[0] == int(row["cluster"])]
            rows.append(np.isin(label, group))
            sums.append(float(row["energy_share"]))
            assert int(row["consumers"]) == rows[-1].sum() >= 15
    return rows, sums


def test_what_went_out_before_shapes_what_may_follow(crocs, run):
    with_few_that_move(run)
    assert crocs("report", "--run", run, "--clusters", 4, "--rule", "minimum:15").code == 0
    alone = groups_of(run, 4)
    assert crocs("report", "--run", run, "--clusters", 3, "--rule", "minimum:15").code == 0
    assert alone == [[[1], [2], [3, 4]]]
    assert groups_of(run, 3) == [[[3], [1, 2]]], "three consumers moved between 1 and 2"
    page = (run / "report-share-safe" / "3" / "index.html").read_text()
    assert "Segments 1 and 2, shown together" in page
    before = (run / "report-share-safe" / "4" / "segments.csv").read_text()
    (run / "report-share-safe" / "4" / "made-by.json").unlink()
    assert crocs("report", "--run", run, "--clusters", 4, "--rule", "minimum:15").code == 0
    assert (run / "report-share-safe" / "4" / "segments.csv").read_text() == before, "the same again"


def test_a_page_says_which_rule_would_have_shown_each_segment(crocs, run):
    with_few_that_move(run)
    assert crocs("report", "--run", run, "--clusters", 4, "--rule", "minimum:15").code == 0
    text = " ".join((run / "report-share-safe" / "4" / "index.html").read_text().split())
    assert "by the rule minimum:15 (at least 15 consumers): no consumer is named" in text
    assert "The rule minimum:5 would show each segment by itself" in text


def test_cpuc_says_both_of_its_limits(crocs, run):
    ended = crocs("report", "--run", run, "--clusters", 3, "--rule", "cpuc")
    assert ended.code == 0
    text = " ".join((run / "report-share-safe" / "3" / "index.html").read_text().split())
    assert "at least 100 consumers, none with more than 15% of the energy)" in text


@pytest.mark.parametrize("name", ["15", "minimum:x", "cpux"])
def test_a_rule_that_is_none_is_one_line(crocs, run, name):
    ended = crocs("report", "--run", run, "--clusters", 3, "--rule", name)
    assert (ended.code, ended.err.count("\n")) == (2, 1)
    assert "--rule: " in ended.err
    assert "no such rule; write none, 15/15, 100/10 or any N/P" in ended.err


def test_rule_none_is_no_report_to_pass_on(crocs, run):
    assert crocs("report", "--run", run, "--clusters", 3, "--rule", "none").code == 0
    assert (run / "report" / "3" / "index.html").exists()
    assert not (run / "report-share-safe").exists()


def test_a_table_without_any_segment_is_refused_and_not_noted(crocs, run, tmp_path):
    smallest = np.bincount(Run(run).labels(3)[1]).min()
    call = ("export", "--run", run, "--clusters", 3, "--what", "segments", "--rule", "minimum:100")
    ended = crocs(*call, tmp_path / "a.csv")
    assert (ended.code, ended.err.count("\n")) == (1, 1)
    assert "the rule minimum:100 lets no segment of 3 be shown by itself" in ended.err
    assert f"the rule minimum:{smallest} would" in ended.err
    assert not (tmp_path / "a.csv").exists()
    assert not (run / "passed-on").exists()


@pytest.mark.engine
def test_a_browser_shows_a_page_that_is_passed_on_whole(browser, crocs, run):
    assert crocs("report", "--run", run, "--clusters", 3, "--rule", "15/15").code == 0
    page = run / "report-share-safe" / "3" / "index.html"
    assert [fault for fault in pages.faults(browser, page, "phone") if "leads nowhere" in fault] == []


def test_the_setting_of_earlier_versions_is_the_rule_of_its_number(crocs, run):
    call = ("report", "--run", run, "--clusters", 3)
    assert crocs(*call, "--share-safe", "--minimum-size", 5).code == 0
    made_by = run / "report-share-safe" / "3" / "made-by.json"
    before = made_by.read_bytes()
    assert crocs(*call, "--rule", "5/15").code == 0
    assert made_by.read_bytes() == before
    assert json.loads(before)["settings"]["rule"] == "5/15"
