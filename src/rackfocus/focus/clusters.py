"""Weighted K-means, deterministic."""

import numpy as np
from jaxtyping import Float, Int


def weighted_kmeans(
    points: Float[np.ndarray, "point axis"],
    weights: Float[np.ndarray, " point"],
    clusters: int,
    *,
    iterations: int = 20,
) -> tuple[Float[np.ndarray, "cluster axis"], Int[np.ndarray, " point"]]:
    """Lloyd's algorithm, initialised with the heaviest point and then points far from all previous ones.

    This initialisation replaces a random one, so that there is no seed; distant points get their own cluster.

    Args:
        points: the points, at least one.
        weights: of the points, above 0.
        clusters: number of clusters, K; fewer are returned if there are fewer different points.
        iterations: at most; it usually converges earlier.

    Returns:
        The centres, and the index of the centre of each point.
    """
    chosen = [int(weights.argmax())]
    nearest = np.square(points - points[chosen[0]]).sum(axis=1)
    while len(chosen) < clusters and nearest.max() > 0:
        chosen.append(int((weights * nearest).argmax()))
        nearest = np.minimum(nearest, np.square(points - points[chosen[-1]]).sum(axis=1))
    centres = points[chosen].astype(float)
    labels = _nearest(points, centres)
    for _ in range(iterations):
        for cluster in range(len(centres)):
            own = labels == cluster
            if own.any():
                centres[cluster] = np.average(points[own], axis=0, weights=weights[own])
        moved = _nearest(points, centres)
        if (moved == labels).all():
            break
        labels = moved
    return centres, labels


def _nearest(
    points: Float[np.ndarray, "point axis"], centres: Float[np.ndarray, "cluster axis"]
) -> Int[np.ndarray, " point"]:
    return np.square(points[:, None] - centres[None]).sum(axis=2).argmin(axis=1)
