"""Tags, factors, completeness, order, p-values: section 15, rows on tags and ranking."""

import numpy as np
import pytest

from crocs_cli.screen.ranking import scoring, tags
from crocs_cli.screen.settings import RankSettings
from crocs_cli.screen.truth import baselines
from tests.screen import naive

RULE = RankSettings()


def columns(**given):
    count = len(next(iter(given.values())))
    blank = dict.fromkeys(
        ("t1_ratio", "t1_z", "t2_ratio", "t2_z", "t2_gap", "t3_last", "t3_worst", "t3_z"), np.zeros(count)
    )
    flat = dict.fromkeys(
        (
            *("low_share_before", "low_share_after", "gap_share_before", "gap_share_after"),
            *("week_distance", "month_distance", "ceased", "contract_explained"),
            *(f"{f}_{name}" for f in ("week", "month") for name in ("class_before", "class_after", "ratio")),
        ),
        np.zeros(count),
    )
    return blank | flat | {name: np.asarray(values, float) for name, values in given.items()}


SCALE = tags.ShapeScale((0.015, 0.045), (0.05, 0.15))


def test_three_customers_score_as_computed_by_hand():
    found = tags.make_tags(
        columns(
            t3_last=np.log([0.3, 0.75, 1.5]),
            t3_worst=np.log([0.3, 0.6, 1.2]),
            week_distance=[0.03, 0.0, 0.9],
            ceased=[0, 1, 0],
            week_class_before=[0, 1, 2],
            week_class_after=[0, 2, -1],
            week_ratio=[1, 0.5, np.nan],
        ),
        SCALE,
        RULE,
    )
    factors = dict.fromkeys(tags.TAGS, 0.0) | {
        "scale_decrease": 6,
        "scale_increase": 0.5,
        "week_class_change": 1,
        "week_shape_distance": 2,
        "ceased": -3,
    }
    score = scoring.score(found, factors, np.array([0.9, 1.0, 0.5]))
    second = 6 * (0.7 * 0.25 + 0.3 * 0.5) + 1 - 3
    third = 0.5 * (0.4 / 1.9) + 2
    assert score.score == pytest.approx([6 + 1, second, third])
    assert score.final == pytest.approx([0.9 * 7, second, 0.5 * third])  # what is negative gets no discount
    assert np.isnan(found["week_class_change"][2])


def test_every_tag_is_between_0_and_1():
    rng = np.random.default_rng(0)
    names = ("t1_ratio", "t2_gap", "t3_last", "t3_worst")
    wild = {name: rng.normal(0, 3, 500) for name in names} | {
        name: rng.normal(0, 1, 500)
        for name in ("week_distance", "month_distance", "low_share_after", "gap_share_after")
    }
    for tag in tags.make_tags(columns(**wild), SCALE, RULE).values():
        assert np.nanmin(tag) >= 0
        assert np.nanmax(tag) <= 1


def test_a_factor_of_zero_takes_all_influence():
    found = tags.make_tags(
        columns(week_distance=[0.0, 0.9], t3_last=[-0.5, -0.5], t3_worst=[-0.5, -0.5]), SCALE, RULE
    )
    factors = dict.fromkeys(tags.TAGS, 1.0)
    apart = scoring.score(found, factors, np.ones(2)).final
    equal = scoring.score(found, factors | {"week_shape_distance": 0.0}, np.ones(2)).final
    assert apart[0] != apart[1]
    assert equal[0] == equal[1]


def test_gaps_lower_a_case_and_gamma_0_restores_it():
    tag = {"scale_decrease": np.array([0.8, 0.8])}
    complete = np.array([1.0, 0.9])
    final = scoring.score(tag, {"scale_decrease": 6.0}, complete).final
    assert final[1] == pytest.approx(0.9 * final[0])
    same = scoring.score(tag, {"scale_decrease": 6.0}, complete, gamma=0).final
    assert same[0] == same[1]


def test_contributions_add_up_to_the_score():
    rng = np.random.default_rng(1)
    found = {tag: np.where(rng.random(100) < 0.1, np.nan, rng.random(100)) for tag in tags.TAGS}
    factors = {tag: float(rng.normal()) for tag in tags.TAGS}
    score = scoring.score(found, factors, np.ones(100))
    assert np.abs(np.sum(list(score.contributions.values()), axis=0) - score.score).max() < 1e-9


