"""The whole screening, through the command line: section 15 end to end, and the gates of 11.7."""

import csv
import datetime as dt
import json
import re
import shutil
from collections import Counter
from html.parser import HTMLParser

import numpy as np
import pytest
import yaml
from sklearn.metrics import adjusted_rand_score

from crocs_cli import __main__
from crocs_cli.errors import CrocsError
from crocs_cli.machine import files
from crocs_cli.machine.shards import recipe
from crocs_cli.machine.team import Team
from crocs_cli.report.panels import panels
from crocs_cli.rundir.layouts import PARTITION
from crocs_cli.rundir.run import Run
from crocs_cli.screen import rank, validate
from crocs_cli.screen.daily.dates import Calendar
from crocs_cli.screen.daily.series import Series, arrays_of
from crocs_cli.screen.figures.scene import plot_series
from crocs_cli.screen.layouts import CHANGES, DAILY, FEATURES, MAP, SCORES, TRUTH
from crocs_cli.screen.patterns import classify, som
from crocs_cli.screen.settings import FitSettings, RankSettings, ValidateSettings
from crocs_cli.screen.truth import baselines, labels
from tests import pages
from tests.conftest import ROOT, digests, finish, mpiexec, start
from tests.screen.naive import changes_of

SEED = 11


def call(*arguments):
    assert __main__.run([str(argument) for argument in arguments]) == 0, arguments


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """3,000 installations, three years, 3 % thieves: simulated, fitted, ranked and validated."""
    folder = tmp_path_factory.mktemp("screen") / "run"
    call(
        "screen",
        "simulate",
        "--run",
        folder,
        "--installations",
        3000,
        "--seed",
        SEED,
        "--installations-per-shard",
        1500,
    )
    call("screen", "fit", "--run", folder)
    call("screen", "rank", "--run", folder)
    call("screen", "validate", "--run", folder)
    return folder / "screen"


def together(run, kind, layout):
    parts = [files.read(path, layout) for path in sorted((run / kind).glob("0*.h5"))]
    return {name: np.concatenate([part[name] for part in parts]) for name in layout.arrays}


