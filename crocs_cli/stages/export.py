"""Results as flat tables for other programs: every column named in snake_case and described."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np
import pyarrow as pa

from crocs_cli.errors import CrocsError
from crocs_cli.machine import files
from crocs_cli.machine.files import Arrays
from crocs_cli.maths.clustering.validity import NAMES
from crocs_cli.maths.distances.loadsets import take_rows
from crocs_cli.maths.segments.membership import of_days
from crocs_cli.maths.segments.peak import peak_window
from crocs_cli.maths.segments.traits import consumer_means, peak_counts
from crocs_cli.report import naming, sharing
from crocs_cli.rundir import columns
from crocs_cli.rundir.excerpts import NAMES as PROFILE_ARRAYS
from crocs_cli.rundir.layouts import ASSIGNMENTS, DENDROGRAM
from crocs_cli.rundir.meaning import Meaning
from crocs_cli.rundir.result_settings import ExportSettings
from crocs_cli.rundir.run import Run
from crocs_cli.stages import programme_tables
from crocs_cli.stages.distances import read_distances

COLUMNS = columns.COLUMNS | programme_tables.COLUMNS


def run(run: Run, settings: ExportSettings) -> tuple[pa.Table, int | None]:
    """Return one of the tables in COLUMNS, fit to be passed on if asked, and of which partition it is.

    Raises CrocsError for what is not made yet, and where it is not clear which partition is meant.
    """
    found, clusters = table(run, settings.what, settings.clusters, settings.question)
    if (rule := settings.passed_on) and clusters is not None:
        found = sharing.safe(found, run, clusters, rule)
    return found, clusters


def table(
    run: Run, what: str, clusters: int | None, question: str | None = None
) -> tuple[pa.Table, int | None]:
    """Return a table by its name in COLUMNS, and of which partition it is; None where of no single one."""
    if what in programme_tables.COLUMNS:
        return programme_tables.read(run, what, clusters, question), clusters
    meaning = run.meaning()
    if (whole := WHOLE.get(what)) is not None:
        return _renamed(whole(run), meaning), None
    clusters = run.chosen(clusters)
    found = PARTED[what](run, clusters)
    if naming.COLUMN in COLUMNS[what]:
        found = naming.named(found, naming.segment_names(run, clusters))
    return _renamed(found, meaning), clusters


def _renamed(table: pa.Table, meaning: Meaning) -> pa.Table:
    """Return a table with its columns named as the profiles' period and unit ask."""
    without = {"day": (), "week": ("in_peak_window",), "event": ("in_peak_window", "peak_share")}
    kept = [name for name in table.column_names if not name.endswith(without[meaning.period])]
    table = table.select(kept)
    return table.rename_columns([meaning.column(name) for name in table.column_names])


def consumers(run: Run, clusters: int) -> pa.Table:
    """Return one row a consumer."""
    consumer_id, label = run.labels(clusters)
    return _table(consumer_id=consumer_id, cluster=label + 1)


def segments(run: Run, clusters: int) -> pa.Table:
    """Return one row a segment."""
    label = run.labels(clusters)[1]
    sets = list(run.load_sets().each())
    days = np.concatenate([np.diff(part["day_offset"]) for part in sets])
    kwh = np.concatenate([part["mean_daily_kwh"] for part in sets]).astype(np.float64)
    size = np.bincount(label, minlength=clusters)
    used = np.bincount(label, kwh * days, clusters)
    return _table(
        cluster=np.arange(1, clusters + 1, dtype=np.int32),
        consumers=size,
        consumer_share=size / len(label),
        days=np.bincount(label, days, clusters).astype(np.int64),
        energy_share=used / (used.sum() or 1.0),
        mean_daily_kwh=np.bincount(label, kwh, clusters) / size,
    )


def hyperprototypes(run: Run, clusters: int) -> pa.Table:
    """Return one row a segment, behaviour, kind and slot."""
    parts = []
    for cluster, read in _explained(run, clusters):
        behaviours, slots = read["hyperprototype_mean"].shape
        for kind in ("medoid", "mean"):
            parts.append(
                _table(
                    cluster=np.full(behaviours * slots, cluster, dtype=np.int32),
                    behaviour=np.repeat(np.arange(1, behaviours + 1, dtype=np.int32), slots),
                    kind=np.full(behaviours * slots, kind),
                    hour=np.tile(run.meaning().places(slots), behaviours),
                    value=read[f"hyperprototype_{kind}"].reshape(-1),
                )
            )
    return pa.concat_tables(parts)