def test_ties_go_by_intensity_agreement_loss_and_name():
    names = np.array(["d", "c", "b", "a", "e"])
    ties = (np.array([1, 1, 1, 1, 2.0]), np.array([2, 2, 2, 3, 0.0]), np.array([5, 9, 9, 0, 0.0]))
    key = np.full(5, 1.0) + np.array([0, 1e-12, 0, 0, 0])
    order = scoring.order(key, np.ones(5, bool), ties, names)
    assert names[order].tolist() == ["e", "a", "b", "c", "d"]
    shuffled = np.array([3, 0, 4, 1, 2])
    again = scoring.order(key[shuffled], np.ones(5, bool), [t[shuffled] for t in ties], names[shuffled])
    assert names[shuffled][again].tolist() == ["e", "a", "b", "c", "d"]


def test_ranks_count_over_all_and_within_levels():
    order, level = np.array([3, 0, 2]), np.array([1, 3, 3, 3])
    assert scoring.ranks(order, 4).tolist() == [2, 0, 3, 1]
    assert scoring.ranks(order, 4, level).tolist() == [1, 0, 2, 1]


def test_the_ceased_are_those_whose_last_quarter_is_nearly_nothing():
    kwh = np.full((4, 200), 10.0)
    kwh[0, 100:] = 0.5
    kwh[1, 150:] = 0.5
    kwh[2, 100:] = 1.1
    kwh[3, 100:] = np.nan
    assert scoring.ceased(kwh, np.full(4, 10.0), np.full(4, 200)).tolist() == [True, False, False, False]


def test_agreement_counts_the_tests_that_are_sure():
    sees, made = tags.agreement(
        columns(
            t1_ratio=[-0.5, -0.5],
            t1_z=[-5, np.nan],
            t2_ratio=[-0.5, -0.5],
            t2_z=[-2, -4],
            t3_last=[-1, np.nan],
            t3_z=[-4, 1],
        )
    )
    assert sees.tolist() == [2, 1]
    assert made.tolist() == [3, 1]


@pytest.mark.parametrize(
    ("change", "word"),
    [(-0.05, "none"), (-0.1, "slight"), (-0.3, "medium"), (-0.65, "large"), (-0.7, "very large")],
)
def test_sizes_have_words(change, word):
    assert tags.size_in_words(change) == word


def test_placebo_p_values_are_uniform_when_nothing_happened():
    rng = np.random.default_rng(2)
    null, scores = rng.normal(size=4000), rng.normal(size=4000)
    level = np.repeat([1, 3], 2000)
    p = scoring.placebo_p(scores, null, level, level)
    assert np.mean(p <= 0.05) == pytest.approx(0.05, abs=0.01)
    assert p.min() >= 1 / 2001
    assert scoring.placebo_p(np.array([1.0]), np.zeros(9), np.zeros(1), np.zeros(9))[0] == pytest.approx(0.1)


def test_false_discovery_is_benjamini_hochberg():
    p = np.array([0.01, 0.04, 0.03, np.nan, 0.5])
    q = scoring.false_discovery(p)
    assert q[[0, 1, 2, 4]] == pytest.approx([0.04, 0.04 * 4 / 3, 0.04 * 4 / 3, 0.5])
    assert np.isnan(q[3])


def test_baselines_order_a_plain_drop_first():
    count = 40
    base = columns(t3_last=np.linspace(-1, 0, count)) | {
        "mean_before": np.full(count, 10.0),
        "mean_after": np.linspace(3, 10, count),
        "t3_months": np.linspace(-1, 0, count),
        "cv_before": np.ones(count),
        "cv_after": np.ones(count),
    }
    assert baselines.drop_ratio(base).argmax() == 0
    assert baselines.same_period_last_year(base).argmax() == 0
    forest = baselines.isolation_forest(base, 0)
    assert (forest == baselines.isolation_forest(base, 0)).all()


def test_the_cusum_is_that_of_the_naive_twin():
    rng = np.random.default_rng(5)
    change = rng.normal(0, 0.1, (5, 104))
    change[1, 70:] -= 0.4
    change[2, ::11] = np.nan
    before, after = np.zeros(change.shape, bool), np.zeros(change.shape, bool)
    before[:, :52], after[:, 52:] = True, True
    found = baselines.forecast_residuals(change, before, after)
    for i in range(5):
        assert found[i] == pytest.approx(naive.cusum(change[i], before[i], after[i], baselines.CUSUM_SLACK))
    assert found.argmax() == 1


def test_the_rule_of_the_ceased_puts_them_last():
    ruled = baselines.ceased_last(np.array([3.0, 2.0, 1.0]), np.array([True, False, False]))
    assert np.argsort(-ruled).tolist() == [1, 2, 0]
