"""Stage 2: the set distances of all pairs of consumers, tile by tile, and the partitions made from them."""

from __future__ import annotations

import functools
import logging
from dataclasses import dataclass

import numpy as np

from crocs_cli.errors import CallError, CrocsError
from crocs_cli.machine import files
from crocs_cli.machine.compiled import must_compile
from crocs_cli.machine.files import Arrays, Recipe
from crocs_cli.machine.memory import Needs, require
from crocs_cli.machine.ranks import MpiRanks
from crocs_cli.machine.shards import recipe
from crocs_cli.machine.team import Team
from crocs_cli.machine.threads import ranks_here
from crocs_cli.machine.work import Product, all_made, bring_up_to_date, is_made
from crocs_cli.maths.clustering.cuts import cut
from crocs_cli.maths.clustering.exchange_rows import exchange
from crocs_cli.maths.clustering.partition import (
    LARGEST_FOR_FASTCLUSTER,
    Clustering,
    around_medoids,
    hierarchy,
)
from crocs_cli.maths.clustering.rows import Condensed, Spread
from crocs_cli.maths.clustering.validity import Indices
from crocs_cli.maths.distances import condensed as pairs
from crocs_cli.maths.distances.comparison import Comparison
from crocs_cli.maths.distances.loadsets import LoadSets
from crocs_cli.maths.ward.ranks import Ranks, own_rows, ward_over_ranks
from crocs_cli.rundir import memory
from crocs_cli.rundir.layouts import DENDROGRAM, PARTITION, WSMD
from crocs_cli.rundir.names import tile_key, tile_places
from crocs_cli.rundir.run import Run
from crocs_cli.rundir.settings import Stage2Settings
from crocs_cli.stages import continuity, footprint, sampled

LARGER = "use a larger machine, footprints (--distance footprint), or a sample (--sample)"
HERE, SPREAD, MISSING = "here", "spread", "missing"

log = logging.getLogger("crocs")


@dataclass(frozen=True)
class Tile:
    """The distances between two blocks of consumers."""

    rows: slice
    columns: slice
    product: Product

    def read(self) -> np.ndarray:
        """Return the distances: (rows, columns) float32."""
        return files.read(self.product.path, WSMD, ("distance",))["distance"]


@dataclass(frozen=True)
class Task:
    """The work of stage 2: the consumers, how they are compared, and the tiles of their distances."""

    consumer_id: np.ndarray
    sets: LoadSets
    comparison: Comparison
    tiles: list[Tile]

    def among(self, consumers: np.ndarray) -> np.ndarray:
        """Return the distances among some consumers, given by their numbers: (n, n) float32."""
        some = self.sets.take(consumers)
        return self.comparison.between(some, some)

    def matrix(self) -> np.ndarray:
        """Read all distances: (m (m - 1) / 2,) float32 condensed."""
        m = len(self.sets)
        distances = np.empty(pairs.length(m), dtype=np.float32)
        for tile in self.tiles:
            pairs.put_tile(distances, m, tile.rows.start, tile.columns.start, tile.read())
        return distances


def run(run: Run, settings: Stage2Settings, seed: int, team: Team) -> bool:
    """Make RUN/partitions/K.h5 for each wanted K, of all consumers, or of a sample that the others join.

    What the user left open is as it was for the partitions that the run has. Returns whether all are there;
    they are not while tiles of other shares are missing.
    """
    if numbers := run.partitions_there():
        before = run.made_with(numbers[0])[0]
        given = {name: getattr(settings, name) for name in settings.model_fields_set}
        settings = before.model_copy(update={"clusters": settings.clusters, **given})
    settings = run.meaning().settled(settings, "stage2")
    if settings.distance == "footprint":
        return footprint.cluster(run, settings, seed, team)
    if settings.sample is None:
        return cluster(run, settings, seed, team)
    sampled.draw(run, settings, seed, team)
    if made := cluster(run.sample, settings, seed, team):
        sampled.join(run, settings, seed, team)
    return made


