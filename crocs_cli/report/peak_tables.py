"""Tables of a peak: its segments, its consumers, and the mean day on peak and on other days."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from crocs_cli.machine import files
from crocs_cli.machine.files import Arrays
from crocs_cli.machine.plain import json_bytes
from crocs_cli.machine.tables import csv_bytes
from crocs_cli.maths.programmes import peak
from crocs_cli.rundir.layouts import PEAK

COLUMNS = {  # of the tables, as the guide describes them
    "peak-segments": {
        "cluster": "the segment; 1 is the largest",
        "consumers": "how many consumers it has",
        "peak_kw": "mean kW of all of them together in the peak hours",
        "peak_share": "their share of all consumers' kWh in the peak hours, 0 to 1",
        "coincidence_factor": "peak_kw by the mean kW of as many of its own highest hours; at most 1",
        "peak_to_mean_day": "peak_kw by the highest kW of the segment's mean day",
        "load_factor": "mean kW by the kW of the highest slot",
        "kw_mean": "mean over its consumers of their mean kW in the peak hours",
        "kw_p10": "10th percentile of the same; kw_p50 and kw_p90 likewise",
        "daily_kwh_mean": "mean over its consumers of their kWh a day, on all days",
        "daily_kwh_p10": "10th percentile of the same; daily_kwh_p50 and daily_kwh_p90 likewise",
        "known": "share of its consumers' peak hours of which there are profiles, 0 to 1",
    },
    "peak-consumers": {
        "consumer_id": "the consumer's id, as text",
        "cluster": "its segment",
        "days": "how many days of it the run has",
        "daily_kwh": "its mean kWh a day",
        "peak_hours": "the peak hours on these days",
        "peak_kw": "its mean kW in them; empty where there are none",
        "peak_share": "its share of all consumers' kWh in the peak hours, 0 to 1",
        "coincidence_factor": "peak_kw by the mean kW of as many of its own highest hours; at most 1",
        "load_factor": "its mean kW by the kW of its highest slot",
    },
    "peak-days": {
        "cluster": "the segment",
        "days": "peak: days with a peak hour; other: all others",
        "hour": "when the slot begins, in hours after midnight",
        "kw": "mean kW of a consumer",
    },
}
PERCENTILES = (10, 50, 90)


@dataclass(frozen=True)
class Peak:
    """The peak: its slots (D, slots) bool, the load of the segments, and where the system's load came from.

    `here`: how much of the peak of all days of the system's load lies on the run's days, 0 to 1.
    """

    slots: np.ndarray
    loads: peak.Loads
    source: str
    here: float = 1.0

    @property
    def hours(self) -> float:
        """The hours of the peak."""
        return float(self.slots.sum() * 24 / self.slots.shape[1])

    @property
    def days(self) -> np.ndarray:
        """Which dates have a peak hour: (D,) bool."""
        return np.asarray(self.slots.any(axis=1))


def tables_of(question: str, shards: list[Path], found: Peak) -> dict[str, bytes]:
    """Return the tables and the summary of a peak as {file name: content}."""
    parts = [files.read(path, PEAK) for path in shards]
    read = {name: np.concatenate([part[name] for part in parts]) for name in PEAK.arrays}
    rows = segment_rows(read, found)
    summary = {
        "question": question,
        "clusters": len(found.loads.consumers),
        "system_load": found.source,
        **about_days(read, found),
        "whole": whole_row(read, found),
        "segments": rows,
    }
    tables = {
        "peak-segments": pa.Table.from_pylist(rows),
        "peak-consumers": consumer_table(read),
        "peak-days": day_table(found),
    }
    return {f"{name}.csv": csv_bytes(table) for name, table in tables.items()} | {
        "summary.json": json_bytes(summary)
    }


def about_days(read: Arrays, found: Peak) -> dict[str, Any]:
    """Return which days the figures are about."""
    date, some = found.loads.date, found.days
    hours = found.hours * len(read["days"])
    return {
        "peak_hours": found.hours,
        "peak_dates": [date_text(day) for day in date[some]],
        "first_date": date_text(date[0]),
        "last_date": date_text(date[-1]),
        "days": len(date),
        "system_peak_here": found.here,
        "known": float(read["peak_hours"].sum() / hours),
        "consumers_without_peak": int((read["peak_hours"] == 0).sum()),
    }


def whole_row(read: Arrays, found: Peak) -> dict[str, Any]:
    """Return the figures of all consumers together."""
    row = figures(read, found, found.loads.energy_kwh.sum(axis=0))
    return row | {"peak_share": 1.0}


def segment_rows(read: Arrays, found: Peak) -> list[dict[str, Any]]:
    """Return the figures of each segment, one row each."""
    rows, all_kwh = [], read["peak_kwh"].sum()
    for number, load in enumerate(found.loads.energy_kwh):
        inside = read["label"] == number
        own = {name: values[inside] for name, values in read.items()}
        share = {"peak_share": _ratio(own["peak_kwh"].sum(), all_kwh)}
        rows.append({"cluster": number + 1, **figures(own, found, load), **share})
    return rows


def figures(read: Arrays, found: Peak, load: np.ndarray) -> dict[str, Any]:
    """Return the figures of some consumers; load: (D, slots), kWh of all of them together."""
    slot_h = 24 / load.shape[1]
    peak_kw = float(read["peak_kwh"].sum() / found.hours)
    own = peak.mean_of_highest(load.ravel(), int(found.slots.sum())) / slot_h
    kw = _divided(read["peak_kwh"], read["peak_hours"])
    daily = _divided(read["kwh"], read["days"])
    return {
        "consumers": len(read["days"]),
        "peak_kw": peak_kw,
        "peak_share": 0.0,  # in its place among the columns
        "coincidence_factor": _ratio(peak_kw, own),
        "peak_to_mean_day": _ratio(peak_kw, load.mean(axis=0).max() / slot_h),
        "load_factor": _ratio(load.mean(), load.max()),
        **_spread("kw", kw),
        **_spread("daily_kwh", daily),
        "known": _ratio(read["peak_hours"].sum(), found.hours * len(read["days"])),
    }


def consumer_table(read: Arrays) -> pa.Table:
    """Return one row a consumer."""
    kw, daily = _divided(read["peak_kwh"], read["peak_hours"]), _divided(read["kwh"], read["days"])
    return pa.table(
        {
            "consumer_id": pa.array(read["consumer_id"], pa.string()),
            "cluster": read["label"] + 1,
            "days": read["days"],
            "daily_kwh": daily,
            "peak_hours": read["peak_hours"],
            "peak_kw": kw,
            "peak_share": read["peak_kwh"] / (read["peak_kwh"].sum() or np.nan),
            "coincidence_factor": _divided(kw, read["own_highest_kw"]),
            "load_factor": _divided(daily / 24, read["highest_kw"]),
        }
    )


def day_table(found: Peak) -> pa.Table:
    """Return the mean day of a consumer of each segment, on peak days and on the others."""
    clusters, _, slots = found.loads.energy_kwh.shape
    parts = []
    for name, days in (("peak", found.days), ("other", ~found.days)):
        count = found.loads.consumers[:, days].sum(axis=1, keepdims=True)
        mean = found.loads.energy_kwh[:, days].sum(axis=1)
        kw = _divided(mean, np.broadcast_to(count, mean.shape)) * slots / 24
        parts.append(
            pa.table(
                {
                    "cluster": np.repeat(np.arange(1, clusters + 1, dtype=np.int32), slots),
                    "days": pa.array([name] * (clusters * slots)),
                    "hour": np.tile(24.0 * np.arange(slots) / slots, clusters),
                    "kw": kw.ravel(),
                }
            )
        )
    return pa.concat_tables(parts)


def date_text(day: int) -> str:
    """Write a day, counted from 1970-01-01, as 2013-01-31."""
    return str(np.datetime64(int(day), "D"))


def _spread(name: str, values: np.ndarray) -> dict[str, float]:
    """Return the mean and the percentiles of what is known of some values."""
    known = values[np.isfinite(values)]
    quantiles = np.percentile(known, PERCENTILES) if len(known) else [np.nan] * len(PERCENTILES)
    spread = {f"{name}_p{level}": float(value) for level, value in zip(PERCENTILES, quantiles, strict=True)}
    return {f"{name}_mean": float(known.mean()) if len(known) else np.nan, **spread}


def _divided(values: np.ndarray, by: np.ndarray) -> np.ndarray:
    """Return quotients, NaN where the divisor is not above zero."""
    return np.divide(values, by, out=np.full(values.shape, np.nan), where=by > 0)


def _ratio(value: float, by: float) -> float:
    return float(value / by) if by > 0 else float("nan")
