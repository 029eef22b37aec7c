"""Tables of bills: each consumer's months, who wins and loses, and what segments pay."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from crocs_cli.errors import CrocsError
from crocs_cli.machine import files
from crocs_cli.machine.plain import json_bytes
from crocs_cli.machine.tables import csv_bytes
from crocs_cli.rundir.labelled import Labelled
from crocs_cli.rundir.layouts import BILLS
from crocs_cli.rundir.programme_settings import BillsSettings
from crocs_cli.rundir.run import Run

COLUMNS = {  # of the tables, as the guide describes them
    "bills-segments": {
        "cluster": "the segment; 1 is the largest",
        "consumers": "how many consumers it has",
        "revenue_before": "sum of its bills under the first tariff",
        "revenue_after": "sum of its bills under the second tariff",
        "mean_before": "mean bill under the first tariff, of all days of the run",
        "before_p10": "10th percentile of the same; before_p50 and before_p90 likewise",
        "mean_after": "mean bill under the second tariff",
        "after_p10": "10th percentile of the same; after_p50 and after_p90 likewise",
        "mean_change": "mean of the bills' changes",
        "change_p10": "10th percentile of the same; change_p50 and change_p90 likewise",
        "winners": "share of its consumers whose bill falls by more than the threshold, 0 to 1",
        "losers": "share of its consumers whose bill rises by more than the threshold, 0 to 1",
        "savers": "share of its consumers whose bill falls",
        "potential_savers": "share whose bill falls only if they move the given part of the window's kWh",
        "mean_shifted": "mean bill under the last tariff if all move it",
    },
    "bills-consumers": {
        "consumer_id": "the consumer's id, as text",
        "cluster": "its segment",
        "days": "how many days of it the run has",
        "kwh": "its kWh on these days, without what it fed in",
        "exported_kwh": "kWh that it fed in",
        "before": "its bill under the first tariff",
        "after": "its bill under the second tariff",
        "change": "after less before",
        "shifted": "its bill under the last tariff if it moves the given part of the window's kWh",
        "group": "saver: the bill falls; potential saver: only if it moves use; payer: all others",
    },
    "bills-months": {
        "consumer_id": "the consumer's id, as text",
        "month": "the month, such as 2013-01",
        "days": "how many days of it the run has",
        "before": "its bill under the first tariff",
        "after": "its bill under the second tariff",
        "shifted": "its bill under the last tariff if it moves the given part of the window's kWh",
    },
}
PERCENTILES = (10, 50, 90)
GROUPS = np.array(["payer", "potential saver", "saver"])


@dataclass(frozen=True)
class Billed:
    """The bills under one tariff: its name and the files of them."""

    name: str
    shards: list[Path]


@dataclass(frozen=True)
class Bills:
    """The bills of n consumers in M months: `of`, {which: (n, M) int64}, and who they are.

    which: before, after, shifted, as far as they were asked for. days: (n, M); energies: (n,).
    """

    consumer_id: np.ndarray
    label: np.ndarray
    month: np.ndarray
    days: np.ndarray
    kwh: np.ndarray
    exported_kwh: np.ndarray
    of: dict[str, np.ndarray]

    def total(self, which: str) -> np.ndarray:
        """Return the sum of each consumer's bills, (n,) int64."""
        return np.asarray(self.of[which].sum(axis=1))

    def groups(self) -> np.ndarray:
        """Return of which of GROUPS each consumer is, (n,) int64."""
        before = self.total("before")
        falls = self.total("after") < before if "after" in self.of else np.zeros(len(before), dtype=bool)
        moved = self.total("shifted") < before if "shifted" in self.of else falls
        return np.where(falls, 2, np.where(moved, 1, 0))


def tables_of(
    run: Run, clusters: int, settings: BillsSettings, billed: Sequence[Billed], money: tuple[str, int]
) -> dict[str, bytes]:
    """Return the tables and the summary as {file name: content}; money: the currency and its decimals."""
    currency, decimals = money
    names = ["before", "after"][: len(settings.tariff)] + ["shifted"] * bool(settings.window)
    read = read_bills(Labelled(run, clusters), dict(zip(names, billed, strict=True)))
    scale = 10.0**decimals
    rows = [
        {"cluster": number + 1, **figures(read, read.label == number, settings.threshold, scale)}
        for number in range(clusters)
    ]
    summary = {
        "question": settings.question,
        "clusters": clusters,
        "tariffs": {name: one.name for name, one in zip(names, billed, strict=True)},
        "currency": currency,
        "threshold_percent": settings.threshold,
        **about_days(read),
        "whole": figures(read, np.ones(len(read.label), dtype=bool), settings.threshold, scale),
        "segments": rows,
    }
    tables = {
        "bills-segments": pa.Table.from_pylist(rows),
        "bills-consumers": consumer_table(read, scale),
        "bills-months": month_table(read, scale),
    }
    return {f"{name}.csv": csv_bytes(table) for name, table in tables.items()} | {
        "summary.json": json_bytes(summary)
    }


