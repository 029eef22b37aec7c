"""A whole run written from the truth of a synthetic population, with everything known exactly.

A consumer's prototypes are the means of its days of one shape, and a cluster's behaviours are its shapes. So
the tests of what comes after the clustering need none of the clustering.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from crocs_cli.machine import files
from crocs_cli.machine.shards import recipe
from crocs_cli.machine.team import Team
from crocs_cli.maths.clustering.validity import NAMES
from crocs_cli.maths.distances.profiles import normalise
from crocs_cli.rundir.layouts import PARTITION, PROFILES, RLS, RRLS, TRUTH
from crocs_cli.rundir.run import Run
from crocs_cli.rundir.settings import Stage1Settings, Stage2Settings, SynthSettings
from crocs_cli.stages import stage1, synth


def profiles(run: Path, seed: int = 1, **settings: int) -> Path:
    """Make RUN/profiles and RUN/truth only."""
    chosen = SynthSettings(**{"consumers": 60, "days": 30, "clusters": 3, "shard_size": 25} | settings)
    synth.run(Run(run), chosen, seed, Team())
    return run


def make(run: Path, with_rrls: bool = True, exact: bool = True, seed: int = 1, **settings: int) -> Path:
    """Make RUN/profiles, RUN/rls, RUN/partitions and, unless told otherwise, RUN/rrls.

    exact False: the load sets are those that stage 1 makes, not those of the truth.
    """
    profiles(run, seed, **settings)
    parts = len(list((run / "profiles").iterdir()))
    if exact:
        shards = [load_sets(run, f"{number:05d}", parts) for number in range(parts)]
    else:
        stage1.run(Run(run), Stage1Settings(), seed, Team())
        shards = [files.read(path, RLS) for path in sorted((run / "rls").iterdir())]
    cluster = np.concatenate(
        [files.read(path, TRUTH)["cluster"] for path in sorted((run / "truth").iterdir())]
    )
    label = partition(run, np.concatenate([shard["consumer_id"] for shard in shards]), cluster)
    if with_rrls:
        for number in range(label.max() + 1):
            behaviours(run, shards, label, number)
    return run


def load_sets(run: Path, key: str, parts: int) -> files.Arrays:
    """Write RUN/rls/KEY.h5: one prototype for each shape that a consumer shows."""
    read = files.read(run / "profiles" / f"{key}.h5", PROFILES)
    truth = files.read(run / "truth" / f"{key}.h5", TRUTH)
    normal = normalise(read["energy_kwh"], "minmax")
    prototypes, days, day_prototype, counts, shapes = [], [], [], [], []
    for first, last in zip(read["day_offset"], read["day_offset"][1:], strict=False):
        shown, which = np.unique(truth["shape"][first:last], return_inverse=True)
        prototypes += [normal[first:last][which == i].mean(axis=0) for i in range(len(shown))]
        days.append(np.bincount(which))
        day_prototype.append(which)
        counts.append(len(shown))
        shapes.append(shown)
    consumers = len(counts)
    arrays = {
        "consumer_id": read["consumer_id"],
        "prototype_offset": np.concatenate([[0], np.cumsum(counts)]),
        "medoid": np.array(prototypes),
        "mean": np.array(prototypes),
        "days": np.concatenate(days),
        "medoid_date": np.full(sum(counts), -1),
        "mean_daily_kwh": read["energy_kwh"].sum(axis=1).reshape(consumers, -1).mean(axis=1),
        "day_offset": read["day_offset"],
        "date": read["date"],
        "day_prototype": np.concatenate(day_prototype),
    }
    settings = Stage1Settings().model_dump(mode="json") | {"seed": 1}
    files.write(run / "rls" / f"{key}.h5", RLS, arrays, recipe("stage1", key, settings, {}, parts))
    return arrays | {"shape": np.concatenate(shapes)}


def partition(run: Path, consumer_id: np.ndarray, cluster: np.ndarray) -> np.ndarray:
    """Write RUN/partitions: the true clusters, and every two of them joined; return the labels."""
    largest_first = np.bincount(cluster).argsort(kind="stable")[::-1]
    label = np.empty(len(largest_first), dtype=int)
    label[largest_first] = np.arange(len(largest_first))
    label = label[cluster]
    for each, indices in ((label // 2, (0.31, 0.2, 1.2, 60.0)), (label, (0.42, 0.3, 0.9, 90.5))):
        clusters = int(each.max()) + 1
        arrays = {
            "consumer_id": consumer_id,
            "label": each,
            "medoid": np.array([int(np.argmax(each == k)) for k in range(clusters)]),
            **{name: np.array([value]) for name, value in zip(NAMES, indices, strict=True)},
        }
        settings = Stage2Settings().of_partition(clusters, 1)
        made_by = recipe("stage2", str(clusters), settings, {})
        files.write(run / "partitions" / f"{clusters}.h5", PARTITION, arrays, made_by)
    return label


def partition_again(run: Path, clusters: int) -> None:
    """Write a partition as if stage 2 had made it with another seed."""
    path = run / "partitions" / f"{clusters}.h5"
    read, made_by = files.read(path, PARTITION), files.read_recipe(path, PARTITION)
    path.unlink()
    files.write(path, PARTITION, read, made_by | {"settings": made_by["settings"] | {"seed": 2}})


def behaviours(run: Path, shards: list[files.Arrays], label: np.ndarray, number: int) -> None:
    """Write RUN/rrls/K/CC.h5: one behaviour for each shape of the cluster, the most frequent first."""
    ids = np.concatenate([shard["consumer_id"] for shard in shards])
    owner = np.repeat(np.arange(len(ids)), np.concatenate([np.diff(s["prototype_offset"]) for s in shards]))
    inside = label[owner] == number
    members = np.flatnonzero(label == number)
    member = np.searchsorted(members, owner[inside])
    days = np.concatenate([shard["days"] for shard in shards])[inside]
    prototype = np.concatenate([shard["medoid"] for shard in shards])[inside]
    kinds, which = np.unique(
        np.concatenate([shard["shape"] for shard in shards])[inside], return_inverse=True
    )
    community = np.bincount(which, days).argsort(kind="stable")[::-1].argsort()[which]
    own_days = np.bincount(member, days)
    covered = np.zeros((len(members), len(kinds)))
    np.add.at(covered, (member, community), days)
    mean = [
        np.average(prototype[community == c], axis=0, weights=days[community == c]) for c in range(len(kinds))
    ]
    arrays = {
        "consumer_id": ids[members],
        "vertex_member": member,
        "vertex_days": days,
        "vertex_community": community,
        "hyperprototype_medoid": np.array([prototype[community == c][0] for c in range(len(kinds))]),
        "hyperprototype_mean": np.array(mean),
        "consumer_coverage": (covered > 0).mean(axis=0),
        "day_coverage": covered.sum(axis=0) / days.sum(),
        "member_coverage": covered / own_days[:, None],
        "drawn_vertex": np.empty(0, np.int32),
        "drawn_place": np.empty((0, 2)),
        "drawn_edge": np.empty((0, 2), np.int32),
        "disagreement": [0.0],
        "targets": [len(members) - 1],
        "edges": [len(days) * (len(members) - 1)],
        "quality": [1.0],
        "trial_resolution": [1.0],
        "trial_communities": [len(kinds)],
    }
    clusters = int(label.max()) + 1
    settings = {"clusters": clusters, "quality": "rber", "communities": len(kinds)}
    made_by = recipe("rrls", f"{number + 1:02d}", settings, {}, clusters)
    files.write(run / "rrls" / str(clusters) / f"{number + 1:02d}.h5", RRLS, arrays, made_by)
