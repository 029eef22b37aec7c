"""Write the tables of a fit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

import numpy as np

from crocs_cli.machine import files
from crocs_cli.machine.plain import json_bytes
from crocs_cli.screen.daily import contracts, filters, gaps
from crocs_cli.screen.daily.contracts import LEVELS
from crocs_cli.screen.daily.inspections import read_inspections
from crocs_cli.screen.fit import Fitted
from crocs_cli.screen.patterns.typical import suggested_classes
from crocs_cli.screen.settings import FitSettings
from crocs_cli.screen.tables import write_table

Columns = dict[str, object]


def write(run: Path, settings: FitSettings, fitted: Fitted) -> list[str]:
    """Write all tables of a fit into RUN/screen; return a summary as lines."""
    folder = run / "screen"
    write_table(folder / "gaps.csv", gap_columns(fitted))
    write_table(folder / "gap_hist.csv", histogram_columns(fitted))
    write_table(folder / "meter_checkup.csv", checkup_columns(fitted))
    write_table(folder / "filters.csv", filter_columns(fitted))
    write_table(folder / "prototypes.csv", prototype_columns(fitted))
    write_table(folder / "som_quality.csv", quality_columns(fitted))
    write_table(folder / "elbow.csv", elbow_columns(fitted))
    if settings.input.tariffs:
        changes, pairs = contracts.tariff_changes(settings.input)
        names = {"changes": list(changes), "installations": list(changes.values())}
        write_table(folder / "eda" / "tariff_changes.csv", names)
        write_table(folder / "eda" / "tariff_pairs.csv", pair_columns(pairs, ("from", "to", "changes")))
    if settings.input.inspections:
        counts = read_inspections(Path(settings.input.inspections), settings.input).counts()
        write_table(
            folder / "eda" / "inspections.csv", pair_columns(counts, ("result", "impact", "inspections"))
        )
    summary = counts_of(fitted)
    files.write_bytes(folder / "run.json", json_bytes(summary))
    return summary_lines(summary, fitted)


def pair_columns(pairs: dict[tuple[str, str], int], names: tuple[str, str, str]) -> Columns:
    """Return counts by pairs as three columns, in the order of the pairs."""
    ordered = sorted(pairs)
    return {
        names[0]: [a for a, _ in ordered],
        names[1]: [b for _, b in ordered],
        names[2]: [pairs[pair] for pair in ordered],
    }


def gap_columns(fitted: Fitted) -> Columns:
    """Return the gaps of DS0 of every installation."""
    names = ("expected_days", "missing_days", "gaps", "longest_gap", "gap_share", "short_days")
    return {"id": fitted.columns["installation_id"], **{name: fitted.columns[name] for name in names}}


def gap_counts(features: Mapping[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Count gaps by the bin of their length, and installations by the bin of their missing days."""
    place = gaps.bin_of(features["missing_days"])
    by_installation = np.bincount(place[place >= 0], minlength=len(gaps.BINS))
    return features["gap_length_count"].sum(axis=0), by_installation


def histogram_columns(fitted: Fitted) -> Columns:
    """Return three histograms: gaps by length, installations by missing days, installations by short days."""
    by_gap, by_installation = gap_counts(fitted.columns)
    by_short = gaps.short_day_histogram(fitted.columns["short_days"])
    kinds = ["gaps_by_length"] * len(gaps.BINS) + ["installations_by_missing_days"] * len(gaps.BINS)
    return {
        "histogram": kinds + ["installations_by_short_days"] * len(by_short),
        "from_days": np.concatenate([gaps.BINS, gaps.BINS, np.arange(len(by_short))]),
        "count": np.concatenate([by_gap, by_installation, by_short]),
    }


def checkup_columns(fitted: Fitted) -> Columns:
    """Return the meters with large gaps, which the operator should check (paper, 2)."""
    rows = fitted.bits & filters.LARGE_GAPS > 0
    columns = fitted.columns
    names = ("missing_days", "longest_gap", "short_days")
    table: Columns = {
        "id": columns["installation_id"][rows],
        "level": np.array(LEVELS)[columns["level"][rows]],
    }
    return table | {name: columns[name][rows] for name in names}


