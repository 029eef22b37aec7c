"""Stage 2: the set distances of all pairs of consumers, tile by tile, and the partitions made from them."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from crocs_cli.errors import CallError, CrocsError
from crocs_cli.machine import files
from crocs_cli.machine.compiled import must_compile
from crocs_cli.machine.files import Arrays
from crocs_cli.machine.layouts import PARTITION, RLS, WSMD
from crocs_cli.machine.memory import Needs, require
from crocs_cli.machine.ranks import MpiRanks
from crocs_cli.machine.run import load_sets_digest, recipe, shards, tile_key, tile_places
from crocs_cli.machine.team import Team
from crocs_cli.machine.threads import available_threads, ranks_here
from crocs_cli.machine.work import Product, all_made, bring_up_to_date, is_made
from crocs_cli.maths.clustering.partition import (
    LARGEST_FOR_FASTCLUSTER,
    Clustering,
    Partitions,
    cluster,
    cuts_of,
)
from crocs_cli.maths.clustering.validity import Indices
from crocs_cli.maths.distances import condensed as pairs
from crocs_cli.maths.distances.loadsets import LoadSets
from crocs_cli.maths.distances.profiles import window_slots
from crocs_cli.maths.distances.wsmd import set_distances
from crocs_cli.maths.ward.ranks import Ranks, own_rows, ward_over_ranks
from crocs_cli.stages import footprints
from crocs_cli.stages.settings import Stage2Settings

LARGER = "use a larger machine, or cluster a sample (--sample)"
HERE, SPREAD = "here", "spread"

log = logging.getLogger("crocs")


@dataclass(frozen=True)
class Comparison:
    """The consumers' load sets and how any of them are compared."""

    sets: LoadSets
    distance: str
    window: int
    threads: int

    def between(self, rows: slice, columns: slice) -> np.ndarray:
        """Return the distances of two runs of consumers: (rows, columns) float32."""
        some = self.sets.select(rows)
        return self._compare(some, some if rows == columns else self.sets.select(columns))

    def among(self, consumers: np.ndarray) -> np.ndarray:
        """Return the distances among some consumers, given by their numbers: (n, n) float32."""
        some = self.sets.take(consumers)
        return self._compare(some, some)

    def _compare(self, a: LoadSets, b: LoadSets) -> np.ndarray:
        return set_distances(a, b, distance=self.distance, window=self.window, threads=self.threads)


@dataclass(frozen=True)
class Tile:
    """The distances between two blocks of consumers."""

    rows: slice
    columns: slice
    product: Product

    def read(self) -> np.ndarray:
        """Return the distances: (rows, columns) float32."""
        return files.read(self.product.path, WSMD, ("distance",))["distance"]


def run(run: Path, settings: Stage2Settings, seed: int, team: Team) -> Path | None:
    """Make RUN/wsmd/A-B.h5 and, once all tiles are there, RUN/partition.h5.

    Returns the path of the partition, or None while tiles of other shares are missing.
    """
    source = shards(run / "rls", RLS)
    consumer_id, sets = load(run, list(source))
    if max(settings.clusters) > len(sets):
        raise CallError(f"stage2.clusters: {max(settings.clusters)} is more than the {len(sets)} consumers")
    inputs = {"rls": load_sets_digest(run)}
    tiles = tile_list(run, settings, len(sets), inputs)
    comparison = comparison_of(sets, settings)
    make_tiles(tiles, comparison, team)

    chosen = settings.model_dump(mode="json") | {"seed": seed}
    product = Product(run / "partition.h5", PARTITION, recipe("stage2", "partition", chosen, inputs))

    where = team.told(_where(tiles, product, settings, comparison.sets, team) if team.leads else None)
    merges = over_ranks(tiles, len(sets), MpiRanks(team.comm)) if where == SPREAD else None

    def make(_: Product) -> Arrays:
        if merges is None:
            found = cluster_here(tiles, comparison, settings, seed)
        else:
            found = cuts_of(merges, settings.clusters)
        return {"consumer_id": consumer_id, **judged(tiles, comparison, found, settings.clusters)}

    if where and team.leads:
        bring_up_to_date([product], make, Team(), "stage2 partition")
    team.wait()
    return product.path if product.path.exists() else None


