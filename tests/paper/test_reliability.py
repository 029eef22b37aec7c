"""The reliability experiment: its populations, its halves, its methods, and a judge that can say no."""

from pathlib import Path

import numpy as np
import pytest
from crocs_cli.stages.settings import PaperSettings

from crocs_cli.errors import CrocsError
from crocs_cli.maths.clustering.prediction import placed
from crocs_cli.paper.days import Synthetic
from crocs_cli.paper.experiment import Cell, Study
from crocs_cli.paper.experiments import reliability
from crocs_cli.paper.methods import refound
from crocs_cli.paper.table import Table

STUDY = Study(quick=True, seed=1, options=PaperSettings())


@pytest.fixture(scope="module")
def days():
    return Synthetic(30, 50, 3, 4, 5).draw(1)[0]


def cell(data, consumers=40, days=30):
    return Cell({"data": data, "consumers": consumers, "days": days, "method": "B"}, 0)


@pytest.mark.parametrize("method", refound.NAMES)
def test_the_days_that_a_method_was_fitted_to_compare_as_they_did(method, days):
    model = refound.fitted(method, days, 5, 1, 1)
    np.testing.assert_allclose(model.compare(days), model.within, atol=1e-6)
    labels = refound.partitions(method, model.within, (3, 5), 1, 1)
    if method != "default":  # Ward's tree leaves some nearer to another centre
        np.testing.assert_array_equal(placed(model.within, model.within, labels[1]), labels[1])


def test_a_mean_profile_and_pattern_frequencies_are_compared_by_their_euclidean_distance(days):
    mean = days.cube.mean(axis=1)
    expected = np.linalg.norm(mean[:, None] - mean, axis=2)
    np.testing.assert_allclose(refound.fitted("RLP", days, 5, 1, 1).within, expected, atol=1e-6)
    assert refound.fitted("GPF", days, 5, 1, 1).within.max() <= np.sqrt(2)


def test_halves_are_odd_and_even_dates_first_and_random_days_then(days):
    odd, even = reliability.halves(days, 0, 1)
    assert (odd.dates % 2 == 1).all()
    assert (even.dates % 2 == 0).all()
    one, other = reliability.halves(days, 1, 1)
    assert len(one.dates) + len(other.dates) == len(days.dates)
    assert 0.3 < (one.dates % 2).mean() < 0.7


@pytest.mark.parametrize("name", [*reliability.KNOWN, reliability.CONTINUUM])
def test_populations_are_what_they_are_called(name):
    days, truth = reliability.population(cell(name), STUDY, 1)
    assert len(days) == 40
    assert len(days.profiles) == 40 * (reliability.FEW_DAYS if name == "few days" else 30)
    if name == reliability.CONTINUUM:
        assert truth is None
    else:
        assert set(truth) == set(range(reliability.CLUSTERS))


def test_a_runs_homes_are_those_with_days_for_both_halves(monkeypatch, days):
    study = Study(quick=True, seed=1, options=PaperSettings(), run=Path("homes"))
    short = np.repeat(np.arange(30) < 20, 50) | (days.dates < 30)
    monkeypatch.setitem(study.__dict__, "days", days.keep(short))
    found, truth = reliability.population(cell(reliability.RUN, 15), study, 1)
    assert truth is None
    assert len(found) == 15
    assert (np.diff(found.offset) == 50).all()
    monkeypatch.setitem(study.__dict__, "days", days.keep(days.dates < 30))
    with pytest.raises(CrocsError, match="0 consumers have 40 days"):
        reliability.population(cell(reliability.RUN), study, 1)


def judged(**worse):
    """Judge figures as good as they can be, but for what is said of A and B."""
    good = {"truth": 1.0, "recommended": 5.0, "halves": 0.6, "kappa": 0.9, "rank": 1.0, "largest": 0.3}
    parts = []
    for method in refound.NAMES:
        for data in (*reliability.KNOWN, reliability.CONTINUUM, reliability.RUN):
            values = good | ({"halves": 0.2} if method == "default" else {})
            if data == reliability.CONTINUUM:
                values |= {"recommended": 0.0, "strength": 0.4}
            values |= worse if method in "AB" else {}
            figures = {
                "series": np.array(list(values)),
                "at": np.full(len(values), 5.0),
                "value": np.array(list(values.values())),
            }
            parts.append(({"data": data, "method": method, "repetition": 0}, figures))
    return reliability.judge(Table.join(parts), STUDY)


def test_the_judge_says_yes_and_names_the_run():
    findings = judged()
    assert all(finding.holds for finding in findings)
    assert "run, mean ARI over K: RLP 0.600, GPF 0.600, default 0.200" in findings[5].ours


@pytest.mark.parametrize(
    ("worse", "failed"),
    [
        ({"truth": 0.9}, [0, 1, 2]),
        ({"recommended": 3.0}, [3, 4]),
        ({"halves": 0.1}, [5]),
        ({"kappa": 0.5}, [6]),
    ],
)
def test_the_judge_says_no_where_a_figure_is_poor(worse, failed):
    assert [place for place, finding in enumerate(judged(**worse)) if not finding.holds] == failed
