"""Large and small populations are clustered alike, whichever algorithm their number calls for."""

import numpy as np
import pytest
from scipy.spatial.distance import pdist
from sklearn.metrics import adjusted_rand_score

from crocs_cli.maths.clustering import partition
from crocs_cli.maths.clustering.partition import Clustering, cluster

MANY = 400


def groups_of_points(seed):
    random = np.random.default_rng(seed)
    group = random.integers(0, 5, MANY)
    centres = 8 * np.eye(5) + 20 * np.eye(5)[[0, 0, 1, 1, 2]]  # five, of which two pairs are close: three
    return group, pdist(centres[group] + random.normal(size=(MANY, 5))).astype(np.float32)


@pytest.mark.parametrize("algorithm", ["ward", "kmedoids"])
def test_what_does_not_fit_the_libraries_gets_the_same_clusters(algorithm, monkeypatch):
    group, distances = groups_of_points(1)
    how = Clustering(algorithm, (5, 3), seed=1, starts=5, threads=2)
    small = cluster(distances.copy(), MANY, how)
    monkeypatch.setattr(partition, "LARGEST_FOR_FASTCLUSTER", 0)
    monkeypatch.setattr(partition, "LARGEST_FOR_SQUARE", 0)
    large = cluster(distances, MANY, how)
    assert adjusted_rand_score(group, large[0]) > 0.99
    np.testing.assert_array_equal(large, small)
