"""What the fast code means, in plain numpy, written from the paper alone: it imports nothing of crocs.

Slow on purpose: one loop, one formula, one name for each thing that the paper names.
"""

import numpy as np


def dtw(a, b, window):
    """DTW of two profiles: the root of the least sum of squares along a path inside the band."""
    slots = len(a)
    total = np.full((slots + 1, slots + 1), np.inf)
    total[0, 0] = 0.0
    for i in range(slots):
        for j in range(slots):
            if abs(i - j) <= window:
                before = min(total[i, j], total[i, j + 1], total[i + 1, j])
                total[i + 1, j + 1] = (a[i] - b[j]) ** 2 + before
    return np.sqrt(total[slots, slots])


def dtw_matrix(first, second, window):
    return np.array([[dtw(a, b, window) for b in second] for a in first]).reshape(len(first), len(second))


def ward_labels(distances, clusters):
    """Join the two clusters whose union costs least until `clusters` are left (Lance-Williams on squares)."""
    squares = np.asarray(distances, float) ** 2
    np.fill_diagonal(squares, np.inf)
    groups = {point: [point] for point in range(len(squares))}
    while len(groups) > clusters:
        alive = sorted(groups)
        _, i, j = min((squares[i, j], i, j) for i in alive for j in alive if i < j)
        ni, nj = len(groups[i]), len(groups[j])
        for other in alive:
            if other not in (i, j):
                n = len(groups[other])
                joined = (ni + n) * squares[i, other] + (nj + n) * squares[j, other] - n * squares[i, j]
                squares[i, other] = squares[other, i] = joined / (ni + nj + n)
        groups[i] += groups.pop(j)
    labels = np.empty(len(squares), int)
    for label, members in enumerate(groups.values()):
        labels[members] = label
    return by_falling_size(labels)


def by_falling_size(labels):
    """Number clusters by falling size, ties by their first member."""
    labels = list(labels)
    names = sorted(set(labels), key=lambda name: (-labels.count(name), labels.index(name)))
    return np.array([names.index(name) for name in labels])


def medoid(distances, members):
    """The member with the least sum of distances to its fellows, the lowest on ties."""
    return min(members, key=lambda one: (sum(distances[one, other] for other in members), one))


def kmedoids_loss(distances, medoids):
    """Total deviation: every point's distance to its nearest medoid."""
    return sum(min(distances[point, each] for each in medoids) for point in range(len(distances)))


def silhouette(distances, labels):
    """Mean of (b - a) / max(a, b); 0 for a point alone, and where there is one cluster."""
    names = sorted(set(labels))
    total = 0.0
    for point, own in enumerate(labels):
        mean = {
            name: np.mean(
                [distances[point, o] for o in range(len(labels)) if labels[o] == name and o != point] or [0]
            )
            for name in names
        }
        if len(names) == 1 or list(labels).count(own) == 1:
            continue
        a, b = mean[own], min(mean[name] for name in names if name != own)
        total += (b - a) / max(a, b) if max(a, b) > 0 else 0.0
    return total / len(labels)


def set_distance(name, first, second, window):
    """The paper's Table 3, for two load sets (prototypes, days)."""
    (profiles_a, days_a), (profiles_b, days_b) = first, second
    d = dtw_matrix(profiles_a, profiles_b, window)
    to_b, to_a = d.min(axis=1), d.min(axis=0)
    share_a, share_b = days_a / days_a.sum(), days_b / days_b.sum()
    return {
        "wsmd": (share_a @ to_b + share_b @ to_a) / 2,
        "wsmd-pooled": (days_a @ to_b + days_b @ to_a) / (days_a.sum() + days_b.sum()),
        "smd": (to_b.mean() + to_a.mean()) / 2,
        "hd": max(to_b.max(), to_a.max()),
        "mhd": max(to_b.mean(), to_a.mean()),
        "sl": d.min(),
        "cl": d.max(),
        "al": d.mean(),
        "wal": share_a @ d @ share_b,
    }[name]


def pattern_forecast(labels, days, length):
    """The day after the last: the mean of the days that came after the same sequence of labels."""
    for long in range(length, 0, -1):
        if long <= len(labels):
            last = list(labels[-long:])
            after = [day for day in range(long, len(labels)) if list(labels[day - long : day]) == last]
            if after:
                return np.mean([days[day] for day in after], axis=0)
    return np.mean(days, axis=0)


