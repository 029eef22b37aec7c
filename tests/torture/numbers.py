"""Numbers at the edge: flat, huge, tiny, negative and equal days, one consumer, one day, large indices."""

from __future__ import annotations

import random
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import fastcluster
import numpy as np
from scipy.cluster.hierarchy import linkage
from scipy.spatial.distance import pdist, squareform
from sklearn.metrics import silhouette_score

from crocs_cli.machine import files
from crocs_cli.machine.shards import recipe
from crocs_cli.maths.clustering.partition import Clustering, cluster
from crocs_cli.maths.clustering.rows import Condensed
from crocs_cli.maths.clustering.validity import Indices
from crocs_cli.maths.distances import condensed
from crocs_cli.maths.distances.loadsets import LoadSets
from crocs_cli.maths.distances.wsmd import SET_DISTANCES, set_distances
from crocs_cli.maths.readings.quality import COUNTS
from crocs_cli.maths.ward.linkage import ward
from crocs_cli.maths.ward.rounds import ward_in_place
from crocs_cli.rundir.layouts import DENDROGRAM, PARTITION, PROFILES, RLS, RRLS, WSMD
from tests.torture.tally import MENDABLE, Tally, call, inside, untold

PROMISE = "No numbers make a result that is not finite, not symmetric, of another size, or changed by ties"
HOW = (
    "flat, zero, huge, tiny, negative, equal and single days from profiles to report, k = 1, K = 1, K = m; "
    "tied distances against the definition, fastcluster, scipy and scikit-learn; float32 against float64; "
    "indices of 46,341, 65,537 and 92,683 consumers"
)
SHORT, LONG = 12, 400
SLOTS, MOST_EXPLAINED = 48, 3

Draw = np.random.Generator
DAYS: dict[str, Callable[[Draw, int], np.ndarray]] = {
    "constant": lambda draw, days: np.full((days, SLOTS), draw.random()),
    "zero": lambda draw, days: np.zeros((days, SLOTS)),
    "huge": lambda draw, days: draw.random((days, SLOTS)) * 1e37,
    "tiny": lambda draw, days: draw.random((days, SLOTS)) * 1e-40,
    "negative": lambda draw, days: -draw.random((days, SLOTS)),
    "mixed signs": lambda draw, days: draw.normal(size=(days, SLOTS)),
    "identical days": lambda draw, days: np.tile(draw.random(SLOTS), (days, 1)),
    "a year of identical days": lambda draw, _: np.tile(draw.random(SLOTS), (365, 1)),
    "one huge spike": lambda draw, days: np.eye(SLOTS)[np.full(days, draw.integers(SLOTS))] * 1e30,
    "nearly constant": lambda draw, days: 1 + draw.random((days, SLOTS)) * 1e-7,
    "plain": lambda draw, days: draw.random((days, SLOTS)),
    "steps": lambda draw, days: draw.integers(0, 2, (days, SLOTS)).astype(float),
}
BEYOND_SQUARES = {"huge", "one huge spike"}  # refused where nothing brings them to a scale


