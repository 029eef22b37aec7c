"""The parts of experiments: tables, days, chains, and judges that can say no."""

from pathlib import Path

import numpy as np
import pytest

from crocs_cli.errors import CrocsError
from crocs_cli.machine.files import digest
from crocs_cli.maths.distances.loadsets import LoadSets
from crocs_cli.paper.chains import estimated_chains
from crocs_cli.paper.days import Days, Synthetic, date_number, date_text, days_from, month_starts, stand_in
from crocs_cli.paper.experiment import Cell, Study
from crocs_cli.paper.experiments import (
    NAMES,
    application,
    asynchrony,
    baselines,
    experiment,
    k_sensitivity,
    set_distances,
)
from crocs_cli.paper.table import Table, highest_of
from crocs_cli.rundir.settings import PaperSettings

STUDY = Study(quick=True, seed=1, options=PaperSettings())


def table(rows, **setting):
    """Make a table of (series, at, value) rows of one cell."""
    series, at, value = zip(*rows, strict=True)
    figures = {"series": np.array(series), "at": np.array(at, float), "value": np.array(value, float)}
    return Table.join([({**setting, "repetition": 0}, figures)])


def test_a_table_averages_and_selects():
    rows = Table.join(
        [
            (
                {"shapes": 2, "repetition": 0},
                {"series": np.array(["a", "b"]), "at": np.array([1.0, 1]), "value": np.array([1.0, 5])},
            ),
            (
                {"shapes": 2, "repetition": 1},
                {"series": np.array(["a", "a"]), "at": np.array([1.0, 2]), "value": np.array([3.0, 7])},
            ),
        ]
    )
    at, mean = rows.curve(series="a")
    assert (at.tolist(), mean.tolist()) == ([1, 2], [2, 7])
    assert rows.quartiles(series="a")[0].tolist() == [1.5, 7]
    assert rows.mean(series=["a", "b"], at=1) == 3
    assert rows.unique("repetition") == [0, 1]
    with pytest.raises(KeyError, match="no figures of"):
        rows.mean(series="c")
    assert rows.csv().decode().splitlines()[:2] == ["shapes,repetition,series,at,value", "2,0,a,1.0,1.0"]


def test_wsmd_that_is_beaten_does_not_hold():
    curves = dict.fromkeys(set_distances.DISTANCES, (0.5, 0.6)) | {"wsmd": (0.6, 0.9)}
    rows = [
        (f"{algorithm} {name}", at, value)
        for algorithm in ("ward", "kmedoids")
        for name, values in curves.items()
        for at, value in zip((2, 4), values, strict=True)
    ]
    assert all(finding.holds for finding in set_distances.judge(table(rows, outliers=0), STUDY))
    exchanged = {"wsmd": "hd", "hd": "wsmd"}
    renamed = [(f"{a} {exchanged.get(n, n)}", *rest) for (a, n), *rest in ((s.split(), *r) for s, *r in rows)]
    assert not any(finding.holds for finding in set_distances.judge(table(renamed, outliers=0), STUDY))


def test_a_fall_after_the_plateau_does_not_hold():
    def rows(last):
        return [
            (f"{a} ari", at, v) for a in ("ward", "kmedoids") for at, v in ((1, 0.2), (6, 1.0), (30, last))
        ]

    def both(last):
        parts = [(rows(1.0 if outliers else last), outliers) for outliers in (0, 45)]
        return Table.join(
            [({"shapes": 6, "outliers": o, "repetition": 0}, table(r).columns) for r, o in parts]
        )

    assert all(finding.holds for finding in k_sensitivity.judge(both(1.0), STUDY))
    failed = [finding.claim for finding in k_sensitivity.judge(both(0.8), STUDY) if not finding.holds]
    assert len(failed) == 2
    assert all("plateau" in claim for claim in failed)


