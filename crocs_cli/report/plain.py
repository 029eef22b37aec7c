"""The report of weeks and events: segments, what their members share, and what went in.

It is plainer than that of days, which knows of hours, seasons and the peak of a network.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from markupsafe import Markup

from crocs_cli.machine.files import Arrays
from crocs_cli.machine.threads import available_threads
from crocs_cli.maths.readings.quality import COUNTS, shown_counts
from crocs_cli.maths.segments.traits import consumer_means, weighted_quantiles
from crocs_cli.maths.segments.typical import ranking
from crocs_cli.report import gather, html, naming, overview, plain_figures, words
from crocs_cli.report.axis import Axis
from crocs_cli.report.describe import INNER
from crocs_cli.report.facts import Member, drawn
from crocs_cli.report.plain_facts import Behaviour, Segment
from crocs_cli.report.plain_words import name_of
from crocs_cli.report.sharing import behaviours_to_show, groups_to_show, note, would_show
from crocs_cli.rundir.meaning import Meaning
from crocs_cli.rundir.result_settings import ReportSettings
from crocs_cli.rundir.run import Members, Run


@dataclass(frozen=True)
class Counts:
    """What the profiles of a run hold: of its meters, its consumers (n,) and its dates."""

    totals: dict[str, int]
    meters: int
    unused: int
    profiles: np.ndarray
    means: np.ndarray
    span: tuple[str, str]


def files(run: Run, settings: ReportSettings) -> dict[str, bytes]:
    """Return the report of a run as {file name: content}: index.html, CSV files and figures."""
    clusters, meaning = run.chosen(settings.clusters), run.meaning()
    counts, members = _counts(run, meaning), run.members(clusters)
    label = run.labels(clusters)[1]
    axis = Axis(meaning, counts.means.shape[1])
    used = members.mean_daily_kwh.astype(np.float64) * counts.profiles
    groups: list[tuple[int, ...]] = [(number,) for number in range(clusters)]
    if rule := settings.passed_on:
        groups = groups_to_show(run, label, used, rule)
        note(run, clusters, rule, [[number + 1 for number in group] for group in groups])
    names = naming.keep(run, clusters, settings.names, counts.means)
    segments = [
        replace(_segment(run, group, label, members, counts, axis, settings), name=names[group[0]])
        for group in groups
    ]
    figures = plain_figures.draw(segments, axis)
    indices = gather.indices_of(run, [clusters])
    page = html.environment()
    page.filters["percent"] = words.percent
    text = page.get_template("report/plain.html").render(
        run=run,
        axis=axis,
        meaning=meaning,
        counts=counts,
        segments=segments,
        drawn={one.number: _major(one) for one in segments},
        figures={name: Markup(svg) for name, svg in figures.items()},
        values=plain_figures.values_of,
        indices=indices,
        index_names=overview.INDICES,
        distinct=words.distinct(float(indices.silhouette[0])),
        rule=rule,
        would_show=would_show(label, used, rule) if rule and len(groups[-1]) > 1 else "",
        provenance=gather.provenance(run, clusters, rule is not None),
        missing=gather.missing(run, clusters),
    )
    written = {"index.html": text.encode()} | plain_figures.tables(segments, axis, counts.totals)
    return written | {f"figures/{name}.svg": svg.encode() for name, svg in figures.items()}


def _counts(run: Run, meaning: Meaning) -> Counts:
    """Read the profiles, one shard at a time."""
    shown, total = shown_counts(meaning.period), np.zeros(0)
    meters = unused = 0
    profiles, means, dates = [], [], []
    for read in run.profiles().each():
        counted = read["quality"]
        total = counted.sum(axis=0) + (total if len(total) else 0)
        meters += len(counted)
        unused += int((counted[:, COUNTS.index("days_used")] == 0).sum())
        profiles.append(np.diff(read["day_offset"]))
        means.append(consumer_means(read["energy_kwh"], read["day_offset"]))
        dates += [read["date"].min(), read["date"].max()] if len(read["date"]) else []
    first, last = (str(np.datetime64(int(pick(dates)), "D")) for pick in (min, max))
    totals = {name: int(total[at]) for name, at in shown.items()}
    return Counts(totals, meters, unused, np.concatenate(profiles), np.concatenate(means), (first, last))


def _segment(
    run: Run,
    group: tuple[int, ...],
    label: np.ndarray,
    members: Members,
    counts: Counts,
    axis: Axis,
    settings: ReportSettings,
) -> Segment:
    """Describe one segment, or several merged, against all other consumers."""
    inside = np.isin(label, group)
    amount = members.mean_daily_kwh.astype(np.float64)
    used = amount * counts.profiles
    mean = counts.means[inside].mean(axis=0)
    rest = counts.means[~inside].mean(axis=0) if not inside.all() else np.full(len(mean), np.nan)
    behaviours: tuple[Behaviour, ...] = ()
    typical: tuple[Member, ...] = ()
    clusters, number = len(np.unique(label)), group[0] + 1
    if len(group) == 1 and run.behaviours_path(clusters, number).exists():
        rrls, own = run.explained_members(clusters, number)
        behaviours = _behaviours(rrls, own, axis, settings)
        window = run.comparison(clusters).window
        typical = () if settings.passed_on else _typical(rrls, own, window, settings.typical)
    return Segment(
        number,
        tuple(each + 1 for each in group) if len(group) > 1 else (),
        "",
        int(inside.sum()),
        float(inside.mean()),
        float(used[inside].sum() / (used.sum() or 1.0)),
        int(counts.profiles[inside].sum()),
        float(amount[inside].mean()),
        mean,
        rest,
        behaviours,
        typical,
    )


def _behaviours(
    rrls: Arrays, members: Members, axis: Axis, settings: ReportSettings
) -> tuple[Behaviour, ...]:
    """Describe what a segment's members share; those of few consumers are left out of what is passed on."""
    rule, coverage = settings.passed_on, rrls["consumer_coverage"]
    kept = np.arange(len(coverage))
    if rule:
        kept, coverage = behaviours_to_show(rrls, rule)
    found = []
    for at, consumers in zip(kept.tolist(), coverage.tolist(), strict=True):
        inside = rrls["vertex_community"] == at
        days = members.sets.days[inside].astype(np.float64)
        low, high = weighted_quantiles(members.sets.prototypes[inside], days, INNER)
        mean = rrls["hyperprototype_mean"][at]
        found.append(
            Behaviour(
                name_of(mean, axis),
                mean,
                low,
                high,
                None if rule else rrls["hyperprototype_medoid"][at],
                consumers,
                float(rrls["day_coverage"][at]),
            )
        )
    return tuple(found)


def _typical(rrls: Arrays, members: Members, window: int, count: int) -> tuple[Member, ...]:
    """Return the most typical members, as `crocs typical` ranks them."""
    ranked = ranking(members.consumer_id, members.sets, rrls, window, available_threads())
    nearest = ranked.member[:count]
    columns = members.consumer_id[nearest], ranked.distance[:count], members.mean_daily_kwh[nearest]
    return tuple(Member(*each) for each in zip(*(column.tolist() for column in columns), strict=True))


def _major(one: Segment) -> int:
    """Return how many behaviours have a picture."""
    return drawn(np.array([each.coverage for each in one.behaviours]))
