"""Explain why a segment has fewer behaviours than were asked for."""

from __future__ import annotations

from crocs_cli.machine.files import Arrays
from crocs_cli.rundir.settings import RrlsSettings


def why_fewer(read: Arrays, settings: RrlsSettings) -> str:
    """Return a sentence on why a file has fewer communities than were asked for; empty where it has not."""
    wanted, found = settings.communities, len(read["day_coverage"])
    if not settings.searched or found >= wanted:
        return ""
    counts, resolutions = read["trial_communities"].tolist(), read["trial_resolution"].tolist()
    if resolutions[-2:-1] == resolutions[-1:]:  # searched on a part of the graph, then taken for all of it
        counts.pop()
        resolutions.pop()
    nearness = [(abs(count - wanted), at, count) for count, at in zip(counts, resolutions, strict=True)]
    nearest = min(nearness)
    if counts[-1] >= wanted:
        why = f"the part of the graph that the resolution was searched on has {counts[-1]}"
    elif nearest < nearness[-1]:  # it would have been taken, had it not fallen apart
        small = f"{100.0 * (1.0 - settings.min_total_coverage):g}% of the days in groups too small to count"
        why = f"a resolution that gives {nearest[-1]} leaves more than {small}"
    elif counts[-1] == max(counts):
        least = f"at least {100.0 * settings.min_coverage:g}% of the days"
        why = f"no resolution that was tried gives more groups that hold {least}"
    else:
        why = "no resolution that was tried gives a number that is nearer"
    return f"{wanted} behaviours were asked for and {found} found: {why}."
