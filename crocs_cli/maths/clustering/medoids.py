"""k-medoids on a matrix of distances: of one consumer's days, and of the consumers."""

from typing import Any

import numpy as np

from crocs_cli.maths.clustering.cuts import canonical
from crocs_cli.maths.compiled import kernel
from crocs_cli.maths.decisions import TOLERANCE, first_least


def kmedoids_partition(
    square: np.ndarray, k: int, seed: int, starts: int = 10, iterations: int = 200
) -> np.ndarray:
    """Partition m points by distances (m, m) into k clusters around medoids; canonical labels (m,) int32.

    The best of several random starts of FasterPAM (Schubert and Rousseeuw 2021); of equals, the first one.
    """
    import kmedoids

    found = [
        kmedoids.fasterpam(square, k, max_iter=iterations, init="random", random_state=seed + start, n_cpu=1)
        for start in range(starts)
    ]
    labels = np.array([each.labels for each in found], dtype=np.int64)
    medoids = [np.asarray(each.medoids)[label] for each, label in zip(found, labels, strict=True)]
    losses = [square[np.arange(len(square)), medoid].sum(dtype=np.float64) for medoid in medoids]
    return canonical(labels[first_least(np.array(losses))])


@kernel
def kmedoids_of_days(distances: np.ndarray, clusters: int, draws: np.ndarray, iterations: int) -> np.ndarray:
    """Label p days (p,) by the best of several starts of FasterPAM on distances (p, p).

    draws (starts, clusters or more): uniform numbers in [0, 1). The first start takes them for k-medoids++,
    the others for days at random; a later start wins only if it is better by more than rounding.
    """
    least, best = np.inf, np.zeros(len(distances), np.int64)
    for start in range(len(draws) if clusters > 1 else 0):  # one cluster needs no search
        draw = draws[start]
        medoids = spread(distances, clusters, draw) if start == 0 else _random(distances, clusters, draw)
        loss, label = _improve(distances, medoids, iterations)
        if loss < least * (1.0 - TOLERANCE):
            least, best = loss, label
    return best


@kernel
def _random(distances: np.ndarray, clusters: int, draws: np.ndarray) -> np.ndarray:
    days = np.arange(len(distances))
    for each in range(clusters):
        other = each + int(draws[each] * (len(days) - each))
        days[each], days[other] = days[other], days[each]
    return days[:clusters].copy()


@kernel
def spread(distances: np.ndarray, clusters: int, draws: np.ndarray) -> np.ndarray:
    """Draw days by their squared distance to those before (k-means++, Arthur and Vassilvitskii 2007)."""
    medoids, away = np.empty(clusters, np.int64), np.ones(len(distances))
    for each in range(clusters):
        left, chosen = 0.0, -1
        for day in range(len(distances)):
            left += draws[each] * max(away[day], 0.0)
        for day in range(len(distances)):
            if away[day] >= 0.0 and (chosen < 0 or left >= 0.0):
                chosen = day
                left -= away[day]
        medoids[each] = chosen
        for day in range(len(distances)):
            reach = distances[chosen, day] ** 2
            away[day] = reach if each == 0 else min(away[day], reach)
        away[chosen] = -1.0  # never again, even where only copies of medoids are left
    return medoids


@kernel
def _improve(distances: np.ndarray, medoids: np.ndarray, iterations: int) -> tuple[float, np.ndarray]:
    """Exchange medoids for days while that lowers the loss (FasterPAM); give the loss and labels (p,)."""
    number, begin = len(distances), medoids[0]  # from one and the same day on, most starts would end alike
    label, first, second = np.empty(number, np.int64), np.empty(number), np.empty(number)
    state = label, first, second, np.empty(len(medoids))
    change, idle = np.empty(len(medoids)), 0
    loss = _assign(distances, medoids, state)
    for turn in range(iterations * number):
        day = (begin + turn) % number
        if medoids[label[day]] != day:
            gain, worst = _best_exchange(distances[day], state, change)
            if gain < -TOLERANCE * loss:  # more than rounding
                medoids[worst] = day
                loss, idle = _assign(distances, medoids, state), 0
        idle += 1
        if idle == number:
            break
    return loss, label


@kernel
def _assign(distances: np.ndarray, medoids: np.ndarray, state: tuple) -> float:
    """Find every day's medoid, its distances to that and to the second nearest; give the loss.

    The last part of the state is what the removal of each medoid would cost.
    """
    label, first, second, removal = state
    first[:], second[:], removal[:], loss = np.inf, np.inf, 0.0, 0.0
    for each in range(len(medoids)):
        row = distances[medoids[each]]
        for day in range(len(row)):  # without a branch, for the vectors' sake
            nearer = row[day] < first[day]
            second[day] = min(second[day], first[day] if nearer else row[day])
            label[day] = each if nearer else label[day]
            first[day] = row[day] if nearer else first[day]
    for each in range(len(medoids)):  # a medoid is its own, even where another is at no distance
        label[medoids[each]] = each
    for day in range(len(label)):
        removal[label[day]] += second[day] - first[day]
        loss += first[day]
    return loss


@kernel
def _best_exchange(row: np.ndarray, state: tuple, change: np.ndarray) -> tuple[float, Any]:
    """Return the change of the loss when a day at distances `row` replaces the best medoid, and which."""
    label, first, second, removal = state
    shared = 0.0
    for each in range(len(removal)):
        change[each] = removal[each]
    for other in range(len(row)):  # without a branch: which way it goes could not be foreseen
        shared += min(row[other], first[other]) - first[other]
        change[label[other]] += min(max(row[other], first[other]), second[other]) - second[other]
    worst = np.argmin(change)
    return change[worst] + shared, worst
