"""Measure how stable each partition is: cluster subsamples again, from the same distances."""

from __future__ import annotations

import functools

import numpy as np

from crocs_cli.errors import CrocsError
from crocs_cli.machine import files
from crocs_cli.machine.files import Arrays
from crocs_cli.machine.memory import Needs, require
from crocs_cli.machine.progress import Progress
from crocs_cli.machine.shards import recipe
from crocs_cli.machine.team import Team
from crocs_cli.machine.work import Product, all_made, bring_up_to_date, is_made
from crocs_cli.maths.clustering.partition import Clustering, cluster
from crocs_cli.maths.clustering.scores import adjusted_rand
from crocs_cli.maths.clustering.stability import best_overlaps, subset
from crocs_cli.maths.distances import condensed
from crocs_cli.rundir import memory
from crocs_cli.rundir.layouts import STABILITY
from crocs_cli.rundir.run import Run
from crocs_cli.rundir.settings import StabilitySettings
from crocs_cli.stages.stage2 import open_task


def run(run: Run, settings: StabilitySettings, seed: int) -> dict[int, Arrays]:
    """Make RUN/stability/K.h5 of every partition of a run; return {K: its arrays}.

    Where a sample was clustered and the others joined it, it is about the consumers of the sample.
    """
    products = []
    for k in run.partitions():
        inputs = {"partition": files.digest(run.partition_recipe(k))}
        chosen = settings.model_dump(mode="json") | {"seed": seed}
        made_by = recipe("stability", str(k), chosen, inputs)
        products.append(Product(run.stability_path(k), STABILITY, made_by))

    @functools.cache
    def made() -> dict[str, Arrays]:
        missing = tuple(int(product.key) for product in products if not is_made(product))
        return {str(k): found for k, found in resample(run, missing, settings, seed).items()}

    bring_up_to_date(products, lambda product: made()[product.key], Team(), "stability")
    return {int(product.key): files.read(product.path, STABILITY) for product in products}


def resample(
    run: Run, clusters: tuple[int, ...], settings: StabilitySettings, seed: int
) -> dict[int, Arrays]:
    """Cluster subsamples, and compare each with the partition of all on the consumers that are in both."""
    compared = run.made_with(clusters[0])[0]
    clustered = run.clustered(clusters[0])
    label = {k: run.partition(k)["label"] for k in clusters}
    source = run
    if clustered is not None:
        source, label = run.sample, {k: found[clustered] for k, found in label.items()}
    m = len(label[clusters[0]])
    peak = memory.load_sets(*source.size_of_sets())
    largest = max(_size(settings, m, k) for k in clusters)
    peak += 4 * condensed.length(m) + memory.partition(largest, compared.algorithm)
    require(Needs(peak, "use a larger machine"), "stability")
    task = open_task(source, compared)
    if not all_made([tile.product for tile in task.tiles]):
        raise CrocsError(f"{source / 'wsmd'}: not all distances are there; run `crocs stage2` again")
    distances = task.matrix()
    found = {k: _Found(k) for k in clusters}
    with Progress("stability", settings.samples) as progress:
        for sample in range(settings.samples):
            order = np.random.default_rng([seed, sample]).permutation(m)
            for size in sorted({_size(settings, m, k) for k in clusters}):
                drawn = np.sort(order[:size])
                numbers = tuple(k for k in clusters if _size(settings, m, k) == size)
                how = Clustering(
                    compared.algorithm,
                    numbers,
                    seed,
                    compared.tried,
                    task.comparison.threads,
                    compared.exchanges,
                )
                again = cluster(subset(distances, m, drawn), size, how)
                for k, labels in zip(numbers, again, strict=True):
                    found[k].add(label[k][drawn], labels)
            progress.advance()
    return {k: each.arrays() for k, each in found.items()}


class _Found:
    """The agreement of subsamples with one partition."""

    def __init__(self, clusters: int) -> None:
        self._clusters = clusters
        self._ari: list[float] = []
        self._jaccard: list[np.ndarray] = []

    def add(self, label: np.ndarray, again: np.ndarray) -> None:
        """Compare the labels of a subsample with those of all."""
        self._ari.append(adjusted_rand(label, again))
        self._jaccard.append(best_overlaps(label, again, self._clusters))

    def arrays(self) -> Arrays:
        return {"ari": np.array(self._ari), "jaccard": np.nanmean(self._jaccard, axis=0)}


def _size(settings: StabilitySettings, m: int, clusters: int) -> int:
    """Return how many consumers are in a subsample: as many as there are segments, at the least."""
    return max(int(settings.part * m), clusters)
