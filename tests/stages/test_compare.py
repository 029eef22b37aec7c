"""Changes between two periods: what was planted is found, and nothing else is claimed."""

import csv
import json
import re
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from scipy.spatial.distance import jensenshannon

from crocs_cli import __main__
from crocs_cli.machine import files
from crocs_cli.machine.shards import recipe
from crocs_cli.maths.segments import change
from crocs_cli.report.change import BehaviourChange
from crocs_cli.rundir.layouts import PROFILES, TRUTH
from crocs_cli.rundir.run import Run
from crocs_cli.stages import export
from crocs_cli.stages.compare import CLAIM, NORMAL, claims
from tests import made_run, pages

SETTINGS = {"consumers": 90, "days": 50, "clusters": 3, "shapes": 3, "shard_size": 45}


def population(run, days, more=0):
    """Make RUN/profiles and RUN/truth of consumers of three shapes each, and some days that are like none."""
    return made_run.profiles(run, **SETTINGS | {"days": days, "outliers": more})


def explained(run):
    """Make load sets, segments and behaviours of a run, as its user does."""
    for call in (
        ("stage1", "--prototypes", 8),
        ("stage2", "--clusters", 3),
        ("rrls", "--clusters", 3, "--communities", 3),
    ):
        assert __main__.run([call[0], "--run", str(run), *map(str, call[1:])]) == 0
    return run


@pytest.fixture(scope="module")
def earlier(tmp_path_factory):
    return explained(population(tmp_path_factory.mktemp("compare") / "earlier", 50))


def half(run, target, days, planted=()):
    """Copy some days of a run's profiles into a run of their own.

    planted: (cluster, shape from, shape to, share) turns that share of the days of a shape into days of the
    same consumer with another shape.
    """
    random = np.random.default_rng(0)
    for path in sorted((run / "profiles").glob("*.h5")):
        read, truth = files.read(path, PROFILES), files.read(run / "truth" / path.name, TRUTH)
        rows = []
        for consumer, first in enumerate(read["day_offset"][:-1]):
            own = first + np.arange(*days)
            shape = truth["shape"][own]
            for cluster, old, new, share in planted:
                if truth["cluster"][consumer] == cluster:
                    turned = (shape == old) & (random.random(len(own)) < share)
                    own[turned] = random.choice(own[shape == new], int(turned.sum()))
            rows.append(own)
        arrays = read | {
            "day_offset": (days[1] - days[0]) * np.arange(len(rows) + 1),
            "date": read["date"][np.concatenate(rows)],
            "energy_kwh": read["energy_kwh"][np.concatenate(rows)],
        }
        files.write(
            target / "profiles" / path.name, PROFILES, arrays, recipe("synth", path.stem, {"half": 2}, {}, 2)
        )
    return target


def compare(crocs, run, earlier, *more):
    ended = crocs("compare", "--run", run, "--with", earlier, "--clusters", 3, "--json", *more)
    assert ended.code == 0, ended.err
    return json.loads(ended.out)


def test_without_a_change_nothing_is_claimed(crocs, earlier, tmp_path):
    later = population(tmp_path / "later", 51)  # other days of the same kinds
    found = compare(crocs, half(later, tmp_path / "run", (0, 51)), earlier)
    assert found["consumers"] == 90
    assert not [row for row in found["prevalence"] if row["claimed"]]
    assert np.trace(found["transitions"]) == 90
    assert found["moved"] == 0
    said = crocs("compare", "--run", tmp_path / "run", "--with", earlier, "--clusters", 3).out
    assert "no change of any behaviour beyond chance" in said