def cluster(run: Run, settings: Stage2Settings, seed: int, team: Team) -> bool:
    """Make RUN/wsmd/A-B.h5 and, once all tiles are there, RUN/partitions/K.h5 for each wanted K.

    Partitions that are there stay, and are checked to be of the same distances and settings. Ward's hierarchy
    is kept in RUN/dendrogram.h5, so that another K needs no other. Returns whether all wanted partitions are
    there; they are not while tiles of other shares are missing.
    """
    task = open_task(run, settings)
    if max(settings.clusters) > len(task.sets):
        raise CallError(
            f"stage2.clusters: {max(settings.clusters)} is more than the {len(task.sets)} consumers"
        )
    make_tiles(task, team)
    inputs = {"rls": run.load_sets().digest()}
    products = partition_products(run, settings, seed, inputs)
    wanted: list[Product] = []
    if team.leads and all_made([tile.product for tile in task.tiles]):
        wanted = [product for product in products if not is_made(product)]
    where = team.told(_where(task, settings, team) if wanted else None)
    tree = dendrogram_product(run, settings, inputs) if settings.algorithm == "ward" else None
    if tree is not None:
        make_dendrogram(tree, task, where, team)
    if where == SPREAD or (where and team.leads):
        numbers = team.told(",".join(product.key for product in wanted)) if where == SPREAD else None
        clusters = [int(k) for k in numbers.split(",")] if numbers else [int(p.key) for p in wanted]
        labels = find_segments(task, settings, seed, tree, clusters, MpiRanks(team.comm) if numbers else None)
        if team.leads:
            make_partitions(products, wanted, task, labels)
    if team.leads and where:
        continuity.write_tables(run, settings)
    team.wait()
    return all(run.partition_path(k).exists() for k in settings.clusters)


def open_task(run: Run, settings: Stage2Settings) -> Task:
    """Read the load sets, in the form in which they are compared, and list the tiles."""
    comparison = run.comparison_by(settings)
    read = run.consumers(comparison)
    tiles = tile_list(run, settings, len(read.sets))
    return Task(read.consumer_id, read.sets, comparison, tiles)


def tile_list(run: Run, settings: Stage2Settings, consumers: int) -> list[Tile]:
    """Return all tiles on and above the diagonal, the larger ones first, so that shares are even."""
    size, inputs = memory.block(consumers), {"rls": run.load_sets().digest()}
    blocks = [slice(start, min(start + size, consumers)) for start in range(0, consumers, size)]
    chosen = settings.of_distances()
    places = tile_places(len(blocks))
    tiles = []
    for a, b in places:
        made_by = recipe("stage2", tile_key((a, b)), chosen, inputs, len(places))
        product = Product(run.path / "wsmd" / f"{made_by['key']}.h5", WSMD, made_by)
        tiles.append(Tile(blocks[a], blocks[b], product))
    return tiles


def partition_products(
    run: Run, settings: Stage2Settings, seed: int, inputs: dict[str, str]
) -> list[Product]:
    """Return the partitions that are wanted and those that are there: all must be made alike."""
    numbers = sorted({*settings.clusters, *run.partitions_there()})

    def made_by(clusters: int) -> Recipe:
        start = continuity.inputs_of(settings.start_from, clusters)
        return recipe("stage2", str(clusters), settings.of_partition(clusters, seed), inputs | start)

    return [Product(run.partition_path(k), PARTITION, made_by(k)) for k in numbers]


def dendrogram_product(run: Run, settings: Stage2Settings, inputs: dict[str, str]) -> Product:
    """Return the file of Ward's hierarchy, which every number of segments is cut from."""
    chosen = settings.of_distances() | {"algorithm": "ward"}
    made_by = recipe("stage2", "dendrogram", chosen, inputs)
    return Product(run / "dendrogram.h5", DENDROGRAM, made_by)


def make_tiles(task: Task, team: Team) -> None:
    """Make this process's part of the tiles."""
    sets = task.sets
    place = {tile.product.key: tile for tile in task.tiles}
    if team.leads and must_compile("wsmd"):
        log.info("stage2: compiling for this machine, once; this takes some ten seconds")

    def make(product: Product) -> Arrays:
        tile = place[product.key]
        rows = sets.select(tile.rows)
        columns = rows if tile.rows == tile.columns else sets.select(tile.columns)
        return {"distance": task.comparison.between(rows, columns)}

    def needs() -> Needs:
        return Needs(memory.distances(len(sets), *sets.prototypes.shape), LARGER)

    bring_up_to_date([tile.product for tile in task.tiles], make, team, "stage2 distances", needs)


