"""Metrics, labels from inspections, probabilities and factors, against independent figures."""

import csv
import datetime as dt
import json
import shutil
from types import SimpleNamespace

import numpy as np
import pytest
import yaml
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, precision_recall_curve, roc_auc_score, roc_curve

from crocs_cli.errors import CrocsError
from crocs_cli.machine import files
from crocs_cli.screen.daily.dates import Calendar
from crocs_cli.screen.daily.inspections import Inspections
from crocs_cli.screen.layouts import SCORES, TRUTH
from crocs_cli.screen.ranking.tags import TAGS
from crocs_cli.screen.truth import calibration, labels, metrics
from tests.screen import naive


def scored(count=400, seed=3, decimals=1):
    """Scores with ties, and cases of which higher scores have more."""
    rng = np.random.default_rng(seed)
    score = rng.normal(size=count).round(decimals)
    return score, rng.random(count) < 1 / (1 + np.exp(2 - 2 * score))


def test_metrics_are_those_of_scikit_learn_and_of_the_naive_twin():
    score, positive = scored()
    found = metrics.summary(score, positive)
    assert found["auc"] == pytest.approx(roc_auc_score(positive, score))
    assert found["ap"] == pytest.approx(average_precision_score(positive, score))
    few = slice(0, 60)
    assert metrics.average_precision(score[few], positive[few]) == pytest.approx(
        naive.average_precision(score[few].tolist(), positive[few].tolist())
    )


def test_list_metrics_by_hand():
    score = np.concatenate([[5, 4, 3], np.linspace(2, 1, 97)])
    positive = np.isin(np.arange(100), (0, 2, 60))
    stolen = np.where(np.arange(100) == 2, 3.0, np.where(np.arange(100) == 0, 1.0, 0.0))
    found = metrics.summary(score, positive, stolen)
    assert found["p_at_50"] == 2 / 50
    assert found["recall_at_50"] == 2 / 3
    assert found["p_at_1_percent"] == 1
    assert found["kwh_recall_at_1_percent"] == 0.25
    assert found["kwh_recall_at_5_percent"] == 1
    assert found["map_at_100"] == pytest.approx((1 + 2 / 3 + 3 / 61) / 3)
    assert found["fpr_at_recall_0.5"] == pytest.approx(1 / 97)  # two of three cases, and one other
    assert not {"p_at_200", "map_at_200"} & found.keys()


def test_a_curve_has_the_points_of_scikit_learn():
    score, positive = scored(1000)
    found = metrics.curve(score, positive)
    precision, recall, _ = precision_recall_curve(positive, score)
    points = set(zip(precision.round(9), recall.round(9), strict=True))
    assert set(zip(found["precision"].round(9), found["recall"].round(9), strict=True)) <= points
    false_rate, true_rate, _ = roc_curve(positive, score, drop_intermediate=False)
    points = set(zip(false_rate.round(9), true_rate.round(9), strict=True))
    assert set(zip(found["false_positive_rate"].round(9), found["recall"].round(9), strict=True)) <= points
    assert found["k"][-1] == 1000
    assert (np.diff(found["k"]) > 0).all()
    assert not len(metrics.curve(score, np.zeros(1000, bool))["k"])


CALENDAR = Calendar(dt.date(2020, 1, 1), 800)


def ranking(split_days):
    """A ranking of i0, i1 ... with these reference days, as far as labels ask for it."""
    names = np.array([f"i{n}" for n in range(len(split_days))])
    columns = {"installation_id": names, "split_day": np.array(split_days)}
    return SimpleNamespace(actual=SimpleNamespace(columns=columns), crowd=SimpleNamespace(calendar=CALENDAR))


def inspections(*rows):
    """Rows of id, day of the calendar (None unknown) and found."""
    names, days, found = zip(*rows, strict=True)
    dates = [np.datetime64("NaT") if day is None else CALENDAR.dates[day] for day in days]
    nothing = np.array([""] * len(rows))
    return Inspections(
        np.array(names, object), np.array(dates, "datetime64[D]"), nothing, nothing, np.array(found)
    )