def behaviour_of(earlier, cluster, shape):
    """Return the segment and the number of the behaviour that most days of a shape of a true cluster show."""
    truth = [files.read(path, TRUTH) for path in sorted((earlier / "truth").glob("*.h5"))]
    of = np.repeat(np.concatenate([part["cluster"] for part in truth]), SETTINGS["days"])
    inside = (of == cluster) & (np.concatenate([part["shape"] for part in truth]) == shape)
    days = export.day_labels(Run(earlier), 3)
    labels = np.array(days["behaviour"].to_pylist(), dtype=object)[inside]
    return Counter(zip(days["cluster"].to_numpy()[inside].tolist(), labels, strict=True)).most_common(1)[0][0]


@pytest.fixture(scope="module")
def planted(earlier, tmp_path_factory):
    """Return a later run, and the (cluster, shape from, shape to) of half of whose days that changed."""
    truth = files.read(earlier / "truth" / "00000.h5", TRUTH)
    cluster = int(truth["cluster"][0])
    old, new = map(int, np.unique(truth["shape"][: truth["day_offset"][1]])[:2])
    run = half(earlier, tmp_path_factory.mktemp("later") / "run", (0, 50), [(cluster, old, new, 0.5)])
    return run, cluster, old, new


@pages.at_each_width("report/change.html")
def test_a_browser_shows_the_page_whole(browser, crocs, earlier, planted, width):
    compare(crocs, planted[0], earlier)
    assert pages.faults(browser, planted[0] / "comparison" / "3" / "index.html", width) == []


def test_a_planted_change_is_found_where_it_was_planted(crocs, earlier, planted):
    run, cluster, old, new = planted
    found = compare(crocs, run, earlier)
    claimed = {
        (row["cluster"], row["behaviour"]): row["change"] for row in found["prevalence"] if row["claimed"]
    }
    number, less = behaviour_of(earlier, cluster, old)
    _, more = behaviour_of(earlier, cluster, new)
    assert set(claimed) == {(number, less), (number, more)}
    half_of_them = 0.5 * next(
        row["earlier"] for row in found["prevalence"] if (row["cluster"], row["behaviour"]) == (number, less)
    )
    assert claimed[number, less] == pytest.approx(-half_of_them, abs=0.02)
    assert claimed[number, more] == pytest.approx(half_of_them, abs=0.02)
    assert found["median_divergence"] >= 0
    rows = list(csv.DictReader((run / "comparison" / "3" / "consumers.csv").open()))
    assert len(rows) == 90
    picture = (run / "comparison" / "3" / "figures" / "comparison.svg").read_text()
    said = re.search(r'aria-label="([^"]+)"', picture)[1]
    assert f"{number}.{less}: {100 * claimed[number, less]:+.1f}" in said
    assert f"{number}.{more}: {100 * claimed[number, more]:+.1f}" in said


def test_a_change_of_the_control_group_too_is_none(crocs, earlier, tmp_path):
    truth = [files.read(path, TRUTH) for path in sorted((earlier / "truth").glob("*.h5"))]
    cluster = int(truth[0]["cluster"][0])
    shapes = np.unique(truth[0]["shape"][: truth[0]["day_offset"][1]])
    run = half(earlier, tmp_path / "run", (0, 50), [(cluster, int(shapes[0]), int(shapes[1]), 0.5)])
    ids = np.concatenate([part["consumer_id"] for part in truth])
    (tmp_path / "control.txt").write_text("\n".join(ids[::2]))
    found = compare(crocs, run, earlier, "--control", tmp_path / "control.txt")
    assert not [row for row in found["prevalence"] if row["claimed"]]


def test_other_consumers_cannot_be_compared(crocs, earlier, tmp_path):
    made_run.make(tmp_path / "other", with_rrls=False, **SETTINGS)
    for path in (tmp_path / "other" / "profiles").glob("*.h5"):
        arrays = files.read(path, PROFILES)
        arrays["consumer_id"] = np.char.add("x", arrays["consumer_id"])
        files.write(path, PROFILES, arrays, files.read_recipe(path, PROFILES))
    for folder in ("rls", "partitions"):
        (tmp_path / "other" / folder).rename(tmp_path / folder)
    ended = crocs("compare", "--run", tmp_path / "other", "--with", earlier, "--clusters", 3)
    assert ended.code == 1
    assert "compare periods of the same consumers" in ended.err


