"""Maps, classes and their changes: section 15, rows on SOM, elbow, nodes and repeated classification."""

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from crocs_cli.screen.patterns import classify, som, typical
from crocs_cli.screen.patterns.som import Lattice
from crocs_cli.screen.patterns.typical import MapPlan
from tests.screen import naive
from tests.screen.naive import changes_of

PLAN = MapPlan("week", 4, Lattice(6, 6), epochs=20)


def weeks(count=800, seed=0, jitter=0.06):
    """Weekday shares of four planted kinds, weekend shares rising."""
    rng = np.random.default_rng(seed)
    kinds = np.array(
        [
            [0.18, 0.18, 0.18, 0.18, 0.18, 0.06, 0.04],
            [0.15, 0.15, 0.15, 0.15, 0.15, 0.14, 0.11],
            [1 / 7] * 7,
            [0.123, 0.119, 0.118, 0.121, 0.149, 0.189, 0.181],
        ]
    )
    kind = rng.integers(0, 4, count)
    shares = kinds[kind] * np.exp(rng.normal(0, jitter, (count, 7)))
    return shares / shares.sum(axis=1, keepdims=True), kind


@pytest.mark.parametrize("lattice", [Lattice(3, 4), Lattice(3, 3, hexagonal=False), Lattice(1, 5)])
def test_a_map_is_that_of_the_naive_twin(lattice):
    data = weeks(60)[0][:, : 7 if lattice.rows > 1 else 1].copy()
    slow = naive.batch_map(
        data, som.start(data, lattice), lattice.places(), 6, max(lattice.rows, lattice.columns) / 2, 0.5
    )
    np.testing.assert_allclose(som.train(data, lattice, 6), slow, rtol=0, atol=1e-9)


def test_two_runs_and_other_thread_counts_give_the_same_bytes():
    import numba

    data = weeks()[0]
    first = som.train(data, PLAN.lattice, 20)
    numba.set_num_threads(1)
    try:
        assert som.train(data, PLAN.lattice, 20).tobytes() == first.tobytes()
    finally:
        numba.set_num_threads(numba.config.NUMBA_NUM_THREADS)


def test_a_larger_map_is_finer_and_neighbours_stay_neighbours():
    data = weeks(2000)[0]
    found = [
        som.quality(som.train(data, lattice), lattice, data, data[:50])
        for lattice in (Lattice(3, 3), Lattice(5, 5), Lattice(10, 10))
    ]
    errors = [quality.quantisation_error for quality in found]
    assert errors == sorted(errors, reverse=True)
    assert all(quality.topographic_error <= 0.30 for quality in found)
    assert all(quality.quantisation_error <= 0.5 * quality.spread for quality in found[1:])


def test_the_map_is_as_fine_as_minisom(monkeypatch):
    minisom = pytest.importorskip("minisom", reason="minisom is the independent check of the map")
    data = weeks(600)[0]
    other = minisom.MiniSom(5, 5, 7, sigma=2.5, learning_rate=0.05, topology="hexagonal", random_seed=1)
    other.pca_weights_init(data)
    other.train(data, 60_000, random_order=True)
    lattice = Lattice(5, 5)
    own = som.quality(som.train(data, lattice), lattice, data, data).quantisation_error
    assert own == pytest.approx(other.quantization_error(data), rel=0.15)


def test_a_chain_orders_one_dimension():
    data = np.random.default_rng(0).normal(3, 0.5, (500, 1))
    lattice = Lattice(1, 25)
    nodes = som.train(data, lattice)
    assert (np.diff(nodes[:, 0]) > 0).all()
    assert som.quality(nodes, lattice, data, data).topographic_error < 0.05


def test_the_umatrix_is_the_mean_distance_to_neighbours():
    lattice, nodes = Lattice(1, 3), np.array([[0.0], [1.0], [3.0]])
    assert som.neighbour_distance(nodes, lattice) == pytest.approx([1, 1.5, 2])


def test_wcss_never_rises_and_its_knee_is_the_true_count():
    rng = np.random.default_rng(2)
    centres = np.array([[0, 0], [10, 0], [0, 10], [10, 10.0]])
    data = centres[rng.integers(0, 4, 400)] + rng.normal(0, 0.3, (400, 2))
    found = typical.fit(data, MapPlan("scale", 4, Lattice(6, 6), 15))
    cost = found.elbow[:, 0]
    assert (np.diff(cost[~np.isnan(cost)]) <= 1e-9).all()
    assert typical.suggested_classes(cost) == 4
    assert np.nanargmax(found.elbow[:, 2]) + 1 == 4