def test_a_rival_ahead_in_one_setting_is_named_with_its_standard_error():
    def judged(**ahead):
        """Judge three data sets of two settings: CROCS has 1, and others less but where said."""
        parts = []
        for outliers, repetition, stages in np.ndindex(2, 3, 3):
            names = (baselines.one_stage.NAMES, baselines.two_stage.NAMES, baselines.BEYOND)[stages]
            ari = dict.fromkeys(names, 0.8 - 0.3 * outliers) | {"CROCS": 1.0, "A": 1.0}
            ari |= {name: values[repetition] for name, values in ahead.items() if outliers}
            setting = {"shapes": 2 + 2 * outliers, "outliers": outliers, "outlier_consumers": 0}
            figures = {
                "series": np.array([f"{name} ward" for name in names]),
                "at": np.full(len(names), (np.nan, 10, np.nan)[stages]),
                "value": np.array([ari[name] for name in names]),
            }
            parts.append(({**setting, "stages": 1 + stages, "repetition": repetition}, figures))
        return baselines.judge(Table.join(parts), STUDY)

    assert all(finding.holds for finding in judged())
    assert all(finding.holds for finding in judged(RLP=(1.0, 1.01, 1.0))), "within chance"
    for name, stages in (("PACF", "one stage"), ("GPF", "two stages")):
        found = {finding.claim: finding for finding in judged(**{name: (1.01, 1.01, 1.04)})}
        beaten = found.pop(f"no method of {stages} is ahead of CROCS for any number of shapes and outliers")
        assert not beaten.holds
        assert f"one is in 1 of 2 settings; closest: {name} +0.020 (standard error 0.010;" in beaten.ours
        best = found.pop("CROCS is the best of all methods for every number of outlier days")
        assert not best.holds
        assert best.ours.endswith(f"; 1 outlier days 1.000 ({name} 1.020)")
        assert all(finding.holds for claim, finding in found.items() if claim.startswith("no method"))


@pytest.mark.parametrize(("out_of_step", "in_step", "holds"), [(77, 6, True), (10, 9, False), (0, 0, False)])
def test_asynchrony_is_judged_by_its_counts(out_of_step, in_step, holds):
    rows = [("pairs", 0, 1000), ("alike out of step", 0, out_of_step), ("alike in step", 0, in_step)]
    (finding,) = asynchrony.judge(table(rows), STUDY)
    assert finding.holds == holds
    assert f"{out_of_step / 10:.1f} % against {in_step / 10:.1f} %" in finding.ours


def test_every_cell_has_a_name_of_its_own_and_a_seed_of_its_own():
    for name in NAMES:
        cells = experiment(name).cells(Study(quick=False, seed=1, options=PaperSettings()))
        assert len({cell.key for cell in cells}) == len(cells) == len({STUDY.seed_of(cell) for cell in cells})
        assert [cell.repetition for cell in cells] == sorted(cell.repetition for cell in cells)


def test_the_papers_sizes_are_the_papers():
    study = Study(quick=False, seed=1, options=PaperSettings())
    assert len(experiment("k-sensitivity").cells(study)) == (4 + 3) * 50
    assert len(experiment("set-distances").cells(study)) == 5 * 100
    assert len(experiment("baselines").cells(study)) == 3 * 4 * 3 * 2 * 10
    assert len(experiment("scaling").cells(study)) == 4 * 3


@pytest.fixture
def days():
    """Return two consumers: 10 days from 2013-01-28, and 3 of them."""
    random = np.random.default_rng(1)
    first = date_number("2013-01-28")
    dates = np.concatenate([first + np.arange(10), first + np.array([2, 5, 9])])
    return Days(random.random((13, 48)), dates, np.array([0, 10, 13]))


def test_days_of_a_period_leave_out_who_has_too_few(days):
    start = date_number("2013-02-01")
    some = days.between(start, start + 6, 2)
    assert len(some) == 2
    assert np.diff(some.offset).tolist() == [6, 2]
    assert [date_text(int(date)) for date in some.dates[6:]] == ["2013-02-02", "2013-02-06"]
    few = days.between(start, start + 6, 3)
    assert few.offset.tolist() == [0, 6]
    np.testing.assert_array_equal(few.profiles, days.profiles[4:10])
    assert month_starts(days, 6) == [start]
    assert month_starts(days, 7) == [date_number("2013-01-28")], "too short for one: from its first day"


def test_a_period_longer_than_the_run_is_all_of_it_and_asks_for_as_large_a_part(days):
    first = date_number("2013-01-28")
    assert len(days_from(days, first, 20, 6)) == 2, "3 of 10 days"
    with pytest.raises(CrocsError, match="2013-01-28: fewer than two consumers have 8 of 20 days"):
        days_from(days, first, 20, 8)


