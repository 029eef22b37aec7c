"""Stage 1: days become prototypes, the same for any number of threads."""

import numpy as np
import pytest

from crocs_cli.errors import CrocsError
from crocs_cli.maths.clustering.represent import DayClustering, represent, silhouette_of_days
from tests import naive


def days_of(counts, slots=24, seed=0):
    random = np.random.default_rng(seed)
    return random.random((sum(counts), slots)), np.concatenate([[0], np.cumsum(counts)])


def consumers(profiles, offset, found):
    """Give each consumer's days, labels and medoids."""
    for consumer in range(len(offset) - 1):
        rows = slice(offset[consumer], offset[consumer + 1])
        own = slice(found.offset[consumer], found.offset[consumer + 1])
        yield profiles[rows], found.day_label[rows], found.medoid_row[own] - offset[consumer]


def test_ward_prototypes_are_those_of_the_naive_clustering():
    profiles, offset = days_of([20, 1, 7, 33, 4, 12, 9, 16, 5, 11])
    found = represent(profiles, offset, DayClustering("ward", 5, 1))
    assert np.array_equal(np.diff(found.offset), [5, 1, 5, 5, 4, 5, 5, 5, 5, 5])
    for days, label, medoids in consumers(profiles, offset, found):
        distances = naive.dtw_matrix(days, days, 1)
        expected = naive.ward_labels(distances, min(5, len(days)))
        assert np.array_equal(naive.by_falling_size(label), expected)
        for cluster, medoid in enumerate(medoids):
            assert medoid == naive.medoid(distances, np.flatnonzero(label == cluster).tolist())


@pytest.mark.parametrize("algorithm", ["ward", "kmedoids", "kmeans"])
@pytest.mark.parametrize("prototypes", [4, (2, 6)])
def test_threads_do_not_change_a_byte(algorithm, prototypes):
    profiles, offset = days_of([10, 3, 25, 1, 40, 8, 2, 30, 17, 12, 5])
    one, two = (
        represent(profiles, offset, DayClustering(algorithm, prototypes, 1), [3, 1], threads)
        for threads in (1, 2)
    )
    for before, after in zip(one, two, strict=True):
        assert before.tobytes() == after.tobytes()


@pytest.mark.parametrize("algorithm", ["ward", "kmedoids", "kmeans"])
def test_planted_shapes_are_found_with_their_days(algorithm):
    random = np.random.default_rng(1)
    shapes = np.eye(3).repeat(8, axis=1)
    truth = random.permutation(np.repeat([0, 1, 2], [30, 20, 10]))
    profiles = shapes[truth] + random.normal(0, 0.05, (60, 24))
    found = represent(profiles, np.array([0, 60]), DayClustering(algorithm, 3, 1), seed=[1, 1])
    assert np.array_equal(found.day_label, truth)
    assert np.array_equal(found.days, [30, 20, 10])
    assert np.abs(found.prototypes - shapes).max() < 0.3


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("algorithm", ["ward", "kmedoids", "kmeans"])
@pytest.mark.parametrize("prototypes", [9, 30, (2, 12)])
def test_every_prototype_stands_for_days_where_many_are_equal(algorithm, prototypes):
    random = np.random.default_rng(4)
    kinds = [random.random((number, 24)) for number in (8, 1, 3, 40)]
    profiles = np.concatenate([some[random.integers(0, len(some), 70)] for some in kinds])
    offset = np.arange(0, 281, 70)
    found = represent(profiles, offset, DayClustering(algorithm, prototypes, 1))
    assert np.isfinite(found.prototypes).all()
    assert np.isfinite(found.means).all()
    assert np.array_equal(np.add.reduceat(found.days, found.offset[:-1]), [70] * 4)
    for own, days in zip(found.offset[:-1], np.split(np.arange(280), 4), strict=True):
        rows, uses = np.unique(own + found.day_label[days], return_counts=True)
        assert np.array_equal(found.days[rows], uses)
    if algorithm == "kmeans" and prototypes == 9:
        assert np.diff(found.offset).tolist() == [8, 1, 3, 9]


def test_silhouette_chooses_the_planted_number():
    random = np.random.default_rng(2)
    profiles = np.eye(4).repeat(6, axis=1)[random.integers(0, 4, 80)] + random.normal(0, 0.05, (80, 24))
    for algorithm in ("ward", "kmedoids"):
        found = represent(profiles, np.array([0, 80]), DayClustering(algorithm, (2, 9), 1))
        assert len(found.days) == 4


def test_silhouette_equals_its_formula():
    profiles, _ = days_of([14])
    distances = naive.dtw_matrix(profiles, profiles, 1)
    for labels in (np.arange(14) % 4, np.zeros(14, int), np.minimum(np.arange(14), 5)):
        np.testing.assert_allclose(silhouette_of_days(distances, labels), naive.silhouette(distances, labels))


def test_prototypes_come_by_falling_days_then_by_medoid():
    profiles, offset = days_of([50, 6, 3], seed=4)
    found = represent(profiles, offset, DayClustering("ward", 6, 1))
    for consumer in range(3):
        own = slice(found.offset[consumer], found.offset[consumer + 1])
        keys = list(zip(-found.days[own], found.medoid_row[own], strict=True))
        assert keys == sorted(keys)
    assert np.array_equal(found.prototypes, profiles[found.medoid_row].astype(np.float32))


def test_mean_prototypes_are_the_means_of_their_days():
    profiles, offset = days_of([30, 12], seed=5)
    found = represent(profiles, offset, DayClustering("ward", 4, 1))
    for consumer in range(2):
        rows = slice(offset[consumer], offset[consumer + 1])
        for cluster in range(4):
            expected = profiles[rows][found.day_label[rows] == cluster].mean(axis=0)
            np.testing.assert_allclose(
                found.prototypes[found.offset[consumer] + cluster], expected, rtol=1e-6
            )


def test_a_consumer_draws_its_own_numbers_wherever_it_stands():
    profiles, offset = days_of([40] * 10, seed=6)
    same = np.tile(profiles[:40], (10, 1))
    found = represent(same, offset, DayClustering("kmedoids", 6, 1), seed=[1, 2])
    other = represent(same, offset, DayClustering("kmedoids", 6, 1), seed=[1, 3])
    assert not np.array_equal(found.day_label, other.day_label) or np.array_equal(found.days, other.days)


@pytest.mark.parametrize("algorithm", ["ward", "kmedoids"])
def test_copies_of_one_day_still_make_exactly_as_many_prototypes(algorithm):
    profiles = np.ones((9, 24))
    found = represent(profiles, np.array([0, 9]), DayClustering(algorithm, 4, 1))
    assert len(found.days) == 4
    assert found.days.sum() == 9


def test_bad_calls_are_refused():
    with pytest.raises(ValueError, match="without days"):
        represent(np.ones((3, 24)), np.array([0, 3, 3]), DayClustering("ward", 2, 1))
    with pytest.raises(CrocsError, match="missing, infinite"):
        represent(np.full((3, 24), np.nan), np.array([0, 3]), DayClustering("ward", 2, 1))


@pytest.mark.parametrize("seed", range(5))
def test_of_equally_good_prototypes_and_numbers_of_them_rounding_chooses_none(seed):
    days = np.eye(8) + np.random.default_rng(seed).uniform(-1e-12, 1e-12, (8, 8))  # all equally far apart
    one = represent(days, np.array([0, 8]), DayClustering("ward", 1, 0))
    assert one.medoid_row.tolist() == [0]
    chosen = represent(days, np.array([0, 8]), DayClustering("ward", (2, 6), 0))
    assert np.diff(chosen.offset).tolist() == [2]