def filter_columns(fitted: Fitted) -> Columns:
    """Return the labels of every installation with the measures behind them (specification 4.5)."""
    columns = fitted.columns
    week, month = np.nan_to_num(columns["week_share"]), np.nan_to_num(columns["month_share"])
    plain = ("mean_kwh", "low_share", "zero_share", "days", "gap_share", "longest_gap", "cv", "year_kwh")
    return {
        "id": columns["installation_id"],
        "level": np.array(LEVELS)[columns["level"]],
        "labels": [filters.names(bits) for bits in fitted.bits],
        "primary": [filters.primary(bits) for bits in fitted.bits],
        **{name: columns[name] for name in plain},
        "top_weekday": week.argmax(axis=1) + 1,
        "top_weekday_share": week.max(axis=1),
        "top_month": month.argmax(axis=1) + 1,
        "top_month_share": month.max(axis=1),
        "weekend_share": week[:, 5:].sum(axis=1),
    }


def prototype_columns(fitted: Fitted) -> Columns:
    """Return size, share, and mean, 10th and 90th percentile of each component of each class, in rows."""
    rows: list[tuple[object, ...]] = []
    for key, found in fitted.maps.items():
        for c, prototype in enumerate(found.prototypes):
            share = found.sizes[c] / found.sizes.sum()
            rows += [
                (key, c + 1, int(found.sizes[c]), share, j + 1, value, found.low[c, j], found.high[c, j])
                for j, value in enumerate(prototype)
            ]
    names = ("map", "class", "installations", "share", "component", "mean", "p10", "p90")
    return {name: [row[i] for row in rows] for i, name in enumerate(names)}


def quality_columns(fitted: Fitted) -> Columns:
    """Return the quality of every map (specification 6.6)."""
    measures = [asdict(found.quality) for found in fitted.maps.values()]
    lattices = [f"{found.lattice.rows}x{found.lattice.columns}" for found in fitted.maps.values()]
    table: Columns = {"map": list(fitted.maps), "lattice": lattices}
    return table | {name: [m[name] for m in measures] for name in measures[0]}


def elbow_columns(fitted: Fitted) -> Columns:
    """Return WCSS and silhouette by number of classes, with the suggested number."""
    curves = [found.elbow for found in fitted.maps.values()]
    count = len(curves[0])
    whole = np.concatenate(curves)
    return {
        "map": np.repeat(list(fitted.maps), count),
        "classes": np.tile(np.arange(1, count + 1), len(curves)),
        "wcss_nodes": whole[:, 0],
        "wcss_installations": whole[:, 1],
        "silhouette": whole[:, 2],
        "suggested": np.repeat([suggested_classes(curve[:, 0]) for curve in curves], count),
    }


def counts_of(fitted: Fitted) -> dict[str, object]:
    """Count the installations of each filter and each clustering, in total and by level."""
    bits, level = fitted.bits, fitted.columns["level"]
    testable = bits & filters.NO_CLUSTERING == 0
    labelled = {
        name: {LEVELS[n]: int(((bits & bit > 0) & (level == n)).sum()) for n in np.unique(level)}
        for bit, name in filters.LABELS.items()
    }
    return {
        "installations": len(bits),
        "labels_by_level": labelled,
        "without_a_b_c": int(testable.sum()),
        "week_clustering": int(filters.clusterable(bits, "week").sum()),
        "month_clustering": int(filters.clusterable(bits, "month").sum()),
        "cc_w": int((testable & (bits & filters.CC_W > 0)).sum()),
        "cc_m": int((testable & (bits & filters.CC_M > 0)).sum()),
        "month_not_testable": int((testable & (bits & filters.MONTH_NOT_TESTABLE > 0)).sum()),
        "intra_day_gaps_known": int((fitted.columns["short_days"] >= 0).sum()),
        "quality_days": dict(
            zip(
                ("missing", "short", "scaled", "spike", "negative", "estimated"),
                fitted.columns["quality_count"].sum(axis=0).tolist(),
                strict=True,
            )
        ),
    }


def summary_lines(summary: dict[str, object], fitted: Fitted) -> list[str]:
    """Return the counts, the classes and the unknowns as lines."""
    lines = [f"{summary['installations']} installations, {summary['without_a_b_c']} pass filters a to c"]
    for name, by_level in summary["labels_by_level"].items():  # type: ignore[attr-defined]
        if any(by_level.values()):
            lines.append(f"  {name}: " + ", ".join(f"{level} {n}" for level, n in by_level.items() if n))
    if not summary["intra_day_gaps_known"]:
        lines.append("intra-day gaps: not known, since the days came without their number of intervals")
    for key, found in fitted.maps.items():
        shares = ", ".join(f"{100 * size / found.sizes.sum():.0f} %" for size in found.sizes)
        lines.append(f"{key}: {found.sizes.sum()} installations in classes of {shares}")
    return lines
