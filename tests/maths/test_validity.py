"""The indices against scikit-learn and direct definitions."""

import numpy as np
import pytest
from scipy.cluster.hierarchy import cut_tree, linkage
from scipy.spatial.distance import cdist
from sklearn.metrics import calinski_harabasz_score, silhouette_samples

from crocs_cli.maths.clustering.validity import NAMES, Indices


def points(m, seed=0):
    random = np.random.default_rng(seed)
    return random.normal(size=(m, 3)) + 4.0 * random.integers(0, 3, (m, 1))


def streamed(distances, labels, block):
    """Give the indices of partitions from tiles on and above the diagonal."""
    indices = Indices(labels)
    m = len(distances)
    for row in range(0, m, block):
        for column in range(row, m, block):
            indices.add(row, column, distances[row : row + block, column : column + block])
    return indices


def dunn(distances, label):
    together = label[:, None] == label
    return distances[~together].min() / distances[together].max()


def davies_bouldin(distances, label):
    """Follow Davies & Bouldin 1979 with the medoid in place of the centroid."""
    clusters = range(label.max() + 1)
    medoid, spread = [], []
    for c in clusters:
        members = np.flatnonzero(label == c)
        inner = distances[np.ix_(members, members)]
        to_all, to_fellows = distances[members].sum(axis=1), inner.sum(axis=1)
        central = np.lexsort((to_all, to_fellows))[0]
        medoid.append(members[central])
        spread.append(inner[:, central].mean())

    def likeness(a, b):
        return (spread[a] + spread[b]) / distances[medoid[a], medoid[b]]

    return np.mean([max(likeness(a, b) for b in clusters if b != a) for a in clusters]), medoid


@pytest.fixture(scope="module")
def nested():
    data = points(83)
    labels = cut_tree(linkage(data, "ward"), [2, 3, 7, 20]).T
    return data, cdist(data, data), labels


@pytest.mark.parametrize("block", [1, 7, 40, 100])
def test_every_index_of_every_cut_is_its_definition(nested, block):
    data, distances, labels = nested
    indices = streamed(distances, labels, block)
    result = indices.result(lambda chosen: distances[np.ix_(chosen, chosen)])
    for number, label in enumerate(labels):
        expected, medoid = davies_bouldin(distances, label)
        assert result[number]["medoid"].tolist() == medoid
        assert result[number]["davies_bouldin"][0] == pytest.approx(expected)
        assert result[number]["dunn"][0] == pytest.approx(dunn(distances, label))
        assert result[number]["calinski_harabasz"][0] == pytest.approx(calinski_harabasz_score(data, label))
        expected = silhouette_samples(distances, label, metric="precomputed")
        np.testing.assert_allclose(indices.silhouettes(number), expected, atol=1e-12)


def test_the_order_of_consumers_changes_no_index():
    """Of twins each is as central as the other, and in a cluster of two pairs of twins all four are."""
    data = np.repeat(points(12), 2, axis=0)
    label = cut_tree(linkage(data, "ward"), [4]).ravel()
    found = []
    for order in (np.arange(24), np.arange(24)[::-1], np.random.default_rng(2).permutation(24)):
        distances = cdist(data, data)[np.ix_(order, order)].astype(np.float32)
        (result,) = streamed(distances, label[None, order], 7).result(
            lambda at, d=distances: d[np.ix_(at, at)]
        )
        found.append([result[name][0] for name in NAMES])
    np.testing.assert_allclose(found[1:], [found[0]] * 2, rtol=1e-12)


def test_partitions_need_not_be_nested():
    distances = cdist(points(40, 1), points(40, 1))
    labels = np.array([np.arange(40) % 3, np.arange(40) // 10])
    result = streamed(distances, labels, 16).result(lambda chosen: distances[np.ix_(chosen, chosen)])
    for number, label in enumerate(labels):
        silhouette = silhouette_samples(distances, label, metric="precomputed").mean()
        assert result[number]["silhouette"][0] == pytest.approx(silhouette)
        assert result[number]["dunn"][0] == pytest.approx(dunn(distances, label))


def test_what_a_partition_does_not_have_is_nan():
    distances = cdist(points(5), points(5))
    labels = np.array([np.zeros(5, int), np.arange(5)])
    one, five = streamed(distances, labels, 5).result(lambda chosen: distances[np.ix_(chosen, chosen)])
    for name in NAMES:
        assert np.isnan([one[name], five[name]]).all()
    assert (len(one["medoid"]), five["medoid"].tolist()) == (1, [0, 1, 2, 3, 4])


def test_a_single_consumer_is_a_partition():
    (result,) = streamed(np.zeros((1, 1)), np.zeros((1, 1), int), 1).result(lambda chosen: np.zeros((1, 1)))
    assert result["medoid"].tolist() == [0]
    assert np.isnan(result["silhouette"]).all()


@pytest.mark.parametrize("seed", range(5))
def test_the_first_of_equally_central_consumers_is_the_medoid_whatever_the_rounding(seed):
    corners = np.array([[0, 0], [1, 0], [0, 1], [1, 1], [9, 9]], dtype=float)
    distances = cdist(corners, corners) * (1 + np.random.default_rng(seed).uniform(-1e-11, 1e-11, (5, 5)))
    indices = streamed((distances + distances.T) / 2, np.array([[0, 0, 0, 0, 1]]), 5)
    assert indices.medoids()[0].tolist() == [3, 4]  # of the corners, the one nearest to everybody
    indices = streamed(((distances + distances.T) / 2)[:4, :4], np.zeros((1, 4), int), 4)
    assert indices.medoids()[0].tolist() == [0]
