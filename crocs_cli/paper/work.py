"""Bring an experiment up to date: its cells as files, then its CSV, picture and findings."""

from __future__ import annotations

import importlib
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from crocs_cli.machine import files
from crocs_cli.machine.files import Arrays
from crocs_cli.machine.shards import recipe, shards
from crocs_cli.machine.team import Team
from crocs_cli.machine.work import Product, all_made, bring_up_to_date
from crocs_cli.paper.experiment import SECONDS_AN_HOUR, Cell, Experiment, Finding, Study
from crocs_cli.paper.pictures import picture
from crocs_cli.paper.table import Table
from crocs_cli.rundir.layouts import FIGURES, PROFILES

log = logging.getLogger("crocs")


@dataclass(frozen=True)
class Outcome:
    """The outcome of an experiment, and its files."""

    experiment: Experiment
    findings: list[Finding]
    folder: Path
    cells: int
    repetitions: int
    on_real_days: bool

    @property
    def holds(self) -> bool:
        """Whether every claim holds."""
        return all(finding.holds for finding in self.findings)


def run(experiment: Experiment, study: Study, out: Path, team: Team) -> Outcome | None:
    """Make this process's cells and, once all are there, OUT/NAME's findings, CSV and picture.

    Returns None while cells of other shares are missing.
    """
    folder = out / (f"{experiment.name}-quick" if study.quick else experiment.name)
    cells = experiment.cells(study)
    products = cell_products(experiment, cells, study, folder)
    by_key = dict(zip((product.key for product in products), cells, strict=True))

    def make(product: Product) -> Arrays:
        importlib.import_module("sklearn.cluster")  # only what is loaded already can be limited
        with threadpool_limits(1):  # sums in an order that does not depend on the number of threads
            figures = experiment.measure(by_key[product.key], study)
        series, at, value = zip(*figures, strict=True)
        return {"series": np.array(series), "at": np.array(at, float), "value": np.array(value, float)}

    title = f"paper {experiment.name}"
    if team.leads and not study.quick:
        hours = experiment.core_hours(len(cells), study)
        log.info("%s: %d cells, about %.2g core-hours in all", title, len(cells), hours)
    start = time.process_time()
    made = bring_up_to_date(products, make, team, title)
    if team.leads and made:
        spent = (time.process_time() - start) / SECONDS_AN_HOUR
        log.info("%s: made %d of %d cells in %.3g core-hours", title, made, len(cells), spent)
    outcome = None
    if team.leads and all_made(products):
        table = table_of(cells, products)
        findings = experiment.judge(table, study)
        files.write_bytes(folder / "figures.csv", table.csv())
        files.write_bytes(folder / "findings.csv", _findings_table(findings).csv())
        files.write_bytes(folder / "picture.svg", picture(experiment, table))
        real = experiment.uses_run and study.run is not None
        repetitions = 1 + max(cell.repetition for cell in cells)
        outcome = Outcome(experiment, findings, folder, len(cells), repetitions, real)
    team.wait()
    return outcome


def cell_products(experiment: Experiment, cells: Sequence[Cell], study: Study, folder: Path) -> list[Product]:
    """Return the file of every cell."""
    inputs = {}
    shared: dict[str, object] = {"seed": study.seed}
    if experiment.uses_run:
        shared |= study.options.model_dump(mode="json", exclude={"repetitions", "out", "quick"})
        if study.run is not None:
            profiles = shards(study.run / "profiles", PROFILES)
            inputs["profiles"] = files.digest(
                {key: files.digest(made_by) for key, made_by in profiles.items()}
            )
    products = []
    for cell in cells:
        made_by = recipe("paper", f"{experiment.name} {cell.key}", {**cell.setting, **shared}, inputs)
        products.append(Product(folder / "cells" / f"{cell.key}.h5", FIGURES, made_by))
    return products


def table_of(cells: Sequence[Cell], products: Sequence[Product]) -> Table:
    """Read the figures of all cells into one table."""
    return Table.join(
        [
            ({**cell.setting, "repetition": cell.repetition}, files.read(product.path, FIGURES))
            for cell, product in zip(cells, products, strict=True)
        ]
    )


def _findings_table(findings: Sequence[Finding]) -> Table:
    names = ("claim", "paper", "ours", "holds")
    return Table({name: np.array([getattr(finding, name) for finding in findings]) for name in names})
