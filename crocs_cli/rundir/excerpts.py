"""Excerpts of a file of profiles: some consumers, and some of their days."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from crocs_cli.machine.files import Arrays


def excerpt(profiles: Arrays, consumers: np.ndarray, rows: Sequence[np.ndarray]) -> Arrays:
    """Return the arrays of a profile file with some consumers, and of each only the days in its rows.

    consumers: (n,) numbers; rows: n arrays of rows of the file, one for each of them.
    """
    row = np.concatenate([np.empty(0, dtype=np.int64), *rows])
    counts = [len(own) for own in rows]
    return profiles | {
        "consumer_id": profiles["consumer_id"][consumers],
        "day_offset": np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        "date": profiles["date"][row],
        "energy_kwh": profiles["energy_kwh"][row],
    }
