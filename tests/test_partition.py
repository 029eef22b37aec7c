"""Large and small populations are clustered alike, whichever algorithm their number calls for."""

import numpy as np
import pytest
from scipy.spatial.distance import pdist, squareform
from sklearn.metrics import adjusted_rand_score

from crocs_cli.maths import partition
from crocs_cli.maths.partition import Clustering, cluster

MANY = 400


def groups_of_points(seed):
    random = np.random.default_rng(seed)
    group = random.integers(0, 5, MANY)
    return group, pdist(8 * np.eye(5)[group] + random.normal(size=(MANY, 5))).astype(np.float32)


def spread(distances, label):
    """Return the sum of all distances to the medoid of the own cluster."""
    square = squareform(distances)
    return sum(square[np.ix_(label == c, label == c)].sum(axis=1).min() for c in np.unique(label))


@pytest.mark.parametrize("algorithm", ["ward", "kmedoids"])
def test_what_does_not_fit_the_libraries_gets_the_same_clusters(algorithm, monkeypatch):
    group, distances = groups_of_points(1)
    how = Clustering(algorithm, (5, 3), seed=1, starts=5, threads=2)
    small = cluster(distances.copy(), MANY, how)
    monkeypatch.setattr(partition, "LARGEST_FOR_FASTCLUSTER", 0)
    monkeypatch.setattr(partition, "LARGEST_FOR_SQUARE", 0)
    large = cluster(distances, MANY, how)
    assert adjusted_rand_score(group, large.labels[0]) > 0.99
    np.testing.assert_array_equal(large.labels[0], small.labels[0])
    assert spread(distances, large.labels[1]) == pytest.approx(spread(distances, small.labels[1]), rel=0.02)