def test_inspections_since_the_reference_date_are_the_labels():
    found = labels.of_inspections(
        inspections(
            ("i0", 400, 1),
            ("i1", 399, 1),  # before its reference date
            ("i2", None, 0),
            ("i3", 500, 0),
            ("i3", 600, 1),  # one loss is enough
            ("i4", 700, -1),
            ("x", 700, 1),
        ),
        ranking([400, 400, 400, 400, 400, 400]),
    )
    assert found.known.tolist() == [True, False, True, True, False, False]
    assert found.positive.tolist() == [True, False, False, True, False, False]
    assert found.counts == {
        "installations": 6,
        "inspections": 7,
        "of_other_installations": 1,
        "before_the_reference_date": 1,
        "without_a_result": 1,
        "inspected": 3,
        "with_a_loss": 2,
    }


def test_inspections_that_tell_nothing_are_refused():
    with pytest.raises(
        CrocsError, match=r"none of 2 tells of this ranking \(1 of other installations, 1 before"
    ):
        labels.of_inspections(inspections(("x", 500, 1), ("i0", 1, 1)), ranking([400]))


def test_probabilities_from_200_labels_are_isotonic():
    score, positive = scored(300)
    known, ranked = np.arange(300) < 250, np.arange(300) >= 10
    found = calibration.calibrate(score, ranked, known, positive, 0)
    rows = np.arange(10, 250)
    expected = IsotonicRegression(out_of_bounds="clip").fit(score[rows], positive[rows]).predict(score[10:])
    assert found.method == "isotonic"
    assert np.isnan(found.probability[:10]).all()
    np.testing.assert_allclose(found.probability[10:], expected, atol=1e-6)
    apart = found.out_of_fold
    assert found.brier == pytest.approx(np.mean((apart - positive[rows]) ** 2), abs=2e-6)
    share = positive[rows].mean()
    assert found.brier_of_mean == pytest.approx(share * (1 - share), abs=1e-6)
    assert found.brier < found.brier_of_mean
    assert np.abs(apart - expected[: len(rows)]).max() > 0.01  # no label helps to judge its own probability


def test_probabilities_from_50_labels_are_logistic_and_fewer_give_none():
    score, positive = scored(60)
    everybody = np.ones(60, bool)
    found = calibration.calibrate(score, everybody, everybody, positive, 0)
    x = ((score - score.mean()) / score.std())[:, None]
    expected = LogisticRegression().fit(x, positive).predict_proba(x)[:, 1]
    assert found.method == "logistic"
    np.testing.assert_allclose(found.probability, expected, atol=1e-5)
    assert calibration.calibrate(score, everybody, np.arange(60) < 49, positive, 0) is None
    few = np.arange(60) < 4
    assert calibration.calibrate(score, everybody, everybody, few, 0) is None


def test_reliability_compares_probabilities_with_what_was_found():
    probability = np.array([0.0, 0.05, 0.1, 0.55, 1.0])
    assert calibration.reliability(probability, np.array([0, 1, 0, 1, 1], bool)) == [
        {"installations": 2, "probability": 0.025, "cases": 0.5},
        {"installations": 1, "probability": 0.1, "cases": 0.0},
        {"installations": 1, "probability": 0.55, "cases": 1.0},
        {"installations": 1, "probability": 1.0, "cases": 1.0},
    ]


def test_factors_are_those_of_a_logistic_regression_and_never_negative():
    rng = np.random.default_rng(8)
    tags = rng.random((500, 3))
    positive = rng.random(500) < 1 / (1 + np.exp(3 - 4 * tags[:, 0] - 2 * tags[:, 1]))
    expected = LogisticRegression().fit(tags[:, :2], positive).coef_[0]
    present = {"a": 6.0, "b": 1.0, "c": -3.0}
    found = calibration.fit_factors(np.column_stack([tags[:, :2], np.full(500, np.nan)]), positive, present)
    assert found["c"] == 0
    assert sum(found.values()) == pytest.approx(7, abs=0.01)
    assert found["a"] / found["b"] == pytest.approx(expected[0] / expected[1], rel=0.01)
    against = calibration.fit_factors(1 - tags[:, :1], positive, {"a": 1.0})
    assert against is None


@pytest.fixture(scope="module")
def ranked(tmp_path_factory):
    """600 installations with 60 thieves, ranked."""
    from crocs_cli import __main__

    run = tmp_path_factory.mktemp("ranked") / "run"
    for call in (
        ("simulate", "--installations", 600, "--thieves", 0.1, "--seed", 2),
        ("fit", "--no-compare-maps", "--epochs", 8),
        ("rank", "--no-figures"),
    ):
        assert __main__.run(["screen", call[0], "--run", str(run), *map(str, call[1:])]) == 0
    return run


