"""Gather what a report shows from a run: segments with their behaviours, typical members and provenance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from crocs_cli.machine import files
from crocs_cli.machine.files import Arrays
from crocs_cli.machine.layout import Layout
from crocs_cli.machine.progress import Progress
from crocs_cli.machine.threads import available_threads
from crocs_cli.maths.decisions import first_least
from crocs_cli.maths.distances.loadsets import LoadSets
from crocs_cli.maths.distances.wsmd import set_distances
from crocs_cli.maths.segments import membership
from crocs_cli.maths.segments.signs import is_far
from crocs_cli.maths.segments.typical import Ranking, covered_days, ranking
from crocs_cli.report import describe, naming, words
from crocs_cli.report.facts import Facts, Indices, Member, Odd, Segment
from crocs_cli.report.fewer import why_fewer
from crocs_cli.report.sharing import behaviours_to_show, groups_to_show, would_show
from crocs_cli.report.source import Source, read_run
from crocs_cli.rundir.layouts import PARTITION, PROFILES, RLS, RRLS, STABILITY
from crocs_cli.rundir.result_settings import ReportSettings
from crocs_cli.rundir.run import Run

PRIVATE = ("files",)  # settings that a safe report leaves out
INDICES = ("silhouette", "dunn", "davies_bouldin", "calinski_harabasz")


def gather(run: Run, settings: ReportSettings) -> Facts:
    """Read everything that a report shows."""
    clusters = run.chosen(settings.clusters)
    with Progress("report", clusters + 1) as progress:
        quality, source = read_run(run, clusters)
        progress.advance()
        names = naming.keep(run, clusters, settings.names, source.people.mean_kwh)
        groups: list[tuple[int, ...]] = [(number,) for number in range(clusters)]
        used, rule = source.people.used_kwh(), settings.passed_on
        if rule:
            groups = groups_to_show(run, source.label, used, rule)
        ranked = {} if rule else _ranked(source)
        segments = []
        for group in groups:
            found = describe.segment(group, source.label, source.people, names[group[0]])
            segments.append(_explained(found, groups[-1], source, ranked, settings))
            progress.advance()
    return Facts(
        quality=quality,
        indices=indices_of(run, [clusters]),
        segments=_with_nearest(segments, source),
        odd=None if rule else _odd(source, segments, ranked),
        provenance=provenance(run, clusters, rule is not None),
        missing=missing(run, clusters),
        peak_hours=describe.PEAK_HOURS,
        rule=rule,
        would_show=would_show(source.label, used, rule) if rule and len(groups[-1]) > 1 else "",
    )


def _explained(
    found: Segment,
    last: tuple[int, ...],
    source: Source,
    ranked: Mapping[int, Ranking],
    settings: ReportSettings,
) -> Segment:
    """Add to a segment its behaviours and typical members where there are any, and how it is found again.

    last: the last segments that are shown, which may be several merged.
    """
    if rule := settings.passed_on:
        enough = all(kind.consumers >= rule.minimum for kind in found.kinds)  # else one is the others' rest
        found = replace(found, kinds=found.kinds if enough else (), signs={}, few=False)
    if found.merged:
        return found
    number = found.number - 1
    again = source.run.stability(source.clusters)
    found = replace(found, found_again=None if again is None else float(again["jaccard"][number]))
    rrls = source.explained.get(number)
    if rrls is None:
        return found
    shown = describe.behaviours(
        rrls, _community(rrls, number, source), source.people, _alike(rrls, number, source)
    )
    merged = last if len(last) > 1 else ()
    shown = replace(shown, alike=describe.pooled(shown.alike, merged, source.label, source.people))
    if rule:
        shown = describe.without_rare(shown, *behaviours_to_show(rrls, rule))
    return replace(
        found,
        behaviours=shown if len(shown.mean) else None,
        why_fewer=why_fewer(rrls, source.run.rrls_settings(source.clusters, number + 1)),
        typical=_typical(ranked[number], number, source, settings.typical) if ranked else (),
    )


def _community(rrls: Arrays, number: int, source: Source) -> np.ndarray:
    """Return the behaviour of each prototype of all consumers, -1 for those of other segments and of none."""
    source.run.check_members(source.clusters, number + 1, rrls, source.of(number))
    community = np.full(len(source.people.sets.prototypes), -1)
    community[np.repeat(source.label == number, source.people.sets.sizes())] = rrls["vertex_community"]
    return community


def _alike(rrls: Arrays, number: int, source: Source) -> np.ndarray:
    """Return the share of each segment's days that show each behaviour of this one: (B, K).

    Of its own days that is the coverage, whatever the sample of the others.
    """
    threads = available_threads()
    known = membership.membership(
        source.of(number).sets, rrls["vertex_community"], source.window, source.seed, threads
    )
    others = np.flatnonzero(source.label != number)
    count = len(rrls["day_coverage"])
    shares = np.zeros((count, source.clusters))
    if len(others):
        sets, label = source.people.sets.take(others), source.label[others]
        found = membership.alike(sets, label, known, count, source.seed, threads)
        shares[:, : found.shape[1]] = found
    shares[:, number] = rrls["day_coverage"]
    return shares


def _ranked(source: Source) -> dict[int, Ranking]:
    """Return the members of each segment with behaviours, the most typical first, as `crocs typical` does."""
    found = {}
    for number, rrls in source.explained.items():
        members = source.of(number)
        found[number] = ranking(members.consumer_id, members.sets, rrls, source.window, available_threads())
    return found


def _typical(ranked: Ranking, number: int, source: Source, count: int) -> tuple[Member, ...]:
    """Return the most typical members of a segment."""
    members = source.of(number)
    nearest = ranked.member[:count]
    return tuple(
        Member(*each)
        for each in zip(
            members.consumer_id[nearest].tolist(),
            ranked.distance.tolist(),
            members.mean_daily_kwh[nearest].tolist(),
            strict=False,
        )
    )


def _odd(source: Source, segments: list[Segment], ranked: Mapping[int, Ranking]) -> list[Odd]:
    """Return the consumers that are typical of no segment, in the order of the segments."""
    distance = np.full(len(source.label), np.nan)
    for number, ranking_of in ranked.items():
        distance[np.flatnonzero(source.label == number)[ranking_of.member]] = ranking_of.distance
    far, odd = is_far(distance, source.label), source.people.odd
    reasons: list[list[str]] = [[] for _ in source.label]
    for one in segments:
        for alone in np.flatnonzero(source.label == one.number - 1) if one.few else ():
            reasons[alone].append(words.few_like_it(one.consumers))
    for consumer in range(len(reasons)):
        measured = {name: float(values[consumer]) for name, values in odd.items()}
        reasons[consumer] += words.odd_readings(measured)
        reasons[consumer] += [words.far_from_all(distance[consumer])] if far[consumer] else []
    energy = source.members.mean_daily_kwh
    return [
        Odd(str(source.members.consumer_id[c]), int(source.label[c]) + 1, float(energy[c]), "; ".join(why))
        for c in np.argsort(source.label, kind="stable").tolist()
        if (why := reasons[c])
    ]


def _with_nearest(segments: list[Segment], source: Source) -> list[Segment]:
    """Add to each segment with behaviours the one whose behaviours are most like its own, by WSMD."""
    explained = [one for one in segments if one.behaviours is not None]
    if len(explained) < 2:
        return segments
    sets = _as_load_sets([source.explained[one.number - 1] for one in explained])
    distance = set_distances(sets, sets, window=source.window)
    np.fill_diagonal(distance, np.inf)
    nearest = {
        one.number: explained[at].number for one, at in zip(explained, first_least(distance), strict=True)
    }
    return [replace(one, nearest=nearest.get(one.number)) for one in segments]


def _as_load_sets(rrls: list[Arrays]) -> LoadSets:
    """Return hyperprototypes as load sets, each weighted by the days that it covers (paper, section 6)."""
    counts = [len(each["day_coverage"]) for each in rrls]
    return LoadSets(
        np.concatenate([each["hyperprototype_medoid"] for each in rrls]),
        np.concatenate([covered_days(each) for each in rrls]),
        np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
    )


def indices_of(run: Run, numbers: list[int]) -> Indices:
    """Read how good the partitions into some numbers of segments are."""
    read = [run.partition(k) for k in numbers]
    again = [run.stability(k) for k in numbers]
    return Indices(
        clusters=np.array(numbers),
        **{name: np.array([float(each[name][0]) for each in read]) for name in INDICES},
        **{
            name: np.array([np.nan if each is None else each[source].mean() for each in again])
            for name, source in (("strength", "strength"), ("days_ari", "days_ari"), ("stability", "ari"))
        },
    )


def missing(run: Run, clusters: int) -> list[str]:
    """Return what the report would hold besides, and what makes it."""
    sentences = []
    if not run.is_explained(clusters):
        sentences.append(
            f"The behaviours that a segment’s consumers share: crocs rrls --clusters {clusters} finds them."
        )
    if run.stability(clusters) is None:
        sentences.append("How stable the segments are: crocs stability measures it.")
    return sentences


def provenance(run: Run, clusters: int, safe: bool) -> list[tuple[str, str, dict[str, str]]]:
    """Return how each step was made, as `Facts` has it."""
    steps: list[tuple[str, Path, Layout]] = [
        ("Profiles", run / "profiles" / "00000.h5", PROFILES),
        ("Stage 1", run / "rls" / "00000.h5", RLS),
        ("Stage 2", run.partition_path(clusters), PARTITION),
        ("RRLS", run.behaviours_path(clusters, 1), RRLS),
        ("Stability", run.stability_path(clusters), STABILITY),
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