def markov_forecast(labels, days):
    """The day after the last: each label's mean day, by how often the label followed the last one."""
    known = range(len(labels))
    following = [labels[day] for day in known[1:] if labels[day - 1] == labels[-1]] or list(labels[1:])
    means = {label: np.mean([days[day] for day in known if labels[day] == label], axis=0) for label in labels}
    return np.mean([means[label] for label in following], axis=0)


def ward_loss(distances, labels):
    """Sum over segments of W / (2 n): W is the sum of the squared distances of all ordered pairs in one."""
    groups = [np.flatnonzero(np.asarray(labels) == name) for name in sorted(set(labels))]
    return sum((distances[np.ix_(own, own)] ** 2).sum() / (2 * len(own)) for own in groups)


def exchange(distances, labels):
    """Move one item after another to where the loss is least, until nobody gains by it."""
    labels, moved = list(labels), True
    names = sorted(set(labels))
    while moved:
        moved = False
        for item in range(len(labels)):
            if labels.count(labels[item]) > 1:
                own = labels[item]
                tried = {to: ward_loss(distances, [*labels[:item], to, *labels[item + 1 :]]) for to in names}
                best = min(names, key=lambda to: tried[to])
                if tried[best] < tried[own] * (1 - 1e-9):
                    labels[item], moved = best, True
    return np.array(labels)


def footprints(days_of, landmarks, shrink, clip, components):
    """Whitened kernel means of consumers' days, their long ones shortened, on their principal axes."""
    centre = landmarks.mean(axis=0)

    def kernel(x):
        to = [np.linalg.norm(z - centre) - np.linalg.norm(x - z) for z in landmarks]
        return (np.linalg.norm(x - centre) + np.array(to)) / 2

    among = np.array([kernel(z) for z in landmarks])
    values, axes = np.linalg.eigh((among + among.T) / 2)
    kept = values >= 1e-6 * values.max()
    phi = [[axes[:, kept].T @ kernel(x) / np.sqrt(values[kept]) for x in days] for days in days_of]
    spread = np.mean([np.cov(np.array(own).T, bias=True) for own in phi], axis=0)
    spread = (1 - shrink) * spread + shrink * np.trace(spread) / len(spread) * np.eye(len(spread))
    values, axes = np.linalg.eigh(spread)
    white = np.array([axes @ (axes.T @ np.mean(own, axis=0) / np.sqrt(values)) for own in phi])
    white -= white.mean(axis=0)
    norms = np.linalg.norm(white, axis=1)
    white *= np.minimum(1, np.quantile(norms, clip) / norms)[:, None]
    white -= white.mean(axis=0)
    _, _, axes = np.linalg.svd(white, full_matrices=False)
    return white @ axes[:components].T


def prediction_strength(label, places):
    """The least share of a segment's pairs that are placed in one and the same segment."""
    shares = []
    for name in set(label):
        own = [place for mine, place in zip(label, places, strict=True) if mine == name]
        pairs = [own[i] == own[j] for i in range(len(own)) for j in range(i)]
        shares.append(np.mean(pairs) if pairs else 0.0)
    return min(shares)


def quantities(energy_kwh, offset, days, clock, shape):
    """What consumers use of each charge in each month, in millionths of a kWh, reading by reading."""
    n, (months, charges), demands = len(offset) - 1, shape, clock.demand.shape[2]
    energy, exported = np.zeros((n, months, charges), int), np.zeros((n, months), int)
    highest, there = np.zeros((n, months, demands), int), np.zeros((n, months), int)
    for consumer in range(n):
        for day in range(offset[consumer], offset[consumer + 1]):
            month, kind = days[0][day], days[1][day]
            micro = [round(1e6 * float(value)) for value in energy_kwh[day]]
            inside = [slot for slot, moves in enumerate(clock.shifted) if moves]
            outside = [slot for slot, moves in enumerate(clock.shifted) if not moves]
            parts = {slot: max(0, micro[slot]) * clock.percent // 100 for slot in inside}
            for slot, part in parts.items():
                micro[slot] -= part
            for slot in outside[: sum(parts.values()) % len(outside)]:
                micro[slot] += 1
            for slot in outside:
                micro[slot] += sum(parts.values()) // len(outside)
            there[consumer, month] += 1
            for slot, value in enumerate(micro):
                if value < 0:
                    exported[consumer, month] -= value
                else:
                    energy[consumer, month, clock.energy[kind, slot]] += value
                    for demand in range(demands):
                        if clock.demand[kind, slot, demand]:
                            highest[consumer, month, demand] = max(highest[consumer, month, demand], value)
    return {"energy": energy, "exported": exported, "highest": highest, "days": there}
