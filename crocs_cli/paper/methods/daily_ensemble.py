"""Daily ensemble: consumers are clustered anew each day; who is often together belongs together."""

import numpy as np

from crocs_cli.maths.clustering.kmeans import kmeans

#: of k-means on each day: the days vote, and with thirty starts each they vote no better
STARTS = 3
#: for two consumers who are never together: a graph in parts has no spectral embedding
NEVER = 1e-6


def co_occurrence(profiles: np.ndarray, clusters: int, seed: int) -> np.ndarray:
    """Return the share of days on which k-means puts two consumers together.

    profiles: (n, p, slots). Returns (n, n) float64 with ones on the diagonal.
    Source: paper section 5.4.1, after its reference [95].
    """
    together = np.zeros((len(profiles), len(profiles)))
    for day in range(profiles.shape[1]):
        label = kmeans(profiles[:, day], clusters, seed + day, STARTS).labels
        together += label[:, None] == label
    return together / profiles.shape[1]


def consensus(together: np.ndarray, clusters: int, seed: int) -> np.ndarray:
    """Cluster consumers spectrally by how often they are together (n, n): labels (n,)."""
    from sklearn.cluster import SpectralClustering

    together = np.maximum(together, NEVER)
    model = SpectralClustering(clusters, affinity="precomputed", random_state=seed, assign_labels="kmeans")
    return model.fit_predict(together)
