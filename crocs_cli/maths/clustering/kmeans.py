"""k-means on Euclidean distance, scikit-learn's, of points that may be equal."""

from __future__ import annotations

import numpy as np

#: (paper, section 5.2)
STARTS, ITERATIONS = 30, 200


def kmeans(
    points: np.ndarray, clusters: int, seed: int, starts: int = STARTS
) -> tuple[np.ndarray, np.ndarray]:
    """Cluster points by k-means, the best of several starts by k-means++.

    points: (n, d). Returns labels (n,) int64, every number from 0 in use, and the centres (k, d) float64.
    k is `clusters`, or how many points differ where that is less.
    """
    from sklearn.cluster import KMeans

    clusters = min(clusters, len(np.unique(points, axis=0)))
    model = KMeans(clusters, n_init=starts, max_iter=ITERATIONS, random_state=seed).fit(points)
    used, labels = np.unique(model.labels_, return_inverse=True)
    return labels, model.cluster_centers_[used]
