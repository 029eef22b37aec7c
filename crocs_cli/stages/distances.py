"""The distances of all pairs of consumers that a run holds, read whole."""

from __future__ import annotations

import numpy as np

from crocs_cli.errors import CrocsError
from crocs_cli.rundir.layouts import WSMD
from crocs_cli.rundir.run import Run
from crocs_cli.stages.stage2 import open_task


def read_distances(run: Run) -> tuple[np.ndarray, np.ndarray]:
    """Return the consumers that were compared (m,) str, and their distances, condensed float32.

    The consumers are all, or those of a sample. The distances are (m (m - 1) / 2,), as scipy has them. Raises
    CrocsError where some are not made, are of other load sets, or where stage 2 compared no pairs.
    """
    compared = run.sample if run.sample.path.is_dir() else run
    numbers = compared.partitions()
    if not numbers:
        raise CrocsError(f"{run}: no partition says how consumers are compared; run `crocs stage2` first")
    settings = compared.made_with(numbers[0])[0]
    if settings.distance == "footprint":
        raise CrocsError(f"{run}: footprints compare no pairs; make a run with another --distance of stage 2")
    task = open_task(compared, settings)
    for tile in task.tiles:
        if compared.recipe(tile.product.path, WSMD) != tile.product.recipe:
            raise CrocsError(f"{tile.product.path}: made from other load sets; {WSMD.cure}")
    return task.consumer_id, task.matrix()
