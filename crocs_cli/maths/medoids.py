"""k-medoids on a matrix of distances: of one consumer's days, and of the consumers."""

import numpy as np

from crocs_cli.maths.compiled import kernel
from crocs_cli.maths.cuts import canonical


def kmedoids_partition(
    square: np.ndarray, k: int, seed: int, starts: int = 10, iterations: int = 200
) -> np.ndarray:
    """Partition m points by distances (m, m) into k clusters around medoids; canonical labels (m,) int32.

    The best of several random starts of FasterPAM (Schubert and Rousseeuw 2021), the first on ties.
    """
    import kmedoids

    found = [
        kmedoids.fasterpam(square, k, max_iter=iterations, init="random", random_state=seed + start, n_cpu=1)
        for start in range(starts)
    ]
    return canonical(min(found, key=lambda result: result.loss).labels)


@kernel
def kmedoids_of_days(distances, clusters, draws, iterations):  # type: ignore[no-untyped-def]
    """Label p days by the best of several starts of FasterPAM on distances (p, p); labels (p,).

    draws (starts, clusters or more): uniform numbers in [0, 1); the first start takes them for
    k-medoids++, the others for days at random. The first start wins ties.
    """
    least, best = np.inf, np.empty(clusters, np.int64)
    for start in range(len(draws)):
        medoids = (
            _spread(distances, clusters, draws[0])
            if start == 0
            else _random(len(distances), clusters, draws[start])
        )
        loss = _swap(distances, medoids, iterations)
        if loss < least:
            least, best = loss, medoids
    return _nearest(distances, best)[0]


@kernel
def _random(number, clusters, draws):  # type: ignore[no-untyped-def]
    days = np.arange(number)
    for each in range(clusters):
        other = each + int(draws[each] * (number - each))
        days[each], days[other] = days[other], days[each]
    return days[:clusters]


@kernel
def _spread(distances, clusters, draws):  # type: ignore[no-untyped-def]
    """Draw medoids by squared distance to those before (k-means++, Arthur and Vassilvitskii 2007)."""
    medoids = np.empty(clusters, np.int64)
    medoids[0] = int(draws[0] * len(distances))
    away = distances[medoids[0]] ** 2
    for each in range(1, clusters):
        sums = np.cumsum(away)
        chosen = min(np.searchsorted(sums, draws[each] * sums[-1], side="right"), len(distances) - 1)
        if sums[-1] == 0.0:  # all that is left are copies of medoids: take the first that is none
            chosen = 0
            while np.any(medoids[:each] == chosen):
                chosen += 1
        medoids[each] = chosen
        away = np.minimum(away, distances[chosen] ** 2)
    return medoids


@kernel
def _nearest(distances, medoids):  # type: ignore[no-untyped-def]
    """Give every day's nearest medoid (its position), and the distances to that and to the second nearest."""
    number = len(distances)
    label, first = np.zeros(number, np.int64), np.full(number, np.inf)
    second = np.full(number, distances.max())  # stands for "no second medoid": none is further
    for each in range(len(medoids)):
        row = distances[medoids[each]]
        for day in range(number):
            if row[day] < first[day]:
                label[day], first[day], second[day] = each, row[day], min(first[day], second[day])
            elif row[day] < second[day]:
                second[day] = row[day]
    for each in range(len(medoids)):  # a medoid is its own, even where another is at no distance
        label[medoids[each]] = each
    return label, first, second


@kernel
def _swap(distances, medoids, iterations):  # type: ignore[no-untyped-def]
    """Exchange medoids for days as long as that lowers the loss; changes medoids, gives the loss."""
    number, clusters = len(distances), len(medoids)
    label, first, second = _nearest(distances, medoids)
    removal = _losses(label, first, second, clusters)
    change = np.empty(clusters)
    idle = 0
    begin = medoids[0]  # from one and the same day on, most starts would end alike
    for turn in range(iterations * number):
        day = (begin + turn) % number
        if idle == number:
            break
        idle += 1
        if medoids[label[day]] == day:
            continue
        change[:] = removal
        shared = 0.0
        row = distances[day]
        for other in range(number):
            if row[other] < first[other]:
                shared += row[other] - first[other]
                change[label[other]] += first[other] - second[other]
            elif row[other] < second[other]:
                change[label[other]] += row[other] - second[other]
        worst = np.argmin(change)
        if change[worst] + shared < -1e-12 * (1.0 + np.abs(shared)):
            medoids[worst] = day
            label, first, second = _nearest(distances, medoids)
            removal = _losses(label, first, second, clusters)
            idle = 0
    return first.sum()


@kernel
def _losses(label, first, second, clusters):  # type: ignore[no-untyped-def]
    """Give what the removal of each medoid would cost."""
    losses = np.zeros(clusters)
    for day in range(len(label)):
        losses[label[day]] += second[day] - first[day]
    return losses
