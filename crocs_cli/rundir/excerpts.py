"""Excerpts of a file of profiles: some consumers, and some of their days."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from crocs_cli.machine.files import Arrays
from crocs_cli.machine.shards import Shards

NAMES = ("consumer_id", "day_offset", "date", "energy_kwh")


def some_consumers(profiles: Shards, chosen: np.ndarray) -> Arrays:
    """Read the profiles of some consumers, given by their numbers in rising order, as those of one file."""
    parts, first = [], 0
    for read in profiles.each(NAMES):
        last = first + len(read["consumer_id"])
        here = chosen[slice(*np.searchsorted(chosen, (first, last)))] - first
        rows = [np.arange(*read["day_offset"][consumer : consumer + 2]) for consumer in here]
        parts.append(excerpt(read, here, rows))
        first = last
    counts = np.concatenate([np.diff(part["day_offset"]) for part in parts])
    joined = {name: np.concatenate([part[name] for part in parts]) for name in NAMES if name != "day_offset"}
    return joined | {"day_offset": np.concatenate([[0], np.cumsum(counts)])}


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