def torture(cases: int, folder: Path) -> Tally:
    """Try populations; every third case is of ties, of precision, or of indices instead."""
    tally = Tally()
    for number in range(cases):
        kernels = OTHERS[number // 3 % len(OTHERS)]
        with inside(folder / str(number)):
            if number % 3 == 2:
                fault = kernels(np.random.default_rng(number))
                tally.case(f"case {number}: {kernels.__name__}", fault)
            else:
                tally.case(f"case {number}", population(random.Random(number), np.random.default_rng(number)))
    return tally


def population(choose: random.Random, draw: Draw) -> str:
    """Take some odd consumers through the chain; say what came out wrong."""
    consumers, most = choose.choice((1, 2, 3, 12)), choose.choice((1, 2, 9))
    kinds = [choose.choice(list(DAYS)) for _ in range(consumers)]
    energy = [DAYS[kind](draw, choose.randint(1, most)).astype(np.float32) for kind in kinds]
    kinds[-1], energy[-1] = kinds[0], energy[0]  # duplicates
    write(energy)
    prototypes, normal = choose.choice((1, 2, 15)), choose.choice(("minmax", "zscore", "unit", "none"))
    algorithms = choose.choice(("ward", "kmedoids", "kmeans")), choose.choice(("ward", "kmedoids"))
    ks = sorted({1, consumers, choose.randint(1, consumers)})
    of = [word for k in ks for word in ("--clusters", k)]
    explained = choose.choice([k for k in ks if k <= MOST_EXPLAINED])
    said = f"{kinds}, {algorithms}, {normal}, {prototypes} prototypes, {ks} clusters"
    for given in (
        ("stage1", "--prototypes", prototypes, "--normalise", normal, "--algorithm", algorithms[0]),
        ("stage2", "--algorithm", algorithms[1], *of),
        ("rrls", "--clusters", explained),
        ("score", "--clusters", explained),
        *([("report", "--clusters", explained)] if choose.random() < 0.25 else []),
    ):
        ended = call(given[0], "--run", ".", *given[1:])
        if ended.code == MENDABLE and normal == "none" and BEYOND_SQUARES & set(kinds):
            return untold(ended)
        if ended.code:
            return f"{said}: {given}: {ended.err[-400:]}"
    fault = wrong(ks, explained)
    return fault and f"{said}: {fault}"


def write(energy: list[np.ndarray]) -> None:
    """Write the profiles of some consumers."""
    counts = [len(days) for days in energy]
    ids = np.array([f"C{number}" for number in range(len(energy))])
    arrays = {
        "consumer_id": ids,
        "day_offset": np.append(0, np.cumsum(counts)),
        "date": np.concatenate([np.arange(count) for count in counts]),
        "energy_kwh": np.concatenate(energy),
        "meter_id": ids,
        "quality": np.zeros((len(ids), len(COUNTS))),
    }
    files.write(Path("profiles/00000.h5"), PROFILES, arrays, recipe("ingest", "00000", {}, {}))


def wrong(ks: list[int], explained: int) -> str:
    """Say what of the files is not as it must be."""
    sets = files.read(Path("rls/00000.h5"), RLS)
    label = {k: files.read(Path(f"partitions/{k}.h5"), PARTITION)["label"] for k in ks}
    tree = Path("dendrogram.h5")  # of Ward only
    merges = files.read(tree, DENDROGRAM)["merges"] if tree.exists() else np.zeros((0, 4))
    distance = files.read(Path("wsmd/000-000.h5"), WSMD)["distance"]
    if not all(np.isfinite(each).all() for each in (sets["medoid"], distance, merges)):
        return "not finite"
    if (distance != distance.T).any() or distance.diagonal().any() or (distance < 0).any():
        return "no distances"
    if distance[0, -1] != 0:
        return f"duplicates are {distance[0, -1]} apart"
    sizes = [len(np.unique(label[k])) for k in ks]
    if sizes != ks:
        return f"{sizes} clusters"
    if (np.diff(merges[:, 2]) < 0).any():
        return f"heights fall: {merges[:, 2]}"
    for path in Path(f"rrls/{explained}").iterdir():
        shared = files.read(path, RRLS)
        if not np.isfinite(shared["hyperprototype_mean"]).all() or shared["day_coverage"].sum() > 1 + 1e-9:
            return f"{path}: coverage {shared['day_coverage']}"
    return ""


def tied(draw: Draw) -> str:
    """Cluster distances of few values; say where a merge is not of a nearest pair, or a run differs."""
    m = int(draw.integers(2, 60))
    distances = pdist(draw.integers(0, 3, (m, 2)), "chebyshev").astype(np.float32)
    hierarchies = {"ward": ward(distances.copy())}
    hierarchies |= {f"{n} threads": ward_in_place(distances.copy(), m, n) for n in (1, 2)}
    if (hierarchies["1 threads"] != hierarchies["2 threads"]).any():
        return "threads change the hierarchy"
    for name, merges in hierarchies.items():
        if fault := not_nearest(distances, merges):
            return f"{name}: {fault}"
    for algorithm in ("ward", "kmedoids"):
        ks = tuple(sorted({1, (m + 1) // 2, m}))
        labels = [cluster(distances.copy(), m, Clustering(algorithm, ks, 1, 3, n)) for n in (1, 2)]
        if (labels[0] != labels[1]).any():
            return f"{algorithm}: threads change a label"
        if [len(np.unique(label)) for label in labels[0]] != list(ks):
            return f"{algorithm}: not as many clusters as asked for"
    return ""


def not_nearest(distances: np.ndarray, merges: np.ndarray) -> str:
    """Follow a hierarchy by the definition of Ward's distance; say which merge joins no nearest pair."""
    m = len(merges) + 1
    squares = np.full((2 * m - 1, 2 * m - 1), np.inf)
    squares[:m, :m] = squareform(distances.astype(np.float64)) ** 2 + np.diag(np.full(m, np.inf))
    sizes, alive = np.ones(2 * m - 1), np.arange(2 * m - 1) < m
    for new, (a, b, height, members) in enumerate(merges.astype(np.float64), m):
        i, j = int(a), int(b)
        least = squares[np.ix_(alive, alive)].min() ** 0.5
        if not np.isclose(height, least, 1e-5, 1e-6) or not np.isclose(
            squares[i, j] ** 0.5, least, 1e-5, 1e-6
        ):
            return f"merge {new - m} at {height}, the pair is {squares[i, j] ** 0.5} apart, the least {least}"
        alive[[i, j]], sizes[new] = False, sizes[i] + sizes[j]
        if sizes[new] != members:
            return f"merge {new - m} says {members} members, not {sizes[new]}"
        s = sizes[alive]
        parts = (s + sizes[i]) * squares[i, alive] + (s + sizes[j]) * squares[j, alive] - s * squares[i, j]
        squares[new, alive] = squares[alive, new] = parts / (s + sizes[new])
        alive[new] = True
    return ""


def doubled(draw: Draw) -> str:
    """Cluster points of which many are the same; heights and indices must be the libraries', in any order."""
    m = int(draw.integers(8, 60))
    points = draw.normal(size=(m // 2, 3))[draw.integers(0, m // 2, m)]
    order = draw.permutation(m)
    one, other = (pdist(some).astype(np.float32) for some in (points, points[order]))
    expected = linkage(one.astype(np.float64), "ward")[:, 2]
    for name, heights in {
        "fastcluster": fastcluster.linkage(one.astype(np.float64), "ward")[:, 2],
        "ward": ward(one.copy())[:, 2],
        "ward, another order": ward(other.copy())[:, 2],
        "in place": ward_in_place(one.copy(), m, 1)[:, 2],
        "in place, another order": ward_in_place(other.copy(), m, 2)[:, 2],
    }.items():
        if not np.allclose(heights, expected, 1e-5, 1e-6):
            return f"{name}: heights differ from scipy's by up to {np.abs(heights - expected).max()}"
    label = ward_label(one, m)
    here, there = indices(one, label), indices(other, label[order])
    if not np.allclose(here, there, 1e-9, 0, equal_nan=True):
        return f"the order changes an index: {here}, {there}"
    silhouette = silhouette_score(squareform(one), label, metric="precomputed")
    return "" if abs(here[0] - silhouette) < 1e-6 else f"silhouette {here[0]}, not {silhouette}"


def ward_label(distances: np.ndarray, m: int) -> np.ndarray:
    """Cluster into three by ward."""
    return cluster(distances.copy(), m, Clustering("ward", (3,), 1, 1, 1))[0]


def indices(distances: np.ndarray, label: np.ndarray) -> list[float]:
    """Return all validity indices of one partition."""
    square = squareform(distances)
    found = Indices(label[None])
    found.add(0, 0, square)
    (result,) = found.result(lambda chosen: square[np.ix_(chosen, chosen)])
    return [float(result[name][0]) for name in ("silhouette", "dunn", "davies_bouldin", "calinski_harabasz")]


def precise(draw: Draw) -> str:
    """Compare every set distance in float32 with the same in float64."""
    sizes = draw.integers(1, 9, 12)
    profiles = draw.random((sizes.sum(), SLOTS)).astype(np.float32)
    days, offset = draw.integers(1, 99, sizes.sum()).astype(np.int32), np.append(0, np.cumsum(sizes))
    for name in SET_DISTANCES:
        narrow, wide = (
            set_distances(sets, sets, distance=name, window=2, dtype=kind)
            for kind in (np.float32, np.float64)
            for sets in [LoadSets(profiles.astype(kind), days, offset)]
        )
        apart = float(np.abs(narrow - wide).max())
        if apart > 1e-5:
            return f"{name}: float32 is {apart} from float64"
    return ""


def indexed(_: Draw) -> str:
    """Use the ends of matrices that are too large for 32-bit indices, in a file with holes."""
    for m in (46_341, 65_537, 92_683):  # m^2 > 2^31, pairs >= 2^31, pairs > 2^32
        matrix = np.memmap("holes", np.float32, "w+", shape=(condensed.length(m),))
        tile = np.arange(1.0, 10.0, dtype=np.float32).reshape(3, 3)
        condensed.put_tile(matrix, m, m - 3, m - 3, tile)
        condensed.put_tile(matrix, m, 0, m - 3, tile)
        if matrix[-3:].tolist() != [2.0, 3.0, 6.0] or matrix[m - 4 : m - 1].tolist() != [1.0, 2.0, 3.0]:
            return f"{m}: the last rows are {matrix[-3:]}, the first ends with {matrix[m - 4 : m - 1]}"
        found = Condensed(matrix, m).rows(np.array([0, m - 2, m - 1]), slice(m - 2, m)).tolist()
        if found != [[2.0, 3.0], [0.0, 6.0], [6.0, 0.0]]:
            return f"{m}: the pairs of first and last are {found}"
        rows = range(0, m, 997)
        if [int(condensed.row_start(i, m)) for i in rows] != [i * m - i * (i + 1) // 2 for i in rows]:
            return f"{m}: a row starts elsewhere"
        blocks = condensed.row_blocks(m, 1 << 27)
        if blocks[0][0] != 0 or blocks[-1][1] != m or any(a[1] != b[0] for a, b in pairwise(blocks)):
            return f"{m}: blocks {blocks}"
        del matrix
        Path("holes").unlink()
    return ""


OTHERS: tuple[Callable[[Draw], str], ...] = (tied, doubled, precise, indexed)
