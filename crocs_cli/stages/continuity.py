"""The start that an earlier run gives to stage 2, and what became of its segments."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from crocs_cli.errors import CrocsError
from crocs_cli.machine.files import digest
from crocs_cli.machine.pages import bring_folder_up_to_date
from crocs_cli.machine.shards import recipe
from crocs_cli.machine.tables import csv_bytes
from crocs_cli.maths.clustering.continuity import UNKNOWN, begun_from, keep_numbers
from crocs_cli.report import naming
from crocs_cli.rundir.run import Run
from crocs_cli.rundir.settings import Stage2Settings


class Start:
    """The segments of an earlier run, as the start of another run's."""

    def __init__(self, earlier: Path | None, consumer_id: np.ndarray) -> None:
        self._earlier = None if earlier is None else Run(earlier)
        self._consumer_id = consumer_id

    def __bool__(self) -> bool:
        return self._earlier is not None

    def labels(self, clusters: int) -> np.ndarray:
        """Return each consumer's earlier segment: (n,) int64, UNKNOWN for new ones."""
        assert self._earlier is not None
        ids, label = self._earlier.labels(clusters)
        known = dict(zip(ids.tolist(), label.tolist(), strict=True))
        found = np.array([known.get(name, UNKNOWN) for name in self._consumer_id.tolist()])
        if set(range(clusters)) - set(found.tolist()):
            raise CrocsError(
                f"{self._earlier}: of {clusters} segments some have no consumer that is here too; begin "
                "without --start-from"
            )
        return found

    def begun(self, cuts: np.ndarray, clusters: Sequence[int]) -> np.ndarray:
        """Return where each consumer begins in each partition: (partitions, n), from a cut for new ones."""
        rows = [begun_from(self.labels(k), cut, k) for k, cut in zip(clusters, cuts, strict=True)]
        return np.array(rows, dtype=np.int32)

    def kept(self, labels: np.ndarray, clusters: Sequence[int]) -> np.ndarray:
        """Return the labels (partitions, n) with the numbers that the earlier run gave."""
        rows = [keep_numbers(row, self.labels(k), k) for k, row in zip(clusters, labels, strict=True)]
        return np.array(rows, dtype=np.int32)


def inputs_of(start_from: Path | None, clusters: int) -> dict[str, str]:
    """Return what the start adds to the inputs of a partition."""
    return {} if start_from is None else {"start": digest(Run(start_from).partition_recipe(clusters))}


def write_tables(run: Run, settings: Stage2Settings) -> None:
    """Write the table of each wanted number of segments, where there is an earlier run."""
    if settings.start_from is not None:
        for k in settings.clusters:
            write_table(run, settings.start_from, k)
            keep_names(run, Run(settings.start_from), k)


def keep_names(run: Run, earlier: Run, clusters: int) -> None:
    """Give the segments the names that the user gave to the earlier ones, which have the same numbers."""
    given = naming.given_names(earlier, clusters, None)
    if given and not naming.given_names(run, clusters, None):
        naming.keep(run, clusters, given)


def write_table(run: Run, start_from: Path, clusters: int) -> None:
    """Write RUN/continuity/K/segments.csv: the consumers of each earlier segment by their segment now."""

    def make() -> dict[str, bytes]:
        ids, label = run.labels(clusters)
        before = Start(start_from, ids).labels(clusters)
        rows = []
        for earlier in [*range(clusters), UNKNOWN]:
            of_it = before == earlier
            for later in range(clusters):
                both = int((of_it & (label == later)).sum())
                if both:
                    number = None if earlier == UNKNOWN else earlier + 1
                    rows.append((number, later + 1, both, both / int(of_it.sum())))
        names = ("earlier_cluster", "cluster", "consumers", "share_of_earlier")
        return {"segments.csv": csv_bytes(pa.table(dict(zip(names, zip(*rows, strict=True), strict=True))))}

    inputs = {"partition": digest(run.partition_recipe(clusters)), **inputs_of(start_from, clusters)}
    made_by = recipe("stage2", f"continuity {clusters}", {}, inputs)
    bring_folder_up_to_date(run.path / "continuity" / str(clusters), made_by, make)