def test_planted_classes_are_found_and_numbered_by_weekend_share():
    data, kind = weeks(jitter=0.04)
    model = typical.fit(data, PLAN)
    own = classify.class_of(model, data)
    assert adjusted_rand_score(kind, own) >= 0.9
    weekend = model.prototypes[:, 5:].sum(axis=1)
    assert (np.diff(weekend) > 0).all()
    assert model.sizes.sum() == len(data)
    assert (model.low <= model.prototypes).all()
    assert (model.prototypes <= model.high).all()


def test_months_are_numbered_from_winter_to_summer_and_the_south_is_the_other_way_round():
    prototypes = np.full((3, 12), 1.0)
    prototypes[0, [6, 7]], prototypes[2, [11, 0, 1]] = 3, 3
    for southern, falling in ((False, [0, 1, 2]), (True, [2, 1, 0])):
        plan = MapPlan("month", 3, Lattice(1, 2), southern=southern)
        assert np.argsort(-typical.order_key(prototypes, plan)).tolist() == falling


def test_the_same_shares_never_change_class():
    data = weeks()[0]
    model = typical.fit(data, PLAN)
    for margin in (0.0, 0.2):
        assert not changes_of(classify.compare(model, data, data), margin).any()


def test_a_moved_weekday_pattern_is_flagged_and_the_margin_needs_more():
    data, kind = weeks(jitter=0.04)
    model = typical.fit(data, PLAN)
    regular, weekend = data[kind == 2][:50], data[kind == 3][:50]
    found = classify.compare(model, regular, weekend)
    assert changes_of(found, 0.2).sum() >= 45
    assert (changes_of(found, 0.2) <= changes_of(found, 0.0)).all()
    assert set(found.class_before.tolist()) == {2}


def test_classes_on_some_months_are_compared_on_those_months_only():
    rng = np.random.default_rng(3)
    kinds = np.full((2, 12), 1 / 12)
    kinds[1] = np.array([3, 3, 2, 1, 1, 0.5, 0.5, 0.5, 1, 1, 2, 3]) / 18.5
    kind = rng.integers(0, 2, 300)
    data = kinds[kind] * np.exp(rng.normal(0, 0.03, (300, 12)))
    data /= data.sum(axis=1, keepdims=True)
    model = typical.fit(data, MapPlan("month", 2, Lattice(4, 4), 15))
    whole = classify.class_of(model, data)
    both = np.zeros((300, 12), bool)
    both[:, :7] = True
    part, _ = classify.common_months(data, data, both, 6)
    assert np.nansum(part, axis=1) == pytest.approx(np.ones(300))
    assert (classify.class_of(model, part) == whole).mean() > 0.98
    too_few, _ = classify.common_months(data, data, both, 8)
    assert (classify.class_of(model, too_few) == -1).all()


def test_nearest_prototype_is_another_rule():
    data = weeks()[0]
    model = typical.fit(data, PLAN)
    nearest = ((data[:, None] - model.prototypes[None]) ** 2).sum(axis=2).argmin(axis=1)
    assert (classify.class_of(model, data, "nearest_prototype") == nearest).all()


def test_distance_is_the_share_of_energy_that_moved():
    data = weeks(20)[0]
    assert classify.shape_distance(data, data) == pytest.approx(np.zeros(20))
    forth, back = classify.shape_distance(data[:10], data[10:]), classify.shape_distance(data[10:], data[:10])
    assert forth == pytest.approx(back)
    assert (forth <= 1).all()
    flat = np.full((1, 7), 1 / 7)
    moved = flat.copy()
    moved[0, 0] -= 0.10
    moved[0, 6] += 0.10
    assert classify.shape_distance(flat, moved)[0] == pytest.approx(0.10)
    one = np.eye(7)
    assert classify.shape_distance(one[:1], one[1:2])[0] == pytest.approx(1)
    assert np.isnan(classify.shape_distance(flat, np.full((1, 7), np.nan)))[0]


def test_transitions_count_only_what_is_known():
    before, after = np.array([0, 0, 1, -1]), np.array([0, 1, 1, 1])
    assert classify.transitions(before, after, 2).tolist() == [[1, 1], [0, 1]]
