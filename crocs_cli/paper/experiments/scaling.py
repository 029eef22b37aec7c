"""Growth of the time with consumers and prototypes (paper section 5.5, Fig. 12)."""

from __future__ import annotations

import os
import time

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from crocs_cli.machine.memory import Needs, require
from crocs_cli.maths.clustering.partition import Clustering, cluster
from crocs_cli.maths.distances import condensed
from crocs_cli.maths.distances.loadsets import LoadSets
from crocs_cli.maths.distances.wsmd import set_distances
from crocs_cli.paper import pictures
from crocs_cli.paper.crocs import load_sets
from crocs_cli.paper.days import Synthetic
from crocs_cli.paper.experiment import Cell, Experiment, Figures, Finding, Setting, Study
from crocs_cli.paper.table import Table
from crocs_cli.rundir import memory

CONSUMERS, QUICK_CONSUMERS = (10_000, 20_000, 40_000, 80_000), (256, 512, 1024)
PROTOTYPES, QUICK_PROTOTYPES = (10, 20, 30), (10, 20)
DAYS, CLUSTERS, SHAPES, OUTLIERS = 90, 10, 6, 30
#: consumers of one tile, and those whose days are drawn: the others have the same ones, at the same cost
BLOCK, DRAWN = 2048, 128
PAPER_CORES, SECONDS_AN_HOUR = 50, 3600
#: what four times is taken for, with the unevenness of small sizes
FOURFOLD = (2.5, 6.0)


def settings(study: Study) -> list[Setting]:
    """Vary consumers and prototypes."""
    numbers = QUICK_CONSUMERS if study.quick else CONSUMERS
    tried = QUICK_PROTOTYPES if study.quick else PROTOTYPES
    return [
        {"consumers": consumers, "prototypes": prototypes} for consumers in numbers for prototypes in tried
    ]


def measure(cell: Cell, study: Study) -> Figures:
    """Measure the processor time of stage 1, of all set distances, and of the partition."""
    consumers, prototypes = int(cell.setting["consumers"]), int(cell.setting["prototypes"])
    needs = Needs(memory.partition(consumers, "ward"), "use a larger machine")
    require(needs, f"scaling to {consumers} consumers")
    days = Synthetic(DRAWN, DAYS, CLUSTERS, SHAPES, OUTLIERS).draw(study.seed)[0]
    load_sets(days, prototypes, "ward", 0, study.threads)  # compiles
    start = _spent()
    few = load_sets(days, prototypes, "ward", 0, study.threads)
    stage1 = (_spent() - start) * consumers / DRAWN
    sets = few.take(np.arange(consumers) % DRAWN)
    set_distances(few, few, window=days.window)  # compiles
    start = _spent()
    distances = _all_distances(sets, days.window, study.threads)
    stage2 = _spent() - start
    start = _spent()
    cluster(distances, consumers, Clustering("ward", (CLUSTERS,), study.seed, 1, study.threads))
    return [
        ("stage 1", consumers, stage1),
        ("distances", consumers, stage2),
        ("partition", consumers, _spent() - start),
    ]


def _spent() -> float:
    """Return the processor time of this process in seconds, all threads together."""
    times = os.times()
    return times.user + times.system if times.user else time.process_time()


def _all_distances(sets: LoadSets, window: int, threads: int) -> np.ndarray:
    """Return all set distances, condensed, float32."""
    number = len(sets)
    distances = np.empty(condensed.length(number), dtype=np.float32)
    for first in range(0, number, BLOCK):
        rows = sets.select(slice(first, first + BLOCK))
        for other in range(first, number, BLOCK):
            columns = rows if other == first else sets.select(slice(other, other + BLOCK))
            tile = set_distances(rows, columns, window=window, threads=threads)
            condensed.put_tile(distances, number, first, other, tile)
    return distances


def judge(table: Table, study: Study) -> list[Finding]:
    """Compare the growth of the distances, and the whole time, with the paper's."""
    growth = []
    for prototypes in table.unique("prototypes"):
        consumers, spent = table.curve(series="distances", prototypes=prototypes)
        growth.append((spent[-1] / spent[0]) ** (1 / np.log2(consumers[-1] / consumers[0])))
    largest = max(table.unique("consumers"))
    rows = table.where(consumers=largest, prototypes=max(table.unique("prototypes")))
    hours = rows["value"].sum() / SECONDS_AN_HOUR
    allowed = 2 * PAPER_CORES * max(largest / min(CONSUMERS), 1e-9) ** 2
    return [
        Finding(
            "twice the consumers take four times as long to compare",
            "about fourfold",
            f"{min(growth):.1f} to {max(growth):.1f} times",
            bool(FOURFOLD[0] <= min(growth) and max(growth) <= FOURFOLD[1]),
        ),
        Finding(
            f"{largest:,} consumers are done within the paper's time",
            "10,000 in under 2 h on 50 cores, 80,000 in under 2 days",
            f"{hours:.3f} core-hours (the paper's, by the square of the consumers: {allowed:.2f})",
            hours < min(allowed, 48 * PAPER_CORES),
        ),
    ]


def draw(table: Table) -> Figure:
    """Draw the time of each part over the consumers."""
    figure, axes = pictures.panels(1, 3)
    for panel, part in zip(axes[0], ("stage 1", "distances", "partition"), strict=True):
        for number, prototypes in enumerate(table.unique("prototypes")):
            pictures.line(
                panel, table, f"{prototypes} prototypes", number, series=part, prototypes=prototypes
            )
        panel.set(xscale="log", yscale="log")
        numbers = table.unique("consumers")
        panel.set_xticks(numbers, [f"{number:,}" for number in numbers])
        panel.xaxis.set_minor_locator(NullLocator())
        panel.yaxis.set_major_formatter("{x:g}")  # powers of ten would come out as TeX
    pictures.name_axes(axes, "consumers", "processor time, s", ["stage 1", "distances", "partition"])
    return figure


EXPERIMENT = Experiment(
    "scaling",
    "Fig. 12",
    "Time grows fourfold per doubling, within the paper's bounds",
    (1, 1),
    settings,
    measure,
    judge,
    draw,
    cell_s=2300,
)