def table(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def metrics(run):
    return json.loads((run / "metrics.json").read_text())


@pytest.fixture(scope="module")
def source(run):
    return rank.load_source(run.parent, RankSettings())


def test_the_default_ranking_passes_its_gates(metrics):
    default = metrics["default"]
    for rival in ("paper", "drop_ratio", "isolation_forest"):
        assert default["ap"] > metrics[rival]["ap"]
        assert default["ap"] > metrics[f"{rival}_ceased"]["ap"]
    assert default["ap"] >= 1.4 * metrics["drop_ratio"]["ap"]
    assert default["auc"] >= 0.93
    assert {"auc", "ap", "p_at_100"} <= set(default)


def test_theft_since_commissioning_cannot_be_found(metrics):
    for method, auc in metrics["negative_control"].items():
        assert 0.40 <= auc <= 0.60, method


def test_honest_installations_seldom_change_class(metrics):
    for figures in metrics["class_changes"].values():
        assert figures["honest"] <= 0.03
        assert figures["unchanged"] <= 0.03


def test_every_whole_bypass_is_on_the_ceased_list(metrics, run):
    assert metrics["ceased"]["recall"] == 1.0
    assert len(table(run / "ceased.csv")) == metrics["ceased"]["listed"]


def test_contributions_times_completeness_are_the_final_score(run):
    lines = [json.loads(line) for line in (run / "explain.jsonl").read_text().splitlines()]
    assert len(lines) == 3000
    for line in lines:
        total = sum(line["contributions"].values())
        final = total * line["completeness"] ** line["gamma"] if total > 0 else total
        assert final == pytest.approx(line["final"], abs=1e-9)
        assert line["reason"].endswith("% complete.")
    scores = files.read(run / "scores.h5", SCORES)
    assert np.nanmin(scores["tag"]) >= 0
    assert np.nanmax(scores["tag"]) <= 1


def test_the_ranking_is_a_table_in_order_with_reasons(run):
    rows = table(run / "ranking.csv")
    final = [float(row["final"]) for row in rows]
    assert final == sorted(final, reverse=True)
    assert [int(row["rank"]) for row in rows] == list(range(1, len(rows) + 1))
    assert all(row["reason"] for row in rows)
    assert "below the same weeks a year ago" in rows[0]["reason"]
    assert rows[0]["type"] == "decrease"
    assert dt.date.fromisoformat(rows[0]["onset_date"]).year == 2021


def test_the_counts_of_the_clusterings_are_one_identity(run):
    counts = json.loads((run / "run.json").read_text())
    assert (
        counts["week_clustering"] + counts["cc_w"]
        == counts["month_clustering"] + counts["cc_m"] + counts["month_not_testable"]
        == counts["without_a_b_c"]
    )


def test_the_checkup_list_is_that_of_large_gaps(run):
    labels = {row["id"] for row in table(run / "filters.csv") if "LARGE_GAPS" in row["labels"]}
    assert {row["id"] for row in table(run / "meter_checkup.csv")} == labels
    after = {row["id"] for row in table(run / "filters_after.csv") if "LARGE_GAPS" in row["labels_after"]}
    assert {row["id"] for row in table(run / "meter_checkup_after.csv")} == after
    assert after


def test_the_gap_histogram_counts_every_gap(run):
    features = together(run, "features", FEATURES)
    rows = table(run / "gap_hist.csv")
    by_length = sum(int(row["count"]) for row in rows if row["histogram"] == "gaps_by_length")
    assert by_length == features["gaps"].sum()


def test_planted_patterns_are_found_again(run, source):
    features, truth = together(run, "features", FEATURES), together(run, "truth", TRUTH)
    for name, least in (("week", 0.80), ("month", 0.90)):
        shares = features[f"{name}_share"]
        whole = ~np.isnan(shares).any(axis=1)
        model = source.model.maps[name, "all"]
        own = model.node_class[som.nearest_two(np.ascontiguousarray(shares[whole]), model.nodes)[0]]
        assert adjusted_rand_score(truth[f"{name}_type"][whole], own) >= least


def test_maps_are_good_enough_and_larger_ones_finer(run):
    rows = {row["map"]: row for row in table(run / "som_quality.csv")}
    for name, row in rows.items():
        assert float(row["quantisation_error"]) <= 0.5 * float(row["spread"]), name
        assert float(row["topographic_error"]) <= 0.30, name
    for feature in ("week", "month"):
        small, large = (float(rows[f"{feature}-all{s}"]["quantisation_error"]) for s in ("-5x5", ""))
        assert large < small
    curves = {}
    for row in table(run / "elbow.csv"):
        curves.setdefault(row["map"], []).append(float(row["wcss_nodes"]))
    for curve in curves.values():
        assert (np.diff(curve) <= 1e-9).all()


def test_class_numbers_follow_the_papers_figures(source):
    week, month = source.model.maps["week", "all"].prototypes, source.model.maps["month", "all"].prototypes
    assert (np.diff(week[:, 5:].sum(axis=1)) > 0).all()
    assert (np.diff(month[:, [6, 7]].sum(axis=1) - month[:, [11, 0, 1]].sum(axis=1)) > 0).all()
    for key, model in source.model.maps.items():
        if key[0] == "scale":
            assert (np.diff(model.prototypes[:, 0]) > 0).all()
    table_1 = np.array(
        [
            [0.123, 0.119, 0.118, 0.121, 0.127, 0.189, 0.203],
            [0.143, 0.144, 0.144, 0.144, 0.144, 0.142, 0.139],
            [0.159, 0.166, 0.168, 0.165, 0.159, 0.103, 0.079],
        ]
    )
    classes = (
        classify.class_of(source.model.maps["week", "all"], table_1 / table_1.sum(axis=1, keepdims=True)) + 1
    )
    assert classes[0] == 4
    assert classes[1] == 3
    assert classes[2] in (1, 2)


def test_classifying_the_training_period_again_changes_nothing(run, source):
    features = together(run, "features", FEATURES)
    for name in ("week", "month"):
        shares, level = features[f"{name}_share"], features["level"]
        found = source.model.compare(name, level, shares, shares, "bmu")
        np.testing.assert_array_equal(found.class_before, found.class_after)


def test_fifty_moved_weekday_patterns_are_flagged(run, source):
    features, truth = together(run, "features", FEATURES), together(run, "truth", TRUTH)
    model = source.model.maps["week", "all"]
    shares = features["week_share"]
    rows = np.nonzero((classify.class_of(model, shares) == 2) & (truth["attack"] == 0))[0][:50]
    moved = shares[rows] * model.prototypes[3] / model.prototypes[2]
    moved /= moved.sum(axis=1, keepdims=True)
    assert changes_of(classify.compare(model, shares[rows], moved), 0.2).sum() >= 45


def test_p_values_hold_their_level_without_labels(run):
    truth, scores = together(run, "truth", TRUTH), files.read(run / "scores.h5", SCORES)
    honest = (truth["attack"] == 0) & (scores["rank"] > 0)
    assert np.mean(scores["p_value"][honest] <= 0.05) <= 0.06
    assert np.mean(scores["p_value"][np.isin(truth["attack"], [1, 5, 6, 9])] <= 0.05) > 0.8


def test_onsets_and_losses_are_near_the_truth(metrics):
    assert metrics["onset"]["median_error_days"] <= 21
    assert 0.7 <= metrics["onset"]["lost_over_stolen"] <= 1.4


def test_the_figures_are_drawn_each_with_its_table_and_in_words(run):
    drawn = {path.stem: path.read_text() for path in (run / "figures").glob("*.svg")}
    assert drawn.keys() == {path.stem for path in (run / "figures").glob("*.csv")}
    numbers = {name.split("-")[0] for name in drawn}
    assert {"04", "06", "07", *map(str, range(11, 23))} <= numbers
    for name, svg in drawn.items():
        alt = re.match(r'<svg role="img" aria-label="([^"]+)"', svg)
        assert len(alt[1]) > 40, name
        assert "mathdefault" not in svg, name
        assert not re.search(r"\bnan\b", alt[1]), name


def test_the_series_of_a_figure_are_those_of_its_table(run):
    rows, daily = table(run / "figures/06-split-series.csv"), together(run, "daily", DAILY)
    first = table(run / "ranking.csv")[0]["id"]
    kwh = daily["energy_kwh"][daily["installation_id"].tolist().index(first)]
    assert {row["id"] for row in rows} == {first}
    assert (rows[0]["date"], rows[-1]["date"]) == ("2019-01-01", "2021-12-31")
    np.testing.assert_allclose([float(row["kwh"] or "nan") for row in rows], kwh, rtol=1e-5)


def test_figures_show_gaps_in_yellow():
    kwh = np.ones((1, 50), np.float32)
    kwh[0, 10:14] = kwh[0, 40] = np.nan
    arrays = arrays_of(
        np.array(["a"]), np.zeros(1), Calendar(dt.date(2021, 1, 1), 50), kwh, np.zeros((1, 50))
    )
    _, (axes,) = panels((4,), 2)
    plot_series(axes, Series.of(arrays), 0)
    yellow = [patch for patch in axes.patches if patch.get_facecolor()[:2] > (0.9, 0.85)]
    assert [patch.get_width() for patch in yellow] == [4, 1]


class Page(HTMLParser):
    """What a page is made of: tags with their attributes, ids, and its words."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.words = [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.words += data.split()


@pytest.fixture(scope="module")
def page(run):
    return Page((run / "ranking.html").read_text())


def test_the_page_names_the_first_of_the_list_with_their_reasons(run, page):
    words, rows = " ".join(page.words), table(run / "ranking.csv")
    assert f"The first 30 of {len(rows):,}" in words
    assert f"{len(rows):,} are ranked" in words
    for row in rows[:30]:
        assert f"{row['rank']} {row['id']} {row['level']} {float(row['final']):.2f}" in words
        assert row["reason"] in words
    assert rows[30]["reason"] not in words
    assert f"{len(table(run / 'ceased.csv')):,} installations stopped almost wholly" in words


def test_the_page_counts_what_the_tables_count(run, page):
    words, rows = " ".join(page.words), table(run / "ranking.csv")
    levels = Counter(row["level"] for row in table(run / "filters_after.csv"))
    ranked = Counter(row["level"] for row in rows)
    for level, count in levels.items():
        assert f"{level} {count:,} {ranked[level]:,}" in words
    assert f"All 3,000 {len(rows):,}" in words
    below = sum(float(row["q_value"]) <= 0.1 for row in rows)
    assert f"Under a false discovery rate of 10 % are {below:,}" in words
    reasons = words.partition("Because Installations")[2].partition("The scores")[0]
    assert sum(map(int, re.findall(r"(?:since|before|compare) (\d+)", reasons))) == 3000 - len(rows)


def test_the_picture_against_the_truth_is_that_of_the_validation(run, metrics):
    drawn = table(run / "figures" / "24-against-truth.csv")
    measured = [row for row in table(run / "pr.csv") if row["method"] == "default"]
    assert drawn == [{name: value for name, value in row.items() if name != "method"} for row in measured]
    svg = (run / "figures" / "24-against-truth.svg").read_text()
    assert f"Average precision {metrics['default']['ap']:.2f}" in svg
    assert f"Area under the curve {metrics['default']['auc']:.2f}" in svg


def test_the_page_needs_nothing_else_and_every_picture_is_in_words(run, page):
    tags = [tag for tag, _ in page.tags]
    assert not {"script", "iframe", "link", "img"} & set(tags)
    svgs = [attrs for tag, attrs in page.tags if tag == "svg"]
    assert len(svgs) == len(list((run / "figures").glob("*.svg")))
    assert all(attrs["role"] == "img" and attrs["aria-label"] for attrs in svgs)
    ids = [attrs["id"] for _, attrs in page.tags if "id" in attrs]
    assert len(ids) == len(set(ids))
    links = [attrs["href"] for tag, attrs in page.tags if tag == "a"]
    for link in links:
        assert link[1:] in ids if link.startswith("#") else (run / link).is_file(), link


@pages.at_each_width("screen/ranking.html")
def test_a_browser_shows_the_page_whole(browser, run, width):
    assert pages.faults(browser, run / "ranking.html", width) == []


def test_classes_count_from_1_wherever_a_user_sees_them(run):
    seen = set()
    for path in run.rglob("*.csv"):
        for row in table(path):
            for name, value in row.items():
                if re.fullmatch(r"class|(.*_)?class(_before|_after)?|top_weekday|top_month|t1_weekday", name):
                    assert value == "" or 1 <= int(value) <= 12, (path, name, value)
                    seen |= {(path.name, name)} if value else set()
                assert not re.fullmatch(r"to_0|class_0", name), path
    assert {name for _, name in seen} >= {"class", "week_class_before", "class_after", "t1_weekday"}
    before = files.read(run / "changes/00000.h5", CHANGES)["week_class_before"]
    own = {row["id"]: row["week_class_before"] for row in table(run / "classes.csv")}
    ids = files.read(run / "changes/00000.h5", CHANGES)["installation_id"]
    assert [own[name] for name in ids] == ["" if number < 0 else str(number + 1) for number in before]
    assert (before < 0).any()


def test_weeks_and_months_of_changes_are_dates(run):
    for row in table(run / "scale.csv"):
        for name in ("onset_week", "onset_earliest", "onset_latest", "onset_day", "t3_onset_run"):
            assert row[name] == "" or dt.date.fromisoformat(row[name])
        assert re.fullmatch(r"(\d{4}-\d\d)?", row["t2_worst_month"])


def strictly(text):
    def refuse(word):
        raise AssertionError(word)

    return json.loads(text, parse_constant=refuse)


def test_everything_printed_or_kept_as_json_is_strict(run, alone, crocs):
    for path in run.rglob("*.json"):
        strictly(path.read_text())
    for line in (run / "explain.jsonl").read_text().splitlines():
        strictly(line)
    ended = crocs("screen", "rank", "--run", alone, "--no-figures", "--json")
    assert ended.code == 0, ended.err
    assert strictly(ended.out)


def test_without_thieves_a_validation_has_no_figure_for_them(alone, tmp_path, crocs):
    shutil.copytree(alone, tmp_path / "run")
    for path in (tmp_path / "run/screen/truth").glob("0*.h5"):
        arrays = files.read(path, TRUTH)
        arrays["attack"][np.isin(arrays["attack"], range(1, 13))] = 14
        files.write(path, TRUTH, arrays, files.read_recipe(path, TRUTH))
    ended = crocs("screen", "validate", "--run", tmp_path / "run", "--bootstrap", 10, "--json")
    assert ended.code == 0, ended.err
    assert strictly(ended.out)["default"]["auc"] is None


def test_scores_of_rivals_that_rounding_parts_stay_equal(alone, monkeypatch):
    found = rank.run(alone, RankSettings(figures=False), Team())
    known = labels.of_truth(together(alone / "screen", "truth", TRUTH), ValidateSettings().with_types)
    kept = []
    for wobble in (0, 1e-13):

        def rival(columns, seed, wobble=wobble):
            rng = np.random.default_rng(seed)
            score = rng.integers(1, 50, len(columns["level"])) / 50
            return score * (1 + wobble * rng.choice([-1, 1], len(score)))

        monkeypatch.setattr(baselines, "isolation_forest", rival)
        monkeypatch.setattr(baselines, "isolation_forest_of_shapes", rival)
        kept.append(validate.all_scores(found, RankSettings(), ValidateSettings(), known, 3))
    for name, scores in kept[0].items():
        np.testing.assert_array_equal(scores, kept[1][name], name)


def test_what_if_orders_again_without_writing(run, tmp_path, crocs):
    before = digests(run)
    path = tmp_path / "factors.yaml"
    path.write_text(yaml.safe_dump({"scale_decrease": 0, "month_shape_distance": 9}))
    ended = crocs("screen", "rank", "--run", run.parent, "--what-if", path, "--json")
    assert ended.code == 0, ended.err
    top = json.loads(ended.out)
    scores = files.read(run / "scores.h5", SCORES)
    found = scores["installation_id"].tolist().index(top[0]["installation_id"])
    assert scores["tag"][found, 5] == pytest.approx(1, abs=0.1)
    assert digests(run) == before


def test_other_settings_are_refused_and_the_same_ones_do_nothing(run, crocs):
    before = digests(run)
    ended = crocs("screen", "rank", "--run", run.parent, "--factors-ceased", 0)
    assert ended.code == 1
    assert "scores.h5: made with factors" in ended.err
    assert digests(run) == before


def test_the_paper_preset_is_its_own_settings_and_can_be_overridden():
    paper = RankSettings.model_validate({"preset": "paper", "factors": {"week_class_change": 2}})
    assert (paper.margin, paper.test1_only, paper.peer_adjust) == (0, True, False)
    assert paper.factors.scale_decrease == 5
    assert paper.factors.ceased == 0
    assert paper.factors.week_class_change == 2
    assert RankSettings.model_validate({"preset": "paper", "margin": 0.3}).margin == 0.3


SMALL = {  # 600 installations in 2 shards
    "simulate": ("--installations", 600, "--installations-per-shard", 300),
    "fit": ("--no-compare-maps", "--epochs", 8),
    "rank": ("--no-figures",),
}


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    folder = tmp_path_factory.mktemp("alone") / "run"
    for command, options in SMALL.items():
        call("screen", command, "--run", folder, *options)
    return folder


def test_three_shares_and_a_last_call_give_the_same_bytes(alone, tmp_path):
    for command, order in (("simulate", "123"), ("fit", "312")):
        for share in order:
            call("screen", command, "--run", tmp_path, *SMALL[command], "--share", f"{share}/3")
        call("screen", command, "--run", tmp_path, *SMALL[command])
    call("screen", "rank", "--run", tmp_path, *SMALL["rank"])
    assert digests(tmp_path) == digests(alone)


@pytest.mark.engine
def test_more_ranks_than_shards_give_the_same_bytes(alone, tmp_path):
    for command, options in SMALL.items():
        ended = finish(start("screen", command, "--run", tmp_path, *options, launcher=mpiexec(3)))
        assert ended.code == 0, ended.err
    assert digests(tmp_path) == digests(alone)


def test_a_steady_large_customer_that_drops_by_70_percent_is_first_of_a_thousand(tmp_path, monkeypatch):
    from dataclasses import replace

    from crocs_cli.screen.simulated import population

    monkeypatch.setitem(population.PROFILES, "A", replace(population.PROFILES["A"], vacancies=0.0))
    folder = tmp_path / "run"
    call(
        "screen",
        "simulate",
        "--run",
        folder,
        "--installations",
        1000,
        "--thieves",
        0,
        "--control",
        0,
        "--silent",
        0,
        "--bypass",
        0,
        "--seed",
        5,
    )
    path = folder / "screen/daily/00000.h5"
    arrays, recipe = files.read(path, DAILY), files.read_recipe(path, DAILY)
    day = np.arange(arrays["energy_kwh"].shape[1])
    steady = 40_000 * (1 + 0.1 * np.sin(day)) * np.where(day >= 740, 0.3, 1)
    arrays["energy_kwh"][500], arrays["level"][500] = steady, 1
    files.write(path, DAILY, arrays, recipe)
    call("screen", "fit", "--run", folder, "--no-compare-maps", "--epochs", 10)
    found = rank.run(folder, RankSettings(), Team())
    assert found.actual.order[0] == 500
    assert found.actual.columns["consistent_high"][500]


def test_the_model_of_another_run_classifies_a_later_one(alone, tmp_path, crocs):
    call("screen", "simulate", "--run", tmp_path / "later", "--installations", 300, "--seed", 9)
    ended = crocs("screen", "rank", "--run", tmp_path / "later", "--model", alone, "--json")
    assert ended.code == 0, ended.err
    assert len(json.loads(ended.out)) == 10


def test_maps_of_another_fit_than_the_levels_are_not_ranked_with(alone, tmp_path, crocs):
    shutil.copytree(alone / "screen" / "model", tmp_path / "screen" / "model")
    path = tmp_path / "screen" / "model" / "month-all.h5"
    recipe = files.read_recipe(path, MAP)
    recipe["settings"]["seed"] += 1
    files.write(path, MAP, files.read(path, MAP), recipe)
    ended = crocs("screen", "rank", "--run", tmp_path, "--no-figures")
    assert ended.code == 1
    assert (
        f"{path}: not of the same fit as levels.h5; move it elsewhere and run `crocs screen fit`" in ended.err
    )


def test_segments_of_crocs_can_be_the_peers(alone, tmp_path):
    ids = together(alone / "screen", "changes", CHANGES)["installation_id"]
    arrays = {"consumer_id": ids, "label": np.arange(len(ids)) % 2, "medoid": np.array([0, 1])}
    arrays |= {name: np.full(1, 0.5) for name in PARTITION.arrays.keys() - arrays.keys()}
    made_by = recipe("stage2", "2", {}, {})
    files.write(Run(tmp_path).partition_path(2), PARTITION, arrays, made_by)
    for clusters in (2, None):
        groups = rank.clusters_of(tmp_path, clusters, ids)
        assert groups.tolist() == (np.arange(len(ids)) % 2).tolist()
    with pytest.raises(CrocsError, match="no partition into 3 segments, only 2; run `crocs stage2"):
        rank.clusters_of(tmp_path, 3, ids)
    with pytest.raises(CrocsError, match="none of its consumers is an installation"):
        rank.clusters_of(tmp_path, 2, np.array(["x", "y"]))


def test_attacks_are_put_into_the_series_of_another_run(alone, tmp_path):
    call(
        "screen",
        "simulate",
        "--run",
        tmp_path / "run",
        "--into",
        alone,
        "--thieves",
        0.3,
        "--attacks",
        1,
        "--seed",
        3,
    )
    truth, own = together(tmp_path / "run/screen", "truth", TRUTH), together(alone / "screen", "truth", TRUTH)
    assert truth["installation_id"].tolist() == own["installation_id"].tolist()
    assert 0.2 < np.mean(truth["attack"] == 1) < 0.4
    for key in ("00000", "00001"):
        before, after = (files.read(r / f"screen/daily/{key}.h5", DAILY) for r in (alone, tmp_path / "run"))
        honest = files.read(tmp_path / f"run/screen/truth/{key}.h5", TRUTH)["attack"] == 0
        np.testing.assert_array_equal(before["energy_kwh"][honest], after["energy_kwh"][honest])


def test_the_profiles_of_crocs_are_a_source_too(tmp_path, crocs):
    call("synth", "--run", tmp_path / "run", "--consumers", 30, "--days", 430, "--seed", 2)
    ended = crocs(
        "screen", "fit", "--run", tmp_path / "run", "--dref", "2014-01-01", "--filter-min-days-after", 60
    )
    assert ended.code == 0, ended.err
    from crocs_cli.rundir.layouts import PROFILES

    daily = files.read(tmp_path / "run/screen/daily/00000.h5", DAILY)
    profiles = files.read(tmp_path / "run/profiles/00000.h5", PROFILES)
    np.testing.assert_allclose(daily["energy_kwh"][0], profiles["energy_kwh"][:430].sum(axis=1), rtol=1e-5)


def test_only_commands_import_the_screening():
    users = [
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "crocs_cli").rglob("*.py")
        if "crocs_cli.screen" in path.read_text() and ROOT / "crocs_cli" / "screen" not in path.parents
    ]
    assert sorted(users) == [f"crocs_cli/cli/{name}.py" for name in ("info", "options", "screen")]


def test_the_example_settings_are_all_defaults_and_all_known():
    document = yaml.safe_load((ROOT / "configs/screen.yaml").read_text())
    fitted = FitSettings.model_validate(document["screen-fit"])
    ranked = RankSettings.model_validate(document["screen-rank"])
    assert fitted.model_copy(update={"input": FitSettings().input}) == FitSettings()
    assert ranked == RankSettings()


def test_a_fit_needs_a_source_and_a_ranking_a_model(tmp_path, crocs):
    ended = crocs("screen", "fit", "--run", tmp_path / "none")
    assert ended.code == 1
    assert "no daily energy; give --input-daily FILE" in ended.err
    ended = crocs("screen", "rank", "--run", tmp_path / "none")
    assert ended.code == 1
    assert "run `crocs screen fit` first" in ended.err


def test_too_few_installations_for_the_classes_are_said(tmp_path, crocs):
    call("screen", "simulate", "--run", tmp_path / "run", "--installations", 5)
    ended = crocs("screen", "fit", "--run", tmp_path / "run")
    assert ended.code == 1
    assert "4 classes need 8" in ended.err