def test_hourly_days_are_means_of_two_normalised_again(days):
    hourly = days.hourly()
    halves = (days.profiles[:, ::2] + days.profiles[:, 1::2]) / 2
    expected = (halves - halves.min(1, keepdims=True)) / np.ptp(halves, axis=1, keepdims=True)
    np.testing.assert_allclose(hourly.profiles, expected, atol=1e-12)
    assert (days.window, hourly.window) == (2, 1)


def test_the_error_of_sets_is_the_mean_distance_to_the_nearest(days):
    sets = LoadSets(days.profiles[[0, 4, 11]], np.array([5, 5, 3]), np.array([0, 2, 3]))
    by_hand = []
    for consumer, own in ((0, [0, 4]), (1, [11])):
        each = [min(np.linalg.norm(day - days.profiles[p]) for p in own) for day in days.of(consumer)]
        by_hand.append(np.mean(each))
    assert days.error(sets) == pytest.approx(np.mean(by_hand), abs=1e-12)


def test_a_synthetic_population_has_its_chains_and_its_truth():
    stay = np.full((2, 2), 0.02) + 0.96 * np.eye(2)
    days, truth = Synthetic(30, 60, 2, 2, transitions=(stay, stay), markov=True).draw(5)
    assert days.cube.shape == (30, 60, 48)
    assert set(truth) == {0, 1}
    same = Synthetic(30, 60, 2, 2, transitions=(stay, stay), markov=True).draw(5)[0]
    assert digest({"bytes": days.profiles.tobytes().hex()}) == digest(
        {"bytes": same.profiles.tobytes().hex()}
    )


def test_chains_are_estimated_from_consumers_who_have_one():
    days = stand_in(8, 200, seed=2)
    chains = estimated_chains(days, 4, 12, np.random.default_rng(1), threads=1)
    assert len(chains) == 12
    for chain in chains:
        assert chain.shape == (4, 4)
        np.testing.assert_allclose(chain.sum(axis=1), 1)
    apart = Days(days.profiles, 2 * days.dates, days.offset)  # no day is known with the day before it
    with pytest.raises(CrocsError, match="no consumer of the run shows a Markov chain"):
        estimated_chains(apart, 4, 8, np.random.default_rng(1), threads=1)


def test_the_papers_seasons_have_65_and_60_workdays_in_new_south_wales(monkeypatch):
    first, last = date_number("2012-05-01"), date_number("2013-05-31")
    dates = np.arange(first, last)
    year = Days(np.random.default_rng(1).random((len(dates), 48)), dates, np.array([0, len(dates)]))
    study = Study(quick=True, seed=1, options=PaperSettings(), run=Path("year"))
    monkeypatch.setitem(study.__dict__, "days", year)
    found = {
        season: len(application.season_days(season, Cell({"season": season}, 0), study).profiles)
        for season in application.SEASONS
    }
    assert found == {"June to August": 65, "December to February": 60}


def test_an_unknown_country_has_no_workdays(monkeypatch, days):
    study = Study(quick=True, seed=1, options=PaperSettings(holidays="XX"), run=Path("year"))
    monkeypatch.setitem(study.__dict__, "days", days)
    with pytest.raises(CrocsError, match="no holidays are known of 'XX'"):
        application.season_days("June to August", Cell({}, 0), study)


@pytest.mark.parametrize("noise", [-1e-12, 0.0, 1e-12])
def test_rounding_chooses_no_rival_and_no_setting(noise):
    assert highest_of({"first": 0.9, "second": 0.9 + noise, "third": 0.1}) == "first"
    rows = table([("GPF a", 5, 0.9), ("GPF a", 10, 0.9 + noise), ("GPF b", 5, 0.2)], shapes=2)
    assert baselines.best_setting(rows, "GPF")["at"].tolist() == [5]


def test_a_fall_by_exactly_the_level_stays_on_the_plateau():
    assert k_sensitivity.LEVEL < 0.93 - 0.9  # by its last bits
    rows = table([("ward ari", 6, 0.93), ("ward ari", 30, 0.9)], shapes=2, outliers=0)
    assert k_sensitivity._plateau(rows, "ward").holds
