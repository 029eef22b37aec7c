"""JSD and kappa of pairs of consumers against scipy and scikit-learn."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import jensenshannon, squareform
from sklearn.metrics import adjusted_rand_score, cohen_kappa_score

from crocs_cli.maths.distances.dtw import dtw_between
from crocs_cli.maths.sequences.synchrony import agreement, divergence, joint_labels, pair_synchrony, same_days
from crocs_cli.maths.synthetic.generator import draw_days

COUNTS = st.lists(st.integers(0, 50), min_size=6, max_size=6).filter(any)
LABELS = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=1, max_size=60)


@settings(deadline=None)
@given(COUNTS, COUNTS)
def test_the_divergence_is_scipys_squared(first, second):
    found = divergence(np.array(first, float), np.array(second, float))
    assert found == pytest.approx(jensenshannon(first, second, base=2) ** 2, abs=1e-9)
    assert found == pytest.approx(divergence(np.array(second, float), np.array(first, float)), abs=1e-12)


@settings(deadline=None)
@given(LABELS.filter(lambda pairs: len({label for pair in pairs for label in pair}) > 1))
def test_the_agreement_is_scikit_learns_kappa_brought_to_0_1(pairs):
    first, second = np.array(pairs).T
    expected = (cohen_kappa_score(first, second) + 1) / 2
    assert agreement(first, second, 6) == pytest.approx(expected, abs=1e-9)


def test_agreement_at_its_ends():
    alternating = np.arange(20) % 2
    assert agreement(alternating, alternating, 2) == 1.0
    assert agreement(alternating, 1 - alternating, 2) == 0.0
    assert agreement(np.zeros(5, int), np.zeros(5, int), 2) == 1.0
    assert np.isnan(agreement(alternating[:0], alternating[:0], 2))


@settings(deadline=None)
@given(st.sets(st.integers(0, 40)), st.sets(st.integers(0, 40)))
def test_same_days_are_the_intersection(first, second):
    here, there = np.array(sorted(first), int), np.array(sorted(second), int)
    places = same_days(here, there)
    assert here[places[0]].tolist() == there[places[1]].tolist() == sorted(first & second)


@pytest.fixture(scope="module")
def days():
    """Return (profiles, dates, offset) of five consumers with gaps of their own."""
    random = np.random.default_rng(7)
    sizes = random.integers(25, 40, 5)
    dates = np.concatenate([np.sort(random.choice(45, size, replace=False)) for size in sizes])
    shapes = random.choice([0, 3, 10, 13], (5, 45))[np.repeat(np.arange(5), sizes), dates]
    return draw_days(shapes, random), dates, np.concatenate([[0], np.cumsum(sizes)])


def naive_pairs(profiles, dates, offset, clusters, window):
    """Compare all pairs with scipy's Ward and scikit-learn's kappa."""
    values = []
    for a in range(len(offset) - 1):
        for b in range(a + 1, len(offset) - 1):
            here, there = slice(*offset[a : a + 2]), slice(*offset[b : b + 2])
            both = np.concatenate([profiles[here], profiles[there]])
            distances = squareform(dtw_between(both, both, window), checks=False)
            label = fcluster(linkage(distances, "ward"), clusters, "maxclust")
            first, second = label[: len(profiles[here])], label[len(profiles[here]) :]
            _, i, j = np.intersect1d(dates[here], dates[there], return_indices=True)
            counts = [np.bincount(one, minlength=clusters + 1) for one in (first, second)]
            kappa = cohen_kappa_score(first[i], second[j])
            values.append((jensenshannon(*counts, base=2) ** 2, (kappa + 1) / 2))
    return np.array(values).T


@pytest.mark.parametrize("threads", [1, 2])
def test_all_pairs_agree_with_the_pairs_one_by_one(days, threads):
    found = pair_synchrony(*days, 6, 2, threads)
    np.testing.assert_allclose(found, naive_pairs(*days, 6, 2), rtol=0, atol=1e-9)


def test_the_labels_of_a_pair_are_those_that_it_was_compared_by(days):
    profiles, _, offset = days
    first, second = profiles[offset[0] : offset[1]], profiles[offset[1] : offset[2]]
    label = joint_labels(first, second, 6, 2)
    counts = [np.bincount(part, minlength=6) for part in (label[: len(first)], label[len(first) :])]
    assert pair_synchrony(*days, 6, 2)[0][0] == pytest.approx(jensenshannon(*counts, base=2) ** 2, abs=1e-9)
    both = profiles[: offset[2]]
    tree = linkage(squareform(dtw_between(both, both, 2), checks=False), "ward")
    assert adjusted_rand_score(label, fcluster(tree, 6, "maxclust")) == 1.0


def test_out_of_step_and_in_step_lie_where_the_paper_puts_them():
    random = np.random.default_rng(8)
    shape = random.choice([0, 3, 10, 13], 90)
    profiles = draw_days(np.concatenate([shape, shape, random.permutation(shape)]), random)
    jsd, kappa = pair_synchrony(profiles, np.tile(np.arange(90), 3), np.arange(0, 271, 90), 4, 2)
    assert (jsd < 0.2).all(), "all three show the same shapes on as many days"
    assert kappa[0] > 0.8, "the first two on the same days"
    assert (kappa[1:] < 0.65).all(), "the third on days of its own"