def coverage(run: Run, clusters: int) -> pa.Table:
    """Return one row a segment and behaviour."""
    parts = []
    for cluster, read in _explained(run, clusters):
        count = len(read["day_coverage"])
        parts.append(
            _table(
                cluster=np.full(count, cluster, dtype=np.int32),
                behaviour=np.arange(1, count + 1, dtype=np.int32),
                consumer_coverage=read["consumer_coverage"],
                day_coverage=read["day_coverage"],
            )
        )
    return pa.concat_tables(parts)


def consumer_coverage(run: Run, clusters: int) -> pa.Table:
    """Return one row a consumer and behaviour that it has days of."""
    parts = []
    for cluster, read in _explained(run, clusters):
        member, behaviour = np.nonzero(read["member_coverage"])
        parts.append(
            _table(
                consumer_id=read["consumer_id"][member],
                cluster=np.full(len(member), cluster, dtype=np.int32),
                behaviour=behaviour.astype(np.int32) + 1,
                day_share=read["member_coverage"][member, behaviour],
            )
        )
    return pa.concat_tables(parts)


def day_labels(run: Run, clusters: int) -> pa.Table:
    """Return one row a consumer and day."""
    label = run.labels(clusters)[1]
    known = run.behaviour_of_prototypes(clusters) if run.is_explained(clusters) else {}
    parts, at = [], 0
    for read in run.load_sets().each():
        owner = np.repeat(np.arange(len(read["consumer_id"])), np.diff(read["day_offset"]))
        shown = of_days(read, known)
        parts.append(
            _table(
                consumer_id=read["consumer_id"][owner],
                date=read["date"].astype("datetime64[D]"),
                prototype=read["day_prototype"] + 1,
                cluster=label[at + owner] + 1,
            ).append_column("behaviour", _or_empty(shown, shown >= 0))
        )
        at += len(read["consumer_id"])
    return pa.concat_tables(parts)


def mean_days(run: Run, clusters: int) -> pa.Table:
    """Return one row a segment and slot, as the report draws them."""
    label, means, peaks, first = run.labels(clusters)[1], [], np.zeros(1), 0
    for read in run.profiles().each(("energy_kwh", "day_offset")):
        energy, offset = read["energy_kwh"], read["day_offset"]
        means.append(consumer_means(energy, offset))
        own = label[first : first + len(offset) - 1]
        peaks = peaks + peak_counts(energy, offset, own, clusters)
        first += len(own)
    mean, slots = np.concatenate(means), means[0].shape[1]
    parts, hours = [], 24.0 * np.arange(slots) / slots
    for number in range(clusters):
        inside, others = label == number, peaks.sum(axis=0) - peaks[number]
        own_mean = mean[inside].mean(axis=0)
        window = peak_window(own_mean) or (0.0, 0.0)
        parts.append(
            _table(
                cluster=np.full(slots, number + 1, dtype=np.int32),
                hour=np.array(run.meaning().places(slots)),
                mean_kwh=own_mean,
                others_mean_kwh=mean[~inside].mean(axis=0) if not inside.all() else np.full(slots, np.nan),
                peak_share=peaks[number] / max(1, peaks[number].sum()),
                others_peak_share=others / others.sum() if others.any() else np.full(slots, np.nan),
                in_peak_window=(hours - window[0]) % 24.0 < window[1] - window[0],
            )
        )
    return pa.concat_tables(parts)


def profiles(run: Run, consumers: Sequence[str] | None = None) -> pa.Table:
    """Return one row a consumer and day, one column a slot in kWh: of all consumers, or of those named.

    Raises CrocsError where one of these is not there.
    """
    wanted = None if consumers is None else np.unique(np.asarray(list(consumers), dtype=np.str_))
    parts, seen = [], []
    for read in run.profiles().each(PROFILE_ARRAYS):
        here = np.arange(len(read["consumer_id"]))
        if wanted is not None:
            here = np.flatnonzero(np.isin(read["consumer_id"], wanted))
        seen.append(read["consumer_id"][here])
        rows = take_rows(read["day_offset"], here)
        owner = np.repeat(read["consumer_id"][here], np.diff(read["day_offset"])[here])
        part = _table(consumer_id=owner, date=read["date"][rows].astype("datetime64[D]"))
        parts.append(_with_slots(part, read["energy_kwh"][rows], run.meaning()))
    if wanted is not None and len(missing := np.setdiff1d(wanted, np.concatenate(seen))):
        raise CrocsError(f"{run}: no consumer {missing[0]!s}; `crocs export --what consumers` lists them")
    return pa.concat_tables(parts)