def save(path, rows):
    with path.open("w", newline="") as file:
        csv.writer(file, delimiter=";").writerows([("id", "date", "found"), *rows])
    return path


def test_validate_takes_inspections(ranked, tmp_path, crocs):
    run = tmp_path / "run"
    shutil.copytree(ranked, run)
    truth = files.read(run / "screen/truth/00000.h5", TRUTH)
    shutil.rmtree(run / "screen/truth")
    thief = np.isin(truth["attack"], range(1, 13))
    seen = np.arange(600) % 2 == 0
    rows = [
        (name, "31/12/2021", "yes" if case else "no")
        for name, case in zip(truth["installation_id"][seen], thief[seen], strict=True)
    ]
    path = save(tmp_path / "i.csv", [*rows, ("I0000001", "01/06/2019", "yes")])
    call = ("screen", "validate", "--run", run, "--input-inspections", path, "--bootstrap", 10)
    ended = crocs(*call)
    assert ended.code == 1
    assert "set input.stamp_format" in ended.err
    ended = crocs(*call, "--input-stamp-format", "%d/%m/%Y", "--json")
    assert ended.code == 0, ended.err
    report = json.loads(ended.out)
    scores = files.read(run / "screen/scores.h5", SCORES)
    final = np.where(scores["rank"] > 0, scores["final"], scores["final"].min() - 1)
    assert report["default"]["auc"] == pytest.approx(roc_auc_score(thief[seen], final[seen]))
    assert report["default"]["ap"] == pytest.approx(
        average_precision_score(thief[seen], final[seen]), abs=1e-9
    )
    assert report["default"]["ap"] > report["drop_ratio"]["ap"]
    assert report["against"] == "inspections"
    assert (report["counts"]["inspected"], report["counts"]["with_a_loss"]) == (300, thief[seen].sum())
    assert report["counts"]["before_the_reference_date"] == 1
    head = (scores["rank"] > 0) & (scores["rank"] <= 50) & seen
    assert report["head_of_the_list"]["50"]["known"] == head.sum()
    assert report["head_of_the_list"]["50"]["cases"] == (head & thief).sum()
    assert report["calibration"]["method"] == "isotonic"
    assert report["calibration"]["labelled"] == (seen & (scores["rank"] > 0)).sum()
    assert report["calibration"]["brier"] < report["calibration"]["brier_of_the_mean"]
    assert "kwh_recall_at_50" not in report["default"]
    assert "were not chosen at random" in (run / "screen/validation.md").read_text()
    with (run / "screen/probabilities.csv").open() as file:
        table = list(csv.DictReader(file))
    assert [row["rank"] for row in table] == [str(n + 1) for n in range((scores["rank"] > 0).sum())]
    probability = [float(row["probability"]) for row in table]
    assert probability == sorted(probability, reverse=True)
    assert set(yaml.safe_load((run / "screen/factors.yaml").read_text())) == set(TAGS)
    ended = crocs("screen", "rank", "--run", run, "--what-if", run / "screen/factors.yaml")
    assert ended.code == 0, ended.err


def test_few_inspections_give_metrics_without_probabilities(ranked, tmp_path, crocs):
    run = tmp_path / "run"
    shutil.copytree(ranked, run)
    (run / "screen/probabilities.csv").write_text("of an earlier validation")
    path = save(tmp_path / "i.csv", [("I0000000", "", "yes"), ("I0000001", "", "no"), ("I0000002", "", "no")])
    ended = crocs("screen", "validate", "--run", run, "--input-inspections", path, "--bootstrap", 10)
    assert ended.code == 0, ended.err
    assert "3 of 600 installations were inspected since their reference date; 1 had a loss" in ended.out
    assert "No probabilities: they need 50 ranked installations with a label, 5 of each kind." in ended.out
    assert not (run / "screen/probabilities.csv").exists()


def test_a_validation_needs_a_truth_or_inspections(ranked, tmp_path, crocs):
    run = tmp_path / "run"
    shutil.copytree(ranked, run)
    shutil.rmtree(run / "screen/truth")
    ended = crocs("screen", "validate", "--run", run)
    assert ended.code == 1
    assert "no truth; give --input-inspections FILE (id, date, found)" in ended.err
