"""The report: what went in, what the segments are, and how sure they are, on one page."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from crocs_cli.errors import CrocsError
from crocs_cli.machine import files
from crocs_cli.machine.files import Arrays
from crocs_cli.machine.layouts import PARTITION, PROFILES, RLS, RRLS, STABILITY, Layout
from crocs_cli.machine.run import chosen_clusters, read_stability, rrls_path
from crocs_cli.machine.threads import available_threads
from crocs_cli.maths.distances.loadsets import LoadSets
from crocs_cli.maths.distances.wsmd import set_distances
from crocs_cli.maths.segments.likeness import days_alike
from crocs_cli.pictures import describe, page
from crocs_cli.pictures.facts import Facts, Indices, Member, Segment
from crocs_cli.stages.members import rrls_settings, why_fewer
from crocs_cli.stages.reported import Source, read_run
from crocs_cli.stages.result_settings import ReportSettings

PRIVATE = ("files",)  # settings that a safe report leaves out
DAYS_SCALE = 1_000_000  # day coverage as whole days, for a load set made of hyperprototypes


def run(run: Path, settings: ReportSettings) -> Path:
    """Write RUN/report/index.html with the data and figures beside it; return its path.

    A safe report goes to RUN/report-share-safe, so that nothing of another one lies beside it.
    """
    facts = gather(run, settings)
    written = page.files(facts)
    folder = run / ("report-share-safe" if settings.share_safe else "report")
    for name, text in written.items():
        files.write_bytes(folder / name, text.encode())
    _sweep(folder, set(written))
    return folder / "index.html"


def gather(run: Path, settings: ReportSettings) -> Facts:
    """Read everything that a report shows."""
    clusters = settings.clusters or chosen_clusters(run)
    quality, source = read_run(run, clusters)
    groups: list[tuple[int, ...]] = [(number,) for number in range(clusters)]
    if settings.share_safe:
        safe = describe.safe_groups(source.label, source.people.used_kwh(), settings.minimum_size)
        if safe is None:
            raise CrocsError(
                f"{run}: fewer than {settings.minimum_size} consumers, or one of them uses more than 15 % of "
                "the energy; a report of it cannot be passed on"
            )
        groups = safe
    merged = groups[-1] if len(groups[-1]) > 1 else ()
    return Facts(
        quality=quality,
        indices=_indices(run, clusters),
        segments=_with_nearest([_segment(group, merged, source, settings) for group in groups], source),
        provenance=_provenance(run, clusters, settings.share_safe),
        missing=_missing(run, clusters),
        safe=settings.share_safe,
        minimum=settings.minimum_size,
    )


def _segment(
    group: tuple[int, ...], others: tuple[int, ...], source: Source, settings: ReportSettings
) -> Segment:
    """Describe one segment, or several merged, with its behaviours and typical members where there are any.

    others: the clusters that are shown merged only.
    """
    found = describe.segment(group, source.label, source.people)
    rrls = source.rrls(group[0])
    if found.merged or rrls is None:
        return found
    community = _community(rrls, source)
    alike = days_alike(
        source.people.sets, source.label, rrls["hyperprototype_mean"], community, source.window
    )
    alike = describe.pooled(alike, others, source.label, source.people)
    shown = describe.behaviours(rrls, community, source.people, alike)
    typical: tuple[Member, ...] = ()
    if settings.share_safe:
        shown = describe.without_rare(shown, found.consumers, settings.minimum_size)
    else:
        typical = _typical(rrls, group[0], source, settings.typical)
    again = _found_again(source.run, source.clusters)
    return replace(
        found,
        behaviours=shown if len(shown.mean) else None,
        why_fewer=why_fewer(rrls, rrls_settings(rrls_path(source.run, source.clusters, group[0] + 1))),
        typical=typical,
        found_again=None if again is None else float(again[group[0]]),
    )


def _community(rrls: Arrays, source: Source) -> np.ndarray:
    """Return the behaviour of each prototype of all consumers, -1 for those of other clusters and of none."""
    sizes = source.people.sets.sizes()
    place = {name: at for at, name in enumerate(source.consumer_id)}
    members = np.array([place[name] for name in rrls["consumer_id"]])
    if sizes[members].sum() != len(rrls["vertex_community"]):
        raise CrocsError(f"{source.run / 'rrls'}: made from other load sets; {RRLS.cure}")
    community = np.full(len(source.people.sets.prototypes), -1)
    first = source.people.sets.offset[:-1]
    rows = np.concatenate([np.arange(first[member], first[member] + sizes[member]) for member in members])
    community[rows] = rrls["vertex_community"]
    return community


def _typical(rrls: Arrays, cluster: int, source: Source, count: int) -> tuple[Member, ...]:
    """Return the members nearest to what the cluster shares, by WSMD."""
    members = np.flatnonzero(source.label == cluster)
    distance = set_distances(
        source.people.sets.take(members), _as_load_sets([rrls]),
        window=source.window, threads=available_threads(),
    )[:, 0]  # fmt: skip
    energy = source.people.mean_kwh.sum(axis=1)
    nearest = distance.argsort(kind="stable")[:count]
    return tuple(
        Member(str(source.consumer_id[members[at]]), float(distance[at]), float(energy[members[at]]))
        for at in nearest
    )


def _with_nearest(segments: list[Segment], source: Source) -> list[Segment]:
    """Note for each segment with behaviours the one whose behaviours are most like its own, by WSMD."""
    explained = [one for one in segments if one.behaviours is not None]
    if len(explained) < 2:
        return segments
    rrls = [source.rrls(one.number - 1) for one in explained]
    sets = _as_load_sets([each for each in rrls if each is not None])
    distance = set_distances(sets, sets, window=source.window)
    np.fill_diagonal(distance, np.inf)
    nearest = {
        one.number: explained[at].number for one, at in zip(explained, distance.argmin(axis=1), strict=True)
    }
    return [replace(one, nearest=nearest.get(one.number)) for one in segments]


def _as_load_sets(rrls: list[Arrays]) -> LoadSets:
    """Return hyperprototypes as load sets, each weighted by the days that it covers (paper, section 6)."""
    counts = [len(each["day_coverage"]) for each in rrls]
    days = np.concatenate([each["day_coverage"] for each in rrls])
    return LoadSets(
        np.concatenate([each["hyperprototype_mean"] for each in rrls]),
        np.maximum(1, (days * DAYS_SCALE).round()).astype(np.int32),
        np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
    )


def _indices(run: Path, clusters: int) -> Indices:
    read = files.read(run / "partition.h5", PARTITION)
    order = read["clusters"].argsort(kind="stable")
    names = ("clusters", "silhouette", "dunn", "davies_bouldin", "calinski_harabasz")
    stability = np.full(len(order), np.nan)
    if (agreement := read_stability(run)) is not None:
        stability = np.array([agreement["ari"][agreement["clusters"] == k].mean() for k in read["clusters"]])
    return Indices(**{name: read[name][order] for name in names}, stability=stability[order], chosen=clusters)


def _found_again(run: Path, clusters: int) -> np.ndarray | None:
    """Return how well each cluster is found again in subsamples, where that was measured."""
    if (read := read_stability(run)) is None:
        return None
    first = int(read["clusters"][: read["clusters"].tolist().index(clusters)].sum())
    found: np.ndarray = read["jaccard"][first : first + clusters]
    return found


def _missing(run: Path, clusters: int) -> list[str]:
    """Say what the report would hold besides, and what makes it."""
    sentences = []
    if not rrls_path(run, clusters, 1).exists():
        sentences.append(
            f"The behaviours that a segment’s consumers share: crocs rrls --clusters {clusters} finds them."
        )
    if not (run / "stability.h5").exists():
        sentences.append("How stable the segments are: crocs stability measures it.")
    return sentences


def _provenance(run: Path, clusters: int, safe: bool) -> list[tuple[str, str, dict[str, str]]]:
    steps: list[tuple[str, Path, Layout]] = [
        ("Profiles", run / "profiles" / "00000.h5", PROFILES),
        ("Stage 1", run / "rls" / "00000.h5", RLS),
        ("Stage 2", run / "partition.h5", PARTITION),
        ("RRLS", rrls_path(run, clusters, 1), RRLS),
        ("Stability", run / "stability.h5", STABILITY),
    ]
    made = []
    for step, path, layout in steps:
        if path.exists():
            made_by = files.read_made_by(path, layout)
            settings = {k: _said(v) for k, v in made_by["settings"].items() if not (safe and k in PRIVATE)}
            made.append((step, made_by["crocs"], {"command": f"crocs {made_by['command']}", **settings}))
    return made


def _said(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "none"
    if isinstance(value, dict):
        return ", ".join(f"{key}: {_said(part)}" for key, part in value.items())
    return "none" if value is None else str(value)


def _sweep(folder: Path, written: set[str]) -> None:
    """Remove pictures and data of an earlier report that this one has not."""
    for path in [*folder.glob("*.csv"), *folder.glob("figures/*.svg")]:
        if str(path.relative_to(folder)) not in written:
            path.unlink()
