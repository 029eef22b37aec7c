"""Typical members, changes between periods and enough targets: meaning, on behaviours that were planted."""

import html
import json
import shutil

import numpy as np
import pytest

from crocs_cli.machine import files
from crocs_cli.machine.shards import recipe
from crocs_cli.maths.behaviours.communities import Leiden
from crocs_cli.maths.behaviours.graph import prototype_graph
from crocs_cli.maths.behaviours.hyperprototypes import hyperprototypes
from crocs_cli.maths.behaviours.refined import disagreement
from crocs_cli.maths.distances.loadsets import LoadSets
from crocs_cli.maths.readings.quality import COUNTS
from crocs_cli.maths.segments.typical import distances_to_rrls
from crocs_cli.maths.synthetic.generator import draw_days
from crocs_cli.report.fewer import why_fewer
from crocs_cli.rundir.layouts import PROFILES, RRLS
from crocs_cli.rundir.settings import RrlsSettings
from tests import naive_graph

SHAPES = ((0, 9, 13), (3, 10, 12))
DAYS = 60


def write_period(run, shares, seed, members=24):
    """Write the profiles of two groups of consumers, whose days follow their shapes with the given shares."""
    random = np.random.default_rng(seed)
    kinds = [
        random.permutation(np.repeat(SHAPES[group], np.round(np.array(shares[group]) * DAYS).astype(int)))
        for group in (0, 1)
        for _ in range(members - 4 * group)
    ]
    number = len(kinds)
    files.write(
        run / "profiles" / "00000.h5",
        PROFILES,
        {
            "consumer_id": np.array([f"S{at:03d}" for at in range(number)]),
            "day_offset": DAYS * np.arange(number + 1),
            "date": np.tile(np.arange(DAYS), number),
            "energy_kwh": draw_days(np.concatenate(kinds), random),
            "meter_id": np.array(["none"]),
            "quality": np.zeros((1, len(COUNTS))),
        },
        recipe("synth", "00000", {"seed": seed}, {}),
    )


@pytest.fixture(scope="module")
def periods(tmp_path_factory):
    """Return two periods; in the second 20 of 100 days of the second group went from shape 3 to shape 10."""
    from crocs_cli import __main__

    before, after = tmp_path_factory.mktemp("before"), tmp_path_factory.mktemp("after")
    write_period(before, [(0.4, 0.3, 0.3), (0.5, 0.3, 0.2)], seed=1)
    write_period(after, [(0.4, 0.3, 0.3), (0.3, 0.5, 0.2)], seed=2)
    for call in (
        ("stage1", "--run", before, "--prototypes", 8),
        ("stage1", "--run", after, "--prototypes", 8),
        ("stage2", "--run", before, "--clusters", 2),
        ("rrls", "--run", before, "--clusters", 2, "--communities", 3),
    ):
        assert __main__.run(list(map(str, call))) == 0, call
    return before, after


def changes(crocs, run, earlier):
    """Compare two periods; return {segment: its behaviours, those of no behaviour last}."""
    ended = crocs("compare", "--run", run, "--with", earlier, "--clusters", 2, "--json")
    assert ended.code == 0, ended.err
    rows = json.loads(ended.out)["prevalence"]
    return {number: [row for row in rows if row["cluster"] == number] for number in (1, 2)}


def test_what_moved_is_named_with_its_amount(periods, crocs):
    before, after = periods
    first, second = changes(crocs, after, before).values()
    assert [{row["consumers"] for row in rows} for rows in (first, second)] == [{24}, {20}]
    moved = [sum(abs(row["change"]) for row in rows) / 2 for rows in (first, second)]
    assert moved[0] < 0.02
    assert moved[1] == pytest.approx(0.2, abs=0.02)
    assert sorted(row["change"] for row in second[:3]) == pytest.approx([-0.2, 0.0, 0.2], abs=0.02)
    assert [row["behaviour"] for row in second] == [1, 2, 3, None]
    for row in second:
        assert abs(row["others_change"]) < 0.02
        assert row["claimed"] == (abs(row["change"]) > 0.02) == (row["low"] * row["high"] > 0)
        assert row["low"] <= row["change"] <= row["high"]
    said = crocs("compare", "--run", after, "--with", before, "--clusters", 2).out
    assert said.count("segment 2, behaviour ") == 2
    assert "segment 1" not in said
    assert "% of days, now " in said


def test_the_same_period_has_not_moved(periods, crocs):
    before, _ = periods
    for rows in changes(crocs, before, before).values():
        assert [row["change"] for row in rows] == pytest.approx([0.0] * 4, abs=1e-12)
        assert all(row["shape_change"] == pytest.approx(0.0, abs=1e-6) for row in rows[:3])
        assert not [row for row in rows if row["claimed"]]


def test_typical_members_are_ranked_and_filtered(periods, crocs):
    before, _ = periods
    lines = crocs("typical", "--run", before, "--clusters", 2).out.splitlines()
    assert lines[0] == "cluster,rank,consumer_id,distance,major_coverage,mean_daily_kwh,segment_name"
    rows = [line.split(",") for line in lines[1:]]
    assert [row[0] for row in rows] == ["1"] * 24 + ["2"] * 20
    for cluster in "12":
        distances = [float(row[3]) for row in rows if row[0] == cluster]
        assert distances == sorted(distances)
    some = crocs("typical", "--run", before, "--clusters", 2, "--cluster", 2, "--first", 3).out.splitlines()
    assert [line.split(",")[1] for line in some[1:]] == ["1", "2", "3"]
    middle = sorted(float(row[5]) for row in rows)[22]
    heavy = crocs("typical", "--run", before, "--clusters", 2, "--min-daily-kwh", middle).out.splitlines()
    assert len(heavy) == 1 + 22
    refused = crocs("typical", "--run", before, "--clusters", 2, "--cluster", 3)
    told = "there are 2 segments and no segment 3; name one"
    assert refused.err.strip() == f"crocs: --clusters, --cluster: {told}"


