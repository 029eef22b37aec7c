"""Forecasts of the next day: what the methods mean, that nothing of the future is used, and honest errors."""

import csv
import itertools
import json
import shutil

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crocs_cli.machine import files
from crocs_cli.maths.sequences import forecast
from crocs_cli.rundir.layouts import PROFILES, TRUTH
from crocs_cli.rundir.settings import ForecastSettings
from crocs_cli.stages import forecast as stage
from crocs_cli.stages import stage1
from tests import made_run, naive

sequences = st.lists(st.integers(0, 3), min_size=3, max_size=25).map(np.array)


def shapes_of(labels):
    return np.random.default_rng(len(labels)).random((len(labels), 4))


@given(sequences, st.integers(1, 4))
def test_patterns_are_those_of_the_plain_search(labels, length):
    days = shapes_of(labels)
    rows = range(1, len(labels) + 1)
    found = forecast.pattern_weights(labels, rows, length) @ days
    expected = [naive.pattern_forecast(labels[:day], days[:day], length) for day in rows]
    np.testing.assert_allclose(found, expected)


@given(sequences)
def test_the_chain_is_that_of_plain_counting(labels):
    days = shapes_of(labels)
    rows = range(2, len(labels) + 1)
    found = forecast.markov_weights(labels, rows, 4) @ days
    expected = [naive.markov_forecast(labels[:day].tolist(), days[:day]) for day in rows]
    np.testing.assert_allclose(found, expected)


@given(sequences)
def test_no_weight_is_on_a_day_to_come(labels):
    rows = range(2, len(labels) + 1)
    dates = np.append(np.arange(len(labels)), len(labels))
    for weights in (
        forecast.pattern_weights(labels, rows, 3),
        forecast.markov_weights(labels, rows, 4),
        forecast.last_week_weights(dates, rows),
        forecast.mean_weights(len(labels), rows),
    ):
        np.testing.assert_allclose(weights.sum(axis=1), 1.0)
        for weight, day in zip(weights, rows, strict=True):
            assert not weight[day:].any()


def test_last_week_is_the_same_weekday_even_when_one_is_missing():
    dates = np.array([0, 1, 5, 6, 8, 14])  # the day to come is day 14; day 7 is missing, day 0 is its weekday
    assert forecast.last_week_weights(dates, [5]).tolist() == [[1, 0, 0, 0, 0]]
    assert forecast.last_week_weights(dates, [3]) == pytest.approx(np.array([[1 / 3, 1 / 3, 1 / 3, 0, 0]]))


def test_the_day_after_a_friday_of_workdays_is_a_monday():
    monday = 4  # 1970-01-05
    assert forecast.day_after(np.arange(monday, monday + 5)) == monday + 7
    assert forecast.day_after(np.arange(monday, monday + 7)) == monday + 7


def test_what_repeats_every_third_day_is_learned_at_a_length_of_two():
    labels = np.array([0, 0, 1] * 12)
    shapes = np.eye(2)[labels]
    assert forecast.best_length(labels, shapes, range(20, 36), 4) == 2
    learned = forecast.pattern_weights(labels, range(20, 36), 2) @ shapes
    np.testing.assert_allclose(learned, shapes[20:], atol=1e-12)


@pytest.mark.parametrize("seed", range(5))
def test_rounding_lengthens_no_sequence(seed):
    labels = np.array([0, 0, 1] * 12)
    noise = np.random.default_rng(seed).normal(0, 1e-12, (36, 2))
    assert forecast.best_length(labels, np.eye(2)[labels] + noise, range(20, 36), 4) == 2


@pytest.fixture(scope="module")
def random_run(tmp_path_factory):
    """A population whose days follow one another by chance."""
    settings = {"consumers": 24, "days": 90, "clusters": 3, "shapes": 3, "shard_size": 20}
    return made_run.make(tmp_path_factory.mktemp("forecast") / "random", with_rrls=False, **settings)


@pytest.fixture(scope="module")
def ordered_run(random_run, tmp_path_factory):
    """The same population, its days put in an order: one day of each shape, then one of each again."""
    run = tmp_path_factory.mktemp("forecast") / "ordered"
    shutil.copytree(random_run, run)
    for path in (run / "profiles").glob("*.h5"):
        read, shape = files.read(path, PROFILES), files.read(run / "truth" / path.name, TRUTH)["shape"]
        rows = []
        for first, last in itertools.pairwise(read["day_offset"]):
            own = shape[first:last]
            turn = [int((own[:day] == own[day]).sum()) for day in range(len(own))]
            rows.append(first + np.lexsort((own, turn)))
        arrays = read | {"energy_kwh": read["energy_kwh"][np.concatenate(rows)]}
        files.write(path, PROFILES, arrays, files.read_recipe(path))
    return run


def forecast_of(crocs, run):
    ended = crocs("forecast", "--run", run, "--clusters", 3, "--prototypes", 3, "--json")
    assert ended.code == 0, ended.err
    found = json.loads(ended.out)
    assert (found["consumers"], found["left_out"], found["test_days"]) == (24, 0, 28)
    return found["change_percent"]


def test_an_order_of_days_that_is_there_is_used(crocs, ordered_run):
    for rivals in forecast_of(crocs, ordered_run).values():
        for rival in stage.RIVALS:
            for measure in stage.MEASURES:
                assert rivals[rival][measure][2] < -10, (rival, measure)


def test_where_there_is_no_order_no_gain_is_claimed(crocs, random_run):
    for rivals in forecast_of(crocs, random_run).values():
        for measure in stage.MEASURES:
            assert rivals["own_mean"][measure][2] > 0, measure
            assert rivals["last_week"][measure][2] < 0, "a mean is nearer than any one day"


def test_every_column_is_described_and_the_next_day_is_that_after_the_last(crocs, random_run):
    run = random_run
    assert crocs("forecast", "--run", run, "--clusters", 3).code == 0
    rows = list(csv.DictReader((run / "forecast" / "forecast.csv").open()))
    described = list(stage.COLUMNS)
    assert list(rows[0])[: len(described)] == described
    assert len(rows[0]) == len(described) - 1 + 48
    assert len(rows) == 24 * 5
    read = files.read(run / "profiles" / "00000.h5", PROFILES)
    assert np.datetime64(rows[0]["date"]) == np.datetime64("1970-01-01") + int(read["date"][89]) + 1
    own = next(row for row in rows if row["method"] == "own_mean")
    mean = read["energy_kwh"][:90].astype(float).mean(axis=0)
    slots = [float(value) for name, value in own.items() if name.startswith("t")]
    assert slots == pytest.approx(mean, rel=1e-5)


def test_the_model_sees_none_of_the_days_held_out(random_run):
    seen = []

    def load_sets(profiles, settings):
        seen.append(profiles)
        return stage1.load_sets(profiles, settings, [1, 0], 1)

    stage.run(random_run, ForecastSettings(clusters=3, test_days=10), load_sets)
    whole = files.read(random_run / "profiles" / "00000.h5", PROFILES)
    assert np.diff(seen[0]["day_offset"]).tolist() == [80] * 20
    assert np.array_equal(seen[0]["energy_kwh"][80:160], whole["energy_kwh"][90:170])
    assert seen[0]["date"].max() == whole["date"].max() - 10


def test_too_few_days_are_refused(crocs, random_run):
    ended = crocs("forecast", "--run", random_run, "--clusters", 3, "--test-days", 77)
    assert ended.code == 1
    assert "no consumer has 91 days; hold out fewer with --test-days" in ended.err
