"""The report: what went in, what the segments are, and how sure they are, on one page."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from crocs_cli.errors import CrocsError
from crocs_cli.machine import files
from crocs_cli.machine.files import Arrays
from crocs_cli.machine.layouts import PARTITION, PROFILES, RLS, RRLS, Layout
from crocs_cli.machine.run import partition_labels, shards
from crocs_cli.maths.quality import COUNTS
from crocs_cli.maths.segments import (
    consumer_means,
    high_times,
    is_weekend,
    lesser_times,
    peak_counts,
    weighted_quantiles,
)
from crocs_cli.pictures import page
from crocs_cli.pictures.facts import Behaviours, Facts, Indices, Quality, Segment
from crocs_cli.stages.settings import ReportSettings

INNER = (0.1, 0.9)  # the spread shown: four fifths of the days lie between


@dataclass(frozen=True)
class Load:
    """What the consumers used. mean_kwh: (consumers, slots); peaks: (clusters, slots) days."""

    mean_kwh: np.ndarray
    peaks: np.ndarray


def run(run: Path, settings: ReportSettings) -> Path:
    """Write RUN/report/index.html with the data and figures beside it; return its path."""
    clusters = settings.clusters or chosen_clusters(run)
    written = page.files(gather(run, clusters))
    folder = run / "report"
    for name, text in written.items():
        files.write_bytes(folder / name, text.encode())
    _sweep(folder, set(written))
    return folder / "index.html"


def chosen_clusters(run: Path) -> int:
    """Return the number of clusters that the report is about when none is named.

    That is the one that rrls explains, or the only one there is. Raises CrocsError when it is not clear.
    """
    explained = sorted(int(path.name) for path in (run / "rrls").glob("[0-9]*") if path.name.isdigit())
    there = files.read(run / "partition.h5", PARTITION, ("clusters",))["clusters"].tolist()
    for candidates in (explained, there):
        if len(candidates) == 1:
            return int(candidates[0])
    known = ", ".join(map(str, sorted(there)))
    raise CrocsError(f"{run}: partitions into {known} clusters are there; name one with --clusters")


def gather(run: Path, clusters: int) -> Facts:
    """Read everything that a report shows."""
    profiles = shards(run / "profiles", PROFILES)
    load_sets = shards(run / "rls", RLS)
    consumer_id, label = partition_labels(run, clusters)
    quality, load = _inputs(run, list(profiles), consumer_id, label, clusters)
    sets = _load_sets(run, list(load_sets))
    explained = _rrls_folder(run, clusters)
    segments = [
        _segment(number, label, load, sets, explained / f"{number + 1:02d}.h5" if explained else None)
        for number in range(clusters)
    ]
    missing = [] if explained else [
        f"The behaviours that each segment’s consumers share: crocs rrls --clusters {clusters} finds them; "
        "then make the report again."
    ]  # fmt: skip
    steps: list[tuple[str, Path, Layout]] = [
        ("Profiles", run / "profiles" / f"{next(iter(profiles))}.h5", PROFILES),
        ("Stage 1", run / "rls" / f"{next(iter(load_sets))}.h5", RLS),
        ("Stage 2", run / "partition.h5", PARTITION),
    ]
    steps += [("RRLS", explained / "01.h5", RRLS)] if explained else []
    return Facts(quality, _indices(run, clusters), segments, [_made(*step) for step in steps], missing)


def _inputs(
    run: Path, keys: list[str], consumer_id: np.ndarray, label: np.ndarray, clusters: int
) -> tuple[Quality, Load]:
    """Read the profile shards once, one at a time: what was counted, and what was used when."""
    counts = np.zeros(len(COUNTS), dtype=np.int64)
    meters = unused = at = 0
    means, dates, peaks = [], [], []
    for key in keys:
        read = files.read(run / "profiles" / f"{key}.h5", PROFILES)
        here = slice(at, at + len(read["consumer_id"]))
        if not np.array_equal(consumer_id[here], read["consumer_id"]):
            raise CrocsError(
                f"{run}/partition.h5: of other consumers than profiles/{key}.h5; run `crocs stage2`"
            )
        at = here.stop
        counts += read["quality"].sum(axis=0)
        meters += len(read["quality"])
        unused += int((read["quality"][:, COUNTS.index("days_used")] == 0).sum())
        means.append(consumer_means(read["energy_kwh"], read["day_offset"]))
        peaks.append(peak_counts(read["energy_kwh"], read["day_offset"], label[here], clusters))
        dates += [read["date"].min(), read["date"].max()] if len(read["date"]) else []
    mean_kwh = np.concatenate(means)
    quality = Quality(
        meters, unused, len(consumer_id), _day(min(dates)), _day(max(dates)), mean_kwh.shape[1],
        dict(zip(COUNTS, counts.tolist(), strict=True)),
    )  # fmt: skip
    return quality, Load(mean_kwh, np.sum(peaks, axis=0))


def _load_sets(run: Path, keys: list[str]) -> Arrays:
    """Read what the report needs of all load sets: prototypes, their days, and the days' dates."""
    parts = [files.read(run / "rls" / f"{key}.h5", RLS) for key in keys]
    names = ("consumer_id", "prototype", "days", "date", "day_prototype", "mean_daily_kwh")
    sets = {name: np.concatenate([part[name] for part in parts]) for name in names}
    for name in ("prototype_offset", "day_offset"):
        counts = np.concatenate([np.diff(part[name]) for part in parts])
        sets[name] = np.concatenate([[0], counts.cumsum()])
    return sets