def load(run: Path, keys: list[str]) -> tuple[np.ndarray, LoadSets]:
    """Read the ids and the representative load sets of all consumers of some shards, in order."""
    names = ("consumer_id", "prototype_offset", "prototype", "days")
    parts = [files.read(run / "rls" / f"{key}.h5", RLS, names) for key in keys]
    slots = {part["prototype"].shape[1] for part in parts}
    if len(slots) > 1:
        raise CrocsError(f"{run / 'rls'}: days of {sorted(slots)} slots; make them with one interval")
    sets = [LoadSets(part["prototype"], part["days"], part["prototype_offset"]) for part in parts]
    return np.concatenate([part["consumer_id"] for part in parts]), LoadSets.concatenate(sets)


def tile_list(run: Path, settings: Stage2Settings, consumers: int, inputs: dict[str, str]) -> list[Tile]:
    """Return all tiles on and above the diagonal, the larger ones first, so that shares are even."""
    size = footprints.block(consumers)
    blocks = [slice(start, min(start + size, consumers)) for start in range(0, consumers, size)]
    chosen = settings.of_distances()
    places = tile_places(len(blocks))
    tiles = []
    for a, b in places:
        made_by = recipe("stage2", tile_key((a, b)), chosen, inputs, len(places))
        tiles.append(
            Tile(blocks[a], blocks[b], Product(run / "wsmd" / f"{made_by['key']}.h5", WSMD, made_by))
        )
    return tiles


def comparison_of(sets: LoadSets, settings: Stage2Settings) -> Comparison:
    """Bring the prototypes and the window into the form in which they are compared."""
    window = window_slots(settings.window, sets.prototypes.shape[1])
    sets = sets.normalised(settings.normalise_prototypes)
    return Comparison(sets, settings.distance, window, available_threads())


def make_tiles(tiles: list[Tile], comparison: Comparison, team: Team) -> None:
    """Make this process's part of the tiles."""
    sets = comparison.sets
    place = {tile.product.key: tile for tile in tiles}
    if team.leads and must_compile("wsmd"):
        log.info("stage2: compiling for this machine, once; this takes some ten seconds")

    def make(product: Product) -> Arrays:
        tile = place[product.key]
        return {"distance": comparison.between(tile.rows, tile.columns)}

    def needs() -> Needs:
        return Needs(footprints.distances(len(sets), *sets.prototypes.shape), LARGER)

    bring_up_to_date([tile.product for tile in tiles], make, team, "stage2 distances", needs)


def cluster_here(
    tiles: list[Tile], comparison: Comparison, settings: Stage2Settings, seed: int
) -> Partitions:
    """Cluster the consumers with the whole matrix in this process's memory."""
    m = len(comparison.sets)
    distances = np.empty(pairs.length(m), dtype=np.float32)
    for tile in tiles:
        pairs.put_tile(distances, m, tile.rows.start, tile.columns.start, tile.read())
    how = Clustering(settings.algorithm, settings.clusters, seed, settings.starts, comparison.threads)
    return cluster(distances, m, how)


def over_ranks(tiles: list[Tile], m: int, ranks: Ranks) -> np.ndarray:
    """Return Ward's hierarchy of a matrix whose rows are spread over the ranks of this launch."""
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
    return ward_over_ranks(rows, ranks)


def judged(tiles: list[Tile], comparison: Comparison, found: Partitions, clusters: tuple[int, ...]) -> Arrays:
    """Return the partitions with their medoids and indices, from the distances tile by tile."""
    indices = Indices(found.labels)
    for tile in tiles:
        indices.add(tile.rows.start, tile.columns.start, tile.read())
    return {
        "clusters": np.array(clusters),
        "label": found.labels,
        "merges": found.merges,
        **indices.result(comparison.among),
    }


def _overlap(own: range, block: slice) -> range:
    return range(max(own.start, block.start), min(own.stop, block.stop))


def _where(
    tiles: list[Tile], product: Product, settings: Stage2Settings, sets: LoadSets, team: Team
) -> str | None:
    """Say where the partition is made: in one process, over the ranks, or (None) not by this call.

    Raises CrocsError where the matrix does not fit; a share that is one of several leaves it to a later call.
    """
    if not all_made([tile.product for tile in tiles]) or is_made(product):
        return None
    m, held = len(sets), footprints.load_sets(*sets.prototypes.shape)
    try:
        require(Needs(footprints.partition(m, settings.algorithm, held), LARGER), "stage2 partition")
    except CrocsError as error:
        if team.comm is not None and settings.algorithm == "ward" and m > LARGEST_FOR_FASTCLUSTER:
            each = footprints.partition_of_rank(m, team.comm.Get_size(), held)
            require(Needs(each, "use more nodes"), "stage2 partition over ranks", ranks_here())
            return SPREAD
        if team.complete:
            raise
        log.info("%s; the partition is left to a call without --share", error)
        return None
    return HERE