def distances(run: Run) -> pa.Table:
    """Return one row a pair of consumers that were compared."""
    ids, found = read_distances(run)
    first, second = (np.array(axis, dtype=np.int32) for axis in np.triu_indices(len(ids), 1))
    names = pa.array(ids)
    return pa.table(
        {
            "first": pa.DictionaryArray.from_arrays(first, names),
            "second": pa.DictionaryArray.from_arrays(second, names),
            "distance": found,
        }
    )


def rls(run: Run) -> pa.Table:
    """Return one row a consumer, prototype and kind, one column a slot."""
    parts = []
    for read in run.load_sets().each():
        counts = np.diff(read["prototype_offset"])
        first = np.repeat(read["prototype_offset"][:-1], counts)
        date = read["medoid_date"].astype("datetime64[D]")
        part = _table(
            consumer_id=np.repeat(read["consumer_id"], counts),
            prototype=(np.arange(len(first)) - first + 1).astype(np.int32),
            days=read["days"],
        ).append_column("medoid_date", pa.array(date))
        for kind in ("medoid", "mean"):
            own = part.append_column("kind", pa.array(np.full(len(first), kind)))
            parts.append(_with_slots(own, read[kind], run.meaning()))
    return pa.concat_tables(parts)


def dendrogram(run: Run) -> pa.Table:
    """Return one row a merge; none when the partitions were not made by ward."""
    if (run / "sampled").is_dir():
        raise CrocsError(f"{run}: its dendrogram is that of the sample; export it with --run {run.sample}")
    run.partition_recipe(run.partitions()[0] if run.partitions() else 1)  # refuses old and missing ones
    path = run / "dendrogram.h5"
    merges = files.read(path, DENDROGRAM, ("merges",))["merges"] if path.exists() else np.empty((0, 4))
    return _table(
        merge=np.arange(1, len(merges) + 1),
        first=merges[:, 0].astype(np.int64),
        second=merges[:, 1].astype(np.int64),
        height=merges[:, 2],
        consumers=merges[:, 3].astype(np.int64),
    )


def indices(run: Run) -> pa.Table:
    """Return one row a number of segments."""
    numbers = run.partitions() or [run.chosen(None)]
    read = [run.partition(k) for k in numbers]
    values = {name: np.array([each[name][0] for each in read], dtype=np.float64) for name in NAMES}
    return _table(clusters=np.array(numbers, dtype=np.int32), **values)


def assignments(run: Run) -> pa.Table:
    """Return one row a consumer that was assigned."""
    parts = []
    shards = run.shards(ASSIGNMENTS)
    made_by = next(iter(shards.recipes.values()))
    names = naming.names_of_model(run, made_by["settings"].get("clusters"), made_by["inputs"].get("model"))
    for read in shards.each():
        part = _table(
            consumer_id=read["consumer_id"], cluster=read["label"] + 1, distance=read["distance"]
        ).append_column("runner_up", _or_empty(read["runner_up"], read["runner_up"] >= 0))
        part = part.append_column("margin", pa.array(read["margin"]))
        parts.append(part.append_column("unlike_all", pa.array(read["alike"].sum(axis=1) == 0)))
    return naming.named(pa.concat_tables(parts), names)


def _table(**columns: np.ndarray) -> pa.Table:
    return pa.table({name: pa.array(values) for name, values in columns.items()})


def _with_slots(table: pa.Table, rows: np.ndarray, meaning: Meaning) -> pa.Table:
    """Append a column for each slot of the rows (n, slots)."""
    for name, values in zip(meaning.slot_names(rows.shape[1]), rows.T, strict=True):
        table = table.append_column(name, pa.array(values))
    return table


def _or_empty(numbers_from_zero: np.ndarray, there: np.ndarray) -> pa.Array:
    return pa.array(numbers_from_zero.astype(np.int32) + 1, mask=~there)


def _explained(run: Run, clusters: int) -> Iterable[tuple[int, Arrays]]:
    """Yield the RRLS of every segment of a partition."""
    return ((number, run.behaviours(clusters, number)) for number in range(1, clusters + 1))


WHOLE: Mapping[str, Callable[[Run], pa.Table]] = {
    "profiles": profiles,
    "distances": distances,
    "rls": rls,
    "dendrogram": dendrogram,
    "indices": indices,
    "assignments": assignments,
}
PARTED = {  # of one partition
    "consumers": consumers,
    "segments": segments,
    "hyperprototypes": hyperprototypes,
    "coverage": coverage,
    "consumer-coverage": consumer_coverage,
    "day-labels": day_labels,
    "mean-days": mean_days,
}
