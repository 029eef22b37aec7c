"""The quality report of a run: what was read, used and left out, in all and by consumer."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from crocs_cli.errors import CrocsError, refusal
from crocs_cli.machine import files
from crocs_cli.machine.pages import bring_folder_up_to_date
from crocs_cli.machine.plain import json_bytes
from crocs_cli.machine.shards import listed, recipe
from crocs_cli.maths.readings.quality import COUNTS, LATER, days_absent, days_asked, of_today, shares
from crocs_cli.report import quality as quality_page
from crocs_cli.report.speech import said
from crocs_cli.rundir.run import Run


def run(run: Run) -> dict[str, Any]:
    """Write RUN/quality/index.html and summary.json from RUN/quality.csv; return the summary.

    Raises CrocsError when the run has no quality.csv, or one that does not count days.
    """
    meaning = run.meaning()
    if meaning.period != "day":
        raise CrocsError(f"{run}: the page is of days, not of {meaning.plural}; read {run}/quality.csv")
    consumers, counts, mean_kwh = read_table(run / "quality.csv", meaning.column("mean_daily_kwh"))
    dates = days_of(run)
    asked = days_asked(counts, len(dates))
    total = dict(zip(COUNTS, counts.sum(axis=0).tolist(), strict=True))
    total |= {"days_asked": int(asked.sum()), "days_absent": int(days_absent(counts, asked).sum())}
    summary = {"consumers": len(consumers), "counts": total, "shares": shares(counts, asked)}

    def make() -> dict[str, bytes]:
        page = quality_page.page(quality_page.Table(consumers, counts, mean_kwh, asked, dates), summary)
        return {"index.html": said(page, meaning).encode(), "summary.json": json_bytes(summary)}

    days = files.digest({"dates": dates.tolist()})
    inputs = {"quality.csv": files.file_digest(run / "quality.csv"), "days": days}
    bring_folder_up_to_date(run / "quality", recipe("quality", "quality", {}, inputs), make)
    return summary


def days_of(run: Run) -> np.ndarray:
    """Return the days on which any consumer has a used day, ascending: (days,) int64 since 1970-01-01."""
    if not listed(run / "profiles"):
        return np.empty(0, dtype=np.int64)
    read = run.profiles().each(("date",))
    return np.unique(np.concatenate([np.unique(part["date"]) for part in read])).astype(np.int64)


def read_table(path: Path, mean: str) -> tuple[list[str], np.ndarray, np.ndarray]:
    """Return (consumers, counts (consumers, counts) int64, means (consumers,)) of a quality.csv.

    mean: name of the column of what each consumer uses a day.
    """
    try:
        rows = list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"))))
        names = [name for name in COUNTS if not rows or name in rows[0] or name not in LATER]
        counts = np.array([[int(row[name]) for name in names] for row in rows], dtype=np.int64)
        mean_kwh = np.array([float(row[mean] or "nan") for row in rows])
        return [row["consumer_id"] for row in rows], of_today(counts.reshape(-1, len(names))), mean_kwh
    except FileNotFoundError as error:
        raise CrocsError(f"{path}: no such file; run `crocs ingest` first") from error
    except OSError as error:
        raise CrocsError(f"{path}: {refusal(error)}") from error
    except (KeyError, ValueError, TypeError) as error:
        raise CrocsError(f"{path}: not what `crocs ingest` wrote; run it again") from error


def refuse_poor(run: Run, found: Mapping[str, float], limits: tuple[str, ...]) -> None:
    """Raise CrocsError when a share is above its limit; limits: NAME=SHARE each."""
    most = {name: float(limit) for name, limit in (text.split("=") for text in limits)}
    above = [
        f"{name} {found[name]:.3g} (at most {limit:g})"
        for name, limit in most.items()
        if not found[name] <= limit
    ]
    if above:
        raise CrocsError(f"{run}: too poor: {', '.join(above)}; see {run}/quality/index.html")