def _segment(number: int, label: np.ndarray, load: Load, sets: Arrays, explained: Path | None) -> Segment:
    """Describe one cluster against all other consumers."""
    inside = label == number
    energy = load.mean_kwh.sum(axis=1)
    days = np.diff(sets["day_offset"])
    used = energy * days
    weekend = np.bincount(np.repeat(inside, days), is_weekend(sets["date"]), 2)[1]
    rest_peaks = load.peaks.sum(axis=0) - load.peaks[number]
    return Segment(
        number=number + 1,
        consumers=int(inside.sum()),
        consumer_share=float(inside.mean()),
        energy_share=_share(used[inside].sum(), used.sum()),
        days=int(days[inside].sum()),
        weekend_share=_share(weekend, days[inside].sum()),
        mean_daily_kwh=float(energy[inside].mean()),
        mean_kwh=load.mean_kwh[inside].mean(axis=0),
        rest_kwh=_mean_or_nan(load.mean_kwh[~inside]),
        peak_share=load.peaks[number] / max(1, load.peaks[number].sum()),
        rest_peak_share=rest_peaks / rest_peaks.sum()
        if rest_peaks.any()
        else np.full(len(rest_peaks), np.nan),
        behaviours=_behaviours(explained, sets) if explained else None,
    )


def _behaviours(path: Path, sets: Arrays) -> Behaviours:
    """Read what rrls found in one cluster, and measure how far each behaviour spreads."""
    rrls = files.read(path, RRLS)
    place = {name: at for at, name in enumerate(sets["consumer_id"])}
    members = np.array([place[name] for name in rrls["consumer_id"]])
    counts = np.diff(sets["prototype_offset"])
    first = sets["prototype_offset"][:-1]
    row = np.concatenate([np.arange(first[member], first[member] + counts[member]) for member in members])
    if len(row) != len(rrls["vertex_community"]):
        raise CrocsError(f"{path}: made from other load sets; remove it and run `crocs rrls` again")
    community = np.full(len(sets["prototype"]), -1)
    community[row] = rrls["vertex_community"]
    weekend = _weekend_shares(community, sets, len(rrls["day_coverage"]))
    spread = [
        weighted_quantiles(sets["prototype"][of], sets["days"][of].astype(np.float64), INNER)
        for of in (community == number for number in range(len(rrls["day_coverage"])))
    ]
    low, high = np.stack(spread, axis=1)
    return Behaviours(
        medoid=rrls["hyperprototype_medoid"],
        mean=rrls["hyperprototype_mean"],
        low=low,
        high=high,
        consumer_coverage=rrls["consumer_coverage"],
        day_coverage=rrls["day_coverage"],
        weekend_share=weekend,
        high_times=[high_times(profile) for profile in rrls["hyperprototype_mean"]],
        lesser_times=[lesser_times(profile) for profile in rrls["hyperprototype_mean"]],
    )


def _weekend_shares(community: np.ndarray, sets: Arrays, communities: int) -> np.ndarray:
    """Return the share of weekend days in each community; -1 marks prototypes of other clusters."""
    owner_first = np.repeat(sets["prototype_offset"][:-1], np.diff(sets["day_offset"]))
    of_day = community[owner_first + sets["day_prototype"]]
    known = of_day >= 0
    all_days = np.bincount(of_day[known], minlength=communities)
    weekends = np.bincount(of_day[known], is_weekend(sets["date"][known]), communities)
    return weekends / np.maximum(1, all_days)


def _indices(run: Path, clusters: int) -> Indices:
    read = files.read(run / "partition.h5", PARTITION)
    order = read["clusters"].argsort(kind="stable")
    names = ("clusters", "silhouette", "dunn", "davies_bouldin", "calinski_harabasz")
    return Indices(**{name: read[name][order] for name in names}, chosen=clusters)


def _rrls_folder(run: Path, clusters: int) -> Path | None:
    """Return the folder of the RRLS of one partition, if all its clusters are there."""
    for folder in (run / "rrls").glob("[0-9]*"):
        if folder.name.isdigit() and int(folder.name) == clusters:
            names = {path.name for path in folder.glob("[0-9]*.h5")}
            if all(f"{number:02d}.h5" in names for number in range(1, clusters + 1)):
                return folder
    return None


def _made(step: str, path: Path, layout: Layout) -> tuple[str, str, dict[str, str]]:
    made_by = files.read_made_by(path, layout)
    settings = {key: _said(value) for key, value in made_by["settings"].items()}
    return step, made_by["crocs"], {"command": f"crocs {made_by['command']}", **settings}


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


def _share(part: float, whole: float) -> float:
    return float(part / whole) if whole else 0.0


def _mean_or_nan(rows: np.ndarray) -> np.ndarray:
    return rows.mean(axis=0) if len(rows) else np.full(rows.shape[1], np.nan)


def _day(number: int) -> str:
    return str(dt.date(1970, 1, 1) + dt.timedelta(days=int(number)))