shares = st.lists(st.integers(0, 20), min_size=4, max_size=4).filter(any)


@given(shares, shares)
def test_divergence_is_that_of_scipy_squared(first, second):
    found = change.divergence(np.array([first]), np.array([second]))[0]
    assert found == pytest.approx(jensenshannon(first, second, base=2) ** 2, abs=1e-12)


def test_a_change_is_tested_as_by_scipy():
    random = np.random.default_rng(3)
    before, after = random.random((2, 40, 3))
    none = np.zeros(40, dtype=bool)
    assert change.change(before, after, none).p_value == pytest.approx(stats.ttest_rel(after, before).pvalue)
    some = np.arange(40) < 15
    moved = after - before
    expected = stats.ttest_ind(moved[~some], moved[some], equal_var=False).pvalue
    assert change.change(before, after, some).p_value == pytest.approx(expected)


def test_the_interval_of_a_change_covers_it_as_often_as_it_says():
    covered, none = 0, np.zeros(60, dtype=bool)
    for seed in range(200):
        random = np.random.default_rng(seed)
        inclination = random.beta(8, 12, 60)  # consumers differ, and none has moved in truth
        periods = []
        for days in (40, 30):
            held = random.binomial(days, inclination)
            periods.append(change.parts(np.stack([held, days - held], axis=1)))
        found = change.change(*periods, none)
        covered += bool((np.abs(found.estimate) <= NORMAL * found.error).all())
    assert 180 <= covered <= 199


def test_the_parts_of_consumers_average_to_the_share_of_all_their_days():
    days = np.array([[30, 10, 0], [3, 1, 0], [40, 0, 7]])
    assert change.parts(days).mean(axis=0) == pytest.approx(days.sum(axis=0) / days.sum())


def test_holm_by_hand():
    assert change.holm(np.array([0.01, np.nan, 0.04, 0.03])) == pytest.approx(
        [0.03, np.nan, 0.06, 0.06], nan_ok=True
    )


def test_days_of_which_one_period_has_none_have_no_divergence():
    found = change.divergence(np.array([[30, 10], [3, 1], [4, 0]]), np.array([[15, 5], [0, 0], [0, 4]]))
    assert found == pytest.approx([0.0, np.nan, 1.0], nan_ok=True)


def test_changes_that_differ_by_rounding_alone_are_no_difference():
    before = np.array([[0.1], [0.2], [0.3], [0.4], [0.5], [0.6]])
    after = before + 0.1  # the same change of all, but for its last bits
    control = np.array([True, False] * 3)
    assert len(np.unique(after - before)) > 1
    assert change.change(before, after, control).p_value.tolist() == [1.0]
    assert change.change(before, after, np.zeros(6, dtype=bool)).p_value.tolist() == [0.0]


@pytest.mark.parametrize("noise", [-1e-14, 0.0, 1e-14])
def test_a_p_value_that_equals_the_level_is_claimed(noise):
    row = BehaviourChange(1, 1, "flat", 9, 0.1, 0.2, 0.1, 0.0, 0.2, CLAIM * (1 + noise), False)
    assert claims([row])[0].claimed


def test_load_sets_are_read_once_for_all_segments(crocs, earlier, tmp_path, monkeypatch):
    run = half(population(tmp_path / "later", 51), tmp_path / "run", (0, 51))
    assert compare(crocs, run, earlier)["clusters"] == 3  # its load sets and assignments are made
    (run / "comparison" / "3" / "made-by.json").unlink()
    calls, whole = [], Run.each_members

    def counted(self, *given):
        calls.append(self.path)
        return whole(self, *given)

    monkeypatch.setattr(Run, "each_members", counted)
    compare(crocs, run, earlier)
    assert sorted(calls) == sorted([earlier, run])
