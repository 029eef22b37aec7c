"""The clustering algorithms that every representation is paired with (paper section 4.3)."""

from __future__ import annotations

import numpy as np

from crocs_cli.maths.clustering.cuts import cut
from crocs_cli.maths.clustering.kmeans import kmeans
from crocs_cli.maths.distances.dtw import dtw_between
from crocs_cli.maths.ward.linkage import ward
from crocs_cli.paper.crocs import kmedoids


def by_points(points: np.ndarray, clusters: int, seed: int) -> dict[str, np.ndarray]:
    """Label points (n, d) on Euclidean distance, by each algorithm's name."""
    points = fewer_axes(points)
    labels = kmeans(points, clusters, seed).labels
    return {"kmeans": labels, **by_distances(euclidean(points), clusters, seed)}


def by_profiles(profiles: np.ndarray, window: int, clusters: int, seed: int) -> dict[str, np.ndarray]:
    """Label profiles (n, slots) on DTW with a band of `window` slots, by each algorithm's name."""
    return by_distances(dtw_between(profiles, profiles, window), clusters, seed)


def by_distances(distances: np.ndarray, clusters: int, seed: int) -> dict[str, np.ndarray]:
    """Label n items by their distances (n, n), by each algorithm's name."""
    return {
        "ward": cut(ward(distances), clusters),
        "kmedoids": kmedoids(distances, clusters, seed),
    }


def euclidean(points: np.ndarray) -> np.ndarray:
    """Return the Euclidean distances of points (n, d): (n, n) float64."""
    from scipy.spatial.distance import pdist, squareform

    return squareform(pdist(points))


def fewer_axes(points: np.ndarray) -> np.ndarray:
    """Turn points (n, d) with d > n so that n axes hold them: all distances, hence all clusters, stay."""
    if points.shape[1] <= len(points):
        return points
    return np.transpose(np.linalg.qr(points.T, mode="r"))
