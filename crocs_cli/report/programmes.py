"""Sections of the report on what segments are used for: peaks, bills, whom to ask, what it did."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from markupsafe import Markup

from crocs_cli.machine.files import Recipe, digest
from crocs_cli.machine.pages import read_made_by
from crocs_cli.machine.plain import read_json
from crocs_cli.report import html, style
from crocs_cli.report.words import percent
from crocs_cli.rundir.names import folders_in
from crocs_cli.rundir.run import Run


@dataclass(frozen=True)
class Section:
    """A folded section of the report: its HTML, and the files beside the page, {name: text}."""

    html: Markup
    files: Mapping[str, str]


def answers(run: Run, command: str, clusters: int) -> dict[Path, Recipe]:
    """Return what a command was asked of a partition, as {folder: how it was made}; no stale ones."""
    partition, found = digest(run.partition_recipe(clusters)), {}
    folder = run / command / str(clusters)
    for path in (folder, *folders_in(folder)):
        made_by = read_made_by(path)
        if made_by is not None and made_by["inputs"].get("partition") == partition:
            found[path] = made_by
    return found


def inputs(run: Run, clusters: int) -> dict[str, str]:
    """Return what the sections are made of, as a recipe names it."""
    return {
        f"{command} {path.name}": digest(made_by)
        for command in SECTIONS
        for path, made_by in answers(run, command, clusters).items()
    }


def sections(run: Run, clusters: int) -> list[Section]:
    """Return a section for each peak and each comparison of bills that was asked for."""
    return [make(path) for command, make in SECTIONS.items() for path in answers(run, command, clusters)]


def bills_section(folder: Path) -> Section:
    """Return the section on bills, from the folder that `crocs bills` made."""
    found, name = read_json(folder / "summary.json"), f"bills-{folder.name}"
    page = _rendered("bills", name=name, found=found)
    return Section(page, {f"{name}-segments.csv": (folder / "bills-segments.csv").read_text()})


def peak_section(folder: Path) -> Section:
    """Return the section on a peak, from the folder that `crocs peak` made."""
    found, name = read_json(folder / "summary.json"), f"peak-{folder.name}"
    with (folder / "peak-days.csv").open(encoding="utf-8", newline="") as file:
        svg = peak_days(name, found, list(csv.DictReader(file)))
    page = _rendered("peak", name=name, found=found, figure=Markup(svg))
    tables = {
        f"{name}-{table}.csv": (folder / f"peak-{table}.csv").read_text() for table in ("segments", "days")
    }
    return Section(page, tables | {f"figures/{name}.svg": svg})


def target_section(folder: Path) -> Section:
    """Return the section on whom to ask, without their ids, from the folder that `crocs target` made."""
    found = read_json(folder / "summary.json")
    page = _rendered("target", name="target", found=found)
    return Section(page, {"target-curve.csv": (folder / "curve.csv").read_text()})


def impact_section(folder: Path) -> Section:
    """Return the section on what a programme did, from the folder that `crocs impact` made."""
    found = read_json(folder / "summary.json")
    page = _rendered("impact", name="impact", found=found)
    return Section(page, {"impact-effects.csv": (folder / "effects.csv").read_text()})


def peak_days(name: str, found: dict[str, Any], rows: list[dict[str, str]]) -> str:
    """Draw the mean day of a consumer of each segment on peak days and on the others, all on one scale."""
    from matplotlib.figure import Figure

    kw = np.array([float(row["kw"] or "nan") for row in rows]).reshape(2, found["clusters"], -1)
    clusters, slots = kw.shape[1:]
    columns = min(4, clusters)
    lines = -(-clusters // columns)
    with style.styled():
        figure = Figure(figsize=(2.4 * columns, 0.4 + 1.7 * lines), layout="constrained")
        axes = figure.subplots(lines, columns, squeeze=False, sharex=True, sharey=True).ravel()
        hours = style.slot_hours(slots)
        for number, own in enumerate(axes):
            if number >= clusters:
                own.set_visible(False)
                continue
            own.plot(hours, kw[0, number], color=style.CONTRAST, label="peak days")
            own.plot(hours, kw[1, number], color=style.ACCENT, ls=(0, (4, 1.5)), label="other days")
            own.set_title(f"Segment {number + 1}")
            style.day_axis(own)
            own.set_ylim(min(0.0, float(np.nanmin(kw))), 1.05 * float(np.nanmax(kw)) or 1.0)
            own.tick_params(labelbottom=number + columns >= clusters)
            if number % columns == 0:
                own.set_ylabel("kW a consumer")
        figure.legend(*axes[0].get_legend_handles_labels(), loc="outside upper left", ncols=2)
        said = "; ".join(
            f"segment {row['cluster']} {row['kw_mean']:.2f} kW" if row["kw_mean"] is not None else ""
            for row in found["segments"]
        )
        return style.svg(figure, name, f"Mean day of a consumer on peak and other days; at the peak: {said}.")


def _rendered(template: str, **values: Any) -> Markup:
    environment = html.environment()
    environment.filters["percent"] = percent
    return Markup(environment.get_template(f"report/{template}.html").render(**values))


SECTIONS = {
    "peak": peak_section,
    "bills": bills_section,
    "target": target_section,
    "impact": impact_section,
}