def read_bills(labelled: Labelled, billed: dict[str, Billed]) -> Bills:
    """Read the bills of all consumers under each tariff."""
    first = next(iter(billed.values()))
    parts = [files.read(path, BILLS) for path in first.shards]
    month = np.unique(np.concatenate([part["month"] for part in parts]))
    consumer_id = np.concatenate([part["consumer_id"] for part in parts])
    every = {which: _spread_over(one.shards, "bill", month) for which, one in billed.items()}
    return Bills(
        consumer_id,
        labelled.of(consumer_id),
        month,
        _spread_over(first.shards, "days", month),
        _spread_over(first.shards, "energy_kwh", month).sum(axis=1),
        _spread_over(first.shards, "exported_kwh", month).sum(axis=1),
        every,
    )


def _spread_over(shards: list[Path], name: str, month: np.ndarray) -> np.ndarray:
    """Read an array (consumer, month) of all files, on the months of all of them."""
    found = []
    for path in shards:
        read = files.read(path, BILLS, ("month", name))
        own = np.zeros((len(read[name]), len(month)), dtype=read[name].dtype)
        own[:, np.searchsorted(month, read["month"])] = read[name]
        found.append(own)
    if not sum(map(len, found)):
        raise CrocsError(f"{shards[0].parent}: no consumer has a bill; give a run with profiles")
    return np.concatenate(found)


def about_days(read: Bills) -> dict[str, Any]:
    """Return which days the bills are about."""
    begins = read.month.astype("datetime64[M]")
    lengths = ((begins + 1).astype("datetime64[D]") - begins.astype("datetime64[D]")).astype(np.int64)
    billed = read.days > 0
    return {
        "first_month": str(begins[0]),
        "last_month": str(begins[-1]),
        "months": len(begins),
        "consumer_months": int(billed.sum()),
        "whole_consumer_months": int((read.days == lengths).sum()),
        "consumer_days": int(read.days.sum()),
    }


def figures(read: Bills, inside: np.ndarray, threshold: float, scale: float) -> dict[str, Any]:
    """Return the figures of some consumers; scale: units of a bill in one of the currency."""
    total = {which: read.total(which)[inside] for which in read.of}
    groups = read.groups()[inside]
    found: dict[str, Any] = {"consumers": int(inside.sum())}
    for which in ("before", "after"):
        if which in total:
            found[f"revenue_{which}"] = int(total[which].sum()) / scale
    for which in ("before", "after"):
        if which in total:
            found |= _spread(which, total[which] / scale)
    if "after" in total:
        before, change = total["before"], total["after"] - total["before"]
        found |= _spread("change", change / scale)
        limit = threshold / 100 * np.abs(before)
        found["winners"], found["losers"] = _part(-change > limit), _part(change > limit)
        found["savers"] = _part(groups == 2)
    if "shifted" in total:
        found["potential_savers"] = _part(groups == 1)
        found["mean_shifted"] = float(total["shifted"].mean() / scale) if len(groups) else np.nan
    return found


def consumer_table(read: Bills, scale: float) -> pa.Table:
    """Return one row a consumer."""
    columns: dict[str, Any] = {
        "consumer_id": pa.array(read.consumer_id, pa.string()),
        "cluster": (read.label + 1).astype(np.int32),
        "days": read.days.sum(axis=1),
        "kwh": read.kwh,
        "exported_kwh": read.exported_kwh,
        **{which: read.total(which) / scale for which in ("before", "after") if which in read.of},
    }
    if "after" in read.of:
        columns["change"] = (read.total("after") - read.total("before")) / scale
    if "shifted" in read.of:
        columns["shifted"] = read.total("shifted") / scale
    if len(read.of) > 1:
        columns["group"] = pa.array(GROUPS[read.groups()], pa.string())
    return pa.table(columns)


def month_table(read: Bills, scale: float) -> pa.Table:
    """Return one row a consumer and month of which it has a day."""
    consumer, month = np.nonzero(read.days)
    ids = pa.array(read.consumer_id, pa.string())
    months = pa.array(read.month.astype("datetime64[M]").astype(str), pa.string())
    return pa.table(
        {
            "consumer_id": ids.take(pa.array(consumer)),
            "month": months.take(pa.array(month)),
            "days": read.days[consumer, month],
            **{which: values[consumer, month] / scale for which, values in read.of.items()},
        }
    )


def _spread(name: str, values: np.ndarray) -> dict[str, float]:
    """Return the mean and the percentiles of some amounts."""
    quantiles = np.percentile(values, PERCENTILES) if len(values) else [np.nan] * len(PERCENTILES)
    spread = {f"{name}_p{level}": float(value) for level, value in zip(PERCENTILES, quantiles, strict=True)}
    return {f"mean_{name}": float(values.mean()) if len(values) else np.nan, **spread}


def _part(chosen: np.ndarray) -> float:
    return float(chosen.mean()) if len(chosen) else float("nan")
