"""The Python API: open a run directory for reading, and cluster arrays as the commands do."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

import numpy as np

from crocs_cli.errors import CallError, CrocsError
from crocs_cli.estimator import Crocs
from crocs_cli.machine.threads import available_threads
from crocs_cli.maths.distances.dtw import dtw_between
from crocs_cli.maths.distances.loadsets import LoadSets
from crocs_cli.maths.distances.profiles import window_slots
from crocs_cli.maths.distances.wsmd import set_distances
from crocs_cli.rundir.run import Run
from crocs_cli.rundir.settings import Stage2Settings
from crocs_cli.stages import export
from crocs_cli.stages.distances import read_distances

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Crocs", "CrocsError", "LoadSets", "OpenRun", "dtw_distances", "open_run", "wsmd"]
Pair = tuple[np.ndarray, np.ndarray]
_WINDOW = Stage2Settings().window


def open_run(path: str | os.PathLike[str]) -> OpenRun:
    """Open a run directory for reading.

    Parameters
    ----------
    path
        The directory that the commands were given as ``--run``.

    Returns
    -------
    OpenRun
        The run. Nothing of it is read before it is asked for.

    Raises
    ------
    CrocsError
        Where there is no such directory.
    """
    if not Path(path).is_dir():
        raise CrocsError(f"{path}: no such run directory; `crocs ingest` or `crocs synth` makes one")
    return OpenRun(Path(path))


class OpenRun:
    """The results of a run directory, as tables. Made by `open_run`.

    Every method reads the files as they are now, and raises CrocsError for what is missing, damaged, or made
    from other inputs than the run has by now. Tables are pyarrow tables, with the columns that ``crocs
    export`` writes; ``.to_pandas()`` makes a data frame of one. `clusters` names the partition, and may be
    left out where only one is explained by ``crocs rrls``, or only one is there. Segment 1 is the largest.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._run = Run(path)

    def __repr__(self) -> str:
        return f"open_run({str(self.path)!r})"

    def numbers(self) -> list[int]:
        """Return the numbers of segments that the run has partitions into, rising."""
        return self._run.partitions()

    def table(self, what: str, clusters: int | None = None, question: str | None = None) -> pa.Table:
        """Return any table of ``crocs export --what``.

        Parameters
        ----------
        what
            Name of the table, such as ``"coverage"``.
        clusters
            Number of segments, for tables of one partition.
        question
            Which peak or bills, where there are several, such as ``"40h"``.

        Returns
        -------
        pyarrow.Table
            With the columns that the guide `tables` describes.
        """
        if what not in export.COLUMNS:
            raise CallError(f"table: no table {what!r}; there are {', '.join(export.COLUMNS)}")
        return export.table(self._run, what, clusters, question)[0]

    def consumers(self, clusters: int | None = None) -> pa.Table:
        """Return the segment of each consumer: consumer_id, cluster."""
        return self.table("consumers", clusters)

    def segments(self, clusters: int | None = None) -> pa.Table:
        """Return a row for each segment: its size, its days, its energy."""
        return self.table("segments", clusters)

    def behaviours(self, clusters: int | None = None) -> pa.Table:
        """Return the profile of each behaviour of each segment, a row for each slot; see also `coverage`."""
        return self.table("hyperprototypes", clusters)

    def coverage(self, clusters: int | None = None) -> pa.Table:
        """Return a row for each behaviour of each segment: the shares of consumers and days that show it."""
        return self.table("coverage", clusters)

    def day_labels(self, clusters: int | None = None) -> pa.Table:
        """Return the behaviour of each consumer's each day."""
        return self.table("day-labels", clusters)

    def mean_days(self, clusters: int | None = None) -> pa.Table:
        """Return the mean day of each segment in kWh a slot, and when its days peak."""
        return self.table("mean-days", clusters)

    def profiles(self, consumers: Sequence[str] | None = None) -> pa.Table:
        """Return daily load profiles in kWh.

        Parameters
        ----------
        consumers
            Ids of the consumers to return, in any order; all when left out.

        Returns
        -------
        pyarrow.Table
            A row for each consumer and day: consumer_id, date, and the energy of each slot in kWh (``t0000``
            is the slot that begins at midnight).

        Raises
        ------
        CrocsError
            Where the run has no consumer of one of the ids.
        """
        return export.profiles(self._run, consumers)

    def load_sets(self) -> pa.Table:
        """Return the representative load sets: a row for each prototype, with its days and its profile."""
        return self.table("rls")

    def distances(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the distances between the load sets of all pairs of consumers.

        Returns
        -------
        consumer_id : numpy.ndarray of str, shape (m,)
            The consumers that were compared: all, or those of ``stage2 --sample``.
        distances : numpy.ndarray of float32, shape (m (m - 1) / 2,)
            In the order of scipy's condensed matrices; ``scipy.spatial.distance.squareform`` makes it square.
        """
        return read_distances(self._run)


def dtw_distances(x: np.ndarray, y: np.ndarray | None = None, *, window: int = _WINDOW) -> np.ndarray:
    """Return the DTW of profiles with profiles.

    Parameters
    ----------
    x
        Profiles, shape (n, slots).
    y
        Profiles, shape (m, slots); the same as `x` when left out.
    window
        Half-width of the band, in minutes of a day; 0 is the Euclidean distance.

    Returns
    -------
    numpy.ndarray of float64, shape (n, m)
        Square roots of the least sums of squared differences, in the units of the profiles.

    Raises
    ------
    CrocsError
        Where a value is not finite, or the profiles differ in their numbers of slots.
    """
    first = _profiles("x", x)
    second = first if y is None or y is x else _profiles("y", y)
    return dtw_between(first, second, window_slots(window, first.shape[1]))


@overload
def wsmd(a: Pair, b: Pair, *, window: int = ...) -> float: ...


@overload
def wsmd(a: LoadSets, b: LoadSets, *, window: int = ...) -> np.ndarray: ...


def wsmd(a: LoadSets | Pair, b: LoadSets | Pair, *, window: int = _WINDOW) -> float | np.ndarray:
    """Return the weighted sum of minimum distances (WSMD) of two load sets, or of many with many.

    Parameters
    ----------
    a, b
        Each a load set as (prototypes, days), of shapes (k, slots) and (k,); or the load sets of many
        consumers, such as ``Crocs.load_sets_``.
    window
        Half-width of the band of the DTW, in minutes of a day.

    Returns
    -------
    float or numpy.ndarray of float32, shape (n, m)
        The distance of two load sets, or those of all of `a` with all of `b`.

    Raises
    ------
    CrocsError
        Where a value is not finite, a number of days is not positive, or the slots differ.
    """
    first = _load_sets("a", a)
    second = first if b is a else _load_sets("b", b)
    slots = window_slots(window, first.prototypes.shape[1])
    found = set_distances(first, second, window=slots, threads=available_threads())
    return found if isinstance(a, LoadSets) or isinstance(b, LoadSets) else float(found[0, 0])


def _profiles(name: str, values: Any) -> np.ndarray:
    profiles = np.asarray(values, dtype=np.float64)
    if profiles.ndim != 2 or not profiles.shape[1]:
        raise CallError(f"{name}: profiles are of shape (n, slots), not {profiles.shape}; give one row a day")
    return profiles


def _load_sets(name: str, given: LoadSets | Pair) -> LoadSets:
    if isinstance(given, LoadSets):
        return given
    prototypes, days = _profiles(name, given[0]), np.asarray(given[1])
    if days.shape != prototypes.shape[:1] or not len(days) or not (days > 0).all():
        raise CallError(f"{name}: days {days} of {len(prototypes)} prototypes; give each its number of days")
    return LoadSets(prototypes.astype(np.float32), days, np.array([0, len(days)]))