def test_the_summary_says_what_was_made(periods, crocs):
    before, _ = periods
    ended = crocs("rrls", "--run", before, "--clusters", 2, "--communities", 3, "--json")
    cluster = json.loads(ended.out)["clusters"][0]
    assert (cluster["members"], cluster["graph"], cluster["targets"]) == (24, "full", 23)
    assert cluster["edges"] == len(files.read(before / "rrls" / "2" / "01.h5", RRLS)["vertex_days"]) * 23
    assert cluster["communities"] == 3
    assert cluster["consumer_coverage"] == [1.0] * 3
    assert sorted(cluster["day_coverage"]) == pytest.approx([0.3, 0.3, 0.4], abs=0.03)


def test_fewer_behaviours_than_asked_for_are_said_with_the_reason(periods, crocs, tmp_path):
    for name in ("profiles", "rls", "wsmd", "partitions"):
        shutil.copytree(periods[0] / name, tmp_path / name)
    asked = ("rrls", "--run", tmp_path, "--clusters", 2, "--communities", 60, "--starts", 1)
    lines = crocs(*asked, "--min-total-coverage", 0.9).out.splitlines()
    clusters = json.loads(crocs(*asked, "--min-total-coverage", 0.9, "--json").out)["clusters"]
    for line, cluster in zip(lines[1:], clusters, strict=True):
        said = cluster["why_fewer"]
        assert line == f"segment {cluster['cluster']}: {said}"
        assert cluster["asked"] == 60
        assert said.startswith(f"60 behaviours were asked for and {cluster['communities']} found: ")
        assert sum(cluster["day_coverage"]) >= 0.9
    assert crocs("report", "--run", tmp_path).code == 0
    page = html.unescape((tmp_path / "report" / "2" / "index.html").read_text())
    assert all(cluster["why_fewer"] in page for cluster in clusters)


@pytest.mark.parametrize(
    ("trials", "settings", "why"),
    [
        ([(1, 5), (2, 10), (1.5, 7)], {}, "a resolution that gives 10 leaves more than 15% of the days in "),
        ([(1, 5), (2, 9), (1.5, 7)], {"min_total_coverage": 0.9}, "gives 9 leaves more than 10% of the days"),
        ([(1, 5), (2, 6), (1.5, 7)], {"min_coverage": 0.005}, "gives more groups that hold at least 0.5% of"),
        ([(1, 5), (2, 13), (1.5, 7)], {}, "no resolution that was tried gives a number that is nearer"),
        ([(1, 5), (2, 10), (2, 7)], {}, "the part of the graph that the resolution was searched on has 10"),
        ([(1, 10)], {}, ""),
        ([(1, 12)], {}, ""),
        ([(1, 7)], {"resolution": 1.0}, ""),
        ([(1, 7)], {"quality": "modularity"}, ""),
    ],
)
def test_why_there_are_fewer_is_read_from_the_trials(trials, settings, why):
    resolutions, counts = np.array(trials, dtype=float).T
    read = {
        "trial_resolution": resolutions,
        "trial_communities": counts.astype(int),
        "day_coverage": np.zeros(trials[-1][1]),
    }
    said = why_fewer(read, RrlsSettings(**settings))
    assert said.startswith("10 behaviours were asked for and 7 found: ") == bool(why)
    assert why in said
    assert bool(said) == bool(why)


def test_distance_to_the_rrls_is_the_paper_s():
    random = np.random.default_rng(1)
    profiles = random.random((5, 6)).astype(np.float32)
    members = LoadSets(profiles, np.array([3, 1, 2, 2, 4]), np.array([0, 2, 5]))
    refined, days = random.random((3, 6)).astype(np.float32), np.array([5, 4, 1])
    found = distances_to_rrls(members, refined, days, 1, 1)
    for member, rows in enumerate((slice(0, 2), slice(2, 5))):
        table = np.array([[naive_graph.dtw(a, b, 1) for b in refined] for a in profiles[rows]])
        there = np.average(table.min(axis=1), weights=members.days[rows])
        back = np.average(table.min(axis=0), weights=days)
        assert found[member] == pytest.approx((there + back) / 2, rel=1e-5)


def test_halves_that_differ_in_a_major_community_disagree():
    days = np.full(100, 3)
    first = np.repeat([0, 1, 2], [60, 38, 2])
    assert disagreement(first, first[::-1].max() - first, days) == 0.0
    second = np.where(np.arange(100) < 55, 0, first + (first == 0))
    assert disagreement(first, second, days) == pytest.approx(0.05)
    assert disagreement(np.arange(100), np.arange(100), days) == 0.0


def test_a_sample_of_targets_covers_what_the_full_graph_does():
    """Four shapes, a quarter of outlier days: a sixth of the targets keeps the coverages within a point."""
    random = np.random.default_rng(0)
    number = 300
    kinds = np.hstack([random.choice([0, 3, 9, 18], (number, 6)), np.full((number, 2), -1)])
    days = np.tile([5] * 6 + [5, 5], number).astype(np.int32)
    members = LoadSets(draw_days(kinds.ravel(), random).astype(np.float32), days, 8 * np.arange(number + 1))
    covered = []
    for targets in (number - 1, 50):
        graph = prototype_graph(members, 2, targets, 1)
        communities = Leiden(graph, "rber", seed=1, starts=3).communities(1.0)
        covered.append(hyperprototypes(members, communities, 0.01, 2, seed=0).day_coverage[:4])
    assert np.abs(covered[0] - covered[1]).max() < 0.01
