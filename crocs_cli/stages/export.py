"""Results as flat tables for other programs: every column named in snake_case and described."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pyarrow as pa

from crocs_cli.errors import CrocsError
from crocs_cli.machine import files
from crocs_cli.machine.files import Arrays
from crocs_cli.maths.clustering.validity import NAMES
from crocs_cli.maths.segments.membership import of_days
from crocs_cli.report import sharing
from crocs_cli.rundir.layouts import ASSIGNMENTS, DENDROGRAM
from crocs_cli.rundir.names import slot_columns
from crocs_cli.rundir.result_settings import ExportSettings
from crocs_cli.rundir.run import Run

# what can be exported: {column: what it holds}; README shows this table
COLUMNS = {
    "consumers": {
        "consumer_id": "the consumer's id, as text",
        "cluster": "its segment; 1 is the largest",
    },
    "segments": {
        "cluster": "the segment; 1 is the largest",
        "consumers": "how many consumers it has",
        "consumer_share": "their share of all consumers, 0 to 1",
        "days": "how many days of theirs were used",
        "energy_share": "their share of all energy on the days used, 0 to 1",
        "mean_daily_kwh": "mean over its consumers of their kWh a day",
    },
    "hyperprototypes": {
        "cluster": "the segment",
        "behaviour": "the behaviour that its members share; 1 covers the most days",
        "kind": "medoid: the day most like all others; mean: the mean of the days",
        "hour": "when the reading begins, in hours after midnight",
        "value": "normalised use",
    },
    "coverage": {
        "cluster": "the segment",
        "behaviour": "the behaviour",
        "consumer_coverage": "share of its consumers that have such days, 0 to 1",
        "day_coverage": "share of its days that are such, 0 to 1",
    },
    "consumer-coverage": {
        "consumer_id": "the consumer's id, as text",
        "cluster": "its segment",
        "behaviour": "the behaviour",
        "day_share": "share of the consumer's days that are such, 0 to 1",
    },
    "day-labels": {
        "consumer_id": "the consumer's id, as text",
        "date": "the day, local calendar",
        "prototype": "which of the consumer's prototypes stands for it, from 1 on",
        "cluster": "the consumer's segment",
        "behaviour": "which of the segment's behaviours it shows; empty for none, or before `crocs rrls`",
    },
    "rls": {
        "consumer_id": "the consumer's id, as text",
        "prototype": "which of its prototypes, from 1 on",
        "days": "how many of its days the prototype stands for",
        "medoid_date": "the day that is the medoid",
        "kind": "medoid: the day most like all others that the prototype stands for; mean: their mean",
        "t0000": "normalised use in the slot that begins at 00:00; likewise the other slots",
    },
    "dendrogram": {
        "merge": "number of the merge, from 1 on",
        "first": "what is joined: consumer 0 .. m-1 in the order of `consumers`, or m-1 + an earlier merge",
        "second": "what it is joined with",
        "height": "distance at which they are joined",
        "consumers": "how many consumers are together then",
    },
    "indices": {
        "clusters": "number of segments",
        "silhouette": "mean silhouette, -1 to 1; higher is better",
        "dunn": "Dunn index; higher is better",
        "davies_bouldin": "Davies-Bouldin index by medoids; lower is better",
        "calinski_harabasz": "Calinski-Harabasz index from distances; higher is better",
    },
    "assignments": {
        "consumer_id": "the new consumer's id, as text",
        "cluster": "the nearest segment of the model",
        "distance": "distance to that segment's centre",
        "runner_up": "the next segment; empty where there is one only",
        "margin": "how much nearer the segment is than the runner-up, as a share of the latter's distance",
        "unlike_all": "true: farther from every segment than 98 % of its own members with as many days",
    },
}


def run(run: Run, settings: ExportSettings) -> tuple[pa.Table, int | None]:
    """Return one of the tables in COLUMNS, fit to be passed on if asked, and of which partition it is.

    Raises CrocsError for what is not made yet, and where it is not clear which partition is meant.
    """
    if (whole := WHOLE.get(settings.what)) is not None:
        return whole(run), None
    clusters = run.chosen(settings.clusters)
    table = PARTED[settings.what](run, clusters)
    if settings.share_safe:
        table = sharing.safe(table, run, clusters, settings.minimum_size)
    return table, clusters


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
                    hour=np.tile(24.0 * np.arange(slots) / slots, behaviours),
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
            for slot, name in enumerate(slot_columns(read[kind].shape[1])):
                own = own.append_column(name, pa.array(read[kind][:, slot]))
            parts.append(own)
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
    for read in run.shards(ASSIGNMENTS).each():
        part = _table(
            consumer_id=read["consumer_id"], cluster=read["label"] + 1, distance=read["distance"]
        ).append_column("runner_up", _or_empty(read["runner_up"], read["runner_up"] >= 0))
        part = part.append_column("margin", pa.array(read["margin"]))
        parts.append(part.append_column("unlike_all", pa.array(read["alike"].sum(axis=1) == 0)))
    return pa.concat_tables(parts)


def _table(**columns: np.ndarray) -> pa.Table:
    return pa.table({name: pa.array(values) for name, values in columns.items()})


def _or_empty(numbers_from_zero: np.ndarray, there: np.ndarray) -> pa.Array:
    return pa.array(numbers_from_zero.astype(np.int32) + 1, mask=~there)


def _explained(run: Run, clusters: int) -> Iterable[tuple[int, Arrays]]:
    """Yield the RRLS of every segment of a partition."""
    return ((number, run.behaviours(clusters, number)) for number in range(1, clusters + 1))


WHOLE = {"rls": rls, "dendrogram": dendrogram, "indices": indices, "assignments": assignments}
PARTED = {  # of one partition
    "consumers": consumers,
    "segments": segments,
    "hyperprototypes": hyperprototypes,
    "coverage": coverage,
    "consumer-coverage": consumer_coverage,
    "day-labels": day_labels,
}