def make_dendrogram(tree: Product, task: Task, where: str | None, team: Team) -> None:
    """Make Ward's hierarchy here or over the ranks, where it is wanted and not there."""
    m = len(task.sets)
    missing = team.told(MISSING if team.leads and where and not is_made(tree) else None)
    if not missing:
        return
    merges = None
    if where == SPREAD:
        ranks = MpiRanks(team.comm)
        merges = ward_over_ranks(rows_of(task.tiles, m, ranks), ranks)

    def make(_: Product) -> Arrays:
        return {"merges": hierarchy(task.matrix(), m, task.comparison.threads) if merges is None else merges}

    if team.leads:
        bring_up_to_date([tree], make, Team(), "stage2 dendrogram")
    team.wait()


def find_segments(
    task: Task,
    settings: Stage2Settings,
    seed: int,
    tree: Product | None,
    clusters: list[int],
    ranks: Ranks | None,
) -> np.ndarray:
    """Return the segments for some numbers, (numbers, m) int32.

    From Ward's tree, whose cuts the exchange begins with, or around medoids. ranks: all those of the launch,
    each of which takes part, where the rows of the matrix are spread over them.
    """
    threads, m = task.comparison.threads, len(task.sets)
    if tree is None:
        how = Clustering("kmedoids", tuple(clusters), seed, settings.tried, threads)
        return around_medoids(task.matrix(), m, how)
    merges = files.read(tree.path, DENDROGRAM, ("merges",))["merges"]
    cuts = np.array([cut(merges, k) for k in clusters], dtype=np.int32)
    if not settings.exchanges:
        return cuts
    start, tried = continuity.Start(settings.start_from, task.consumer_id), settings.tried
    if start:
        cuts, tried = start.begun(cuts, clusters), 0
    if ranks is not None:
        spread = Spread(rows_of(task.tiles, m, ranks), own_rows(m, ranks.rank, ranks.size))
        labels = exchange(spread, cuts, tried, seed, threads, ranks).labels
    else:
        labels = exchange(Condensed(task.matrix(), m), cuts, tried, seed, threads).labels
    return start.kept(labels, clusters) if start else labels


def make_partitions(products: list[Product], wanted: list[Product], task: Task, labels: np.ndarray) -> None:
    """Make the wanted partitions, with their medoids and indices, in one pass over the distances."""

    @functools.cache
    def made() -> dict[str, Arrays]:
        indices = Indices(labels)
        for tile in task.tiles:
            indices.add(tile.rows.start, tile.columns.start, tile.read())
        return {
            product.key: {"consumer_id": task.consumer_id, "label": label, **values}
            for product, label, values in zip(wanted, labels, indices.result(task.among), strict=True)
        }

    bring_up_to_date(products, lambda product: made()[product.key], Team(), "stage2 partitions")


def rows_of(tiles: list[Tile], m: int, ranks: Ranks) -> np.ndarray:
    """Read the rows of the square matrix that this rank holds: (own, m) float32."""
    own = own_rows(m, ranks.rank, ranks.size)
    rows = np.empty((len(own), m), dtype=np.float32)
    for tile in tiles:
        straight = _overlap(own, tile.rows)
        turned = _overlap(own, tile.columns)
        if straight or turned:
            distances = tile.read()
            for i in straight:
                rows[i - own.start, tile.columns] = distances[i - tile.rows.start]
            for i in turned:
                rows[i - own.start, tile.rows] = distances[:, i - tile.columns.start]
    return rows


def _overlap(own: range, block: slice) -> range:
    return range(max(own.start, block.start), min(own.stop, block.stop))


def _where(task: Task, settings: Stage2Settings, team: Team) -> str | None:
    """Return where partitions are made: in one process, over the ranks, or (None) not by this call.

    Raises CrocsError where the matrix does not fit; a share that is one of several leaves it to a later call.
    """
    m, held = len(task.sets), memory.load_sets(*task.sets.prototypes.shape)
    try:
        require(Needs(memory.partition(m, settings.algorithm, held), LARGER), "stage2 partition")
    except CrocsError as error:
        if team.comm is not None and settings.algorithm == "ward" and m > LARGEST_FOR_FASTCLUSTER:
            each = memory.partition_of_rank(m, team.comm.Get_size(), held)
            require(Needs(each, "use more nodes"), "stage2 partition over ranks", ranks_here())
            return SPREAD
        if team.complete:
            raise
        log.info("%s; the partition is left to a call without --share", error)
        return None
    return HERE
