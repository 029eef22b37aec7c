"""Segments of consumers by name, for what reads profiles shard by shard."""

from __future__ import annotations

import numpy as np

from crocs_cli.errors import CrocsError
from crocs_cli.rundir.run import Run


class Labelled:
    """The segment of each consumer of a partition."""

    def __init__(self, run: Run, clusters: int) -> None:
        consumer_id, label = run.labels(clusters)
        self._path = run.partition_path(clusters)
        self._label = dict(zip(consumer_id.tolist(), label.tolist(), strict=True))

    def of(self, consumer_id: np.ndarray) -> np.ndarray:
        """Return the segment of each of some consumers, (n,) int64, 0 for the largest.

        Raises CrocsError where one is in no segment.
        """
        try:
            return np.array([self._label[name] for name in consumer_id.tolist()], dtype=np.int64)
        except KeyError as error:
            raise CrocsError(
                f"{self._path}: consumer {error} is in no segment; run `crocs stage2` again"
            ) from error
