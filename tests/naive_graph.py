"""What the prototype graph and the Pair Sets Index mean, written from the paper in plain loops."""

from itertools import permutations
from math import inf, sqrt


def dtw(first, second, window):
    """Return the root of the least sum of squared differences along a path in the band."""
    n = len(first)
    best = [[inf] * (n + 1) for _ in range(n + 1)]
    best[0][0] = 0.0
    for i in range(1, n + 1):
        for j in range(max(1, i - window), min(n, i + window) + 1):
            step = min(best[i - 1][j], best[i][j - 1], best[i - 1][j - 1])
            best[i][j] = (float(first[i - 1]) - float(second[j - 1])) ** 2 + step
    return sqrt(best[n][n])


def edges(load_sets, window, floor=0.001):
    """Return {(vertex, vertex): weight} of the prototype graph of load sets, each a list of profiles.

    Vertices are numbered through all load sets. From every prototype one edge goes to the nearest prototype
    of every other load set, the first of equals; its weight is the inverse of their distance (section 3.3).
    """
    found = {}
    starts = [sum(map(len, load_sets[:number])) for number in range(len(load_sets))]
    for a, own in enumerate(load_sets):
        for i, profile in enumerate(own):
            for b, other in enumerate(load_sets):
                if a != b:
                    distances = [dtw(profile, candidate, window) for candidate in other]
                    nearest = min(distances)
                    source, target = starts[a] + i, starts[b] + distances.index(nearest)
                    found[source, target] = 1.0 / max(nearest, floor)
    return found


def rber(edge_weights, days, labels, resolution):
    """Return the Reichardt-Bornholdt quality with the Erdős-Rényi null model (paper, [85])."""
    total = sum(edge_weights.values())
    everything = sum(days)
    density = total / (everything * (everything - 1))
    inside = sum(weight for (a, b), weight in edge_weights.items() if labels[a] == labels[b])
    for community in set(labels):
        size = sum(n for n, label in zip(days, labels, strict=True) if label == community)
        inside -= resolution * density * size * (size - 1)
    return inside


def medoid(profiles, days, window):
    """Return which profile has the least sum of distances weighted by days, the first of equals."""
    sums = [
        sum(n * dtw(one, other, window) for other, n in zip(profiles, days, strict=True)) for one in profiles
    ]
    return sums.index(min(sums))


def coverage(member, days, labels, community):
    """Return (consumer coverage, day coverage) of a community as shares (section 3.3)."""
    members = {m for m, label in zip(member, labels, strict=True) if label == community}
    covered = sum(n for n, label in zip(days, labels, strict=True) if label == community)
    return len(members) / len(set(member)), covered / sum(days)


def pair_sets_index(first, second):
    """Return PSI by trying every pairing (Rezaei & Fränti 2016)."""
    groups = [[{i for i, x in enumerate(labels) if x == name} for name in sorted(set(labels))]
              for labels in (first, second)]  # fmt: skip
    few, many = sorted(groups, key=len)
    if len(many) == 1:
        return 1.0

    def likeness(a, b):
        return len(a & b) / max(len(a), len(b))

    best = max(
        sum(likeness(a, many[place]) for a, place in zip(few, places, strict=True))
        for places in permutations(range(len(many)), len(few))
    )
    sizes = [sorted((len(group) for group in side), reverse=True) for side in (few, many)]
    expected = sum(a * b / len(first) / max(a, b) for a, b in zip(*sizes, strict=False))
    return max(0.0, (best - expected) / (len(many) - expected))
