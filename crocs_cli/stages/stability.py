"""How stable each partition is: clustering subsamples of the consumers again, from the same distances."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from sklearn.metrics import adjusted_rand_score

from crocs_cli.errors import CrocsError
from crocs_cli.machine import files
from crocs_cli.machine.files import Arrays, Recipe
from crocs_cli.machine.layouts import PARTITION, SAMPLED, STABILITY, WSMD
from crocs_cli.machine.memory import Needs, require
from crocs_cli.machine.progress import Progress
from crocs_cli.machine.run import listed, partition_recipe, recipe
from crocs_cli.machine.team import Team
from crocs_cli.machine.threads import available_threads
from crocs_cli.machine.work import Product, bring_up_to_date
from crocs_cli.maths.clustering.partition import Clustering, cluster
from crocs_cli.maths.clustering.stability import best_overlaps, subset
from crocs_cli.maths.distances import condensed as pairs
from crocs_cli.stages import footprints
from crocs_cli.stages.settings import StabilitySettings, Stage2Settings


def run(run: Path, settings: StabilitySettings, seed: int) -> Arrays:
    """Make RUN/stability.h5 from RUN/wsmd and RUN/partition.h5; return its arrays.

    Where a sample was clustered and the others joined it, it is about the consumers of the sample.
    """
    path = run / "partition.h5"
    made_by = partition_recipe(run)
    chosen = settings.model_dump(mode="json") | {"seed": seed}
    made = recipe("stability", "stability", chosen, {"partition": files.digest(made_by)})
    product = Product(run / "stability.h5", STABILITY, made)
    compared = Stage2Settings.model_validate({k: v for k, v in made_by["settings"].items() if k != "seed"})
    partition = files.read(path, PARTITION, ("clusters", "label"))
    source = run
    if "sample" in made_by["inputs"]:
        source, partition["label"] = run / "sample", partition["label"][:, sampled_consumers(run, made_by)]
    bring_up_to_date(
        [product], lambda _: resample(source, partition, compared, settings, seed), Team(), "stability"
    )
    return files.read(product.path, STABILITY)


def sampled_consumers(run: Path, partition: Recipe) -> np.ndarray:
    """Return which consumers of a run were clustered, (m,) bool; the others joined their clusters."""
    path = run / "sampled.h5"
    if files.read_recipe(path, SAMPLED) != {**partition, "key": path.stem}:
        raise CrocsError(f"{path}: made for another partition; {SAMPLED.cure}")
    clustered: np.ndarray = files.read(path, SAMPLED, ("clustered",))["clustered"]
    return clustered


def resample(
    run: Path, partition: Arrays, compared: Stage2Settings, settings: StabilitySettings, seed: int
) -> Arrays:
    """Cluster subsamples, and compare each with the partition of all on the consumers that are in both."""
    clusters, label = partition["clusters"], partition["label"]
    m = label.shape[1]
    size = max(int(settings.part * m), int(clusters.max()))
    peak = 4 * pairs.length(m) + footprints.partition(size, compared.algorithm)
    require(Needs(peak, "use a larger machine"), "stability")
    check_tiles(run, compared)
    distances = read_distances(run, m)
    ks = tuple(clusters.tolist())
    how = Clustering(compared.algorithm, ks, seed, compared.starts, available_threads())
    agreement = np.empty((len(clusters), settings.samples))
    overlaps: list[list[np.ndarray]] = [[] for _ in clusters]
    with Progress("stability", settings.samples) as progress:
        for sample in range(settings.samples):
            drawn = np.sort(np.random.default_rng([seed, sample]).permutation(m)[:size])
            again = cluster(subset(distances, m, drawn), size, how).labels
            for row, k in enumerate(clusters):
                agreement[row, sample] = adjusted_rand_score(label[row, drawn], again[row])
                overlaps[row].append(best_overlaps(label[row, drawn], again[row], int(k)))
            progress.advance()
    return {
        "clusters": clusters,
        "ari": agreement,
        "jaccard": np.concatenate([np.nanmean(found, axis=0) for found in overlaps]),
    }


def check_tiles(run: Path, compared: Stage2Settings) -> None:
    """Refuse tiles of RUN/wsmd that the run's partition was not made from."""
    wanted = partition_recipe(run)["inputs"], compared.of_distances()
    for path in listed(run / "wsmd"):
        made_by = files.read_recipe(path, WSMD)
        if (made_by["inputs"], made_by["settings"]) != wanted or made_by["key"] != path.stem:
            raise CrocsError(f"{path}: not of the run's partition; {WSMD.cure}")


def read_distances(run: Path, m: int) -> np.ndarray:
    """Read all tiles of RUN/wsmd into the condensed matrix of m consumers."""
    distances = np.empty(pairs.length(m), dtype=np.float32)
    first, row = [0], 0
    while first[-1] < m:
        diagonal = files.read(run / "wsmd" / f"{row:03d}-{row:03d}.h5", WSMD)["distance"]
        first.append(first[-1] + len(diagonal))
        row += 1
    for a in range(row):
        for b in range(a, row):
            tile = files.read(run / "wsmd" / f"{a:03d}-{b:03d}.h5", WSMD)["distance"]
            pairs.put_tile(distances, m, first[a], first[b], tile)
    return distances
